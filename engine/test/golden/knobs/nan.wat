;; run: disas --leg x64:nan=canonical --ir alloc
;; run: disas --leg x64:nan=native --ir alloc
;; run: disas --leg x64:nan=native,cpu=v3 --ir alloc
;; run: disas --leg a64:nan=canonical,charge=branch --ir alloc
;; run: disas --leg a64:nan=explicit,charge=branch --ir alloc
;; run: disas --leg a64:nan=native,charge=branch --ir alloc
;; one canonicalization behind two operations, or none; vector max on x64 needs one under native too
(module (func (param f64 f64) (result f64) (f64.sqrt (f64.add (local.get 0) (local.get 1))))
  (func (param v128 v128) (result v128) (f32x4.max (local.get 0) (local.get 1))))
;; expect
;; function 0 after alloc
;; mfn "f0" 0  frame cost 128, 0 slots
;; b0
;;      0  params xmm0, xmm1                                @0x21
;;      1  sub qword ptr [r15 + 8], 0x80                    @0x21
;;      2  traps 10                                         @0x21
;;      3  sub r14, 5                                       @0x21
;;      4  traps 11                                         @0x21
;;      5  addsd xmm0, xmm1                                 @0x25
;;      6  sqrtsd xmm0, xmm0                                @0x26
;;      7  fcanon xmm0, xmm0                                @0x26
;;      8  add qword ptr [r15 + 8], 0x80                    @0x27
;;      9  return xmm0                                      @0x27
;;
;; function 1 after alloc
;; mfn "f1" 1  frame cost 128, 0 slots
;; b0
;;      0  params xmm0, xmm1                                @0x2a
;;      1  sub qword ptr [r15 + 8], 0x80                    @0x2a
;;      2  traps 10                                         @0x2a
;;      3  sub r14, 4                                       @0x2a
;;      4  traps 11                                         @0x2a
;;         xmm2 <- xmm0 v128
;;      5  maxps xmm2, xmm1                                 @0x2e
;;      6  maxps xmm1, xmm0                                 @0x2e
;;      7  xorps xmm1, xmm2                                 @0x2e
;;         xmm0 <- xmm2 v128
;;      8  orps xmm0, xmm1                                  @0x2e
;;      9  subps xmm0, xmm1                                 @0x2e
;;         xmm1 <- xmm0 v128
;;     10  cmpordps xmm1, xmm0                              @0x2e
;;     11  andps xmm0, xmm1                                 @0x2e
;;     12  andnps xmm1, xmmword ptr [rip + {0x7fc000007fc00000}] @0x2e
;;     13  orps xmm0, xmm1                                  @0x2e
;;     14  add qword ptr [r15 + 8], 0x80                    @0x31
;;     15  return xmm0                                      @0x31
;; expect
;; function 0 after alloc
;; mfn "f0" 0  frame cost 128, 0 slots
;; b0
;;      0  params xmm0, xmm1                                @0x21
;;      1  sub qword ptr [r15 + 8], 0x80                    @0x21
;;      2  traps 10                                         @0x21
;;      3  sub r14, 5                                       @0x21
;;      4  traps 11                                         @0x21
;;      5  addsd xmm0, xmm1                                 @0x25
;;      6  sqrtsd xmm0, xmm0                                @0x26
;;      7  add qword ptr [r15 + 8], 0x80                    @0x27
;;      8  return xmm0                                      @0x27
;;
;; function 1 after alloc
;; mfn "f1" 1  frame cost 128, 0 slots
;; b0
;;      0  params xmm0, xmm1                                @0x2a
;;      1  sub qword ptr [r15 + 8], 0x80                    @0x2a
;;      2  traps 10                                         @0x2a
;;      3  sub r14, 4                                       @0x2a
;;      4  traps 11                                         @0x2a
;;         xmm2 <- xmm0 v128
;;      5  maxps xmm2, xmm1                                 @0x2e
;;      6  maxps xmm1, xmm0                                 @0x2e
;;      7  xorps xmm1, xmm2                                 @0x2e
;;         xmm0 <- xmm2 v128
;;      8  orps xmm0, xmm1                                  @0x2e
;;      9  subps xmm0, xmm1                                 @0x2e
;;         xmm1 <- xmm0 v128
;;     10  cmpordps xmm1, xmm0                              @0x2e
;;     11  andps xmm0, xmm1                                 @0x2e
;;     12  andnps xmm1, xmmword ptr [rip + {0x7fc000007fc00000}] @0x2e
;;     13  orps xmm0, xmm1                                  @0x2e
;;     14  add qword ptr [r15 + 8], 0x80                    @0x31
;;     15  return xmm0                                      @0x31
;; expect
;; function 0 after alloc
;; mfn "f0" 0  frame cost 128, 0 slots
;; b0
;;      0  params xmm0, xmm1                                @0x21
;;      1  sub qword ptr [r15 + 8], 0x80                    @0x21
;;      2  traps 10                                         @0x21
;;      3  sub r14, 5                                       @0x21
;;      4  traps 11                                         @0x21
;;      5  addsd xmm0, xmm1                                 @0x25
;;      6  sqrtsd xmm0, xmm0                                @0x26
;;      7  add qword ptr [r15 + 8], 0x80                    @0x27
;;      8  return xmm0                                      @0x27
;;
;; function 1 after alloc
;; mfn "f1" 1  frame cost 128, 0 slots
;; b0
;;      0  params xmm0, xmm1                                @0x2a
;;      1  sub qword ptr [r15 + 8], 0x80                    @0x2a
;;      2  traps 10                                         @0x2a
;;      3  sub r14, 4                                       @0x2a
;;      4  traps 11                                         @0x2a
;;      5  vmaxps xmm2, xmm0, xmm1                          @0x2e
;;      6  vmaxps xmm0, xmm1, xmm0                          @0x2e
;;      7  vxorps xmm0, xmm0, xmm2                          @0x2e
;;      8  vorps xmm1, xmm2, xmm0                           @0x2e
;;      9  vsubps xmm0, xmm1, xmm0                          @0x2e
;;     10  vcmpunordps xmm1, xmm0, xmm0                     @0x2e
;;     11  vblendvps xmm0, xmm0, xmmword ptr [rip + {0x7fc000007fc00000}], xmm1 @0x2e
;;     12  add qword ptr [r15 + 8], 0x80                    @0x31
;;     13  return xmm0                                      @0x31
;; expect
;; function 0 after alloc
;; mfn "f0" 0  frame cost 128, 0 slots
;; b0
;;      0  params d0, d1                                    @0x21
;;      1  subs x25, x25, #128                              @0x21
;;      2  b.mi trap 10                                     @0x21
;;      3  subs x27, x27, #5                                @0x21
;;      4  b.mi trap 11                                     @0x21
;;      5  fadd d16, d0, d1                                 @0x25
;;      6  fsqrt d0, d16                                    @0x26
;;      7  move d0, d0                                      @0x26
;;      8  add x25, x25, #128                               @0x27
;;      9  return d0                                        @0x27
;;
;; function 1 after alloc
;; mfn "f1" 1  frame cost 128, 0 slots
;; b0
;;      0  params q0, q1                                    @0x2a
;;      1  subs x25, x25, #128                              @0x2a
;;      2  b.mi trap 10                                     @0x2a
;;      3  subs x27, x27, #4                                @0x2a
;;      4  b.mi trap 11                                     @0x2a
;;      5  fmax v0.4s, v0.4s, v1.4s                         @0x2e
;;      6  move q0, q0                                      @0x2e
;;      7  add x25, x25, #128                               @0x31
;;      8  return d0                                        @0x31
;; expect
;; function 0 after alloc
;; mfn "f0" 0  frame cost 128, 0 slots
;; b0
;;      0  params d0, d1                                    @0x21
;;      1  subs x25, x25, #128                              @0x21
;;      2  b.mi trap 10                                     @0x21
;;      3  subs x27, x27, #5                                @0x21
;;      4  b.mi trap 11                                     @0x21
;;      5  fadd d16, d0, d1                                 @0x25
;;      6  fsqrt d16, d16                                   @0x26
;;      7  ldcf d17, #0x7ff8000000000000                    @0x26
;;      8  fcmp d16, d16                                    @0x26
;;      9  fcsel d0, d16, d17, vc                           @0x26
;;     10  add x25, x25, #128                               @0x27
;;     11  return d0                                        @0x27
;;
;; function 1 after alloc
;; mfn "f1" 1  frame cost 128, 0 slots
;; b0
;;      0  params q0, q1                                    @0x2a
;;      1  subs x25, x25, #128                              @0x2a
;;      2  b.mi trap 10                                     @0x2a
;;      3  subs x27, x27, #4                                @0x2a
;;      4  b.mi trap 11                                     @0x2a
;;      5  fmax v16.4s, v0.4s, v1.4s                        @0x2e
;;      6  ldcf d17, #0x0                                   @0x2e
;;      7  fcmeq v0.4s, v16.4s, v16.4s                      @0x2e
;;      8  bsl v0.16b, v16.16b, v17.16b                     @0x2e
;;      9  add x25, x25, #128                               @0x31
;;     10  return d0                                        @0x31
;; expect
;; function 0 after alloc
;; mfn "f0" 0  frame cost 128, 0 slots
;; b0
;;      0  params d0, d1                                    @0x21
;;      1  subs x25, x25, #128                              @0x21
;;      2  b.mi trap 10                                     @0x21
;;      3  subs x27, x27, #5                                @0x21
;;      4  b.mi trap 11                                     @0x21
;;      5  fadd d16, d0, d1                                 @0x25
;;      6  fsqrt d0, d16                                    @0x26
;;      7  add x25, x25, #128                               @0x27
;;      8  return d0                                        @0x27
;;
;; function 1 after alloc
;; mfn "f1" 1  frame cost 128, 0 slots
;; b0
;;      0  params q0, q1                                    @0x2a
;;      1  subs x25, x25, #128                              @0x2a
;;      2  b.mi trap 10                                     @0x2a
;;      3  subs x27, x27, #4                                @0x2a
;;      4  b.mi trap 11                                     @0x2a
;;      5  fmax v0.4s, v0.4s, v1.4s                         @0x2e
;;      6  add x25, x25, #128                               @0x31
;;      7  return d0                                        @0x31
