/* A linear sweep over a function's code.
 *
 * Constants and jump tables stand between instructions.  Whatever uses them comes first in the code and names their
 * place, so the sweep knows them when it gets there: a load relative to the program counter is of a constant, an
 * address relative to it is a table's.  The length of a table is nowhere in the code; but what follows one is reached
 * by a branch alone, and that branch stands before it, or in the table: so a table ends at the first place behind it
 * that is a target. */
#include "fuzz/cli/listing.h"
#include <capstone/capstone.h>
#include <inttypes.h>
#include <string.h>
#include "base/bits.h"
#include "wasm/print.h"

enum { MARK_TARGET = 1, MARK_TABLE = 2, MARK_CONST4 = 4, MARK_CONST8 = 8, MARK_CONST16 = 16, MARK_STUB = 32 };
enum { BYTES_SHOWN = 8, BYTES_COLUMN = 2 * BYTES_SHOWN + 1, TEXT_COLUMN = 40 };

typedef struct Listing {
    FILE *out;
    const Module *m;
    const Code *code;
    uint32_t func, first, end; /* the function's code */
    csh cs;
    cs_insn *insn;
    Arena arena;
    uint8_t *mark; /* by offset from `first` */
    BitSet starts; /* offsets, from the body's first, at which an instruction starts */
    const Body *body;
    uint32_t loc; /* next of code->loc */
    uint32_t stub_size[TRAP_COUNT];
    uint32_t table; /* start of the table that is being shown; 0: none */
} Listing;

/* -- What the code refers to ------------------------------------------------------------- */

static bool inside(const Listing *l, uint64_t at) { return at >= l->first && at < l->end; }

static void mark(Listing *l, uint64_t at, uint8_t what) {
    if (inside(l, at)) l->mark[at - l->first] |= what;
}

static void mark_x64(Listing *l, const cs_insn *i) {
    const cs_x86 *x = &i->detail->x86;
    for (uint8_t k = 0; k < x->op_count; k++) {
        const cs_x86_op *o = &x->operands[k];
        if (o->type == X86_OP_IMM && (cs_insn_group(l->cs, i, CS_GRP_JUMP) || cs_insn_group(l->cs, i, CS_GRP_CALL)))
            mark(l, (uint64_t)o->imm, MARK_TARGET);
        if (o->type != X86_OP_MEM || o->mem.base != X86_REG_RIP) continue;
        uint8_t what = i->id == X86_INS_LEA ? MARK_TABLE
                       : o->size == 4       ? MARK_CONST4
                       : o->size == 8       ? MARK_CONST8
                                            : MARK_CONST16;
        mark(l, i->address + i->size + (uint64_t)o->mem.disp, what);
    }
}

static void mark_a64(Listing *l, const cs_insn *i) {
    const cs_arm64 *x = &i->detail->arm64;
    if (x->op_count == 0) return;
    const cs_arm64_op *last = &x->operands[x->op_count - 1];
    if (last->type != ARM64_OP_IMM) return;
    uint64_t at = (uint64_t)last->imm;
    arm64_reg r = x->operands[0].type == ARM64_OP_REG ? x->operands[0].reg : ARM64_REG_INVALID;
    switch (i->id) {
    case ARM64_INS_B:
    case ARM64_INS_BL:
    case ARM64_INS_CBZ:
    case ARM64_INS_CBNZ:
    case ARM64_INS_TBZ:
    case ARM64_INS_TBNZ: mark(l, at, MARK_TARGET); break;
    case ARM64_INS_ADR: mark(l, at, MARK_TABLE); break;
    case ARM64_INS_LDR:
        mark(l, at,
             r >= ARM64_REG_S0 && r <= ARM64_REG_S31   ? MARK_CONST4
             : r >= ARM64_REG_Q0 && r <= ARM64_REG_Q31 ? MARK_CONST16
                                                       : MARK_CONST8);
        break;
    default: break;
    }
}

/* A trap stub is known by the return address of its call, which ends it; what it begins with is the target's business.
 */
