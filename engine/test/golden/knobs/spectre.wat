;; run: disas --leg x64:spectre=off --ir alloc
;; run: disas --leg x64:spectre=on --ir alloc
;; run: disas --leg x64:spectre=on
;; run: disas --leg a64:spectre=on,charge=branch --ir alloc
;; run: disas --leg a64:spectre=on,charge=branch
;; the jump table's index is cut by data flow
(module (func (param i32) (result i32)
  (block (block (block (block (br_table 0 1 2 3 (local.get 0))) (return (i32.const 7)))
    (return (i32.const 9))) (return (i32.const 11))) (i32.const 13)))
;; expect
;; function 0 after alloc
;; mfn "f0" 0  frame cost 96, 0 slots
;; b0
;;      0  params esi                                       @0x23
;;      1  brtable esi, eax                                 @0x23
;;     -> b4 b3 b2 b1
;; b1 <- b0
;;      2  mov eax, 0xd                                     @0x35
;;      3  sub qword ptr [r15 + 8], 0x60                    @0x35
;;      4  traps 10                                         @0x35
;;      5  sub r14, 9                                       @0x35
;;      6  traps 11                                         @0x35
;;      7  add qword ptr [r15 + 8], 0x60                    @0x38
;;      8  return rax                                       @0x38
;; b2 <- b0
;;      9  mov eax, 0xb                                     @0x31
;;     10  sub qword ptr [r15 + 8], 0x60                    @0x31
;;     11  traps 10                                         @0x31
;;     12  sub r14, 9                                       @0x31
;;     13  traps 11                                         @0x31
;;     14  add qword ptr [r15 + 8], 0x60                    @0x34
;;     15  return rax                                       @0x34
;; b3 <- b0
;;     16  mov eax, 9                                       @0x2d
;;     17  sub qword ptr [r15 + 8], 0x60                    @0x2d
;;     18  traps 10                                         @0x2d
;;     19  sub r14, 9                                       @0x2d
;;     20  traps 11                                         @0x2d
;;     21  add qword ptr [r15 + 8], 0x60                    @0x30
;;     22  return rax                                       @0x30
;; b4 <- b0
;;     23  mov eax, 7                                       @0x29
;;     24  sub qword ptr [r15 + 8], 0x60                    @0x29
;;     25  traps 10                                         @0x29
;;     26  sub r14, 9                                       @0x29
;;     27  traps 11                                         @0x29
;;     28  add qword ptr [r15 + 8], 0x60                    @0x2c
;;     29  return rax                                       @0x2c
;; expect
;; function 0 after alloc
;; mfn "f0" 0  frame cost 96, 0 slots
;; b0
;;      0  params esi                                       @0x23
;;      1  mov eax, 3                                       @0x23
;;      2  cmp esi, eax                                     @0x23
;;      3  cmovb eax, esi                                   @0x23
;;      4  brtable eax, ecx                                 @0x23
;;     -> b4 b3 b2 b1
;; b1 <- b0
;;      5  mov eax, 0xd                                     @0x35
;;      6  sub qword ptr [r15 + 8], 0x60                    @0x35
;;      7  traps 10                                         @0x35
;;      8  sub r14, 9                                       @0x35
;;      9  traps 11                                         @0x35
;;     10  add qword ptr [r15 + 8], 0x60                    @0x38
;;     11  return rax                                       @0x38
;; b2 <- b0
;;     12  mov eax, 0xb                                     @0x31
;;     13  sub qword ptr [r15 + 8], 0x60                    @0x31
;;     14  traps 10                                         @0x31
;;     15  sub r14, 9                                       @0x31
;;     16  traps 11                                         @0x31
;;     17  add qword ptr [r15 + 8], 0x60                    @0x34
;;     18  return rax                                       @0x34
;; b3 <- b0
;;     19  mov eax, 9                                       @0x2d
;;     20  sub qword ptr [r15 + 8], 0x60                    @0x2d
;;     21  traps 10                                         @0x2d
;;     22  sub r14, 9                                       @0x2d
;;     23  traps 11                                         @0x2d
;;     24  add qword ptr [r15 + 8], 0x60                    @0x30
;;     25  return rax                                       @0x30
;; b4 <- b0
;;     26  mov eax, 7                                       @0x29
;;     27  sub qword ptr [r15 + 8], 0x60                    @0x29
;;     28  traps 10                                         @0x29
;;     29  sub r14, 9                                       @0x29
;;     30  traps 11                                         @0x29
;;     31  add qword ptr [r15 + 8], 0x60                    @0x2c
;;     32  return rax                                       @0x2c
;; expect
;; function 0: 236 bytes at 0x0
;; ; 0x23  br_table 0 1 2 3
;;   000000  55                push rbp
;;   000001  4889e5            mov rbp, rsp
;;   000004  b803000000        mov eax, 3
;;   000009  39c6              cmp esi, eax
;;   00000b  0f42c6            cmovb eax, esi
;;   00000e  4c8d1d0b000000    lea r11, [rip + 0xb]
;;   000015  49630c83          movsxd rcx, dword ptr [r11 + rax*4]
;;   000019  4c01d9            add rcx, r11
;;   00001c  ffe1              jmp rcx
;;   00001e  cc                int3
;;   00001f  cc                int3
;;   000020  73000000          .long 0x00000073                         ; branch table: 0x93
;;   000024  52000000          .long 0x00000052                         ; branch table: 0x72
;;   000028  31000000          .long 0x00000031                         ; branch table: 0x51
;;   00002c  10000000          .long 0x00000010                         ; branch table: 0x30
;; ; 0x35  end
;;   000030  b80d000000        mov eax, 0xd
;;   000035  49836f0860        sub qword ptr [r15 + 8], 0x60
;;   00003a  0f8874000000      js 0xb4                                  ; trap exhaustion
;;   000040  4983ee09          sub r14, 9
;;   000044  0f8871000000      js 0xbb                                  ; trap fuel
;; ; 0x38  end
;;   00004a  4983470860        add qword ptr [r15 + 8], 0x60
;;   00004f  5d                pop rbp
;;   000050  c3                ret
;; ; 0x31  end
;;   000051  b80b000000        mov eax, 0xb
;;   000056  49836f0860        sub qword ptr [r15 + 8], 0x60
;;   00005b  0f8861000000      js 0xc2                                  ; trap exhaustion
;;   000061  4983ee09          sub r14, 9
;;   000065  0f885e000000      js 0xc9                                  ; trap fuel
;; ; 0x34  return
;;   00006b  4983470860        add qword ptr [r15 + 8], 0x60
;;   000070  5d                pop rbp
;;   000071  c3                ret
;; ; 0x2d  end
;;   000072  b809000000        mov eax, 9
;;   000077  49836f0860        sub qword ptr [r15 + 8], 0x60
;;   00007c  0f884e000000      js 0xd0                                  ; trap exhaustion
;;   000082  4983ee09          sub r14, 9
;;   000086  0f884b000000      js 0xd7                                  ; trap fuel
;; ; 0x30  return
;;   00008c  4983470860        add qword ptr [r15 + 8], 0x60
;;   000091  5d                pop rbp
;;   000092  c3                ret
;; ; 0x29  end
;;   000093  b807000000        mov eax, 7
;;   000098  49836f0860        sub qword ptr [r15 + 8], 0x60
;;   00009d  0f883b000000      js 0xde                                  ; trap exhaustion
;;   0000a3  4983ee09          sub r14, 9
;;   0000a7  0f8838000000      js 0xe5                                  ; trap fuel
;; ; 0x2c  return
;;   0000ad  4983470860        add qword ptr [r15 + 8], 0x60
;;   0000b2  5d                pop rbp
;;   0000b3  c3                ret
;; ; 0x19  block
;; ; trap stub: exhaustion at 0x19
;;   0000b4  41ff97c0000000    call qword ptr [r15 + 0xc0]
;; ; trap stub: fuel at 0x19
;;   0000bb  41ff97c8000000    call qword ptr [r15 + 0xc8]
;; ; trap stub: exhaustion at 0x19
;;   0000c2  41ff97c0000000    call qword ptr [r15 + 0xc0]
;; ; trap stub: fuel at 0x19
;;   0000c9  41ff97c8000000    call qword ptr [r15 + 0xc8]
;; ; trap stub: exhaustion at 0x19
;;   0000d0  41ff97c0000000    call qword ptr [r15 + 0xc0]
;; ; trap stub: fuel at 0x19
;;   0000d7  41ff97c8000000    call qword ptr [r15 + 0xc8]
;; ; trap stub: exhaustion at 0x19
;;   0000de  41ff97c0000000    call qword ptr [r15 + 0xc0]
;; ; trap stub: fuel at 0x19
;;   0000e5  41ff97c8000000    call qword ptr [r15 + 0xc8]
;; expect
;; function 0 after alloc
;; mfn "f0" 0  frame cost 96, 0 slots
;; b0
;;      0  params w1                                        @0x23
;;      1  ldc w8, #0x3                                     @0x23
;;      2  cmp w1, w8                                       @0x23
;;      3  csel w8, w1, w8, lo                              @0x23
;;      4  csdb                                             @0x23
;;      5  jump-table w8, b4, b3, b2, b1                    @0x23
;;     -> b4 b3 b2 b1
;; b1 <- b0
;;      6  ldc w0, #0xd                                     @0x35
;;      7  subs x25, x25, #96                               @0x35
;;      8  b.mi trap 10                                     @0x35
;;      9  subs x27, x27, #9                                @0x35
;;     10  b.mi trap 11                                     @0x35
;;     11  add x25, x25, #96                                @0x38
;;     12  return w0                                        @0x38
;; b2 <- b0
;;     13  ldc w0, #0xb                                     @0x31
;;     14  subs x25, x25, #96                               @0x31
;;     15  b.mi trap 10                                     @0x31
;;     16  subs x27, x27, #9                                @0x31
;;     17  b.mi trap 11                                     @0x31
;;     18  add x25, x25, #96                                @0x34
;;     19  return w0                                        @0x34
;; b3 <- b0
;;     20  ldc w0, #0x9                                     @0x2d
;;     21  subs x25, x25, #96                               @0x2d
;;     22  b.mi trap 10                                     @0x2d
;;     23  subs x27, x27, #9                                @0x2d
;;     24  b.mi trap 11                                     @0x2d
;;     25  add x25, x25, #96                                @0x30
;;     26  return w0                                        @0x30
;; b4 <- b0
;;     27  ldc w0, #0x7                                     @0x29
;;     28  subs x25, x25, #96                               @0x29
;;     29  b.mi trap 10                                     @0x29
;;     30  subs x27, x27, #9                                @0x29
;;     31  b.mi trap 11                                     @0x29
;;     32  add x25, x25, #96                                @0x2c
;;     33  return w0                                        @0x2c
;; expect
;; function 0: 248 bytes at 0x0
;; ; 0x23  br_table 0 1 2 3
;;   000000  a9bf7bfd          stp x29, x30, [sp, #-0x10]!
;;   000004  910003fd          mov x29, sp
;;   000008  52800068          movz w8, #0x3
;;   00000c  6b08003f          cmp w1, w8
;;   000010  1a883028          csel w8, w1, w8, lo
;;   000014  d503229f          hint #0x14
;;   000018  10000090          adr x16, #0x28
;;   00001c  b8a85a11          ldrsw x17, [x16, w8, uxtw #2]
;;   000020  8b110211          add x17, x16, x17
;;   000024  d61f0220          br x17
;;   000028  00000070          .long 0x00000070                         ; branch table: 0x98
;;   00002c  00000050          .long 0x00000050                         ; branch table: 0x78
;;   000030  00000030          .long 0x00000030                         ; branch table: 0x58
;;   000034  00000010          .long 0x00000010                         ; branch table: 0x38
;; ; 0x35  end
;;   000038  528001a0          movz w0, #0xd
;;   00003c  f1018339          subs x25, x25, #0x60
;;   000040  540003c4          b.mi #0xb8                               ; trap exhaustion
;;   000044  f100277b          subs x27, x27, #9
;;   000048  540003c4          b.mi #0xc0                               ; trap fuel
;; ; 0x38  end
;;   00004c  91018339          add x25, x25, #0x60
;;   000050  a8c17bfd          ldp x29, x30, [sp], #0x10
;;   000054  d65f03c0          ret
;; ; 0x31  end
;;   000058  52800160          movz w0, #0xb
;;   00005c  f1018339          subs x25, x25, #0x60
;;   000060  54000344          b.mi #0xc8                               ; trap exhaustion
;;   000064  f100277b          subs x27, x27, #9
;;   000068  54000344          b.mi #0xd0                               ; trap fuel
;; ; 0x34  return
;;   00006c  91018339          add x25, x25, #0x60
;;   000070  a8c17bfd          ldp x29, x30, [sp], #0x10
;;   000074  d65f03c0          ret
;; ; 0x2d  end
;;   000078  52800120          movz w0, #0x9
;;   00007c  f1018339          subs x25, x25, #0x60
;;   000080  540002c4          b.mi #0xd8                               ; trap exhaustion
;;   000084  f100277b          subs x27, x27, #9
;;   000088  540002c4          b.mi #0xe0                               ; trap fuel
;; ; 0x30  return
;;   00008c  91018339          add x25, x25, #0x60
;;   000090  a8c17bfd          ldp x29, x30, [sp], #0x10
;;   000094  d65f03c0          ret
;; ; 0x29  end
;;   000098  528000e0          movz w0, #0x7
;;   00009c  f1018339          subs x25, x25, #0x60
;;   0000a0  54000244          b.mi #0xe8                               ; trap exhaustion
;;   0000a4  f100277b          subs x27, x27, #9
;;   0000a8  54000244          b.mi #0xf0                               ; trap fuel
;; ; 0x2c  return
;;   0000ac  91018339          add x25, x25, #0x60
;;   0000b0  a8c17bfd          ldp x29, x30, [sp], #0x10
;;   0000b4  d65f03c0          ret
;; ; 0x19  block
;; ; trap stub: exhaustion at 0x19
;;   0000b8  f9406390          ldr x16, [x28, #0xc0]
;;   0000bc  d63f0200          blr x16
;; ; trap stub: fuel at 0x19
;;   0000c0  f9406790          ldr x16, [x28, #0xc8]
;;   0000c4  d63f0200          blr x16
;; ; trap stub: exhaustion at 0x19
;;   0000c8  f9406390          ldr x16, [x28, #0xc0]
;;   0000cc  d63f0200          blr x16
;; ; trap stub: fuel at 0x19
;;   0000d0  f9406790          ldr x16, [x28, #0xc8]
;;   0000d4  d63f0200          blr x16
;; ; trap stub: exhaustion at 0x19
;;   0000d8  f9406390          ldr x16, [x28, #0xc0]
;;   0000dc  d63f0200          blr x16
;; ; trap stub: fuel at 0x19
;;   0000e0  f9406790          ldr x16, [x28, #0xc8]
;;   0000e4  d63f0200          blr x16
;; ; trap stub: exhaustion at 0x19
;;   0000e8  f9406390          ldr x16, [x28, #0xc0]
;;   0000ec  d63f0200          blr x16
;; ; trap stub: fuel at 0x19
;;   0000f0  f9406790          ldr x16, [x28, #0xc8]
;;   0000f4  d63f0200          blr x16

;; run: disas --leg x64:spectre=on --ir opt
;; run: disas --leg x64:spectre=on --ir alloc
;; run: disas --leg a64:spectre=on,charge=branch --ir alloc
;; the mask stays, although the check above it decides
(module (import "m" "t" (table 5 funcref)) (func (param i32) (result funcref) (table.get (local.get 0))))
;; expect
;; not assembled:
;; stderr: case.wat:2:90: error: unexpected token "(", expected a numeric index or a name (e.g. 12 or $foo).
;; stderr: ...le 5 funcref)) (func (param i32) (result funcref) (table.get (local.get 0))))
;; stderr:                                                                 ^
;; stderr: case.wat:2:104: error: unexpected token ), expected EOF.
;; stderr: ...le 5 funcref)) (func (param i32) (result funcref) (table.get (local.get 0))))
;; stderr:                                                                               ^
;; expect
;; not assembled:
;; stderr: case.wat:2:90: error: unexpected token "(", expected a numeric index or a name (e.g. 12 or $foo).
;; stderr: ...le 5 funcref)) (func (param i32) (result funcref) (table.get (local.get 0))))
;; stderr:                                                                 ^
;; stderr: case.wat:2:104: error: unexpected token ), expected EOF.
;; stderr: ...le 5 funcref)) (func (param i32) (result funcref) (table.get (local.get 0))))
;; stderr:                                                                               ^
;; expect
;; not assembled:
;; stderr: case.wat:2:90: error: unexpected token "(", expected a numeric index or a name (e.g. 12 or $foo).
;; stderr: ...le 5 funcref)) (func (param i32) (result funcref) (table.get (local.get 0))))
;; stderr:                                                                 ^
;; stderr: case.wat:2:104: error: unexpected token ), expected EOF.
;; stderr: ...le 5 funcref)) (func (param i32) (result funcref) (table.get (local.get 0))))
;; stderr:                                                                               ^

;; run: disas --leg x64:spectre=on,O2 --ir opt
;; run: disas --leg x64:spectre=off,O2 --ir opt
;; a constant index is not guessed
(module (table 5 5 funcref) (func (result funcref) (table.get (i32.const 3))))
;; expect
;; not assembled:
;; stderr: case.wat:2:63: error: unexpected token "(", expected a numeric index or a name (e.g. 12 or $foo).
;; stderr: (module (table 5 5 funcref) (func (result funcref) (table.get (i32.const 3))))
;; stderr:                                                               ^
;; stderr: case.wat:2:77: error: unexpected token ), expected EOF.
;; stderr: (module (table 5 5 funcref) (func (result funcref) (table.get (i32.const 3))))
;; stderr:                                                                             ^
;; expect
;; not assembled:
;; stderr: case.wat:2:63: error: unexpected token "(", expected a numeric index or a name (e.g. 12 or $foo).
;; stderr: (module (table 5 5 funcref) (func (result funcref) (table.get (i32.const 3))))
;; stderr:                                                               ^
;; stderr: case.wat:2:77: error: unexpected token ), expected EOF.
;; stderr: (module (table 5 5 funcref) (func (result funcref) (table.get (i32.const 3))))
;; stderr:                                                                             ^
