/* Validation of constant expressions (spec 3.3.10): the rules of instructions, and of those only some. */
#include "wasm/validator.h"

/* The globals that may be named are constant: imported before 3.0, later all that come earlier. */
static bool check_global(Validator *v, uint32_t index, uint32_t nglobals) {
    const Module *m = v->m;
    bool earlier = has_feature(m, FEAT_EXTENDED_CONST) || has_feature(m, FEAT_GC);
    if (!earlier && nglobals > m->nimported[EXT_GLOBAL]) nglobals = m->nimported[EXT_GLOBAL];
    if (!check_index(v, index, nglobals, ERR_UNKNOWN_GLOBAL)) return false;
    return !m->globals.at[index].type.mutable;
}

static bool is_constant(Validator *v, const Instr *in, uint32_t nglobals) {
    switch (in->op) {
    case OP_I32_CONST:
    case OP_I64_CONST:
    case OP_F32_CONST:
    case OP_F64_CONST:
    case OP_V128_CONST:
    case OP_REF_NULL:
    case OP_END: return true;
    case OP_REF_FUNC:
        /* Naming a function outside of bodies is what declares it. */
        if (in->index < v->m->funcs.n) bitset_add(&v->m->declared_funcs, in->index);
        return true;
    case OP_I32_ADD:
    case OP_I32_SUB:
    case OP_I32_MUL:
    case OP_I64_ADD:
    case OP_I64_SUB:
    case OP_I64_MUL: return has_feature(v->m, FEAT_EXTENDED_CONST);
    case OP_GLOBAL_GET: return check_global(v, in->index, nglobals);
    default: return false;
    }
}

bool validate_const_expr(Validator *v, ConstExpr e, ValType type, uint32_t nglobals) {
    validator_begin(v, e.at, e.end, (FuncType){.nresult = 1}, type);
    Instr in;
    while (v->frames.n && valid_so_far(v) && validator_next(v, &in)) {
        if (is_constant(v, &in, nglobals))
            validate_instr(v, &in);
        else if (valid_so_far(v))
            validator_fail(v, ERR_CONST_EXPR);
    }
    return valid_so_far(v);
}
