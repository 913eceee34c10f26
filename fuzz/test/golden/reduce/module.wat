;; run: reduce --quiet --out - --pass functions --predicate true
(module (func (export "a") (result i32 f64) (i32.const 1) (f64.const 2)) (func (export "b") (result externref) (ref.null extern)))
;; expect
;; (module
;;   (type (;0;) (func (result i32 f64)))
;;   (type (;1;) (func (result externref)))
;;   (export "a" (func 0))
;;   (export "b" (func 1))
;;   (func (;0;) (type 0) (result i32 f64)
;;     unreachable
;;   )
;;   (func (;1;) (type 1) (result externref)
;;     unreachable
;;   )
;;   ;; custom section "parallax.case", 21 bytes
;; )
;; call a
;; call b
;; fuel 100000000, depth 1048576

;; run: reduce --quiet --out - --pass collect --predicate true
(module (type (func (param f32))) (import "e" "unused" (func (type 0))) (import "e" "used" (func $used)) (memory 1) (table 1 funcref)
  (global i32 (i32.const 1)) (global $g i64 (i64.const 2)) (func $dead (call $dead)) (func (export "a") (result i64) (call $used) (global.get $g)))
;; expect
;; (module
;;   (type (;0;) (func))
;;   (type (;1;) (func (result i64)))
;;   (import "e" "used" (func (;0;) (type 0)))
;;   (global (;0;) i64 i64.const 2)
;;   (export "a" (func 1))
;;   (func (;1;) (type 1) (result i64)
;;     call 0
;;     global.get 0
;;   )
;;   ;; custom section "parallax.case", 18 bytes
;; )
;; call a
;; fuel 100000000, depth 1048576

;; run: reduce --quiet --out - --pass start --predicate true
(module (func $s) (func (export "a")) (start $s))
;; expect
;; (module
;;   (type (;0;) (func))
;;   (export "a" (func 1))
;;   (func (;0;) (type 0)
;;   )
;;   (func (;1;) (type 0)
;;   )
;;   ;; custom section "parallax.case", 18 bytes
;; )
;; call a
;; fuel 100000000, depth 1048576

;; run: reduce --quiet --out - --pass segments --predicate true
(module (memory 1) (table 2 funcref) (func $f (export "a") (memory.init 1 (i32.const 0) (i32.const 0) (i32.const 0)))
  (elem (i32.const 0) $f) (elem funcref (ref.func $f)) (data (i32.const 0) "active") (data "passive"))
;; expect
;; (module
;;   (type (;0;) (func))
;;   (memory (;0;) 1)
;;   (export "a" (func 0))
;;   (func (;0;) (type 0)
;;     i32.const 0
;;     i32.const 0
;;     i32.const 0
;;     memory.init 0
;;   )
;;   (data (;0;))
;;   ;; custom section "parallax.case", 18 bytes
;; )
;; call a
;; fuel 100000000, depth 1048576

;; run: reduce --quiet --out - --pass element-segments --predicate true
(module (table 8 funcref) (func $f (export "a") (drop (table.get 0 (i32.const 0)))) (func $g) (elem (i32.const 2) $f $g $f $g $g))
;; expect
;; (module
;;   (type (;0;) (func))
;;   (table (;0;) 8 funcref)
;;   (export "a" (func 0))
;;   (elem (;0;) (offset i32.const 2) func)
;;   (func (;0;) (type 0)
;;     i32.const 0
;;     table.get 0
;;     drop
;;   )
;;   ;; custom section "parallax.case", 18 bytes
;; )
;; call a
;; fuel 100000000, depth 1048576

;; run: reduce --quiet --out - --pass elements --predicate true
(module (table 8 funcref) (func $f (export "a") (drop (table.get 0 (i32.const 0)))) (func $g) (elem (i32.const 2) $f $g $f))
;; expect
;; (module
;;   (type (;0;) (func))
;;   (table (;0;) 8 funcref)
;;   (export "a" (func 0))
;;   (elem (;0;) (offset i32.const 2) func 0 0 0)
;;   (func (;0;) (type 0)
;;     i32.const 0
;;     table.get 0
;;     drop
;;   )
;;   ;; custom section "parallax.case", 18 bytes
;; )
;; call a
;; fuel 100000000, depth 1048576

