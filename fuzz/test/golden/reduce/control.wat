;; run: reduce --quiet --out - --pass control --predicate true
(module (func (export "a") (param i32) (result i32) (block (loop (br_if 1 (local.get 0)) (br_if 0 (i32.eqz (local.get 0))))) (i32.const 5)))
;; expect
;; (module
;;   (type (;0;) (func (param i32) (result i32)))
;;   (export "a" (func 0))
;;   (func (;0;) (type 0) (param i32) (result i32)
;;     local.get 0
;;     drop
;;     local.get 0
;;     i32.eqz
;;     drop
;;     i32.const 5
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

;; run: reduce --quiet --out - --pass control --predicate true
(module (func (export "a") (param i32) (result i32) (if (result i32) (i32.clz (local.get 0)) (then (i32.const 5)) (else (i32.ctz (local.get 0))))))
;; expect
;; (module
;;   (type (;0;) (func (param i32) (result i32)))
;;   (export "a" (func 0))
;;   (func (;0;) (type 0) (param i32) (result i32)
;;     i32.const 5
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

;; run: reduce --quiet --out - --pass control --predicate true
(module (func (export "a") (param i32) (result i32) (block (block (block (br_table 0 1 2 0 (local.get 0))) (nop))) (return (i32.const 5))))
;; expect
;; (module
;;   (type (;0;) (func (param i32) (result i32)))
;;   (export "a" (func 0))
;;   (func (;0;) (type 0) (param i32) (result i32)
;;     local.get 0
;;     drop
;;     nop
;;     i32.const 5
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

;; run: reduce --quiet --out - --pass calls --predicate true
(module (type $t (func (param i32) (result i32))) (table 2 funcref) (elem (i32.const 0) $f $f) (func $f (param i32) (result i32) (i32.clz (local.get 0)))
  (func (export "a") (param i32) (result i32) (call_indirect (type $t) (local.get 0) (i32.const 1)))
  (func (export "b") (param i32) (result i32) (return_call_indirect (type $t) (local.get 0) (i32.const 1))))
;; expect
;; (module
;;   (type (;0;) (func (param i32) (result i32)))
;;   (table (;0;) 2 funcref)
;;   (export "a" (func 1))
;;   (export "b" (func 2))
;;   (elem (;0;) (offset i32.const 0) func 0 0)
;;   (func (;0;) (type 0) (param i32) (result i32)
;;     local.get 0
;;     i32.clz
;;   )
;;   (func (;1;) (type 0) (param i32) (result i32)
;;     local.get 0
;;     call 0
;;   )
;;   (func (;2;) (type 0) (param i32) (result i32)
;;     local.get 0
;;     return_call 0
;;   )
;;   ;; custom section "parallax.case", 243 bytes
;; )
;; call a i32:0
;; call a i32:1
;; call a i32:100
;; call a i32:-1
;; call a i32:65536
;; call a i32:-2147483648
;; call b i32:0
;; call b i32:1
;; call b i32:65535
;; call b i32:0
;; call b i32:-1
;; call b i32:1
;; fuel 100000000, depth 1048576

;; run: reduce --quiet --out - --pass inlining --predicate true
(module (func $f (param i32 f32) (result i32 f32) (local i64) (if (local.get 0) (then (return (i32.const 1) (local.get 1)))) (i32.const 2) (f32.const 3))
  (func (export "a") (param f32) (result i32 f32) (local i32) (call $f (i32.const 4) (local.get 0))))
;; expect
;; (module
;;   (type (;0;) (func (param f32) (result i32 f32)))
;;   (type (;1;) (func (result i32 f32)))
;;   (export "a" (func 0))
;;   (func (;0;) (type 0) (param f32) (result i32 f32)
;;     (local i32 i32 f32 i64)
;;     i32.const 4
;;     local.get 0
;;     local.set 3
;;     local.set 2
;;     i64.const 0
;;     local.set 4
;;     block (type 1) (result i32 f32)  ;; @1
;;       local.get 2
;;       if  ;; @2
;;         i32.const 1
;;         local.get 3
;;         br 1 (;@1;)
;;       end  ;; @2
;;       i32.const 2
;;       f32.const 0x1.8p+1 (;=3;)
;;     end  ;; @1
;;   )
;;   ;; custom section "parallax.case", 129 bytes
;; )
;; call a f32:bits:0x00000000
;; call a f32:bits:0x3f800000
;; call a f32:bits:0xbf800000
;; call a f32:bits:0x80000000
;; call a f32:bits:0x7f7fffff
;; call a f32:bits:0x7f800000
;; fuel 100000000, depth 1048576
