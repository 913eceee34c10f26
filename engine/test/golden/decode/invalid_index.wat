;; run: validate
;; unknown local
(module (func (param i32) local.get 1 drop))
;; expect
;; case.wasm: invalid: unknown local 1 (at byte 0x18, function 0)
;; exit: 1

;; run: validate
;; unknown global
(module (func  global.get 0 drop))
;; expect
;; case.wasm: invalid: unknown global 0 (at byte 0x17, function 0)
;; exit: 1

;; run: validate
;; unknown function
(module (func  call 7))
;; expect
;; case.wasm: invalid: unknown function 7 (at byte 0x17, function 0)
;; exit: 1

;; run: validate
;; unknown label
(module (func  br 1))
;; expect
;; case.wasm: invalid: unknown label 1 (at byte 0x17, function 0)
;; exit: 1

;; run: validate
;; unknown table
(module (func  i32.const 0 call_indirect (type 0)))
;; expect
;; case.wasm: invalid: unknown table 0 (at byte 0x19, function 0)
;; exit: 1

;; run: validate
;; unknown memory
(module (func  i32.const 0 i32.load drop))
;; expect
;; case.wasm: invalid: unknown memory 0 (at byte 0x19, function 0)
;; exit: 1

;; run: validate
;; unknown data segment
(module (memory 1) (data "a") (func data.drop 1))
;; expect
;; case.wasm: invalid: unknown data segment 1 (at byte 0x1f, function 0)
;; exit: 1

;; run: validate
;; unknown element segment
(module (table 1 funcref) (func elem.drop 0))
;; expect
;; case.wasm: invalid: unknown elem segment 0 (at byte 0x1d, function 0)
;; exit: 1

;; run: validate
;; unknown function in an export
(module (export "f" (func 0)))
;; expect
;; case.wasm: invalid: unknown function 0 (at byte 0xb)
;; exit: 1

;; run: validate
;; unknown start function
(module (start 0))
;; expect
;; case.wasm: invalid: unknown function 0 (at byte 0xa)
;; exit: 1

;; run: validate
;; a function reference that is not declared
(module (func ref.func 0 drop))
;; expect
;; case.wasm: invalid: undeclared function reference (at byte 0x17, function 0)
;; exit: 1

;; run: validate
;; a lane too large
(module (func v128.const i64x2 0 0 i8x16.extract_lane_u 16 drop))
;; expect
;; case.wasm: invalid: invalid lane index (at byte 0x29, function 0)
;; exit: 1

;; run: validate
;; a lane of a shuffle too large
(module (func v128.const i64x2 0 0 v128.const i64x2 0 0 i8x16.shuffle 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 32 drop))
;; expect
;; case.wasm: invalid: invalid lane index (at byte 0x3b, function 0)
;; exit: 1
