/* Parser of the IR's text form (grammar: print.h; writer: print.c).
 *
 * Recursive descent over lines; `;` starts a comment.  The first error sticks: from then on everything yields zeros and
 * the loops end.  Value and block numbers of the text become those of the function, so that printing again gives the
 * same text; instructions without a value get the numbers above.
 *
 * The parser knows the grammar only.  What it accepts may still be nonsense, which is the verifier's business, but it
 * refers to no value, block or callee that does not exist.  Input is not trusted: memory is bounded by a multiple of
 * the text's length. */
#include "ir/print.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct EdgeRef {
    BlkId to;
    uint32_t line;
} EdgeRef;

typedef struct Parser {
    Arena *arena;
    Fn *f;
    const char *at;
    uint32_t line;
    uint32_t nlines;
    bool failed;
    uint32_t error_line;
    char *msg;
    uint32_t size;
    Val last;                      /* largest value number of the text */
    uint32_t *def_line, *use_line; /* by Val: 0, or where it is defined, first used */
    VEC(uint32_t) blk_line;        /* by BlkId: where it starts, 0: not seen */
    VEC(EdgeRef) edges;
    BlkId blk; /* being parsed */
} Parser;

__attribute__((format(printf, 2, 3))) static void fail(Parser *p, const char *fmt, ...) {
    if (p->failed) return;
    p->failed = true;
    p->error_line = p->line;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(p->msg, p->size, fmt, ap);
    va_end(ap);
    p->at = ""; /* everything ends */
}

/* -- Characters and words ------------------------------------------------- */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_word(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || c == '_'; }

static void skip_blanks(Parser *p) {
    while (*p->at == ' ' || *p->at == '\t' || *p->at == '\r') p->at++;
    if (*p->at == ';') p->at += strcspn(p->at, "\n");
}

static void skip_lines(Parser *p) {
    for (skip_blanks(p); *p->at == '\n'; skip_blanks(p)) p->at++, p->line++;
}

static bool accept(Parser *p, char c) {
    skip_blanks(p);
    if (*p->at != c) return false;
    p->at++;
    return true;
}

static void expect(Parser *p, char c) {
    if (!accept(p, c)) fail(p, "expected '%c'", c);
}

static bool accept_word(Parser *p, const char *word) {
    skip_blanks(p);
    size_t n = strlen(word);
    if (strncmp(p->at, word, n) != 0 || is_word(p->at[n])) return false;
    p->at += n;
    return true;
}

static void end_of_line(Parser *p) {
    skip_blanks(p);
    if (*p->at == '\n')
        p->at++, p->line++;
    else if (*p->at)
        fail(p, "unexpected text at the end of the line: %.*s", (int)strcspn(p->at, "\n"), p->at);
}

static uint64_t number(Parser *p, uint64_t max) {
    skip_blanks(p);
    uint64_t base = 10, v = 0;
    if (p->at[0] == '0' && p->at[1] == 'x') base = 16, p->at += 2;
    const char *start = p->at;
    for (;; p->at++) {
        char c = *p->at;
        uint64_t digit = is_digit(c) ? (uint64_t)(c - '0') : c >= 'a' && c <= 'f' ? (uint64_t)(c - 'a') + 10 : 16;
        if (digit >= base) break;
        if (v > (UINT64_MAX - digit) / base || v * base + digit > max) {
            fail(p, "number too large");
            return 0;
        }
        v = v * base + digit;
    }
    if (p->at == start) fail(p, "expected a number");
    return v;
}

static uint32_t number32(Parser *p) { return (uint32_t)number(p, UINT32_MAX); }
static uint8_t number8(Parser *p) { return (uint8_t)number(p, UINT8_MAX); }

/* An integer constant of a type, signed or unsigned. */
static uint64_t integer(Parser *p, uint32_t bits) {
    uint64_t top = bits == 64 ? UINT64_MAX : UINT32_MAX;
    if (!accept(p, '-')) return number(p, top);
    return (0 - number(p, top / 2 + 1)) & top;
}

/* One of `n` names, or -1. */
static int name_of(Parser *p, const char *const *name, uint32_t n) {
    skip_blanks(p);
    size_t len = 0;
    while (is_word(p->at[len])) len++;
    for (uint32_t i = 0; i < n; i++) {
        if (strlen(name[i]) != len || memcmp(name[i], p->at, len) != 0) continue;
        p->at += len;
        return (int)i;
    }
    return -1;
}

