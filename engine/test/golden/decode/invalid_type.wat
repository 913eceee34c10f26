;; run: validate
;; too few operands
(module (func  i32.const 1 i32.add drop))
;; expect
;; case.wasm: invalid: type mismatch: expected i32, found nothing (at byte 0x19, function 0)
;; exit: 1

;; run: validate
;; an operand of another type
(module (func  i32.const 1 i64.const 1 i32.add drop))
;; expect
;; case.wasm: invalid: type mismatch: expected i32, found i64 (at byte 0x1b, function 0)
;; exit: 1

;; run: validate
;; a result of another type
(module (func (result i32) i64.const 1))
;; expect
;; case.wasm: invalid: type mismatch: expected i32, found i64 (at byte 0x1a, function 0)
;; exit: 1

;; run: validate
;; no result
(module (func (result i32) ))
;; expect
;; case.wasm: invalid: type mismatch: expected i32, found nothing (at byte 0x18, function 0)
;; exit: 1

;; run: validate
;; a value too many
(module (func  i32.const 1))
;; expect
;; case.wasm: invalid: type mismatch: 1 values too many at the end of a block (at byte 0x19, function 0)
;; exit: 1

;; run: validate
;; two results, one given
(module (func (result i32 i32) i32.const 1))
;; expect
;; case.wasm: invalid: type mismatch: expected i32, found nothing (at byte 0x1b, function 0)
;; exit: 1

;; run: validate
;; if with a result and without else
(module (func  i32.const 1 if (result i32) i32.const 1 end drop))
;; expect
;; case.wasm: invalid: type mismatch: if without else does not give the block's results (at byte 0x1d, function 0)
;; exit: 1

;; run: validate
;; arms of different types
(module (func  i32.const 1 if (result i32) i32.const 1 else f32.const 1 end drop))
;; expect
;; case.wasm: invalid: type mismatch: expected i32, found f32 (at byte 0x23, function 0)
;; exit: 1

;; run: validate
;; a branch without its value
(module (func  block (result i32) br 0 end drop))
;; expect
;; case.wasm: invalid: type mismatch: expected i32, found nothing (at byte 0x19, function 0)
;; exit: 1

;; run: validate
;; br_table to labels of different types
(module (func  block (result i32) block i32.const 0 br_table 0 1 end i32.const 1 end drop))
;; expect
;; case.wasm: invalid: type mismatch (at byte 0x1d, function 0)
;; exit: 1

;; run: validate
;; br_table to labels of different arity
(module (func  block (result i32) block (result i64) i32.const 0 i32.const 0 br_table 0 1 end drop i32.const 1 end drop))
;; expect
;; case.wasm: invalid: type mismatch (at byte 0x1f, function 0)
;; exit: 1

;; run: validate
;; select of different types
(module (func  i32.const 1 f32.const 1 i32.const 0 select drop))
;; expect
;; case.wasm: invalid: type mismatch (at byte 0x20, function 0)
;; exit: 1

;; run: validate
;; select of references without type
(module (func  ref.null func ref.null func i32.const 0 select drop))
;; expect
;; case.wasm: invalid: type mismatch (at byte 0x1d, function 0)
;; exit: 1

;; run: validate
;; behind an unconditional branch anything goes, but not the wrong type
(module (func  unreachable i64.const 1 i32.add drop))
;; expect
;; case.wasm: invalid: type mismatch: expected i32, found i64 (at byte 0x1a, function 0)
;; exit: 1

;; run: validate
;; behind an unconditional branch operands appear as needed
(module (func  unreachable i32.add drop))
;; expect
;; case.wasm: valid

;; run: validate
;; a loop takes its parameters
(module (func  loop (param i32) drop end))
;; expect
;; case.wasm: invalid: type mismatch: expected i32, found nothing (at byte 0x1b, function 0)
;; exit: 1

;; run: validate
;; local.set of another type
(module (func  (local i32) f64.const 1 local.set 0))
;; expect
;; case.wasm: invalid: type mismatch: expected i32, found f64 (at byte 0x22, function 0)
;; exit: 1

;; run: validate
;; call with the wrong argument
(module (func (param i32) i64.const 1 call 0))
;; expect
;; case.wasm: invalid: type mismatch: expected i32, found i64 (at byte 0x1a, function 0)
;; exit: 1

;; run: validate
;; return without its value
(module (func (result f32) return))
;; expect
;; case.wasm: invalid: type mismatch: expected f32, found nothing (at byte 0x18, function 0)
;; exit: 1

;; run: validate
;; a condition of 64 bits
(module (func  i64.const 1 if end))
;; expect
;; case.wasm: invalid: type mismatch: expected i32, found i64 (at byte 0x19, function 0)
;; exit: 1

;; run: validate
;; an address of 64 bits
(module (memory 1) (func i64.const 0 i32.load drop))
;; expect
;; case.wasm: invalid: type mismatch: expected i32, found i64 (at byte 0x1e, function 0)
;; exit: 1

;; run: validate
;; table.set of another reference
(module (table 1 funcref) (func i32.const 0 ref.null extern table.set 0))
;; expect
;; case.wasm: invalid: type mismatch: expected funcref, found externref (at byte 0x21, function 0)
;; exit: 1

;; run: validate
;; table.copy between tables of different types
(module (table 1 funcref) (table 1 externref) (func i32.const 0 i32.const 0 i32.const 0 table.copy 0 1))
;; expect
;; case.wasm: invalid: type mismatch (at byte 0x26, function 0)
;; exit: 1

;; run: validate
;; return_call of a function with another result
(module (func $f (result i64) i64.const 1) (func (result i32) return_call $f))
;; expect
;; case.wasm: invalid: type mismatch (at byte 0x22, function 1)
;; exit: 1
