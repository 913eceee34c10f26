/* Invariant: `bytes` were asked and show `want`; encoding what is parsed from them, with no cut, gives them again. */
#include "fuzz/reduce/raw.h"
#include <stdlib.h>
#include <string.h>
#include "base/leb128.h"
#include "base/os.h"
#include "wasm/reader.h"
#include "wasm/section.h"

enum { MAX_WIDTH = 64, HEADER = 8, NO_CUT = -1 };

/* -- Frames ------------------------------------------------------------------------------------ */

typedef struct Part {
    int32_t id;   /* of a section; -1: bytes without a frame */
    bool counted; /* begins with the number of entries */
    bool sized;   /* and each of them with its size: bodies */
    uint32_t count;
    VEC(ReduceBytes) item; /* entries; where their borders are not known one for all of them */
} Part;

typedef struct Raw {
    VEC(Part) part;
} Raw;

static bool is_counted(uint32_t id) { return id != SECTION_CUSTOM && id != SECTION_START && id != SECTION_DATA_COUNT; }

static ReduceBytes rest_of(Reader *r) { return (ReduceBytes){r->at, (uint32_t)(r->end - r->at)}; }

static void skip(Reader *r, uint32_t n) { r->at = n <= (uint32_t)(r->end - r->at) ? r->at + n : r->end + 1; }

/* Behind an entry; false: it does not add up. */
static bool skip_entry(Reader *r, int32_t section) {
    switch (section) {
    case SECTION_TYPE: /* of plain functions: types of a byte each */
        if (read_u8(r) != 0x60) return false;
        skip(r, read_u32(r));
        if (r->at > r->end) return false;
        skip(r, read_u32(r));
        break;
    case SECTION_CODE: skip(r, read_u32(r)); break;
    default: read_u32(r); break; /* of a function: its type */
    }
    return r->at <= r->end && reader_ok(r);
}

/* Into entries; false: it does not add up. */
static bool split(Arena *a, Reader r, Part *p) {
    for (uint32_t i = 0; i < p->count; i++) {
        const uint8_t *from = r.at;
        if (!skip_entry(&r, p->id)) return false;
        if (p->sized) leb_u32(&from);
        vec_push(a, &p->item, ((ReduceBytes){from, (uint32_t)(r.at - from)}));
    }
    return r.at == r.end;
}

static Part parse_section(Arena *a, uint32_t id, const uint8_t *at, uint32_t n) {
    Part p = {.id = (int32_t)id};
    Err err;
    err_clear(&err);
    Reader r = {.base = at, .at = at, .end = at + n, .err = &err, .func = ERR_NO_FUNC};
    if (is_counted(id)) {
        p.count = read_u32(&r);
        p.counted = reader_ok(&r);
        if (!p.counted) r.at = at;
        p.sized = id == SECTION_CODE;
        bool known = id == SECTION_TYPE || id == SECTION_FUNC || id == SECTION_CODE;
        if (p.counted && known && split(a, r, &p)) return p;
        p.sized = false;
        p.item.n = 0;
    }
    vec_push(a, &p.item, rest_of(&r));
    return p;
}

/* Never fails: what has no frame is bytes. */
static Raw parse(Arena *a, ReduceBytes b, bool frames) {
    Raw raw = {0};
    Err err;
    err_clear(&err);
    Reader r = {.base = b.at, .at = b.at, .end = b.at + b.n, .err = &err, .func = ERR_NO_FUNC};
    Part head = {.id = -1};
    if (frames && b.n >= HEADER) {
        vec_push(a, &head.item, ((ReduceBytes){b.at, HEADER}));
        vec_push(a, &raw.part, head);
        r.at += HEADER;
    }
    while (frames && r.at < r.end) {
        const uint8_t *from = r.at;
        uint32_t id = read_u8(&r), size = read_u32(&r);
        if (!reader_ok(&r) || size > (uint32_t)(r.end - r.at)) {
            r.at = from;
            break;
        }
        vec_push(a, &raw.part, parse_section(a, id, r.at, size));
        r.at += size;
    }
    if (r.at < r.end) {
        Part tail = {.id = -1};
        vec_push(a, &tail.item, rest_of(&r));
        vec_push(a, &raw.part, tail);
    }
    return raw;
}

/* -- Cuts: one change each ------------------------------------------------------------------------- */

typedef enum CutKind {
    CUT_PART,
    CUT_ITEM,  /* a body goes with its entry in the function section */
    CUT_RANGE, /* n bytes of an item, from `at` */
    CUT_ENTRY, /* the same, and there is one entry less */
    CUT_LIST,  /* n bytes behind the one at `at`, which may count them, and it becomes less by n */
    CUT_ZERO   /* a byte becomes 0 */
} CutKind;

typedef struct Cut {
    CutKind kind;
    int32_t part; /* NO_CUT: none */
    uint32_t item, at, n;
} Cut;

