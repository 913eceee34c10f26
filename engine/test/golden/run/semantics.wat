;; run: run --leg %l
;; calls: recursion, several results, mutual
(module (func $fac (export "fac") (param i64) (result i64) (if (result i64) (i64.le_s (local.get 0) (i64.const 1)) (then (i64.const 1)) (else (i64.mul (local.get 0) (call $fac (i64.sub (local.get 0) (i64.const 1)))))))
  (func $two (param i32) (result i32 i64) (local.get 0) (i64.const -5))
  (func (export "two") (param i32) (result i64) (local i64) (call $two (local.get 0)) (local.set 1) (i64.add (i64.extend_i32_s) (local.get 1))))
;; expect
;; 0: fac(i64:0) = i64:1
;; 1: fac(i64:1) = i64:1
;; 2: fac(i64:-1) = i64:1
;; 3: fac(i64:-1) = i64:1
;; 4: fac(i64:0) = i64:1
;; 5: fac(i64:2147483648) = trap: call stack exhausted in function 0 (fac) at byte 0x35
;; 6: two(i32:0) = i64:-5
;; 7: two(i32:1) = i64:-4
;; 8: two(i32:65535) = i64:65530
;; 9: two(i32:0) = i64:-5
;; 10: two(i32:-1) = i64:-6
;; 11: two(i32:1) = i64:-4

;; run: run --leg %l --fuel 100000000 --invoke even %s i32:100000
;; tail calls do not use up the depth
(module (func $even (export "even") (param i32) (result i32) (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 1)) (else (return_call $odd (i32.sub (local.get 0) (i32.const 1))))))
  (func $odd (param i32) (result i32) (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0)) (else (return_call $even (i32.sub (local.get 0) (i32.const 1)))))))
;; expect
;; i32:1

;; run: run --leg %l
;; memory and table growth
(module (memory 1 3) (table 1 4 externref) (func (export "grow") (param i32) (result i32 i32) (memory.grow (local.get 0)) (memory.size)) (func (export "table") (param i32) (result i32 i32) (table.grow 0 (ref.null extern) (local.get 0)) (table.size 0)))
;; expect
;; 0: grow(i32:0) = i32:1 i32:1
;; 1: grow(i32:1) = i32:1 i32:2
;; 2: grow(i32:-1) = i32:-1 i32:2
;; 3: grow(i32:-1) = i32:-1 i32:2
;; 4: grow(i32:0) = i32:2 i32:2
;; 5: grow(i32:31) = i32:-1 i32:2
;; 6: table(i32:0) = i32:1 i32:1
;; 7: table(i32:1) = i32:1 i32:2
;; 8: table(i32:100) = i32:-1 i32:2
;; 9: table(i32:-1) = i32:-1 i32:2
;; 10: table(i32:65536) = i32:-1 i32:2
;; 11: table(i32:-2147483648) = i32:-1 i32:2

;; run: run --leg %l
;; globals of all types
(module (global $i (mut i32) (i32.const 1)) (global $l (mut i64) (i64.const 2)) (global $f (mut f32) (f32.const 3)) (global $d (mut f64) (f64.const 4)) (global $v (mut v128) (v128.const i32x4 1 2 3 4))
  (func (export "next") (result i32 i64 f32 f64 v128)
    (global.set $i (i32.mul (global.get $i) (i32.const 3))) (global.set $l (i64.sub (global.get $l) (i64.const 9))) (global.set $f (f32.div (global.get $f) (f32.const 2))) (global.set $d (f64.sqrt (global.get $d))) (global.set $v (i32x4.add (global.get $v) (global.get $v)))
    (global.get $i) (global.get $l) (global.get $f) (global.get $d) (global.get $v)))
;; expect
;; 0: next() = i32:3 i64:-7 f32:1.5 f64:2 v128:0x00000008000000060000000400000002

