;; run: disas --leg x64:interrupt=fuel --ir opt
;; run: disas --leg x64:interrupt=epoch --ir opt
;; run: disas --leg x64:interrupt=none --ir opt
;; run: disas --leg x64:interrupt=epoch --ir alloc
;; run: disas --leg a64:interrupt=epoch,charge=branch --ir alloc
;; a poll at the entry, also of a leaf, and at the loop's head
(module (func (param i32) (result i32) (local i32)
  (loop (local.set 1 (i32.add (local.get 1) (local.get 0)))
    (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
  (local.get 1)))
;; expect
;; function 0 after opt
;; func "f0" 0 (i64, i32) -> (i32) frame 128 {
;; b0(v1:i64, v2:i32):
;;   charge.depth 128                               @0x1b
;;   v4:i32 = iconst 0                              @0x1b
;;   jump b1(v4, v2)                                @0x1b
;; b1(v7:i32, v8:i32):
;;   charge.fuel 10                                 @0x1b
;;   v9:i32 = iadd v7, v8                           @0x21
;;   v16:i32 = iconst -1                            @0x28
;;   v11:i32 = iadd v8, v16                         @0x28
;;   brif v11, b3, b2                               @0x2b
;; b2:
;;   charge.fuel 3                                  @0x2b
;;   refund.depth 128                               @0x30
;;   ret v9                                         @0x30
;; b3:
;;   jump b1(v9, v11)                               @0x2b
;; }
;; expect
;; function 0 after opt
;; func "f0" 0 (i64, i32) -> (i32) frame 128 {
;; b0(v1:i64, v2:i32):
;;   charge.depth 128                               @0x1b
;;   poll                                           @0x1b
;;   v5:i32 = iconst 0                              @0x1b
;;   jump b1(v5, v2)                                @0x1b
;; b1(v8:i32, v9:i32):
;;   poll                                           @0x1b
;;   v10:i32 = iadd v8, v9                          @0x21
;;   v16:i32 = iconst -1                            @0x28
;;   v12:i32 = iadd v9, v16                         @0x28
;;   brif v12, b3, b2                               @0x2b
;; b2:
;;   refund.depth 128                               @0x30
;;   ret v10                                        @0x30
;; b3:
;;   jump b1(v10, v12)                              @0x2b
;; }
;; expect
;; function 0 after opt
;; func "f0" 0 (i64, i32) -> (i32) frame 128 {
;; b0(v1:i64, v2:i32):
;;   charge.depth 128                               @0x1b
;;   v4:i32 = iconst 0                              @0x1b
;;   jump b1(v4, v2)                                @0x1b
;; b1(v6:i32, v7:i32):
;;   v8:i32 = iadd v6, v7                           @0x21
;;   v14:i32 = iconst -1                            @0x28
;;   v10:i32 = iadd v7, v14                         @0x28
;;   brif v10, b3, b2                               @0x2b
;; b2:
;;   refund.depth 128                               @0x30
;;   ret v8                                         @0x30
;; b3:
;;   jump b1(v8, v10)                               @0x2b
;; }
;; expect
;; function 0 after alloc
;; mfn "f0" 0  frame cost 128, 0 slots
;; b0
;;      0  params esi                                       @0x1b
;;      1  zero eax                                         @0x1b
;;      2  sub qword ptr [r15 + 8], 0x80                    @0x1b
;;      3  traps 10                                         @0x1b
;;      4  mov rcx, qword ptr [r15 + 0x48]                  @0x1b
;;      5  cmp rcx, qword ptr [r15 + 0x50]                  @0x1b
;;      6  trapae 15                                        @0x1b
;;      7  jmp                                              @0x1b
;;     -> b1(v69:i32, v70:i32)
;; b1 (v67:i32, v66:i32) <- b0 b2  loop 1 head
;;      8  mov rcx, qword ptr [r15 + 0x48]                  @0x1b
;;      9  cmp rcx, qword ptr [r15 + 0x50]                  @0x1b
;;     10  trapae 15                                        @0x1b
;;     11  add eax, esi                                     @0x21
;;     12  lea esi, [rsi - 1]                               @0x28
;;     13  test esi, esi                                    @0x2b
;;     14  jne                                              @0x2b
;;     -> b2 b3
;; b2 <- b1  loop 1
;;     15  jmp                                              @0x2b
;;     -> b1(v64:i32, v65:i32)
;; b3 <- b1
;;     16  add qword ptr [r15 + 8], 0x80                    @0x30
;;     17  return rax                                       @0x30
;; expect
;; function 0 after alloc
;; mfn "f0" 0  frame cost 128, 0 slots
;; b0
;;      0  params w1                                        @0x1b
;;      1  ldc w8, #0x0                                     @0x1b
;;      2  subs x25, x25, #128                              @0x1b
;;      3  b.mi trap 10                                     @0x1b
;;      4  ldr x9, [x28, #72]                               @0x1b
;;      5  ldr x10, [x28, #80]                              @0x1b
;;      6  cmp x9, x10                                      @0x1b
;;      7  b.hs trap 15                                     @0x1b
;;      8  b b1                                             @0x1b
;;     -> b1(v70:i32, v71:i32)
;; b1 (v67:i32, v66:i32) <- b0 b2  loop 1 head
;;      9  ldr x9, [x28, #72]                               @0x1b
;;     10  ldr x10, [x28, #80]                              @0x1b
;;     11  cmp x9, x10                                      @0x1b
;;     12  b.hs trap 15                                     @0x1b
;;     13  add w8, w8, w1                                   @0x21
;;     14  sub w1, w1, #1                                   @0x28
;;     15  cbnz w1, b2, b3                                  @0x2b
;;     -> b2 b3
;; b2 <- b1  loop 1
;;     16  b b1                                             @0x2b
;;     -> b1(v64:i32, v65:i32)
;; b3 <- b1
;;     17  add x25, x25, #128                               @0x30
;;         w0 <- w8 i32
;;     18  return w0                                        @0x30

;; run: disas --leg x64:interrupt=epoch --ir opt
;; no branch goes back: no poll
(module (func (result i32) (loop (result i32) (i32.const 1))))
;; expect
;; function 0 after opt
;; func "f0" 0 (i64) -> (i32) frame 80 {
;; b0(v1:i64):
;;   charge.depth 80                                @0x18
;;   poll                                           @0x18
;;   v4:i32 = iconst 1                              @0x1a
;;   refund.depth 80                                @0x1d
;;   ret v4                                         @0x1d
;; }
