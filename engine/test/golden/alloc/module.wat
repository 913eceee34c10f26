;; run: disas --leg x64:O0 --ir alloc
;; run: disas --leg x64:O1 --ir alloc
;; run: disas --leg a64:O0,charge=branch --ir alloc
;; run: disas --leg a64:O1,charge=branch --ir alloc
;; a value lives across a call: in a callee-saved register, or in a slot
(module (func $f (param i32) (result i32) (i32.add (local.get 0) (call $f (i32.const 1)))))
;; expect
;; function 0 "f" after alloc
;; mfn "f" 0  frame cost 112, 0 slots
;; b0
;;      0  params rdi, esi                                  @0x19
;;      1  mov eax, 1                                       @0x19
;;      2  sub qword ptr [r15 + 8], 0x70                    @0x19
;;      3  traps 10                                         @0x19
;;      4  sub r14, 5                                       @0x19
;;      5  traps 11                                         @0x19
;;         ebx <- esi i32
;;         esi <- eax i32
;;      6  call rdi, rsi, rax -> f0                         @0x1d
;;      7  add ebx, eax                                     @0x1f
;;      8  add qword ptr [r15 + 8], 0x70                    @0x20
;;         eax <- ebx i32
;;      9  return rax                                       @0x20
;; expect
;; function 0 "f" after alloc
;; mfn "f" 0  frame cost 112, 0 slots
;; b0
;;      0  params rdi, esi                                  @0x19
;;         ebx <- esi i32
;;      1  mov esi, 1                                       @0x19
;;      2  sub qword ptr [r15 + 8], 0x70                    @0x19
;;      3  traps 10                                         @0x19
;;      4  sub r14, 5                                       @0x19
;;      5  traps 11                                         @0x19
;;      6  call rdi, rsi, rax -> f0                         @0x1d
;;      7  add ebx, eax                                     @0x1f
;;      8  add qword ptr [r15 + 8], 0x70                    @0x20
;;         eax <- ebx i32
;;      9  return rax                                       @0x20
;; expect
;; function 0 "f" after alloc
;; mfn "f" 0  frame cost 112, 0 slots
;; b0
;;      0  params x0, w1                                    @0x19
;;      1  ldc w8, #0x1                                     @0x19
;;      2  subs x25, x25, #112                              @0x19
;;      3  b.mi trap 10                                     @0x19
;;      4  subs x27, x27, #5                                @0x19
;;      5  b.mi trap 11                                     @0x19
;;         w19 <- w1 i32
;;         w1 <- w8 i32
;;      6  call f0 x0, w1, w0                               @0x1d
;;      7  add w8, w19, w0                                  @0x1f
;;      8  add x25, x25, #112                               @0x20
;;         w0 <- w8 i32
;;      9  return w0                                        @0x20
;; expect
;; function 0 "f" after alloc
;; mfn "f" 0  frame cost 112, 0 slots
;; b0
;;      0  params x0, w1                                    @0x19
;;         w19 <- w1 i32
;;      1  ldc w1, #0x1                                     @0x19
;;      2  subs x25, x25, #112                              @0x19
;;      3  b.mi trap 10                                     @0x19
;;      4  subs x27, x27, #5                                @0x19
;;      5  b.mi trap 11                                     @0x19
;;      6  call f0 x0, w1, w0                               @0x1d
;;      7  add w0, w19, w0                                  @0x1f
;;      8  add x25, x25, #112                               @0x20
;;      9  return w0                                        @0x20

;; run: disas --leg x64:O0 --ir alloc
;; run: disas --leg x64:O1 --ir alloc
;; run: disas --leg a64:O0,charge=branch --ir alloc
;; run: disas --leg a64:O1,charge=branch --ir alloc
;; a loop that calls
(module (import "m" "f" (func $f (param i32))) (func (param i32) (local i32)
  (loop (call $f (local.get 1)) (local.set 1 (i32.add (local.get 1) (local.get 0))) (br_if 0 (local.get 1)))))
