/* The order of the passes, and what they share.  First what takes away most for one question; in later rounds most of
 * these have nothing left to propose and cost nothing. */
#include "fuzz/reduce/pass.h"

const Pass reduce_passes[] = {
    {"steps", pass_steps, false, PASS_ALWAYS},
    {"fuel", pass_fuel, true, PASS_FIRST},
    {"collect", pass_collect, false, PASS_ALWAYS},
    {"dead-code", pass_dead, false, PASS_ALWAYS},
    {"unexecuted-code", pass_unexecuted, false, PASS_ALWAYS},
    {"promotion", pass_promote, false, PASS_ALWAYS},
    {"functions", pass_functions, false, PASS_ALWAYS},
    {"exports", pass_exports, false, PASS_ALWAYS},
    {"start", pass_start, false, PASS_ALWAYS},
    {"segments", pass_segments, false, PASS_ALWAYS},
    {"truncation", pass_truncate, false, PASS_ALWAYS},
    {"ranges", pass_ranges, false, PASS_ALWAYS},
    {"statements", pass_statements, false, PASS_ALWAYS},
    {"drops", pass_drops, false, PASS_ALWAYS},
    {"expressions", pass_expressions, false, PASS_ALWAYS},
    {"values", pass_values, false, PASS_ALWAYS},
    {"control", pass_control, false, PASS_ALWAYS},
    {"calls", pass_calls, false, PASS_ALWAYS},
    {"inlining", pass_inline, true, PASS_ALWAYS},
    {"parameters", pass_parameters, false, PASS_ALWAYS},
    {"forwarding", pass_forward, false, PASS_ALWAYS},
    {"constants", pass_constants, false, PASS_ALWAYS},
    {"locals", pass_locals, false, PASS_ALWAYS},
    {"signatures", pass_signatures, false, PASS_ALWAYS},
    {"imports", pass_imports, true, PASS_ALWAYS},
    {"element-segments", pass_elems, false, PASS_ALWAYS},
    {"elements", pass_items, false, PASS_ALWAYS},
    {"data", pass_data, false, PASS_ALWAYS},
    {"zeros", pass_zeros, false, PASS_ALWAYS},
    {"sizes", pass_sizes, false, PASS_ALWAYS},
    {"globals", pass_globals, false, PASS_ALWAYS},
    {"types", pass_types, false, PASS_ALWAYS},
    {"arguments", pass_arguments, false, PASS_ALWAYS},
    {"names", pass_names, false, PASS_ALWAYS},
    {"limits", pass_limits, true, PASS_LAST},
};
const uint32_t reduce_npasses = sizeof reduce_passes / sizeof *reduce_passes;

/* -- Walking ------------------------------------------------------------------------------------ */

bool cursor_chunk(Cursor *c, uint32_t count, uint32_t variants, uint32_t *from, uint32_t *n, uint32_t *variant) {
    if (!c->begun) {
        c->begun = true;
        c->chunk = count;
    }
    while (c->chunk) {
        if (c->at >= count) {
            c->chunk /= 2;
            c->at = c->variant = 0;
            continue;
        }
        *from = c->again = c->at;
        *n = c->chunk < count - c->at ? c->chunk : count - c->at;
        *variant = c->variant++;
        if (c->variant == variants) {
            c->variant = 0;
            c->at += c->chunk;
        }
        return true;
    }
    return false;
}

/* c->at is the item plus 1. */
static bool walk(Reducer *r, Cursor *c, Edit *cand, uint32_t count, TryAt *at) {
    if (!c->begun || c->at > count) {
        c->begun = true;
        c->at = count;
        c->variant = 0;
    }
    while (c->at) {
        c->again = c->at;
        switch (at(r, c, c->at - 1, c->variant, cand)) {
        case TRY_DONE:
            c->at--;
            c->variant = 0;
            break;
        case TRY_SKIP: c->variant++; break;
        case TRY_YES: c->variant++; return true;
        }
    }
    return false;
}

bool walk_list(Reducer *r, Cursor *c, Edit *cand, uint32_t count, TryAt *at) { return walk(r, c, cand, count, at); }

bool walk_code(Reducer *r, Cursor *c, Edit *cand, TryAt *at) {
    for (; c->body < r->cur.m.bodies.n; c->body++, c->begun = false)
        if (walk(r, c, cand, body_code(r, c->body).n, at)) return true;
    return false;
}

/* -- Editing ---------------------------------------------------------------------------------------- */

void put_code(Edit *cand, uint32_t body, uint32_t from, uint32_t to, const EditInstr *by, uint32_t n) {
    cand->body[body].code = edit_splice(cand->arena, cand->body[body].code, from, to, by, n);
}

void put_type(Edit *e, uint32_t func, const ValType *param, uint32_t nparam, const ValType *result, uint32_t nresult) {
    e->m.funcs.at[func].type = edit_type(e, param, nparam, result, nresult);
}