/* -- Types, values, edges ------------------------------------------------- */

static uint8_t type(Parser *p) {
    int t = name_of(p, ir_type_name, T_COUNT);
    if (t <= T_NONE) fail(p, "expected a type");
    return (uint8_t)(t < 0 ? 0 : t);
}

static uint32_t types(Parser *p, const uint8_t **out) {
    VEC(uint8_t) list = {0};
    expect(p, '(');
    if (!accept(p, ')')) {
        do {
            uint8_t t = type(p);
            vec_push(p->arena, &list, t);
        } while (!p->failed && accept(p, ','));
        expect(p, ')');
    }
    *out = list.at;
    return list.n;
}

static IrSig signature(Parser *p) {
    IrSig s = {0};
    s.nparam = types(p, &s.param);
    expect(p, '-');
    expect(p, '>');
    s.nresult = types(p, &s.result);
    return s;
}

static Val value_number(Parser *p) {
    skip_blanks(p);
    if (p->at[0] != 'v' || !is_digit(p->at[1])) {
        fail(p, "expected a value");
        return 0;
    }
    p->at++;
    Val v = (Val)number(p, UINT32_MAX);
    if (v == 0 || v > p->last) {
        fail(p, "bad value number");
        return 0;
    }
    return v;
}

static Val use(Parser *p) {
    Val v = value_number(p);
    if (v && !p->use_line[v]) p->use_line[v] = p->line;
    return v;
}

static void define(Parser *p, Val v) {
    if (p->failed) return;
    if (p->def_line[v]) fail(p, "v%" PRIu32 " is defined twice, first in line %" PRIu32, v, p->def_line[v]);
    p->def_line[v] = p->line;
}

/* `(v1, v2)` with the first parenthesis read, or up to the end of the line; copied to the pool. */
static uint32_t values(Parser *p, bool in_parens, uint32_t *n) {
    VEC(uint32_t) list = {0};
    bool none = in_parens ? accept(p, ')') : (skip_blanks(p), *p->at == '\n' || !*p->at || *p->at == '@');
    if (!none) {
        do {
            Val v = use(p);
            vec_push(p->arena, &list, v);
        } while (!p->failed && accept(p, ','));
        if (in_parens) expect(p, ')');
    }
    *n = list.n;
    return fn_pool(p->f, list.at, list.n);
}

static BlkId block_number(Parser *p) {
    skip_blanks(p);
    if (p->at[0] != 'b' || !is_digit(p->at[1])) {
        fail(p, "expected a block");
        return 0;
    }
    p->at++;
    BlkId b = (BlkId)number(p, UINT32_MAX);
    if (b >= p->nlines) { /* each block takes a line */
        fail(p, "bad block number");
        return 0;
    }
    return b;
}

static void edge(Parser *p) {
    Edge e = {.to = block_number(p)};
    if (accept(p, '(')) e.args = values(p, true, &e.nargs);
    if (p->failed) return;
    EdgeRef ref = {e.to, p->line};
    vec_push(p->arena, &p->edges, ref);
    vec_push(p->arena, &p->f->blk.at[p->blk].succ, e);
}

/* -- Instructions --------------------------------------------------------- */

static uint8_t operation(Parser *p) {
    skip_blanks(p);
    size_t len = 0;
    while (is_word(p->at[len])) len++;
    for (uint32_t op = 0; op < IR_COUNT; op++) {
        if (op == IR_param || strlen(ir_info[op].name) != len || memcmp(ir_info[op].name, p->at, len) != 0) continue;
        p->at += len;
        return (uint8_t)op;
    }
    fail(p, "unknown operation: %.*s", len > 20 ? 20 : (int)len, p->at);
    return 0;
}

static uint8_t suffix_name(Parser *p, const char *const *name, uint32_t n, const char *what) {
    expect(p, '.');
    int i = name_of(p, name, n);
    if (i < 0) fail(p, "expected %s", what);
    return (uint8_t)(i < 0 ? 0 : i);
}

/* `.i32x4.add`: names have dots of their own. */
static uint8_t lane_operation(Parser *p) {
    expect(p, '.');
    skip_blanks(p);
    size_t len = 0;
    while (is_word(p->at[len]) || p->at[len] == '.') len++;
    for (uint32_t op = 0; op < VOP_COUNT; op++) {
        if (strlen(vop_info[op].name) != len || memcmp(vop_info[op].name, p->at, len) != 0) continue;
        p->at += len;
        return (uint8_t)op;
    }
    fail(p, "unknown lane operation: %.*s", len > 40 ? 40 : (int)len, p->at);
    return 0;
}

