;; run: disas --leg x64:O2,spectre=on --ir mach
;; run: disas --leg a64:O2,spectre=on,charge=branch --ir mach
;; an access to a table and a call through it under spectre=on
(module (type $t (func (result i32))) (table $t 4 funcref)
  (func (param i32) (result i32) (ref.is_null (table.get $t (local.get 0))))
  (func (param i32) (result i32) (call_indirect $t (type $t) (local.get 0))))
;; expect
;; function 0 after mach
;; mfn "f0" 0  frame cost 96
;; b0
;;      0  params v65=rdi, v68=rsi                          @0x24
;;      1  sub qword ptr [r15 + 8], 0x60                    @0x24
;;      2  traps 10                                         @0x24
;;      3  sub r14, 4                                       @0x24
;;      4  traps 11                                         @0x24
;;      5  cmp v68, 4                                       @0x26
;;      6  trapae 3                                         @0x26
;;      7  mov v67, 0                                       @0x26
;;      8  cmp v68, 4                                       @0x26
;;      9  cmovae v66, v67 {v66=v68}                        @0x26
;;     10  cmp qword ptr [v65 + v66*8 + 0xe0], 0            @0x28
;;     11  setz v64, e                                      @0x28
;;     12  add qword ptr [r15 + 8], 0x60                    @0x29
;;     13  return v64 {v64=rax}                             @0x29
;;
;; function 1 after mach
;; mfn "f1" 1  frame cost 96
;; b0
;;      0  params v68=rdi, v72=rsi                          @0x2c
;;      1  sub qword ptr [r15 + 8], 0x60                    @0x2c
;;      2  traps 10                                         @0x2c
;;      3  sub r14, 3                                       @0x2c
;;      4  traps 11                                         @0x2c
;;      5  cmp v72, 4                                       @0x2e
;;      6  trapae 4                                         @0x2e
;;      7  mov v71, 0                                       @0x2e
;;      8  cmp v72, 4                                       @0x2e
;;      9  cmovae v70, v71 {v70=v72}                        @0x2e
;;     10  mov v67, qword ptr [v68 + v70*8 + 0xe0]          @0x2e
;;     11  test v67, v67                                    @0x2e
;;     12  trape 5                                          @0x2e
;;     13  mov v69, dword ptr [v67 + 0x10]                  @0x2e
;;     14  cmp v69, dword ptr [v68 + 0x90]                  @0x2e
;;     15  trapne 6                                         @0x2e
;;     16  mov v65, qword ptr [v67]                         @0x2e
;;     17  mov v66, qword ptr [v67 + 8]                     @0x2e
;;     18  call v65, v66, v64 {v65=r10 v66=rdi v64=rax}     @0x2e
;;     19  add qword ptr [r15 + 8], 0x60                    @0x31
;;     20  return v64 {v64=rax}                             @0x31
;; expect
;; function 0 after mach
;; mfn "f0" 0  frame cost 96
;; b0
;;      0  params v67=x0, v69=x1                            @0x24
;;      1  subs x25, x25, #96                               @0x24
;;      2  b.mi trap 10                                     @0x24
;;      3  subs x27, x27, #4                                @0x24
;;      4  b.mi trap 11                                     @0x24
;;      5  cmp v69, #4                                      @0x26
;;      6  b.hs trap 3                                      @0x26
;;      7  cmp v69, #4                                      @0x26
;;      8  csel v68, v69, wzr, lo                           @0x26
;;      9  csdb                                             @0x26
;;     10  add v66, v67, v68, uxtw #3                       @0x26
;;     11  ldr v65, [v66, #224]                             @0x26
;;     12  cmp v65, #0                                      @0x28
;;     13  cset v64, eq                                     @0x28
;;     14  add x25, x25, #96                                @0x29
;;     15  return v64 {v64=x0}                              @0x29
;;
;; function 1 after mach
;; mfn "f1" 1  frame cost 96
;; b0
;;      0  params v70=x0, v73=x1                            @0x2c
;;      1  subs x25, x25, #96                               @0x2c
;;      2  b.mi trap 10                                     @0x2c
;;      3  subs x27, x27, #3                                @0x2c
;;      4  b.mi trap 11                                     @0x2c
;;      5  cmp v73, #4                                      @0x2e
;;      6  b.hs trap 4                                      @0x2e
;;      7  cmp v73, #4                                      @0x2e
;;      8  csel v72, v73, wzr, lo                           @0x2e
;;      9  csdb                                             @0x2e
;;     10  add v71, v70, v72, uxtw #3                       @0x2e
;;     11  ldr v67, [v71, #224]                             @0x2e
;;     12  cbz v67, trap 5                                  @0x2e
;;     13  ldr v68, [v67, #16]                              @0x2e
;;     14  ldr v69, [v70, #144]                             @0x2e
;;     15  cmp v68, v69                                     @0x2e
;;     16  b.ne trap 6                                      @0x2e
;;     17  ldr v65, [v67]                                   @0x2e
;;     18  ldr v66, [v67, #8]                               @0x2e
;;     19  blr v65, v66, v64 {v66=x0 v64=x0}                @0x2e
;;     20  add x25, x25, #96                                @0x31
;;     21  return v64 {v64=x0}                              @0x31

;; run: disas --leg x64:O2 --ir mach
;; run: disas --leg a64:O2,charge=branch --ir mach
;; run: disas --leg a64:O2,charge=fault --ir mach
;; fuel and depth of a function's entry
(module (func (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))
;; expect
;; function 0 after mach
;; mfn "f0" 0  frame cost 112
;; b0
;;      0  params v65=rsi                                   @0x19
;;      1  sub qword ptr [r15 + 8], 0x70                    @0x19
;;      2  traps 10                                         @0x19
;;      3  sub r14, 4                                       @0x19
;;      4  traps 11                                         @0x19
;;      5  add v64, 1 {v64=v65}                             @0x1d
;;      6  add qword ptr [r15 + 8], 0x70                    @0x1e
;;      7  return v64 {v64=rax}                             @0x1e
;; expect
;; function 0 after mach
;; mfn "f0" 0  frame cost 112
;; b0
;;      0  params v65=x1                                    @0x19
;;      1  subs x25, x25, #112                              @0x19
;;      2  b.mi trap 10                                     @0x19
;;      3  subs x27, x27, #4                                @0x19
;;      4  b.mi trap 11                                     @0x19
;;      5  add v64, v65, #1                                 @0x1d
;;      6  add x25, x25, #112                               @0x1e
;;      7  return v64 {v64=x0}                              @0x1e
;; expect
;; function 0 after mach
;; mfn "f0" 0  frame cost 112
;; b0
;;      0  params v65=x1                                    @0x19
;;      1  sub x25, x25, #112                               @0x19
;;      2  sub x27, x27, #4                                 @0x19
;;      3  orr v66, x27, x25                                @0x19
;;      4  and v67, v66, #0x400000000000                    @0x19
;;      5  ldr wzr, [x28, v67]                              @0x19
;;      6  add v64, v65, #1                                 @0x1d
;;      7  add x25, x25, #112                               @0x1e
;;      8  return v64 {v64=x0}                              @0x1e
