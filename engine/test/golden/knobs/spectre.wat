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
;;      0  params esi                                       @0x19
;;      1  sub qword ptr [r15 + 8], 0x60                    @0x19
;;      2  traps 10                                         @0x19
;;      3  sub r14, 6                                       @0x19
;;      4  traps 11                                         @0x19
;;      5  brtable esi, eax                                 @0x23
;;     -> b4 b3 b2 b1
;; b1 <- b0
;;      6  mov eax, 0xd                                     @0x35
;;      7  sub r14, 3                                       @0x35
;;      8  traps 11                                         @0x35
;;      9  add qword ptr [r15 + 8], 0x60                    @0x38
;;     10  return rax                                       @0x38
;; b2 <- b0
;;     11  mov eax, 0xb                                     @0x31
;;     12  sub r14, 3                                       @0x31
;;     13  traps 11                                         @0x31
;;     14  add qword ptr [r15 + 8], 0x60                    @0x34
;;     15  return rax                                       @0x34
;; b3 <- b0
;;     16  mov eax, 9                                       @0x2d
;;     17  sub r14, 3                                       @0x2d
;;     18  traps 11                                         @0x2d
;;     19  add qword ptr [r15 + 8], 0x60                    @0x30
;;     20  return rax                                       @0x30
;; b4 <- b0
;;     21  mov eax, 7                                       @0x29
;;     22  sub r14, 3                                       @0x29
;;     23  traps 11                                         @0x29
;;     24  add qword ptr [r15 + 8], 0x60                    @0x2c
;;     25  return rax                                       @0x2c
;; expect
;; function 0 after alloc
;; mfn "f0" 0  frame cost 96, 0 slots
;; b0
;;      0  params esi                                       @0x19
;;      1  sub qword ptr [r15 + 8], 0x60                    @0x19
;;      2  traps 10                                         @0x19
;;      3  sub r14, 6                                       @0x19
;;      4  traps 11                                         @0x19
;;      5  mov eax, 3                                       @0x23
;;      6  cmp esi, eax                                     @0x23
;;      7  cmovb eax, esi                                   @0x23
;;      8  brtable eax, ecx                                 @0x23
;;     -> b4 b3 b2 b1
;; b1 <- b0
;;      9  mov eax, 0xd                                     @0x35
;;     10  sub r14, 3                                       @0x35
;;     11  traps 11                                         @0x35
;;     12  add qword ptr [r15 + 8], 0x60                    @0x38
;;     13  return rax                                       @0x38
;; b2 <- b0
;;     14  mov eax, 0xb                                     @0x31
;;     15  sub r14, 3                                       @0x31
;;     16  traps 11                                         @0x31
;;     17  add qword ptr [r15 + 8], 0x60                    @0x34
;;     18  return rax                                       @0x34
;; b3 <- b0
;;     19  mov eax, 9                                       @0x2d
;;     20  sub r14, 3                                       @0x2d
;;     21  traps 11                                         @0x2d
;;     22  add qword ptr [r15 + 8], 0x60                    @0x30
;;     23  return rax                                       @0x30
;; b4 <- b0
;;     24  mov eax, 7                                       @0x29
;;     25  sub r14, 3                                       @0x29
;;     26  traps 11                                         @0x29
;;     27  add qword ptr [r15 + 8], 0x60                    @0x2c
;;     28  return rax                                       @0x2c
;; expect
;; function 0: 198 bytes at 0x0
;; ; 0x19  block
;;   000000  55                push rbp
;;   000001  4889e5            mov rbp, rsp
;;   000004  49836f0860        sub qword ptr [r15 + 8], 0x60
;;   000009  0f888d000000      js 0x9c                                  ; trap exhaustion
;;   00000f  4983ee06          sub r14, 6
;;   000013  0f888a000000      js 0xa3                                  ; trap fuel
;; ; 0x23  br_table 0 1 2 3
;;   000019  b803000000        mov eax, 3
;;   00001e  39c6              cmp esi, eax
;;   000020  0f42c6            cmovb eax, esi
;;   000023  4c8d1d0a000000    lea r11, [rip + 0xa]
;;   00002a  49630c83          movsxd rcx, dword ptr [r11 + rax*4]
;;   00002e  4c01d9            add rcx, r11
;;   000031  ffe1              jmp rcx
;;   000033  cc                int3
;;   000034  52000000          .long 0x00000052                         ; branch table: 0x86
;;   000038  3c000000          .long 0x0000003c                         ; branch table: 0x70
;;   00003c  26000000          .long 0x00000026                         ; branch table: 0x5a
;;   000040  10000000          .long 0x00000010                         ; branch table: 0x44
;; ; 0x35  end
;;   000044  b80d000000        mov eax, 0xd
;;   000049  4983ee03          sub r14, 3
;;   00004d  0f8857000000      js 0xaa                                  ; trap fuel
;; ; 0x38  end
;;   000053  4983470860        add qword ptr [r15 + 8], 0x60
;;   000058  5d                pop rbp
;;   000059  c3                ret
;; ; 0x31  end
;;   00005a  b80b000000        mov eax, 0xb
;;   00005f  4983ee03          sub r14, 3
;;   000063  0f8848000000      js 0xb1                                  ; trap fuel
;; ; 0x34  return
;;   000069  4983470860        add qword ptr [r15 + 8], 0x60
;;   00006e  5d                pop rbp
;;   00006f  c3                ret
;; ; 0x2d  end
;;   000070  b809000000        mov eax, 9
;;   000075  4983ee03          sub r14, 3
;;   000079  0f8839000000      js 0xb8                                  ; trap fuel
;; ; 0x30  return
;;   00007f  4983470860        add qword ptr [r15 + 8], 0x60
;;   000084  5d                pop rbp
;;   000085  c3                ret
;; ; 0x29  end
;;   000086  b807000000        mov eax, 7
;;   00008b  4983ee03          sub r14, 3
;;   00008f  0f882a000000      js 0xbf                                  ; trap fuel
;; ; 0x2c  return
;;   000095  4983470860        add qword ptr [r15 + 8], 0x60
;;   00009a  5d                pop rbp
;;   00009b  c3                ret
;; ; 0x19  block
;; ; trap stub: exhaustion at 0x19
;;   00009c  41ff97c0000000    call qword ptr [r15 + 0xc0]
;; ; trap stub: fuel at 0x19
;;   0000a3  41ff97c8000000    call qword ptr [r15 + 0xc8]
;; ; 0x35  end
;; ; trap stub: fuel at 0x35
;;   0000aa  41ff97c8000000    call qword ptr [r15 + 0xc8]
;; ; 0x31  end
;; ; trap stub: fuel at 0x31
;;   0000b1  41ff97c8000000    call qword ptr [r15 + 0xc8]
;; ; 0x2d  end
;; ; trap stub: fuel at 0x2d
;;   0000b8  41ff97c8000000    call qword ptr [r15 + 0xc8]
;; ; 0x29  end
;; ; trap stub: fuel at 0x29
;;   0000bf  41ff97c8000000    call qword ptr [r15 + 0xc8]
;; expect
;; function 0 after alloc
;; mfn "f0" 0  frame cost 96, 0 slots
;; b0
;;      0  params w1                                        @0x19
;;      1  ldr x8, [x28, #8]                                @0x19
;;      2  subs x8, x8, #96                                 @0x19
;;      3  str x8, [x28, #8]                                @0x19
;;      4  b.mi trap 10                                     @0x19
;;      5  subs x27, x27, #6                                @0x19
;;      6  b.mi trap 11                                     @0x19
;;      7  ldc w8, #0x3                                     @0x23
;;      8  cmp w1, w8                                       @0x23
;;      9  csel w8, w1, w8, lo                              @0x23
;;     10  csdb                                             @0x23
;;     11  jump-table w8, b4, b3, b2, b1                    @0x23
;;     -> b4 b3 b2 b1
;; b1 <- b0
;;     12  ldc w0, #0xd                                     @0x35
;;     13  subs x27, x27, #3                                @0x35
;;     14  b.mi trap 11                                     @0x35
;;     15  ldr x8, [x28, #8]                                @0x38
;;     16  add x8, x8, #96                                  @0x38
;;     17  str x8, [x28, #8]                                @0x38
;;     18  return w0                                        @0x38
;; b2 <- b0
;;     19  ldc w0, #0xb                                     @0x31
;;     20  subs x27, x27, #3                                @0x31
;;     21  b.mi trap 11                                     @0x31
;;     22  ldr x8, [x28, #8]                                @0x34
;;     23  add x8, x8, #96                                  @0x34
;;     24  str x8, [x28, #8]                                @0x34
;;     25  return w0                                        @0x34
;; b3 <- b0
;;     26  ldc w0, #0x9                                     @0x2d
;;     27  subs x27, x27, #3                                @0x2d
;;     28  b.mi trap 11                                     @0x2d
;;     29  ldr x8, [x28, #8]                                @0x30
;;     30  add x8, x8, #96                                  @0x30
;;     31  str x8, [x28, #8]                                @0x30
;;     32  return w0                                        @0x30
;; b4 <- b0
;;     33  ldc w0, #0x7                                     @0x29
;;     34  subs x27, x27, #3                                @0x29
;;     35  b.mi trap 11                                     @0x29
;;     36  ldr x8, [x28, #8]                                @0x2c
;;     37  add x8, x8, #96                                  @0x2c
;;     38  str x8, [x28, #8]                                @0x2c
;;     39  return w0                                        @0x2c
;; expect
;; function 0: 256 bytes at 0x0
;; ; 0x19  block
;;   000000  a9bf7bfd          stp x29, x30, [sp, #-0x10]!
;;   000004  910003fd          mov x29, sp
;;   000008  f9400788          ldr x8, [x28, #8]
;;   00000c  f1018108          subs x8, x8, #0x60
;;   000010  f9000788          str x8, [x28, #8]
;;   000014  540005e4          b.mi #0xd0                               ; trap exhaustion
;;   000018  f1001b7b          subs x27, x27, #6
;;   00001c  540005e4          b.mi #0xd8                               ; trap fuel
;; ; 0x23  br_table 0 1 2 3
;;   000020  52800068          movz w8, #0x3
;;   000024  6b08003f          cmp w1, w8
;;   000028  1a883028          csel w8, w1, w8, lo
;;   00002c  d503229f          hint #0x14
;;   000030  10000090          adr x16, #0x40
;;   000034  b8a85a11          ldrsw x17, [x16, w8, uxtw #2]
;;   000038  8b110211          add x17, x16, x17
;;   00003c  d61f0220          br x17
;;   000040  00000070          .long 0x00000070                         ; branch table: 0xb0
;;   000044  00000050          .long 0x00000050                         ; branch table: 0x90
;;   000048  00000030          .long 0x00000030                         ; branch table: 0x70
;;   00004c  00000010          .long 0x00000010                         ; branch table: 0x50
;; ; 0x35  end
;;   000050  528001a0          movz w0, #0xd
;;   000054  f1000f7b          subs x27, x27, #3
;;   000058  54000444          b.mi #0xe0                               ; trap fuel
;; ; 0x38  end
;;   00005c  f9400788          ldr x8, [x28, #8]
;;   000060  91018108          add x8, x8, #0x60
;;   000064  f9000788          str x8, [x28, #8]
;;   000068  a8c17bfd          ldp x29, x30, [sp], #0x10
;;   00006c  d65f03c0          ret
;; ; 0x31  end
;;   000070  52800160          movz w0, #0xb
;;   000074  f1000f7b          subs x27, x27, #3
;;   000078  54000384          b.mi #0xe8                               ; trap fuel
;; ; 0x34  return
;;   00007c  f9400788          ldr x8, [x28, #8]
;;   000080  91018108          add x8, x8, #0x60
;;   000084  f9000788          str x8, [x28, #8]
;;   000088  a8c17bfd          ldp x29, x30, [sp], #0x10
;;   00008c  d65f03c0          ret
;; ; 0x2d  end
;;   000090  52800120          movz w0, #0x9
;;   000094  f1000f7b          subs x27, x27, #3
;;   000098  540002c4          b.mi #0xf0                               ; trap fuel
;; ; 0x30  return
;;   00009c  f9400788          ldr x8, [x28, #8]
;;   0000a0  91018108          add x8, x8, #0x60
;;   0000a4  f9000788          str x8, [x28, #8]
;;   0000a8  a8c17bfd          ldp x29, x30, [sp], #0x10
;;   0000ac  d65f03c0          ret
;; ; 0x29  end
;;   0000b0  528000e0          movz w0, #0x7
;;   0000b4  f1000f7b          subs x27, x27, #3
;;   0000b8  54000204          b.mi #0xf8                               ; trap fuel
;; ; 0x2c  return
;;   0000bc  f9400788          ldr x8, [x28, #8]
;;   0000c0  91018108          add x8, x8, #0x60
;;   0000c4  f9000788          str x8, [x28, #8]
;;   0000c8  a8c17bfd          ldp x29, x30, [sp], #0x10
;;   0000cc  d65f03c0          ret
;; ; 0x19  block
;; ; trap stub: exhaustion at 0x19
;;   0000d0  f9406390          ldr x16, [x28, #0xc0]
;;   0000d4  d63f0200          blr x16
;; ; trap stub: fuel at 0x19
;;   0000d8  f9406790          ldr x16, [x28, #0xc8]
;;   0000dc  d63f0200          blr x16
;; ; 0x35  end
;; ; trap stub: fuel at 0x35
;;   0000e0  f9406790          ldr x16, [x28, #0xc8]
;;   0000e4  d63f0200          blr x16
;; ; 0x31  end
;; ; trap stub: fuel at 0x31
;;   0000e8  f9406790          ldr x16, [x28, #0xc8]
;;   0000ec  d63f0200          blr x16
;; ; 0x2d  end
;; ; trap stub: fuel at 0x2d
;;   0000f0  f9406790          ldr x16, [x28, #0xc8]
;;   0000f4  d63f0200          blr x16
;; ; 0x29  end
;; ; trap stub: fuel at 0x29
;;   0000f8  f9406790          ldr x16, [x28, #0xc8]
;;   0000fc  d63f0200          blr x16

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
