;; run: disas --ir build
;; run: disas --leg x64:bounds=explicit --ir build
;; i32.load with an offset
(module (memory 1) (func (param i32) (result i32) (i32.load offset=8 (local.get 0))))
;; expect
;; function 0 after build
;; func "f0" 0 (i64, i32) -> (i32) frame 96 {
;; b0(v1:i64, v2:i32):
;;   charge.depth 96                                @0x1e
;;   charge.fuel 3                                  @0x1e
;;   v5:i64 = zext v2                               @0x20
;;   v6:i64 = load.64 v1+128 const context          @0x20
;;   v7:i64 = iadd v6, v5                           @0x20
;;   v8:i32 = load.32 v7+8 heap traps               @0x20
;;   refund.depth 96                                @0x23
;;   ret v8                                         @0x23
;; }
;; expect
;; function 0 after build
;; func "f0" 0 (i64, i32) -> (i32) frame 96 {
;; b0(v1:i64, v2:i32):
;;   charge.depth 96                                @0x1e
;;   charge.fuel 3                                  @0x1e
;;   v5:i64 = zext v2                               @0x20
;;   v6:i64 = load.64 v1+184 least 1 context        @0x20
;;   v7:i64 = iconst 12                             @0x20
;;   v8:i64 = iadd v5, v7                           @0x20
;;   v9:i32 = icmp.ugt v8, v6                       @0x20
;;   trapnz.2 v9                                    @0x20
;;   v11:i64 = load.64 v1+128 const context         @0x20
;;   v12:i64 = iadd v11, v5                         @0x20
;;   v13:i32 = load.32 v12+8 heap                   @0x20
;;   refund.depth 96                                @0x23
;;   ret v13                                        @0x23
;; }

;; run: disas --ir build
;; run: disas --leg x64:bounds=explicit --ir build
;; an offset beyond the guard pages
(module (memory 1) (func (param i32) (result i32) (i32.load offset=0xfffffff0 (local.get 0))))
;; expect
;; function 0 after build
;; func "f0" 0 (i64, i32) -> (i32) frame 96 {
;; b0(v1:i64, v2:i32):
;;   charge.depth 96                                @0x1e
;;   charge.fuel 3                                  @0x1e
;;   v5:i64 = zext v2                               @0x20
;;   v6:i64 = load.64 v1+128 const context          @0x20
;;   v7:i64 = iadd v6, v5                           @0x20
;;   v8:i64 = iconst 4294967280                     @0x20
;;   v9:i64 = iadd v7, v8                           @0x20
;;   v10:i32 = load.32 v9 heap traps                @0x20
;;   refund.depth 96                                @0x27
;;   ret v10                                        @0x27
;; }
;; expect
;; function 0 after build
;; func "f0" 0 (i64, i32) -> (i32) frame 96 {
;; b0(v1:i64, v2:i32):
;;   charge.depth 96                                @0x1e
;;   charge.fuel 3                                  @0x1e
;;   v5:i64 = zext v2                               @0x20
;;   v6:i64 = load.64 v1+184 least 1 context        @0x20
;;   v7:i64 = iconst 4294967284                     @0x20
;;   v8:i64 = iadd v5, v7                           @0x20
;;   v9:i32 = icmp.ugt v8, v6                       @0x20
;;   trapnz.2 v9                                    @0x20
;;   v11:i64 = load.64 v1+128 const context         @0x20
;;   v12:i64 = iadd v11, v5                         @0x20
;;   v13:i64 = iconst 4294967280                    @0x20
;;   v14:i64 = iadd v12, v13                        @0x20
;;   v15:i32 = load.32 v14 heap                     @0x20
;;   refund.depth 96                                @0x27
;;   ret v15                                        @0x27
;; }

;; run: disas --ir build
;; loads of parts
(module (memory 1) (func (param i32) (result i64)
  (drop (i32.load8_s (local.get 0))) (drop (i32.load16_u (local.get 0))) (drop (i64.load32_s (local.get 0))) (i64.load8_u (local.get 0))))
