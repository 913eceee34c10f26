/* Emission: prologue, blocks in layout order, then out of line the trap stubs and constants; fixups last.
 *
 * Edits of an instruction come right before it, behind the label of its block when it is the first.  Blocks that only
 * jump, as splitting of critical edges leaves many, are left out and what goes there goes where they do. */
#include "code/emit.h"
#include <assert.h>
#include <stdlib.h>
#include "base/bits.h"

/* A64's conditional branches reach 1 MiB; below this bound everything in the function is in reach. */
enum { NEAR_BYTES = 900 * 1024, FUNC_ALIGN = 16, EDIT_BYTES = 16, STUB_BYTES = 16 };

Label emit_trap_label(Emit *e, const MInsn *i) {
    if (!i->charges) return code_trap(e->cb, (uint8_t)i->aux, i->loc);
    const ChargeList *c = &e->m->charges.at[i->charges - 1];
    return code_trap_charges(e->cb, (uint8_t)i->aux, c->at, c->n);
}

void emit_fault_site(Emit *e, const MInsn *i, uint8_t trap) {
    if (!i->charges) {
        code_site(e->cb, SITE_FAULT, trap, i->loc);
        return;
    }
    const ChargeList *c = &e->m->charges.at[i->charges - 1];
    code_site_charges(e->cb, SITE_FAULT, trap, c->at, c->n);
}

static IrType opnd_type(const MFn *m, Reg r) {
    if (reg_is_virtual(r)) return vreg_type(m, r);
    return r < REG_FLOAT ? T_I64 : T_V128;
}

static void emit_one(Emit *e, const MInsn *i) {
    const Loc *loc = e->ra->opnd + i->opnd;
    code_loc(e->cb, i->loc);
    switch (i->op) {
    case M_NOP:
    case M_PARAMS:
    case M_UNDEF: break;
    case M_MOVE: {
        const Opnd *o = insn_opnd(e->m, i);
        IrType type = opnd_type(e->m, reg_is_virtual(o[0].reg) ? o[0].reg : o[1].reg);
        if (loc[0] != loc[1]) e->t->emit_move(e, loc[1], loc[0], type);
        break;
    }
    default:
        e->t->emit_insn(e, i, loc);
        if (!(i->flags & (MF_CALL | MF_CONTEXT))) return;
        if ((i->flags & MF_CALL) && !(i->flags & MF_BRANCH)) code_site(e->cb, SITE_CALL, 0, i->loc);
        if ((i->flags & (MF_CALL | MF_BRANCH | MF_KEEPS)) == MF_CALL && i->imm) e->t->emit_popped(e, (uint32_t)i->imm);
        if (i->flags & MF_CONTEXT) e->t->emit_context(e);
    }
}

static bool has_edits(const Alloc *ra, uint32_t insn) {
    uint32_t lo = 0, hi = ra->edit.n;
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        if (ra->edit.at[mid].at < insn)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < ra->edit.n && ra->edit.at[lo].at == insn;
}

/* Loops' heads are kept, and with them something of every cycle. */
static bool only_jumps(const MFn *m, const Alloc *ra, uint32_t block) {
    const MBlock *b = &m->block.at[block];
    const MInsn *i = &m->insn.at[b->first];
    if (b->end - b->first != 1 || b->succ.n != 1 || b->loop_head || has_edits(ra, b->first)) return false;
    if (b->succ.at[0].to <= block && !m->block.at[b->succ.at[0].to].loop_head) return false;
    return i->nopnd == 0 && i->op >= M_TARGET && !(i->flags & MF_CALL);
}