static uint8_t suffix(Parser *p, uint8_t op) {
    switch (op) {
    case IR_vunary:
    case IR_vbinary:
    case IR_vternary:
    case IR_vshift:
    case IR_vtest:
    case IR_vsplat:
    case IR_vextract:
    case IR_vreplace: return lane_operation(p);
    case IR_icmp: return suffix_name(p, cond_name, C_COUNT, "a condition");
    case IR_fcmp: return suffix_name(p, fcond_name, FC_COUNT, "a condition");
    case IR_load:
    case IR_store: return suffix_name(p, ir_access_name, ACC_COUNT, "an access kind");
    case IR_charge:
    case IR_refund: expect(p, '.'); return accept_word(p, "fuel") ? 0 : accept_word(p, "depth") ? 1 : number8(p);
    case IR_trapz:
    case IR_trapnz:
    case IR_trap: expect(p, '.'); return number8(p);
    default: return 0;
    }
}

/* `f3 (i64) -> (i32) (v1)`, `ref ...`, `lib3 ...` */
static void callee(Parser *p, Ins *i) {
    Callee c = {0};
    skip_blanks(p);
    if (p->at[0] == 'f' && is_digit(p->at[1])) {
        p->at++;
        c.kind = CALLEE_FUNC;
        c.index = number32(p);
    } else if (strncmp(p->at, "lib", 3) == 0 && is_digit(p->at[3])) {
        p->at += 3;
        c.kind = CALLEE_LIB;
        c.index = number32(p);
    } else if (accept_word(p, "ref")) {
        c.kind = CALLEE_REF;
    } else {
        fail(p, "expected a callee: f<n>, lib<n> or ref");
    }
    c.sig = signature(p);
    expect(p, '(');
    i->a = values(p, true, &i->b);
    i->c = p->f->calls.n;
    vec_push(p->arena, &p->f->calls, c);
}

/* Address and displacement of a memory access. */
static void address(Parser *p, uint32_t *base, uint32_t *displacement) {
    *base = use(p);
    if (accept(p, '+')) *displacement = number32(p);
}

static uint8_t flags(Parser *p, uint8_t op) {
    static const char *const name[] = {"const", "context", "heap", "traps"};
    uint8_t set = 0;
    for (;;) {
        skip_blanks(p);
        if (strncmp(p->at, "flags.", 6) == 0) {
            p->at += 6;
            set |= number8(p);
            continue;
        }
        int k = op == IR_load || op == IR_store ? name_of(p, name, 4) : -1;
        if (k < 0) return set;
        set |= (uint8_t)(1u << k);
    }
}

/* The lanes behind a lane operation's values. */
static void lanes(Parser *p, Ins *i) {
    if (i->op == IR_vextract) i->b = number32(p);
    if (i->op == IR_vreplace) i->c = number32(p);
    if (i->op != IR_vshuffle) return;
    uint32_t word[4] = {0};
    for (uint32_t k = 0; k < 16; k++) word[k / 4] |= (uint32_t)number8(p) << k % 4 * 8;
    i->c = fn_pool(p->f, word, 4);
}

/* `fuel 3 at 0x21, depth 80 at 0x24` */
static void charges(Parser *p, Ins *i) {
    i->a = p->f->pool.n;
    do {
        uint32_t word[CHARGE_WORDS];
        word[0] = accept_word(p, "depth");
        if (!word[0] && !accept_word(p, "fuel")) fail(p, "expected a counter");
        word[1] = number32(p);
        if (!accept_word(p, "at")) fail(p, "expected at");
        word[2] = number32(p);
        fn_pool(p->f, word, CHARGE_WORDS);
        i->b++;
    } while (!p->failed && accept(p, ','));
}

