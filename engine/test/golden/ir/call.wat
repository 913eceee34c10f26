;; run: disas --ir build
;; direct, with the result used
(module (func $f (param i32) (result i32) (call $f (i32.add (local.get 0) (i32.const 1)))))
;; expect
;; function 0 "f" after build
;; func "f" 0 (i64, i32) -> (i32) frame 112 {
;; b0(v1:i64, v2:i32):
;;   charge.depth 112                               @0x19
;;   charge.fuel 5                                  @0x19
;;   v5:i32 = iconst 1                              @0x1b
;;   v6:i32 = iadd v2, v5                           @0x1d
;;   v7:i32 = call f0 (i64, i32) -> (i32) (v1, v6)  @0x1e
;;   refund.depth 112                               @0x20
;;   ret v7                                         @0x20
;; }

;; run: disas --func 1 --ir build
;; several results
(module (func $f (result i32 f64) (i32.const 1) (f64.const 2)) (func (result i32) (call $f) (drop)))
;; expect
;; function 1 after build
;; func "f1" 1 (i64) -> (i32) frame 96 {
;; b0(v1:i64):
;;   charge.depth 96                                @0x2c
;;   charge.fuel 3                                  @0x2c
;;   v4 = call f0 (i64) -> (i32, f64) (v1)          @0x2c
;;   v5:i32 = proj v4 0                             @0x2c
;;   v6:f64 = proj v4 1                             @0x2c
;;   refund.depth 96                                @0x2f
;;   ret v5                                         @0x2f
;; }

;; run: disas --ir build
;; an import
(module (import "m" "f" (func $f (param i32) (result i64))) (func (result i64) (call $f (i32.const 3))))
;; expect
;; function 1 after build
;; func "f1" 1 (i64) -> (i64) frame 80 {
;; b0(v1:i64):
;;   charge.depth 80                                @0x26
;;   charge.fuel 3                                  @0x26
;;   v4:i32 = iconst 3                              @0x26
;;   v5:i64 = load.64 v1+144 const context          @0x28
;;   v6:i64 = load.64 v5 const context              @0x28
;;   v7:i64 = load.64 v5+8 const context            @0x28
;;   v8:i64 = call ref (i64, i32) -> (i64) (v6, v7, v4) @0x28
;;   refund.depth 80                                @0x2a
;;   ret v8                                         @0x2a
;; }

;; run: disas --ir build
;; through a table: bounds, null, signature
(module (type $t (func (param i32) (result i32))) (table 4 funcref)
  (func (param i32) (result i32) (call_indirect (type $t) (i32.const 7) (local.get 0))))
;; expect
;; function 0 after build
;; func "f0" 0 (i64, i32) -> (i32) frame 112 {
;; b0(v1:i64, v2:i32):
;;   charge.depth 112                               @0x1f
;;   charge.fuel 4                                  @0x1f
;;   v5:i32 = iconst 7                              @0x1f
;;   v6:i32 = iconst 4                              @0x23
;;   v7:i32 = icmp.uge v2, v6                       @0x23
;;   trapnz.4 v7                                    @0x23
;;   v9:i64 = zext v2                               @0x23
;;   v10:i64 = iconst 3                             @0x23
;;   v11:i64 = shl v9, v10                          @0x23
;;   v12:i64 = iadd v1, v11                         @0x23
;;   v13:i64 = load.64 v12+224 context              @0x23
;;   v14:i32 = eqz v13                              @0x23
;;   trapnz.5 v14                                   @0x23
;;   v16:i32 = load.32 v13+16 context               @0x23
;;   v17:i32 = load.32 v1+144 const context         @0x23
;;   v18:i32 = icmp.ne v16, v17                     @0x23
;;   trapnz.6 v18                                   @0x23
;;   v20:i64 = load.64 v13 context                  @0x23
;;   v21:i64 = load.64 v13+8 context                @0x23
;;   v22:i32 = call ref (i64, i32) -> (i32) (v20, v21, v5) @0x23
;;   refund.depth 112                               @0x26
;;   ret v22                                        @0x26
;; }