/* The function without blocks that only jump: another view of the same instructions. */
static const MFn *thread_jumps(const MFn *m, const Alloc *ra) {
    uint32_t *index = arena_alloc(m->arena, m->block.n * sizeof(uint32_t), _Alignof(uint32_t)), kept = 0;
    for (uint32_t b = 0; b < m->block.n; b++) index[b] = only_jumps(m, ra, b) ? UINT32_MAX : kept++;
    if (kept == m->block.n) return m;
    MFn *view = ARENA_NEW(m->arena, MFn);
    *view = *m;
    view->block.at = arena_alloc(m->arena, kept * sizeof(MBlock), _Alignof(MBlock));
    view->block.n = view->block.cap = kept;
    for (uint32_t b = m->block.n, at = kept; b-- > 0;)
        if (index[b] == UINT32_MAX)
            index[b] = index[m->block.at[b].succ.at[0].to]; /* further on and known, or kept */
        else
            view->block.at[--at] = m->block.at[b];
    uint32_t edges = 0;
    for (uint32_t b = 0; b < kept; b++) edges += view->block.at[b].succ.n;
    MEdge *to = arena_alloc(m->arena, edges * sizeof(MEdge), _Alignof(MEdge));
    for (uint32_t b = 0; b < kept; b++) {
        MBlock *mb = &view->block.at[b];
        const MEdge *from = mb->succ.at;
        mb->succ.at = to;
        to += mb->succ.n;
        for (uint32_t s = 0; s < mb->succ.n; s++) mb->succ.at[s] = (MEdge){.to = index[from[s].to]};
        mb->pred.n = 0; /* nobody asks; nor for the arguments */
    }
    return view;
}

/* Blocks that a block behind them, or themselves, go to. */
static BitSet loop_heads(const MFn *m) {
    BitSet s = {ARENA_ARRAY(m->arena, uint64_t, m->block.n / 64 + 1), m->block.n};
    for (uint32_t b = 0; b < m->block.n; b++)
        for (uint32_t k = 0; k < m->block.at[b].succ.n; k++)
            if (m->block.at[b].succ.at[k].to <= b) bitset_add(&s, m->block.at[b].succ.at[k].to);
    return s;
}

static void emit_blocks(Emit *e) {
    const MFn *m = e->m;
    const Alloc *ra = e->ra;
    uint32_t edit = 0;
    BitSet head = e->o->emulated ? loop_heads(m) : (BitSet){NULL, 0};
    for (uint32_t b = 0; b < m->block.n; b++) {
        e->block = b;
        e->next_block = b + 1 < m->block.n ? b + 1 : UINT32_MAX;
        e->next_is_loop = b + 1 < head.nbits && bitset_has(&head, b + 1);
        code_bind(e->cb, e->block_label[b]);
        for (uint32_t i = m->block.at[b].first; i < m->block.at[b].end; i++) {
            for (; edit < ra->edit.n && ra->edit.at[edit].at == i; edit++)
                e->t->emit_move(e, ra->edit.at[edit].from, ra->edit.at[edit].to, (IrType)ra->edit.at[edit].type);
            emit_one(e, &m->insn.at[i]);
        }
    }
    assert(edit == ra->edit.n);
}

static void emit_trap_stubs(CodeBuf *cb, const Target *t) {
    for (uint32_t i = 0; i < cb->trap_stub.n; i++) {
        TrapStub s = cb->trap_stub.at[i];
        code_bind(cb, s.label);
        code_loc(cb, s.ncharge ? cb->charge.at[s.loc].loc : s.loc);
        t->emit_trap_stub(cb, s.trap);
        code_site(cb, SITE_TRAP, s.trap, s.loc);
        cb->site.at[cb->site.n - 1].ncharge = s.ncharge;
    }
}

static void emit_constants(CodeBuf *cb, uint8_t fill) {
    for (uint32_t size = 16; size >= 4; size /= 2) /* largest first: one alignment gap at most */
        for (uint32_t i = 0; i < cb->constant.n; i++) {
            const CodeConst *c = &cb->constant.at[i];
            if (c->size != size) continue;
            code_align(cb, size, fill);
            code_bind(cb, c->label);
            for (uint32_t k = 0; k < size; k += 4) code_u32(cb, bits_load_u32(c->bytes + k));
        }
}

static void patch_fixups(CodeBuf *cb, const Target *t) {
    for (uint32_t i = 0; i < cb->fixup.n; i++) {
        const CodeFixup *f = &cb->fixup.at[i];
        assert(cb->label.at[f->label] != UINT32_MAX);
        if (!t->patch(cb->code.at, f->at, f->kind, cb->label.at[f->label] + (uint32_t)f->addend))
            bail(cb->arena->bail, BAIL_TOO_LARGE, "a branch out of reach in a function's code");
    }
}

