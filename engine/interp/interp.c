/* The interpreter.
 *
 * Purpose: execute wasm bytes as they are (Titzer, "A fast in-place interpreter for WebAssembly", OOPSLA
 * 2022).  `pc` points into the module, so an instruction's address is its wasm offset.  Branches find their
 * target and the change of operand stack in the side table, where `side` is the entry of the next control
 * instruction.
 *
 * Frames: a callee's parameters are the caller's topmost operands, where they lie; behind them are its other
 * locals, then its operand stack.  A return moves the results to where the parameters began.  So the slots
 * in use never exceed what frame costs have taken from ExecState.depth, nor do the Frame records: an
 * InterpStack made for the whole budget cannot overflow.
 *
 * Dispatch: threaded code through a table of labels, filled from opcode.def: an opcode without a handler does
 * not compile.  All that varies between compilers is in HANDLER, NEXT and LABEL.  The vector instructions, which are
 * many and alike, share one handler and are functions (simd.c).
 *
 * Invariants at each NEXT: `sp` is behind the topmost operand; `frame`, `local` and `dispatch` are of the running
 * function; `mem` and `mem_len` are those of its memory 0 (none: 0 bytes).  The length changes by growth
 * alone, which can happen in memory.grow and in any call.  What traps sets `at`.
 *
 * Memories have 32-bit addresses: index + offset is a 33-bit number, compared with the length as it is.
 *
 * Slots: an i32 or f32 is written with its upper 32 bits zero (a load of 8 bytes then finds one store
 * of 8 bytes, which the processor can forward); bytes 8 to 15 hold anything unless the value is a v128.
 * What leaves the interpreter is written by value_extend. */
#include "interp/interp.h"
#include <assert.h>
#include <string.h>
#include "base/leb128.h"
#include "base/os.h"
#include "interp/nanprobe.h"
#include "interp/simd.h"
#include "wasm/num.h"
#include "wasm/validate.h"

#define UNLIKELY(x) __builtin_expect(!!(x), 0)

typedef struct Frame {
    FuncInst *func;
    const Body *body;
    const uint8_t *bytes; /* of the function's module */
    Value *local;         /* parameters, then the other locals, */
    Value *operand;       /* then the operand stack */
    uint32_t nresult;
    /* Valid while a call is under way; `at` also during a prefixed instruction and after a trap. */
    const uint8_t *at, *pc; /* the call, and behind it */
    const SideEntry *side;
} Frame;

/* -- Stack -------------------------------------------------------------------- */

struct InterpStack { /* stands at the start of its own mapping */
    uint64_t map_len;
    Value *slot, *slot_end;   /* slot: the first free one */
    Frame *frame, *frame_end; /* likewise */
};

InterpStack *interp_stack_new(int64_t depth) {
    assert(depth > 0);
    /* More than the budget pays for: the arguments of a first frame, and the results of a host function tail-called by
     * a last one; and a frame for the callee whose charge fails, which is part of the backtrace. */
    uint64_t slots = (uint64_t)depth / sizeof(Value) + ES_SLOTS, frames = (uint64_t)depth / FRAME_COST_BASE + 2;
    uint64_t slots_at = bits_align(sizeof(InterpStack), sizeof(Value));
    uint64_t frames_at = slots_at + slots * sizeof(Value), len = frames_at + frames * sizeof(Frame);
    uint8_t *map = os_map(NULL, len, OS_READ | OS_WRITE, -1, 0);
    if (!map) return NULL;
    InterpStack *s = (InterpStack *)(void *)map;
    s->map_len = len;
    s->slot = (Value *)(void *)(map + slots_at);
    s->slot_end = s->slot + slots;
    s->frame = (Frame *)(void *)(map + frames_at);
    s->frame_end = s->frame + frames;
    return s;
}

void interp_stack_free(InterpStack *s) { os_unmap(s, s->map_len); }

/* -- Values ------------------------------------------------------------------- */

/* Copy within the interpreter.  Two halves, since most slots were last written by a store of 8 bytes, and a
 * load of 16 would have to wait until that has left the store buffer. */
static inline void slot_copy(Value *to, const Value *from) {
    to->u64x2[0] = from->u64x2[0];
    to->u64x2[1] = from->u64x2[1];
}

/* Of what is not a vector. */
static inline void half_copy(Value *to, const Value *from) { to->i64 = from->i64; }

/* Copy upwards; `to` is not behind `from`. */
static inline void slots_move(Value *to, const Value *from, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) slot_copy(&to[i], &from[i]);
}

/* Copy a value to where others see it: the bytes that its type does not use become zero. */
static void value_extend(Value *to, ValType type, const Value *from) {
    bool half = type == VT_I32 || type == VT_F32;
    uint64_t high = type == VT_V128 ? from->u64x2[1] : 0;
    to->u64x2[0] = half ? from->i32 : from->i64;
    to->u64x2[1] = high;
}

/* -- Immediates --------------------------------------------------------------- */

/* Behind a value type, heap type or block type. */
static inline const uint8_t *skip_type(const uint8_t *p) {
    if (*p == 0x63 || *p == 0x64) p++; /* (ref null ht), (ref ht): a heap type follows */
    while (*p++ & 0x80) continue;
    return p;
}

typedef struct MemArg {
    const uint8_t *next;
    uint64_t offset;
    uint32_t memory;
} MemArg;