bool step_calls(const Edit *e, const PlanStep *s, uint32_t func) {
    const Export *x = module_find_export(&e->m, s->name.at, s->name.n);
    return x && x->kind == EXT_FUNC && x->index == func;
}

uint32_t uses_of_func(EditSeq s, uint32_t func) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < s.n; i++) n += op_info[s.at[i].in.op].imm == IMM_FUNC && s.at[i].in.index == func;
    return n;
}

uint32_t func_uses(const Edit *e, uint32_t func) {
    uint32_t n = e->m.start == func;
    for (uint32_t i = 0; i < e->m.bodies.n; i++) n += uses_of_func(e->body[i].code, func);
    for (uint32_t i = 0; i < e->m.globals.n; i++) n += uses_of_func(e->global[i], func);
    for (uint32_t i = 0; i < e->m.tables.n; i++) n += uses_of_func(e->table[i], func);
    for (uint32_t i = 0; i < e->m.elems.n; i++) {
        const ElemSegment *s = &e->m.elems.at[i];
        for (uint32_t k = 0; k < s->count; k++)
            n += s->exprs ? uses_of_func(e->elem[i].item[k], func) : s->funcs[k] == func;
    }
    return n;
}

bool exported(const Edit *e, uint32_t func) {
    for (uint32_t i = 0; i < e->m.exports.n; i++)
        if (e->m.exports.at[i].kind == EXT_FUNC && e->m.exports.at[i].index == func) return true;
    return false;
}

/* -- Values ------------------------------------------------------------------------------------------- */

static int64_t sign_extend(uint64_t v, uint32_t bits) { return (int64_t)(v << (64 - bits)) >> (64 - bits); }

static bool plainer_int(uint64_t v, uint32_t bits, uint32_t variant, uint64_t *out) {
    int64_t s = sign_extend(v, bits);
    uint32_t used = 64 - bits_clz64(s < 0 ? ~(uint64_t)s + 1 : (uint64_t)s);
    switch (variant) {
    case 0: *out = 0; break;
    case 1: *out = 1; break;
    case 2: *out = UINT64_MAX; break;
    case 3: *out = s < 0 ? UINT64_MAX << (used - 1) : used ? UINT64_C(1) << (used - 1) : 0; break; /* its highest bit */
    case 4: *out = (uint64_t)(s / ((int64_t)1 << used / 2)); break;
    case 5: *out = (uint64_t)(s / 2); break;
    case 6: *out = (uint64_t)(s / 256); break;
    default: return false;
    }
    if (bits == 32) *out &= UINT32_MAX;
    return true;
}

/* Fewer bits of the mantissa, an exponent nearer to that of 1, no sign. */
static bool plainer_float(uint64_t v, uint32_t bits, uint32_t mantissa, uint32_t variant, uint64_t *out) {
    uint64_t sign = UINT64_C(1) << (bits - 1), fraction = (UINT64_C(1) << mantissa) - 1,
             one = ((sign >> 1) - 1) & ~fraction;
    one &= (sign - 1);
    switch (variant) {
    case 0: *out = 0; break;
    case 1: *out = one; break;
    case 2: *out = v & ~sign; break;
    case 3: *out = v & ~fraction; break;
    case 4: *out = (v & ~fraction) | (v & (UINT64_C(1) << (mantissa - 1))); break;
    case 5: *out = (v & (fraction | sign)) | one; break;
    case 6: *out = v & ~(fraction >> (mantissa / 2)); break;
    case 7: *out = v & (v - 1); break;
    default: return false;
    }
    return true;
}

/* All of it, a half, a quarter is zero; the lowest bit of a quarter goes. */
static bool plainer_vector(Value v, uint32_t variant, Value *out) {
    enum { WORDS = 4 };
    *out = v;
    if (variant == 0)
        *out = (Value){.u64x2 = {0, 0}};
    else if (variant == 1)
        out->u64x2[1] = 0;
    else if (variant < 2 + WORDS)
        out->u32x4[variant - 2] = 0;
    else if (variant < 2 + 2 * WORDS)
        out->u32x4[variant - 2 - WORDS] &= out->u32x4[variant - 2 - WORDS] - 1;
    else
        return false;
    return true;
}

bool plainer(ValType t, Value v, uint32_t variant, Value *out) {
    uint64_t bits = 0;
    bool ok;
    if (t == VT_V128) return plainer_vector(v, variant, out);
    switch (t) {
    case VT_I32: ok = plainer_int(v.i32, 32, variant, &bits); break;
    case VT_I64: ok = plainer_int(v.i64, 64, variant, &bits); break;
    case VT_F32: ok = plainer_float(v.i32, 32, 23, variant, &bits); break;
    case VT_F64: ok = plainer_float(v.i64, 64, 52, variant, &bits); break;
    default: ok = variant == 0; break; /* zeros, null */
    }
    *out = (Value){.u64x2 = {bits, 0}};
    return ok;
}