static void operands(Parser *p, Ins *i) {
    switch (i->op) {
    case IR_iconst:
    case IR_fconst: {
        bool wide = i->type == T_I64 || i->type == T_F64;
        uint64_t v = i->op == IR_iconst ? integer(p, wide ? 64 : 32) : number(p, wide ? UINT64_MAX : UINT32_MAX);
        i->a = (uint32_t)v;
        i->b = (uint32_t)(v >> 32);
        return;
    }
    case IR_vconst: {
        uint32_t word[4];
        for (uint32_t k = 0; k < 4; k++) word[k] = number32(p);
        i->a = fn_pool(p->f, word, 4);
        return;
    }
    case IR_proj:
        i->a = use(p);
        i->b = number32(p);
        return;
    case IR_load:
        address(p, &i->a, &i->b);
        if (accept_word(p, "least")) i->c = number32(p);
        return;
    case IR_store:
        address(p, &i->a, &i->c);
        expect(p, ',');
        i->b = use(p);
        return;
    case IR_charge:
    case IR_refund: i->a = number32(p); return;
    case IR_charges: charges(p, i); return;
    case IR_call:
    case IR_tailcall: callee(p, i); return;
    case IR_ret: i->a = values(p, false, &i->b); return;
    case IR_jump: edge(p); return;
    default: break;
    }
    uint32_t v[3] = {0};
    for (uint32_t k = 0; k < ir_info[i->op].nargs; k++) {
        if (k) expect(p, ',');
        v[k] = use(p);
    }
    i->a = v[0], i->b = v[1], i->c = v[2];
    lanes(p, i);
    if (i->op == IR_brif || i->op == IR_brtable)
        while (!p->failed && accept(p, ',')) edge(p);
}

/* Does the left side, `v1:i32 =`, `v1 =` or nothing, fit the operation? */
static void check_result(Parser *p, const Ins *i, Val def) {
    if (i->op == IR_call) {
        uint32_t n = p->f->calls.n ? p->f->calls.at[i->c].sig.nresult : 0;
        if (n == 0 && def) fail(p, "the call has no result");
        if (n == 1 && i->type == T_NONE) fail(p, "the call's result needs a value and a type");
        if (n > 1 && (!def || i->type != T_NONE)) fail(p, "a call with several results is written v<n> = call");
        return;
    }
    bool has = ir_info[i->op].result != RES_NONE && i->op != IR_tailcall;
    if (has && i->type == T_NONE) fail(p, "%s needs a value and a type on its left", ir_info[i->op].name);
    if (!has && def) fail(p, "%s has no result", ir_info[i->op].name);
}

static void instruction(Parser *p) {
    Ins i = {0};
    Val def = 0;
    skip_blanks(p);
    if (p->at[0] == 'v' && is_digit(p->at[1])) {
        def = value_number(p);
        define(p, def);
        if (accept(p, ':')) i.type = type(p);
        expect(p, '=');
    }
    i.op = operation(p);
    i.aux = suffix(p, i.op);
    operands(p, &i);
    i.flags = flags(p, i.op);
    uint32_t loc = accept(p, '@') ? number32(p) : 0;
    if (p->failed) return;
    check_result(p, &i, def);
    if (p->failed) return;
    if (def) {
        p->f->ins.at[def] = i;
        p->f->loc.at[def] = loc;
        vec_push(p->arena, &p->f->blk.at[p->blk].list, def);
    } else {
        fn_ins(p->f, p->blk, loc, i);
    }
    end_of_line(p);
}

/* -- Blocks and the function ---------------------------------------------- */

static void block_header(Parser *p) {
    BlkId b = block_number(p);
    if (p->failed) return;
    while (p->f->blk.n <= b) fn_block(p->f);
    if (p->blk_line.n <= b) vec_extend(p->arena, &p->blk_line, b + 1 - p->blk_line.n);
    if (p->blk_line.at[b]) fail(p, "b%" PRIu32 " starts twice, first in line %" PRIu32, b, p->blk_line.at[b]);
    p->blk_line.at[b] = p->line;
    p->blk = b;
    if (accept(p, '(')) {
        do {
            Val v = value_number(p);
            define(p, v);
            expect(p, ':');
            uint8_t t = type(p);
            if (p->failed) return;
            Blk *blk = &p->f->blk.at[b];
            p->f->ins.at[v] = (Ins){.op = IR_param, .type = t, .a = blk->param.n, .b = b};
            vec_push(p->arena, &blk->param, v);
        } while (accept(p, ','));
        expect(p, ')');
    }
    expect(p, ':');
    end_of_line(p);
}

