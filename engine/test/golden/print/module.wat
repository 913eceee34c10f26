;; run: print
;; run: print --offsets
;; names, types, all sections
(module $m (type $t (func (param i32) (result i32))) (import "a" "b" (func $imp (type $t))) (memory $mem 1 2) (table $tab 2 funcref) (global $g (mut i64) (i64.const -1)) (export "e" (func $f)) (start $s) (elem (i32.const 0) $f) (data (i32.const 3) "a\00\ff\"")
  (func $s) (func $f (type $t) (local $x f32) (block $b (br_if $b (local.get 0))) (call $imp (local.get 0))))
;; expect
;; (module
;;   (type (;0;) (func (param i32) (result i32)))
;;   (type (;1;) (func))
;;   (import "a" "b" (func $imp (;0;) (type 0)))
;;   (table (;0;) 2 funcref)
;;   (memory (;0;) 1 2)
;;   (global (;0;) (mut i64) i64.const -1)
;;   (export "e" (func $f))
;;   (start $s)
;;   (elem (;0;) (offset i32.const 0) func $f)
;;   (func $s (;1;) (type 1)
;;   )
;;   (func $f (;2;) (type 0) (param i32) (result i32)
;;     (local f32)
;;     block  ;; @1
;;       local.get 0
;;       br_if 0 (;@1;)
;;     end  ;; @1
;;     local.get 0
;;     call $imp
;;   )
;;   (data (;0;) (offset i32.const 3) "a\00\ff\"")
;;   ;; custom section "name", 58 bytes
;; )
;; expect
;; (module
;;   (type (;0;) (func (param i32) (result i32)))
;;   (type (;1;) (func))
;;   (import "a" "b" (func $imp (;0;) (type 0)))
;;   (table (;0;) 2 funcref)
;;   (memory (;0;) 1 2)
;;   (global (;0;) (mut i64) i64.const -1)
;;   (export "e" (func $f))
;;   (start $s)
;;   (elem (;0;) (offset i32.const 0) func $f)
;;   (func $s (;1;) (type 1)
;;   )
;;   (func $f (;2;) (type 0) (param i32) (result i32)
;;     (local f32)
;; (;000052;)    block  ;; @1
;; (;000054;)      local.get 0
;; (;000056;)      br_if 0 (;@1;)
;; (;000058;)    end  ;; @1
;; (;000059;)    local.get 0
;; (;00005b;)    call $imp
;;   )
;;   (data (;0;) (offset i32.const 3) "a\00\ff\"")
;;   ;; custom section "name", 58 bytes
;; )

;; run: print
;; instructions with immediates
(module (memory 1) (table 1 externref) (func (param i32) (result i32)
  (drop (f32.const nan:0x200000)) (drop (f64.const -0x1.8p-3)) (drop (v128.const i32x4 1 2 3 4))
  (drop (i64.load16_s offset=7 align=1 (local.get 0))) (table.set 0 (local.get 0) (ref.null extern))
  (if (result i32) (local.get 0) (then (i32.const 1)) (else (br_table 0 1 0 (i32.const 2) (local.get 0))))))
;; expect
;; (module
;;   (type (;0;) (func (param i32) (result i32)))
;;   (table (;0;) 1 externref)
;;   (memory (;0;) 1)
;;   (func (;0;) (type 0) (param i32) (result i32)
;;     f32.const nan:0x200000
;;     drop
;;     f64.const -0x1.8p-3 (;=-0.1875;)
;;     drop
;;     v128.const i32x4 0x00000001 0x00000002 0x00000003 0x00000004
;;     drop
;;     local.get 0
;;     i64.load16_s offset=7 align=1
;;     drop
;;     local.get 0
;;     ref.null extern
;;     table.set 0
;;     local.get 0
;;     if (result i32)  ;; @1
;;       i32.const 1
;;     else  ;; @1
;;       i32.const 2
;;       local.get 0
;;       br_table 0 1 0
;;     end  ;; @1
;;   )
;;   ;; custom section "name", 5 bytes
;; )
