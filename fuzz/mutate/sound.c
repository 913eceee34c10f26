#include "fuzz/mutate/sound.h"
#include "fuzz/mutate/sound_impl.h"

enum { TRIES = 30, MORE_FUEL = 16, MOST_CODE = 60000 };

static const MutateRow row[SOUND_COUNT] = {
#define SOUND(id, weight, what) {sound_##id, weight, #id, what},
#include "fuzz/mutate/sound.def"
#undef SOUND
};
const char *sound_name(SoundId i) { return row[i].name; }
const char *sound_text(SoundId i) { return row[i].text; }

/* -- Entities of our own ---------------------------------------------------------------------- */

void made_i32(Mutator *m, Made *c, uint32_t v) {
    EditInstr i = edit_i32(v);
    made_copy(m, c, &i, 1);
}

bool sound_memory(Mutator *m, uint32_t *memory) {
    if (m->memory == NO_INDEX) {
        if (m->e.m.memories.n && !(m->e.m.features >> FEAT_MULTI_MEMORY & 1)) return false;
        m->memory = edit_add_memory(&m->e, (Limits){.min = 1, .max = 1, .has_max = true});
    }
    *memory = m->memory;
    return true;
}

uint32_t sound_room(Mutator *m, uint32_t n) {
    uint32_t at = m->used;
    m->used = (m->used + n + 15) & ~15u;
    return at;
}

EditInstr sound_access(ValType t, bool store, uint32_t memory, uint32_t offset) {
    static const Op load_op[] = {OP_I32_LOAD, OP_I64_LOAD, OP_F32_LOAD, OP_F64_LOAD, OP_V128_LOAD};
    static const Op store_op[] = {OP_I32_STORE, OP_I64_STORE, OP_F32_STORE, OP_F64_STORE, OP_V128_STORE};
    uint32_t k = t == VT_I32 ? 0 : t == VT_I64 ? 1 : t == VT_F32 ? 2 : t == VT_F64 ? 3 : 4;
    return edit_access(store ? store_op[k] : load_op[k], memory, offset);
}

uint32_t sound_identity_func(Mutator *m, ValType t) {
    Made c = {0};
    uint32_t nlocal = 0;
    static const ValType none[1];
    const ValType *local = none;
    made_op(m, &c, OP_LOCAL_GET, 0);
    switch (mut_pick(m, 4)) {
    case 0: break;
    case 1: { /* through a local */
        ValType *own = ARENA_ARRAY(m->a, ValType, 1);
        own[0] = t;
        local = own;
        nlocal = 1;
        made_op(m, &c, OP_LOCAL_SET, 1);
        made_op(m, &c, OP_LOCAL_GET, 1);
        break;
    }
    case 2: made_op(m, &c, OP_RETURN, 0); break;
    default: made_op(m, &c, OP_BR, 0); break;
    }
    made_op(m, &c, OP_END, 0);
    return edit_add_func(&m->e, edit_type(&m->e, &t, 1, &t, 1), (EditBody){local, nlocal, {c.i.at, c.i.n}});
}

/* x * (x + 1) is even. */
static bool parity(Mutator *m, Made *c, uint32_t body) {
    uint32_t local;
    if (!mut_local_of(m, body, VT_I32, &local)) return false;
    made_op(m, c, OP_LOCAL_GET, local);
    made_op(m, c, OP_LOCAL_GET, local);
    made_i32(m, c, 1);
    made_op(m, c, OP_I32_ADD, 0);
    made_op(m, c, OP_I32_MUL, 0);
    made_i32(m, c, 1);
    made_op(m, c, OP_I32_AND, 0);
    return true;
}

bool sound_zero(Mutator *m, Made *c, uint32_t body) {
    uint32_t memory;
    EditInstr i;
    switch (mut_pick(m, 6)) {
    case 0:
        edit_const(VT_I32, (Value){.i32 = 0}, &i);
        made_op(m, c, OP_GLOBAL_GET, edit_add_global(&m->e, (GlobalType){VT_I32, !mut_one_in(m, 3)}, i));
        return true;
    case 1:
        if (!sound_memory(m, &memory)) return false;
        made_i32(m, c, sound_room(m, 4));
        i = sound_access(VT_I32, false, memory, 0);
        made_copy(m, c, &i, 1);
        return true;
    case 2: return parity(m, c, body);
    case 3: made_op(m, c, OP_LOCAL_GET, edit_add_local(&m->e, body, VT_I32)); return true;
    case 4:
        made_i32(m, c, 0);
        made_op(m, c, OP_CALL, sound_identity_func(m, VT_I32));
        return true;
    default: /* x ^ x */
        if (!made_leaf(m, c, body, VT_I32)) return false;
        made_copy(m, c, &c->i.at[c->i.n - 1], 1);
        made_op(m, c, OP_I32_XOR, 0);
        return true;
    }
}

/* -- The whole -------------------------------------------------------------------------------------- */

bool sound_start(Mutator *m, Arena *a, const uint8_t *in, uint32_t n, uint64_t seed, Mutant *out) {
    *out = (Mutant){0};
    if (!mut_start(m, a, in, n, seed)) return false;
    StoreLimits *l = &m->e.plan.limits;
    l->fuel = l->fuel > STORE_FUEL_MAX / MORE_FUEL ? STORE_FUEL_MAX : l->fuel * MORE_FUEL;
    l->depth = l->depth > STORE_DEPTH_MAX / MORE_FUEL ? STORE_DEPTH_MAX : l->depth * MORE_FUEL;
    return true;
}

static void apply(Mutator *m, SoundId id, Mutant *out) {
    enum { SPARE = 4096 }; /* of the memory */
    if (edit_instructions(&m->e) > MOST_CODE || m->used > WASM_PAGE - SPARE || !row[id].f(m)) return;
    out->done[out->ndone++] = (uint8_t)id;
}

bool sound_mutate_by(Arena *a, SoundId id, const uint8_t *in, uint32_t n, uint64_t seed, Mutant *out) {
    Mutator *m = ARENA_NEW(a, Mutator);
    if (!sound_start(m, a, in, n, seed, out)) return false;
    apply(m, id, out);
    return out->ndone && mut_finish(m, SOUND_ROOM, out);
}

bool sound_mutate(Arena *a, const uint8_t *in, uint32_t n, uint64_t seed, Mutant *out) {
    Mutator *m = ARENA_NEW(a, Mutator);
    if (!sound_start(m, a, in, n, seed, out)) return false;
    uint32_t most = 1 + mut_pick(m, SOUND_MOST);
    for (uint32_t i = 0; i < TRIES && out->ndone < most; i++) apply(m, (SoundId)mut_choose(m, row, SOUND_COUNT), out);
    return out->ndone && mut_finish(m, SOUND_ROOM, out);
}
