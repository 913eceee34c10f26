;; run: run --leg x64:O0,callconv=tail --invoke go %s i32:100000
;; run: run --leg x64:O1,callconv=state --invoke go %s i32:100000
;; run: run --leg x64:O1,callconv=tail --invoke go %s i32:100000
;; run: run --leg x64:O2,callconv=tail --invoke go %s i32:100000
;; run: run --leg a64:O0,callconv=tail --invoke go %s i32:100000
;; run: run --leg a64:O1,callconv=state --invoke go %s i32:100000
;; run: run --leg a64:O1,callconv=tail --invoke go %s i32:100000
;; run: run --leg a64:O2,callconv=tail --invoke go %s i32:100000
;; run: run --leg interp --invoke go %s i32:100000
;; run: run --leg x64:O1,stack=limit,regs=hostile,vmctx=pinned,callconv=tail --invoke go %s i32:100000
;; run: run --leg a64:O2,stack=limit,regs=hostile,vmctx=pinned,callconv=tail --invoke go %s i32:100000
;; run: run --leg x64:O2,mix=3,callconv=tail --invoke go %s i32:100000
;; run: run --leg a64:O1,mix=7,callconv=tail --invoke go %s i32:100000
;; run: run --leg x64:O0,callconv=tail --invoke r %s i32:100
;; run: run --leg x64:O1,callconv=state --invoke r %s i32:100
;; run: run --leg x64:O1,callconv=tail --invoke r %s i32:100
;; run: run --leg x64:O2,callconv=tail --invoke r %s i32:100
;; run: run --leg a64:O0,callconv=tail --invoke r %s i32:100
;; run: run --leg a64:O1,callconv=state --invoke r %s i32:100
;; run: run --leg a64:O1,callconv=tail --invoke r %s i32:100
;; run: run --leg a64:O2,callconv=tail --invoke r %s i32:100
;; run: run --leg interp --invoke r %s i32:100
;; run: run --leg x64:O1,stack=limit,regs=hostile,vmctx=pinned,callconv=tail --invoke r %s i32:100
;; run: run --leg a64:O2,stack=limit,regs=hostile,vmctx=pinned,callconv=tail --invoke r %s i32:100
;; run: run --leg x64:O2,mix=3,callconv=tail --invoke r %s i32:100
;; run: run --leg a64:O1,mix=7,callconv=tail --invoke r %s i32:100
;; tail calls among functions with 1, 25 and 46 parameters, 100,000 deep; a recursion with many parameters, and its backtrace
(module (global $h (mut i32) (i32.const 0))
  (type $s (func (param i32) (result i32 i64 f32 i32 i32 i32)))
  (type $m (func (param i32 i64 f32 i32 f64 v128 i64 f32 i32 f64 v128 i64 f32 i32 f64 v128 i64 f32 i32 f64 v128 i64 f32 i32 f64) (result i32 i64 f32 i32 i32 i32)))
  (type $l (func (param i32 f32 f64 i64 i32 v128 f32 f64 i64 i32 v128 f32 f64 i64 i32 v128 f32 f64 i64 i32 v128 f32 f64 i64 i32 v128 f32 f64 i64 i32 v128 f32 f64 i64 i32 v128 f32 f64 i64 i32 v128 f32 f64 i64 i32 v128) (result i32 i64 f32 i32 i32 i32)))
  (table 3 3 funcref) (elem (i32.const 0) $small $middle $large)
  (func $small (type $s)
    (if (i32.eqz (local.get 0)) (then (return (local.get 0) (i64.const 5) (f32.const 2) (global.get $h) (i32.const 8) (i32.const 9))))
    (return_call $middle (i32.sub (local.get 0) (i32.const 1)) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 1000003)) (f32.const 2.5) (i32.add (local.get 0) (i32.const 3)) (f64.const 4.5) (v128.const i32x4 5 2 3 12) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 6000018)) (f32.const 7.5) (i32.add (local.get 0) (i32.const 8)) (f64.const 9.5) (v128.const i32x4 10 2 3 17) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 11000033)) (f32.const 12.5) (i32.add (local.get 0) (i32.const 13)) (f64.const 14.5) (v128.const i32x4 15 2 3 22) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 16000048)) (f32.const 17.5) (i32.add (local.get 0) (i32.const 18)) (f64.const 19.5) (v128.const i32x4 20 2 3 27) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 21000063)) (f32.const 22.5) (i32.add (local.get 0) (i32.const 23)) (f64.const 24.5)))
  (func $middle (type $m)
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.wrap_i64 (local.get 1))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.reinterpret_f32 (local.get 2))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (local.get 3)))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.wrap_i64 (i64.reinterpret_f64 (local.get 4)))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32x4.extract_lane 3 (local.get 5))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.wrap_i64 (local.get 6))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.reinterpret_f32 (local.get 7))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (local.get 8)))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.wrap_i64 (i64.reinterpret_f64 (local.get 9)))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32x4.extract_lane 3 (local.get 10))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.wrap_i64 (local.get 11))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.reinterpret_f32 (local.get 12))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (local.get 13)))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.wrap_i64 (i64.reinterpret_f64 (local.get 14)))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32x4.extract_lane 3 (local.get 15))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.wrap_i64 (local.get 16))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.reinterpret_f32 (local.get 17))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (local.get 18)))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.wrap_i64 (i64.reinterpret_f64 (local.get 19)))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32x4.extract_lane 3 (local.get 20))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.wrap_i64 (local.get 21))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.reinterpret_f32 (local.get 22))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (local.get 23)))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.wrap_i64 (i64.reinterpret_f64 (local.get 24)))))
    (if (i32.eqz (local.get 0)) (then (return (local.get 0) (i64.const 5) (f32.const 2) (global.get $h) (i32.const 8) (i32.const 9))))
    (if (i32.and (local.get 0) (i32.const 2))
      (then (return_call_indirect (type $l) (i32.sub (local.get 0) (i32.const 1)) (f32.const 1.5) (f64.const 2.5) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 3000009)) (i32.add (local.get 0) (i32.const 4)) (v128.const i32x4 5 2 3 12) (f32.const 6.5) (f64.const 7.5) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 8000024)) (i32.add (local.get 0) (i32.const 9)) (v128.const i32x4 10 2 3 17) (f32.const 11.5) (f64.const 12.5) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 13000039)) (i32.add (local.get 0) (i32.const 14)) (v128.const i32x4 15 2 3 22) (f32.const 16.5) (f64.const 17.5) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 18000054)) (i32.add (local.get 0) (i32.const 19)) (v128.const i32x4 20 2 3 27) (f32.const 21.5) (f64.const 22.5) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 23000069)) (i32.add (local.get 0) (i32.const 24)) (v128.const i32x4 25 2 3 32) (f32.const 26.5) (f64.const 27.5) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 28000084)) (i32.add (local.get 0) (i32.const 29)) (v128.const i32x4 30 2 3 37) (f32.const 31.5) (f64.const 32.5) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 33000099)) (i32.add (local.get 0) (i32.const 34)) (v128.const i32x4 35 2 3 42) (f32.const 36.5) (f64.const 37.5) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 38000114)) (i32.add (local.get 0) (i32.const 39)) (v128.const i32x4 40 2 3 47) (f32.const 41.5) (f64.const 42.5) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 43000129)) (i32.add (local.get 0) (i32.const 44)) (v128.const i32x4 45 2 3 52) (i32.const 2))))
    (return_call $small (i32.sub (local.get 0) (i32.const 1))))
  (func $large (type $l)
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.reinterpret_f32 (local.get 1))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.wrap_i64 (i64.reinterpret_f64 (local.get 2)))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.wrap_i64 (local.get 3))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (local.get 4)))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32x4.extract_lane 3 (local.get 5))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.reinterpret_f32 (local.get 6))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.wrap_i64 (i64.reinterpret_f64 (local.get 7)))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.wrap_i64 (local.get 8))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (local.get 9)))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32x4.extract_lane 3 (local.get 10))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.reinterpret_f32 (local.get 11))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.wrap_i64 (i64.reinterpret_f64 (local.get 12)))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.wrap_i64 (local.get 13))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (local.get 14)))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32x4.extract_lane 3 (local.get 15))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.reinterpret_f32 (local.get 16))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.wrap_i64 (i64.reinterpret_f64 (local.get 17)))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.wrap_i64 (local.get 18))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (local.get 19)))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32x4.extract_lane 3 (local.get 20))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.reinterpret_f32 (local.get 21))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.wrap_i64 (i64.reinterpret_f64 (local.get 22)))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.wrap_i64 (local.get 23))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (local.get 24)))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32x4.extract_lane 3 (local.get 25))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.reinterpret_f32 (local.get 26))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.wrap_i64 (i64.reinterpret_f64 (local.get 27)))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.wrap_i64 (local.get 28))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (local.get 29)))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32x4.extract_lane 3 (local.get 30))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.reinterpret_f32 (local.get 31))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.wrap_i64 (i64.reinterpret_f64 (local.get 32)))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.wrap_i64 (local.get 33))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (local.get 34)))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32x4.extract_lane 3 (local.get 35))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.reinterpret_f32 (local.get 36))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.wrap_i64 (i64.reinterpret_f64 (local.get 37)))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.wrap_i64 (local.get 38))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (local.get 39)))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32x4.extract_lane 3 (local.get 40))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.reinterpret_f32 (local.get 41))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.wrap_i64 (i64.reinterpret_f64 (local.get 42)))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.wrap_i64 (local.get 43))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (local.get 44)))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32x4.extract_lane 3 (local.get 45))))
    (if (i32.eqz (local.get 0)) (then (return (local.get 0) (i64.const 5) (f32.const 2) (global.get $h) (i32.const 8) (i32.const 9))))
    (if (i32.and (local.get 0) (i32.const 1)) (then (return_call_indirect (type $s) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0))))
    (return_call $middle (i32.sub (local.get 0) (i32.const 1)) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 1000003)) (f32.const 2.5) (i32.add (local.get 0) (i32.const 3)) (f64.const 4.5) (v128.const i32x4 5 2 3 12) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 6000018)) (f32.const 7.5) (i32.add (local.get 0) (i32.const 8)) (f64.const 9.5) (v128.const i32x4 10 2 3 17) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 11000033)) (f32.const 12.5) (i32.add (local.get 0) (i32.const 13)) (f64.const 14.5) (v128.const i32x4 15 2 3 22) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 16000048)) (f32.const 17.5) (i32.add (local.get 0) (i32.const 18)) (f64.const 19.5) (v128.const i32x4 20 2 3 27) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 21000063)) (f32.const 22.5) (i32.add (local.get 0) (i32.const 23)) (f64.const 24.5)))
  (func (export "go") (param i32) (result i32 i64 f32 i32 i32 i32) (local i64)
    (local.set 1 (i64.const 77))
    (call $middle (local.get 0) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 1000003)) (f32.const 2.5) (i32.add (local.get 0) (i32.const 3)) (f64.const 4.5) (v128.const i32x4 5 2 3 12) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 6000018)) (f32.const 7.5) (i32.add (local.get 0) (i32.const 8)) (f64.const 9.5) (v128.const i32x4 10 2 3 17) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 11000033)) (f32.const 12.5) (i32.add (local.get 0) (i32.const 13)) (f64.const 14.5) (v128.const i32x4 15 2 3 22) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 16000048)) (f32.const 17.5) (i32.add (local.get 0) (i32.const 18)) (f64.const 19.5) (v128.const i32x4 20 2 3 27) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 21000063)) (f32.const 22.5) (i32.add (local.get 0) (i32.const 23)) (f64.const 24.5))
    drop drop (i32.add (i32.wrap_i64 (local.get 1)))
    (call $large (i32.const 3) (f32.const 1.5) (f64.const 2.5) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 3000009)) (i32.add (local.get 0) (i32.const 4)) (v128.const i32x4 5 2 3 12) (f32.const 6.5) (f64.const 7.5) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 8000024)) (i32.add (local.get 0) (i32.const 9)) (v128.const i32x4 10 2 3 17) (f32.const 11.5) (f64.const 12.5) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 13000039)) (i32.add (local.get 0) (i32.const 14)) (v128.const i32x4 15 2 3 22) (f32.const 16.5) (f64.const 17.5) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 18000054)) (i32.add (local.get 0) (i32.const 19)) (v128.const i32x4 20 2 3 27) (f32.const 21.5) (f64.const 22.5) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 23000069)) (i32.add (local.get 0) (i32.const 24)) (v128.const i32x4 25 2 3 32) (f32.const 26.5) (f64.const 27.5) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 28000084)) (i32.add (local.get 0) (i32.const 29)) (v128.const i32x4 30 2 3 37) (f32.const 31.5) (f64.const 32.5) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 33000099)) (i32.add (local.get 0) (i32.const 34)) (v128.const i32x4 35 2 3 42) (f32.const 36.5) (f64.const 37.5) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 38000114)) (i32.add (local.get 0) (i32.const 39)) (v128.const i32x4 40 2 3 47) (f32.const 41.5) (f64.const 42.5) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 43000129)) (i32.add (local.get 0) (i32.const 44)) (v128.const i32x4 45 2 3 52))
    drop drop drop drop drop drop
    (i32.add (i32.wrap_i64 (local.get 1))) (i32.const 1) (i32.const 1))
  (func $rec (param i32 i64 f32 i32 f64 v128 i64 f32 i32 f64 v128 i64 f32 i32 f64 v128 i64 f32 i32 f64 v128 i64 f32 i32 f64) (result i32)
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.wrap_i64 (local.get 1))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.reinterpret_f32 (local.get 2))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (local.get 3)))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.wrap_i64 (i64.reinterpret_f64 (local.get 4)))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32x4.extract_lane 3 (local.get 5))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.wrap_i64 (local.get 6))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.reinterpret_f32 (local.get 7))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (local.get 8)))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.wrap_i64 (i64.reinterpret_f64 (local.get 9)))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32x4.extract_lane 3 (local.get 10))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.wrap_i64 (local.get 11))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.reinterpret_f32 (local.get 12))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (local.get 13)))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.wrap_i64 (i64.reinterpret_f64 (local.get 14)))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32x4.extract_lane 3 (local.get 15))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.wrap_i64 (local.get 16))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.reinterpret_f32 (local.get 17))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (local.get 18)))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.wrap_i64 (i64.reinterpret_f64 (local.get 19)))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32x4.extract_lane 3 (local.get 20))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.wrap_i64 (local.get 21))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.reinterpret_f32 (local.get 22))))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (local.get 23)))
    (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (i32.wrap_i64 (i64.reinterpret_f64 (local.get 24)))))
    (if (result i32) (i32.eqz (local.get 0))
      (then (i32.div_u (i32.const 1) (local.get 0)))
      (else (i32.add (call $rec (i32.sub (local.get 0) (i32.const 1)) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 1000003)) (f32.const 2.5) (i32.add (local.get 0) (i32.const 3)) (f64.const 4.5) (v128.const i32x4 5 2 3 12) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 6000018)) (f32.const 7.5) (i32.add (local.get 0) (i32.const 8)) (f64.const 9.5) (v128.const i32x4 10 2 3 17) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 11000033)) (f32.const 12.5) (i32.add (local.get 0) (i32.const 13)) (f64.const 14.5) (v128.const i32x4 15 2 3 22) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 16000048)) (f32.const 17.5) (i32.add (local.get 0) (i32.const 18)) (f64.const 19.5) (v128.const i32x4 20 2 3 27) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 21000063)) (f32.const 22.5) (i32.add (local.get 0) (i32.const 23)) (f64.const 24.5)) (i32.add (local.get 0) (i32.wrap_i64 (local.get 21)))))))
  (func (export "r") (param i32) (result i32) (call $rec (local.get 0) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 1000003)) (f32.const 2.5) (i32.add (local.get 0) (i32.const 3)) (f64.const 4.5) (v128.const i32x4 5 2 3 12) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 6000018)) (f32.const 7.5) (i32.add (local.get 0) (i32.const 8)) (f64.const 9.5) (v128.const i32x4 10 2 3 17) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 11000033)) (f32.const 12.5) (i32.add (local.get 0) (i32.const 13)) (f64.const 14.5) (v128.const i32x4 15 2 3 22) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 16000048)) (f32.const 17.5) (i32.add (local.get 0) (i32.const 18)) (f64.const 19.5) (v128.const i32x4 20 2 3 27) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 21000063)) (f32.const 22.5) (i32.add (local.get 0) (i32.const 23)) (f64.const 24.5))))