/* Cut number `k` of this kind and length; false: there are no more. */
static bool cut_at(const Raw *raw, CutKind kind, uint32_t n, uint32_t k, Cut *out) {
    for (uint32_t p = raw->part.n; p--;) { /* from the last on: what is used stands before its uses */
        const Part *x = &raw->part.at[p];
        *out = (Cut){.kind = kind, .part = (int32_t)p, .n = n};
        if (kind == CUT_PART) {
            if (k-- == 0) return true;
            continue;
        }
        if (kind == CUT_ENTRY && (!x->counted || !x->count || x->item.n != 1)) continue;
        if (kind == CUT_ITEM && x->item.n < 2) continue;
        for (uint32_t i = x->item.n; i--;) {
            uint32_t len = x->item.at[i].n, cuts = kind == CUT_ITEM   ? 1
                                                   : kind != CUT_LIST ? len / n
                                                   : len > n          ? len - n
                                                                      : 0;
            if (k >= cuts) {
                k -= cuts;
                continue;
            }
            out->item = i;
            out->at = kind == CUT_LIST ? k : k * n;
            return true;
        }
    }
    return false;
}

/* May the byte count what is cut behind it? */
static bool applies(const Raw *raw, const Cut *c) {
    if (c->kind != CUT_LIST) return true;
    uint32_t count = raw->part.at[c->part].item.at[c->item].at[c->at];
    return count < 0x80 && count >= c->n;
}

typedef struct Out {
    uint8_t *at;
    uint32_t n;
} Out;

static void put(Out *o, const uint8_t *at, uint32_t n) {
    if (n) memcpy(o->at + o->n, at, n);
    o->n += n;
}
static void put_number(Out *o, uint32_t v) { o->n += leb_put_u64(o->at + o->n, v); }

/* The cut as it meets item `i` of part `p`; true: it goes. */
static bool drops(const Raw *raw, const Cut *c, uint32_t p, uint32_t i) {
    if (c->part < 0 || c->kind != CUT_ITEM || i != c->item) return false;
    const Part *x = &raw->part.at[p], *cut = &raw->part.at[c->part];
    return (uint32_t)c->part == p || (cut->sized && x->id == SECTION_FUNC && x->counted && x->item.n == cut->item.n);
}

static void put_item(Out *o, const Raw *raw, const Cut *c, uint32_t p, uint32_t i) {
    ReduceBytes b = raw->part.at[p].item.at[i];
    bool here = c->part == (int32_t)p && c->item == i;
    bool less = here && (c->kind == CUT_RANGE || c->kind == CUT_ENTRY || c->kind == CUT_LIST);
    if (raw->part.at[p].sized) put_number(o, less ? b.n - c->n : b.n);
    if (less) {
        uint32_t from = c->at + (c->kind == CUT_LIST);
        put(o, b.at, from);
        if (c->kind == CUT_LIST) o->at[o->n - 1] = (uint8_t)(o->at[o->n - 1] - c->n);
        put(o, b.at + from + c->n, b.n - from - c->n);
    } else {
        put(o, b.at, b.n);
        if (here && c->kind == CUT_ZERO) o->at[o->n - b.n + c->at] = 0;
    }
}

static ReduceBytes encode(Arena *a, const Raw *raw, ReduceBytes from, const Cut *c) {
    enum { FRAME = 16 }; /* more than the numbers around an item and its section */
    uint32_t room = from.n + FRAME, dropped;
    for (uint32_t p = 0; p < raw->part.n; p++) room += FRAME * (1 + raw->part.at[p].item.n);
    Out all = {arena_alloc(a, room, 1), 0}, section = {arena_alloc(a, room, 1), 0};
    for (uint32_t p = 0; p < raw->part.n; p++) {
        const Part *x = &raw->part.at[p];
        bool here = c->part == (int32_t)p;
        if (here && c->kind == CUT_PART) continue;
        dropped = here && c->kind == CUT_ENTRY;
        for (uint32_t i = 0; i < x->item.n; i++) dropped += drops(raw, c, p, i);
        section.n = 0;
        if (x->counted) put_number(&section, x->count - dropped);
        for (uint32_t i = 0; i < x->item.n; i++)
            if (!drops(raw, c, p, i)) put_item(&section, raw, c, p, i);
        if (x->id >= 0) {
            uint8_t id = (uint8_t)x->id;
            put(&all, &id, 1);
            put_number(&all, section.n);
        }
        put(&all, section.at, section.n);
    }
    return (ReduceBytes){all.at, all.n};
}

/* -- The driver ------------------------------------------------------------------------------------- */

typedef struct RawReducer {
    const ReduceOracle *oracle;
    const ReduceOptions *o;
    ReduceResult *result;
    ReduceBucket want;
    ReduceBytes bytes; /* in the result's own memory */
    Arena arena;       /* of one batch */
    uint64_t began;
    bool frames;
} RawReducer;

