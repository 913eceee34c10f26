;; run: reduce --quiet --out - --pass dead-code --predicate true
(module (func (export "a") (result i32) (block (result i32) (return (i32.const 1)) (drop (f32.const 2)) (i32.const 3)) (i32.const 4) (i32.add)))
;; expect
;; (module
;;   (type (;0;) (func (result i32)))
;;   (export "a" (func 0))
;;   (func (;0;) (type 0) (result i32)
;;     block (result i32)  ;; @1
;;       i32.const 1
;;       return
;;     end  ;; @1
;;     i32.const 4
;;     i32.add
;;   )
;;   ;; custom section "parallax.case", 18 bytes
;; )
;; call a
;; fuel 100000000, depth 1048576

;; run: reduce --quiet --out - --pass unexecuted-code --predicate true
(module (func (export "a") (result i32) (if (result i32) (i32.const 0) (then (i32.popcnt (i32.const 5))) (else (i32.const 6)))))
;; expect
;; (module
;;   (type (;0;) (func (result i32)))
;;   (export "a" (func 0))
;;   (func (;0;) (type 0) (result i32)
;;     i32.const 0
;;     if (result i32)  ;; @1
;;       unreachable
;;     else  ;; @1
;;       i32.const 6
;;     end  ;; @1
;;   )
;;   ;; custom section "parallax.case", 18 bytes
;; )
;; call a
;; fuel 100000000, depth 1048576

