;; run: disas --ir build
;; division is checked
(module (func (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1))))
;; expect
;; function 0 after build
;; func "f0" 0 (i64, i32, i32) -> (i32) frame 128 {
;; b0(v1:i64, v2:i32, v3:i32):
;;   charge.depth 128                               @0x1a
;;   charge.fuel 4                                  @0x1a
;;   trapz.7 v3                                     @0x1e
;;   v7:i32 = iconst -2147483648                    @0x1e
;;   v8:i32 = icmp.eq v2, v7                        @0x1e
;;   v9:i32 = iconst -1                             @0x1e
;;   v10:i32 = icmp.eq v3, v9                       @0x1e
;;   v11:i32 = iand v8, v10                         @0x1e
;;   trapnz.8 v11                                   @0x1e
;;   v13:i32 = sdiv v2, v3                          @0x1e
;;   refund.depth 128                               @0x1f
;;   ret v13                                        @0x1f
;; }

;; run: disas --ir build
;; remainder is not defined for 0 alone
(module (func (param i64 i64) (result i64) (i64.rem_s (local.get 0) (local.get 1))))
;; expect
;; function 0 after build
;; func "f0" 0 (i64, i64, i64) -> (i64) frame 128 {
;; b0(v1:i64, v2:i64, v3:i64):
;;   charge.depth 128                               @0x1a
;;   charge.fuel 4                                  @0x1a
;;   v6:i32 = eqz v3                                @0x1e
;;   trapnz.7 v6                                    @0x1e
;;   v8:i64 = srem v2, v3                           @0x1e
;;   refund.depth 128                               @0x1f
;;   ret v8                                         @0x1f
;; }

;; run: disas --ir build
;; a constant divisor: which checks are left
(module (func (param i32) (result i32 i32 i32)
  (i32.div_s (local.get 0) (i32.const 10)) (i32.div_s (local.get 0) (i32.const -1)) (i32.div_u (local.get 0) (i32.const 0))))
;; expect
;; function 0 after build
;; func "f0" 0 (i64, i32) -> (i32, i32, i32) frame 144 {
;; b0(v1:i64, v2:i32):
;;   charge.depth 144                               @0x1b
;;   charge.fuel 10                                 @0x1b
;;   v5:i32 = iconst 10                             @0x1d
;;   trapz.7 v5                                     @0x1f
;;   v7:i32 = iconst -2147483648                    @0x1f
;;   v8:i32 = icmp.eq v2, v7                        @0x1f
;;   v9:i32 = iconst -1                             @0x1f
;;   v10:i32 = icmp.eq v5, v9                       @0x1f
;;   v11:i32 = iand v8, v10                         @0x1f
;;   trapnz.8 v11                                   @0x1f
;;   v13:i32 = sdiv v2, v5                          @0x1f
;;   v14:i32 = iconst -1                            @0x22
;;   trapz.7 v14                                    @0x24
;;   v16:i32 = iconst -2147483648                   @0x24
;;   v17:i32 = icmp.eq v2, v16                      @0x24
;;   v18:i32 = iconst -1                            @0x24
;;   v19:i32 = icmp.eq v14, v18                     @0x24
;;   v20:i32 = iand v17, v19                        @0x24
;;   trapnz.8 v20                                   @0x24
;;   v22:i32 = sdiv v2, v14                         @0x24
;;   v23:i32 = iconst 0                             @0x27
;;   trapz.7 v23                                    @0x29
;;   v25:i32 = udiv v2, v23                         @0x29
;;   refund.depth 144                               @0x2a
;;   ret v13, v22, v25                              @0x2a
;; }

;; run: disas --ir build
;; a truncation that traps, one that saturates
(module (func (param f64) (result i32 i64) (i32.trunc_f64_s (local.get 0)) (i64.trunc_sat_f64_u (local.get 0))))
;; expect
;; function 0 after build
;; func "f0" 0 (i64, f64) -> (i32, i64) frame 112 {
;; b0(v1:i64, v2:f64):
;;   charge.depth 112                               @0x1a
;;   charge.fuel 5                                  @0x1a
;;   v5:i32 = fcmp.ne v2, v2                        @0x1c
;;   trapnz.9 v5                                    @0x1c
;;   v7:f64 = fconst 0xc1e0000000200000             @0x1c
;;   v8:i32 = fcmp.gt v2, v7                        @0x1c
;;   trapz.8 v8                                     @0x1c
;;   v10:f64 = fconst 0x41e0000000000000            @0x1c
;;   v11:i32 = fcmp.lt v2, v10                      @0x1c
;;   trapz.8 v11                                    @0x1c
;;   v13:i32 = fcvt_s v2                            @0x1c
;;   v14:i64 = fcvt_u v2                            @0x1f
;;   refund.depth 112                               @0x21
;;   ret v13, v14                                   @0x21
;; }