;; run: reduce --quiet --out - --pass data --predicate true
(module (memory 1) (func (export "a") (result i32) (i32.load (i32.const 0))) (data (i32.const 16) "0123456789"))
;; expect
;; (module
;;   (type (;0;) (func (result i32)))
;;   (memory (;0;) 1)
;;   (export "a" (func 0))
;;   (func (;0;) (type 0) (result i32)
;;     i32.const 0
;;     i32.load
;;   )
;;   (data (;0;) (offset i32.const 16))
;;   ;; custom section "parallax.case", 18 bytes
;; )
;; call a
;; fuel 100000000, depth 1048576

;; run: reduce --quiet --out - --pass zeros --predicate true
(module (memory 1) (func (export "a") (result i32) (i32.load (i32.const 0))) (data (i32.const 16) "0123456789"))
;; expect
;; (module
;;   (type (;0;) (func (result i32)))
;;   (memory (;0;) 1)
;;   (export "a" (func 0))
;;   (func (;0;) (type 0) (result i32)
;;     i32.const 0
;;     i32.load
;;   )
;;   (data (;0;) (offset i32.const 16) "\00\00\00\00\00\00\00\00\00\00")
;;   ;; custom section "parallax.case", 18 bytes
;; )
;; call a
;; fuel 100000000, depth 1048576

;; run: reduce --quiet --out - --pass imports --predicate true
(module (import "e" "f" (func $f (param i32) (result i32))) (import "e" "g" (global $g i64)) (import "e" "m" (memory 1)) (import "e" "t" (table 1 funcref))
  (func (export "a") (result i64) (drop (call $f (i32.load (i32.const 0)))) (drop (table.get 0 (i32.const 0))) (global.get $g)))
;; expect
;; (module
;;   (type (;0;) (func (param i32) (result i32)))
;;   (type (;1;) (func (result i64)))
;;   (table (;0;) 1 funcref)
;;   (memory (;0;) 1)
;;   (global (;0;) i64 i64.const 0)
;;   (export "a" (func 1))
;;   (func (;0;) (type 0) (param i32) (result i32)
;;     i32.const 0
;;   )
;;   (func (;1;) (type 1) (result i64)
;;     i32.const 0
;;     i32.load
;;     call 0
;;     drop
;;     i32.const 0
;;     table.get 0
;;     drop
;;     global.get 0
;;   )
;;   ;; custom section "parallax.case", 18 bytes
;; )
;; call a
;; fuel 100000000, depth 1048576

;; run: reduce --quiet --out - --pass sizes --predicate true
(module (memory 7 9) (table 5 funcref) (func (export "a") (result i32) (drop (table.size 0)) (memory.size)))
;; expect
;; (module
;;   (type (;0;) (func (result i32)))
;;   (table (;0;) 0 funcref)
;;   (memory (;0;) 0)
;;   (export "a" (func 0))
;;   (func (;0;) (type 0) (result i32)
;;     table.size 0
;;     drop
;;     memory.size
;;   )
;;   ;; custom section "parallax.case", 18 bytes
;; )
;; call a
;; fuel 100000000, depth 1048576

;; run: reduce --quiet --out - --pass globals --predicate true
(module (global (mut i32) (i32.const 77)) (global f64 (f64.const 1.5)) (func (export "a") (result i32 f64) (global.get 0) (global.get 1)))
;; expect
;; (module
;;   (type (;0;) (func (result i32 f64)))
;;   (global (;0;) i32 i32.const 0)
;;   (global (;1;) f64 f64.const 0x0p+0 (;=0;))
;;   (export "a" (func 0))
;;   (func (;0;) (type 0) (result i32 f64)
;;     global.get 0
;;     global.get 1
;;   )
;;   ;; custom section "parallax.case", 18 bytes
;; )
;; call a
;; fuel 100000000, depth 1048576

;; run: reduce --quiet --out - --pass types --predicate true
(module (type (func (param i32))) (type (func (param i32))) (func (export "a") (type 0)) (func (export "b") (type 1)))
;; expect
;; (module
;;   (type (;0;) (func (param i32)))
;;   (export "a" (func 0))
;;   (export "b" (func 1))
;;   (func (;0;) (type 0) (param i32)
;;   )
;;   (func (;1;) (type 0) (param i32)
;;   )
;;   ;; custom section "parallax.case", 243 bytes
;; )
;; call a i32:0
;; call a i32:1
;; call a i32:-1
;; call a i32:-1
;; call a i32:0
;; call a i32:31
;; call b i32:0
;; call b i32:1
;; call b i32:100
;; call b i32:-1
;; call b i32:65536
;; call b i32:-2147483648
;; fuel 100000000, depth 1048576
