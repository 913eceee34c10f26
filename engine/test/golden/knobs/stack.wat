;; run: disas --leg x64:stack=guard
;; run: disas --leg x64:stack=limit
;; run: disas --leg a64:stack=guard,charge=branch
;; run: disas --leg a64:stack=limit,charge=branch
;; a call of C: the guard is touched where C may get to; the limit is compared in the prologue.  The leaf does neither
(module (memory 1)
  (func (param i32) (memory.fill (local.get 0) (i32.const 0) (i32.const 9)))
  (func (param i32) (result i32) (local.get 0)))
;; expect