static void blocks(Parser *p) {
    for (skip_lines(p); !p->failed && *p->at != '}'; skip_lines(p)) {
        if (p->at[0] == 'b' && is_digit(p->at[1]))
            block_header(p);
        else if (!*p->at)
            fail(p, "the text ends within the function");
        else if (!p->f->blk.n)
            fail(p, "expected the first block");
        else
            instruction(p);
    }
    expect(p, '}');
    skip_lines(p);
    if (*p->at) fail(p, "unexpected text behind the function");
}

static uint32_t hex_digit(char c) {
    return is_digit(c) ? (uint32_t)(c - '0') : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10 : 16;
}

static const char *quoted(Parser *p) {
    expect(p, '"');
    VEC(char) s = {0};
    while (!p->failed && *p->at != '"') {
        char c = *p->at;
        if (!c || c == '\n') fail(p, "the name does not end");
        if (c == '\\') {
            uint32_t high = hex_digit(p->at[1]), low = high > 15 ? 16 : hex_digit(p->at[2]);
            if (low > 15 || high + low == 0) fail(p, "bad escape in the name");
            c = (char)(high << 4 | low);
            if (!p->failed) p->at += 2;
        }
        if (!p->failed) p->at++;
        vec_push(p->arena, &s, c);
    }
    expect(p, '"');
    return arena_dup(p->arena, s.at, s.n);
}

/* Count lines and find the largest value number, which bounds the tables. */
static void scan(Parser *p) {
    const char *start = p->at;
    uint64_t last = 0;
    p->nlines = 1;
    for (const char *c = start; *c; c++) {
        if (*c == '\n') p->nlines++;
        if (*c == ';') c += strcspn(c, "\n") - 1;
        if (*c == '"') { /* as quoted() reads names */
            c += strcspn(c + 1, "\"\n");
            if (c[1] == '"') c++;
        }
        if (*c != 'v' || !is_digit(c[1]) || (c > start && is_word(c[-1]))) continue;
        uint64_t n = 0;
        for (; is_digit(c[1]) && n <= UINT32_MAX; c++) n = n * 10 + (uint64_t)(c[1] - '0');
        if (n > last) last = n;
    }
    uint64_t limit = 65536 + 16 * (uint64_t)strlen(start);
    if (last > limit || last > UINT32_MAX / 2) fail(p, "value number too large for a text of this size");
    p->last = (Val)last;
}

static void check_references(Parser *p) {
    uint32_t first = UINT32_MAX;
    Val undefined = 0;
    for (Val v = 1; v <= p->last; v++)
        if (p->use_line[v] && !p->def_line[v] && p->use_line[v] < first) first = p->use_line[v], undefined = v;
    if (undefined) {
        p->line = first;
        fail(p, "v%" PRIu32 " is not defined", undefined);
    }
    for (uint32_t k = 0; k < p->edges.n && !p->failed; k++) {
        const EdgeRef *e = &p->edges.at[k];
        if (e->to < p->blk_line.n && p->blk_line.at[e->to]) continue;
        p->line = e->line;
        fail(p, "there is no block b%" PRIu32, e->to);
    }
    for (BlkId b = 0; b < p->f->blk.n && !p->failed; b++)
        if (!p->blk_line.at[b]) fail(p, "there is no block b%" PRIu32, b);
    if (!p->f->blk.n) fail(p, "the function has no block");
}

Fn *ir_parse(Arena *a, const char *text, uint32_t *line, char *msg, uint32_t size) {
    Parser p = {.arena = a, .at = text, .line = 1, .msg = msg, .size = size};
    if (size) msg[0] = 0;
    scan(&p);
    skip_lines(&p);
    if (!accept_word(&p, "func")) fail(&p, "expected 'func'");
    const char *name = quoted(&p);
    uint32_t index = number32(&p);
    IrSig sig = signature(&p);
    if (!p.failed) {
        p.f = fn_new(a, name, index, &sig);
        p.f->ins.n = p.f->loc.n = p.f->blk.n = 0;
        vec_extend(a, &p.f->ins, p.last + 1);
        vec_extend(a, &p.f->loc, p.last + 1);
        p.def_line = ARENA_ARRAY(a, uint32_t, p.last + 1);
        p.use_line = ARENA_ARRAY(a, uint32_t, p.last + 1);
        if (accept_word(&p, "frame")) p.f->frame_cost = number32(&p);
        expect(&p, '{');
        end_of_line(&p);
        if (!p.failed) blocks(&p);
        if (!p.failed) check_references(&p);
    }
    *line = p.error_line;
    return p.failed ? NULL : p.f;
}