;; run: reduce --quiet --out - --pass truncation --predicate true
(module (func (export "a") (param i32) (result i32) (i64.extend_i32_s (local.get 0)) (i32.const 5) (i32.clz) (drop) (drop) (i32.const 7)))
;; expect
;; (module
;;   (type (;0;) (func (param i32) (result i32)))
;;   (export "a" (func 0))
;;   (func (;0;) (type 0) (param i32) (result i32)
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

;; run: reduce --quiet --out - --pass ranges --predicate true
(module (memory 1) (func (export "a") (param i32) (result i32) (i32.store (i32.const 0) (local.get 0)) (i32.mul (i32.load (i32.const 4)) (local.get 0))))
;; expect
;; (module
;;   (type (;0;) (func (param i32) (result i32)))
;;   (memory (;0;) 1)
;;   (export "a" (func 0))
;;   (func (;0;) (type 0) (param i32) (result i32)
;;     i32.const 0
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

;; run: reduce --quiet --out - --pass statements --predicate true
(module (memory 1) (func (export "a") (param i32) (result i32) (i32.store (i32.const 0) (local.get 0)) (if (local.get 0) (then nop)) (i32.mul (i32.load (i32.const 4)) (local.get 0))))
;; expect
;; (module
;;   (type (;0;) (func (param i32) (result i32)))
;;   (memory (;0;) 1)
;;   (export "a" (func 0))
;;   (func (;0;) (type 0) (param i32) (result i32)
;;     i32.const 0
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

;; run: reduce --quiet --out - --pass drops --predicate true
(module (func (export "a") (param i32) (result i32) (local i32) (i32.clz (local.get 0)) (local.tee 1 (i32.ctz (local.get 0))) (drop) (nop) (drop) (local.get 1)))
;; expect
;; (module
;;   (type (;0;) (func (param i32) (result i32)))
;;   (export "a" (func 0))
;;   (func (;0;) (type 0) (param i32) (result i32)
;;     (local i32)
;;     nop
;;     local.get 1
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

;; run: reduce --quiet --out - --pass expressions --legs interp,x64:plant=sub-adds,x64
(module (func (export "a") (param i64 i64) (result i64) (i64.mul (i64.xor (i64.sub (local.get 0) (local.get 1)) (i64.popcnt (local.get 0))) (i64.or (local.get 1) (i64.const 1)))))
;; expect
;; (module
;;   (type (;0;) (func (param i64 i64) (result i64)))
;;   (export "a" (func 0))
;;   (func (;0;) (type 0) (param i64 i64) (result i64)
;;     i64.const 0
;;     i64.const 1
;;     i64.sub
;;   )
;;   ;; custom section "parallax.case", 225 bytes
;; )
;; call a i64:0 i64:0
;; call a i64:1 i64:1
;; call a i64:-1 i64:-9223372036854775808
;; call a i64:-1 i64:63
;; call a i64:0 i64:-1
;; call a i64:2147483648 i64:1
;; fuel 100000000, depth 1048576

;; run: reduce --quiet --out - --pass expressions --legs interp,x64:plant=extend_s-zeros,x64
(module (func (export "a") (param i32) (result i32) (i32.wrap_i64 (i64.shr_u (i64.extend_i32_s (i32.xor (local.get 0) (i32.const 9))) (i64.const 32)))))
;; expect
;; (module
;;   (type (;0;) (func (param i32) (result i32)))
;;   (export "a" (func 0))
;;   (func (;0;) (type 0) (param i32) (result i32)
;;     local.get 0
;;     i64.extend_i32_s
;;     i64.const 32
;;     i64.shr_u
;;     i32.wrap_i64
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

;; run: reduce --quiet --out - --pass values --legs interp,x64:plant=sub-adds,x64
(module (func (export "a") (param i64) (result i64) (i64.sub (i64.const 3) (i64.or (i64.rotl (local.get 0) (i64.const 5)) (i64.const 1)))))
;; expect
;; (module
;;   (type (;0;) (func (param i64) (result i64)))
;;   (export "a" (func 0))
;;   (func (;0;) (type 0) (param i64) (result i64)
;;     i64.const 3
;;     i64.const 1
;;     i64.sub
;;   )
;;   ;; custom section "parallax.case", 129 bytes
;; )
;; call a i64:0
;; call a i64:1
;; call a i64:-1
;; call a i64:-1
;; call a i64:0
;; call a i64:2147483648
;; fuel 100000000, depth 1048576

;; run: reduce --quiet --out - --pass parameters --legs interp,x64:plant=sub-adds,x64
(module (func (export "a") (param i64) (result i64) (i64.sub (i64.const 3) (i64.or (i64.rotl (local.get 0) (i64.const 5)) (i64.const 1)))))
;; expect
;; (module
;;   (type (;0;) (func (param i64 i64) (result i64)))
;;   (export "a" (func 0))
;;   (func (;0;) (type 0) (param i64 i64) (result i64)
;;     i64.const 3
;;     local.get 1
;;     i64.sub
;;   )
;;   ;; custom section "parallax.case", 225 bytes
;; )
;; call a i64:0 i64:1
;; call a i64:1 i64:1
;; call a i64:-1 i64:1
;; call a i64:-1 i64:1
;; call a i64:0 i64:1
;; call a i64:2147483648 i64:1
;; fuel 100000000, depth 1048576

;; run: reduce --quiet --out - --pass constants --predicate true
(module (memory 1) (memory $m 1) (func (export "a") (result i32 i64 f32 f64 v128) (i32.const -1000) (i64.const 99) (f32.const 3.25) (f64.const nan) (v128.const i32x4 1 2 3 4))
  (func (export "b") (result i32) (i32.load $m offset=12 align=4 (i32.const 8))) (func (export "c") (result i32) (i8x16.extract_lane_s 5 (v128.const i64x2 0 0))))
;; expect
;; (module
;;   (type (;0;) (func (result i32 i64 f32 f64 v128)))
;;   (type (;1;) (func (result i32)))
;;   (memory (;0;) 1)
;;   (memory (;1;) 1)
;;   (export "a" (func 0))
;;   (export "b" (func 1))
;;   (export "c" (func 2))
;;   (func (;0;) (type 0) (result i32 i64 f32 f64 v128)
;;     i32.const 0
;;     i64.const 0
;;     f32.const 0x0p+0 (;=0;)
;;     f64.const 0x0p+0 (;=0;)
;;     v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
;;   )
;;   (func (;1;) (type 1) (result i32)
;;     i32.const 0
;;     i32.load align=1
;;   )
;;   (func (;2;) (type 1) (result i32)
;;     v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
;;     i8x16.extract_lane_s 0
;;   )
;;   ;; custom section "parallax.case", 24 bytes
;; )
;; call a
;; call b
;; call c
;; fuel 100000000, depth 1048576

;; run: reduce --quiet --out - --pass constants --legs interp,x64:plant=sub-adds,x64
(module (func (export "a") (result i64) (i64.sub (i64.const 9000) (i64.const -1234567))))
;; expect
;; (module
;;   (type (;0;) (func (result i64)))
;;   (export "a" (func 0))
;;   (func (;0;) (type 0) (result i64)
;;     i64.const 0
;;     i64.const 1
;;     i64.sub
;;   )
;;   ;; custom section "parallax.case", 18 bytes
;; )
;; call a
;; fuel 100000000, depth 1048576

;; run: reduce --quiet --out - --pass expressions --legs interp,x64:plant=shr_s-zeros,x64
(module (func (export "a") (result i64) (i64.trunc_f64_s (f64.convert_i32_s (i32.shr_s (i32.const -1) (i32.const 1))))))
;; expect
;; (module
;;   (type (;0;) (func (result i64)))
;;   (export "a" (func 0))
;;   (func (;0;) (type 0) (result i64)
;;     i32.const -1
;;     i32.const 1
;;     i32.shr_s
;;     i64.extend_i32_u
;;   )
;;   ;; custom section "parallax.case", 18 bytes
;; )
;; call a
;; fuel 100000000, depth 1048576
