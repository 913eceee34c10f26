/* Hostile input: every truncation and many single-byte mutations of real modules through decoding, validation,
 * compilation for both ISAs and, when they are valid, all legs.  Meant for the sanitizer build: a crash or a report
 * ends it, and the input at hand is left in the file named by --case.
 *
 * usage: hostile [--mutations N] [--modules N] [--seconds S] [--part K --parts N] [--legs L,...] [--case FILE]
 *                DIR|FILE.wasm...
 * --seconds: stop then, having tried as large a share of each module's inputs.  --part K of N: each N-th module. */
#include <stdlib.h>
#include <string.h>
#include "base/map.h"
#include "base/os.h"
#include "fuzz/cli/cli.h"

enum { ROUNDS = 50 };

typedef struct Options {
    uint32_t mutations, modules, seconds, part, parts;
    const char *legs, *case_file;
} Options;

typedef struct Hostile {
    Options o;
    Differ differ;
    uint32_t nmodules;
    uint64_t planned, rejected, agreed, incomplete, disagreed;
} Hostile;

/* What is being tried, for whoever finds the crash. */
static bool leave_case(const Hostile *h, const uint8_t *bytes, uint32_t n) {
    FILE *f = fopen(h->o.case_file, "wb");
    if (!f) return false;
    bool ok = fwrite(bytes, 1, n, f) == n;
    return fclose(f) == 0 && ok;
}

static bool try_input(Hostile *h, const uint8_t *bytes, uint32_t n) {
    Case c;
    /* an exact allocation, so that a read past the end is seen */
    uint8_t *copy = malloc(n ? n : 1);
    if (!copy || !leave_case(h, bytes, n)) return false;
    memcpy(copy, bytes, n);
    differ_run(&h->differ, copy, n, &c);
    bool ok = true;
    if (c.plan_error || !c.module)
        h->rejected++;
    else if (c.verdict.kind == VERDICT_AGREE)
        h->agreed++;
    else if (c.verdict.kind == VERDICT_INCOMPLETE)
        h->incomplete++;
    else {
        Arena a;
        Text t;
        arena_init(&a, NULL);
        text_init(&t, &a);
        difference_print(&t, &c.verdict.diff);
        char name[4200];
        snprintf(name, sizeof name, "%s.%llu", h->o.case_file, (unsigned long long)h->disagreed++);
        FILE *f = fopen(name, "wb");
        if (f) fwrite(bytes, 1, n, f), fclose(f);
        printf("%s (%s, legs %x): %s\n", name, verdict_name(c.verdict.kind), c.verdict.deviates, t.at);
        arena_free(&a);
        ok = h->disagreed < 50;
    }
    free(copy);
    return ok;
}

/* Input number i of a module: cut off there, or, behind all truncations, with one byte changed. */
static bool try_number(Hostile *h, const File *f, uint32_t module, uint32_t i) {
    if (i < f->size) return try_input(h, f->bytes, i);
    uint64_t r = hash_mix((uint64_t)module << 32 | (i - f->size));
    uint32_t at = (uint32_t)((r >> 16) % f->size);
    uint8_t old = f->bytes[at];
    /* half of them to values that mean something, half to any */
    static const uint8_t telling[] = {0, 1, 0x7f, 0x80, 0xff, 0x0b, 0x40, 0x70};
    uint8_t now = r & 1 ? (uint8_t)(r >> 8) : telling[(r >> 8) & 7];
    f->bytes[at] = now == old ? (uint8_t)(old ^ 1) : now;
    bool ok = try_input(h, f->bytes, f->size);
    f->bytes[at] = old;
    return ok;
}

/* Each ROUNDS-th input of a module, from `round` on; so time that runs out takes as much from each. */
static bool try_module(Hostile *h, const char *path, uint32_t module, uint32_t round, uint64_t deadline) {
    Arena a;
    File f;
    arena_init(&a, NULL);
    bool ok = cli_read(&a, path, &f);
    uint32_t n = ok ? f.size + h->o.mutations / h->nmodules : 0;
    for (uint32_t i = round; ok && i < n && os_now_ns() < deadline; i += ROUNDS) ok = try_number(h, &f, module, i);
    if (round == 0) h->planned += n;
    arena_free(&a);
    return ok;
}

static bool try_all(Hostile *h, const Paths *paths, uint64_t deadline) {
    bool ok = true;
    for (uint32_t round = 0; ok && round < ROUNDS; round++) {
        for (uint32_t k = h->o.part; ok && k < paths->path.n; k += h->o.parts)
            ok = try_module(h, paths->path.at[k], k, round, deadline);
        fprintf(stderr, "%u of %u rounds\n", round + 1, ROUNDS);
    }
    return ok;
}

