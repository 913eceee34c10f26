/* The text form of the IR: printer and parser, parse(print(f)) == f up to value numbering.
 *
 *   func "name" 3 (i64, i32) -> (i32) {
 *   b0(v1:i64, v2:i32):
 *     v3:i32 = iconst 7                 @0x1f
 *     v4:i32 = iadd v2, v3              @0x21
 *     v5:i32 = load.16s v6 + 8 const    @...
 *     v5:i64 = load.64 v6 + 8 least 3   (the value is never below 3 << 16)
 *     v7:i32 = icmp.ult v4, v3
 *     trapnz v7 memory-bounds           (trap kinds as numbers: trapnz.2)
 *     v9:i32 = call f12 (i64, i32) -> (i32) (v1, v4)
 *     v10 = call ref (i64) -> (i32, f64) (v8, v1)     v11:i32 = proj v10 0
 *     v12:i32 = vextract.i8x16.extract_lane_s v9 3      (lanes, 16 of them for vshuffle, behind the values)
 *     brif v7, b1(v4), b2
 *   }
 */
#pragma once
#include "base/text.h"
#include "ir/ir.h"

extern const char *const ir_type_name[T_COUNT], *const ir_access_name[ACC_COUNT];

/* Prints broken functions too (that is when a dump is wanted most): what cannot be said in the grammar is shown as
 * <...>. */
void ir_print(Text *t, const Fn *f);
/* NULL on a syntax error; *line and msg (one line) say where. */
Fn *ir_parse(Arena *a, const char *text, uint32_t *line, char *msg, uint32_t size);