static void mark_stubs(Listing *l) {
    for (uint32_t k = 0; k < TRAP_COUNT; k++) {
        CodeBuf cb;
        code_init(&cb, &l->arena);
        l->code->target->emit_trap_stub(&cb, (uint8_t)k);
        l->stub_size[k] = cb.code.n;
    }
    for (uint32_t i = 0; i < l->code->nsite; i++) {
        const CodeSite *s = &l->code->site[i];
        if (s->kind == SITE_TRAP) mark(l, s->offset - l->stub_size[s->trap], MARK_STUB | MARK_TARGET);
    }
}

/* The site of the trap stub at `at`, which is marked as one. */
static const CodeSite *find_stub(const Listing *l, uint32_t at) {
    for (uint32_t k = 0; k < TRAP_COUNT; k++) {
        const CodeSite *s = code_find_site(l->code, at + l->stub_size[k], SITE_TRAP);
        if (s && s->trap == k) return s;
    }
    return NULL;
}

/* -- Lines -------------------------------------------------------------------------------- */

static void put_bytes(const Listing *l, uint32_t at, uint32_t n) {
    char text[64];
    int k = 0;
    bool words = strcmp(l->code->target->name, "a64") == 0 && n % 4 == 0;
    if (words) {
        for (uint32_t i = 0; i < n; i += 4) k += sprintf(text + k, "%08x", bits_load_u32(l->code->bytes + at + i));
    } else {
        for (uint32_t i = 0; i < n; i++) k += sprintf(text + k, "%02x", l->code->bytes[at + i]);
    }
    fprintf(l->out, "  %06x  %-*s ", at, BYTES_COLUMN, text);
}

/* A line: offset, bytes, text, comment. */
static void put_line(Listing *l, uint32_t at, uint32_t n, const char *text, const char *comment) {
    uint32_t shown = n < BYTES_SHOWN ? n : BYTES_SHOWN;
    put_bytes(l, at, shown);
    if (comment[0])
        fprintf(l->out, "%-*s ; %s\n", TEXT_COLUMN, text, comment);
    else
        fprintf(l->out, "%s\n", text);
    for (uint32_t k = shown; k < n; k += shown) { /* the rest of a long instruction */
        shown = n - k < BYTES_SHOWN ? n - k : BYTES_SHOWN;
        put_bytes(l, at + k, shown);
        fputc('\n', l->out);
    }
}

static void find_starts(Listing *l) {
    const Body *b = l->body;
    uint32_t n = b->end - b->code;
    l->starts = (BitSet){ARENA_ARRAY(&l->arena, uint64_t, n / 64 + 1), n};
    for (uint32_t at = b->code; at < b->end;) {
        Instr in;
        bitset_add(&l->starts, at - b->code);
        next_instr(l->m, at, &in);
        at = in.next;
    }
}

/* The wasm instruction that the code from here on stands for, when it is another than before. */
static void put_loc(Listing *l, uint32_t at) {
    const Code *c = l->code;
    const CodeLoc *found = NULL;
    for (; l->loc < c->nloc && c->loc[l->loc].offset <= at; l->loc++) found = &c->loc[l->loc];
    if (!found) return;
    uint32_t loc = code_real_loc(c, found->loc);
    const Body *b = l->body;
    if (loc < b->code || loc >= b->end || !bitset_has(&l->starts, loc - b->code)) {
        fprintf(l->out, "; 0x%x\n", loc);
        return;
    }
    Instr in;
    Text t;
    ArenaMark before = arena_mark(&l->arena);
    next_instr(l->m, loc, &in);
    text_init(&t, &l->arena);
    instr_print(&t, l->m, &in);
    fprintf(l->out, "; 0x%x  %s\n", loc, t.at);
    arena_rewind(&l->arena, before);
}

static void put_stub(Listing *l, uint32_t at) {
    const CodeSite *s = find_stub(l, at);
    if (s) fprintf(l->out, "; trap stub: %s at 0x%x\n", trap_name((TrapKind)s->trap), code_site_loc(l->code, s));
}

