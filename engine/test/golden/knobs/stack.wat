;; run: disas --leg x64:stack=guard
;; run: disas --leg x64:stack=limit
;; run: disas --leg a64:stack=guard,charge=branch
;; run: disas --leg a64:stack=limit,charge=branch
;; a call of C: the guard is touched where C may get to; the limit is compared in the prologue.  The leaf does neither
(module (memory 1)
  (func (param i32) (memory.fill (local.get 0) (i32.const 0) (i32.const 9)))
  (func (param i32) (result i32) (local.get 0)))
;; expect
;; function 0: 128 bytes at 0x0
;; ; 0x23  local.get 0
;;   000000  55                push rbp
;;   000001  4889e5            mov rbp, rsp
;;   000004  41b809000000      mov r8d, 9
;;   00000a  31c9              xor ecx, ecx
;;   00000c  49816f0880000000  sub qword ptr [r15 + 8], 0x80
;;   000014  0f8841000000      js 0x5b                                  ; trap exhaustion
;;   00001a  4983ee05          sub r14, 5
;;   00001e  0f883e000000      js 0x62                                  ; trap fuel
;; ; 0x29  memory.fill
;;   000024  4889f2            mov rdx, rsi
;;   000027  4d8937            mov qword ptr [r15], r14
;;   00002a  89ce              mov esi, ecx
;;   00002c  4c8b9c240000ffff  mov r11, qword ptr [rsp - 0x10000]
;;   000034  41ff97f8000000    call qword ptr [r15 + 0xf8]              ; call
;;   00003b  89c0              mov eax, eax
;;   00003d  4d8b37            mov r14, qword ptr [r15]
;;   000040  83f80b            cmp eax, 0xb
;;   000043  0f8420000000      je 0x69                                  ; trap fuel
;;   000049  85c0              test eax, eax
;;   00004b  0f851f000000      jne 0x70                                 ; trap memory-bounds
;; ; 0x2c  end
;;   000051  4981470880000000  add qword ptr [r15 + 8], 0x80
;;   000059  5d                pop rbp
;;   00005a  c3                ret
;; ; 0x23  local.get 0
;; ; trap stub: exhaustion at 0x23
;;   00005b  41ff97c0000000    call qword ptr [r15 + 0xc0]
;; ; trap stub: fuel at 0x23
;;   000062  41ff97c8000000    call qword ptr [r15 + 0xc8]
;; ; 0x29  memory.fill
;; ; trap stub: fuel at 0x29
;;   000069  41ff97c8000000    call qword ptr [r15 + 0xc8]
;; ; trap stub: memory-bounds at 0x29
;;   000070  41ff9780000000    call qword ptr [r15 + 0x80]
;;   000077  cc                int3
;;   000078  cc                int3
;;   000079  cc                int3
;;   00007a  cc                int3
;;   00007b  cc                int3
;;   00007c  cc                int3
;;   00007d  cc                int3
;;   00007e  cc                int3
;;   00007f  cc                int3
;;
;; function 1: 48 bytes at 0x80
;; ; 0x2f  local.get 0
;;   000080  55                push rbp
;;   000081  4889e5            mov rbp, rsp
;;   000084  49836f0860        sub qword ptr [r15 + 8], 0x60
;;   000089  0f8813000000      js 0xa2                                  ; trap exhaustion
;;   00008f  4983ee02          sub r14, 2
;;   000093  0f8810000000      js 0xa9                                  ; trap fuel
;; ; 0x31  end
;;   000099  4983470860        add qword ptr [r15 + 8], 0x60
;;   00009e  89f0              mov eax, esi
;;   0000a0  5d                pop rbp
;;   0000a1  c3                ret
;; ; 0x2f  local.get 0
;; ; trap stub: exhaustion at 0x2f
;;   0000a2  41ff97c0000000    call qword ptr [r15 + 0xc0]
;; ; trap stub: fuel at 0x2f
;;   0000a9  41ff97c8000000    call qword ptr [r15 + 0xc8]
;; expect
;; function 0: 144 bytes at 0x0
;; ; 0x23  local.get 0
;;   000000  55                push rbp
;;   000001  4889e5            mov rbp, rsp
;;   000004  4c8d1c24          lea r11, [rsp]
;;   000008  4d3b5f58          cmp r11, qword ptr [r15 + 0x58]
;;   00000c  0f824f000000      jb 0x61                                  ; trap exhaustion
;;   000012  41b809000000      mov r8d, 9
;;   000018  31c9              xor ecx, ecx
;;   00001a  49816f0880000000  sub qword ptr [r15 + 8], 0x80
;;   000022  0f8840000000      js 0x68                                  ; trap exhaustion
;;   000028  4983ee05          sub r14, 5
;;   00002c  0f883d000000      js 0x6f                                  ; trap fuel
;; ; 0x29  memory.fill
;;   000032  4889f2            mov rdx, rsi
;;   000035  4d8937            mov qword ptr [r15], r14
;;   000038  89ce              mov esi, ecx
;;   00003a  41ff97f8000000    call qword ptr [r15 + 0xf8]              ; call
;;   000041  89c0              mov eax, eax
;;   000043  4d8b37            mov r14, qword ptr [r15]
;;   000046  83f80b            cmp eax, 0xb
;;   000049  0f8427000000      je 0x76                                  ; trap fuel
;;   00004f  85c0              test eax, eax
;;   000051  0f8526000000      jne 0x7d                                 ; trap memory-bounds
;; ; 0x2c  end
;;   000057  4981470880000000  add qword ptr [r15 + 8], 0x80
;;   00005f  5d                pop rbp
;;   000060  c3                ret
;; ; 0x23  local.get 0
;; ; trap stub: exhaustion at 0x23
;;   000061  41ff97c0000000    call qword ptr [r15 + 0xc0]
;; ; trap stub: exhaustion at 0x23
;;   000068  41ff97c0000000    call qword ptr [r15 + 0xc0]
;; ; trap stub: fuel at 0x23
;;   00006f  41ff97c8000000    call qword ptr [r15 + 0xc8]
;; ; 0x29  memory.fill
;; ; trap stub: fuel at 0x29
;;   000076  41ff97c8000000    call qword ptr [r15 + 0xc8]
;; ; trap stub: memory-bounds at 0x29
;;   00007d  41ff9780000000    call qword ptr [r15 + 0x80]
;;   000084  cc                int3
;;   000085  cc                int3
;;   000086  cc                int3
;;   000087  cc                int3
;;   000088  cc                int3
;;   000089  cc                int3
;;   00008a  cc                int3
;;   00008b  cc                int3
;;   00008c  cc                int3
;;   00008d  cc                int3
;;   00008e  cc                int3
;;   00008f  cc                int3
;;
;; function 1: 48 bytes at 0x90
;; ; 0x2f  local.get 0
;;   000090  55                push rbp
;;   000091  4889e5            mov rbp, rsp
;;   000094  49836f0860        sub qword ptr [r15 + 8], 0x60
;;   000099  0f8813000000      js 0xb2                                  ; trap exhaustion
;;   00009f  4983ee02          sub r14, 2
;;   0000a3  0f8810000000      js 0xb9                                  ; trap fuel
;; ; 0x31  end
;;   0000a9  4983470860        add qword ptr [r15 + 8], 0x60
;;   0000ae  89f0              mov eax, esi
;;   0000b0  5d                pop rbp
;;   0000b1  c3                ret
;; ; 0x2f  local.get 0
;; ; trap stub: exhaustion at 0x2f
;;   0000b2  41ff97c0000000    call qword ptr [r15 + 0xc0]
;; ; trap stub: fuel at 0x2f
;;   0000b9  41ff97c8000000    call qword ptr [r15 + 0xc8]
;; expect
;; function 0: 128 bytes at 0x0
;; ; 0x23  local.get 0
;;   000000  a9bf7bfd          stp x29, x30, [sp, #-0x10]!
;;   000004  910003fd          mov x29, sp
;;   000008  52800124          movz w4, #0x9
;;   00000c  52800003          movz w3, #0
;;   000010  f1020339          subs x25, x25, #0x80
;;   000014  54000264          b.mi #0x60                               ; trap exhaustion
;;   000018  f100177b          subs x27, x27, #5
;;   00001c  54000264          b.mi #0x68                               ; trap fuel
;; ; 0x29  memory.fill
;;   000020  2a0103e2          mov w2, w1
;;   000024  f900039b          str x27, [x28]
;;   000028  f9000799          str x25, [x28, #8]
;;   00002c  2a0303e1          mov w1, w3
;;   000030  d14043f0          sub x16, sp, #0x10, lsl #12
;;   000034  f940021f          ldr xzr, [x16]
;;   000038  f9407f90          ldr x16, [x28, #0xf8]
;;   00003c  d63f0200          blr x16                                  ; call
;;   000040  f940039b          ldr x27, [x28]
;;   000044  f9400799          ldr x25, [x28, #8]
;;   000048  71002c1f          cmp w0, #0xb
;;   00004c  54000120          b.eq #0x70                               ; trap fuel
;;   000050  35000140          cbnz w0, #0x78                           ; trap memory-bounds
;; ; 0x2c  end
;;   000054  91020339          add x25, x25, #0x80
;;   000058  a8c17bfd          ldp x29, x30, [sp], #0x10
;;   00005c  d65f03c0          ret
;; ; 0x23  local.get 0
;; ; trap stub: exhaustion at 0x23
;;   000060  f9406390          ldr x16, [x28, #0xc0]
;;   000064  d63f0200          blr x16
;; ; trap stub: fuel at 0x23
;;   000068  f9406790          ldr x16, [x28, #0xc8]
;;   00006c  d63f0200          blr x16
;; ; 0x29  memory.fill
;; ; trap stub: fuel at 0x29
;;   000070  f9406790          ldr x16, [x28, #0xc8]
;;   000074  d63f0200          blr x16
;; ; trap stub: memory-bounds at 0x29
;;   000078  f9404390          ldr x16, [x28, #0x80]
;;   00007c  d63f0200          blr x16
;;
;; function 1: 56 bytes at 0x80
;; ; 0x2f  local.get 0
;;   000080  a9bf7bfd          stp x29, x30, [sp, #-0x10]!
;;   000084  910003fd          mov x29, sp
;;   000088  f1018339          subs x25, x25, #0x60
;;   00008c  540000e4          b.mi #0xa8                               ; trap exhaustion
;;   000090  f1000b7b          subs x27, x27, #2
;;   000094  540000e4          b.mi #0xb0                               ; trap fuel
;; ; 0x31  end
;;   000098  91018339          add x25, x25, #0x60
;;   00009c  2a0103e0          mov w0, w1
;;   0000a0  a8c17bfd          ldp x29, x30, [sp], #0x10
;;   0000a4  d65f03c0          ret
;; ; 0x2f  local.get 0
;; ; trap stub: exhaustion at 0x2f
;;   0000a8  f9406390          ldr x16, [x28, #0xc0]
;;   0000ac  d63f0200          blr x16
;; ; trap stub: fuel at 0x2f
;;   0000b0  f9406790          ldr x16, [x28, #0xc8]
;;   0000b4  d63f0200          blr x16
;; expect
;; function 0: 160 bytes at 0x0
;; ; 0x23  local.get 0
;;   000000  d10003f1          sub x17, sp, #0
;;   000004  d1004231          sub x17, x17, #0x10
;;   000008  f9402f90          ldr x16, [x28, #0x58]
;;   00000c  eb10023f          cmp x17, x16
;;   000010  540002e3          b.lo #0x6c                               ; trap exhaustion
;;   000014  a9bf7bfd          stp x29, x30, [sp, #-0x10]!
;;   000018  910003fd          mov x29, sp
;;   00001c  52800124          movz w4, #0x9
;;   000020  52800003          movz w3, #0
;;   000024  f1020339          subs x25, x25, #0x80
;;   000028  54000264          b.mi #0x74                               ; trap exhaustion
;;   00002c  f100177b          subs x27, x27, #5
;;   000030  54000264          b.mi #0x7c                               ; trap fuel
;; ; 0x29  memory.fill
;;   000034  2a0103e2          mov w2, w1
;;   000038  f900039b          str x27, [x28]
;;   00003c  f9000799          str x25, [x28, #8]
;;   000040  2a0303e1          mov w1, w3
;;   000044  f9407f90          ldr x16, [x28, #0xf8]
;;   000048  d63f0200          blr x16                                  ; call
;;   00004c  f940039b          ldr x27, [x28]
;;   000050  f9400799          ldr x25, [x28, #8]
;;   000054  71002c1f          cmp w0, #0xb
;;   000058  54000160          b.eq #0x84                               ; trap fuel
;;   00005c  35000180          cbnz w0, #0x8c                           ; trap memory-bounds
;; ; 0x2c  end
;;   000060  91020339          add x25, x25, #0x80
;;   000064  a8c17bfd          ldp x29, x30, [sp], #0x10
;;   000068  d65f03c0          ret
;; ; 0x23  local.get 0
;; ; trap stub: exhaustion at 0x23
;;   00006c  f9406390          ldr x16, [x28, #0xc0]
;;   000070  d63f0200          blr x16
;; ; trap stub: exhaustion at 0x23
;;   000074  f9406390          ldr x16, [x28, #0xc0]
;;   000078  d63f0200          blr x16
;; ; trap stub: fuel at 0x23
;;   00007c  f9406790          ldr x16, [x28, #0xc8]
;;   000080  d63f0200          blr x16
;; ; 0x29  memory.fill
;; ; trap stub: fuel at 0x29
;;   000084  f9406790          ldr x16, [x28, #0xc8]
;;   000088  d63f0200          blr x16
;; ; trap stub: memory-bounds at 0x29
;;   00008c  f9404390          ldr x16, [x28, #0x80]
;;   000090  d63f0200          blr x16
;;   000094  00000000          .byte 0x00, 0x00, 0x00, 0x00
;;   000098  00000000          .byte 0x00, 0x00, 0x00, 0x00
;;   00009c  00000000          .byte 0x00, 0x00, 0x00, 0x00
;;
;; function 1: 56 bytes at 0xa0
;; ; 0x2f  local.get 0
;;   0000a0  a9bf7bfd          stp x29, x30, [sp, #-0x10]!
;;   0000a4  910003fd          mov x29, sp
;;   0000a8  f1018339          subs x25, x25, #0x60
;;   0000ac  540000e4          b.mi #0xc8                               ; trap exhaustion
;;   0000b0  f1000b7b          subs x27, x27, #2
;;   0000b4  540000e4          b.mi #0xd0                               ; trap fuel
;; ; 0x31  end
;;   0000b8  91018339          add x25, x25, #0x60
;;   0000bc  2a0103e0          mov w0, w1
;;   0000c0  a8c17bfd          ldp x29, x30, [sp], #0x10
;;   0000c4  d65f03c0          ret
;; ; 0x2f  local.get 0
;; ; trap stub: exhaustion at 0x2f
;;   0000c8  f9406390          ldr x16, [x28, #0xc0]
;;   0000cc  d63f0200          blr x16
;; ; trap stub: fuel at 0x2f
;;   0000d0  f9406790          ldr x16, [x28, #0xc8]
;;   0000d4  d63f0200          blr x16
