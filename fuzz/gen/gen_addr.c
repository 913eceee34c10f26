/* Addresses, divisors, shift counts and operands of conversions: mostly such that nothing traps, but right up to where
 * it would.
 *
 * An address of width w and static offset o is in bounds when address + o + w <= size, and size never shrinks, so the
 * size at instantiation bounds what is certain.  Every form knows the largest value its expression can have; the offset
 * takes some of the room that is left, often all of it.  Risky ones (see func_risk) have the values beyond: one byte
 * too far, wrapping sums, from 2^31 up. */
#include <assert.h>
#include <string.h>
#include "fuzz/gen/gen_impl.h"

bool can_access(const FuncGen *f) { return f->g->usable.n > 0; }

/* -- Offsets ------------------------------------------------------------------------------ */

/* At most `room`. */
static uint64_t offset_within(FuncGen *f, uint64_t room) {
    static const uint16_t limits[] = {1,    2,    3,     4,     7,     8,     15,    16,    31,    124,
                                      127,  128,  129,   252,   255,   256,   257,   260,   504,   508,
                                      512,  1016, 2048,  4080,  4088,  4092,  4094,  4095,  4096,  4097,
                                      8184, 8190, 16380, 16383, 32760, 32761, 32767, 32768, 65520, 65535};
    uint32_t form = entropy_u8(&f->e);
    uint64_t o;
    if (form < 110)
        o = 0;
    else if (form < 195)
        o = form & 1 ? 8 * (form % 16u) : form % 64u;
    else if (form < 225)
        o = limits[func_pick(f, sizeof limits / sizeof *limits)];
    else if (form < 245)
        o = room;
    else
        o = room - (room < 17 ? 0 : form & 15);
    return o <= room ? o : room;
}

/* Room for the offset when the address is at most `top`; false: none. */
static bool has_room(uint64_t size, uint32_t width, uint64_t top, uint64_t *room) {
    if (top + width > size) return false;
    *room = size - width - top;
    return true;
}

/* -- Forms ---------------------------------------------------------------------------------- */

/* Each leaves an address and returns the largest value it can have; at most 0xffff. */

static const uint16_t masks[] = {0x3f, 0x0f, 0x1f, 0x7f, 0x3f, 0xff,  0xf8,  0x38,   0x7c,   0x3fc,
                                 0xfe, 0x07, 0x78, 0x7f, 0x1f, 0x7f8, 0xfff, 0x3fff, 0x7fff, 0xfffc};

static uint64_t masked(FuncGen *f, int depth) {
    uint32_t mask = masks[func_pick(f, sizeof masks / sizeof *masks)];
    expr_part(f, TI_I32, depth);
    emit_i32(f, mask);
    emit(f, OP_I32_AND);
    return mask;
}

static uint64_t by_counter(FuncGen *f, int depth) {
    if (!f->counter.n) return masked(f, depth);
    const GenCounter *c = &f->counter.at[f->counter.n - 1 - func_pick(f, f->counter.n > 2 ? 2 : f->counter.n)];
    uint32_t shift = func_pick(f, 4);
    emit_get(f, c->local);
    if (!shift) return c->bound;
    emit_i32(f, shift);
    emit(f, OP_I32_SHL);
    return (uint64_t)c->bound << shift;
}

static uint64_t added(FuncGen *f, int depth) {
    static const uint16_t more[] = {1, 4, 8, 15, 64, 100, 32, 3, 256, 4096};
    uint32_t by = more[func_pick(f, 10)], first = func_pick(f, 2);
    if (first) emit_i32(f, by);
    uint64_t top = masked(f, depth);
    if (!first) emit_i32(f, by);
    emit(f, OP_I32_ADD);
    return top + by;
}

static uint64_t scaled(FuncGen *f, int depth) {
    uint32_t shift = 1 + func_pick(f, 3);
    uint32_t mask = func_chance(f, 60) ? 0xff : 0x1f;
    expr_part(f, TI_I32, depth);
    emit_i32(f, mask);
    emit(f, OP_I32_AND);
    emit_i32(f, shift);
    emit(f, OP_I32_SHL);
    return mask << shift;
}

static uint64_t shifted(FuncGen *f, int depth) {
    static const uint8_t widths[] = {6, 7, 5, 8, 4, 3, 6, 10, 13, 7};
    uint32_t bits = widths[func_pick(f, sizeof widths)];
    expr_part(f, TI_I32, depth);
    emit_i32(f, 32 - bits);
    emit(f, OP_I32_SHR_U);
    return (1u << bits) - 1;
}