/* What stands at the target of a branch or call. */
static void describe_target(const Listing *l, uint64_t to, char *text, size_t size) {
    const Code *c = l->code;
    if (inside(l, to) && (l->mark[to - l->first] & MARK_STUB)) {
        const CodeSite *s = find_stub(l, (uint32_t)to);
        if (s) snprintf(text, size, "trap %s", trap_name((TrapKind)s->trap));
        return;
    }
    uint32_t f = to < c->size ? code_find_func(c, (uint32_t)to) : UINT32_MAX;
    if (f == UINT32_MAX || c->func[f] != to) return;
    Name name = module_func_name(l->m, f);
    int n = snprintf(text, size, "function %u", f);
    if (!name.n || n < 0) return;
    Text t;
    Arena a;
    arena_init(&a, NULL);
    text_init(&t, &a);
    text_put_string(&t, name.at, name.n);
    snprintf(text + n, size - (size_t)n, " %s", t.at);
    arena_free(&a);
}

static uint64_t target_of(const Listing *l, const cs_insn *i) {
    if (strcmp(l->code->target->name, "x64") == 0) {
        const cs_x86 *x = &i->detail->x86;
        bool branch = cs_insn_group(l->cs, i, CS_GRP_JUMP) || cs_insn_group(l->cs, i, CS_GRP_CALL);
        return branch && x->op_count && x->operands[0].type == X86_OP_IMM ? (uint64_t)x->operands[0].imm : UINT64_MAX;
    }
    const cs_arm64 *x = &i->detail->arm64;
    bool branch = i->id == ARM64_INS_B || i->id == ARM64_INS_BL || i->id == ARM64_INS_CBZ || i->id == ARM64_INS_CBNZ ||
                  i->id == ARM64_INS_TBZ || i->id == ARM64_INS_TBNZ;
    return branch && x->op_count ? (uint64_t)x->operands[x->op_count - 1].imm : UINT64_MAX;
}

static void put_insn(Listing *l) {
    const cs_insn *i = l->insn;
    uint32_t at = (uint32_t)i->address, end = at + i->size;
    char text[256], comment[256] = "";
    snprintf(text, sizeof text, "%s%s%s", i->mnemonic, i->op_str[0] ? " " : "", i->op_str);
    uint64_t to = target_of(l, i);
    if (to != UINT64_MAX) describe_target(l, to, comment, sizeof comment);
    const CodeSite *fault = code_find_site(l->code, at, SITE_FAULT);
    if (fault)
        snprintf(comment, sizeof comment, "fault: %s at 0x%x", trap_name((TrapKind)fault->trap),
                 code_site_loc(l->code, fault));
    else if (!comment[0] && code_find_site(l->code, end, SITE_CALL))
        snprintf(comment, sizeof comment, "call");
    put_line(l, at, i->size, text, comment);
}

static void put_undecoded(Listing *l, uint32_t at, uint32_t n) {
    char text[64] = ".byte";
    for (uint32_t k = 0; k < n; k++) sprintf(text + strlen(text), "%s0x%02x", k ? ", " : " ", l->code->bytes[at + k]);
    put_line(l, at, n, text, "");
}

/* -- Data --------------------------------------------------------------------------------------- */

static uint32_t put_constant(Listing *l, uint32_t at, uint8_t marks) {
    const uint8_t *p = l->code->bytes + at;
    uint32_t n = marks & MARK_CONST16 ? 16 : marks & MARK_CONST8 ? 8 : 4;
    char text[64];
    if (n > l->end - at) n = l->end - at >= 4 ? 4 : 0;
    if (!n) return 0;
    if (n == 4)
        snprintf(text, sizeof text, ".long 0x%08x", bits_load_u32(p));
    else if (n == 8)
        snprintf(text, sizeof text, ".quad 0x%016" PRIx64, bits_load_u64(p));
    else
        snprintf(text, sizeof text, ".quad 0x%016" PRIx64 ", 0x%016" PRIx64, bits_load_u64(p), bits_load_u64(p + 8));
    put_line(l, at, n, text, "constant");
    return n;
}