;; expect
;; i32:0 i64:5 f32:2 i32:1922592184 i32:1 i32:1
;; expect
;; i32:0 i64:5 f32:2 i32:1922592184 i32:1 i32:1
;; expect
;; i32:0 i64:5 f32:2 i32:1922592184 i32:1 i32:1
;; expect
;; i32:0 i64:5 f32:2 i32:1922592184 i32:1 i32:1
;; expect
;; i32:0 i64:5 f32:2 i32:1922592184 i32:1 i32:1
;; expect
;; i32:0 i64:5 f32:2 i32:1922592184 i32:1 i32:1
;; expect
;; i32:0 i64:5 f32:2 i32:1922592184 i32:1 i32:1
;; expect
;; i32:0 i64:5 f32:2 i32:1922592184 i32:1 i32:1
;; expect
;; i32:0 i64:5 f32:2 i32:1922592184 i32:1 i32:1
;; expect
;; i32:0 i64:5 f32:2 i32:1922592184 i32:1 i32:1
;; expect
;; i32:0 i64:5 f32:2 i32:1922592184 i32:1 i32:1
;; expect
;; i32:0 i64:5 f32:2 i32:1922592184 i32:1 i32:1
;; expect
;; i32:0 i64:5 f32:2 i32:1922592184 i32:1 i32:1
;; expect
;; trap: integer divide by zero in function 4 (rec) at byte 0xb54
;; expect
;; trap: integer divide by zero in function 4 (rec) at byte 0xb54
;; expect
;; trap: integer divide by zero in function 4 (rec) at byte 0xb54
;; expect
;; trap: integer divide by zero in function 4 (rec) at byte 0xb54
;; expect
;; trap: integer divide by zero in function 4 (rec) at byte 0xb54
;; expect
;; trap: integer divide by zero in function 4 (rec) at byte 0xb54
;; expect
;; trap: integer divide by zero in function 4 (rec) at byte 0xb54
;; expect
;; trap: integer divide by zero in function 4 (rec) at byte 0xb54
;; expect
;; trap: integer divide by zero in function 4 (rec) at byte 0xb54
;; expect
;; trap: integer divide by zero in function 4 (rec) at byte 0xb54
;; expect
;; trap: integer divide by zero in function 4 (rec) at byte 0xb54
;; expect
;; trap: integer divide by zero in function 4 (rec) at byte 0xb54
;; expect
;; trap: integer divide by zero in function 4 (rec) at byte 0xb54