static bool keep(RawReducer *r, ReduceBytes b) {
    uint8_t *copy = malloc(b.n ? b.n : 1);
    if (!copy) return false;
    if (b.n) memcpy(copy, b.at, b.n);
    free(r->result->bytes);
    r->result->bytes = copy;
    r->result->n = b.n;
    r->bytes = (ReduceBytes){copy, b.n};
    return true;
}

static bool out_of_time(RawReducer *r) {
    ReduceStats *s = &r->result->stats;
    bool late = r->o->limit_ns && os_now_ns() - r->began > r->o->limit_ns;
    if (late || (r->o->stop && *r->o->stop)) s->stopped = true;
    return s->stopped;
}

static void tell(RawReducer *r, const char *pass) {
    ReduceStats *s = &r->result->stats;
    s->bytes_after = r->bytes.n;
    s->seconds = (double)(os_now_ns() - r->began) / 1e9;
    if (r->o->progress) r->o->progress(r->o->user, pass, s, r->bytes);
}

/* Fewer bytes, or as many and one more of them 0. */
static bool is_less(ReduceBytes b, ReduceBytes than, const Cut *c) {
    return b.n < than.n || (c->kind == CUT_ZERO && memcmp(b.at, than.at, b.n) != 0);
}

/* All cuts of a kind and length, in their order; behind one that is taken the next ones are of what is left. */
static bool sweep(RawReducer *r, CutKind kind, uint32_t n) {
    uint32_t width = r->oracle->width < MAX_WIDTH ? r->oracle->width : MAX_WIDTH, k = 0;
    ReduceStats *s = &r->result->stats;
    bool any = false;
    for (bool more = true; more;) {
        ReduceBytes cand[MAX_WIDTH];
        ReduceBucket shown[MAX_WIDTH];
        uint32_t number[MAX_WIDTH], made = 0;
        arena_reset(&r->arena);
        Raw raw = parse(&r->arena, r->bytes, r->frames);
        while (made < width && (more = !out_of_time(r))) {
            Cut c;
            if (!(more = cut_at(&raw, kind, n, k, &c))) break;
            if (!applies(&raw, &c)) {
                k++;
                continue;
            }
            cand[made] = encode(&r->arena, &raw, r->bytes, &c);
            number[made] = k++;
            if (is_less(cand[made], r->bytes, &c)) made++;
        }
        if (!made) break;
        r->oracle->ask(r->oracle->user, cand, made, shown);
        for (uint32_t i = 0; i < made; i++) {
            s->tried++;
            if (!reduce_bucket_equal(&shown[i], &r->want)) continue;
            if (!keep(r, cand[i])) return any;
            k = number[i] + (kind == CUT_ZERO);
            s->taken++;
            any = more = true;
            break;
        }
    }
    return any;
}

static void run_sweeps(RawReducer *r) {
    static const struct {
        CutKind kind;
        const char *name;
        bool ranges;
    } pass[] = {{CUT_PART, "raw sections", false}, {CUT_ITEM, "raw bodies", false}, {CUT_ENTRY, "raw entries", true},
                {CUT_RANGE, "raw ranges", true},   {CUT_LIST, "raw lists", true},   {CUT_ZERO, "raw zeros", false}};
    bool any = true;
    while (any && !r->result->stats.stopped) {
        any = false;
        r->result->stats.rounds++;
        for (size_t i = 0; i < sizeof pass / sizeof *pass; i++) {
            uint32_t n = 1;
            bool took = false;
            while (pass[i].ranges && n < r->bytes.n / 2) n *= 2;
            for (; n; n /= 2) took |= sweep(r, pass[i].kind, n);
            if (took) tell(r, pass[i].name);
            any |= took;
        }
    }
}

static ReduceEnd begin(RawReducer *r, ReduceBytes module, const char **why) {
    static const Cut none = {.part = NO_CUT};
    ReduceBucket shown;
    r->oracle->ask(r->oracle->user, &module, 1, &r->want);
    if (!r->want.differs) return *why = "it shows nothing", REDUCE_NOTHING;
    r->result->bucket = r->want;
    Raw raw = parse(&r->arena, module, true);
    ReduceBytes plain = encode(&r->arena, &raw, module, &none);
    r->oracle->ask(r->oracle->user, &plain, 1, &shown);
    r->frames = reduce_bucket_equal(&shown, &r->want);
    if (keep(r, r->frames ? plain : module)) return REDUCE_DONE;
    return *why = "out of memory", REDUCE_FAILED;
}

ReduceEnd reduce_raw(ReduceBytes module, const ReduceOracle *oracle, const ReduceOptions *o, ReduceResult *result,
                     const char **why) {
    *result = (ReduceResult){.stats = {.bytes_before = module.n}};
    RawReducer r = {.oracle = oracle, .o = o, .result = result, .began = os_now_ns()};
    arena_init(&r.arena, NULL);
    ReduceEnd end = begin(&r, module, why);
    if (end == REDUCE_DONE) {
        run_sweeps(&r);
        tell(&r, "end");
    }
    arena_free(&r.arena);
    return end;
}