static MemArg read_memarg(const uint8_t *p) {
    MemArg m = {0};
    if (leb_u32(&p) & 0x40) m.memory = leb_u32(&p);
    m.offset = leb_u64(&p);
    m.next = p;
    return m;
}

/* -- Calls that leave the interpreter -----------------------------------------
 * To a host function, or to a compiled one in a store that has both kinds. */

static inline bool func_is_elsewhere(const FuncInst *f) { return f->inst == NULL || func_is_compiled(f); }

/* `arg`: the arguments, overwritten by the results.  `slot` and `frame` are free from there on: the host
 * may call interp_call. */
static TrapKind call_out(InterpStack *stack, ExecState *es, FuncInst *f, const FuncType *type, Value *arg, Value *slot,
                         Frame *frame) {
    if (UNLIKELY(es->nan_probe)) probe_arguments(type, arg, &es->nan_probe);
    for (uint32_t i = 0; i < type->nparam; i++) value_extend(&es->args[i], type->param[i], &arg[i]);
    stack->slot = slot;
    stack->frame = frame;
    TrapKind trap = (TrapKind)(f->inst ? es->lib.call_code : es->lib.host_call)(es, f);
    if (trap == TRAP_NONE) slots_move(arg, es->results, type->nresult);
    return trap;
}

/* The same for a tail call: the caller's frame is given back before the host runs, so that a budget that
 * calls and tail calls share bounds the memory too.  We keep a copy: it still is the trap's site. */
static TrapKind tail_call_host(InterpStack *stack, ExecState *es, FuncInst *f, const FuncType *type, const Value *arg,
                               Frame *frame) {
    Frame saved = *frame;
    slots_move(frame->local, arg, type->nparam);
    es->depth += frame->body->frame_cost;
    TrapKind trap = call_out(stack, es, f, type, frame->local, frame->local, frame);
    *frame = saved;
    return trap;
}

static void backtrace(Backtrace *bt, const Frame *first, const Frame *last) {
    bt->depth = (uint32_t)(last - first) + 1;
    bt->n = bt->depth < BACKTRACE_MAX ? bt->depth : BACKTRACE_MAX;
    for (uint32_t i = 0; i < bt->n; i++) {
        const Frame *f = last - i;
        bt->frame[i] = (TrapSite){f->func->inst->id, f->func->index, (uint32_t)(f->at - f->bytes)};
    }
}

/* -- The loop ----------------------------------------------------------------- */

/* Threaded code needs labels as values, an extension of both compilers; it appears here only. */
#define LABEL(name) __extension__ &&name
#define GOTO(address) __extension__({ goto *(address); })
#define HANDLER(id) op_##id : wide_##id:
#define HANDLER_NARROW(id) op_##id:
#define HANDLER_WIDE(id) wide_##id:
#define NEXT GOTO(dispatch[*pc++])
#define FC_ROW 256 /* where the 0xfc opcodes begin in a table */
#define SLOT_0x00(name, code) [code] = LABEL(name),
#define SLOT_0xfc(name, code) [FC_ROW + (code)] = LABEL(name),
#define SLOT_0xfd(name, code) /* in simd_row */

enum {
#define OP(id, prefix, code, text, imm, sig, kind, ir, feature) CODE_##id = (code),
#include "wasm/opcode.def"
#undef OP
};

#define AT() (at = pc - 1)       /* in a handler of a one-byte opcode, before it reads immediates */
#define AT_FC() (at = frame->at) /* in one behind the prefix */
#define TRAP(kind)     \
    do {               \
        trap = (kind); \
        goto trapped;  \
    } while (0)
#define CHARGE(n)                                                  \
    do {                                                           \
        uint32_t n_ = (n);                                         \
        if (n_ && UNLIKELY((es->fuel -= n_) < 0)) TRAP(TRAP_FUEL); \
    } while (0)
/* A library call's status. */
#define CHECK(call)                                          \
    do {                                                     \
        uint32_t status_ = (call);                           \
        if (UNLIKELY(status_ != 0)) TRAP((TrapKind)status_); \
    } while (0)

#define READ_U32(v)                 \
    uint32_t v = *pc++;             \
    if (UNLIKELY(v & 0x80)) {       \
        const uint8_t *p_ = pc - 1; \
        v = leb_u32(&p_);           \
        pc = p_;                    \
    }
/* One and two bytes, then any length. */
#define READ_S64(v)                                                 \
    int64_t v = *pc++;                                              \
    if (v < 0x80) {                                                 \
        v -= (v & 0x40) << 1;                                       \
    } else if (*pc < 0x80) {                                        \
        v = (v & 0x7f) + ((*pc & 0x3f) << 7) - ((*pc & 0x40) << 7); \
        pc++;                                                       \
    } else {                                                        \
        const uint8_t *p_ = pc - 1;                                 \
        v = leb_s64(&p_);                                           \
        pc = p_;                                                    \
    }

#define LOAD_MEMORY_0()                                          \
    do {                                                         \
        const Instance *inst_ = INST;                            \
        mem = inst_->nmems ? inst_->mems[0].base : NULL;         \
        mem_len = inst_->nmems ? inst_->mems[0].mem->length : 0; \
    } while (0)
#define LOAD_FRAME()                                               \
    do {                                                           \
        dispatch = tables[frame->func->inst->module->has_vectors]; \
        local = frame->local;                                      \
        LOAD_MEMORY_0();                                           \
    } while (0)