;; run: run --leg %l
;; br_table
(module (func (export "f") (param i32) (result i32) (block (block (block (block (br_table 0 1 2 0 3 (local.get 0))) (return (i32.const 10))) (return (i32.const 11))) (return (i32.const 12))) (i32.const 13)))
;; expect
;; 0: f(i32:0) = i32:10
;; 1: f(i32:1) = i32:11
;; 2: f(i32:-1) = i32:13
;; 3: f(i32:-1) = i32:13
;; 4: f(i32:0) = i32:10
;; 5: f(i32:31) = i32:13

;; run: run --leg %l
;; NaNs are canonical, but for moves and signs
(module (func (export "div") (param f32 f32) (result i32) (i32.reinterpret_f32 (f32.div (local.get 0) (local.get 1)))) (func (export "neg") (param f64) (result i64) (i64.reinterpret_f64 (f64.neg (local.get 0)))) (func (export "min") (param f64 f64) (result i64) (i64.reinterpret_f64 (f64.min (local.get 0) (local.get 1)))))
;; expect
;; 0: div(f32:0 f32:0) = i32:2143289344
;; 1: div(f32:1 f32:1) = i32:1065353216
;; 2: div(f32:-0 f32:inf) = i32:-2147483648
;; 3: div(f32:-0 f32:2.14748365e+09) = i32:-2147483648
;; 4: div(f32:0 f32:-0) = i32:2143289344
;; 5: div(f32:nan:0x200001 f32:1) = i32:2143289344
;; 6: neg(f64:0) = i64:-9223372036854775808
;; 7: neg(f64:1) = i64:-4616189618054758400
;; 8: neg(f64:-1) = i64:4607182418800017408
;; 9: neg(f64:-0) = i64:0
;; 10: neg(f64:1.7976931348623157e+308) = i64:-4503599627370497
;; 11: neg(f64:inf) = i64:-4503599627370496
;; 12: min(f64:0 f64:0) = i64:0
;; 13: min(f64:1 f64:1) = i64:4607182418800017408
;; 14: min(f64:2147483648 f64:9.2233720368547758e+18) = i64:4746794007248502784
;; 15: min(f64:0 f64:0) = i64:0
;; 16: min(f64:-0 f64:0) = i64:-9223372036854775808
;; 17: min(f64:1 f64:-0) = i64:-9223372036854775808

;; run: run --leg %l
;; conversions at the edges
(module (func (export "sat") (param f64) (result i32 i32 i64 i64) (i32.trunc_sat_f64_s (local.get 0)) (i32.trunc_sat_f64_u (local.get 0)) (i64.trunc_sat_f64_s (local.get 0)) (i64.trunc_sat_f64_u (local.get 0))) (func (export "conv") (param i64) (result f32 f32 f64 f64) (f32.convert_i64_s (local.get 0)) (f32.convert_i64_u (local.get 0)) (f64.convert_i64_s (local.get 0)) (f64.convert_i64_u (local.get 0))))
;; expect
;; 0: sat(f64:0) = i32:0 i32:0 i64:0 i64:0
;; 1: sat(f64:1) = i32:1 i32:1 i64:1 i64:1
;; 2: sat(f64:-0) = i32:0 i32:0 i64:0 i64:0
;; 3: sat(f64:-0) = i32:0 i32:0 i64:0 i64:0
;; 4: sat(f64:0) = i32:0 i32:0 i64:0 i64:0
;; 5: sat(f64:nan:0x4000000000001) = i32:0 i32:0 i64:0 i64:0
;; 6: conv(i64:0) = f32:0 f32:0 f64:0 f64:0
;; 7: conv(i64:1) = f32:1 f32:1 f64:1 f64:1
;; 8: conv(i64:1000) = f32:1000 f32:1000 f64:1000 f64:1000
;; 9: conv(i64:-1) = f32:-1 f32:1.84467441e+19 f64:-1 f64:1.8446744073709552e+19
;; 10: conv(i64:4294967296) = f32:4.2949673e+09 f32:4.2949673e+09 f64:4294967296 f64:4294967296
;; 11: conv(i64:-9223372036854775808) = f32:-9.22337204e+18 f32:9.22337204e+18 f64:-9.2233720368547758e+18 f64:9.2233720368547758e+18

