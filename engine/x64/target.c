/* The table of x86-64. */
#include "x64/target.h"
#include "code/emit.h"
#include "x64/abi.h"
#include "x64/insn.h"
#include "x64/match.h"

#define X(id, text, format, prefix, opcode, ext, shape, sizes, regw, rmw, flags) {text, XFMT_##format, flags},
static const MInsnInfo insn_info[X64_NINSN] = {
#include "x64/insn.def"
};
#undef X

const Target target_x64 = {
    .name = "x64",
    .insn = insn_info,
    .ninsn = X64_NINSN,
    .order = {x64_int_order, x64_float_order},
    .norder = {sizeof x64_int_order - 1, sizeof x64_float_order},
    .callee_saved = REG_BIT(X64_RBX) | REG_BIT(X64_R12) | REG_BIT(X64_R13),
    .scratch = {X64_SCRATCH, X64_FSCRATCH},
    .clobber = x64_clobber,
    .print_reg = x64_print_reg,
    .arg = {x64_int_arg, x64_float_arg},
    .narg = {sizeof x64_int_arg, sizeof x64_float_arg},
    .res = {x64_int_res, x64_float_res},
    .nres = {sizeof x64_int_res, sizeof x64_float_res},
    .c_arg = x64_c_arg,
    .nc_arg = sizeof x64_c_arg,
    .c_res = X64_RAX,
    .fuel = X64_FUEL,
    .depth = NO_PIN,
    .context = NO_PIN,
    .pins = 1 << PIN_FUEL,
    .pin = {[PIN_FUEL] = X64_FUEL, [PIN_CONTEXT] = X64_CONTEXT},
    .int_order = {x64_int_order, x64_int_order, x64_int_order_context, x64_int_order},
    .nint_order = {sizeof x64_int_order, sizeof x64_int_order - 1, sizeof x64_int_order_context,
                   sizeof x64_int_order - 2},
    .lower = x64_lower,
    .lower_es_load = x64_lower_es_load,
    .lower_es_store = x64_lower_es_store,
    .lower_arg_load = x64_lower_arg_load,
    .lower_arg_store = x64_lower_arg_store,
    .lower_call = x64_lower_call,
    .lower_ret = x64_lower_ret,
    .emit_prologue = x64_emit_prologue,
    .emit_context = x64_emit_context,
    .emit_popped = x64_emit_popped,
    .emit_insn = x64_emit_insn,
    .emit_move = x64_emit_move,
    .emit_trap_stub = x64_emit_trap_stub,
    .patch = x64_patch,
    .max_insn_bytes =
        112,      /* the saturating conversions; a jump table is longer, but x86-64's branches reach everything */
    .fill = 0xcc, /* int3 */
    .print_insn = x64_print_insn,
    .emit_stubs = x64_emit_stubs,
};
