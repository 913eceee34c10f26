/* The layout of an Instance: the header, then the arrays that compiled code reaches by a constant
 * offset, then the entities that the instance defines itself.  What code touches most often comes
 * first, so that its offsets are small.  Depends on the module alone: code compiled once fits every
 * instance. */
#include "wasm/store.h"
#include <assert.h>

typedef struct Layouter {
    uint64_t at;
} Layouter;

static uint32_t place(Layouter *l, uint32_t count, uint64_t item) {
    uint64_t at = bits_align(l->at, 16);
    l->at = at + count * item;
    /* MAX_FUNCS and its like keep the sum far below 4 GiB. */
    assert(l->at <= UINT32_MAX);
    return (uint32_t)at;
}

InstLayout instance_layout(const Module *m) {
    Layouter l = {sizeof(Instance)};
    InstLayout r;
    r.mems = place(&l, m->memories.n, sizeof(MemView));
    r.tables = place(&l, m->tables.n, sizeof(TableInst *));
    r.own_globals = place(&l, m->globals.n - m->nimported[EXT_GLOBAL], sizeof(GlobalInst));
    r.globals = place(&l, m->globals.n, sizeof(GlobalInst *));
    r.sigs = place(&l, m->types.n, sizeof(uint32_t));
    r.funcs = place(&l, m->funcs.n, sizeof(FuncInst *));
    r.datas = place(&l, m->datas.n, sizeof(DataInst));
    r.elems = place(&l, m->elems.n, sizeof(ElemInst));
    r.own_mems = place(&l, m->memories.n - m->nimported[EXT_MEMORY], sizeof(MemInst));
    r.own_tables = place(&l, m->tables.n - m->nimported[EXT_TABLE], sizeof(TableInst));
    r.table_elems = place(&l, m->ninline, sizeof(uint64_t));
    r.own_funcs = place(&l, m->funcs.n - m->nimported[EXT_FUNC], sizeof(FuncInst));
    r.size = (uint32_t)bits_align(l.at, 16);
    return r;
}
