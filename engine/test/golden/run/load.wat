;; run: run --leg %l
(module (memory 1) (func $f (export "f") (param i32 i32) (result i32)
  (i32.add (local.get 0) (i32.load offset=8 (local.get 1)))))
;; expect
;; 0: f(i32:0 i32:0) = i32:0
;; 1: f(i32:1 i32:1) = i32:1
;; 2: f(i32:-1 i32:-2147483648) = trap: out of bounds memory access in function 0 (f) at byte 0x2a
;; 3: f(i32:-1 i32:65535) = trap: out of bounds memory access in function 0 (f) at byte 0x2a
;; 4: f(i32:0 i32:-1) = trap: out of bounds memory access in function 0 (f) at byte 0x2a
;; 5: f(i32:31 i32:1) = i32:31
