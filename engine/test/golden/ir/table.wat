;; run: disas --ir build
;; get, set
(module (table 4 externref) (func (param i32 externref) (result externref)
  (table.set 0 (local.get 0) (local.get 1)) (table.get 0 (local.get 0))))
;; expect
;; function 0 after build
;; func "f0" 0 (i64, i32, i64) -> (i64) frame 128 {
;; b0(v1:i64, v2:i32, v3:i64):
;;   charge.depth 128                               @0x20
;;   charge.fuel 6                                  @0x20
;;   v6:i32 = iconst 4                              @0x24
;;   v7:i32 = icmp.uge v2, v6                       @0x24
;;   trapnz.3 v7                                    @0x24
;;   v9:i64 = zext v2                               @0x24
;;   v10:i64 = iconst 3                             @0x24
;;   v11:i64 = shl v9, v10                          @0x24
;;   v12:i64 = iadd v1, v11                         @0x24
;;   store.64 v12+224, v3 context                   @0x24
;;   v14:i32 = iconst 4                             @0x28
;;   v15:i32 = icmp.uge v2, v14                     @0x28
;;   trapnz.3 v15                                   @0x28
;;   v17:i64 = zext v2                              @0x28
;;   v18:i64 = iconst 3                             @0x28
;;   v19:i64 = shl v17, v18                         @0x28
;;   v20:i64 = iadd v1, v19                         @0x28
;;   v21:i64 = load.64 v20+224 context              @0x28
;;   refund.depth 128                               @0x2a
;;   ret v21                                        @0x2a
;; }

;; run: disas --ir build
;; size, grow, fill, copy, init, drop
(module (table $t 4 funcref) (elem funcref (ref.null func)) (func (param i32) (result i32)
  (table.fill 0 (local.get 0) (ref.null func) (i32.const 2))
  (table.copy 0 0 (local.get 0) (i32.const 1) (i32.const 2))
  (table.init 0 0 (local.get 0) (i32.const 0) (i32.const 1))
  (elem.drop 0)
  (i32.add (table.size 0) (table.grow 0 (ref.null func) (i32.const 1)))))
;; expect
;; function 0 after build
;; func "f0" 0 (i64, i32) -> (i32) frame 128 {
;; b0(v1:i64, v2:i32):
;;   charge.depth 128                               @0x28
;;   charge.fuel 19                                 @0x28
;;   v5:i64 = iconst 0                              @0x2a
;;   v6:i32 = iconst 2                              @0x2c
;;   v7:i32 = iconst 0                              @0x2e
;;   v8:i64 = zext v2                               @0x2e
;;   v9:i64 = zext v6                               @0x2e
;;   v10:i32 = call lib6 (i64, i32, i64, i64, i64) -> (i32) (v1, v7, v8, v5, v9) @0x2e
;;   v11:i32 = iconst 11                            @0x2e
;;   v12:i32 = icmp.eq v10, v11                     @0x2e
;;   trapnz.11 v12                                  @0x2e
;;   trapnz.3 v10                                   @0x2e
;;   v15:i32 = iconst 1                             @0x33
;;   v16:i32 = iconst 2                             @0x35
;;   v17:i32 = iconst 0                             @0x37
;;   v18:i32 = iconst 0                             @0x37
;;   v19:i64 = zext v2                              @0x37
;;   v20:i64 = zext v15                             @0x37
;;   v21:i64 = zext v16                             @0x37
;;   v22:i32 = call lib7 (i64, i32, i32, i64, i64, i64) -> (i32) (v1, v17, v18, v19, v20, v21) @0x37
;;   v23:i32 = iconst 11                            @0x37
;;   v24:i32 = icmp.eq v22, v23                     @0x37
;;   trapnz.11 v24                                  @0x37
;;   trapnz.3 v22                                   @0x37
;;   v27:i32 = iconst 0                             @0x3d
;;   v28:i32 = iconst 1                             @0x3f
;;   v29:i32 = iconst 0                             @0x41
;;   v30:i32 = iconst 0                             @0x41
;;   v31:i64 = zext v2                              @0x41
;;   v32:i32 = call lib8 (i64, i32, i32, i64, i32, i32) -> (i32) (v1, v29, v30, v31, v27, v28) @0x41
;;   v33:i32 = iconst 11                            @0x41
;;   v34:i32 = icmp.eq v32, v33                     @0x41
;;   trapnz.11 v34                                  @0x41
;;   trapnz.3 v32                                   @0x41
;;   v37:i32 = iconst 0                             @0x45
;;   call lib9 (i64, i32) -> () (v1, v37)           @0x45
;;   v39:i32 = load.32 v1+200 context               @0x48
;;   v40:i64 = iconst 0                             @0x4b
;;   v41:i32 = iconst 1                             @0x4d
;;   v42:i32 = iconst 0                             @0x4f
;;   v43:i64 = zext v41                             @0x4f
;;   v44:i64 = call lib5 (i64, i32, i64, i64) -> (i64) (v1, v42, v43, v40) @0x4f
;;   v45:i32 = wrap v44                             @0x4f
;;   v46:i32 = iadd v39, v45                        @0x52
;;   refund.depth 128                               @0x53
;;   ret v46                                        @0x53
;; }

;; run: disas --ir build
;; ref.func, ref.is_null
(module (func $f (export "f") (result i32) (ref.is_null (ref.func $f))))
;; expect
;; function 0 "f" after build
;; func "f" 0 (i64) -> (i32) frame 80 {
;; b0(v1:i64):
;;   charge.depth 80                                @0x1f
;;   charge.fuel 3                                  @0x1f
;;   v4:i64 = iconst 160                            @0x1f
;;   v5:i64 = iadd v1, v4                           @0x1f
;;   v6:i32 = eqz v5                                @0x21
;;   refund.depth 80                                @0x22
;;   ret v6                                         @0x22
;; }