static bool option(Options *o, char **argv, int *i) {
    const char *v = argv[*i + 1];
    if (!v) return false;
    if (strcmp(argv[*i], "--mutations") == 0)
        o->mutations = (uint32_t)strtoul(v, NULL, 10);
    else if (strcmp(argv[*i], "--modules") == 0)
        o->modules = (uint32_t)strtoul(v, NULL, 10);
    else if (strcmp(argv[*i], "--seconds") == 0)
        o->seconds = (uint32_t)strtoul(v, NULL, 10);
    else if (strcmp(argv[*i], "--part") == 0)
        o->part = (uint32_t)strtoul(v, NULL, 10);
    else if (strcmp(argv[*i], "--parts") == 0)
        o->parts = (uint32_t)strtoul(v, NULL, 10);
    else if (strcmp(argv[*i], "--legs") == 0)
        o->legs = v;
    else if (strcmp(argv[*i], "--case") == 0)
        o->case_file = v;
    else
        return false;
    *i += 2;
    return true;
}

/* Modules spread over the list, small ones: a large one has little to say per truncation. */
static void choose(Arena *a, Paths *all, uint32_t count) {
    Paths kept = {0};
    for (uint32_t i = 0; i < all->path.n; i++) {
        FILE *f = fopen(all->path.at[i], "rb");
        if (!f) continue;
        fseek(f, 0, SEEK_END);
        long n = ftell(f);
        fclose(f);
        if (n > 100 && n < 4000) vec_push(a, &kept.path, all->path.at[i]);
    }
    all->path.n = 0;
    for (uint32_t i = 0; i < count && i < kept.path.n; i++)
        all->path.at[all->path.n++] =
            kept.path.at[(uint64_t)i * kept.path.n / (count < kept.path.n ? count : kept.path.n)];
}

int main(int argc, char **argv) {
    static Hostile h = {
        .o = {100000, 50, 0, 0, 1, "interp,x64:O0,verify=on,x64:O1,verify=on,a64:O1,verify=on", "hostile.case"}};
    Arena a;
    Paths paths;
    LegSpec leg[MAX_LEGS];
    uint32_t nlegs;
    char why[300];
    int i = 1;
    arena_init(&a, NULL);
    while (i < argc && strncmp(argv[i], "--", 2) == 0)
        if (!option(&h.o, argv, &i)) return cli_fail(EXIT_BAD_INPUT, "hostile: bad option %s", argv[i]);
    if (!h.o.parts || h.o.part >= h.o.parts) return cli_fail(EXIT_BAD_INPUT, "hostile: --part K of --parts N");
    if (!cli_paths(&a, argv + i, ".wasm", &paths)) return EXIT_BAD_INPUT;
    choose(&a, &paths, h.o.modules);
    if (!paths.path.n) return cli_fail(EXIT_BAD_INPUT, "hostile: no module of a fitting size");
    if (!leg_specs_parse(leg, MAX_LEGS, &nlegs, h.o.legs, why, sizeof why)) return cli_fail(EXIT_BAD_INPUT, "%s", why);
    if (!differ_open(&h.differ, leg, nlegs, FEATURES_WASM3, why, sizeof why)) return cli_fail(EXIT_LACKS, "%s", why);
    h.differ.max_fuel = 200000;
    h.nmodules = paths.path.n;
    uint64_t began = os_now_ns();
    bool ok = try_all(&h, &paths, h.o.seconds ? began + UINT64_C(1000000000) * h.o.seconds : UINT64_MAX);
    uint64_t inputs = h.rejected + h.agreed + h.incomplete + h.disagreed;
    printf("%llu of %llu inputs from %u modules in %.0f s: %llu rejected, %llu agree, %llu incomplete, %llu disagree\n",
           (unsigned long long)inputs, (unsigned long long)h.planned,
           (h.nmodules - h.o.part + h.o.parts - 1) / h.o.parts, (double)(os_now_ns() - began) / 1e9,
           (unsigned long long)h.rejected, (unsigned long long)h.agreed, (unsigned long long)h.incomplete,
           (unsigned long long)h.disagreed);
    differ_close(&h.differ);
    arena_free(&a);
    remove(h.o.case_file);
    return h.disagreed || !ok ? EXIT_DISAGREEMENT : EXIT_AGREED;
}
