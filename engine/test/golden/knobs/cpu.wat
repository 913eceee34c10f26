;; run: disas --leg x64:O1,interrupt=none --ir mach
;; run: disas --leg x64:O1,interrupt=none,cpu=bmi2+avx --ir mach
;; run: disas --leg x64:O1,interrupt=none,cpu=lzcnt+bmi1 --ir mach
;; forms by extension: shlx, vmulps; lzcnt, tzcnt
(module (func (param i64 i64 v128 v128) (result i64 v128)
  (i64.add (i64.shl (local.get 0) (local.get 1)) (i64.add (i64.clz (local.get 1)) (i64.ctz (local.get 1))))
  (f32x4.mul (local.get 2) (local.get 3))))
;; expect
;; function 0 after mach
;; mfn "f0" 0  frame cost 176
;; b0
;;      0  params v77=rsi, v76=rdx, v70=xmm0, v71=xmm1      @0x1d
;;      1  sub qword ptr [r15 + 8], 0xb0                    @0x1d
;;      2  traps 10                                         @0x1d
;;      3  shl v72, cl {v72=v77 v76=rcx}                    @0x21
;;      4  clz v75, v76                                     @0x24
;;      5  ctz v74, v76                                     @0x27
;;      6  add v73, v74 {v73=v75}                           @0x28
;;      7  lea v64, [v72 + v73]                             @0x29
;;      8  mulps v66, v71 {v66=v70}                         @0x2e
;;      9  cmpordps v67, v66 {v67=v66}                      @0x2e
;;     10  andps v68, v67 {v68=v66}                         @0x2e
;;     11  andnps v69, xmmword ptr [rip + {0x7fc000007fc00000}] {v69=v67} @0x2e
;;     12  orps v65, v69 {v65=v68}                          @0x2e
;;     13  add qword ptr [r15 + 8], 0xb0                    @0x31
;;     14  return v64, v65 {v64=rax v65=xmm0}               @0x31
;; expect
;; function 0 after mach
;; mfn "f0" 0  frame cost 176
;; b0
;;      0  params v75=rsi, v74=rdx, v68=xmm0, v69=xmm1      @0x1d
;;      1  sub qword ptr [r15 + 8], 0xb0                    @0x1d
;;      2  traps 10                                         @0x1d
;;      3  shlx v70, v75, v74                               @0x21
;;      4  clz v73, v74                                     @0x24
;;      5  ctz v72, v74                                     @0x27
;;      6  add v71, v72 {v71=v73}                           @0x28
;;      7  lea v64, [v70 + v71]                             @0x29
;;      8  vmulps v66, v68, v69                             @0x2e
;;      9  vcmpunordps v67, v66, v66                        @0x2e
;;     10  vblendvps v65, v66, xmmword ptr [rip + {0x7fc000007fc00000}], v67 @0x2e
;;     11  add qword ptr [r15 + 8], 0xb0                    @0x31
;;     12  return v64, v65 {v64=rax v65=xmm0}               @0x31
;; expect
;; function 0 after mach
;; mfn "f0" 0  frame cost 176
;; b0
;;      0  params v77=rsi, v76=rdx, v70=xmm0, v71=xmm1      @0x1d
;;      1  sub qword ptr [r15 + 8], 0xb0                    @0x1d
;;      2  traps 10                                         @0x1d
;;      3  shl v72, cl {v72=v77 v76=rcx}                    @0x21
;;      4  lzcnt v75, v76                                   @0x24
;;      5  tzcnt v74, v76                                   @0x27
;;      6  add v73, v74 {v73=v75}                           @0x28
;;      7  lea v64, [v72 + v73]                             @0x29
;;      8  mulps v66, v71 {v66=v70}                         @0x2e
;;      9  cmpordps v67, v66 {v67=v66}                      @0x2e
;;     10  andps v68, v67 {v68=v66}                         @0x2e
;;     11  andnps v69, xmmword ptr [rip + {0x7fc000007fc00000}] {v69=v67} @0x2e
;;     12  orps v65, v69 {v65=v68}                          @0x2e
;;     13  add qword ptr [r15 + 8], 0xb0                    @0x31
;;     14  return v64, v65 {v64=rax v65=xmm0}               @0x31