/* One entry of the table in progress; 0 when it has ended. */
static uint32_t put_table_entry(Listing *l, uint32_t at) {
    if (l->end - at < 4 || (at != l->table && (l->mark[at - l->first] & (uint8_t)~MARK_TABLE))) return 0;
    int32_t distance = (int32_t)bits_load_u32(l->code->bytes + at);
    uint64_t to = (uint64_t)((int64_t)l->table + distance);
    if (!inside(l, to)) return 0;
    char text[64], comment[64];
    mark(l, to, MARK_TARGET);
    snprintf(text, sizeof text, ".long 0x%08x", (uint32_t)distance);
    snprintf(comment, sizeof comment, "branch table: 0x%" PRIx64, to);
    put_line(l, at, 4, text, comment);
    return 4;
}

/* Data at this place; its size, 0 when there is none. */
static uint32_t put_data(Listing *l, uint32_t at) {
    uint8_t marks = l->mark[at - l->first];
    uint32_t n = 0;
    if (marks & MARK_TABLE) l->table = at;
    if (l->table) n = put_table_entry(l, at);
    if (n) return n;
    l->table = 0;
    return marks & (MARK_CONST4 | MARK_CONST8 | MARK_CONST16) ? put_constant(l, at, marks) : 0;
}

/* -- The sweep ----------------------------------------------------------------------------------- */

static uint32_t put_code(Listing *l, uint32_t at) {
    const uint8_t *p = l->code->bytes + at;
    size_t left = l->end - at;
    uint64_t address = at;
    bool x64 = strcmp(l->code->target->name, "x64") == 0;
    if (l->mark[at - l->first] & MARK_STUB) put_stub(l, at);
    if (cs_disasm_iter(l->cs, &p, &left, &address, l->insn)) {
        if (x64)
            mark_x64(l, l->insn);
        else
            mark_a64(l, l->insn);
        put_insn(l);
        return l->insn->size;
    }
    uint32_t n = x64 ? 1 : l->end - at < 4 ? l->end - at : 4;
    put_undecoded(l, at, n);
    return n;
}

/* Where the code of the next function starts, or the code ends. */
static uint32_t end_of(const Code *c, uint32_t func) {
    uint32_t end = c->size;
    for (uint32_t i = 0; i < c->nfunc; i++)
        if (c->func[i] != UINT32_MAX && c->func[i] > c->func[func] && c->func[i] < end) end = c->func[i];
    return end;
}

static bool open_capstone(csh *cs, const Target *t) {
    cs_err e = strcmp(t->name, "x64") == 0   ? cs_open(CS_ARCH_X86, CS_MODE_64, cs)
               : strcmp(t->name, "a64") == 0 ? cs_open(CS_ARCH_ARM64, CS_MODE_LITTLE_ENDIAN, cs)
                                             : CS_ERR_ARCH;
    return e == CS_ERR_OK && cs_option(*cs, CS_OPT_DETAIL, CS_OPT_ON) == CS_ERR_OK;
}

void listing_title(FILE *out, const Module *m, uint32_t func) {
    Name name = module_func_name(m, func);
    fprintf(out, "function %u", func);
    if (!name.n) return;
    Arena a;
    Text t;
    arena_init(&a, NULL);
    text_init(&t, &a);
    text_put_string(&t, name.at, name.n);
    fprintf(out, " %s", t.at);
    arena_free(&a);
}

bool listing_print(FILE *out, const Module *m, const Code *code, uint32_t func) {
    Listing l = {.out = out, .m = m, .code = code, .func = func, .first = code->func[func], .end = end_of(code, func)};
    if (!open_capstone(&l.cs, code->target)) return false;
    l.insn = cs_malloc(l.cs);
    l.body = &m->bodies.at[m->funcs.at[func].body];
    arena_init(&l.arena, NULL);
    l.mark = ARENA_ARRAY(&l.arena, uint8_t, l.end - l.first + 1);
    mark_stubs(&l);
    find_starts(&l);
    listing_title(out, m, func);
    fprintf(out, ": %u bytes at 0x%x\n", l.end - l.first, l.first);
    for (uint32_t at = l.first; at < l.end;) {
        put_loc(&l, at);
        uint32_t n = put_data(&l, at);
        at += n ? n : put_code(&l, at);
    }
    fputc('\n', out);
    arena_free(&l.arena);
    cs_free(l.insn, 1);
    cs_close(&l.cs);
    return true;
}