#define INST (frame->func->inst) /* where it is needed: not worth a register */
#define BRANCH(entry)                             \
    do {                                          \
        const SideEntry *e_ = (entry);            \
        Value *to_ = frame->operand + e_->height; \
        pc = frame->bytes + e_->pc;               \
        side = frame->body->side + e_->stp;       \
        slots_move(to_, sp - e_->keep, e_->keep); \
        sp = to_ + e_->keep;                      \
    } while (0)

/* Groups of handlers.  `num` is the function of wasm/num.h, `in` the member of Value that its operands are
 * in: i32 for i32 and f32, i64 for i64 and f64. */
#define UNARY(id, in, num)           \
    HANDLER(id) {                    \
        sp[-1].i64 = num(sp[-1].in); \
        NEXT;                        \
    }
#define BINARY(id, in, num)                    \
    HANDLER(id) {                              \
        sp--;                                  \
        sp[-1].i64 = num(sp[-1].in, sp[0].in); \
        NEXT;                                  \
    }
/* A comparison is nearly always what a br_if behind it looks at: that is done along with it, without the operand. */
#define TESTED(condition, npop) \
    bool test_ = (condition);   \
    sp -= npop;                 \
    if (*pc == CODE_BR_IF) {    \
        pc++;                   \
        if (test_) goto br;     \
        goto br_not;            \
    }                           \
    (sp++)->i64 = test_;        \
    NEXT;
#define TEST(id, in, num) \
    HANDLER(id) { TESTED(num(sp[-1].in), 1) }
#define COMPARE(id, in, num) \
    HANDLER(id) { TESTED(num(sp[-2].in, sp[-1].in), 2) }
#define UNARY_TRAPPING(id, in, num)                         \
    HANDLER(id) {                                           \
        trap = TRAP_NONE;                                   \
        uint64_t result_ = num(sp[-1].in, &trap);           \
        if (UNLIKELY(trap != TRAP_NONE)) goto trapped_here; \
        sp[-1].i64 = result_;                               \
        NEXT;                                               \
    }
#define BINARY_TRAPPING(id, in, num)                         \
    HANDLER(id) {                                            \
        trap = TRAP_NONE;                                    \
        uint64_t result_ = num(sp[-2].in, sp[-1].in, &trap); \
        if (UNLIKELY(trap != TRAP_NONE)) goto trapped_here;  \
        sp--;                                                \
        sp[-1].i64 = result_;                                \
        NEXT;                                                \
    }

/* Decode a memarg and check `size` bytes at `index` + offset: `where_` is their address.  `site`: the instruction. */
#define ADDRESS(index, size, site)                      \
    const uint8_t *site_ = (site);                      \
    uint8_t *base_ = mem;                               \
    uint64_t len_ = mem_len, ea_ = (index);             \
    if (pc[0] < 0x40 && pc[1] < 0x80) {                 \
        ea_ += pc[1];                                   \
        pc += 2;                                        \
    } else {                                            \
        MemArg arg_ = read_memarg(pc);                  \
        pc = arg_.next;                                 \
        ea_ += arg_.offset;                             \
        if (arg_.memory) {                              \
            base_ = INST->mems[arg_.memory].base;       \
            len_ = INST->mems[arg_.memory].mem->length; \
        }                                               \
    }                                                   \
    if (UNLIKELY(ea_ + (size) > len_)) {                \
        at = site_;                                     \
        TRAP(TRAP_MEMORY_BOUNDS);                       \
    }                                                   \
    uint8_t *where_ = base_ + ea_;