static uint64_t remaindered(FuncGen *f, int depth) {
    static const uint16_t by[] = {100, 3, 7, 10, 60, 100, 128, 200, 255, 256, 641, 1, 4096, 10007, 32768, 2};
    uint32_t n = by[func_pick(f, 16)];
    expr_part(f, TI_I32, depth);
    emit_i32(f, n);
    emit(f, OP_I32_REM_U);
    return n - 1;
}

static uint64_t minus(FuncGen *f, int depth) {
    uint32_t mask = masks[func_pick(f, 16)], top = mask + func_pick(f, 256);
    emit_i32(f, top);
    expr_part(f, TI_I32, depth);
    emit_i32(f, mask);
    emit(f, OP_I32_AND);
    emit(f, OP_I32_SUB);
    return top;
}

static uint64_t wrapped(FuncGen *f, int depth) {
    uint32_t mask = masks[func_pick(f, 16)], late = func_pick(f, 2);
    expr_part(f, TI_I64, depth);
    if (late) { /* junk above bit 31 goes by the wrap alone */
        emit(f, OP_I32_WRAP_I64);
        emit_i32(f, mask);
        emit(f, OP_I32_AND);
    } else {
        emit_i64(f, mask | UINT64_C(0x7fffffff00000000));
        emit(f, OP_I64_AND);
        emit(f, OP_I32_WRAP_I64);
    }
    return mask;
}

static uint64_t loaded(FuncGen *f, int depth) {
    MemArg a = address(f, 1, depth - 1);
    emit_plain(f, OP_I32_LOAD8_U, &a);
    return 0xff;
}

/* -- In bounds --------------------------------------------------------------------------------- */

/* The last bytes of the memory as it is then. */
static MemArg at_end(FuncGen *f, uint32_t memory, uint32_t width) {
    uint32_t back = func_pick(f, 3) == 2 ? func_pick(f, 64) : 0;
    uint64_t offset = func_pick(f, 2) ? func_pick(f, 200) : 0;
    emit_index(f, OP_MEMORY_SIZE, memory);
    emit_i32(f, 16);
    emit(f, OP_I32_SHL);
    emit_i32(f, (uint32_t)(width + offset + back));
    emit(f, OP_I32_SUB);
    return (MemArg){memory, 0, offset};
}

static MemArg at_constant(FuncGen *f, uint32_t memory, uint64_t size, uint32_t width) {
    MemArg a = {.memory = memory};
    uint64_t at = offset_within(f, size - width);
    a.offset = func_chance(f, 100) ? 0 : offset_within(f, at);
    emit_i32(f, (uint32_t)(at - a.offset));
    return a;
}

/* From 2^31 up, or across it: by a sum, a difference, a shift whose upper bits are lost, or the offset alone. */
static MemArg high(FuncGen *f, uint32_t memory, uint64_t size, uint32_t width, int depth) {
    static const uint32_t places[] = {0x7fffffc0, 0x80000000, 0x80000004, 0xffff0000, 0xfffff800, 0x7ffffff8};
    static const uint16_t tops[] = {0x3f, 0x0f, 0xff, 0x7f8};
    MemArg a = {.memory = memory};
    uint32_t at = places[func_pick(f, 6)], top = tops[func_pick(f, 4)], form = func_pick(f, 4);
    uint64_t room = 0;
    if (!has_room(size, width, (uint64_t)at + top, &room))
        has_room(size, width, (uint64_t)(at = places[0]) + top, &room);
    if (form == 1) emit_i32(f, at + top);
    expr_part(f, TI_I32, depth);
    emit_i32(f, form == 2 ? top >> 3 : top);
    emit(f, OP_I32_AND);
    switch (form) {
    case 0: a.offset = at; break;
    case 1: emit(f, OP_I32_SUB); break;
    case 2:
        emit_i32(f, at >> 3 | (at & 0x20000000));
        emit(f, OP_I32_ADD);
        emit_i32(f, 3);
        emit(f, OP_I32_SHL);
        break;
    default:
        emit_i32(f, at);
        emit(f, OP_I32_ADD);
        break;
    }
    a.offset += offset_within(f, room);
    return a;
}

