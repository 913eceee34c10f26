;; run: disas --leg x64:O1
;; run: disas --leg a64:O1,charge=branch
;; a leaf
(module (func $leaf (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
;; expect
;; function 0 "leaf": 56 bytes at 0x0
;; ; 0x1a  local.get 0
;;   000000  55                push rbp
;;   000001  4889e5            mov rbp, rsp
;;   000004  49816f0880000000  sub qword ptr [r15 + 8], 0x80
;;   00000c  0f8818000000      js 0x2a                                  ; trap exhaustion
;;   000012  4983ee04          sub r14, 4
;;   000016  0f8815000000      js 0x31                                  ; trap fuel
;;   00001c  89f0              mov eax, esi
;; ; 0x1e  i32.add
;;   00001e  01d0              add eax, edx
;; ; 0x1f  end
;;   000020  4981470880000000  add qword ptr [r15 + 8], 0x80
;;   000028  5d                pop rbp
;;   000029  c3                ret
;; ; 0x1a  local.get 0
;; ; trap stub: exhaustion at 0x1a
;;   00002a  41ff97c0000000    call qword ptr [r15 + 0xc0]
;; ; trap stub: fuel at 0x1a
;;   000031  41ff97c8000000    call qword ptr [r15 + 0xc8]
;; expect
;; function 0 "leaf": 56 bytes at 0x0
;; ; 0x1a  local.get 0
;;   000000  a9bf7bfd          stp x29, x30, [sp, #-0x10]!
;;   000004  910003fd          mov x29, sp
;;   000008  f1020339          subs x25, x25, #0x80
;;   00000c  540000e4          b.mi #0x28                               ; trap exhaustion
;;   000010  f100137b          subs x27, x27, #4
;;   000014  540000e4          b.mi #0x30                               ; trap fuel
;; ; 0x1e  i32.add
;;   000018  0b020020          add w0, w1, w2
;; ; 0x1f  end
;;   00001c  91020339          add x25, x25, #0x80
;;   000020  a8c17bfd          ldp x29, x30, [sp], #0x10
;;   000024  d65f03c0          ret
;; ; 0x1a  local.get 0
;; ; trap stub: exhaustion at 0x1a
;;   000028  f9406390          ldr x16, [x28, #0xc0]
;;   00002c  d63f0200          blr x16
;; ; trap stub: fuel at 0x1a
;;   000030  f9406790          ldr x16, [x28, #0xc8]
;;   000034  d63f0200          blr x16

;; run: disas --leg x64:O1
;; run: disas --leg a64:O1,charge=branch
;; a load: its fault is a trap site
(module (memory 1) (func (param i32) (result i64) (i64.load offset=4 (local.get 0))))
;; expect
;; function 0: 58 bytes at 0x0
;; ; 0x1e  local.get 0
;;   000000  55                push rbp
;;   000001  4889e5            mov rbp, rsp
;;   000004  49836f0860        sub qword ptr [r15 + 8], 0x60
;;   000009  0f881d000000      js 0x2c                                  ; trap exhaustion
;;   00000f  4983ee03          sub r14, 3
;;   000013  0f881a000000      js 0x33                                  ; trap fuel
;; ; 0x20  i64.load offset=4
;;   000019  488b8780000000    mov rax, qword ptr [rdi + 0x80]
;;   000020  488b443004        mov rax, qword ptr [rax + rsi + 4]       ; fault: memory-bounds at 0x20
;; ; 0x23  end
;;   000025  4983470860        add qword ptr [r15 + 8], 0x60
;;   00002a  5d                pop rbp
;;   00002b  c3                ret
;; ; 0x1e  local.get 0
;; ; trap stub: exhaustion at 0x1e
;;   00002c  41ff97c0000000    call qword ptr [r15 + 0xc0]
;; ; trap stub: fuel at 0x1e
;;   000033  41ff97c8000000    call qword ptr [r15 + 0xc8]
;; expect
;; function 0: 64 bytes at 0x0
;; ; 0x1e  local.get 0
;;   000000  a9bf7bfd          stp x29, x30, [sp, #-0x10]!
;;   000004  910003fd          mov x29, sp
;;   000008  f1018339          subs x25, x25, #0x60
;;   00000c  54000124          b.mi #0x30                               ; trap exhaustion
;;   000010  f1000f7b          subs x27, x27, #3
;;   000014  54000124          b.mi #0x38                               ; trap fuel
;; ; 0x20  i64.load offset=4
;;   000018  f9404008          ldr x8, [x0, #0x80]
;;   00001c  8b214108          add x8, x8, w1, uxtw
;;   000020  f8404100          ldur x0, [x8, #4]                        ; fault: memory-bounds at 0x20
;; ; 0x23  end
;;   000024  91018339          add x25, x25, #0x60
;;   000028  a8c17bfd          ldp x29, x30, [sp], #0x10
;;   00002c  d65f03c0          ret
;; ; 0x1e  local.get 0
;; ; trap stub: exhaustion at 0x1e
;;   000030  f9406390          ldr x16, [x28, #0xc0]
;;   000034  d63f0200          blr x16
;; ; trap stub: fuel at 0x1e
;;   000038  f9406790          ldr x16, [x28, #0xc8]
;;   00003c  d63f0200          blr x16

;; run: disas --leg x64:O1,bounds=explicit
;; run: disas --leg a64:O1,bounds=explicit,charge=branch
;; the same by comparison
(module (memory 1) (func (param i32) (result i64) (i64.load offset=4 (local.get 0))))
;; expect
;; function 0: 82 bytes at 0x0
;; ; 0x1e  local.get 0
;;   000000  55                push rbp
;;   000001  4889e5            mov rbp, rsp
;;   000004  49836f0860        sub qword ptr [r15 + 8], 0x60
;;   000009  0f882e000000      js 0x3d                                  ; trap exhaustion
;;   00000f  4983ee03          sub r14, 3
;;   000013  0f882b000000      js 0x44                                  ; trap fuel
;; ; 0x20  i64.load offset=4
;;   000019  488d460c          lea rax, [rsi + 0xc]
;;   00001d  483b87b8000000    cmp rax, qword ptr [rdi + 0xb8]
;;   000024  0f8721000000      ja 0x4b                                  ; trap memory-bounds
;;   00002a  488b8780000000    mov rax, qword ptr [rdi + 0x80]
;;   000031  488b443004        mov rax, qword ptr [rax + rsi + 4]
;; ; 0x23  end
;;   000036  4983470860        add qword ptr [r15 + 8], 0x60
;;   00003b  5d                pop rbp
;;   00003c  c3                ret
;; ; 0x1e  local.get 0
;; ; trap stub: exhaustion at 0x1e
;;   00003d  41ff97c0000000    call qword ptr [r15 + 0xc0]
;; ; trap stub: fuel at 0x1e
;;   000044  41ff97c8000000    call qword ptr [r15 + 0xc8]
;; ; 0x20  i64.load offset=4
;; ; trap stub: memory-bounds at 0x20
;;   00004b  41ff9780000000    call qword ptr [r15 + 0x80]
;; expect
;; function 0: 92 bytes at 0x0
;; ; 0x1e  local.get 0
;;   000000  a9bf7bfd          stp x29, x30, [sp, #-0x10]!
;;   000004  910003fd          mov x29, sp
;;   000008  f1018339          subs x25, x25, #0x60
;;   00000c  540001c4          b.mi #0x44                               ; trap exhaustion
;;   000010  f1000f7b          subs x27, x27, #3
;;   000014  540001c4          b.mi #0x4c                               ; trap fuel
;; ; 0x20  i64.load offset=4
;;   000018  2a0103e8          mov w8, w1
;;   00001c  f9405c09          ldr x9, [x0, #0xb8]
;;   000020  91003108          add x8, x8, #0xc
;;   000024  eb09011f          cmp x8, x9
;;   000028  54000168          b.hi #0x54                               ; trap memory-bounds
;;   00002c  f9404008          ldr x8, [x0, #0x80]
;;   000030  8b214108          add x8, x8, w1, uxtw
;;   000034  f8404100          ldur x0, [x8, #4]
;; ; 0x23  end
;;   000038  91018339          add x25, x25, #0x60
;;   00003c  a8c17bfd          ldp x29, x30, [sp], #0x10
;;   000040  d65f03c0          ret
;; ; 0x1e  local.get 0
;; ; trap stub: exhaustion at 0x1e
;;   000044  f9406390          ldr x16, [x28, #0xc0]
;;   000048  d63f0200          blr x16
;; ; trap stub: fuel at 0x1e
;;   00004c  f9406790          ldr x16, [x28, #0xc8]
;;   000050  d63f0200          blr x16
;; ; 0x20  i64.load offset=4
;; ; trap stub: memory-bounds at 0x20
;;   000054  f9404390          ldr x16, [x28, #0x80]
;;   000058  d63f0200          blr x16

;; run: disas --leg x64:O1
;; run: disas --leg a64:O1,charge=branch
;; a call and a jump table
(module (func $f (param i32) (result i32)
  (block (block (block (br_table 0 1 2 (local.get 0))) (return (i32.const 10))) (return (call $f (i32.const 1))))
  (i32.const 12)))
;; expect
;; function 0 "f": 186 bytes at 0x0
;; ; 0x21  br_table 0 1 2
;;   000000  55                push rbp
;;   000001  4889e5            mov rbp, rsp
;;   000004  83fe02            cmp esi, 2
;;   000007  0f831b000000      jae 0x28
;;   00000d  4c8d1d0c000000    lea r11, [rip + 0xc]
;;   000014  496304b3          movsxd rax, dword ptr [r11 + rsi*4]
;;   000018  4c01d8            add rax, r11
;;   00001b  ffe0              jmp rax
;;   00001d  cc                int3
;;   00001e  cc                int3
;;   00001f  cc                int3
;;   000020  4f000000          .long 0x0000004f                         ; branch table: 0x6f
;;   000024  29000000          .long 0x00000029                         ; branch table: 0x49
;; ; 0x30  end
;;   000028  b80c000000        mov eax, 0xc
;;   00002d  49836f0860        sub qword ptr [r15 + 8], 0x60
;;   000032  0f8858000000      js 0x90                                  ; trap exhaustion
;;   000038  4983ee08          sub r14, 8
;;   00003c  0f8855000000      js 0x97                                  ; trap fuel
;; ; 0x33  end
;;   000042  4983470860        add qword ptr [r15 + 8], 0x60
;;   000047  5d                pop rbp
;;   000048  c3                ret
;; ; 0x2a  end
;;   000049  be01000000        mov esi, 1
;;   00004e  49836f0860        sub qword ptr [r15 + 8], 0x60
;;   000053  0f8845000000      js 0x9e                                  ; trap exhaustion
;;   000059  4983ee09          sub r14, 9
;;   00005d  0f8842000000      js 0xa5                                  ; trap fuel
;; ; 0x2d  call 0
;;   000063  e898ffffff        call 0                                   ; function 0 "f"
;; ; 0x2f  return
;;   000068  4983470860        add qword ptr [r15 + 8], 0x60
;;   00006d  5d                pop rbp
;;   00006e  c3                ret
;; ; 0x26  end
;;   00006f  b80a000000        mov eax, 0xa
;;   000074  49836f0860        sub qword ptr [r15 + 8], 0x60
;;   000079  0f882d000000      js 0xac                                  ; trap exhaustion
;;   00007f  4983ee08          sub r14, 8
;;   000083  0f882a000000      js 0xb3                                  ; trap fuel
;; ; 0x29  return
;;   000089  4983470860        add qword ptr [r15 + 8], 0x60
;;   00008e  5d                pop rbp
;;   00008f  c3                ret
;; ; 0x19  block
;; ; trap stub: exhaustion at 0x19
;;   000090  41ff97c0000000    call qword ptr [r15 + 0xc0]
;; ; trap stub: fuel at 0x19
;;   000097  41ff97c8000000    call qword ptr [r15 + 0xc8]
;; ; trap stub: exhaustion at 0x19
;;   00009e  41ff97c0000000    call qword ptr [r15 + 0xc0]
;; ; trap stub: fuel at 0x19
;;   0000a5  41ff97c8000000    call qword ptr [r15 + 0xc8]
;; ; trap stub: exhaustion at 0x19
;;   0000ac  41ff97c0000000    call qword ptr [r15 + 0xc0]
;; ; trap stub: fuel at 0x19
;;   0000b3  41ff97c8000000    call qword ptr [r15 + 0xc8]
;; expect
;; function 0 "f": 196 bytes at 0x0
;; ; 0x21  br_table 0 1 2
;;   000000  a9bf7bfd          stp x29, x30, [sp, #-0x10]!
;;   000004  910003fd          mov x29, sp
;;   000008  52800048          movz w8, #0x2
;;   00000c  6b08003f          cmp w1, w8
;;   000010  1a883028          csel w8, w1, w8, lo
;;   000014  10000090          adr x16, #0x24
;;   000018  b8a85a11          ldrsw x17, [x16, w8, uxtw #2]
;;   00001c  8b110211          add x17, x16, x17
;;   000020  d61f0220          br x17
;;   000024  00000050          .long 0x00000050                         ; branch table: 0x74
;;   000028  0000002c          .long 0x0000002c                         ; branch table: 0x50
;;   00002c  0000000c          .long 0x0000000c                         ; branch table: 0x30
;; ; 0x30  end
;;   000030  52800180          movz w0, #0xc
;;   000034  f1018339          subs x25, x25, #0x60
;;   000038  540002e4          b.mi #0x94                               ; trap exhaustion
;;   00003c  f100237b          subs x27, x27, #8
;;   000040  540002e4          b.mi #0x9c                               ; trap fuel
;; ; 0x33  end
;;   000044  91018339          add x25, x25, #0x60
;;   000048  a8c17bfd          ldp x29, x30, [sp], #0x10
;;   00004c  d65f03c0          ret
;; ; 0x2a  end
;;   000050  52800021          movz w1, #0x1
;;   000054  f1018339          subs x25, x25, #0x60
;;   000058  54000264          b.mi #0xa4                               ; trap exhaustion
;;   00005c  f100277b          subs x27, x27, #9
;;   000060  54000264          b.mi #0xac                               ; trap fuel
;; ; 0x2d  call 0
;;   000064  97ffffe7          bl #0                                    ; function 0 "f"
;; ; 0x2f  return
;;   000068  91018339          add x25, x25, #0x60
;;   00006c  a8c17bfd          ldp x29, x30, [sp], #0x10
;;   000070  d65f03c0          ret
;; ; 0x26  end
;;   000074  52800140          movz w0, #0xa
;;   000078  f1018339          subs x25, x25, #0x60
;;   00007c  540001c4          b.mi #0xb4                               ; trap exhaustion
;;   000080  f100237b          subs x27, x27, #8
;;   000084  540001c4          b.mi #0xbc                               ; trap fuel
;; ; 0x29  return
;;   000088  91018339          add x25, x25, #0x60
;;   00008c  a8c17bfd          ldp x29, x30, [sp], #0x10
;;   000090  d65f03c0          ret
;; ; 0x19  block
;; ; trap stub: exhaustion at 0x19
;;   000094  f9406390          ldr x16, [x28, #0xc0]
;;   000098  d63f0200          blr x16
;; ; trap stub: fuel at 0x19
;;   00009c  f9406790          ldr x16, [x28, #0xc8]
;;   0000a0  d63f0200          blr x16
;; ; trap stub: exhaustion at 0x19
;;   0000a4  f9406390          ldr x16, [x28, #0xc0]
;;   0000a8  d63f0200          blr x16
;; ; trap stub: fuel at 0x19
;;   0000ac  f9406790          ldr x16, [x28, #0xc8]
;;   0000b0  d63f0200          blr x16
;; ; trap stub: exhaustion at 0x19
;;   0000b4  f9406390          ldr x16, [x28, #0xc0]
;;   0000b8  d63f0200          blr x16
;; ; trap stub: fuel at 0x19
;;   0000bc  f9406790          ldr x16, [x28, #0xc8]
;;   0000c0  d63f0200          blr x16

;; run: disas --leg x64:O1
;; run: disas --leg a64:O1,charge=branch
;; constants of floats
(module (func (param f64) (result f64) (f64.mul (local.get 0) (f64.const 3.14159))))
;; expect
;; function 0: 88 bytes at 0x0
;; ; 0x19  local.get 0
;;   000000  55                push rbp
;;   000001  4889e5            mov rbp, rsp
;;   000004  49836f0870        sub qword ptr [r15 + 8], 0x70
;;   000009  0f8827000000      js 0x36                                  ; trap exhaustion
;;   00000f  4983ee04          sub r14, 4
;;   000013  0f8824000000      js 0x3d                                  ; trap fuel
;; ; 0x24  f64.mul
;;   000019  f20f590527000000  mulsd xmm0, qword ptr [rip + 0x27]
;;   000021  660f2ec0          ucomisd xmm0, xmm0
;;   000025  7b08              jnp 0x2f
;;   000027  f20f100521000000  movsd xmm0, qword ptr [rip + 0x21]
;; ; 0x25  end
;;   00002f  4983470870        add qword ptr [r15 + 8], 0x70
;;   000034  5d                pop rbp
;;   000035  c3                ret
;; ; 0x19  local.get 0
;; ; trap stub: exhaustion at 0x19
;;   000036  41ff97c0000000    call qword ptr [r15 + 0xc0]
;; ; trap stub: fuel at 0x19
;;   00003d  41ff97c8000000    call qword ptr [r15 + 0xc8]
;;   000044  cc                int3
;;   000045  cc                int3
;;   000046  cc                int3
;;   000047  cc                int3
;;   000048  6e861bf0f9210940  .quad 0x400921f9f01b866e                 ; constant
;;   000050  000000000000f87f  .quad 0x7ff8000000000000                 ; constant
;; expect
;; function 0: 72 bytes at 0x0
;; ; 0x19  local.get 0
;;   000000  a9bf7bfd          stp x29, x30, [sp, #-0x10]!
;;   000004  910003fd          mov x29, sp
;;   000008  5c0001d0          ldr d16, #0x40
;;   00000c  f101c339          subs x25, x25, #0x70
;;   000010  540000e4          b.mi #0x2c                               ; trap exhaustion
;;   000014  f100137b          subs x27, x27, #4
;;   000018  540000e4          b.mi #0x34                               ; trap fuel
;; ; 0x24  f64.mul
;;   00001c  1e700800          fmul d0, d0, d16
;; ; 0x25  end
;;   000020  9101c339          add x25, x25, #0x70
;;   000024  a8c17bfd          ldp x29, x30, [sp], #0x10
;;   000028  d65f03c0          ret
;; ; 0x19  local.get 0
;; ; trap stub: exhaustion at 0x19
;;   00002c  f9406390          ldr x16, [x28, #0xc0]
;;   000030  d63f0200          blr x16
;; ; trap stub: fuel at 0x19
;;   000034  f9406790          ldr x16, [x28, #0xc8]
;;   000038  d63f0200          blr x16
;;   00003c  00000000          .byte 0x00, 0x00, 0x00, 0x00
;;   000040  f01b866e400921f9  .quad 0x400921f9f01b866e                 ; constant

;; run: disas --leg x64:O1,pad=far
;; run: disas --leg a64:O1,pad=far,charge=branch
;; branches in the long form
(module (func (param i32) (result i32) (if (result i32) (local.get 0) (then (i32.const 1)) (else (i32.const 2)))))
;; expect
;; function 0: 121 bytes at 0x0
;; ; 0x1b  if (result i32)
;;   000000  55                push rbp
;;   000001  4889e5            mov rbp, rsp
;;   000004  85f6              test esi, esi
;;   000006  0f851f000000      jne 0x2b
;;   00000c  b802000000        mov eax, 2
;;   000011  49836f0860        sub qword ptr [r15 + 8], 0x60
;;   000016  0f883a000000      js 0x56                                  ; trap exhaustion
;;   00001c  4983ee03          sub r14, 3
;;   000020  0f8837000000      js 0x5d                                  ; trap fuel
;; ; 0x22  end
;;   000026  e91a000000        jmp 0x45
;; ; 0x1b  if (result i32)
;;   00002b  b801000000        mov eax, 1
;;   000030  49836f0860        sub qword ptr [r15 + 8], 0x60
;;   000035  0f8829000000      js 0x64                                  ; trap exhaustion
;;   00003b  4983ee04          sub r14, 4
;;   00003f  0f8826000000      js 0x6b                                  ; trap fuel
;; ; 0x22  end
;;   000045  4983ee02          sub r14, 2
;;   000049  0f8823000000      js 0x72                                  ; trap fuel
;; ; 0x23  end
;;   00004f  4983470860        add qword ptr [r15 + 8], 0x60
;;   000054  5d                pop rbp
;;   000055  c3                ret
;; ; 0x19  local.get 0
;; ; trap stub: exhaustion at 0x19
;;   000056  41ff97c0000000    call qword ptr [r15 + 0xc0]
;; ; trap stub: fuel at 0x19
;;   00005d  41ff97c8000000    call qword ptr [r15 + 0xc8]
;; ; trap stub: exhaustion at 0x19
;;   000064  41ff97c0000000    call qword ptr [r15 + 0xc0]
;; ; trap stub: fuel at 0x19
;;   00006b  41ff97c8000000    call qword ptr [r15 + 0xc8]
;; ; 0x22  end
;; ; trap stub: fuel at 0x22
;;   000072  41ff97c8000000    call qword ptr [r15 + 0xc8]
;; expect
;; function 0: 140 bytes at 0x0
;; ; 0x1b  if (result i32)
;;   000000  a9bf7bfd          stp x29, x30, [sp, #-0x10]!
;;   000004  910003fd          mov x29, sp
;;   000008  34000041          cbz w1, #0x10
;;   00000c  14000009          b #0x30
;;   000010  52800040          movz w0, #0x2
;;   000014  f1018339          subs x25, x25, #0x60
;;   000018  54000045          b.pl #0x20
;;   00001c  14000012          b #0x64                                  ; trap exhaustion
;;   000020  f1000f7b          subs x27, x27, #3
;;   000024  54000045          b.pl #0x2c
;;   000028  14000011          b #0x6c                                  ; trap fuel
;; ; 0x22  end
;;   00002c  14000008          b #0x4c
;; ; 0x1b  if (result i32)
;;   000030  52800020          movz w0, #0x1
;;   000034  f1018339          subs x25, x25, #0x60
;;   000038  54000045          b.pl #0x40
;;   00003c  1400000e          b #0x74                                  ; trap exhaustion
;;   000040  f100137b          subs x27, x27, #4
;;   000044  54000045          b.pl #0x4c
;;   000048  1400000d          b #0x7c                                  ; trap fuel
;; ; 0x22  end
;;   00004c  f1000b7b          subs x27, x27, #2
;;   000050  54000045          b.pl #0x58
;;   000054  1400000c          b #0x84                                  ; trap fuel
;; ; 0x23  end
;;   000058  91018339          add x25, x25, #0x60
;;   00005c  a8c17bfd          ldp x29, x30, [sp], #0x10
;;   000060  d65f03c0          ret
;; ; 0x19  local.get 0
;; ; trap stub: exhaustion at 0x19
;;   000064  f9406390          ldr x16, [x28, #0xc0]
;;   000068  d63f0200          blr x16
;; ; trap stub: fuel at 0x19
;;   00006c  f9406790          ldr x16, [x28, #0xc8]
;;   000070  d63f0200          blr x16
;; ; trap stub: exhaustion at 0x19
;;   000074  f9406390          ldr x16, [x28, #0xc0]
;;   000078  d63f0200          blr x16
;; ; trap stub: fuel at 0x19
;;   00007c  f9406790          ldr x16, [x28, #0xc8]
;;   000080  d63f0200          blr x16
;; ; 0x22  end
;; ; trap stub: fuel at 0x22
;;   000084  f9406790          ldr x16, [x28, #0xc8]
;;   000088  d63f0200          blr x16

;; run: disas --leg a64:O1,charge=fault
;; charges that fault
(module (func (param i32) (loop (br_if 0 (local.get 0)))))
;; expect
;; function 0: 64 bytes at 0x0
;; ; 0x18  loop
;;   000000  a9bf7bfd          stp x29, x30, [sp, #-0x10]!
;;   000004  910003fd          mov x29, sp
;;   000008  d1018339          sub x25, x25, #0x60
;;   00000c  92520328          and x8, x25, #0x400000000000
;;   000010  b8686b9f          ldr wzr, [x28, x8]                       ; fault: exhaustion at 0x18
;;   000014  14000001          b #0x18
;;   000018  d1000f7b          sub x27, x27, #3
;;   00001c  92520368          and x8, x27, #0x400000000000
;;   000020  b8686b9f          ldr wzr, [x28, x8]                       ; fault: fuel at 0x18
;; ; 0x1c  br_if 0 (;@0;)
;;   000024  35ffffa1          cbnz w1, #0x18
;;   000028  d1000b7b          sub x27, x27, #2
;;   00002c  92520368          and x8, x27, #0x400000000000
;;   000030  b8686b9f          ldr wzr, [x28, x8]                       ; fault: fuel at 0x1c
;; ; 0x1f  end
;;   000034  91018339          add x25, x25, #0x60
;;   000038  a8c17bfd          ldp x29, x30, [sp], #0x10
;;   00003c  d65f03c0          ret
