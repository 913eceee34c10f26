;; run: reduce --quiet --out - --pass locals --predicate true
(module (func (export "a") (param i32) (result i32) (local f64 i32 i32 i64) (local.set 3 (local.get 0)) (local.get 3)))
;; expect
;; (module
;;   (type (;0;) (func (param i32) (result i32)))
;;   (export "a" (func 0))
;;   (func (;0;) (type 0) (param i32) (result i32)
;;     local.get 0
;;     local.set 0
;;     local.get 0
;;   )
;;   ;; custom section "parallax.case", 129 bytes
;; )
;; call a i32:0
;; call a i32:1
;; call a i32:-1
;; call a i32:-1
;; call a i32:0
;; call a i32:31
;; fuel 100000000, depth 1048576

;; run: reduce --quiet --out - --pass forwarding --predicate true
(module (func (export "a") (param i32) (result i32) (local i32 i32) (local.set 1 (i32.clz (local.get 0))) (local.set 2 (i32.const 7)) (i32.add (i32.add (local.get 1) (local.get 2)) (local.get 2))))
;; expect
;; (module
;;   (type (;0;) (func (param i32) (result i32)))
;;   (export "a" (func 0))
;;   (func (;0;) (type 0) (param i32) (result i32)
;;     (local i32 i32)
;;     local.get 0
;;     i32.clz
;;     i32.const 7
;;     i32.add
;;     i32.const 7
;;     i32.add
;;   )
;;   ;; custom section "parallax.case", 129 bytes
;; )
;; call a i32:0
;; call a i32:1
;; call a i32:-1
;; call a i32:-1
;; call a i32:0
;; call a i32:31
;; fuel 100000000, depth 1048576

;; run: reduce --quiet --out - --pass signatures --predicate true
(module (func $f (param i32 f64) (result f64) (local.get 1)) (func (export "a") (param i32 i64) (result i64 f64) (local.get 1) (call $f (i32.clz (local.get 0)) (f64.const 1))))
;; expect
;; (module
;;   (type (;0;) (func))
;;   (export "a" (func 1))
;;   (func (;0;) (type 0)
;;   )
;;   (func (;1;) (type 0)
;;   )
;;   ;; custom section "parallax.case", 33 bytes
;; )
;; call a
;; call a
;; call a
;; call a
;; call a
;; call a
;; fuel 100000000, depth 1048576

;; run: reduce --quiet --out - --pass signatures --predicate true
(module (global $g (mut i32) (i32.const 0)) (func (export "a") (result i32 i64) (i32.const 3) (i64.const 4) (global.set $g (i32.const 7))))
;; expect
;; (module
;;   (type (;0;) (func))
;;   (global (;0;) (mut i32) i32.const 0)
;;   (export "a" (func 0))
;;   (func (;0;) (type 0)
;;     i32.const 7
;;     global.set 0
;;   )
;;   ;; custom section "parallax.case", 18 bytes
;; )
;; call a
;; fuel 100000000, depth 1048576
