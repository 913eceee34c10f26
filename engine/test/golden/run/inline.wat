;; run: run --leg %l --invoke f %s i32:0
;; a trap in a leaf: its own site, and the call's
(module
  (func $leaf (param i32) (result i32) (i32.div_u (i32.const 100) (local.get 0)))
  (func $middle (param i32) (result i32) (i32.add (i32.const 1) (call $leaf (local.get 0))))
  (func (export "f") (param i32) (result i32) (call $middle (local.get 0))))
;; expect
;; trap: integer divide by zero in function 0 (leaf) at byte 0x27

;; run: run --leg %l --invoke f %s i32:65536
;; a fault of linear memory in a leaf
(module
  (memory 1)
  (func $leaf (param i32) (result i32) (i32.load offset=4 (local.get 0)))
  (func (export "f") (param i32) (result i32)
    (i32.add (call $leaf (i32.const 8)) (call $leaf (local.get 0)))))
;; expect
;; trap: out of bounds memory access in function 0 (leaf) at byte 0x28

;; run: run --leg %l --invoke f %s i32:40
;; fuel runs out in a leaf's loop
(module
  (func $leaf (param i32) (loop (br_if 0 (local.get 0))))
  (func (export "f") (param i32) (call $leaf (i32.const 0)) (call $leaf (local.get 0))))
;; expect
;; trap: all fuel consumed in function 0 (leaf) at byte 0x20

;; run: run --leg %l --invoke f %s i32:40
;; the depth is exhausted at a leaf's entry, or where it recurs
(module
  (func $leaf (param i32) (result i32) (local i64 i64 i64 i64) (i32.add (local.get 0) (i32.const 1)))
  (func $f (export "f") (param i32) (result i32) (call $f (call $leaf (local.get 0)))))
;; expect
;; trap: call stack exhausted in function 0 (leaf) at byte 0x23
