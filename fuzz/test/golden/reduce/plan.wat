;; run: reduce --quiet --out - --pass steps --predicate true
(module (func (export "a")) (func (export "b") (param i32)))
;; expect
;; (module
;;   (type (;0;) (func))
;;   (type (;1;) (func (param i32)))
;;   (export "a" (func 0))
;;   (export "b" (func 1))
;;   (func (;0;) (type 0)
;;   )
;;   (func (;1;) (type 1) (param i32)
;;   )
;;   ;; custom section "parallax.case", 15 bytes
;; )
;; fuel 100000000, depth 1048576

;; run: reduce --quiet --out - --pass arguments --legs interp,x64:plant=sub-adds,x64
(module (func (export "a") (param i64 i64) (result i64) (i64.sub (local.get 0) (local.get 1))))
;; expect
;; (module
;;   (type (;0;) (func (param i64 i64) (result i64)))
;;   (export "a" (func 0))
;;   (func (;0;) (type 0) (param i64 i64) (result i64)
;;     local.get 0
;;     local.get 1
;;     i64.sub
;;   )
;;   ;; custom section "parallax.case", 225 bytes
;; )
;; call a i64:0 i64:0
;; call a i64:0 i64:1
;; call a i64:0 i64:0
;; call a i64:0 i64:0
;; call a i64:0 i64:0
;; call a i64:0 i64:0
;; fuel 100000000, depth 1048576

;; run: reduce --quiet --out - --pass fuel --predicate true
(module (func (export "a") (loop nop)))
;; expect
;; (module
;;   (type (;0;) (func))
;;   (export "a" (func 0))
;;   (func (;0;) (type 0)
;;     loop  ;; @1
;;       nop
;;     end  ;; @1
;;   )
;;   ;; custom section "parallax.case", 16 bytes
;; )
;; call a
;; fuel 5008, depth 1048576

;; run: reduce --quiet --out - --pass limits --predicate true
(module (@custom "parallax.case" "\01\e8\07\64\01\0a\03\01\01\61\00") (func (export "a") (loop nop)))
;; expect
;; (module
;;   (type (;0;) (func))
;;   (export "a" (func 0))
;;   (func (;0;) (type 0)
;;     loop  ;; @1
;;       nop
;;     end  ;; @1
;;   )
;;   ;; custom section "parallax.case", 18 bytes
;; )
;; call a
;; fuel 100000000, depth 1048576

;; run: reduce --quiet --out - --pass names --predicate true
(module (func (export "a")) (func (export "long") (param i32)) (func (export "longer")))
;; expect
;; (module
;;   (type (;0;) (func))
;;   (type (;1;) (func (param i32)))
;;   (export "a" (func 0))
;;   (export "c" (func 1))
;;   (export "b" (func 2))
;;   (func (;0;) (type 0)
;;   )
;;   (func (;1;) (type 1) (param i32)
;;   )
;;   (func (;2;) (type 0)
;;   )
;;   ;; custom section "parallax.case", 135 bytes
;; )
;; call a
;; call c i32:0
;; call c i32:1
;; call c i32:100
;; call c i32:-1
;; call c i32:65536
;; call c i32:-2147483648
;; call b
;; fuel 100000000, depth 1048576

;; run: reduce --quiet --out - --pass exports --predicate true
(module (memory (export "m") 1) (func (export "a")) (func (export "b") unreachable))
;; expect
;; (module
;;   (type (;0;) (func))
;;   (memory (;0;) 1)
;;   (func (;0;) (type 0)
;;   )
;;   (func (;1;) (type 0)
;;     unreachable
;;   )
;;   ;; custom section "parallax.case", 15 bytes
;; )
;; fuel 100000000, depth 1048576

;; run: reduce --quiet --out - --pass promotion --legs interp,x64:plant=sub-adds,x64
(module (global (mut i32) (i32.const 0))
  (func (export "a") (param i32) (result i64) (global.set 0 (i32.const 5)) (call $inner (i64.extend_i32_u (i32.or (local.get 0) (i32.const 1)))))
  (func $inner (param i64) (result i64) (i64.sub (i64.const 0) (local.get 0))))
;; expect
;; (module
;;   (type (;0;) (func (param i64) (result i64)))
;;   (export "f" (func 0))
;;   (func (;0;) (type 0) (param i64) (result i64)
;;     i64.const 0
;;     local.get 0
;;     i64.sub
;;   )
;;   ;; custom section "parallax.case", 34 bytes
;; )
;; call f i64:1
;; fuel 100000000, depth 1048576