;; run: disas --ir build
;; truncations of f32
(module (func (param f32) (result i32 i64) (i32.trunc_f32_u (local.get 0)) (i64.trunc_f32_s (local.get 0))))
;; expect
;; function 0 after build
;; func "f0" 0 (i64, f32) -> (i32, i64) frame 112 {
;; b0(v1:i64, v2:f32):
;;   charge.depth 112                               @0x1a
;;   charge.fuel 5                                  @0x1a
;;   v5:i32 = fcmp.ne v2, v2                        @0x1c
;;   trapnz.9 v5                                    @0x1c
;;   v7:f32 = fconst 0xbf800000                     @0x1c
;;   v8:i32 = fcmp.gt v2, v7                        @0x1c
;;   trapz.8 v8                                     @0x1c
;;   v10:f32 = fconst 0x4f800000                    @0x1c
;;   v11:i32 = fcmp.lt v2, v10                      @0x1c
;;   trapz.8 v11                                    @0x1c
;;   v13:i32 = fcvt_u v2                            @0x1c
;;   v14:i32 = fcmp.ne v2, v2                       @0x1f
;;   trapnz.9 v14                                   @0x1f
;;   v16:f32 = fconst 0xdf000000                    @0x1f
;;   v17:i32 = fcmp.ge v2, v16                      @0x1f
;;   trapz.8 v17                                    @0x1f
;;   v19:f32 = fconst 0x5f000000                    @0x1f
;;   v20:i32 = fcmp.lt v2, v19                      @0x1f
;;   trapz.8 v20                                    @0x1f
;;   v22:i64 = fcvt_s v2                            @0x1f
;;   refund.depth 112                               @0x20
;;   ret v13, v22                                   @0x20
;; }

;; run: disas --ir build
;; float arithmetic is followed by canon, abs and neg are not
(module (func (param f32 f32) (result f32 f32 f32) (f32.add (local.get 0) (local.get 1)) (f32.abs (local.get 0)) (f32.copysign (local.get 0) (local.get 1))))
;; expect
;; function 0 after build
;; func "f0" 0 (i64, f32, f32) -> (f32, f32, f32) frame 160 {
;; b0(v1:i64, v2:f32, v3:f32):
;;   charge.depth 160                               @0x1c
;;   charge.fuel 9                                  @0x1c
;;   v6:f32 = fadd v2, v3                           @0x20
;;   v7:f32 = fcanon v6                             @0x20
;;   v8:f32 = fabs v2                               @0x23
;;   v9:f32 = fcopysign v2, v3                      @0x28
;;   refund.depth 160                               @0x29
;;   ret v7, v8, v9                                 @0x29
;; }

;; run: disas --ir build
;; comparisons, conversions, extensions
(module (func (param i32 i64 f64) (result i32 i64 i32 f64)
  (i32.lt_u (local.get 0) (i32.const 3)) (i64.extend_i32_s (local.get 0)) (i32.wrap_i64 (i64.extend16_s (local.get 1))) (f64.convert_i64_u (local.get 1))))
;; expect
;; function 0 after build
;; func "f0" 0 (i64, i32, i64, f64) -> (i32, i64, i32, f64) frame 176 {
;; b0(v1:i64, v2:i32, v3:i64, v4:f64):
;;   charge.depth 176                               @0x1e
;;   charge.fuel 11                                 @0x1e
;;   v7:i32 = iconst 3                              @0x20
;;   v8:i32 = icmp.ult v2, v7                       @0x22
;;   v9:i64 = sext v2                               @0x25
;;   v10:i64 = sext16 v3                            @0x28
;;   v11:i32 = wrap v10                             @0x29
;;   v12:f64 = icvt_u v3                            @0x2c
;;   refund.depth 176                               @0x2d
;;   ret v8, v9, v11, v12                           @0x2d
;; }

;; run: disas --ir build
;; globals: mutable, immutable, imported
(module (import "m" "g" (global $g (mut i64))) (global $c i32 (i32.const 7)) (global $m (mut f32) (f32.const 1))
  (func (result i32 f32) (global.set $g (i64.add (global.get $g) (i64.const 1))) (global.set $m (f32.const 2)) (global.get $c) (global.get $m)))
;; expect
;; function 0 after build
;; func "f0" 0 (i64) -> (i32, f32) frame 96 {
;; b0(v1:i64):
;;   charge.depth 96                                @0x33
;;   charge.fuel 9                                  @0x33
;;   v4:i64 = load.64 v1+192 const context          @0x33
;;   v5:i64 = load.64 v4 context                    @0x33
;;   v6:i64 = iconst 1                              @0x35
;;   v7:i64 = iadd v5, v6                           @0x37
;;   v8:i64 = load.64 v1+192 const context          @0x38
;;   store.64 v8, v7 context                        @0x38
;;   v10:f32 = fconst 0x40000000                    @0x3a
;;   store.f32 v1+160, v10 context                  @0x3f
;;   v12:i32 = load.32 v1+128 const context         @0x41
;;   v13:f32 = load.f32 v1+160 context              @0x43
;;   refund.depth 96                                @0x45
;;   ret v12, v13                                   @0x45
;; }

;; run: disas --ir build
;; lanes
(module (func (param v128 i32) (result v128 i32)
  (i32x4.replace_lane 2 (i32x4.add (local.get 0) (i32x4.splat (local.get 1))) (local.get 1))
  (i8x16.extract_lane_s 3 (local.get 0))))
;; expect
;; function 0 after build
;; func "f0" 0 (i64, v128, i32) -> (v128, i32) frame 128 {
;; b0(v1:i64, v2:v128, v3:i32):
;;   charge.depth 128                               @0x1b
;;   charge.fuel 9                                  @0x1b
;;   v6:v128 = vsplat.i32x4.splat v3                @0x1f
;;   v7:v128 = vbinary.i32x4.add v2, v6             @0x21
;;   v8:v128 = vreplace.i32x4.replace_lane v7, v3 2 @0x26
;;   v9:i32 = vextract.i8x16.extract_lane_s v2 3    @0x2b
;;   refund.depth 128                               @0x2e
;;   ret v8, v9                                     @0x2e
;; }
