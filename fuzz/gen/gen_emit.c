/* Emission: instructions as bytes, each counted, and the control frames around them. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "base/leb128.h"
#include "fuzz/gen/gen_impl.h"

const ValType ti_type[TI_COUNT] = {VT_I32, VT_I64, VT_F32, VT_F64, VT_V128, VT_FUNCREF, VT_EXTERNREF};

Ti ti_of(ValType t) {
    uint32_t i = 0;
    while (ti_type[i] != t) i++;
    return (Ti)i;
}

/* -- Bytes --------------------------------------------------------------------------- */

void bytes_u8(Arena *a, Bytes *b, uint32_t v) { vec_push(a, b, (uint8_t)v); }

void bytes_u64(Arena *a, Bytes *b, uint64_t v) {
    vec_reserve(a, b, b->n + 10);
    b->n += leb_put_u64(b->at + b->n, v);
}

void bytes_s64(Arena *a, Bytes *b, int64_t v) {
    vec_reserve(a, b, b->n + 10);
    b->n += leb_put_s64(b->at + b->n, v);
}

void bytes_put(Arena *a, Bytes *b, const void *p, uint32_t n) {
    if (!n) return;
    vec_reserve(a, b, b->n + n);
    memcpy(b->at + b->n, p, n);
    b->n += n;
}

void bytes_type(Arena *a, Bytes *b, Ti t) {
    static const uint8_t code[TI_COUNT] = {VT_I32, VT_I64, VT_F32, VT_F64, VT_V128, HEAP_FUNC, HEAP_EXTERN};
    bytes_u8(a, b, code[t]);
}

void bytes_op(Arena *a, Bytes *b, GenStats *s, Op op) {
    const OpInfo *i = &op_info[op];
    if (i->prefix) bytes_u8(a, b, i->prefix);
    if (i->prefix)
        bytes_u64(a, b, i->code);
    else
        bytes_u8(a, b, i->code);
    s->op[op]++;
    s->kind[i->kind % GEN_KINDS]++;
    s->instructions++;
}

void bytes_const(Arena *a, Bytes *b, GenStats *s, const Ops *ops, Ti t, Value v) {
    static const Op op[] = {OP_I32_CONST, OP_I64_CONST, OP_F32_CONST, OP_F64_CONST};
    bytes_op(a, b, s, t == TI_V128 ? ops->v128_const : op[t]);
    switch (t) {
    case TI_I32: bytes_s64(a, b, (int32_t)v.i32); break;
    case TI_I64: bytes_s64(a, b, (int64_t)v.i64); break;
    case TI_F32: bytes_put(a, b, v.bytes, 4); break;
    case TI_F64: bytes_put(a, b, v.bytes, 8); break;
    default: bytes_put(a, b, v.bytes, 16); break;
    }
}

/* -- Instructions ------------------------------------------------------------------------ */

void emit(FuncGen *f, Op op) {
    bytes_op(f->g->a, &f->code, f->g->stats, op);
    f->ninstr++;
    f->cost += f->mult;
}

void emit_index(FuncGen *f, Op op, uint32_t index) {
    emit(f, op);
    bytes_u64(f->g->a, &f->code, index);
}

void emit_index2(FuncGen *f, Op op, uint32_t index, uint32_t index2) {
    emit_index(f, op, index);
    bytes_u64(f->g->a, &f->code, index2);
}

void emit_const(FuncGen *f, Ti t, Value v) {
    bytes_const(f->g->a, &f->code, f->g->stats, &f->g->ops, t, v);
    f->ninstr++;
    f->cost += f->mult;
}

void emit_i32(FuncGen *f, uint32_t v) { emit_const(f, TI_I32, (Value){.i32 = v}); }
void emit_i64(FuncGen *f, uint64_t v) { emit_const(f, TI_I64, (Value){.i64 = v}); }

void emit_get(FuncGen *f, uint32_t local) {
    emit_index(f, OP_LOCAL_GET, local);
    local_read(f, local);
}

void emit_set(FuncGen *f, uint32_t local) {
    emit_index(f, OP_LOCAL_SET, local);
    local_written(f, local);
}

/* The value goes on as well, so the local alone does not hold it. */
void emit_tee(FuncGen *f, uint32_t local) {
    emit_index(f, OP_LOCAL_TEE, local);
    local_written(f, local);
    local_read(f, local);
}

/* -- Immediates ------------------------------------------------------------------------------ */

/* Lanes of the shape an opcode's text begins with, or of the width in it ("v128.load16_lane"). */
static uint32_t lanes_of(const char *text) {
    const char *x = strchr(text, 'x');
    if (x && x < strchr(text, '.')) return (uint32_t)atoi(x + 1);
    const char *width = text + strcspn(text + 1, ".") + 1;
    width += strcspn(width, "0123456789");
    return *width ? 128 / (uint32_t)atoi(width) : 1;
}