/* `in`: as it is in memory; `via` extends it by its sign. */
#define LOAD(id, in, via)                                        \
    HANDLER(id) {                                                \
        ADDRESS(sp[-1].i32, sizeof bits_load_##in(NULL), pc - 1) \
        sp[-1].i64 = via(bits_load_##in(where_));                \
        NEXT;                                                    \
    }
#define STORE(id, from, as, T)                   \
    HANDLER(id) {                                \
        ADDRESS(sp[-2].i32, sizeof(T), pc - 1)   \
        bits_store_##as(where_, (T)sp[-1].from); \
        sp -= 2;                                 \
        NEXT;                                    \
    }

static TrapKind run(InterpStack *stack, ExecState *es, FuncInst *f, const FuncType *type, Backtrace *bt) {
    static const void *const narrow[] = {
#define OP(id, prefix, code, text, imm, sig, kind, ir, feature) SLOT_##prefix(op_##id, code)
#include "wasm/opcode.def"
#undef OP
        [0xfc] = LABEL(prefix_fc)};
    static const void *const wide[] = {
#define OP(id, prefix, code, text, imm, sig, kind, ir, feature) SLOT_##prefix(wide_##id, code)
#include "wasm/opcode.def"
#undef OP
        [0xfc] = LABEL(prefix_fc), [0xfd] = LABEL(prefix_fd)};
    const void *probing[sizeof wide / sizeof *wide];
    const void *const *const tables[2] = {es->nan_probe ? probing : narrow, es->nan_probe ? probing : wide};
    const void *const *dispatch; /* of them, by has_vectors of the running function's module */
    Frame *const first = stack->frame;
    Frame *frame = first;
    const uint8_t *pc, *at;
    const SideEntry *side;
    Value *sp = stack->slot, *local;
    const Body *body;
    uint8_t *mem;
    uint64_t mem_len;
    TrapKind trap;

    if (UNLIKELY(es->nan_probe)) {
        memcpy(probing, wide, sizeof wide);
        for (uint32_t i = 0; i < PROBE_CODES; i++)
            if (probe_looks_at(i)) probing[i] = LABEL(probe);
    }
    for (uint32_t i = 0; i < type->nparam; i++) *sp++ = es->args[i];
    goto enter;

    /* -- Calls: `f` and its `type` -- */
call:
    if (UNLIKELY(func_is_elsewhere(f))) {
        Value *arg = sp - type->nparam;
        trap = call_out(stack, es, f, type, arg, sp, frame + 1);
        if (trap != TRAP_NONE) goto trapped;
        sp = arg + type->nresult;
        LOAD_MEMORY_0();
        NEXT;
    }
    frame->at = at;
    frame->pc = pc;
    frame->side = side;
    frame++;
    goto enter;

tail_call:
    if (f->inst == NULL) {
        frame->at = at;
        trap = tail_call_host(stack, es, f, type, sp - type->nparam, frame);
        if (trap != TRAP_NONE) goto trapped;
        sp = frame->local + type->nresult;
        goto leave;
    }
    es->depth += frame->body->frame_cost;
    slots_move(frame->local, sp - type->nparam, type->nparam);
    sp = frame->local + type->nparam;
    if (UNLIKELY(func_is_compiled(f))) {
        if (frame == first) { /* this run is over: who called it makes the call */
            for (uint32_t i = 0; i < type->nparam; i++) value_extend(&es->args[i], type->param[i], &frame->local[i]);
            return (TrapKind)es->lib.tail_call(es, f);
        }
        frame--; /* as if that one had made the call */
        at = frame->at;
        pc = frame->pc;
        side = frame->side;
        Value *arg = sp - type->nparam;
        trap = call_out(stack, es, f, type, arg, sp, frame + 1);
        if (trap != TRAP_NONE) goto trapped;
        sp = arg + type->nresult;
        LOAD_FRAME();
        NEXT;
    }

    /* `frame` becomes that of wasm function `f`, whose arguments are on top of the stack. */
enter:
    body = &f->inst->module->bodies.at[f->inst->module->funcs.at[f->index].body];
    frame->func = f;
    frame->body = body;
    frame->bytes = f->inst->module->bytes;
    frame->local = sp - type->nparam;
    frame->operand = frame->local + body->nlocal;
    frame->nresult = type->nresult;
    pc = at = frame->bytes + body->code;
    side = body->side;
    es->depth -= body->frame_cost;
    if (UNLIKELY(es->depth < 0)) TRAP(TRAP_EXHAUSTION);
    CHARGE(body->fuel);
    while (sp < frame->operand) *sp++ = (Value){.u64x2 = {0, 0}};
    LOAD_FRAME();
    NEXT;

    HANDLER(RETURN) {
        es->depth += frame->body->frame_cost;
        goto leave;
    }
    /* The results are on top of the stack, and the frame's depth is given back. */
leave:
    sp -= frame->nresult;
    if (frame == first) {
        f = frame->func;
        type = module_func_type(f->inst->module, f->index);
        for (uint32_t i = 0; i < type->nresult; i++) value_extend(&es->results[i], type->result[i], &sp[i]);
        return TRAP_NONE;
    }
    slots_move(frame->local, sp, frame->nresult);
    sp = frame->local + frame->nresult;
    frame--;
    pc = frame->pc;
    side = frame->side;
    LOAD_FRAME();
    NEXT;

trapped_here: /* by an instruction without immediates */
    AT();
trapped:
    frame->at = at;
    backtrace(bt, first, frame);
    return trap;

    /* -- Control -- */
    HANDLER(UNREACHABLE) {
        AT();
        TRAP(TRAP_UNREACHABLE);
    }
    HANDLER(NOP) { NEXT; }
    HANDLER(BLOCK) {
        pc = skip_type(pc);
        NEXT;
    }
    HANDLER(LOOP) {
        AT();
        CHARGE(side->fuel);
        side++;
        pc = skip_type(pc);
        NEXT;
    }
    HANDLER(IF) {
        AT();
        if ((--sp)->i32) {
            CHARGE(side[0].fuel);
            side += 2;
            pc = skip_type(pc);
        } else {
            const SideEntry *e = &side[1];
            CHARGE(e->fuel);
            pc = frame->bytes + e->pc;
            side = frame->body->side + e->stp;
        }
        NEXT;
    }
    HANDLER(ELSE) { /* at the end of the first arm: on to the `end` */
        pc = frame->bytes + side->pc;
        side = frame->body->side + side->stp;
        NEXT;
    }
    HANDLER(END) {
        AT();
        uint32_t offset = (uint32_t)(at - frame->bytes);
        body = frame->body;
        if (offset + 1 == body->end) {
            es->depth += body->frame_cost;
            goto leave;
        }
        /* The end of a block or an if has an entry, that of a loop has not. */
        if (side != body->side + body->nside && side->pc == offset) {
            CHARGE(side->fuel);
            side++;
        }
        NEXT;
    }
    HANDLER(BR) {
    br:
        BRANCH(side);
        NEXT;
    }
    HANDLER(BR_IF) {
        if ((--sp)->i32) goto br;
    br_not:
        AT();
        CHARGE(side->fuel);
        side++;
        while (*pc++ & 0x80) continue;
        NEXT;
    }
    HANDLER(BR_TABLE) {
        READ_U32(count)
        uint32_t i = (--sp)->i32;
        BRANCH(side + (i < count ? i : count));
        NEXT;
    }
    HANDLER(CALL) {
        AT();
        READ_U32(index)
        f = INST->funcs[index];
        type = module_func_type(INST->module, index);
        goto call;
    }
    HANDLER(RETURN_CALL) {
        AT();
        READ_U32(index)
        f = INST->funcs[index];
        type = module_func_type(INST->module, index);
        goto tail_call;
    }
/* Both immediates, and the checks in their order. */
#define CALLEE()                                                              \
    AT();                                                                     \
    READ_U32(type_index)                                                      \
    READ_U32(table_index)                                                     \
    const TableInst *table = INST->tables[table_index];                       \
    uint32_t i = (--sp)->i32;                                                 \
    if (UNLIKELY(i >= table->size)) TRAP(TRAP_UNDEFINED_ELEMENT);             \
    f = (FuncInst *)(uintptr_t)table->elem[i];                                \
    if (UNLIKELY(f == NULL)) TRAP(TRAP_UNINITIALIZED_ELEMENT);                \
    if (UNLIKELY(f->sig != INST->sigs[type_index])) TRAP(TRAP_INDIRECT_TYPE); \
    type = &INST->module->types.at[type_index].func;
    HANDLER(CALL_INDIRECT) {
        CALLEE()
        goto call;
    }
    HANDLER(RETURN_CALL_INDIRECT) {
        CALLEE()
        goto tail_call;
    }

    /* -- Parametric, variables, references -- */
    HANDLER(DROP) {
        sp--;
        NEXT;
    }
    HANDLER(SELECT_T) {
        READ_U32(count)
        for (uint32_t i = 0; i < count; i++) pc = skip_type(pc);
        goto op_SELECT;
    }
    HANDLER(SELECT) {
        sp -= 2;
        if (!sp[1].i32) slot_copy(&sp[-1], &sp[0]);
        NEXT;
    }
/* The most frequent of all instructions: 8 bytes do where there are no vectors. */
#define LOCALS(HANDLER_KIND, copy)    \
    HANDLER_KIND(LOCAL_GET) {         \
        READ_U32(index)               \
        copy(sp, &local[index]);      \
        sp++;                         \
        NEXT;                         \
    }                                 \
    HANDLER_KIND(LOCAL_SET) {         \
        READ_U32(index)               \
        sp--;                         \
        copy(&local[index], sp);      \
        NEXT;                         \
    }                                 \
    HANDLER_KIND(LOCAL_TEE) {         \
        READ_U32(index)               \
        copy(&local[index], &sp[-1]); \
        NEXT;                         \
    }
    LOCALS(HANDLER_NARROW, half_copy)
    LOCALS(HANDLER_WIDE, slot_copy)
    HANDLER(GLOBAL_GET) {
        READ_U32(index)
        slot_copy(sp, &INST->globals[index]->value);
        sp++;
        NEXT;
    }
    HANDLER(GLOBAL_SET) {
        READ_U32(index)
        sp--;
        value_extend(&INST->globals[index]->value, INST->globals[index]->type, sp);
        NEXT;
    }
    HANDLER(REF_NULL) {
        pc = skip_type(pc);
        (sp++)->ref = 0;
        NEXT;
    }
    HANDLER(REF_IS_NULL) {
        sp[-1].i64 = sp[-1].ref == 0;
        NEXT;
    }
    HANDLER(REF_FUNC) {
        READ_U32(index)
        (sp++)->ref = (uintptr_t)INST->funcs[index];
        NEXT;
    }

    /* -- Tables -- */
    HANDLER(TABLE_GET) {
        AT();
        READ_U32(index)
        const TableInst *table = INST->tables[index];
        uint32_t i = sp[-1].i32;
        if (UNLIKELY(i >= table->size)) TRAP(TRAP_TABLE_BOUNDS);
        sp[-1].ref = table->elem[i];
        NEXT;
    }
    HANDLER(TABLE_SET) {
        AT();
        READ_U32(index)
        TableInst *table = INST->tables[index];
        uint32_t i = sp[-2].i32;
        if (UNLIKELY(i >= table->size)) TRAP(TRAP_TABLE_BOUNDS);
        table->elem[i] = sp[-1].ref;
        sp -= 2;
        NEXT;
    }
    HANDLER(TABLE_SIZE) {
        READ_U32(index)
        (sp++)->i64 = INST->tables[index]->size;
        NEXT;
    }
    HANDLER(TABLE_GROW) {
        READ_U32(index)
        sp--;
        sp[-1].i64 = (uint32_t)es->lib.table_grow(INST, index, sp[0].i32, sp[-1].ref);
        NEXT;
    }
    HANDLER(TABLE_FILL) {
        AT_FC();
        READ_U32(index)
        sp -= 3;
        CHECK(es->lib.table_fill(INST, index, sp[0].i32, sp[1].ref, sp[2].i32));
        NEXT;
    }
    HANDLER(TABLE_COPY) {
        AT_FC();
        READ_U32(to)
        READ_U32(from)
        sp -= 3;
        CHECK(es->lib.table_copy(INST, to, from, sp[0].i32, sp[1].i32, sp[2].i32));
        NEXT;
    }
    HANDLER(TABLE_INIT) {
        AT_FC();
        READ_U32(elem)
        READ_U32(to)
        sp -= 3;
        CHECK(es->lib.table_init(INST, to, elem, sp[0].i32, sp[1].i32, sp[2].i32));
        NEXT;
    }
    HANDLER(ELEM_DROP) {
        READ_U32(elem)
        es->lib.elem_drop(INST, elem);
        NEXT;
    }

    /* -- Memories -- */
    LOAD(I32_LOAD, u32, )
    LOAD(I64_LOAD, u64, )
    LOAD(F32_LOAD, u32, )
    LOAD(F64_LOAD, u64, )
    LOAD(I32_LOAD8_S, u8, num_i32_extend8_s)
    LOAD(I32_LOAD8_U, u8, )
    LOAD(I32_LOAD16_S, u16, num_i32_extend16_s)
    LOAD(I32_LOAD16_U, u16, )
    LOAD(I64_LOAD8_S, u8, num_i64_extend8_s)
    LOAD(I64_LOAD8_U, u8, )
    LOAD(I64_LOAD16_S, u16, num_i64_extend16_s)
    LOAD(I64_LOAD16_U, u16, )
    LOAD(I64_LOAD32_S, u32, num_i64_extend32_s)
    LOAD(I64_LOAD32_U, u32, )
    STORE(I32_STORE, i32, u32, uint32_t)
    STORE(I64_STORE, i64, u64, uint64_t)
    STORE(F32_STORE, i32, u32, uint32_t)
    STORE(F64_STORE, i64, u64, uint64_t)
    STORE(I32_STORE8, i32, u8, uint8_t)
    STORE(I32_STORE16, i32, u16, uint16_t)
    STORE(I64_STORE8, i64, u8, uint8_t)
    STORE(I64_STORE16, i64, u16, uint16_t)
    STORE(I64_STORE32, i64, u32, uint32_t)
    HANDLER(MEMORY_SIZE) {
        READ_U32(index)
        (sp++)->i64 = (uint32_t)INST->mems[index].mem->pages;
        NEXT;
    }
    HANDLER(MEMORY_GROW) {
        READ_U32(index)
        sp[-1].i64 = (uint32_t)es->lib.memory_grow(INST, index, sp[-1].i32);
        LOAD_MEMORY_0();
        NEXT;
    }
    HANDLER(MEMORY_INIT) {
        AT_FC();
        READ_U32(data)
        READ_U32(to)
        sp -= 3;
        CHECK(es->lib.memory_init(INST, to, data, sp[0].i32, sp[1].i32, sp[2].i32));
        NEXT;
    }
    HANDLER(DATA_DROP) {
        READ_U32(data)
        es->lib.data_drop(INST, data);
        NEXT;
    }
    HANDLER(MEMORY_COPY) {
        AT_FC();
        READ_U32(to)
        READ_U32(from)
        sp -= 3;
        CHECK(es->lib.memory_copy(INST, to, from, sp[0].i32, sp[1].i32, sp[2].i32));
        NEXT;
    }
    HANDLER(MEMORY_FILL) {
        AT_FC();
        READ_U32(index)
        sp -= 3;
        CHECK(es->lib.memory_fill(INST, index, sp[0].i32, sp[1].i32, sp[2].i32));
        NEXT;
    }

    /* -- Numbers -- */
    HANDLER(I32_CONST) {
        READ_S64(v)
        (sp++)->i64 = (uint32_t)v;
        NEXT;
    }
    HANDLER(I64_CONST) {
        READ_S64(v)
        (sp++)->i64 = (uint64_t)v;
        NEXT;
    }
    HANDLER(F32_CONST) {
        (sp++)->i64 = bits_load_u32(pc);
        pc += 4;
        NEXT;
    }
    HANDLER(F64_CONST) {
        (sp++)->i64 = bits_load_u64(pc);
        pc += 8;
        NEXT;
    }
    TEST(I32_EQZ, i32, num_i32_eqz)
    COMPARE(I32_EQ, i32, num_i32_eq)
    COMPARE(I32_NE, i32, num_i32_ne)
    COMPARE(I32_LT_S, i32, num_i32_lt_s)
    COMPARE(I32_LT_U, i32, num_i32_lt_u)
    COMPARE(I32_GT_S, i32, num_i32_gt_s)
    COMPARE(I32_GT_U, i32, num_i32_gt_u)
    COMPARE(I32_LE_S, i32, num_i32_le_s)
    COMPARE(I32_LE_U, i32, num_i32_le_u)
    COMPARE(I32_GE_S, i32, num_i32_ge_s)
    COMPARE(I32_GE_U, i32, num_i32_ge_u)
    TEST(I64_EQZ, i64, num_i64_eqz)
    COMPARE(I64_EQ, i64, num_i64_eq)
    COMPARE(I64_NE, i64, num_i64_ne)
    COMPARE(I64_LT_S, i64, num_i64_lt_s)
    COMPARE(I64_LT_U, i64, num_i64_lt_u)
    COMPARE(I64_GT_S, i64, num_i64_gt_s)
    COMPARE(I64_GT_U, i64, num_i64_gt_u)
    COMPARE(I64_LE_S, i64, num_i64_le_s)
    COMPARE(I64_LE_U, i64, num_i64_le_u)
    COMPARE(I64_GE_S, i64, num_i64_ge_s)
    COMPARE(I64_GE_U, i64, num_i64_ge_u)
    COMPARE(F32_EQ, i32, num_f32_eq)
    COMPARE(F32_NE, i32, num_f32_ne)
    COMPARE(F32_LT, i32, num_f32_lt)
    COMPARE(F32_GT, i32, num_f32_gt)
    COMPARE(F32_LE, i32, num_f32_le)
    COMPARE(F32_GE, i32, num_f32_ge)
    COMPARE(F64_EQ, i64, num_f64_eq)
    COMPARE(F64_NE, i64, num_f64_ne)
    COMPARE(F64_LT, i64, num_f64_lt)
    COMPARE(F64_GT, i64, num_f64_gt)
    COMPARE(F64_LE, i64, num_f64_le)
    COMPARE(F64_GE, i64, num_f64_ge)
    UNARY(I32_CLZ, i32, num_i32_clz)
    UNARY(I32_CTZ, i32, num_i32_ctz)
    UNARY(I32_POPCNT, i32, num_i32_popcnt)
    BINARY(I32_ADD, i32, num_i32_add)
    BINARY(I32_SUB, i32, num_i32_sub)
    BINARY(I32_MUL, i32, num_i32_mul)
    BINARY_TRAPPING(I32_DIV_S, i32, num_i32_div_s)
    BINARY_TRAPPING(I32_DIV_U, i32, num_i32_div_u)
    BINARY_TRAPPING(I32_REM_S, i32, num_i32_rem_s)
    BINARY_TRAPPING(I32_REM_U, i32, num_i32_rem_u)
    BINARY(I32_AND, i32, num_i32_and)
    BINARY(I32_OR, i32, num_i32_or)
    BINARY(I32_XOR, i32, num_i32_xor)
    BINARY(I32_SHL, i32, num_i32_shl)
    BINARY(I32_SHR_S, i32, num_i32_shr_s)
    BINARY(I32_SHR_U, i32, num_i32_shr_u)
    BINARY(I32_ROTL, i32, num_i32_rotl)
    BINARY(I32_ROTR, i32, num_i32_rotr)
    UNARY(I64_CLZ, i64, num_i64_clz)
    UNARY(I64_CTZ, i64, num_i64_ctz)
    UNARY(I64_POPCNT, i64, num_i64_popcnt)
    BINARY(I64_ADD, i64, num_i64_add)
    BINARY(I64_SUB, i64, num_i64_sub)
    BINARY(I64_MUL, i64, num_i64_mul)
    BINARY_TRAPPING(I64_DIV_S, i64, num_i64_div_s)
    BINARY_TRAPPING(I64_DIV_U, i64, num_i64_div_u)
    BINARY_TRAPPING(I64_REM_S, i64, num_i64_rem_s)
    BINARY_TRAPPING(I64_REM_U, i64, num_i64_rem_u)
    BINARY(I64_AND, i64, num_i64_and)
    BINARY(I64_OR, i64, num_i64_or)
    BINARY(I64_XOR, i64, num_i64_xor)
    BINARY(I64_SHL, i64, num_i64_shl)
    BINARY(I64_SHR_S, i64, num_i64_shr_s)
    BINARY(I64_SHR_U, i64, num_i64_shr_u)
    BINARY(I64_ROTL, i64, num_i64_rotl)
    BINARY(I64_ROTR, i64, num_i64_rotr)
    UNARY(F32_ABS, i32, num_f32_abs)
    UNARY(F32_NEG, i32, num_f32_neg)
    UNARY(F32_CEIL, i32, num_f32_ceil)
    UNARY(F32_FLOOR, i32, num_f32_floor)
    UNARY(F32_TRUNC, i32, num_f32_trunc)
    UNARY(F32_NEAREST, i32, num_f32_nearest)
    UNARY(F32_SQRT, i32, num_f32_sqrt)
    BINARY(F32_ADD, i32, num_f32_add)
    BINARY(F32_SUB, i32, num_f32_sub)
    BINARY(F32_MUL, i32, num_f32_mul)
    BINARY(F32_DIV, i32, num_f32_div)
    BINARY(F32_MIN, i32, num_f32_min)
    BINARY(F32_MAX, i32, num_f32_max)
    BINARY(F32_COPYSIGN, i32, num_f32_copysign)
    UNARY(F64_ABS, i64, num_f64_abs)
    UNARY(F64_NEG, i64, num_f64_neg)
    UNARY(F64_CEIL, i64, num_f64_ceil)
    UNARY(F64_FLOOR, i64, num_f64_floor)
    UNARY(F64_TRUNC, i64, num_f64_trunc)
    UNARY(F64_NEAREST, i64, num_f64_nearest)
    UNARY(F64_SQRT, i64, num_f64_sqrt)
    BINARY(F64_ADD, i64, num_f64_add)
    BINARY(F64_SUB, i64, num_f64_sub)
    BINARY(F64_MUL, i64, num_f64_mul)
    BINARY(F64_DIV, i64, num_f64_div)
    BINARY(F64_MIN, i64, num_f64_min)
    BINARY(F64_MAX, i64, num_f64_max)
    BINARY(F64_COPYSIGN, i64, num_f64_copysign)
    UNARY(I32_WRAP_I64, i64, num_i32_wrap_i64)
    UNARY_TRAPPING(I32_TRUNC_F32_S, i32, num_i32_trunc_f32_s)
    UNARY_TRAPPING(I32_TRUNC_F32_U, i32, num_i32_trunc_f32_u)
    UNARY_TRAPPING(I32_TRUNC_F64_S, i64, num_i32_trunc_f64_s)
    UNARY_TRAPPING(I32_TRUNC_F64_U, i64, num_i32_trunc_f64_u)
    UNARY(I64_EXTEND_I32_S, i32, num_i64_extend_i32_s)
    UNARY(I64_EXTEND_I32_U, i32, num_i64_extend_i32_u)
    UNARY_TRAPPING(I64_TRUNC_F32_S, i32, num_i64_trunc_f32_s)
    UNARY_TRAPPING(I64_TRUNC_F32_U, i32, num_i64_trunc_f32_u)
    UNARY_TRAPPING(I64_TRUNC_F64_S, i64, num_i64_trunc_f64_s)
    UNARY_TRAPPING(I64_TRUNC_F64_U, i64, num_i64_trunc_f64_u)
    UNARY(F32_CONVERT_I32_S, i32, num_f32_convert_i32_s)
    UNARY(F32_CONVERT_I32_U, i32, num_f32_convert_i32_u)
    UNARY(F32_CONVERT_I64_S, i64, num_f32_convert_i64_s)
    UNARY(F32_CONVERT_I64_U, i64, num_f32_convert_i64_u)
    UNARY(F32_DEMOTE_F64, i64, num_f32_demote_f64)
    UNARY(F64_CONVERT_I32_S, i32, num_f64_convert_i32_s)
    UNARY(F64_CONVERT_I32_U, i32, num_f64_convert_i32_u)
    UNARY(F64_CONVERT_I64_S, i64, num_f64_convert_i64_s)
    UNARY(F64_CONVERT_I64_U, i64, num_f64_convert_i64_u)
    UNARY(F64_PROMOTE_F32, i32, num_f64_promote_f32)
    UNARY(I32_REINTERPRET_F32, i32, num_i32_reinterpret_f32)
    UNARY(I64_REINTERPRET_F64, i64, num_i64_reinterpret_f64)
    UNARY(F32_REINTERPRET_I32, i32, num_f32_reinterpret_i32)
    UNARY(F64_REINTERPRET_I64, i64, num_f64_reinterpret_i64)
    UNARY(I32_EXTEND8_S, i32, num_i32_extend8_s)
    UNARY(I32_EXTEND16_S, i32, num_i32_extend16_s)
    UNARY(I64_EXTEND8_S, i64, num_i64_extend8_s)
    UNARY(I64_EXTEND16_S, i64, num_i64_extend16_s)
    UNARY(I64_EXTEND32_S, i64, num_i64_extend32_s)
    UNARY(I32_TRUNC_SAT_F32_S, i32, num_i32_trunc_sat_f32_s)
    UNARY(I32_TRUNC_SAT_F32_U, i32, num_i32_trunc_sat_f32_u)
    UNARY(I32_TRUNC_SAT_F64_S, i64, num_i32_trunc_sat_f64_s)
    UNARY(I32_TRUNC_SAT_F64_U, i64, num_i32_trunc_sat_f64_u)
    UNARY(I64_TRUNC_SAT_F32_S, i32, num_i64_trunc_sat_f32_s)
    UNARY(I64_TRUNC_SAT_F32_U, i32, num_i64_trunc_sat_f32_u)
    UNARY(I64_TRUNC_SAT_F64_S, i64, num_i64_trunc_sat_f64_s)
    UNARY(I64_TRUNC_SAT_F64_U, i64, num_i64_trunc_sat_f64_u)

    /* The NaN probe (nanprobe.h), in front of or in place of the plain handler. */
probe:
    if (!probe_number(pc[-1], sp, &es->nan_probe)) GOTO(wide[pc[-1]]);
    sp -= probe_row[pc[-1]].npop - 1;
    NEXT;

    /* A second dispatch; the instruction is where its prefix is. */
prefix_fc:
    frame->at = pc - 1;
    READ_U32(code)
    GOTO(dispatch[FC_ROW + code]);

prefix_fd:
    AT();
    READ_U32(vector)
    const SimdRow *row = &simd_row[vector];
    Value *arg = sp - row->npop;
    if (UNLIKELY(es->nan_probe) && probe_vector(vector, arg, pc, &es->nan_probe)) {
        /* done */
    } else if (row->access) {
        ADDRESS(arg->i32, row->size, at)
        row->access(arg, pc, where_);
    } else {
        row->fn(arg, pc);
    }
    pc += row->nimm;
    sp = arg + row->npush;
    NEXT;
}

TrapKind interp_call(InterpStack *stack, ExecState *es, FuncInst *f, Backtrace *bt) {
    InterpStack saved = *stack;
    assert(f->inst != NULL);
    assert(es->depth <= (int64_t)sizeof(Value) * (stack->slot_end - stack->slot - ES_SLOTS));
    assert(es->depth < (int64_t)FRAME_COST_BASE * (stack->frame_end - stack->frame));
    bt->n = bt->depth = 0;
    TrapKind trap = run(stack, es, f, module_func_type(f->inst->module, f->index), bt);
    *stack = saved;
    return trap;
}
