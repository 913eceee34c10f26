;; run: validate
;; alignment larger than natural
(module (memory 1) (func i32.const 0 i32.load align=8 drop))
;; expect
;; case.wasm: invalid: alignment must not be larger than natural (at byte 0x1e, function 0)
;; exit: 1

;; run: validate
;; an immutable global is set
(module (global i32 (i32.const 0)) (func i32.const 1 global.set 0))
;; expect
;; case.wasm: invalid: global is immutable (at byte 0x21, function 0)
;; exit: 1

;; run: validate
;; a constant expression with an operation
(module (global i32 (i32.const 1) (i32.clz)))
;; expect
;; case.wasm: invalid: constant expression required (at byte 0xf)
;; exit: 1

;; run: validate
;; a constant expression that reads a mutable global
(module (global (mut i32) (i32.const 0)) (global i32 (global.get 0)))
;; expect
;; case.wasm: invalid: constant expression required (at byte 0x12)
;; exit: 1

;; run: validate
;; a constant expression of another type
(module (global i32 (i64.const 1)))
;; expect
;; case.wasm: invalid: type mismatch: expected i32, found i64 (at byte 0xf)
;; exit: 1

;; run: validate
;; a constant expression that leaves two values
(module (global i32 (i32.const 1) (i32.const 1)))
;; expect
;; case.wasm: invalid: type mismatch: 1 values too many at the end of a block (at byte 0x11)
;; exit: 1

;; run: validate
;; an export twice
(module (func) (export "f" (func 0)) (export "f" (func 0)))
;; expect
;; case.wasm: invalid: duplicate export name (at byte 0x19)
;; exit: 1

;; run: validate
;; a start function with a parameter
(module (func (param i32)) (start 0))
;; expect
;; case.wasm: invalid: start function (at byte 0x15)
;; exit: 1

;; run: validate
;; a memory of more than 4 GiB
(module (memory 65537))
;; expect
;; case.wasm: invalid: memory size must be at most 65536 pages (4GiB) (at byte 0xb)
;; exit: 1

;; run: validate
;; a memory whose minimum is above its maximum
(module (memory 2 1))
;; expect
;; case.wasm: invalid: size minimum must not be greater than maximum (at byte 0xb)
;; exit: 1

;; run: validate
;; a table whose minimum is above its maximum
(module (table 2 1 funcref))
;; expect
;; case.wasm: invalid: size minimum must not be greater than maximum (at byte 0xb)
;; exit: 1

;; run: validate
;; an element segment of another type
(module (table 1 externref) (func) (elem (i32.const 0) func 0))
;; expect
;; case.wasm: invalid: type mismatch (at byte 0x1b)
;; exit: 1

;; run: validate
;; the offset of a data segment is no i32
(module (memory 1) (data (i64.const 0) "a"))
;; expect
;; case.wasm: invalid: type mismatch: expected i32, found i64 (at byte 0x13)
;; exit: 1
