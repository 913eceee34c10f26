/* aarch64's tables for the shared parts of the compiler. */
#include "a64/target.h"
#include "a64/frame.h"
#include "a64/lower.h"

static const MInsnInfo insn_info[A64_NINSN] = {
#define I(id, text, format, base, wide, sizes) {text, A64_F_##format, 0},
#include "a64/insn.def"
};

#define V(n) (A64_V0 + (n))

/* Caller-saved before callee-saved, and within those the ones that pass no arguments first.  The last two may be
 * pinned. */
#define INT_ORDER 8, 9, 10, 11, 12, 13, 14, 15, 7, 6, 5, 4, 3, 2, 1, 0, 19, 20, 21, 22, 23, 24
static const uint8_t int_order[] = {INT_ORDER, A64_CONTEXT, A64_FUEL}, int_order_context[] = {INT_ORDER, A64_FUEL};
static const uint8_t float_order[] = {V(16), V(17), V(18), V(19), V(20), V(21), V(22), V(23), V(24), V(25),
                                      V(26), V(27), V(28), V(29), V(8),  V(9),  V(10), V(11), V(12), V(13),
                                      V(14), V(15), V(7),  V(6),  V(5),  V(4),  V(3),  V(2),  V(1),  V(0)};
static const uint8_t int_args[] = {0, 1, 2, 3, 4, 5, 6, 7}, int_results[] = {0, 1, 2, 3};
static const uint8_t float_args[] = {V(0), V(1), V(2), V(3), V(4), V(5), V(6), V(7)};
static const uint8_t float_results[] = {V(0), V(1), V(2), V(3)};

#define CALLER_SAVED \
    (UINT64_C(0xffff) | UINT64_C(0xffffffff) << REG_FLOAT) /* x0..x15, all v; the rest is reserved or kept */
static const RegSet clobber_sets[] = {0, CALLER_SAVED, CALLER_SAVED};

const Target target_a64 = {
    .name = "a64",
    .insn = insn_info,
    .ninsn = A64_NINSN,
    .order = {int_order, float_order},
    .norder = {sizeof int_order - 1, sizeof float_order},
    .callee_saved = (UINT64_C(0xff) << A64_X19) & ~REG_BIT(A64_DEPTH),
    .scratch = {A64_CYCLE, A64_VCYCLE},
    .clobber = clobber_sets,
    .print_reg = a64_print_reg,
    .arg = {int_args, float_args},
    .narg = {sizeof int_args, sizeof float_args},
    .res = {int_results, float_results},
    .nres = {sizeof int_results, sizeof float_results},
    .c_arg = int_args,
    .nc_arg = sizeof int_args,
    .c_res = 0,
    .fuel = A64_FUEL,
    .depth = A64_DEPTH,
    .context = NO_PIN,
    .pins = 1 << PIN_FUEL,
    .pin = {[PIN_FUEL] = A64_FUEL, [PIN_CONTEXT] = A64_CONTEXT},
    .int_order = {int_order, int_order, int_order_context, int_order},
    .nint_order = {sizeof int_order, sizeof int_order - 1, sizeof int_order_context, sizeof int_order - 2},
    .lower = a64_lower,
    .lower_es_load = a64_es_load,
    .lower_es_store = a64_es_store,
    .lower_arg_load = a64_arg_load,
    .lower_arg_store = a64_arg_store,
    .lower_call = a64_lower_call,
    .lower_ret = a64_lower_ret,
    .emit_prologue = a64_emit_prologue,
    .emit_context = a64_emit_context,
    .emit_popped = a64_emit_popped,
    .emit_insn = a64_emit_insn,
    .emit_move = a64_emit_move,
    .emit_trap_stub = a64_emit_trap_stub,
    .patch = a64_patch,
    .max_insn_bytes = A64_MAX_INSN_BYTES,
    .fill = 0, /* udf #0 */
    .print_insn = a64_print_insn,
    .emit_stubs = a64_emit_stubs,
};
