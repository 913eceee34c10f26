/* Lowering for x86-64: which part lowers what, the rules' names, and what is too small for a file of its own.
 * Calls, returns and parameters are lowered by code/abi.c with the pieces in abi.c. */
#include <assert.h>
#include "x64/vec.h"

#define RULE(id, pattern) {#id, pattern},
const X64RuleInfo x64_rule[X64_RULE_COUNT] = {
#include "x64/rules.def"
};
#undef RULE

static void lower_jump(Lower *l) {
    x64_hit(l, X64_RULE_jump);
    x64_ins(l, X64_JMP, 8)->flags = MF_BRANCH;
}

static void lower_trap(Lower *l, Val v) {
    x64_hit(l, X64_RULE_trap);
    MInsn *i = x64_ins(l, X64_TRAP, 8);
    i->aux = lower_ins(l, v)->aux;
    i->flags = MF_BRANCH;
}

static void lower_es(Lower *l, Val v) {
    x64_hit(l, X64_RULE_es);
    x64_ins(l, X64_MOV, 8);
    LOWER_DEF(l, lower_def(l, v));
    LOWER_USE(l, X64_STATE);
}

void x64_lower(Lower *l, Val v) {
    switch (lower_ins(l, v)->op) {
    case IR_es: lower_es(l, v); break;
    case IR_icmp:
    case IR_eqz:
    case IR_fcmp: x64_lower_compare(l, v); break;
    case IR_select: x64_lower_select(l, v); break;
    case IR_mask: x64_lower_mask(l, v); break;
    case IR_load: x64_lower_load(l, v); break;
    case IR_store: x64_lower_store(l, v); break;
    case IR_trapz:
    case IR_trapnz: x64_lower_trap_if(l, v); break;
    case IR_charge: x64_lower_charge(l, v); break;
    case IR_charges: x64_lower_charges(l, v); break;
    case IR_poll: x64_lower_poll(l); break;
    case IR_refund: x64_lower_refund(l, v); break;
    case IR_jump: lower_jump(l); break;
    case IR_brif: x64_lower_brif(l, v); break;
    case IR_brtable: x64_lower_brtable(l, v); break;
    case IR_trap: lower_trap(l, v); break;
    case IR_iconst:
    case IR_iadd:
    case IR_isub:
    case IR_imul:
    case IR_sdiv:
    case IR_udiv:
    case IR_srem:
    case IR_urem:
    case IR_iand:
    case IR_ior:
    case IR_ixor:
    case IR_shl:
    case IR_sshr:
    case IR_ushr:
    case IR_rotl:
    case IR_rotr:
    case IR_clz:
    case IR_ctz:
    case IR_popcnt:
    case IR_sext8:
    case IR_sext16:
    case IR_sext32:
    case IR_sext:
    case IR_zext:
    case IR_wrap: x64_lower_int(l, v); break;
    case IR_vunary:
    case IR_vbinary:
    case IR_vternary:
    case IR_vshift:
    case IR_vtest:
    case IR_vsplat:
    case IR_vextract:
    case IR_vreplace:
    case IR_vshuffle: x64_lower_vector(l, v); break;
    case IR_param:
    case IR_proj:
    case IR_call:
    case IR_tailcall:
    case IR_ret: assert(false && "the driver's"); break;
    default: x64_lower_float(l, v);
    }
}