;; expect
;; function 0 after build
;; func "f0" 0 (i64, i32) -> (i64) frame 96 {
;; b0(v1:i64, v2:i32):
;;   charge.depth 96                                @0x1e
;;   charge.fuel 12                                 @0x1e
;;   v5:i64 = zext v2                               @0x20
;;   v6:i64 = load.64 v1+128 const context          @0x20
;;   v7:i64 = iadd v6, v5                           @0x20
;;   v8:i32 = load.8s v7 heap traps                 @0x20
;;   v9:i64 = zext v2                               @0x26
;;   v10:i64 = iadd v6, v9                          @0x26
;;   v11:i32 = load.16u v10 heap traps              @0x26
;;   v12:i64 = zext v2                              @0x2c
;;   v13:i64 = iadd v6, v12                         @0x2c
;;   v14:i64 = load.32s v13 heap traps              @0x2c
;;   v15:i64 = zext v2                              @0x32
;;   v16:i64 = iadd v6, v15                         @0x32
;;   v17:i64 = load.8u v16 heap traps               @0x32
;;   refund.depth 96                                @0x35
;;   ret v17                                        @0x35
;; }

;; run: disas --ir build
;; run: disas --leg x64:bounds=explicit --ir build
;; stores of parts, floats
(module (memory 1) (func (param i32 i64 f32)
  (i32.store8 (local.get 0) (i32.const 1)) (i64.store32 (local.get 0) (local.get 1)) (f32.store (local.get 0) (local.get 2))))
;; expect
;; function 0 after build
;; func "f0" 0 (i64, i32, i64, f32) -> () frame 144 {
;; b0(v1:i64, v2:i32, v3:i64, v4:f32):
;;   charge.depth 144                               @0x1f
;;   charge.fuel 10                                 @0x1f
;;   v7:i32 = iconst 1                              @0x21
;;   v8:i64 = zext v2                               @0x23
;;   v9:i64 = load.64 v1+128 const context          @0x23
;;   v10:i64 = iadd v9, v8                          @0x23
;;   store.8u v10, v7 heap traps                    @0x23
;;   v12:i64 = zext v2                              @0x2a
;;   v13:i64 = iadd v9, v12                         @0x2a
;;   store.32u v13, v3 heap traps                   @0x2a
;;   v15:i64 = zext v2                              @0x31
;;   v16:i64 = iadd v9, v15                         @0x31
;;   store.f32 v16, v4 heap traps                   @0x31
;;   refund.depth 144                               @0x34
;;   ret                                            @0x34
;; }
;; expect
;; function 0 after build
;; func "f0" 0 (i64, i32, i64, f32) -> () frame 144 {
;; b0(v1:i64, v2:i32, v3:i64, v4:f32):
;;   charge.depth 144                               @0x1f
;;   charge.fuel 10                                 @0x1f
;;   v7:i32 = iconst 1                              @0x21
;;   v8:i64 = zext v2                               @0x23
;;   v9:i64 = load.64 v1+184 least 1 context        @0x23
;;   v10:i64 = iconst 1                             @0x23
;;   v11:i64 = iadd v8, v10                         @0x23
;;   v12:i32 = icmp.ugt v11, v9                     @0x23
;;   trapnz.2 v12                                   @0x23
;;   v14:i64 = load.64 v1+128 const context         @0x23
;;   v15:i64 = iadd v14, v8                         @0x23
;;   store.8u v15, v7 heap                          @0x23
;;   v17:i64 = zext v2                              @0x2a
;;   v18:i64 = load.64 v1+184 least 1 context       @0x2a
;;   v19:i64 = iconst 4                             @0x2a
;;   v20:i64 = iadd v17, v19                        @0x2a
;;   v21:i32 = icmp.ugt v20, v18                    @0x2a
;;   trapnz.2 v21                                   @0x2a
;;   v23:i64 = iadd v14, v17                        @0x2a
;;   store.32u v23, v3 heap                         @0x2a
;;   v25:i64 = zext v2                              @0x31
;;   v26:i64 = load.64 v1+184 least 1 context       @0x31
;;   v27:i64 = iconst 4                             @0x31
;;   v28:i64 = iadd v25, v27                        @0x31
;;   v29:i32 = icmp.ugt v28, v26                    @0x31
;;   trapnz.2 v29                                   @0x31
;;   v31:i64 = iadd v14, v25                        @0x31
;;   store.f32 v31, v4 heap                         @0x31
;;   refund.depth 144                               @0x34
;;   ret                                            @0x34
;; }