;; run: run --leg %l --invoke run %s i64:300
;; run: run --leg %l --invoke run %s i64:1000000
;; legs: interp x64:O0,callconv=fast x64:O1,callconv=fast x64:O2,callconv=fast x64:O2,callconv=tail x64:O1,callconv=fast,regs=hostile,vmctx=pinned,stack=limit x64:O1,callconv=fast,mix=3 a64:O0,callconv=fast a64:O1,callconv=fast a64:O2,callconv=fast a64:O1,callconv=fast,regs=hostile,vmctx=pinned,stack=limit a64:O1,callconv=fast,mix=3
;; internal functions with more arguments than registers, calling each other and themselves, and others that tail calls, an
;; export, a table and a start function keep from being internal; then to the end of the depth
(module
  (type $t (func (param i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 f64) (result i64)))
  (table 1 funcref) (elem (i32.const 0) $indirect)
  (global $started (mut i64) (i64.const 0))
  (start $begin)
  (func $begin (global.set $started (call $many (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4) (i64.const 5)
    (i64.const 6) (i64.const 7) (i64.const 8) (i64.const 9) (i64.const 10) (i64.const 11) (f64.const 0))))
  (func $many (type $t) (i64.add (local.get 0) (i64.mul (local.get 9) (i64.sub (local.get 10) (local.get 6)))))
  (func $indirect (type $t) (i64.xor (local.get 10) (call $many (local.get 10) (local.get 9) (local.get 8) (local.get 7)
    (local.get 6) (local.get 5) (local.get 4) (local.get 3) (local.get 2) (local.get 1) (local.get 0) (local.get 11))))
  (func $tails (type $t) (return_call $tailed (local.get 8) (local.get 9) (local.get 10)))
  (func $tailed (param i64 i64 i64) (result i64) (i64.sub (local.get 2) (i64.rotl (local.get 1) (local.get 0))))
  (func $through (param $f i32) (param i64 i64 i64) (result i64)
    (if (result i64) (local.get 0)
      (then (call $tails (local.get 1) (local.get 2) (local.get 3) (local.get 1) (local.get 2) (local.get 3) (local.get 1)
        (local.get 2) (local.get 3) (local.get 1) (local.get 2) (f64.const 1)))
      (else (call_indirect (type $t) (local.get 1) (local.get 2) (local.get 3) (local.get 1) (local.get 2) (local.get 3)
        (local.get 1) (local.get 2) (local.get 3) (local.get 1) (local.get 2) (f64.const 1) (i32.const 0)))))
  (func $rec (param $n i64) (param i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64) (result i64)
    (if (result i64) (i64.eqz (local.get 0))
      (then (i64.add (local.get 12) (local.get 8)))
      (else (i64.add
        (i64.xor (call $through (i32.wrap_i64 (i64.and (local.get 0) (i64.const 1))) (local.get 12) (local.get 5) (local.get 9))
          (call $rec (i64.sub (local.get 0) (i64.const 1)) (local.get 2) (local.get 3) (local.get 4) (local.get 5) (local.get 6)
            (local.get 7) (local.get 8) (local.get 9) (local.get 10) (local.get 11) (local.get 12) (local.get 1)))
        (call $many (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4) (i64.const 5) (i64.const 6) (local.get 7)
          (i64.const 8) (i64.const 9) (local.get 10) (local.get 11) (f64.const 0))))))
  (func (export "run") (param i64) (result i64)
    (i64.add (global.get $started) (call $rec (local.get 0) (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4) (i64.const 5)
      (i64.const 6) (i64.const 7) (i64.const 8) (i64.const 9) (i64.const 10) (i64.const 11) (i64.const 12)))))
;; expect
;; i64:-12635
;; expect
;; trap: call stack exhausted in function 5 (through) at byte 0xe1