static uint64_t address_form(FuncGen *f, uint32_t form, int depth) {
    switch (form) {
    case GEN_ADDR_COUNTER: return by_counter(f, depth);
    case GEN_ADDR_ADD: return added(f, depth);
    case GEN_ADDR_SCALE: return scaled(f, depth);
    case GEN_ADDR_SHIFT: return shifted(f, depth);
    case GEN_ADDR_REMAINDER: return remaindered(f, depth);
    case GEN_ADDR_BYTE: return depth > 1 ? loaded(f, depth) : masked(f, depth);
    case GEN_ADDR_MINUS: return minus(f, depth);
    case GEN_ADDR_WRAP: return wrapped(f, depth);
    default: return masked(f, depth);
    }
}

/* -- Risky --------------------------------------------------------------------------------------- */

static MemArg risky_address(FuncGen *f, uint32_t memory, uint64_t size, uint32_t width, int depth) {
    static const uint32_t far[] = {0x7fffffff, 0x80000000, 0xffffffff, 0xfffffff8,
                                   0x10000,    0x7ffffff8, 0x80000001, 0xffff0000};
    MemArg a = {.memory = memory};
    switch (func_pick(f, 6)) {
    case 0: /* one byte too far, unless it has grown */
        a.offset = func_pick(f, 2) ? offset_within(f, size - width) : 0;
        emit_i32(f, (uint32_t)(size - width - a.offset + 1));
        break;
    case 1: emit_i32(f, far[func_pick(f, 8)]); break;
    case 2:
        masked(f, depth);
        a.offset = far[func_pick(f, 8)];
        break;
    case 3: expr(f, TI_I32, depth); break;
    case 4: { /* the sum must not wrap */
        uint32_t back = 1 + func_pick(f, 16);
        emit_i32(f, 0 - back);
        a.offset = back + func_pick(f, 16);
        break;
    }
    default:
        emit_index(f, OP_MEMORY_SIZE, memory);
        emit_i32(f, 16);
        emit(f, OP_I32_SHL);
        emit_i32(f, width - 1 - func_pick(f, width));
        emit(f, OP_I32_SUB);
        break;
    }
    if (!func_chance(f, 50)) { /* mostly not in every call */
        emit_i32(f, 0);
        expr_condition(f, true, depth);
        emit(f, OP_SELECT);
    }
    return a;
}

MemArg address(FuncGen *f, uint32_t width, int depth) {
    const Gen *g = f->g;
    assert(g->usable.n);
    uint32_t memory = g->usable.at[g->usable.n > 1 && func_chance(f, 100) ? func_pick(f, g->usable.n) : 0];
    uint64_t size = (uint64_t)g->memory.at[memory].pages * WASM_PAGE, room = 0;
    if (func_risk(f)) {
        g->stats->addr[GEN_ADDR_RISKY]++;
        return risky_address(f, memory, size, width, depth);
    }
    uint32_t form = entropy_weighted(&f->e, g->swarm.addr, GEN_ADDR_COUNT);
    if (g->memory.at[memory].pages >= GEN_HIGH_PAGES && func_chance(f, 140)) form = GEN_ADDR_HIGH;
    g->stats->addr[form]++;
    if (form == GEN_ADDR_END) return at_end(f, memory, width);
    if (form == GEN_ADDR_HIGH) return high(f, memory, size, width, depth);
    if (form == GEN_ADDR_CONST) return at_constant(f, memory, size, width);
    uint64_t top = address_form(f, form, depth);
    if (!has_room(size, width, top, &room)) { /* 0xfffc and a wide access in a single page */
        emit_i32(f, 0x7ff0);
        emit(f, OP_I32_AND);
        room = size - width - 0x7ff0;
    }
    return (MemArg){memory, 0, offset_within(f, room)};
}

/* -- Divisors ------------------------------------------------------------------------------------- */

void operand_divisor(FuncGen *f, Op op, Ti t, int depth) {
    bool signed_div = op == OP_I32_DIV_S || op == OP_I64_DIV_S;
    if (func_risk(f)) {
        uint64_t bad = signed_div && func_pick(f, 2) ? UINT64_MAX : 0;
        emit_const(f, t, (Value){.i64 = bad});
        if (func_chance(f, 30)) return;
        expr_part(f, t, depth);
        expr_condition(f, true, depth);
        emit(f, OP_SELECT);
        return;
    }
    if (func_chance(f, 110)) {
        emit_const(f, t, const_divisor(&f->e, t, !signed_div || func_chance(f, 50)));
        return;
    }
    expr_part(f, t, depth);
    if (signed_div && func_chance(f, 128)) { /* positive */
        static const uint16_t masks_up[] = {0x7fff, 0xff, 0x7f, 0x3};
        emit_const(f, t, (Value){.i64 = masks_up[func_pick(f, 4)]});
        emit(f, t == TI_I32 ? OP_I32_AND : OP_I64_AND);
    }
    static const uint16_t bits[] = {1, 2, 4, 0x80, 0x11, 0x8000};
    emit_const(f, t, (Value){.i64 = bits[func_pick(f, 6)]});
    emit(f, t == TI_I32 ? OP_I32_OR : OP_I64_OR);
}