;; expect
;; function 1 after alloc
;; mfn "f1" 1  frame cost 128, 4 slots
;; b0
;;      0  params rdi, esi                                  @0x23
;;      1  zero eax                                         @0x23
;;      2  sub qword ptr [r15 + 8], 0x80                    @0x23
;;      3  traps 10                                         @0x23
;;         slot0 <- esi i32
;;         slot1 <- rdi i64
;;         slot3 <- eax i32
;;      4  jmp                                              @0x23
;;     -> b1(v71:i32)
;; b1 (v65:i32) <- b0 b2  loop 1 head
;;      5  sub r14, 9                                       @0x23
;;      6  traps 11                                         @0x23
;;         rax <- slot1 i64
;;      7  mov rcx, qword ptr [rax + 0x90]                  @0x27
;;      8  mov rdx, qword ptr [rcx]                         @0x27
;;      9  mov rcx, qword ptr [rcx + 8]                     @0x27
;;         r10 <- rdx i64
;;         rdi <- rcx i64
;;         esi <- slot3 i32
;;     10  call r10, rdi, rsi                               @0x27
;;         eax <- slot0 i32
;;         ecx <- slot3 i32
;;     11  add eax, ecx                                     @0x2d
;;     12  test eax, eax                                    @0x32
;;         slot2 <- eax i32
;;     13  jne                                              @0x32
;;     -> b2 b3
;; b2 <- b1  loop 1
;;         slot3 <- slot2 i32
;;     14  jmp                                              @0x32
;;     -> b1(v64:i32)
;; b3 <- b1
;;     15  sub r14, 2                                       @0x32
;;     16  traps 11                                         @0x32
;;     17  add qword ptr [r15 + 8], 0x80                    @0x35
;;     18  return                                           @0x35
;; expect
;; function 1 after alloc
;; mfn "f1" 1  frame cost 128, 0 slots
;; b0
;;      0  params rdi, esi                                  @0x23
;;         r12 <- rdi i64
;;         ebx <- esi i32
;;      1  zero esi                                         @0x23
;;      2  sub qword ptr [r15 + 8], 0x80                    @0x23
;;      3  traps 10                                         @0x23
;;         r13d <- esi i32
;;      4  jmp                                              @0x23
;;     -> b1(v71:i32)
;; b1 (v65:i32) <- b0 b2  loop 1 head
;;      5  sub r14, 9                                       @0x23
;;      6  traps 11                                         @0x23
;;      7  mov rax, qword ptr [r12 + 0x90]                  @0x27
;;      8  mov r10, qword ptr [rax]                         @0x27
;;      9  mov rdi, qword ptr [rax + 8]                     @0x27
;;         esi <- r13d i32
;;     10  call r10, rdi, rsi                               @0x27
;;         eax <- ebx i32
;;     11  add eax, r13d                                    @0x2d
;;     12  test eax, eax                                    @0x32
;;     13  jne                                              @0x32
;;     -> b2 b3
;; b2 <- b1  loop 1
;;         r13d <- eax i32
;;     14  jmp                                              @0x32
;;     -> b1(v64:i32)
;; b3 <- b1
;;     15  sub r14, 2                                       @0x32
;;     16  traps 11                                         @0x32
;;     17  add qword ptr [r15 + 8], 0x80                    @0x35
;;     18  return                                           @0x35
;; expect
;; function 1 after alloc
;; mfn "f1" 1  frame cost 128, 4 slots
;; b0
;;      0  params x0, w1                                    @0x23
;;      1  ldc w8, #0x0                                     @0x23
;;      2  subs x25, x25, #128                              @0x23
;;      3  b.mi trap 10                                     @0x23
;;         slot1 <- x0 i64
;;         slot0 <- w1 i32
;;         slot3 <- w8 i32
;;      4  b b1                                             @0x23
;;     -> b1(v71:i32)
;; b1 (v65:i32) <- b0 b2  loop 1 head
;;      5  subs x27, x27, #9                                @0x23
;;      6  b.mi trap 11                                     @0x23
;;         x8 <- slot1 i64
;;      7  ldr x9, [x8, #144]                               @0x27
;;      8  ldr x10, [x9]                                    @0x27
;;      9  ldr x9, [x9, #8]                                 @0x27
;;         x0 <- x9 i64
;;         w1 <- slot3 i32
;;     10  blr x10, x0, w1                                  @0x27
;;         w8 <- slot3 i32
;;         w9 <- slot0 i32
;;     11  add w8, w8, w9                                   @0x2d
;;     12  cbnz w8, b2, b3                                  @0x32
;;     -> b2 b3
;; b2 <- b1  loop 1
;;         slot3 <- w8 i32
;;     13  b b1                                             @0x32
;;     -> b1(v64:i32)
;; b3 <- b1
;;     14  subs x27, x27, #2                                @0x32
;;     15  b.mi trap 11                                     @0x32
;;     16  add x25, x25, #128                               @0x35
;;     17  return                                           @0x35
;; expect
;; function 1 after alloc
;; mfn "f1" 1  frame cost 128, 0 slots
;; b0
;;      0  params x0, w1                                    @0x23
;;         x20 <- x0 i64
;;         w19 <- w1 i32
;;      1  ldc w1, #0x0                                     @0x23
;;      2  subs x25, x25, #128                              @0x23
;;      3  b.mi trap 10                                     @0x23
;;         w21 <- w1 i32
;;      4  b b1                                             @0x23
;;     -> b1(v71:i32)
;; b1 (v65:i32) <- b0 b2  loop 1 head
;;      5  subs x27, x27, #9                                @0x23
;;      6  b.mi trap 11                                     @0x23
;;      7  ldr x8, [x20, #144]                              @0x27
;;      8  ldr x9, [x8]                                     @0x27
;;      9  ldr x0, [x8, #8]                                 @0x27
;;         w1 <- w21 i32
;;     10  blr x9, x0, w1                                   @0x27
;;     11  add w21, w21, w19                                @0x2d
;;     12  cbnz w21, b2, b3                                 @0x32
;;     -> b2 b3
;; b2 <- b1  loop 1
;;     13  b b1                                             @0x32
;;     -> b1(v64:i32)
;; b3 <- b1
;;     14  subs x27, x27, #2                                @0x32
;;     15  b.mi trap 11                                     @0x32
;;     16  add x25, x25, #128                               @0x35
;;     17  return                                           @0x35

;; run: disas --leg x64:O1,regs=hostile --ir alloc
;; run: disas --leg a64:O1,regs=hostile,charge=branch --ir alloc
;; a value that is cold in the loop is spilled around it
(module (func (param i32 i32 i32 i32 i32) (result i32) (local i32)
  (loop (local.set 5 (i32.add (i32.mul (local.get 5) (local.get 1)) (i32.xor (local.get 2) (local.get 3))))
    (br_if 0 (i32.lt_u (local.get 5) (local.get 4))))
  (i32.add (local.get 5) (local.get 0))))
;; expect
;; function 0 after alloc
;; mfn "f0" 0  frame cost 208, 3 slots
;; b0
;;      0  params esi, edx, ecx, r8d, r9d                   @0x1f
;;         slot0 <- esi i32
;;         esi <- edx i32
;;         edx <- ecx i32
;;         ecx <- r8d i32
;;         eax <- r9d i32
;;         slot1 <- eax i32
;;      1  zero eax                                         @0x1f
;;      2  sub qword ptr [r15 + 8], 0xd0                    @0x1f
;;      3  traps 10                                         @0x1f
;;         slot2 <- edx i32
;;      4  jmp                                              @0x1f
;;     -> b1(v74:i32)
;; b1 (v73:i32) <- b0 b2  loop 1 head
;;      5  sub r14, 0xd                                     @0x1f
;;      6  traps 11                                         @0x1f
;;      7  imul eax, esi                                    @0x25
;;         edx <- slot2 i32
;;      8  xor edx, ecx                                     @0x2a
;;      9  add eax, edx                                     @0x2b
;;     10  cmp eax, dword ptr [rbp - 0x10]                  @0x33
;;     11  jb                                               @0x33
;;     -> b2 b3
;; b2 <- b1  loop 1
;;     12  jmp                                              @0x33
;;     -> b1(v65:i32)
;; b3 <- b1
;;     13  sub r14, 5                                       @0x33
;;     14  traps 11                                         @0x33
;;         esi <- slot0 i32
;;     15  add esi, eax                                     @0x3a
;;     16  add qword ptr [r15 + 8], 0xd0                    @0x3b
;;         eax <- esi i32
;;     17  return rax                                       @0x3b
;; expect
;; function 0 after alloc
;; mfn "f0" 0  frame cost 208, 3 slots
;; b0
;;      0  params w1, w2, w3, w4, w5                        @0x1f
;;         slot0 <- w1 i32
;;         w10 <- w2 i32
;;         w11 <- w3 i32
;;         w8 <- w4 i32
;;         w9 <- w5 i32
;;         slot1 <- w5 i32
;;         slot2 <- w4 i32
;;      1  ldc w9, #0x0                                     @0x1f
;;      2  subs x25, x25, #208                              @0x1f
;;      3  b.mi trap 10                                     @0x1f
;;      4  b b1                                             @0x1f
;;     -> b1(v73:i32)
;; b1 (v69:i32) <- b0 b2  loop 1 head
;;      5  subs x27, x27, #13                               @0x1f
;;      6  b.mi trap 11                                     @0x1f
;;      7  eor w8, w11, w8                                  @0x2a
;;      8  madd w9, w9, w10, w8                             @0x2b
;;         w8 <- slot1 i32
;;      9  cmp w9, w8                                       @0x33
;;     10  b.lo b2, b3                                      @0x33
;;     -> b2 b3
;; b2 <- b1  loop 1
;;         w8 <- slot2 i32
;;     11  b b1                                             @0x33
;;     -> b1(v65:i32)
;; b3 <- b1
;;     12  subs x27, x27, #5                                @0x33
;;     13  b.mi trap 11                                     @0x33
;;         w8 <- slot0 i32
;;     14  add w8, w9, w8                                   @0x3a
;;     15  add x25, x25, #208                               @0x3b
;;         w0 <- w8 i32
;;     16  return w0                                        @0x3b

;; run: disas --leg x64:O0 --ir alloc
;; run: disas --leg x64:O1 --ir alloc
;; run: disas --leg a64:O0,charge=branch --ir alloc
;; run: disas --leg a64:O1,charge=branch --ir alloc
;; parallel moves around a loop: two locals are swapped
(module (func (param i32 i32 i32) (result i32) (local i32)
  (loop (local.set 3 (local.get 0)) (local.set 0 (local.get 1)) (local.set 1 (local.get 3))
    (br_if 0 (local.tee 2 (i32.sub (local.get 2) (i32.const 1)))))
  (i32.sub (local.get 0) (local.get 1))))
;; expect
;; function 0 after alloc
;; mfn "f0" 0  frame cost 160, 4 slots
;; b0
;;      0  params esi, edx, ecx                             @0x1d
;;      1  sub qword ptr [r15 + 8], 0xa0                    @0x1d
;;      2  traps 10                                         @0x1d
;;         slot0 <- esi i32
;;         slot1 <- edx i32
;;         slot3 <- ecx i32
;;      3  jmp                                              @0x1d
;;     -> b1(v69:i32, v70:i32, v71:i32)
;; b1 (v65:i32, v66:i32, v68:i32) <- b0 b2  loop 1 head
;;      4  sub r14, 0xc                                     @0x1d
;;      5  traps 11                                         @0x1d
;;         eax <- slot3 i32
;;      6  sub eax, 1                                       @0x2f
;;      7  test eax, eax                                    @0x32
;;         slot2 <- eax i32
;;      8  jne                                              @0x32
;;     -> b2 b3
;; b2 <- b1  loop 1
;;         slot3 <- slot2 i32
;;         r11d <- slot1 i32
;;         slot1 <- slot0 i32
;;         slot0 <- r11d i32
;;      9  jmp                                              @0x32
;;     -> b1(v66:i32, v65:i32, v67:i32)
;; b3 <- b1
;;     10  sub r14, 5                                       @0x32
;;     11  traps 11                                         @0x32
;;         eax <- slot1 i32
;;         ecx <- slot0 i32
;;     12  sub eax, ecx                                     @0x39
;;     13  add qword ptr [r15 + 8], 0xa0                    @0x3a
;;     14  return rax                                       @0x3a
;; expect
;; function 0 after alloc
;; mfn "f0" 0  frame cost 160, 0 slots
;; b0
;;      0  params esi, edx, ecx                             @0x1d
;;      1  sub qword ptr [r15 + 8], 0xa0                    @0x1d
;;      2  traps 10                                         @0x1d
;;         eax <- esi i32
;;      3  jmp                                              @0x1d
;;     -> b1(v69:i32, v70:i32, v71:i32)
;; b1 (v65:i32, v66:i32, v68:i32) <- b0 b2  loop 1 head
;;      4  sub r14, 0xc                                     @0x1d
;;      5  traps 11                                         @0x1d
;;      6  add ecx, -1                                      @0x2f
;;      7  test ecx, ecx                                    @0x32
;;      8  jne                                              @0x32
;;     -> b2 b3
;; b2 <- b1  loop 1
;;         r11d <- edx i32
;;         edx <- eax i32
;;         eax <- r11d i32
;;      9  jmp                                              @0x32
;;     -> b1(v66:i32, v65:i32, v67:i32)
;; b3 <- b1
;;     10  sub r14, 5                                       @0x32
;;     11  traps 11                                         @0x32
;;     12  sub edx, eax                                     @0x39
;;     13  add qword ptr [r15 + 8], 0xa0                    @0x3a
;;         eax <- edx i32
;;     14  return rax                                       @0x3a
;; expect
;; function 0 after alloc
;; mfn "f0" 0  frame cost 160, 4 slots
;; b0
;;      0  params w1, w2, w3                                @0x1d
;;      1  subs x25, x25, #160                              @0x1d
;;      2  b.mi trap 10                                     @0x1d
;;      3  b b1                                             @0x1d
;;     -> b1(v69:i32, v70:i32, v71:i32)
;; b1 (v66:i32, v65:i32, v68:i32) <- b0 b2  loop 1 head
;;      4  subs x27, x27, #12                               @0x1d
;;      5  b.mi trap 11                                     @0x1d
;;      6  sub w8, w3, #1                                   @0x2f
;;      7  cbnz w8, b2, b3                                  @0x32
;;     -> b2 b3
;; b2 <- b1  loop 1
;;         w3 <- w8 i32
;;         w16 <- w2 i32
;;         w2 <- w1 i32
;;         w1 <- w16 i32
;;      8  b b1                                             @0x32
;;     -> b1(v65:i32, v66:i32, v67:i32)
;; b3 <- b1
;;      9  subs x27, x27, #5                                @0x32
;;     10  b.mi trap 11                                     @0x32
;;     11  sub w8, w2, w1                                   @0x39
;;     12  add x25, x25, #160                               @0x3a
;;         w0 <- w8 i32
;;     13  return w0                                        @0x3a
;; expect
;; function 0 after alloc
;; mfn "f0" 0  frame cost 160, 0 slots
;; b0
;;      0  params w1, w2, w3                                @0x1d
;;      1  subs x25, x25, #160                              @0x1d
;;      2  b.mi trap 10                                     @0x1d
;;         w8 <- w1 i32
;;         w1 <- w2 i32
;;      3  b b1                                             @0x1d
;;     -> b1(v69:i32, v70:i32, v71:i32)
;; b1 (v66:i32, v65:i32, v68:i32) <- b0 b2  loop 1 head
;;      4  subs x27, x27, #12                               @0x1d
;;      5  b.mi trap 11                                     @0x1d
;;      6  sub w3, w3, #1                                   @0x2f
;;      7  cbnz w3, b2, b3                                  @0x32
;;     -> b2 b3
;; b2 <- b1  loop 1
;;         w16 <- w1 i32
;;         w1 <- w8 i32
;;         w8 <- w16 i32
;;      8  b b1                                             @0x32
;;     -> b1(v65:i32, v66:i32, v67:i32)
;; b3 <- b1
;;      9  subs x27, x27, #5                                @0x32
;;     10  b.mi trap 11                                     @0x32
;;     11  sub w0, w1, w8                                   @0x39
;;     12  add x25, x25, #160                               @0x3a
;;     13  return w0                                        @0x3a

;; run: disas --leg x64:O0 --ir alloc
;; run: disas --leg x64:O1 --ir alloc
;; run: disas --leg a64:O0,charge=branch --ir alloc
;; run: disas --leg a64:O1,charge=branch --ir alloc
;; floats across a call
(module (func $f (param f64 f64) (result f64) (f64.sub (local.get 1) (call $f (local.get 1) (local.get 0)))))
;; expect
;; function 0 "f" after alloc
;; mfn "f" 0  frame cost 144, 1 slots
;; b0
;;      0  params rdi, xmm0, xmm1                           @0x1a
;;      1  sub qword ptr [r15 + 8], 0x90                    @0x1a
;;      2  traps 10                                         @0x1a
;;      3  sub r14, 6                                       @0x1a
;;      4  traps 11                                         @0x1a
;;         slot0 <- xmm0 f64
;;         xmm0 <- xmm1 f64
;;         xmm1 <- slot0 f64
;;         slot0 <- xmm0 f64
;;      5  call rdi, xmm0, xmm1, xmm0 -> f0                 @0x20
;;         xmm1 <- slot0 f64
;;      6  subsd xmm1, xmm0                                 @0x22
;;      7  fcanon xmm1, xmm1                                @0x22
;;      8  add qword ptr [r15 + 8], 0x90                    @0x23
;;         xmm0 <- xmm1 f64
;;      9  return xmm0                                      @0x23
;; expect
;; function 0 "f" after alloc
;; mfn "f" 0  frame cost 144, 1 slots
;; b0
;;      0  params rdi, xmm0, xmm1                           @0x1a
;;         slot0 <- xmm1 f64
;;      1  sub qword ptr [r15 + 8], 0x90                    @0x1a
;;      2  traps 10                                         @0x1a
;;      3  sub r14, 6                                       @0x1a
;;      4  traps 11                                         @0x1a
;;         xmm1 <- xmm0 f64
;;         xmm0 <- slot0 f64
;;      5  call rdi, xmm0, xmm1, xmm0 -> f0                 @0x20
;;         xmm1 <- slot0 f64
;;      6  subsd xmm1, xmm0                                 @0x22
;;         xmm0 <- xmm1 f64
;;      7  fcanon xmm0, xmm0                                @0x22
;;      8  add qword ptr [r15 + 8], 0x90                    @0x23
;;      9  return xmm0                                      @0x23
;; expect
;; function 0 "f" after alloc
;; mfn "f" 0  frame cost 144, 1 slots
;; b0
;;      0  params x0, d0, d1                                @0x1a
;;      1  subs x25, x25, #144                              @0x1a
;;      2  b.mi trap 10                                     @0x1a
;;      3  subs x27, x27, #6                                @0x1a
;;      4  b.mi trap 11                                     @0x1a
;;         slot0 <- d0 f64
;;         d0 <- d1 f64
;;         d1 <- slot0 f64
;;         slot0 <- d0 f64
;;      5  call f0 x0, d0, d1, d0                           @0x20
;;         d16 <- slot0 f64
;;      6  fsub d16, d16, d0                                @0x22
;;      7  move d16, d16                                    @0x22
;;      8  add x25, x25, #144                               @0x23
;;         d0 <- d16 f64
;;      9  return d0                                        @0x23
;; expect
;; function 0 "f" after alloc
;; mfn "f" 0  frame cost 144, 1 slots
;; b0
;;      0  params x0, d0, d1                                @0x1a
;;         slot0 <- d1 f64
;;      1  subs x25, x25, #144                              @0x1a
;;      2  b.mi trap 10                                     @0x1a
;;      3  subs x27, x27, #6                                @0x1a
;;      4  b.mi trap 11                                     @0x1a
;;         d1 <- d0 f64
;;         d0 <- slot0 f64
;;      5  call f0 x0, d0, d1, d0                           @0x20
;;         d1 <- slot0 f64
;;      6  fsub d0, d1, d0                                  @0x22
;;      7  move d0, d0                                      @0x22
;;      8  add x25, x25, #144                               @0x23
;;      9  return d0                                        @0x23

;; run: disas --leg x64:O0 --ir alloc
;; run: disas --leg x64:O1 --ir alloc
;; run: disas --leg a64:O0,charge=branch --ir alloc
;; run: disas --leg a64:O1,charge=branch --ir alloc
;; a vector in a slot takes two, the first one even
(module (func $f (param v128 i32) (result v128) (v128.xor (local.get 0) (call $f (v128.const i64x2 1 2) (local.get 1)))))
;; expect
;; function 0 "f" after alloc
;; mfn "f" 0  frame cost 144, 2 slots
;; b0
;;      0  params rdi, xmm0, esi                            @0x1a
;;      1  movups xmm1, xmmword ptr [rip + {0x1}]           @0x1a
;;      2  sub qword ptr [r15 + 8], 0x90                    @0x1a
;;      3  traps 10                                         @0x1a
;;      4  sub r14, 6                                       @0x1a
;;      5  traps 11                                         @0x1a
;;         slot0 <- xmm0 v128
;;         xmm0 <- xmm1 v128
;;      6  call rdi, xmm0, rsi, xmm0 -> f0                  @0x30
;;         xmm1 <- slot0 v128
;;      7  pxor xmm1, xmm0                                  @0x32
;;      8  add qword ptr [r15 + 8], 0x90                    @0x34
;;         xmm0 <- xmm1 v128
;;      9  return xmm0                                      @0x34
;; expect
;; function 0 "f" after alloc
;; mfn "f" 0  frame cost 144, 2 slots
;; b0
;;      0  params rdi, xmm0, esi                            @0x1a
;;         slot0 <- xmm0 v128
;;      1  movups xmm0, xmmword ptr [rip + {0x1}]           @0x1a
;;      2  sub qword ptr [r15 + 8], 0x90                    @0x1a
;;      3  traps 10                                         @0x1a
;;      4  sub r14, 6                                       @0x1a
;;      5  traps 11                                         @0x1a
;;      6  call rdi, xmm0, rsi, xmm0 -> f0                  @0x30
;;         xmm1 <- slot0 v128
;;      7  pxor xmm1, xmm0                                  @0x32
;;      8  add qword ptr [r15 + 8], 0x90                    @0x34
;;         xmm0 <- xmm1 v128
;;      9  return xmm0                                      @0x34
;; expect
;; function 0 "f" after alloc
;; mfn "f" 0  frame cost 144, 2 slots
;; b0
;;      0  params x0, q0, w1                                @0x1a
;;      1  ldcf d16, #0x0                                   @0x1a
;;      2  subs x25, x25, #144                              @0x1a
;;      3  b.mi trap 10                                     @0x1a
;;      4  subs x27, x27, #6                                @0x1a
;;      5  b.mi trap 11                                     @0x1a
;;         slot0 <- q0 v128
;;         q0 <- q16 v128
;;      6  call f0 x0, d0, w1, d0                           @0x30
;;         q16 <- slot0 v128
;;      7  eor v16.16b, v16.16b, v0.16b                     @0x32
;;      8  add x25, x25, #144                               @0x34
;;         q0 <- q16 v128
;;      9  return d0                                        @0x34
;; expect
;; function 0 "f" after alloc
;; mfn "f" 0  frame cost 144, 2 slots
;; b0
;;      0  params x0, q0, w1                                @0x1a
;;         slot0 <- q0 v128
;;      1  ldcf d0, #0x0                                    @0x1a
;;      2  subs x25, x25, #144                              @0x1a
;;      3  b.mi trap 10                                     @0x1a
;;      4  subs x27, x27, #6                                @0x1a
;;      5  b.mi trap 11                                     @0x1a
;;      6  call f0 x0, d0, w1, d0                           @0x30
;;         q16 <- slot0 v128
;;      7  eor v0.16b, v16.16b, v0.16b                      @0x32
;;      8  add x25, x25, #144                               @0x34
;;      9  return d0                                        @0x34

;; run: disas --leg x64:O0 --ir alloc
;; run: disas --leg x64:O1 --ir alloc
;; run: disas --leg a64:O0,charge=branch --ir alloc
;; run: disas --leg a64:O1,charge=branch --ir alloc
;; arguments that find no register
(module (func $f (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
  (call $f (local.get 9) (local.get 8) (local.get 7) (local.get 6) (local.get 5) (local.get 4) (local.get 3) (local.get 2) (local.get 1) (local.get 0))))
;; expect
;; function 0 "f" after alloc
;; mfn "f" 0  frame cost 384, 0 slots
;; b0
;;      0  params rdi, esi, edx, ecx, r8d, r9d, eax         @0x22
;;      1  mov r10d, dword ptr [r15 + 0x1e0]                @0x22
;;      2  mov ebx, dword ptr [r15 + 0x1f0]                 @0x22
;;      3  mov r12d, dword ptr [r15 + 0x200]                @0x22
;;      4  mov r13d, dword ptr [r15 + 0x210]                @0x22
;;      5  sub qword ptr [r15 + 8], 0x180                   @0x22
;;      6  traps 10                                         @0x22
;;      7  sub r14, 0xc                                     @0x22
;;      8  traps 11                                         @0x22
;;      9  mov dword ptr [r15 + 0x1e0], r8d                 @0x36
;;     10  mov dword ptr [r15 + 0x1f0], ecx                 @0x36
;;     11  mov dword ptr [r15 + 0x200], edx                 @0x36
;;     12  mov dword ptr [r15 + 0x210], esi                 @0x36
;;         esi <- r13d i32
;;         edx <- r12d i32
;;         ecx <- ebx i32
;;         r8d <- r10d i32
;;         ebx <- r9d i32
;;         r9d <- eax i32
;;         eax <- ebx i32
;;     13  call rdi, rsi, rdx, rcx, r8, r9, rax, rax -> f0  @0x36
;;     14  add qword ptr [r15 + 8], 0x180                   @0x38
;;     15  return rax                                       @0x38
;; expect
;; function 0 "f" after alloc
;; mfn "f" 0  frame cost 384, 0 slots
;; b0
;;      0  params rdi, esi, edx, ecx, r8d, r9d, eax         @0x22
;;      1  mov r10d, dword ptr [r15 + 0x1e0]                @0x22
;;      2  mov ebx, dword ptr [r15 + 0x1f0]                 @0x22
;;      3  mov r12d, dword ptr [r15 + 0x200]                @0x22
;;      4  mov r13d, dword ptr [r15 + 0x210]                @0x22
;;      5  sub qword ptr [r15 + 8], 0x180                   @0x22
;;      6  traps 10                                         @0x22
;;      7  sub r14, 0xc                                     @0x22
;;      8  traps 11                                         @0x22
;;      9  mov dword ptr [r15 + 0x1e0], r8d                 @0x36
;;     10  mov dword ptr [r15 + 0x1f0], ecx                 @0x36
;;     11  mov dword ptr [r15 + 0x200], edx                 @0x36
;;     12  mov dword ptr [r15 + 0x210], esi                 @0x36
;;         esi <- r13d i32
;;         edx <- r12d i32
;;         ecx <- ebx i32
;;         r8d <- r10d i32
;;         r11d <- eax i32
;;         eax <- r9d i32
;;         r9d <- r11d i32
;;     13  call rdi, rsi, rdx, rcx, r8, r9, rax, rax -> f0  @0x36
;;     14  add qword ptr [r15 + 8], 0x180                   @0x38
;;     15  return rax                                       @0x38
;; expect
;; function 0 "f" after alloc
;; mfn "f" 0  frame cost 384, 0 slots
;; b0
;;      0  params x0, w1, w2, w3, w4, w5, w6, w7            @0x22
;;      1  ldr w8, [x28, #496]                              @0x22
;;      2  ldr w9, [x28, #512]                              @0x22
;;      3  ldr w10, [x28, #528]                             @0x22
;;      4  subs x25, x25, #384                              @0x22
;;      5  b.mi trap 10                                     @0x22
;;      6  subs x27, x27, #12                               @0x22
;;      7  b.mi trap 11                                     @0x22
;;      8  str w3, [x28, #496]                              @0x36
;;      9  str w2, [x28, #512]                              @0x36
;;     10  str w1, [x28, #528]                              @0x36
;;         w1 <- w10 i32
;;         w2 <- w9 i32
;;         w3 <- w8 i32
;;         w19 <- w4 i32
;;         w4 <- w7 i32
;;         w20 <- w5 i32
;;         w5 <- w6 i32
;;         w6 <- w20 i32
;;         w7 <- w19 i32
;;     11  call f0 x0, w1, w2, w3, w4, w5, w6, w7, w0       @0x36
;;     12  add x25, x25, #384                               @0x38
;;     13  return w0                                        @0x38
;; expect
;; function 0 "f" after alloc
;; mfn "f" 0  frame cost 384, 0 slots
;; b0
;;      0  params x0, w1, w2, w3, w4, w5, w6, w7            @0x22
;;      1  ldr w8, [x28, #496]                              @0x22
;;      2  ldr w9, [x28, #512]                              @0x22
;;      3  ldr w10, [x28, #528]                             @0x22
;;      4  subs x25, x25, #384                              @0x22
;;      5  b.mi trap 10                                     @0x22
;;      6  subs x27, x27, #12                               @0x22
;;      7  b.mi trap 11                                     @0x22
;;      8  str w3, [x28, #496]                              @0x36
;;      9  str w2, [x28, #512]                              @0x36
;;     10  str w1, [x28, #528]                              @0x36
;;         w1 <- w10 i32
;;         w2 <- w9 i32
;;         w3 <- w8 i32
;;         w16 <- w7 i32
;;         w7 <- w4 i32
;;         w4 <- w16 i32
;;         w16 <- w6 i32
;;         w6 <- w5 i32
;;         w5 <- w16 i32
;;     11  call f0 x0, w1, w2, w3, w4, w5, w6, w7, w0       @0x36
;;     12  add x25, x25, #384                               @0x38
;;     13  return w0                                        @0x38
