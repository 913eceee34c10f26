;; run: disas --ir build
;; a block with a result, left by br
(module (func (param i32) (result i32)
  (block (result i32) (br 0 (local.get 0)) (i32.const 1))))
;; expect
;; function 0 after build
;; func "f0" 0 (i64, i32) -> (i32) frame 96 {
;; b0(v1:i64, v2:i32):
;;   charge.depth 96                                @0x19
;;   charge.fuel 3                                  @0x19
;;   jump b1                                        @0x1d
;; b1:
;;   charge.fuel 2                                  @0x21
;;   refund.depth 96                                @0x22
;;   ret v2                                         @0x22
;; }

;; run: disas --ir build
;; br_if that carries a value
(module (func (param i32 i32) (result i32)
  (block (result i32) (br_if 0 (local.get 0) (local.get 1)) (drop) (i32.const 7))))
;; expect
;; function 0 after build
;; func "f0" 0 (i64, i32, i32) -> (i32) frame 128 {
;; b0(v1:i64, v2:i32, v3:i32):
;;   charge.depth 128                               @0x1a
;;   charge.fuel 4                                  @0x1a
;;   brif v3, b1(v2), b2                            @0x20
;; b1(v10:i32):
;;   charge.fuel 2                                  @0x25
;;   refund.depth 128                               @0x26
;;   ret v10                                        @0x26
;; b2:
;;   charge.fuel 2                                  @0x20
;;   v8:i32 = iconst 7                              @0x23
;;   jump b1(v8)                                    @0x25
;; }

;; run: disas --ir build
;; if and else with a result
(module (func (param i32) (result i32)
  (if (result i32) (local.get 0) (then (i32.const 1)) (else (i32.const 2)))))
;; expect
;; function 0 after build
;; func "f0" 0 (i64, i32) -> (i32) frame 96 {
;; b0(v1:i64, v2:i32):
;;   charge.depth 96                                @0x19
;;   charge.fuel 2                                  @0x19
;;   brif v2, b1, b2                                @0x1b
;; b1:
;;   charge.fuel 2                                  @0x1b
;;   v7:i32 = iconst 1                              @0x1d
;;   jump b3(v7)                                    @0x1f
;; b2:
;;   charge.fuel 1                                  @0x1b
;;   v10:i32 = iconst 2                             @0x20
;;   jump b3(v10)                                   @0x22
;; b3(v12:i32):
;;   charge.fuel 2                                  @0x22
;;   refund.depth 96                                @0x23
;;   ret v12                                        @0x23
;; }

;; run: disas --ir build
;; if without else
(module (func (param i32) (result i32)
  (if (local.get 0) (then (local.set 0 (i32.const 9))))
  (local.get 0)))
;; expect
;; function 0 after build
;; func "f0" 0 (i64, i32) -> (i32) frame 96 {
;; b0(v1:i64, v2:i32):
;;   charge.depth 96                                @0x19
;;   charge.fuel 2                                  @0x19
;;   brif v2, b1, b2(v2)                            @0x1b
;; b1:
;;   charge.fuel 2                                  @0x1b
;;   v7:i32 = iconst 9                              @0x1d
;;   jump b2(v7)                                    @0x21
;; b2(v10:i32):
;;   charge.fuel 3                                  @0x21
;;   refund.depth 96                                @0x24
;;   ret v10                                        @0x24
;; }

