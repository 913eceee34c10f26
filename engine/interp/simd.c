/* Vector instructions: a function each, made from opcode.def, and the table of them.
 *
 * What an instruction does is num_simd.h's; here is only where its operands come from and where its result goes, which
 * depends on the kind of row.  FN_kind makes the function of a row, ROW_kind its entry; the prefix selects the rows.
 * A result that is no v128 is written like the loop's own (interp.c, "Slots"). */
#include "interp/simd.h"
#include "wasm/num_simd.h"

/* Bytes accessed, and how a scalar of that size is loaded and stored; by the `ir` column. */
enum {
    SIZE_ld128 = 16,
    SIZE_st128 = 16,
    SIZE_ld32z = 4,
    SIZE_ld64z = 8,
    SIZE_i8x16_splat = 1,
    SIZE_i16x8_splat = 2,
    SIZE_i32x4_splat = 4,
    SIZE_i64x2_splat = 8,
    SIZE_i8x16_replace_lane = 1,
    SIZE_i16x8_replace_lane = 2,
    SIZE_i32x4_replace_lane = 4,
    SIZE_i64x2_replace_lane = 8,
    SIZE_i8x16_extract_lane_u = 1,
    SIZE_i16x8_extract_lane_u = 2,
    SIZE_i32x4_extract_lane = 4,
    SIZE_i64x2_extract_lane = 8
};
#define LOAD_ld32z bits_load_u32
#define LOAD_ld64z bits_load_u64
#define LOAD_i8x16_splat bits_load_u8
#define LOAD_i16x8_splat bits_load_u16
#define LOAD_i32x4_splat bits_load_u32
#define LOAD_i64x2_splat bits_load_u64
#define LOAD_i8x16_replace_lane bits_load_u8
#define LOAD_i16x8_replace_lane bits_load_u16
#define LOAD_i32x4_replace_lane bits_load_u32
#define LOAD_i64x2_replace_lane bits_load_u64
#define STORE_i8x16_extract_lane_u(p, x) bits_store_u8(p, (uint8_t)(x))
#define STORE_i16x8_extract_lane_u(p, x) bits_store_u16(p, (uint16_t)(x))
#define STORE_i32x4_extract_lane bits_store_u32
#define STORE_i64x2_extract_lane bits_store_u64

/* The member of Value that holds the scalar of a splat or a replaced lane. */
#define IN_i8x16_splat i32
#define IN_i16x8_splat i32
#define IN_i32x4_splat i32
#define IN_i64x2_splat i64
#define IN_f32x4_splat i32
#define IN_f64x2_splat i64
#define IN_i8x16_replace_lane i32
#define IN_i16x8_replace_lane i32
#define IN_i32x4_replace_lane i32
#define IN_i64x2_replace_lane i64
#define IN_f32x4_replace_lane i32
#define IN_f64x2_replace_lane i64

/* -- Functions ------------------------------------------------------------------------ */

#define PURE(id, body)                                     \
    static void run_##id(Value *arg, const uint8_t *imm) { \
        (void)imm;                                         \
        body;                                              \
    }
#define ACCESS(id, body)                                                   \
    static void run_##id(Value *arg, const uint8_t *imm, uint8_t *where) { \
        (void)imm;                                                         \
        body;                                                              \
    }
