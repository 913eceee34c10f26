;; run: disas --leg x64:callconv=state --ir alloc
;; run: disas --leg x64:callconv=tail
;; run: disas --leg a64:callconv=tail,charge=branch
;; more integers than registers: a call puts two on the stack, which the callee takes off; a tail call that needs more
;; of them than the function got has a larger argument area, one that needs fewer leaves the return address higher up
(module
  (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32) (i32.add (local.get 6) (local.get 8)))
  (func (param i32) (result i32)
    (return_call 0 (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0) (i32.const 7) (i32.const 8) (local.get 0)))
  (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32) (return_call 1 (local.get 8)))
  (func (param i32) (result i32)
    (call 0 (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0) (i32.const 7) (i32.const 8) (local.get 0))))
;; expect
;; function 0 after alloc
;; mfn "f0" 0  frame cost 240, 0 slots
;; b0
;;      0  params                                           @0x29
;;      1  mov eax, dword ptr [r15 + 0x1e0]                 @0x29
;;      2  mov ecx, dword ptr [r15 + 0x200]                 @0x29
;;      3  sub qword ptr [r15 + 8], 0xf0                    @0x29
;;      4  traps 10                                         @0x29
;;      5  sub r14, 4                                       @0x29
;;      6  traps 11                                         @0x29
;;      7  add eax, ecx                                     @0x2d
;;      8  add qword ptr [r15 + 8], 0xf0                    @0x2e
;;      9  return rax                                       @0x2e
;;
;; function 1 after alloc
;; mfn "f1" 1  frame cost 224, 0 slots
;; b0
;;      0  params rdi, esi                                  @0x31
;;      1  mov eax, 8                                       @0x31
;;      2  mov ecx, 7                                       @0x31
;;      3  sub qword ptr [r15 + 8], 0xe0                    @0x31
;;      4  traps 10                                         @0x31
;;      5  sub r14, 0xa                                     @0x31
;;      6  traps 11                                         @0x31
;;      7  add qword ptr [r15 + 8], 0xe0                    @0x43
;;      8  mov dword ptr [r15 + 0x1e0], ecx                 @0x43
;;      9  mov dword ptr [r15 + 0x1f0], eax                 @0x43
;;     10  mov dword ptr [r15 + 0x200], esi                 @0x43
;;         edx <- esi i32
;;         ecx <- esi i32
;;         r8d <- esi i32
;;         r9d <- esi i32
;;         eax <- esi i32
;;     11  tailcall rdi, rsi, rdx, rcx, r8, r9, rax -> f0   @0x43
;;
;; function 2 after alloc
;; mfn "f2" 2  frame cost 224, 0 slots
;; b0
;;      0  params rdi                                       @0x48
;;      1  mov esi, dword ptr [r15 + 0x200]                 @0x48
;;      2  sub qword ptr [r15 + 8], 0xe0                    @0x48
;;      3  traps 10                                         @0x48
;;      4  sub r14, 2                                       @0x48
;;      5  traps 11                                         @0x48
;;      6  add qword ptr [r15 + 8], 0xe0                    @0x4a
;;      7  tailcall rdi, rsi -> f1                          @0x4a
;;
;; function 3 after alloc
;; mfn "f3" 3  frame cost 224, 0 slots
;; b0
;;      0  params rdi, esi                                  @0x4f
;;      1  mov eax, 8                                       @0x4f
;;      2  mov ecx, 7                                       @0x4f
;;      3  sub qword ptr [r15 + 8], 0xe0                    @0x4f
;;      4  traps 10                                         @0x4f
;;      5  sub r14, 0xb                                     @0x4f
;;      6  traps 11                                         @0x4f
;;      7  mov dword ptr [r15 + 0x1e0], ecx                 @0x61
;;      8  mov dword ptr [r15 + 0x1f0], eax                 @0x61
;;      9  mov dword ptr [r15 + 0x200], esi                 @0x61
;;         edx <- esi i32
;;         ecx <- esi i32
;;         r8d <- esi i32
;;         r9d <- esi i32
;;         eax <- esi i32
;;     10  call rdi, rsi, rdx, rcx, r8, r9, rax, rax -> f0  @0x61
;;     11  add qword ptr [r15 + 8], 0xe0                    @0x63
;;     12  return rax                                       @0x63
;; expect
;; function 0: 64 bytes at 0x0
;; ; 0x29  local.get 6
;;   000000  55                push rbp
;;   000001  4889e5            mov rbp, rsp
;;   000004  8b4510            mov eax, dword ptr [rbp + 0x10]
;;   000007  8b4d30            mov ecx, dword ptr [rbp + 0x30]
;;   00000a  49816f08f0000000  sub qword ptr [r15 + 8], 0xf0
;;   000012  0f8818000000      js 0x30                                  ; trap exhaustion
;;   000018  4983ee04          sub r14, 4
;;   00001c  0f8815000000      js 0x37                                  ; trap fuel
;; ; 0x2d  i32.add
;;   000022  01c8              add eax, ecx
;; ; 0x2e  end
;;   000024  49814708f0000000  add qword ptr [r15 + 8], 0xf0
;;   00002c  5d                pop rbp
;;   00002d  c23000            ret 0x30
;; ; 0x29  local.get 6
;; ; trap stub: exhaustion at 0x29
;;   000030  41ff97c0000000    call qword ptr [r15 + 0xc0]
;; ; trap stub: fuel at 0x29
;;   000037  41ff97c8000000    call qword ptr [r15 + 0xc8]
;;   00003e  cc                int3
;;   00003f  cc                int3
;;
;; function 1: 112 bytes at 0x40
;; ; 0x31  local.get 0
;;   000040  4c8b1c24          mov r11, qword ptr [rsp]
;;   000044  4883ec30          sub rsp, 0x30
;;   000048  4c891c24          mov qword ptr [rsp], r11
;;   00004c  55                push rbp
;;   00004d  4889e5            mov rbp, rsp
;;   000050  b808000000        mov eax, 8
;;   000055  b907000000        mov ecx, 7
;;   00005a  49816f08e0000000  sub qword ptr [r15 + 8], 0xe0
;;   000062  0f882d000000      js 0x95                                  ; trap exhaustion
;;   000068  4983ee0a          sub r14, 0xa
;;   00006c  0f882a000000      js 0x9c                                  ; trap fuel
;; ; 0x43  return_call 0
;;   000072  49814708e0000000  add qword ptr [r15 + 8], 0xe0
;;   00007a  894d10            mov dword ptr [rbp + 0x10], ecx
;;   00007d  894520            mov dword ptr [rbp + 0x20], eax
;;   000080  897530            mov dword ptr [rbp + 0x30], esi
;;   000083  89f2              mov edx, esi
;;   000085  89f1              mov ecx, esi
;;   000087  4189f0            mov r8d, esi
;;   00008a  4189f1            mov r9d, esi
;;   00008d  89f0              mov eax, esi
;;   00008f  5d                pop rbp
;;   000090  e96bffffff        jmp 0                                    ; function 0
;; ; 0x31  local.get 0
;; ; trap stub: exhaustion at 0x31
;;   000095  41ff97c0000000    call qword ptr [r15 + 0xc0]
;; ; trap stub: fuel at 0x31
;;   00009c  41ff97c8000000    call qword ptr [r15 + 0xc8]
;;   0000a3  cc                int3
;;   0000a4  cc                int3
;;   0000a5  cc                int3
;;   0000a6  cc                int3
;;   0000a7  cc                int3
;;   0000a8  cc                int3
;;   0000a9  cc                int3
;;   0000aa  cc                int3
;;   0000ab  cc                int3
;;   0000ac  cc                int3
;;   0000ad  cc                int3
;;   0000ae  cc                int3
;;   0000af  cc                int3
;;
;; function 2: 80 bytes at 0xb0
;; ; 0x48  local.get 8
;;   0000b0  55                push rbp
;;   0000b1  4889e5            mov rbp, rsp
;;   0000b4  8b7530            mov esi, dword ptr [rbp + 0x30]
;;   0000b7  49816f08e0000000  sub qword ptr [r15 + 8], 0xe0
;;   0000bf  0f8824000000      js 0xe9                                  ; trap exhaustion
;;   0000c5  4983ee02          sub r14, 2
;;   0000c9  0f8821000000      js 0xf0                                  ; trap fuel
;; ; 0x4a  return_call 1
;;   0000cf  49814708e0000000  add qword ptr [r15 + 8], 0xe0
;;   0000d7  4c8b5d08          mov r11, qword ptr [rbp + 8]
;;   0000db  4c895d38          mov qword ptr [rbp + 0x38], r11
;;   0000df  5d                pop rbp
;;   0000e0  4883c430          add rsp, 0x30
;;   0000e4  e957ffffff        jmp 0x40                                 ; function 1
;; ; 0x48  local.get 8
;; ; trap stub: exhaustion at 0x48
;;   0000e9  41ff97c0000000    call qword ptr [r15 + 0xc0]
;; ; trap stub: fuel at 0x48
;;   0000f0  41ff97c8000000    call qword ptr [r15 + 0xc8]
;;   0000f7  cc                int3
;;   0000f8  cc                int3
;;   0000f9  cc                int3
;;   0000fa  cc                int3
;;   0000fb  cc                int3
;;   0000fc  cc                int3
;;   0000fd  cc                int3
;;   0000fe  cc                int3
;;   0000ff  cc                int3
;;
;; function 3: 98 bytes at 0x100
;; ; 0x4f  local.get 0
;;   000100  55                push rbp
;;   000101  4889e5            mov rbp, rsp
;;   000104  4883ec30          sub rsp, 0x30
;;   000108  b808000000        mov eax, 8
;;   00010d  b907000000        mov ecx, 7
;;   000112  49816f08e0000000  sub qword ptr [r15 + 8], 0xe0
;;   00011a  0f8834000000      js 0x154                                 ; trap exhaustion
;;   000120  4983ee0b          sub r14, 0xb
;;   000124  0f8831000000      js 0x15b                                 ; trap fuel
;; ; 0x61  call 0
;;   00012a  890c24            mov dword ptr [rsp], ecx
;;   00012d  89442410          mov dword ptr [rsp + 0x10], eax
;;   000131  89742420          mov dword ptr [rsp + 0x20], esi
;;   000135  89f2              mov edx, esi
;;   000137  89f1              mov ecx, esi
;;   000139  4189f0            mov r8d, esi
;;   00013c  4189f1            mov r9d, esi
;;   00013f  89f0              mov eax, esi
;;   000141  e8bafeffff        call 0                                   ; function 0
;;   000146  4883ec30          sub rsp, 0x30
;; ; 0x63  end
;;   00014a  49814708e0000000  add qword ptr [r15 + 8], 0xe0
;;   000152  c9                leave
;;   000153  c3                ret
;; ; 0x4f  local.get 0
;; ; trap stub: exhaustion at 0x4f
;;   000154  41ff97c0000000    call qword ptr [r15 + 0xc0]
;; ; trap stub: fuel at 0x4f
;;   00015b  41ff97c8000000    call qword ptr [r15 + 0xc8]
;; expect
;; function 0: 64 bytes at 0x0
;; ; 0x29  local.get 6
;;   000000  a9bf7bfd          stp x29, x30, [sp, #-0x10]!
;;   000004  910003fd          mov x29, sp
;;   000008  b94023a8          ldr w8, [x29, #0x20]
;;   00000c  f103c339          subs x25, x25, #0xf0
;;   000010  540000e4          b.mi #0x2c                               ; trap exhaustion
;;   000014  f100137b          subs x27, x27, #4
;;   000018  540000e4          b.mi #0x34                               ; trap fuel
;; ; 0x2d  i32.add
;;   00001c  0b0800e0          add w0, w7, w8
;; ; 0x2e  end
;;   000020  9103c339          add x25, x25, #0xf0
;;   000024  a8c37bfd          ldp x29, x30, [sp], #0x30
;;   000028  d65f03c0          ret
;; ; 0x29  local.get 6
;; ; trap stub: exhaustion at 0x29
;;   00002c  f9406390          ldr x16, [x28, #0xc0]
;;   000030  d63f0200          blr x16
;; ; trap stub: fuel at 0x29
;;   000034  f9406790          ldr x16, [x28, #0xc8]
;;   000038  d63f0200          blr x16
;;   00003c  00000000          .byte 0x00, 0x00, 0x00, 0x00
;;
;; function 1: 96 bytes at 0x40
;; ; 0x31  local.get 0
;;   000040  a9bd7bfd          stp x29, x30, [sp, #-0x30]!
;;   000044  910003fd          mov x29, sp
;;   000048  528000e7          movz w7, #0x7
;;   00004c  52800108          movz w8, #0x8
;;   000050  f1038339          subs x25, x25, #0xe0
;;   000054  540001a4          b.mi #0x88                               ; trap exhaustion
;;   000058  f1002b7b          subs x27, x27, #0xa
;;   00005c  540001a4          b.mi #0x90                               ; trap fuel
;; ; 0x43  return_call 0
;;   000060  91038339          add x25, x25, #0xe0
;;   000064  b90013a8          str w8, [x29, #0x10]
;;   000068  b90023a1          str w1, [x29, #0x20]
;;   00006c  2a0103e2          mov w2, w1
;;   000070  2a0103e3          mov w3, w1
;;   000074  2a0103e4          mov w4, w1
;;   000078  2a0103e5          mov w5, w1
;;   00007c  2a0103e6          mov w6, w1
;;   000080  a8c17bfd          ldp x29, x30, [sp], #0x10
;;   000084  17ffffdf          b #0                                     ; function 0
;; ; 0x31  local.get 0
;; ; trap stub: exhaustion at 0x31
;;   000088  f9406390          ldr x16, [x28, #0xc0]
;;   00008c  d63f0200          blr x16
;; ; trap stub: fuel at 0x31
;;   000090  f9406790          ldr x16, [x28, #0xc8]
;;   000094  d63f0200          blr x16
;;   000098  00000000          .byte 0x00, 0x00, 0x00, 0x00
;;   00009c  00000000          .byte 0x00, 0x00, 0x00, 0x00
;;
;; function 2: 64 bytes at 0xa0
;; ; 0x48  local.get 8
;;   0000a0  a9bf7bfd          stp x29, x30, [sp, #-0x10]!
;;   0000a4  910003fd          mov x29, sp
;;   0000a8  b94023a1          ldr w1, [x29, #0x20]
;;   0000ac  f1038339          subs x25, x25, #0xe0
;;   0000b0  540000c4          b.mi #0xc8                               ; trap exhaustion
;;   0000b4  f1000b7b          subs x27, x27, #2
;;   0000b8  540000c4          b.mi #0xd0                               ; trap fuel
;; ; 0x4a  return_call 1
;;   0000bc  91038339          add x25, x25, #0xe0
;;   0000c0  a8c37bfd          ldp x29, x30, [sp], #0x30
;;   0000c4  17ffffdf          b #0x40                                  ; function 1
;; ; 0x48  local.get 8
;; ; trap stub: exhaustion at 0x48
;;   0000c8  f9406390          ldr x16, [x28, #0xc0]
;;   0000cc  d63f0200          blr x16
;; ; trap stub: fuel at 0x48
;;   0000d0  f9406790          ldr x16, [x28, #0xc8]
;;   0000d4  d63f0200          blr x16
;;   0000d8  00000000          .byte 0x00, 0x00, 0x00, 0x00
;;   0000dc  00000000          .byte 0x00, 0x00, 0x00, 0x00
;;
;; function 3: 104 bytes at 0xe0
;; ; 0x4f  local.get 0
;;   0000e0  a9bf7bfd          stp x29, x30, [sp, #-0x10]!
;;   0000e4  910003fd          mov x29, sp
;;   0000e8  d10083ff          sub sp, sp, #0x20
;;   0000ec  528000e7          movz w7, #0x7
;;   0000f0  52800108          movz w8, #0x8
;;   0000f4  f1038339          subs x25, x25, #0xe0
;;   0000f8  54000204          b.mi #0x138                              ; trap exhaustion
;;   0000fc  f1002f7b          subs x27, x27, #0xb
;;   000100  54000204          b.mi #0x140                              ; trap fuel
;; ; 0x61  call 0
;;   000104  b90003e8          str w8, [sp]
;;   000108  b90013e1          str w1, [sp, #0x10]
;;   00010c  2a0103e2          mov w2, w1
;;   000110  2a0103e3          mov w3, w1
;;   000114  2a0103e4          mov w4, w1
;;   000118  2a0103e5          mov w5, w1
;;   00011c  2a0103e6          mov w6, w1
;;   000120  97ffffb8          bl #0                                    ; function 0
;;   000124  d10083ff          sub sp, sp, #0x20
;; ; 0x63  end
;;   000128  91038339          add x25, x25, #0xe0
;;   00012c  910003bf          mov sp, x29
;;   000130  a8c17bfd          ldp x29, x30, [sp], #0x10
;;   000134  d65f03c0          ret
;; ; 0x4f  local.get 0
;; ; trap stub: exhaustion at 0x4f
;;   000138  f9406390          ldr x16, [x28, #0xc0]
;;   00013c  d63f0200          blr x16
;; ; trap stub: fuel at 0x4f
;;   000140  f9406790          ldr x16, [x28, #0xc8]
;;   000144  d63f0200          blr x16

;; run: disas --leg x64:callconv=fast
;; run: disas --leg a64:callconv=fast,charge=branch
;; run: disas --leg x64:callconv=fast,interp=2 --func 0
;; function 0 is internal: its return leaves two arguments on the stack, and its caller's stack pointer stays where it is;
;; function 1 does the same but is exported, and takes them off; where a function is interpreted, none is internal
(module
  (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32) (i32.add (local.get 6) (local.get 8)))
  (func (export "e") (param i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32) (i32.add (local.get 6) (local.get 8)))
  (func (export "c") (param i32) (result i32)
    (call 0 (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0) (i32.const 7) (i32.const 8)
      (call 1 (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0) (i32.const 7) (i32.const 8) (local.get 0)))))
;; expect
;; function 0: 64 bytes at 0x0
;; ; 0x33  local.get 6
;;   000000  55                push rbp
;;   000001  4889e5            mov rbp, rsp
;;   000004  8b4510            mov eax, dword ptr [rbp + 0x10]
;;   000007  8b4d30            mov ecx, dword ptr [rbp + 0x30]
;;   00000a  49816f08f0000000  sub qword ptr [r15 + 8], 0xf0
;;   000012  0f8816000000      js 0x2e                                  ; trap exhaustion
;;   000018  4983ee04          sub r14, 4
;;   00001c  0f8813000000      js 0x35                                  ; trap fuel
;; ; 0x37  i32.add
;;   000022  01c8              add eax, ecx
;; ; 0x38  end
;;   000024  49814708f0000000  add qword ptr [r15 + 8], 0xf0
;;   00002c  5d                pop rbp
;;   00002d  c3                ret
;; ; 0x33  local.get 6
;; ; trap stub: exhaustion at 0x33
;;   00002e  41ff97c0000000    call qword ptr [r15 + 0xc0]
;; ; trap stub: fuel at 0x33
;;   000035  41ff97c8000000    call qword ptr [r15 + 0xc8]
;;   00003c  cc                int3
;;   00003d  cc                int3
;;   00003e  cc                int3
;;   00003f  cc                int3
;;
;; function 1: 64 bytes at 0x40
;; ; 0x3b  local.get 6
;;   000040  55                push rbp
;;   000041  4889e5            mov rbp, rsp
;;   000044  8b4510            mov eax, dword ptr [rbp + 0x10]
;;   000047  8b4d30            mov ecx, dword ptr [rbp + 0x30]
;;   00004a  49816f08f0000000  sub qword ptr [r15 + 8], 0xf0
;;   000052  0f8818000000      js 0x70                                  ; trap exhaustion
;;   000058  4983ee04          sub r14, 4
;;   00005c  0f8815000000      js 0x77                                  ; trap fuel
;; ; 0x3f  i32.add
;;   000062  01c8              add eax, ecx
;; ; 0x40  end
;;   000064  49814708f0000000  add qword ptr [r15 + 8], 0xf0
;;   00006c  5d                pop rbp
;;   00006d  c23000            ret 0x30
;; ; 0x3b  local.get 6
;; ; trap stub: exhaustion at 0x3b
;;   000070  41ff97c0000000    call qword ptr [r15 + 0xc0]
;; ; trap stub: fuel at 0x3b
;;   000077  41ff97c8000000    call qword ptr [r15 + 0xc8]
;;   00007e  cc                int3
;;   00007f  cc                int3
;;
;; function 2: 177 bytes at 0x80
;; ; 0x43  local.get 0
;;   000080  55                push rbp
;;   000081  4889e5            mov rbp, rsp
;;   000084  4883ec40          sub rsp, 0x40
;;   000088  48895df8          mov qword ptr [rbp - 8], rbx
;;   00008c  4c8965f0          mov qword ptr [rbp - 0x10], r12
;;   000090  4889fb            mov rbx, rdi
;;   000093  4189f4            mov r12d, esi
;;   000096  b808000000        mov eax, 8
;;   00009b  b907000000        mov ecx, 7
;;   0000a0  49816f0860010000  sub qword ptr [r15 + 8], 0x160
;;   0000a8  0f8875000000      js 0x123                                 ; trap exhaustion
;;   0000ae  4983ee14          sub r14, 0x14
;;   0000b2  0f8872000000      js 0x12a                                 ; trap fuel
;; ; 0x65  call 1
;;   0000b8  890c24            mov dword ptr [rsp], ecx
;;   0000bb  89442410          mov dword ptr [rsp + 0x10], eax
;;   0000bf  4489642420        mov dword ptr [rsp + 0x20], r12d
;;   0000c4  4889df            mov rdi, rbx
;;   0000c7  4489e6            mov esi, r12d
;;   0000ca  4489e2            mov edx, r12d
;;   0000cd  4489e1            mov ecx, r12d
;;   0000d0  4589e0            mov r8d, r12d
;;   0000d3  4589e1            mov r9d, r12d
;;   0000d6  4489e0            mov eax, r12d
;;   0000d9  e862ffffff        call 0x40                                ; function 1
;;   0000de  4883ec30          sub rsp, 0x30
;;   0000e2  b908000000        mov ecx, 8
;;   0000e7  ba07000000        mov edx, 7
;; ; 0x67  call 0
;;   0000ec  891424            mov dword ptr [rsp], edx
;;   0000ef  894c2410          mov dword ptr [rsp + 0x10], ecx
;;   0000f3  89442420          mov dword ptr [rsp + 0x20], eax
;;   0000f7  4889df            mov rdi, rbx
;;   0000fa  4489e6            mov esi, r12d
;;   0000fd  4489e2            mov edx, r12d
;;   000100  4489e1            mov ecx, r12d
;;   000103  4589e0            mov r8d, r12d
;;   000106  4589e1            mov r9d, r12d
;;   000109  4489e0            mov eax, r12d
;;   00010c  e8effeffff        call 0                                   ; function 0
;; ; 0x69  end
;;   000111  4981470860010000  add qword ptr [r15 + 8], 0x160
;;   000119  488b5df8          mov rbx, qword ptr [rbp - 8]
;;   00011d  4c8b65f0          mov r12, qword ptr [rbp - 0x10]
;;   000121  c9                leave
;;   000122  c3                ret
;; ; 0x43  local.get 0
;; ; trap stub: exhaustion at 0x43
;;   000123  41ff97c0000000    call qword ptr [r15 + 0xc0]
;; ; trap stub: fuel at 0x43
;;   00012a  41ff97c8000000    call qword ptr [r15 + 0xc8]
;; expect
;; function 0: 64 bytes at 0x0
;; ; 0x33  local.get 6
;;   000000  a9bf7bfd          stp x29, x30, [sp, #-0x10]!
;;   000004  910003fd          mov x29, sp
;;   000008  b94023a8          ldr w8, [x29, #0x20]
;;   00000c  f103c339          subs x25, x25, #0xf0
;;   000010  540000e4          b.mi #0x2c                               ; trap exhaustion
;;   000014  f100137b          subs x27, x27, #4
;;   000018  540000e4          b.mi #0x34                               ; trap fuel
;; ; 0x37  i32.add
;;   00001c  0b0800e0          add w0, w7, w8
;; ; 0x38  end
;;   000020  9103c339          add x25, x25, #0xf0
;;   000024  a8c17bfd          ldp x29, x30, [sp], #0x10
;;   000028  d65f03c0          ret
;; ; 0x33  local.get 6
;; ; trap stub: exhaustion at 0x33
;;   00002c  f9406390          ldr x16, [x28, #0xc0]
;;   000030  d63f0200          blr x16
;; ; trap stub: fuel at 0x33
;;   000034  f9406790          ldr x16, [x28, #0xc8]
;;   000038  d63f0200          blr x16
;;   00003c  00000000          .byte 0x00, 0x00, 0x00, 0x00
;;
;; function 1: 64 bytes at 0x40
;; ; 0x3b  local.get 6
;;   000040  a9bf7bfd          stp x29, x30, [sp, #-0x10]!
;;   000044  910003fd          mov x29, sp
;;   000048  b94023a8          ldr w8, [x29, #0x20]
;;   00004c  f103c339          subs x25, x25, #0xf0
;;   000050  540000e4          b.mi #0x6c                               ; trap exhaustion
;;   000054  f100137b          subs x27, x27, #4
;;   000058  540000e4          b.mi #0x74                               ; trap fuel
;; ; 0x3f  i32.add
;;   00005c  0b0800e0          add w0, w7, w8
;; ; 0x40  end
;;   000060  9103c339          add x25, x25, #0xf0
;;   000064  a8c37bfd          ldp x29, x30, [sp], #0x30
;;   000068  d65f03c0          ret
;; ; 0x3b  local.get 6
;; ; trap stub: exhaustion at 0x3b
;;   00006c  f9406390          ldr x16, [x28, #0xc0]
;;   000070  d63f0200          blr x16
;; ; trap stub: fuel at 0x3b
;;   000074  f9406790          ldr x16, [x28, #0xc8]
;;   000078  d63f0200          blr x16
;;   00007c  00000000          .byte 0x00, 0x00, 0x00, 0x00
;;
;; function 2: 176 bytes at 0x80
;; ; 0x43  local.get 0
;;   000080  a9be7bfd          stp x29, x30, [sp, #-0x20]!
;;   000084  910003fd          mov x29, sp
;;   000088  a90153f3          stp x19, x20, [sp, #0x10]
;;   00008c  d10083ff          sub sp, sp, #0x20
;;   000090  aa0003f3          mov x19, x0
;;   000094  2a0103f4          mov w20, w1
;;   000098  528000e7          movz w7, #0x7
;;   00009c  52800108          movz w8, #0x8
;;   0000a0  f1058339          subs x25, x25, #0x160
;;   0000a4  540003e4          b.mi #0x120                              ; trap exhaustion
;;   0000a8  f100537b          subs x27, x27, #0x14
;;   0000ac  540003e4          b.mi #0x128                              ; trap fuel
;; ; 0x65  call 1
;;   0000b0  b90003e8          str w8, [sp]
;;   0000b4  b90013f4          str w20, [sp, #0x10]
;;   0000b8  aa1303e0          mov x0, x19
;;   0000bc  2a1403e1          mov w1, w20
;;   0000c0  2a1403e2          mov w2, w20
;;   0000c4  2a1403e3          mov w3, w20
;;   0000c8  2a1403e4          mov w4, w20
;;   0000cc  2a1403e5          mov w5, w20
;;   0000d0  2a1403e6          mov w6, w20
;;   0000d4  97ffffdb          bl #0x40                                 ; function 1
;;   0000d8  d10083ff          sub sp, sp, #0x20
;;   0000dc  528000e7          movz w7, #0x7
;;   0000e0  52800108          movz w8, #0x8
;; ; 0x67  call 0
;;   0000e4  b90003e8          str w8, [sp]
;;   0000e8  b90013e0          str w0, [sp, #0x10]
;;   0000ec  aa1303e0          mov x0, x19
;;   0000f0  2a1403e1          mov w1, w20
;;   0000f4  2a1403e2          mov w2, w20
;;   0000f8  2a1403e3          mov w3, w20
;;   0000fc  2a1403e4          mov w4, w20
;;   000100  2a1403e5          mov w5, w20
;;   000104  2a1403e6          mov w6, w20
;;   000108  97ffffbe          bl #0                                    ; function 0
;; ; 0x69  end
;;   00010c  91058339          add x25, x25, #0x160
;;   000110  910003bf          mov sp, x29
;;   000114  a94153f3          ldp x19, x20, [sp, #0x10]
;;   000118  a8c27bfd          ldp x29, x30, [sp], #0x20
;;   00011c  d65f03c0          ret
;; ; 0x43  local.get 0
;; ; trap stub: exhaustion at 0x43
;;   000120  f9406390          ldr x16, [x28, #0xc0]
;;   000124  d63f0200          blr x16
;; ; trap stub: fuel at 0x43
;;   000128  f9406790          ldr x16, [x28, #0xc8]
;;   00012c  d63f0200          blr x16
;; expect
;; function 0: 64 bytes at 0x0
;; ; 0x33  local.get 6
;;   000000  55                push rbp
;;   000001  4889e5            mov rbp, rsp
;;   000004  8b4510            mov eax, dword ptr [rbp + 0x10]
;;   000007  8b4d30            mov ecx, dword ptr [rbp + 0x30]
;;   00000a  49816f08f0000000  sub qword ptr [r15 + 8], 0xf0
;;   000012  0f8818000000      js 0x30                                  ; trap exhaustion
;;   000018  4983ee04          sub r14, 4
;;   00001c  0f8815000000      js 0x37                                  ; trap fuel
;; ; 0x37  i32.add
;;   000022  01c8              add eax, ecx
;; ; 0x38  end
;;   000024  49814708f0000000  add qword ptr [r15 + 8], 0xf0
;;   00002c  5d                pop rbp
;;   00002d  c23000            ret 0x30
;; ; 0x33  local.get 6
;; ; trap stub: exhaustion at 0x33
;;   000030  41ff97c0000000    call qword ptr [r15 + 0xc0]
;; ; trap stub: fuel at 0x33
;;   000037  41ff97c8000000    call qword ptr [r15 + 0xc8]
;;   00003e  cc                int3
;;   00003f  cc                int3