void operand_shift(FuncGen *f, Ti t, int depth) {
    uint32_t form = entropy_u8(&f->e);
    if (form < 110) {
        emit_const(f, t, const_shift(&f->e, t == TI_I32 ? 32 : 64));
    } else if (form < 140) { /* masked in the code as well, as compilers do */
        expr_part(f, t, depth);
        emit_const(f, t, (Value){.i64 = form & 1 ? 31 : 63});
        emit(f, t == TI_I32 ? OP_I32_AND : OP_I64_AND);
    } else {
        expr_part(f, t, depth);
    }
}

/* -- Conversions that trap --------------------------------------------------------------------------- */

/* Finite bits whose float is in range of the conversion: exponents up to the limit, either sign for signed ones. */
static uint64_t trunc_mask(bool to64, bool to_signed, Ti t) {
    if (t == TI_F32) {
        uint64_t m = to64 ? 0x5effffff : 0x4effffff;
        return to_signed ? m | 0x80000000 : m + 0x00800000;
    }
    uint64_t m = to64 ? UINT64_C(0x43dfffffffffffff) : UINT64_C(0x41dfffffffffffff);
    return to_signed ? m | UINT64_C(1) << 63 : m + (UINT64_C(1) << 52);
}

/* Constants at the limits, within them. */
static Value trunc_limit(FuncGen *f, bool to64, bool to_signed, Ti t) {
    static const double both[] = {0,         -0.0,  0.5,     -0.5,     -0.99999994, 1.5,
                                  1.9999999, 100.7, 65535.9, 16777216, 2147483520};
    static const double limit[2][2][2] = {
        {{4294967295.9, 4294967040}, {-2147483648.9, 2147483647.9}},
        {{18446744073709549568.0, 9223372036854775808.0}, {-9223372036854775808.0, 9223372036854774784.0}}};
    static const float limit32[2][2][2] = {
        {{4294967040.0f, 2147483648.0f}, {-2147483648.0f, 2147483520.0f}},
        {{18446742974197923840.0f, 9223372036854775808.0f}, {-9223372036854775808.0f, 9223371487098961920.0f}}};
    uint32_t k = func_pick(f, 22);
    Value v = {.u64x2 = {0, 0}};
    double x = k < 11 ? both[k] : limit[to64][to_signed][k & 1];
    if (t == TI_F64)
        v.f64 = x;
    else
        v.f32 = k < 11 ? (float)x : limit32[to64][to_signed][k & 1];
    return v;
}

/* From an integer that fits: of 32 bits for f64, of 24 for f32. */
static void trunc_from_int(FuncGen *f, bool to_signed, Ti t, int depth) {
    expr_part(f, TI_I32, depth);
    if (t == TI_F32) {
        emit_i32(f, 8);
        emit(f, to_signed ? OP_I32_SHR_S : OP_I32_SHR_U);
        emit(f, to_signed ? OP_F32_CONVERT_I32_S : OP_F32_CONVERT_I32_U);
    } else {
        emit(f, to_signed ? OP_F64_CONVERT_I32_S : OP_F64_CONVERT_I32_U);
    }
}

void operand_trunc(FuncGen *f, Op op, Ti t, int depth) {
    bool to64 = !strncmp(op_info[op].text, "i64", 3);
    bool to_signed = strchr(op_info[op].text, 0)[-1] == 's';
    if (func_risk(f)) {
        expr(f, t, depth);
        return;
    }
    uint32_t form = entropy_u8(&f->e);
    if (form < 60) {
        emit_const(f, t, trunc_limit(f, to64, to_signed, t));
    } else if (form < 140) {
        trunc_from_int(f, to_signed, t, depth);
    } else {
        bool bits64 = t == TI_F64;
        expr_part(f, t, depth);
        emit(f, bits64 ? OP_I64_REINTERPRET_F64 : OP_I32_REINTERPRET_F32);
        emit_const(f, bits64 ? TI_I64 : TI_I32, (Value){.i64 = trunc_mask(to64, to_signed, t)});
        emit(f, bits64 ? OP_I64_AND : OP_I32_AND);
        emit(f, bits64 ? OP_F64_REINTERPRET_I64 : OP_F32_REINTERPRET_I32);
    }
}