#define FN_CONST(id, ir) PURE(id, memcpy(arg[0].bytes, imm, 16))
#define FN_VUNARY(id, ir) PURE(id, arg[0] = num_##ir(arg[0]))
#define FN_VFUNARY(id, ir) FN_VUNARY(id, ir)
#define FN_VBINARY(id, ir) PURE(id, arg[0] = num_##ir(arg[0], arg[1]))
#define FN_VFBINARY(id, ir) FN_VBINARY(id, ir)
#define FN_VTERNARY(id, ir) PURE(id, arg[0] = num_##ir(arg[0], arg[1], arg[2]))
#define FN_VSHIFT(id, ir) PURE(id, arg[0] = num_##ir(arg[0], arg[1].i32))
#define FN_VTEST(id, ir) PURE(id, arg[0].i64 = num_##ir(arg[0]))
#define FN_VSPLAT(id, ir) PURE(id, arg[0] = num_##ir(arg[0].IN_##ir))
#define FN_VEXTRACT(id, ir) PURE(id, arg[0].i64 = num_##ir(arg[0], *imm))
#define FN_VREPLACE(id, ir) PURE(id, arg[0] = num_##ir(arg[0], arg[1].IN_##ir, *imm))
#define FN_VSHUFFLE(id, ir) PURE(id, arg[0] = num_##ir(arg[0], arg[1], imm))
#define FN_LOAD(id, ir) ACCESS(id, memcpy(arg[0].bytes, where, 16))
#define FN_STORE(id, ir) ACCESS(id, memcpy(where, arg[1].bytes, 16))
#define FN_VLOAD_EXTEND(id, ir) ACCESS(id, arg[0] = num_##ir((Value){.u64x2 = {bits_load_u64(where), 0}}))
#define FN_VLOAD_SPLAT(id, ir) ACCESS(id, arg[0] = num_##ir(LOAD_##ir(where)))
#define FN_VLOAD_ZERO(id, ir) ACCESS(id, arg[0] = ((Value){.u64x2 = {LOAD_##ir(where), 0}}))
#define FN_VLOAD_LANE(id, ir) ACCESS(id, arg[0] = num_##ir(arg[1], LOAD_##ir(where), *imm))
#define FN_VSTORE_LANE(id, ir) ACCESS(id, STORE_##ir(where, num_##ir(arg[1], *imm)))

#define FN_0x00(id, kind, ir)
#define FN_0xfc(id, kind, ir)
#define FN_0xfd(id, kind, ir) FN_##kind(id, ir)
#define OP(id, prefix, code, text, imm, sig, kind, ir, feature) FN_##prefix(id, kind, ir)
#include "wasm/opcode.def"
#undef OP

/* -- Table ------------------------------------------------------------------------------ */

#define ROW_PURE(id, npop_, nimm_) \
    { .fn = run_##id, .npop = (npop_), .npush = 1, .nimm = (nimm_) }
#define ROW_ACCESS(id, npop_, npush_, nimm_, size_) \
    { .access = run_##id, .npop = (npop_), .npush = (npush_), .nimm = (nimm_), .size = (size_) }
#define ROW_CONST(id, ir) ROW_PURE(id, 0, 16)
#define ROW_VUNARY(id, ir) ROW_PURE(id, 1, 0)
#define ROW_VFUNARY(id, ir) ROW_PURE(id, 1, 0)
#define ROW_VBINARY(id, ir) ROW_PURE(id, 2, 0)
#define ROW_VFBINARY(id, ir) ROW_PURE(id, 2, 0)
#define ROW_VTERNARY(id, ir) ROW_PURE(id, 3, 0)
#define ROW_VSHIFT(id, ir) ROW_PURE(id, 2, 0)
#define ROW_VTEST(id, ir) ROW_PURE(id, 1, 0)
#define ROW_VSPLAT(id, ir) ROW_PURE(id, 1, 0)
#define ROW_VEXTRACT(id, ir) ROW_PURE(id, 1, 1)
#define ROW_VREPLACE(id, ir) ROW_PURE(id, 2, 1)
#define ROW_VSHUFFLE(id, ir) ROW_PURE(id, 2, 16)
#define ROW_LOAD(id, ir) ROW_ACCESS(id, 1, 1, 0, SIZE_##ir)
#define ROW_STORE(id, ir) ROW_ACCESS(id, 2, 0, 0, SIZE_##ir)
#define ROW_VLOAD_EXTEND(id, ir) ROW_ACCESS(id, 1, 1, 0, 8)
#define ROW_VLOAD_SPLAT(id, ir) ROW_ACCESS(id, 1, 1, 0, SIZE_##ir)
#define ROW_VLOAD_ZERO(id, ir) ROW_ACCESS(id, 1, 1, 0, SIZE_##ir)
#define ROW_VLOAD_LANE(id, ir) ROW_ACCESS(id, 2, 1, 1, SIZE_##ir)
#define ROW_VSTORE_LANE(id, ir) ROW_ACCESS(id, 2, 0, 1, SIZE_##ir)

#define ROW_0x00(id, code, kind, ir)
#define ROW_0xfc(id, code, kind, ir)
#define ROW_0xfd(id, code, kind, ir) [code] = ROW_##kind(id, ir),
const SimdRow simd_row[SIMD_CODES] = {
#define OP(id, prefix, code, text, imm, sig, kind, ir, feature) ROW_##prefix(id, code, kind, ir)
#include "wasm/opcode.def"
#undef OP
};
