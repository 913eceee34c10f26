;; run: run --leg %l --invoke f %s i32:1 i64:2 i32:3 i64:4 i32:5 i64:6 i32:7 i64:8 i32:9 f32:10 f64:11 f32:12 f64:13 f32:14 f64:15 f32:16 f64:17 f32:18 f64:19
;; legs: interp x64:O0 x64:O1,vmctx=pinned x64:O2,callconv=tail x64:O1,verify=on a64:O0 a64:O1,vmctx=pinned a64:O2,callconv=tail a64:O1,verify=on
;; the host passes more than there are registers of either kind, and gets more back
(module
  (func (export "f")
    (param i32 i64 i32 i64 i32 i64 i32 i64 i32 f32 f64 f32 f64 f32 f64 f32 f64 f32 f64)
    (result i64 f64 i32 f32 i64 f64 i32 f32 i64 f64 i32 f32)
    (local.get 7) (local.get 18) (local.get 8) (local.get 17) (local.get 5) (local.get 16)
    (local.get 6) (local.get 15) (local.get 1) (local.get 10) (local.get 0) (local.get 9)))
;; expect
;; i64:8 f64:19 i32:9 f32:18 i64:6 f64:17 i32:7 f32:16 i64:2 f64:11 i32:1 f32:10

;; run: run --leg %l --invoke f %s i32:-1 f32:-1.5 i64:-2 f64:-2.5 i32:-3 f32:-3.5
;; legs: interp x64:O0 x64:O1,vmctx=pinned x64:O2,callconv=tail x64:O1,verify=on a64:O0 a64:O1,vmctx=pinned a64:O2,callconv=tail a64:O1,verify=on
;; all in registers; what is above an i32 or f32 in one is nobody's
(module
  (func (export "f") (param i32 f32 i64 f64 i32 f32) (result i32 f32 i64 f64)
    (i32.wrap_i64 (i64.sub (i64.extend_i32_u (local.get 0)) (i64.shl (local.get 2) (i64.const 32))))
    (f32.demote_f64 (f64.add (f64.promote_f32 (local.get 5)) (local.get 3)))
    (i64.add (local.get 2) (i64.extend_i32_s (local.get 4)))
    (f64.add (local.get 3) (f64.promote_f32 (local.get 1)))))
;; expect
;; i32:-1 f32:-6 i64:-5 f64:-4