;; run: disas --ir build
;; through a table that can grow
(module (type $t (func)) (table 4 100 funcref)
  (func (param i32) (call_indirect (type $t) (local.get 0))))
;; expect
;; function 0 after build
;; func "f0" 0 (i64, i32) -> () frame 96 {
;; b0(v1:i64, v2:i32):
;;   charge.depth 96                                @0x22
;;   charge.fuel 3                                  @0x22
;;   v5:i32 = iconst 4                              @0x24
;;   v6:i32 = icmp.uge v2, v5                       @0x24
;;   trapnz.4 v6                                    @0x24
;;   v8:i64 = zext v2                               @0x24
;;   v9:i64 = iconst 3                              @0x24
;;   v10:i64 = shl v8, v9                           @0x24
;;   v11:i64 = iadd v1, v10                         @0x24
;;   v12:i64 = load.64 v11+224 context              @0x24
;;   v13:i32 = eqz v12                              @0x24
;;   trapnz.5 v13                                   @0x24
;;   v15:i32 = load.32 v12+16 context               @0x24
;;   v16:i32 = load.32 v1+144 const context         @0x24
;;   v17:i32 = icmp.ne v15, v16                     @0x24
;;   trapnz.6 v17                                   @0x24
;;   v19:i64 = load.64 v12 context                  @0x24
;;   v20:i64 = load.64 v12+8 context                @0x24
;;   call ref (i64) -> () (v19, v20)                @0x24
;;   refund.depth 96                                @0x27
;;   ret                                            @0x27
;; }

;; run: disas --ir build
;; tail calls, direct and through a table
(module (type $t (func (param i32) (result i32))) (table 4 funcref)
  (func $f (param i32) (result i32) (return_call $f (local.get 0)))
  (func (param i32) (result i32) (return_call_indirect (type $t) (i32.const 7) (local.get 0))))
;; expect
;; function 0 "f" after build
;; func "f" 0 (i64, i32) -> (i32) frame 96 {
;; b0(v1:i64, v2:i32):
;;   charge.depth 96                                @0x20
;;   charge.fuel 2                                  @0x20
;;   refund.depth 96                                @0x22
;;   tailcall f0 (i64, i32) -> (i32) (v1, v2)       @0x22
;; }
;;
;; function 1 after build
;; func "f1" 1 (i64, i32) -> (i32) frame 112 {
;; b0(v1:i64, v2:i32):
;;   charge.depth 112                               @0x27
;;   charge.fuel 3                                  @0x27
;;   v5:i32 = iconst 7                              @0x27
;;   v6:i32 = iconst 4                              @0x2b
;;   v7:i32 = icmp.uge v2, v6                       @0x2b
;;   trapnz.4 v7                                    @0x2b
;;   v9:i64 = zext v2                               @0x2b
;;   v10:i64 = iconst 3                             @0x2b
;;   v11:i64 = shl v9, v10                          @0x2b
;;   v12:i64 = iadd v1, v11                         @0x2b
;;   v13:i64 = load.64 v12+224 context              @0x2b
;;   v14:i32 = eqz v13                              @0x2b
;;   trapnz.5 v14                                   @0x2b
;;   v16:i32 = load.32 v13+16 context               @0x2b
;;   v17:i32 = load.32 v1+144 const context         @0x2b
;;   v18:i32 = icmp.ne v16, v17                     @0x2b
;;   trapnz.6 v18                                   @0x2b
;;   v20:i64 = load.64 v13 context                  @0x2b
;;   v21:i64 = load.64 v13+8 context                @0x2b
;;   refund.depth 112                               @0x2b
;;   tailcall ref (i64, i32) -> (i32) (v20, v21, v5) @0x2b
;; }