;; run: disas --ir build
;; a loop: only locals that it writes become parameters of its head
(module (func (param i32 i32) (result i32) (local i32)
  (loop
    (local.set 2 (i32.add (local.get 2) (local.get 1)))
    (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
  (local.get 2)))
;; expect
;; function 0 after build
;; func "f0" 0 (i64, i32, i32) -> (i32) frame 144 {
;; b0(v1:i64, v2:i32, v3:i32):
;;   charge.depth 144                               @0x1c
;;   v5:i32 = iconst 0                              @0x1c
;;   jump b1(v5, v2)                                @0x1c
;; b1(v8:i32, v10:i32):
;;   charge.fuel 10                                 @0x1c
;;   v9:i32 = iadd v8, v3                           @0x22
;;   v11:i32 = iconst 1                             @0x27
;;   v12:i32 = isub v10, v11                        @0x29
;;   brif v12, b1(v9, v12), b2                      @0x2c
;; b2:
;;   charge.fuel 3                                  @0x2c
;;   refund.depth 144                               @0x31
;;   ret v9                                         @0x31
;; }

;; run: disas --ir build
;; a loop with a parameter
(module (func (param i32) (result i32)
  (i32.const 5)
  (loop (param i32) (result i32)
    (i32.sub (i32.const 1))
    (br_if 0 (local.get 0)))))
;; expect
;; function 0 after build
;; func "f0" 0 (i64, i32) -> (i32) frame 112 {
;; b0(v1:i64, v2:i32):
;;   charge.depth 112                               @0x19
;;   charge.fuel 1                                  @0x19
;;   v5:i32 = iconst 5                              @0x19
;;   jump b1(v5)                                    @0x1b
;; b1(v7:i32):
;;   charge.fuel 5                                  @0x1b
;;   v9:i32 = iconst 1                              @0x1d
;;   v10:i32 = isub v7, v9                          @0x1f
;;   brif v2, b1(v10), b2                           @0x22
;; b2:
;;   charge.fuel 2                                  @0x22
;;   refund.depth 112                               @0x25
;;   ret v10                                        @0x25
;; }

;; run: disas --ir build
;; br_table with a value, two labels twice
(module (func (param i32) (result i32)
  (block (result i32)
    (block (result i32)
      (br_table 0 1 0 1 (i32.const 3) (local.get 0)))
    (i32.const 1) (i32.add))))
;; expect
;; function 0 after build
;; func "f0" 0 (i64, i32) -> (i32) frame 112 {
;; b0(v1:i64, v2:i32):
;;   charge.depth 112                               @0x19
;;   charge.fuel 5                                  @0x19
;;   v5:i32 = iconst 3                              @0x1d
;;   brtable v2, b1, b2(v5), b1, b2(v5)             @0x21
;; b1:
;;   charge.fuel 3                                  @0x27
;;   v8:i32 = iconst 1                              @0x28
;;   v9:i32 = iadd v5, v8                           @0x2a
;;   jump b2(v9)                                    @0x2b
;; b2(v11:i32):
;;   charge.fuel 2                                  @0x2b
;;   refund.depth 112                               @0x2c
;;   ret v11                                        @0x2c
;; }

;; run: disas --ir build
;; return from within, then code nobody reaches
(module (func (param i32) (result i32)
  (return (local.get 0)) (i32.const 1) (i32.add (i32.const 2))))
;; expect
;; function 0 after build
;; func "f0" 0 (i64, i32) -> (i32) frame 112 {
;; b0(v1:i64, v2:i32):
;;   charge.depth 112                               @0x19
;;   charge.fuel 2                                  @0x19
;;   refund.depth 112                               @0x1b
;;   ret v2                                         @0x1b
;; }

;; run: disas --ir build
;; unreachable
(module (func (result i32) (unreachable)))
;; expect
;; function 0 after build
;; func "f0" 0 (i64) -> (i32) frame 64 {
;; b0(v1:i64):
;;   charge.depth 64                                @0x18
;;   charge.fuel 1                                  @0x18
;;   trap.1                                         @0x18
;; }

;; run: disas --ir build
;; select, with and without a type
(module (func (param i32 f32 f32 externref) (result f32 externref)
  (select (local.get 1) (local.get 2) (local.get 0))
  (select (result externref) (local.get 3) (ref.null extern) (local.get 0))))
;; expect
;; function 0 after build
;; func "f0" 0 (i64, i32, f32, f32, i64) -> (f32, i64) frame 192 {
;; b0(v1:i64, v2:i32, v3:f32, v4:f32, v5:i64):
;;   charge.depth 192                               @0x1d
;;   charge.fuel 9                                  @0x1d
;;   v8:f32 = select v2, v3, v4                     @0x23
;;   v9:i64 = iconst 0                              @0x26
;;   v10:i64 = select v2, v5, v9                    @0x2a
;;   refund.depth 192                               @0x2d
;;   ret v8, v10                                    @0x2d
;; }

;; run: disas --ir build
;; fuel of two arms is charged where each begins
(module (global (mut i32) (i32.const 0)) (func (param i32)
  (if (local.get 0)
    (then (global.set 0 (i32.const 1)) (global.set 0 (i32.const 2)))
    (else (global.set 0 (i32.const 3))))))
;; expect
;; function 0 after build
;; func "f0" 0 (i64, i32) -> () frame 96 {
;; b0(v1:i64, v2:i32):
;;   charge.depth 96                                @0x20
;;   charge.fuel 2                                  @0x20
;;   brif v2, b1, b2                                @0x22
;; b1:
;;   charge.fuel 5                                  @0x22
;;   v7:i32 = iconst 1                              @0x24
;;   store.32 v1+128, v7 context                    @0x26
;;   v9:i32 = iconst 2                              @0x28
;;   store.32 v1+128, v9 context                    @0x2a
;;   jump b3                                        @0x2c
;; b2:
;;   charge.fuel 2                                  @0x22
;;   v13:i32 = iconst 3                             @0x2d
;;   store.32 v1+128, v13 context                   @0x2f
;;   jump b3                                        @0x31
;; b3:
;;   charge.fuel 2                                  @0x31
;;   refund.depth 96                                @0x32
;;   ret                                            @0x32
;; }

;; run: disas --ir build
;; two results
(module (func (param i32 i64) (result i64 i32) (local.get 1) (local.get 0)))
;; expect
;; function 0 after build
;; func "f0" 0 (i64, i32, i64) -> (i64, i32) frame 128 {
;; b0(v1:i64, v2:i32, v3:i64):
;;   charge.depth 128                               @0x1b
;;   charge.fuel 3                                  @0x1b
;;   refund.depth 128                               @0x1f
;;   ret v3, v2                                     @0x1f
;; }
