;; run: run --leg %l
;; unreachable
(module (func (export "f") (unreachable)))
;; expect
;; 0: f() = trap: unreachable in function 0 at byte 0x1e

;; run: run --leg %l
;; division by zero and overflow
(module (func (export "div") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1))) (func (export "rem") (param i64 i64) (result i64) (i64.rem_s (local.get 0) (local.get 1))))
;; expect
;; 0: div(i32:0 i32:0) = trap: integer divide by zero in function 0 at byte 0x34
;; 1: div(i32:1 i32:1) = i32:1
;; 2: div(i32:-1 i32:-2147483648) = i32:0
;; 3: div(i32:-1 i32:65535) = i32:0
;; 4: div(i32:0 i32:-1) = i32:0
;; 5: div(i32:31 i32:1) = i32:31
;; 6: rem(i64:0 i64:0) = trap: integer divide by zero in function 1 at byte 0x3c
;; 7: rem(i64:1 i64:1) = i64:0
;; 8: rem(i64:1000 i64:2) = i64:0
;; 9: rem(i64:-1 i64:1) = i64:0
;; 10: rem(i64:4294967296 i64:9223372036854775807) = i64:4294967296
;; 11: rem(i64:-9223372036854775808 i64:4294967296) = i64:0

;; run: run --leg %l
;; truncation
(module (func (export "s") (param f32) (result i32) (i32.trunc_f32_s (local.get 0))) (func (export "u") (param f64) (result i64) (i64.trunc_f64_u (local.get 0))))
;; expect
;; 0: s(f32:0) = i32:0
;; 1: s(f32:1) = i32:1
;; 2: s(f32:-0) = i32:0
;; 3: s(f32:-0) = i32:0
;; 4: s(f32:0) = i32:0
;; 5: s(f32:nan:0x200001) = trap: invalid conversion to integer in function 0 at byte 0x2c
;; 6: u(f64:0) = i64:0
;; 7: u(f64:1) = i64:1
;; 8: u(f64:-1) = trap: integer overflow in function 1 at byte 0x32
;; 9: u(f64:-0) = i64:0
;; 10: u(f64:1.7976931348623157e+308) = trap: integer overflow in function 1 at byte 0x32
;; 11: u(f64:inf) = trap: integer overflow in function 1 at byte 0x32

;; run: run --leg %l
;; memory bounds: the last bytes, behind them, and across
(module (memory 1) (func (export "last") (result i64) (i64.load (i32.const 65528))) (func (export "across") (result i64) (i64.load (i32.const 65529))) (func (export "far") (result i32) (i32.load8_u offset=4294967295 (i32.const 1))))
;; expect
;; 0: last() = i64:0
;; 1: across() = trap: out of bounds memory access in function 1 at byte 0x4a
;; 2: far() = trap: out of bounds memory access in function 2 at byte 0x52

;; run: run --leg %l
;; a store that crosses the end writes nothing
(module (memory 1) (func (export "store") (i64.store (i32.const 65532) (i64.const -1))) (func (export "look") (result i64) (i64.load (i32.const 65528))))
;; expect
;; 0: store() = trap: out of bounds memory access in function 0 at byte 0x39
;; 1: look() = i64:0

;; run: run --leg %l
;; a vector store that crosses the end writes nothing
(module (memory 1) (func (export "store") (v128.store (i32.const 65524) (v128.const i64x2 -1 -1))) (func (export "look") (result v128) (v128.load (i32.const 65520))))
;; expect
;; 0: store() = trap: out of bounds memory access in function 0 at byte 0x49
;; 1: look() = v128:0x00000000000000000000000000000000

;; run: run --leg %l
;; table bounds, null, signature
(module (type $t (func (result i32))) (table funcref (elem $f $g)) (table $n 2 funcref)
  (func $f (result i32) (i32.const 7)) (func $g (param i32))
  (func (export "call") (param i32) (result i32) (call_indirect (type $t) (local.get 0)))
  (func (export "null") (result i32) (call_indirect $n (type $t) (i32.const 1)))
  (func (export "get") (param i32) (result i32) (ref.is_null (table.get $n (local.get 0)))))
;; expect
;; 0: call(i32:0) = i32:7
;; 1: call(i32:1) = trap: indirect call type mismatch in function 2 at byte 0x5a
;; 2: call(i32:65535) = trap: undefined element in function 2 at byte 0x5a
;; 3: call(i32:0) = i32:7
;; 4: call(i32:-1) = trap: undefined element in function 2 at byte 0x5a
;; 5: call(i32:1) = trap: indirect call type mismatch in function 2 at byte 0x5a
;; 6: null() = trap: uninitialized element in function 3 at byte 0x62
;; 7: get(i32:0) = i32:1
;; 8: get(i32:1) = i32:1
;; 9: get(i32:0) = i32:1
;; 10: get(i32:31) = trap: out of bounds table access in function 4 at byte 0x6a
;; 11: get(i32:2) = trap: out of bounds table access in function 4 at byte 0x6a
;; 12: get(i32:7) = trap: out of bounds table access in function 4 at byte 0x6a

;; run: run --leg %l
;; the call depth is used up
(module (func $f (export "f") (param i64) (result i64) (i64.add (call $f (local.get 0)) (i64.const 1))))
;; expect
;; 0: f(i64:0) = trap: call stack exhausted in function 0 (f) at byte 0x20
;; 1: f(i64:1) = trap: call stack exhausted in function 0 (f) at byte 0x20
;; 2: f(i64:-1) = trap: call stack exhausted in function 0 (f) at byte 0x20
;; 3: f(i64:-1) = trap: call stack exhausted in function 0 (f) at byte 0x20
;; 4: f(i64:0) = trap: call stack exhausted in function 0 (f) at byte 0x20
;; 5: f(i64:2147483648) = trap: call stack exhausted in function 0 (f) at byte 0x20

;; run: run --leg %l --fuel 1000
;; fuel is used up, and what was done before stays
(module (global $g (mut i32) (i32.const 0)) (func (export "spin") (loop (global.set $g (i32.add (global.get $g) (i32.const 1))) (br 0))) (func (export "count") (result i32) (global.get $g)))
;; expect
;; 0: spin() = trap: all fuel consumed in function 0 at byte 0x36
;; 1: count() = i32:166

;; run: run --leg %l
;; bulk operations check before they write
(module (memory 1) (data "abcdef") (func (export "fill") (memory.fill (i32.const 65530) (i32.const 1) (i32.const 10))) (func (export "init") (memory.init 0 (i32.const 0) (i32.const 4) (i32.const 3))) (func (export "look") (result i64) (i64.or (i64.load (i32.const 65528)) (i64.load (i32.const 0)))))
;; expect
;; 0: fill() = trap: out of bounds memory access in function 0 at byte 0x45
;; 1: init() = trap: out of bounds memory access in function 1 at byte 0x51
;; 2: look() = i64:0

;; run: run --leg %l
;; start traps
(module (func $s (unreachable)) (start $s) (func (export "f")))
;; expect
;; instantiation: trap: unreachable in function 0 (s) at byte 0x22

;; run: run --leg %l
;; a data segment out of bounds
(module (memory 1) (data (i32.const 65535) "ab") (func (export "f")))
;; expect
;; instantiation: trap: out of bounds memory access
