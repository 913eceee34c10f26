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
;; function 0: 144 bytes at 0x0
;; ; 0x23  local.get 0
;;   000000  a9bf7bfd          stp x29, x30, [sp, #-0x10]!
;;   000004  910003fd          mov x29, sp
;;   000008  52800124          movz w4, #0x9
;;   00000c  52800003          movz w3, #0
;;   000010  f9400788          ldr x8, [x28, #8]
;;   000014  f1020108          subs x8, x8, #0x80
;;   000018  f9000788          str x8, [x28, #8]
;;   00001c  54000264          b.mi #0x68                               ; trap exhaustion
;;   000020  f100177b          subs x27, x27, #5
;;   000024  54000264          b.mi #0x70                               ; trap fuel
;; ; 0x29  memory.fill
;;   000028  2a0103e2          mov w2, w1
;;   00002c  f900039b          str x27, [x28]
;;   000030  2a0303e1          mov w1, w3
;;   000034  d14043f0          sub x16, sp, #0x10, lsl #12
;;   000038  f940021f          ldr xzr, [x16]
;;   00003c  f9407f90          ldr x16, [x28, #0xf8]
;;   000040  d63f0200          blr x16                                  ; call
;;   000044  f940039b          ldr x27, [x28]
;;   000048  71002c1f          cmp w0, #0xb
;;   00004c  54000160          b.eq #0x78                               ; trap fuel
;;   000050  35000180          cbnz w0, #0x80                           ; trap memory-bounds
;; ; 0x2c  end
;;   000054  f9400788          ldr x8, [x28, #8]
;;   000058  91020108          add x8, x8, #0x80
;;   00005c  f9000788          str x8, [x28, #8]
;;   000060  a8c17bfd          ldp x29, x30, [sp], #0x10
;;   000064  d65f03c0          ret
;; ; 0x23  local.get 0
;; ; trap stub: exhaustion at 0x23
;;   000068  f9406390          ldr x16, [x28, #0xc0]
;;   00006c  d63f0200          blr x16
;; ; trap stub: fuel at 0x23
;;   000070  f9406790          ldr x16, [x28, #0xc8]
;;   000074  d63f0200          blr x16
;; ; 0x29  memory.fill
;; ; trap stub: fuel at 0x29
;;   000078  f9406790          ldr x16, [x28, #0xc8]
;;   00007c  d63f0200          blr x16
;; ; trap stub: memory-bounds at 0x29
;;   000080  f9404390          ldr x16, [x28, #0x80]
;;   000084  d63f0200          blr x16
;;   000088  00000000          .byte 0x00, 0x00, 0x00, 0x00
;;   00008c  00000000          .byte 0x00, 0x00, 0x00, 0x00
;;
;; function 1: 72 bytes at 0x90
;; ; 0x2f  local.get 0
;;   000090  a9bf7bfd          stp x29, x30, [sp, #-0x10]!
;;   000094  910003fd          mov x29, sp
;;   000098  f9400788          ldr x8, [x28, #8]
;;   00009c  f1018108          subs x8, x8, #0x60
;;   0000a0  f9000788          str x8, [x28, #8]
;;   0000a4  54000124          b.mi #0xc8                               ; trap exhaustion
;;   0000a8  f1000b7b          subs x27, x27, #2
;;   0000ac  54000124          b.mi #0xd0                               ; trap fuel
;; ; 0x31  end
;;   0000b0  f9400788          ldr x8, [x28, #8]
;;   0000b4  91018108          add x8, x8, #0x60
;;   0000b8  f9000788          str x8, [x28, #8]
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
;; expect
;; function 0: 160 bytes at 0x0
;; ; 0x23  local.get 0
;;   000000  d10003f1          sub x17, sp, #0
;;   000004  d1004231          sub x17, x17, #0x10
;;   000008  f9402f90          ldr x16, [x28, #0x58]
;;   00000c  eb10023f          cmp x17, x16
;;   000010  54000323          b.lo #0x74                               ; trap exhaustion
;;   000014  a9bf7bfd          stp x29, x30, [sp, #-0x10]!
;;   000018  910003fd          mov x29, sp
;;   00001c  52800124          movz w4, #0x9
;;   000020  52800003          movz w3, #0
;;   000024  f9400788          ldr x8, [x28, #8]
;;   000028  f1020108          subs x8, x8, #0x80
;;   00002c  f9000788          str x8, [x28, #8]
;;   000030  54000264          b.mi #0x7c                               ; trap exhaustion
;;   000034  f100177b          subs x27, x27, #5
;;   000038  54000264          b.mi #0x84                               ; trap fuel
;; ; 0x29  memory.fill
;;   00003c  2a0103e2          mov w2, w1
;;   000040  f900039b          str x27, [x28]
;;   000044  2a0303e1          mov w1, w3
;;   000048  f9407f90          ldr x16, [x28, #0xf8]
;;   00004c  d63f0200          blr x16                                  ; call
;;   000050  f940039b          ldr x27, [x28]
;;   000054  71002c1f          cmp w0, #0xb
;;   000058  540001a0          b.eq #0x8c                               ; trap fuel
;;   00005c  350001c0          cbnz w0, #0x94                           ; trap memory-bounds
;; ; 0x2c  end
;;   000060  f9400788          ldr x8, [x28, #8]
;;   000064  91020108          add x8, x8, #0x80
;;   000068  f9000788          str x8, [x28, #8]
;;   00006c  a8c17bfd          ldp x29, x30, [sp], #0x10
;;   000070  d65f03c0          ret
;; ; 0x23  local.get 0
;; ; trap stub: exhaustion at 0x23
;;   000074  f9406390          ldr x16, [x28, #0xc0]
;;   000078  d63f0200          blr x16
;; ; trap stub: exhaustion at 0x23
;;   00007c  f9406390          ldr x16, [x28, #0xc0]
;;   000080  d63f0200          blr x16
;; ; trap stub: fuel at 0x23
;;   000084  f9406790          ldr x16, [x28, #0xc8]
;;   000088  d63f0200          blr x16
;; ; 0x29  memory.fill
;; ; trap stub: fuel at 0x29
;;   00008c  f9406790          ldr x16, [x28, #0xc8]
;;   000090  d63f0200          blr x16
;; ; trap stub: memory-bounds at 0x29
;;   000094  f9404390          ldr x16, [x28, #0x80]
;;   000098  d63f0200          blr x16
;;   00009c  00000000          .byte 0x00, 0x00, 0x00, 0x00
;;
;; function 1: 72 bytes at 0xa0
;; ; 0x2f  local.get 0
;;   0000a0  a9bf7bfd          stp x29, x30, [sp, #-0x10]!
;;   0000a4  910003fd          mov x29, sp
;;   0000a8  f9400788          ldr x8, [x28, #8]
;;   0000ac  f1018108          subs x8, x8, #0x60
;;   0000b0  f9000788          str x8, [x28, #8]
;;   0000b4  54000124          b.mi #0xd8                               ; trap exhaustion
;;   0000b8  f1000b7b          subs x27, x27, #2
;;   0000bc  54000124          b.mi #0xe0                               ; trap fuel
;; ; 0x31  end
;;   0000c0  f9400788          ldr x8, [x28, #8]
;;   0000c4  91018108          add x8, x8, #0x60
;;   0000c8  f9000788          str x8, [x28, #8]
;;   0000cc  2a0103e0          mov w0, w1
;;   0000d0  a8c17bfd          ldp x29, x30, [sp], #0x10
;;   0000d4  d65f03c0          ret
;; ; 0x2f  local.get 0
;; ; trap stub: exhaustion at 0x2f
;;   0000d8  f9406390          ldr x16, [x28, #0xc0]
;;   0000dc  d63f0200          blr x16
;; ; trap stub: fuel at 0x2f
;;   0000e0  f9406790          ldr x16, [x28, #0xc8]
;;   0000e4  d63f0200          blr x16
