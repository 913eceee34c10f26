;; run: validate --features wasm2
;; two memories in WebAssembly 2.0
(module (memory 1) (memory 1))
;; expect
;; case.wasm: invalid: multiple memories (at byte 0xd)
;; exit: 1

;; run: validate --features wasm2
;; a tail call in WebAssembly 2.0
(module (func return_call 0))
;; expect
;; case.wasm: malformed: illegal opcode (at byte 0x17, function 0)
;; exit: 1

;; run: validate --features wasm2
;; an extended constant expression in WebAssembly 2.0
(module (global i32 (i32.add (i32.const 1) (i32.const 2))))
;; expect
;; case.wasm: invalid: constant expression required (at byte 0x11)
;; exit: 1

;; run: validate --features -simd
;; vectors switched off
(module (func v128.const i64x2 0 0 drop))
;; expect
;; case.wasm: malformed: illegal opcode (at byte 0x17, function 0)
;; exit: 1