static Frame frame_layout(const CodeBuf *cb, const MFn *m, const Alloc *ra) {
    Frame f = {.nslots = ra->nslots, .saved = ra->saved, .leaf = true, .in = m->arg_bytes, .area = m->arg_bytes};
    for (uint32_t i = 0; i < m->insn.n; i++) {
        uint8_t flags = m->insn.at[i].flags;
        if (!(flags & (MF_CALL | MF_CONTEXT))) continue;
        f.leaf &= (flags & (MF_CALL | MF_BRANCH)) != MF_CALL;
        f.context |= (flags & MF_CONTEXT) != 0;
        if (!(flags & MF_CALL)) continue;
        uint32_t *most = flags & MF_BRANCH ? &f.area : &f.out, args = (uint32_t)m->insn.at[i].imm;
        if (*most < args) *most = args;
    }
    uint64_t size = bits_align(8 * ((uint64_t)f.nslots + bits_popcount64(f.saved) + f.context), 16) + f.out;
    if (size + f.area > 8 * (uint64_t)m->frame_cost + 4096)
        bail(cb->arena->bail, BAIL_TOO_LARGE, "a native frame larger than the depth contract allows");
    f.size = (uint32_t)size;
    return f;
}

static void start_function(CodeBuf *cb) {
    cb->label.n = cb->fixup.n = cb->trap_stub.n = cb->constant.n = 0;
    map_clear(&cb->trap_map);
    map_clear(&cb->const_map);
}

uint32_t emit_fn(CodeBuf *cb, const MFn *m, const Alloc *ra, const Target *t, const TargetOptions *o) {
    Emit e = {.cb = cb, .m = thread_jumps(m, ra), .ra = ra, .t = t, .o = o, .frame = frame_layout(cb, m, ra)};
    start_function(cb);
    code_align(cb, FUNC_ALIGN, t->fill);
    uint32_t at = code_at(cb);
    /* Trap stubs and constants may be as many as there are instructions. */
    uint64_t bound = (uint64_t)m->insn.n * (t->max_insn_bytes + STUB_BYTES) + (uint64_t)ra->edit.n * EDIT_BYTES;
    e.far = o->far_branches || bound > NEAR_BYTES;
    e.block_label = arena_alloc(m->arena, e.m->block.n * sizeof(Label), _Alignof(Label));
    for (uint32_t b = 0; b < e.m->block.n; b++) e.block_label[b] = code_label(cb);
    if (m->insn.n) code_loc(cb, m->insn.at[0].loc);
    t->emit_prologue(&e);
    emit_blocks(&e);
    emit_trap_stubs(cb, t);
    emit_constants(cb, t->fill);
    patch_fixups(cb, t);
    return at;
}

static int site_order(const void *a, const void *b) {
    const CodeSite *x = a, *y = b;
    if (x->offset != y->offset) return x->offset < y->offset ? -1 : 1;
    return (int)x->kind - (int)y->kind;
}

void code_link(CodeBuf *cb, const Target *t, const uint32_t *func_offset) {
    for (uint32_t i = 0; i < cb->reloc.n; i++) {
        const CodeReloc *r = &cb->reloc.at[i];
        assert(func_offset[r->func] != UINT32_MAX); /* imported functions are called through their reference */
        if (!t->patch(cb->code.at, r->at, r->kind, func_offset[r->func]))
            bail(cb->arena->bail, BAIL_TOO_LARGE, "a call out of reach: the module's code is too large");
    }
    cb->reloc.n = 0;
    bool sorted = true; /* mostly it is: code is written in order */
    for (uint32_t i = 1; i < cb->site.n && sorted; i++) sorted = site_order(&cb->site.at[i - 1], &cb->site.at[i]) <= 0;
    if (!sorted) qsort(cb->site.at, cb->site.n, sizeof *cb->site.at, site_order);
}