;; run: run --leg %l
;; shifts and rotations by more than the width
(module (func (export "i") (param i32 i32) (result i32 i32 i32 i32 i32) (i32.shl (local.get 0) (local.get 1)) (i32.shr_s (local.get 0) (local.get 1)) (i32.shr_u (local.get 0) (local.get 1)) (i32.rotl (local.get 0) (local.get 1)) (i32.rotr (local.get 0) (local.get 1))))
;; expect
;; 0: i(i32:0 i32:0) = i32:0 i32:0 i32:0 i32:0 i32:0
;; 1: i(i32:1 i32:1) = i32:2 i32:0 i32:0 i32:2 i32:-2147483648
;; 2: i(i32:-1 i32:-2147483648) = i32:-1 i32:-1 i32:-1 i32:-1 i32:-1
;; 3: i(i32:-1 i32:65535) = i32:-2147483648 i32:-1 i32:1 i32:-1 i32:-1
;; 4: i(i32:0 i32:-1) = i32:0 i32:0 i32:0 i32:0 i32:0
;; 5: i(i32:31 i32:1) = i32:62 i32:15 i32:15 i32:62 i32:-2147483633

;; run: run --leg %l
;; lanes: saturation, widening, swizzle
(module (func (export "v") (param v128 v128) (result v128 v128 v128) (i8x16.add_sat_s (local.get 0) (local.get 1)) (i32x4.extmul_low_i16x8_u (local.get 0) (local.get 1)) (i8x16.swizzle (local.get 0) (local.get 1))))
;; expect
;; 0: v(v128:0x00000000000000000000000000000000 v128:0x00000000000000000000000000000000) = v128:0x00000000000000000000000000000000 v128:0x00000000000000000000000000000000 v128:0x00000000000000000000000000000000
;; 1: v(v128:0x00000000000000000000000000000001 v128:0x00000000000000000000000000000001) = v128:0x00000000000000000000000000000002 v128:0x00000000000000000000000000000001 v128:0x01010101010101010101010101010100
;; 2: v(v128:0x0000000000000001ffffffffffffffff v128:0x7fefffffffffffff8000000000000000) = v128:0x7fefffffffffff0080ffffffffffffff v128:0x7fff8000000000000000000000000000 v128:0x000000000000000000ffffffffffffff
;; 3: v(v128:0x8000000000000000ffffffffffffffff v128:0x8000000000000000000000000000003f) = v128:0x8000000000000000ffffffffffffff3e v128:0x000000000000000000000000003effc1 v128:0x00ffffffffffffffffffffffffffff00
;; 4: v(v128:0x7ff00000000000000000000000000000 v128:0x0000000000000000ffffffffffffffff) = v128:0x7ff0000000000000ffffffffffffffff v128:0x00000000000000000000000000000000 v128:0x00000000000000000000000000000000
;; 5: v(v128:0x00000000000000010000000080000000 v128:0x7ff40000000000010000000000000001) = v128:0x7ff40000000000020000000080000001 v128:0x00000000000000000000000000000000 v128:0x00000000000000000000000000000000

;; run: run --leg %l
;; imports that nobody provides log their arguments and return values made from them
(module (import "a" "f" (func $f (param i32 f64) (result i64))) (func (export "g") (param i32) (result i64) (call $f (local.get 0) (f64.const 1.5))))
;; expect
;; 0: g(i32:0) = i64:-2960023888941094295
;; 1: g(i32:1) = i64:-3040587452245267296
;; 2: g(i32:100) = i64:3708664644504056622
;; 3: g(i32:-1) = i64:105463493612258491
;; 4: g(i32:65536) = i64:1720655147046377796
;; 5: g(i32:-2147483648) = i64:-8781035767247654921
