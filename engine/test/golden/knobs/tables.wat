;; run: disas --leg x64:tables=inline --ir opt
;; run: disas --leg x64:tables=indirect --ir opt
;; run: disas --leg x64:tables=inline --ir alloc
;; run: disas --leg a64:tables=inline,charge=branch --ir alloc
;; a table whose type fixes its size: the bound is a constant, the elements are in the instance
(module (table 5 5 funcref) (type $t (func)) (func (param i32) (call_indirect (type $t) (local.get 0))))
;; expect
;; function 0 after opt
;; func "f0" 0 (i64, i32) -> () frame 96 {
;; b0(v1:i64, v2:i32):
;;   charges depth 96 at 0x22, fuel 3 at 0x22       @0x22
;;   v5:i32 = iconst 5                              @0x24
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
;; expect
;; function 0 after opt
;; func "f0" 0 (i64, i32) -> () frame 96 {
;; b0(v1:i64, v2:i32):
;;   charges depth 96 at 0x22, fuel 3 at 0x22       @0x22
;;   v5:i32 = load.32 v1+184 context                @0x24
;;   v6:i32 = icmp.uge v2, v5                       @0x24
;;   trapnz.4 v6                                    @0x24
;;   v8:i64 = load.64 v1+176 context                @0x24
;;   v9:i64 = zext v2                               @0x24
;;   v10:i64 = iconst 3                             @0x24
;;   v11:i64 = shl v9, v10                          @0x24
;;   v12:i64 = iadd v8, v11                         @0x24
;;   v13:i64 = load.64 v12 context                  @0x24
;;   v14:i32 = eqz v13                              @0x24
;;   trapnz.5 v14                                   @0x24
;;   v16:i32 = load.32 v13+16 context               @0x24
;;   v17:i32 = load.32 v1+144 const context         @0x24
;;   v18:i32 = icmp.ne v16, v17                     @0x24
;;   trapnz.6 v18                                   @0x24
;;   v20:i64 = load.64 v13 context                  @0x24
;;   v21:i64 = load.64 v13+8 context                @0x24
;;   call ref (i64) -> () (v20, v21)                @0x24
;;   refund.depth 96                                @0x27
;;   ret                                            @0x27
;; }
;; expect
;; function 0 after alloc
;; mfn "f0" 0  frame cost 96, 0 slots
;; b0
;;      0  params rdi, esi                                  @0x22
;;      1  sub qword ptr [r15 + 8], 0x60                    @0x22
;;      2  traps 10                                         @0x22
;;      3  sub r14, 3                                       @0x22
;;      4  traps 11                                         @0x22
;;      5  cmp esi, 5                                       @0x24
;;      6  trapae 4                                         @0x24
;;      7  mov rax, qword ptr [rdi + rsi*8 + 0xe0]          @0x24
;;      8  test rax, rax                                    @0x24
;;      9  trape 5                                          @0x24
;;     10  mov ecx, dword ptr [rax + 0x10]                  @0x24
;;     11  cmp ecx, dword ptr [rdi + 0x90]                  @0x24
;;     12  trapne 6                                         @0x24
;;     13  mov r10, qword ptr [rax]                         @0x24
;;     14  mov rdi, qword ptr [rax + 8]                     @0x24
;;     15  call r10, rdi                                    @0x24
;;     16  add qword ptr [r15 + 8], 0x60                    @0x27
;;     17  return                                           @0x27
;; expect
;; function 0 after alloc
;; mfn "f0" 0  frame cost 96, 0 slots
;; b0
;;      0  params x0, w1                                    @0x22
;;      1  subs x25, x25, #96                               @0x22
;;      2  b.mi trap 10                                     @0x22
;;      3  subs x27, x27, #3                                @0x22
;;      4  b.mi trap 11                                     @0x22
;;      5  cmp w1, #5                                       @0x24
;;      6  b.hs trap 4                                      @0x24
;;      7  add x8, x0, w1, uxtw #3                          @0x24
;;      8  ldr x8, [x8, #224]                               @0x24
;;      9  cbz x8, trap 5                                   @0x24
;;     10  ldr w9, [x8, #16]                                @0x24
;;     11  ldr w10, [x0, #144]                              @0x24
;;     12  cmp w9, w10                                      @0x24
;;     13  b.ne trap 6                                      @0x24
;;     14  ldr x9, [x8]                                     @0x24
;;     15  ldr x0, [x8, #8]                                 @0x24
;;     16  blr x9, x0                                       @0x24
;;     17  add x25, x25, #96                                @0x27
;;     18  return                                           @0x27

;; run: disas --leg x64:tables=inline --ir opt
;; exported, so that others may let it grow
(module (table (export "t") 5 funcref) (func (param i32) (result funcref) (table.get (local.get 0))))
;; expect
;; not assembled:
;; stderr: case.wat:2:86: error: unexpected token "(", expected a numeric index or a name (e.g. 12 or $foo).
;; stderr: ...t") 5 funcref) (func (param i32) (result funcref) (table.get (local.get 0))))
;; stderr:                                                                 ^
;; stderr: case.wat:2:100: error: unexpected token ), expected EOF.
;; stderr: ...t") 5 funcref) (func (param i32) (result funcref) (table.get (local.get 0))))
;; stderr:                                                                               ^

;; run: disas --leg x64:tables=inline --ir opt
;; nobody can let it grow
(module (table 5 funcref) (func (param i32) (result funcref) (table.get (local.get 0))))
;; expect
;; not assembled:
;; stderr: case.wat:2:73: error: unexpected token "(", expected a numeric index or a name (e.g. 12 or $foo).
;; stderr: ...ble 5 funcref) (func (param i32) (result funcref) (table.get (local.get 0))))
;; stderr:                                                                 ^
;; stderr: case.wat:2:87: error: unexpected token ), expected EOF.
;; stderr: ...ble 5 funcref) (func (param i32) (result funcref) (table.get (local.get 0))))
;; stderr:                                                                               ^

;; run: disas --leg x64:tables=inline --ir opt
;; it grows here
(module (table 5 funcref) (func (param i32) (result i32) (table.size) (table.grow (ref.null func) (local.get 0)) (i32.add)))
;; expect
;; not assembled:
;; stderr: case.wat:2:69: error: unexpected token ")", expected a numeric index or a name (e.g. 12 or $foo).
;; stderr: ... (param i32) (result i32) (table.size) (table.grow (ref.null func) (local....
;; stderr:                                         ^
;; stderr: case.wat:2:83: error: unexpected token "(", expected a numeric index or a name (e.g. 12 or $foo).
;; stderr: ...result i32) (table.size) (table.grow (ref.null func) (local.get 0)) (i32.a...
;; stderr:                                         ^
;; stderr: case.wat:2:99: error: unexpected token (, expected ).
;; stderr: ...sult i32) (table.size) (table.grow (ref.null func) (local.get 0)) (i32.add)))
;; stderr:                                                       ^