;; run: disas --ir build
;; run: disas --leg x64:bounds=explicit --ir build
;; a second memory
(module (memory 1) (memory $b 1) (func (param i32) (result i32) (i32.load $b (local.get 0))))
;; expect
;; function 0 after build
;; func "f0" 0 (i64, i32) -> (i32) frame 96 {
;; b0(v1:i64, v2:i32):
;;   charge.depth 96                                @0x20
;;   charge.fuel 3                                  @0x20
;;   v5:i64 = zext v2                               @0x22
;;   v6:i64 = load.64 v1+144 const context          @0x22
;;   v7:i64 = iadd v6, v5                           @0x22
;;   v8:i32 = load.32 v7 heap traps                 @0x22
;;   refund.depth 96                                @0x26
;;   ret v8                                         @0x26
;; }
;; expect
;; function 0 after build
;; func "f0" 0 (i64, i32) -> (i32) frame 96 {
;; b0(v1:i64, v2:i32):
;;   charge.depth 96                                @0x20
;;   charge.fuel 3                                  @0x20
;;   v5:i64 = zext v2                               @0x22
;;   v6:i64 = load.64 v1+248 least 1 context        @0x22
;;   v7:i64 = iconst 4                              @0x22
;;   v8:i64 = iadd v5, v7                           @0x22
;;   v9:i32 = icmp.ugt v8, v6                       @0x22
;;   trapnz.2 v9                                    @0x22
;;   v11:i64 = load.64 v1+144 const context         @0x22
;;   v12:i64 = iadd v11, v5                         @0x22
;;   v13:i32 = load.32 v12 heap                     @0x22
;;   refund.depth 96                                @0x26
;;   ret v13                                        @0x26
;; }

;; run: disas --ir build
;; size, grow, fill, copy, init, drop
(module (memory 1) (data "abc") (func (param i32) (result i32)
  (memory.fill (local.get 0) (i32.const 1) (i32.const 2))
  (memory.copy (local.get 0) (i32.const 1) (i32.const 2))
  (memory.init 0 (local.get 0) (i32.const 0) (i32.const 3))
  (data.drop 0)
  (i32.add (memory.size) (memory.grow (i32.const 1)))))
;; expect
;; function 0 after build
;; func "f0" 0 (i64, i32) -> (i32) frame 128 {
;; b0(v1:i64, v2:i32):
;;   charge.depth 128                               @0x21
;;   charge.fuel 18                                 @0x21
;;   v5:i32 = iconst 1                              @0x23
;;   v6:i32 = iconst 2                              @0x25
;;   v7:i32 = iconst 0                              @0x27
;;   v8:i64 = zext v2                               @0x27
;;   v9:i64 = zext v6                               @0x27
;;   v10:i32 = call lib1 (i64, i32, i64, i32, i64) -> (i32) (v1, v7, v8, v5, v9) @0x27
;;   v11:i32 = iconst 11                            @0x27
;;   v12:i32 = icmp.eq v10, v11                     @0x27
;;   trapnz.11 v12                                  @0x27
;;   trapnz.2 v10                                   @0x27
;;   v15:i32 = iconst 1                             @0x2c
;;   v16:i32 = iconst 2                             @0x2e
;;   v17:i32 = iconst 0                             @0x30
;;   v18:i32 = iconst 0                             @0x30
;;   v19:i64 = zext v2                              @0x30
;;   v20:i64 = zext v15                             @0x30
;;   v21:i64 = zext v16                             @0x30
;;   v22:i32 = call lib2 (i64, i32, i32, i64, i64, i64) -> (i32) (v1, v17, v18, v19, v20, v21) @0x30
;;   v23:i32 = iconst 11                            @0x30
;;   v24:i32 = icmp.eq v22, v23                     @0x30
;;   trapnz.11 v24                                  @0x30
;;   trapnz.2 v22                                   @0x30
;;   v27:i32 = iconst 0                             @0x36
;;   v28:i32 = iconst 3                             @0x38
;;   v29:i32 = iconst 0                             @0x3a
;;   v30:i32 = iconst 0                             @0x3a
;;   v31:i64 = zext v2                              @0x3a
;;   v32:i32 = call lib3 (i64, i32, i32, i64, i32, i32) -> (i32) (v1, v29, v30, v31, v27, v28) @0x3a
;;   v33:i32 = iconst 11                            @0x3a
;;   v34:i32 = icmp.eq v32, v33                     @0x3a
;;   trapnz.11 v34                                  @0x3a
;;   trapnz.2 v32                                   @0x3a
;;   v37:i32 = iconst 0                             @0x3e
;;   call lib4 (i64, i32) -> () (v1, v37)           @0x3e
;;   v39:i64 = load.64 v1+208 context               @0x41
;;   v40:i32 = wrap v39                             @0x41
;;   v41:i32 = iconst 1                             @0x43
;;   v42:i32 = iconst 0                             @0x45
;;   v43:i64 = zext v41                             @0x45
;;   v44:i64 = call lib0 (i64, i32, i64) -> (i64) (v1, v42, v43) @0x45
;;   v45:i32 = wrap v44                             @0x45
;;   v46:i32 = iadd v40, v45                        @0x47
;;   refund.depth 128                               @0x48
;;   ret v46                                        @0x48
;; }