static void emit_memarg(FuncGen *f, const MemArg *m) {
    Arena *a = f->g->a;
    bytes_u64(a, &f->code, m->align | (m->memory ? 0x40 : 0));
    if (m->memory) bytes_u64(a, &f->code, m->memory);
    bytes_u64(a, &f->code, m->offset);
}

/* Lanes of a shuffle: mostly of a form that machines have an instruction for. */
static void emit_shuffle(FuncGen *f) {
    enum { ANY, SEQUENCE, SAME, INTERLEAVE, EVERY_OTHER, TRANSPOSE, REVERSE, WIDE, HALVES, BLEND, ONE, FORMS };
    Arena *a = f->g->a;
    uint32_t form = func_pick(f, FORMS + 3);
    uint32_t k = func_pick(f, 32);
    uint32_t log2 = func_pick(f, 4), size = 1u << log2, lanes = 16 >> log2;
    uint8_t lane[16]; /* of `size` bytes each; those from `lanes` on are of the second vector */
    uint32_t first = k & 1 ? lanes : 0;
    for (uint32_t i = 0; i < lanes; i++) {
        uint32_t pair = i / 2, other = i & 1 ? lanes : 0;
        switch (form) {
        case SEQUENCE: lane[i] = (uint8_t)((i + k) % (2 * lanes)); break;
        case SAME: lane[i] = (uint8_t)(k % (2 * lanes)); break;
        case INTERLEAVE: lane[i] = (uint8_t)(pair + other + (k & 1 ? lanes / 2 : 0)); break;
        case EVERY_OTHER: lane[i] = (uint8_t)((2 * i + (k & 1)) % (2 * lanes)); break;
        case TRANSPOSE: lane[i] = (uint8_t)((i & ~1u) + (k & 1) + other); break;
        case REVERSE: lane[i] = (uint8_t)(first + (i ^ ((k >> 1) % lanes))); break;
        case WIDE: lane[i] = (uint8_t)(first + func_pick(f, lanes)); break;
        case HALVES: lane[i] = (uint8_t)((i < lanes / 2 ? first : lanes - first) + func_pick(f, lanes)); break;
        case BLEND: lane[i] = (uint8_t)(i + (func_pick(f, 2) ? lanes : 0)); break;
        case ONE: lane[i] = (uint8_t)(first + i); break;
        default: lane[i] = (uint8_t)func_pick(f, 2 * lanes); break;
        }
    }
    if (form == ONE && k > 3) lane[func_pick(f, lanes)] = (uint8_t)func_pick(f, 2 * lanes);
    for (uint32_t i = 0; i < 16; i++) bytes_u8(a, &f->code, (uint32_t)lane[i >> log2] << log2 | (i & (size - 1)));
}

void emit_plain(FuncGen *f, Op op, const MemArg *access) {
    const OpInfo *i = &op_info[op];
    Arena *a = f->g->a;
    emit(f, op);
    if (access) emit_memarg(f, access);
    if (i->imm == IMM_NONE || i->imm == IMM_MEMARG) return;
    /* What is left are the lanes of vector instructions. */
    uint32_t n = lanes_of(i->text);
    if (strstr(i->text, "shuffle")) {
        emit_shuffle(f);
    } else {
        assert(strstr(i->text, "_lane") && n > 1);
        bytes_u8(a, &f->code, func_pick(f, n));
    }
}

void emit_half(FuncGen *f, uint32_t half) {
    emit(f, f->g->ops.v128_half);
    bytes_u8(f->g->a, &f->code, half);
}

/* -- Control ----------------------------------------------------------------------------------- */

BlockKind block_empty(void) { return (BlockKind){.index = -1}; }
BlockKind block_of(Ti t) { return (BlockKind){.result = &ti_type[t], .nresult = 1, .index = -1}; }

BlockKind block_typed(const Gen *g, uint32_t type) {
    const FuncType *t = &g->type.at[type];
    return (BlockKind){t->param, t->result, t->nparam, t->nresult, (int32_t)type};
}

void block_begin(FuncGen *f, Op op, BlockKind k, bool usable) {
    Arena *a = f->g->a;
    GenLabel l = {k.result, k.nresult, usable};
    if (op == OP_LOOP) l = (GenLabel){k.param, k.nparam, usable};
    emit(f, op);
    if (k.index >= 0)
        bytes_s64(a, &f->code, k.index);
    else if (k.nresult)
        bytes_type(a, &f->code, ti_of(k.result[0]));
    else
        bytes_u8(a, &f->code, 0x40);
    vec_push(a, &f->label, l);
    f->nest++;
}

void block_else(FuncGen *f) { emit(f, OP_ELSE); }

void block_end(FuncGen *f) {
    emit(f, OP_END);
    f->label.n--;
    f->nest--;
}
