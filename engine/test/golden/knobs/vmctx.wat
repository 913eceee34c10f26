;; run: disas --leg x64:vmctx=argument --ir alloc
;; run: disas --leg x64:vmctx=pinned --ir alloc
;; run: disas --leg x64:vmctx=pinned
;; run: disas --leg a64:vmctx=pinned,charge=branch
;; an import: its context goes to the pinned register, and our own comes back from the frame
(module (import "m" "f" (func (param i32))) (global $g (mut i32) (i32.const 0))
  (func (param i32) (call 0 (local.get 0)) (global.set $g (local.get 0))))
;; expect
;; function 1 after alloc
;; mfn "f1" 1  frame cost 96, 0 slots
;; b0
;;      0  params rdi, esi                                  @0x29
;;         rbx <- rdi i64
;;         r12d <- esi i32
;;      1  sub qword ptr [r15 + 8], 0x60                    @0x29
;;      2  traps 10                                         @0x29
;;      3  sub r14, 5                                       @0x29
;;      4  traps 11                                         @0x29
;;      5  mov rax, qword ptr [rbx + 0xc0]                  @0x2b
;;      6  mov r10, qword ptr [rax]                         @0x2b
;;      7  mov rdi, qword ptr [rax + 8]                     @0x2b
;;         esi <- r12d i32
;;      8  call r10, rdi, rsi                               @0x2b
;;      9  mov dword ptr [rbx + 0x80], r12d                 @0x2f
;;     10  add qword ptr [r15 + 8], 0x60                    @0x31
;;     11  return                                           @0x31
;; expect
;; function 1 after alloc
;; mfn "f1" 1  frame cost 96, 0 slots
;; b0
;;      0  params edi                                       @0x29
;;         ebx <- edi i32
;;      1  sub qword ptr [r15 + 8], 0x60                    @0x29
;;      2  traps 10                                         @0x29
;;      3  sub r14, 5                                       @0x29
;;      4  traps 11                                         @0x29
;;      5  mov rax, qword ptr [r13 + 0xc0]                  @0x2b
;;      6  mov r10, qword ptr [rax]                         @0x2b
;;      7  mov rax, qword ptr [rax + 8]                     @0x2b
;;         r13 <- rax i64
;;         edi <- ebx i32
;;      8  call r10, r13, rdi                               @0x2b
;;      9  mov dword ptr [r13 + 0x80], ebx                  @0x2f
;;     10  add qword ptr [r15 + 8], 0x60                    @0x31
;;     11  return                                           @0x31
;; expect
;; function 1: 97 bytes at 0x0
;; ; 0x29  local.get 0
;;   000000  55                push rbp
;;   000001  4889e5            mov rbp, rsp
;;   000004  4883ec10          sub rsp, 0x10
;;   000008  48895df8          mov qword ptr [rbp - 8], rbx
;;   00000c  4c896df0          mov qword ptr [rbp - 0x10], r13
;;   000010  89fb              mov ebx, edi
;;   000012  49836f0860        sub qword ptr [r15 + 8], 0x60
;;   000017  0f8836000000      js 0x53                                  ; trap exhaustion
;;   00001d  4983ee05          sub r14, 5
;;   000021  0f8833000000      js 0x5a                                  ; trap fuel
;; ; 0x2b  call 0
;;   000027  498b85c0000000    mov rax, qword ptr [r13 + 0xc0]
;;   00002e  4c8b10            mov r10, qword ptr [rax]
;;   000031  488b4008          mov rax, qword ptr [rax + 8]
;;   000035  4989c5            mov r13, rax
;;   000038  89df              mov edi, ebx
;;   00003a  41ffd2            call r10                                 ; call
;;   00003d  4c8b6df0          mov r13, qword ptr [rbp - 0x10]
;; ; 0x2f  global.set 0
;;   000041  41899d80000000    mov dword ptr [r13 + 0x80], ebx
;; ; 0x31  end
;;   000048  4983470860        add qword ptr [r15 + 8], 0x60
;;   00004d  488b5df8          mov rbx, qword ptr [rbp - 8]
;;   000051  c9                leave
;;   000052  c3                ret
;; ; 0x29  local.get 0
;; ; trap stub: exhaustion at 0x29
;;   000053  41ff97c0000000    call qword ptr [r15 + 0xc0]
;; ; trap stub: fuel at 0x29
;;   00005a  41ff97c8000000    call qword ptr [r15 + 0xc8]
;; expect
;; function 1: 100 bytes at 0x0
;; ; 0x29  local.get 0
;;   000000  a9be7bfd          stp x29, x30, [sp, #-0x20]!
;;   000004  910003fd          mov x29, sp
;;   000008  f9000bf3          str x19, [sp, #0x10]
;;   00000c  f9000ffa          str x26, [sp, #0x18]
;;   000010  2a0003f3          mov w19, w0
;;   000014  f1018339          subs x25, x25, #0x60
;;   000018  540001e4          b.mi #0x54                               ; trap exhaustion
;;   00001c  f100177b          subs x27, x27, #5
;;   000020  540001e4          b.mi #0x5c                               ; trap fuel
;; ; 0x2b  call 0
;;   000024  f9406348          ldr x8, [x26, #0xc0]
;;   000028  f9400109          ldr x9, [x8]
;;   00002c  f9400508          ldr x8, [x8, #8]
;;   000030  aa0803fa          mov x26, x8
;;   000034  2a1303e0          mov w0, w19
;;   000038  d63f0120          blr x9                                   ; call
;;   00003c  f9400ffa          ldr x26, [sp, #0x18]
;; ; 0x2f  global.set 0
;;   000040  b9008353          str w19, [x26, #0x80]
;; ; 0x31  end
;;   000044  91018339          add x25, x25, #0x60
;;   000048  f9400bf3          ldr x19, [sp, #0x10]
;;   00004c  a8c27bfd          ldp x29, x30, [sp], #0x20
;;   000050  d65f03c0          ret
;; ; 0x29  local.get 0
;; ; trap stub: exhaustion at 0x29
;;   000054  f9406390          ldr x16, [x28, #0xc0]
;;   000058  d63f0200          blr x16
;; ; trap stub: fuel at 0x29
;;   00005c  f9406790          ldr x16, [x28, #0xc8]
;;   000060  d63f0200          blr x16

;; run: disas --leg x64:vmctx=pinned --ir alloc
;; a function of this module leaves it alone
(module (global $g (mut i32) (i32.const 0))
  (func $f (param i32)) (func (param i32) (call $f (local.get 0)) (global.set $g (local.get 0))))
;; expect
;; function 0 "f" after alloc
;; mfn "f" 0  frame cost 80, 0 slots
;; b0
;;      0  params                                           @0x21
;;      1  sub qword ptr [r15 + 8], 0x50                    @0x21
;;      2  traps 10                                         @0x21
;;      3  sub r14, 1                                       @0x21
;;      4  traps 11                                         @0x21
;;      5  add qword ptr [r15 + 8], 0x50                    @0x21
;;      6  return                                           @0x21
;;
;; function 1 after alloc
;; mfn "f1" 1  frame cost 96, 0 slots
;; b0
;;      0  params edi                                       @0x24
;;         ebx <- edi i32
;;      1  sub qword ptr [r15 + 8], 0x60                    @0x24
;;      2  traps 10                                         @0x24
;;      3  sub r14, 5                                       @0x24
;;      4  traps 11                                         @0x24
;;         edi <- ebx i32
;;      5  call rdi -> f0                                   @0x26
;;      6  mov dword ptr [r13 + 0x80], ebx                  @0x2a
;;      7  add qword ptr [r15 + 8], 0x60                    @0x2c
;;      8  return                                           @0x2c

;; run: disas --leg x64:vmctx=pinned
;; but not when it may end in a tail call to one that does not
(module (import "m" "f" (func $i (param i32))) (global $g (mut i32) (i32.const 0))
  (func $f (param i32) (return_call $i (local.get 0)))
  (func (param i32) (call $f (local.get 0)) (global.set $g (local.get 0))))
;; expect
;; function 1 "f": 80 bytes at 0x0
;; ; 0x2a  local.get 0
;;   000000  55                push rbp
;;   000001  4889e5            mov rbp, rsp
;;   000004  49836f0860        sub qword ptr [r15 + 8], 0x60
;;   000009  0f8824000000      js 0x33                                  ; trap exhaustion
;;   00000f  4983ee02          sub r14, 2
;;   000013  0f8821000000      js 0x3a                                  ; trap fuel
;; ; 0x2c  return_call 0
;;   000019  498b85c0000000    mov rax, qword ptr [r13 + 0xc0]
;;   000020  4c8b10            mov r10, qword ptr [rax]
;;   000023  488b4008          mov rax, qword ptr [rax + 8]
;;   000027  4983470860        add qword ptr [r15 + 8], 0x60
;;   00002c  4989c5            mov r13, rax
;;   00002f  5d                pop rbp
;;   000030  41ffe2            jmp r10
;; ; 0x2a  local.get 0
;; ; trap stub: exhaustion at 0x2a
;;   000033  41ff97c0000000    call qword ptr [r15 + 0xc0]
;; ; trap stub: fuel at 0x2a
;;   00003a  41ff97c8000000    call qword ptr [r15 + 0xc8]
;;   000041  cc                int3
;;   000042  cc                int3
;;   000043  cc                int3
;;   000044  cc                int3
;;   000045  cc                int3
;;   000046  cc                int3
;;   000047  cc                int3
;;   000048  cc                int3
;;   000049  cc                int3
;;   00004a  cc                int3
;;   00004b  cc                int3
;;   00004c  cc                int3
;;   00004d  cc                int3
;;   00004e  cc                int3
;;   00004f  cc                int3
;;
;; function 2: 82 bytes at 0x50
;; ; 0x31  local.get 0
;;   000050  55                push rbp
;;   000051  4889e5            mov rbp, rsp
;;   000054  4883ec10          sub rsp, 0x10
;;   000058  48895df8          mov qword ptr [rbp - 8], rbx
;;   00005c  4c896df0          mov qword ptr [rbp - 0x10], r13
;;   000060  89fb              mov ebx, edi
;;   000062  49836f0860        sub qword ptr [r15 + 8], 0x60
;;   000067  0f8827000000      js 0x94                                  ; trap exhaustion
;;   00006d  4983ee05          sub r14, 5
;;   000071  0f8824000000      js 0x9b                                  ; trap fuel
;;   000077  89df              mov edi, ebx
;; ; 0x33  call 1
;;   000079  e882ffffff        call 0                                   ; function 1 "f"
;;   00007e  4c8b6df0          mov r13, qword ptr [rbp - 0x10]
;; ; 0x37  global.set 0
;;   000082  41899d80000000    mov dword ptr [r13 + 0x80], ebx
;; ; 0x39  end
;;   000089  4983470860        add qword ptr [r15 + 8], 0x60
;;   00008e  488b5df8          mov rbx, qword ptr [rbp - 8]
;;   000092  c9                leave
;;   000093  c3                ret
;; ; 0x31  local.get 0
;; ; trap stub: exhaustion at 0x31
;;   000094  41ff97c0000000    call qword ptr [r15 + 0xc0]
;; ; trap stub: fuel at 0x31
;;   00009b  41ff97c8000000    call qword ptr [r15 + 0xc8]

;; run: run --leg x64:vmctx=argument,O2
;; run: run --leg x64:vmctx=pinned,O0
;; run: run --leg x64:vmctx=pinned,O2
;; run: run --leg a64:vmctx=pinned,O0
;; run: run --leg a64:vmctx=pinned,O2
(module (import "m" "f" (func $i (param i32) (result i32))) (global $g (mut i32) (i32.const 0)) (memory 1)
  (func $f (param i32) (result i32) (return_call $i (local.get 0)))
  (func (export "set") (param i32) (result i32) (drop (call $f (local.get 0))) (global.set $g (local.get 0))
    (i32.store (i32.const 8) (global.get $g)) (i32.load (i32.const 8))))
;; expect
;; 0: set(i32:0) = i32:0
;; 1: set(i32:1) = i32:1
;; 2: set(i32:65535) = i32:65535
;; 3: set(i32:0) = i32:0
;; 4: set(i32:-1) = i32:-1
;; 5: set(i32:1) = i32:1
;; expect
;; 0: set(i32:0) = i32:0
;; 1: set(i32:1) = i32:1
;; 2: set(i32:65535) = i32:65535
;; 3: set(i32:0) = i32:0
;; 4: set(i32:-1) = i32:-1
;; 5: set(i32:1) = i32:1
;; expect
;; 0: set(i32:0) = i32:0
;; 1: set(i32:1) = i32:1
;; 2: set(i32:65535) = i32:65535
;; 3: set(i32:0) = i32:0
;; 4: set(i32:-1) = i32:-1
;; 5: set(i32:1) = i32:1
;; expect
;; 0: set(i32:0) = i32:0
;; 1: set(i32:1) = i32:1
;; 2: set(i32:65535) = i32:65535
;; 3: set(i32:0) = i32:0
;; 4: set(i32:-1) = i32:-1
;; 5: set(i32:1) = i32:1
;; expect
;; 0: set(i32:0) = i32:0
;; 1: set(i32:1) = i32:1
;; 2: set(i32:65535) = i32:65535
;; 3: set(i32:0) = i32:0
;; 4: set(i32:-1) = i32:-1
;; 5: set(i32:1) = i32:1