;; run: disas --ir build
;; run: disas --leg x64:bounds=explicit --ir build
;; vectors: whole, splat, zero, extending, lanes
(module (memory 1) (func (param i32) (result v128)
  (v128.store (local.get 0) (v128.load (local.get 0)))
  (drop (v128.load8_splat (local.get 0))) (drop (v128.load32_zero (local.get 0))) (drop (v128.load16x4_s (local.get 0)))
  (v128.store16_lane 3 (local.get 0) (v128.load (local.get 0)))
  (v128.load64_lane 1 (local.get 0) (v128.load (local.get 0)))))
;; expect
;; function 0 after build
;; func "f0" 0 (i64, i32) -> (v128) frame 112 {
;; b0(v1:i64, v2:i32):
;;   charge.depth 112                               @0x1e
;;   charge.fuel 22                                 @0x1e
;;   v5:i64 = zext v2                               @0x22
;;   v6:i64 = load.64 v1+128 const context          @0x22
;;   v7:i64 = iadd v6, v5                           @0x22
;;   v8:v128 = load.v128 v7 heap traps              @0x22
;;   v9:i64 = zext v2                               @0x26
;;   v10:i64 = iadd v6, v9                          @0x26
;;   store.v128 v10, v8 heap traps                  @0x26
;;   v12:i64 = zext v2                              @0x2c
;;   v13:i64 = iadd v6, v12                         @0x2c
;;   v14:i32 = load.8u v13 heap traps               @0x2c
;;   v15:v128 = vsplat.i8x16.splat v14              @0x2c
;;   v16:i64 = zext v2                              @0x33
;;   v17:i64 = iadd v6, v16                         @0x33
;;   v18:v128 = load.v32z v17 heap traps            @0x33
;;   v19:i64 = zext v2                              @0x3a
;;   v20:i64 = iadd v6, v19                         @0x3a
;;   v21:v128 = load.v64z v20 heap traps            @0x3a
;;   v22:v128 = vunary.i32x4.extend_low_i16x8_s v21 @0x3a
;;   v23:i64 = zext v2                              @0x43
;;   v24:i64 = iadd v6, v23                         @0x43
;;   v25:v128 = load.v128 v24 heap traps            @0x43
;;   v26:i32 = vextract.i16x8.extract_lane_u v25 3  @0x47
;;   v27:i64 = zext v2                              @0x47
;;   v28:i64 = iadd v6, v27                         @0x47
;;   store.16u v28, v26 heap traps                  @0x47
;;   v30:i64 = zext v2                              @0x50
;;   v31:i64 = iadd v6, v30                         @0x50
;;   v32:v128 = load.v128 v31 heap traps            @0x50
;;   v33:i64 = zext v2                              @0x54
;;   v34:i64 = iadd v6, v33                         @0x54
;;   v35:i64 = load.64 v34 heap traps               @0x54
;;   v36:v128 = vreplace.i64x2.replace_lane v32, v35 1 @0x54
;;   refund.depth 112                               @0x59
;;   ret v36                                        @0x59
;; }
;; expect
;; function 0 after build
;; func "f0" 0 (i64, i32) -> (v128) frame 112 {
;; b0(v1:i64, v2:i32):
;;   charge.depth 112                               @0x1e
;;   charge.fuel 22                                 @0x1e
;;   v5:i64 = zext v2                               @0x22
;;   v6:i64 = load.64 v1+184 least 1 context        @0x22
;;   v7:i64 = iconst 16                             @0x22
;;   v8:i64 = iadd v5, v7                           @0x22
;;   v9:i32 = icmp.ugt v8, v6                       @0x22
;;   trapnz.2 v9                                    @0x22
;;   v11:i64 = load.64 v1+128 const context         @0x22
;;   v12:i64 = iadd v11, v5                         @0x22
;;   v13:v128 = load.v128 v12 heap                  @0x22
;;   v14:i64 = zext v2                              @0x26
;;   v15:i64 = load.64 v1+184 least 1 context       @0x26
;;   v16:i64 = iconst 16                            @0x26
;;   v17:i64 = iadd v14, v16                        @0x26
;;   v18:i32 = icmp.ugt v17, v15                    @0x26
;;   trapnz.2 v18                                   @0x26
;;   v20:i64 = iadd v11, v14                        @0x26
;;   store.v128 v20, v13 heap                       @0x26
;;   v22:i64 = zext v2                              @0x2c
;;   v23:i64 = load.64 v1+184 least 1 context       @0x2c
;;   v24:i64 = iconst 1                             @0x2c
;;   v25:i64 = iadd v22, v24                        @0x2c
;;   v26:i32 = icmp.ugt v25, v23                    @0x2c
;;   trapnz.2 v26                                   @0x2c
;;   v28:i64 = iadd v11, v22                        @0x2c
;;   v29:i32 = load.8u v28 heap                     @0x2c
;;   v30:v128 = vsplat.i8x16.splat v29              @0x2c
;;   v31:i64 = zext v2                              @0x33
;;   v32:i64 = load.64 v1+184 least 1 context       @0x33
;;   v33:i64 = iconst 4                             @0x33
;;   v34:i64 = iadd v31, v33                        @0x33
;;   v35:i32 = icmp.ugt v34, v32                    @0x33
;;   trapnz.2 v35                                   @0x33
;;   v37:i64 = iadd v11, v31                        @0x33
;;   v38:v128 = load.v32z v37 heap                  @0x33
;;   v39:i64 = zext v2                              @0x3a
;;   v40:i64 = load.64 v1+184 least 1 context       @0x3a
;;   v41:i64 = iconst 8                             @0x3a
;;   v42:i64 = iadd v39, v41                        @0x3a
;;   v43:i32 = icmp.ugt v42, v40                    @0x3a
;;   trapnz.2 v43                                   @0x3a
;;   v45:i64 = iadd v11, v39                        @0x3a
;;   v46:v128 = load.v64z v45 heap                  @0x3a
;;   v47:v128 = vunary.i32x4.extend_low_i16x8_s v46 @0x3a
;;   v48:i64 = zext v2                              @0x43
;;   v49:i64 = load.64 v1+184 least 1 context       @0x43
;;   v50:i64 = iconst 16                            @0x43
;;   v51:i64 = iadd v48, v50                        @0x43
;;   v52:i32 = icmp.ugt v51, v49                    @0x43
;;   trapnz.2 v52                                   @0x43
;;   v54:i64 = iadd v11, v48                        @0x43
;;   v55:v128 = load.v128 v54 heap                  @0x43
;;   v56:i32 = vextract.i16x8.extract_lane_u v55 3  @0x47
;;   v57:i64 = zext v2                              @0x47
;;   v58:i64 = load.64 v1+184 least 1 context       @0x47
;;   v59:i64 = iconst 2                             @0x47
;;   v60:i64 = iadd v57, v59                        @0x47
;;   v61:i32 = icmp.ugt v60, v58                    @0x47
;;   trapnz.2 v61                                   @0x47
;;   v63:i64 = iadd v11, v57                        @0x47
;;   store.16u v63, v56 heap                        @0x47
;;   v65:i64 = zext v2                              @0x50
;;   v66:i64 = load.64 v1+184 least 1 context       @0x50
;;   v67:i64 = iconst 16                            @0x50
;;   v68:i64 = iadd v65, v67                        @0x50
;;   v69:i32 = icmp.ugt v68, v66                    @0x50
;;   trapnz.2 v69                                   @0x50
;;   v71:i64 = iadd v11, v65                        @0x50
;;   v72:v128 = load.v128 v71 heap                  @0x50
;;   v73:i64 = zext v2                              @0x54
;;   v74:i64 = load.64 v1+184 least 1 context       @0x54
;;   v75:i64 = iconst 8                             @0x54
;;   v76:i64 = iadd v73, v75                        @0x54
;;   v77:i32 = icmp.ugt v76, v74                    @0x54
;;   trapnz.2 v77                                   @0x54
;;   v79:i64 = iadd v11, v73                        @0x54
;;   v80:i64 = load.64 v79 heap                     @0x54
;;   v81:v128 = vreplace.i64x2.replace_lane v72, v80 1 @0x54
;;   refund.depth 112                               @0x59
;;   ret v81                                        @0x59
;; }
