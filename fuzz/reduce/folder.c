#define _GNU_SOURCE
#include "fuzz/reduce/folder.h"
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "wasm/print.h"
#include "wasm/validate.h"

enum { MAX_FILE = 64 << 20 };

static bool path_in(char *out, const char *dir, const char *name) {
    int n = snprintf(out, FINDING_PATH, "%s/%s", dir, name);
    return n > 0 && n < FINDING_PATH;
}

static bool read_file(Arena *a, const char *path, ReduceBytes *out) {
    FILE *f = fopen(path, "rb");
    if (!f) return false;
    long size = fseek(f, 0, SEEK_END) == 0 ? ftell(f) : -1;
    bool ok = size >= 0 && size <= MAX_FILE && fseek(f, 0, SEEK_SET) == 0;
    if (ok) {
        uint8_t *bytes = arena_alloc(a, (size_t)size + 1, 1);
        ok = fread(bytes, 1, (size_t)size, f) == (size_t)size;
        *out = (ReduceBytes){bytes, (uint32_t)size};
    }
    fclose(f);
    return ok;
}

bool reduce_write_pair(const char *path, ReduceBytes module, Features features) {
    char wat[FINDING_PATH];
    size_t n = strlen(path);
    Arena a;
    Err err;
    Text t;
    if (n < 5 || n >= sizeof wat || strcmp(path + n - 5, ".wasm") != 0) return errno = EINVAL, false;
    snprintf(wat, sizeof wat, "%.*s.wat", (int)n - 5, path);
    arena_init(&a, NULL);
    text_init(&t, &a);
    Module *m = module_decode_valid(&a, module.at, module.n, features, &err);
    bool valid = m != NULL;
    if (valid) module_print(&t, m, PRINT_OFFSETS);
    bool ok = finding_replace(path, module.at, module.n) && (!valid || finding_replace(wat, t.at, t.n));
    arena_free(&a);
    return ok;
}

bool finding_is_reduced(const char *dir) {
    char path[FINDING_PATH];
    return path_in(path, dir, "reduced.wasm") && access(path, F_OK) == 0;
}

/* A metamorphic finding has a second module, and one leg. */
static bool is_pair(const char *dir) {
    char path[FINDING_PATH];
    return path_in(path, dir, "mutant.wasm") && access(path, F_OK) == 0;
}

bool finding_pick(const char *bucket, char path[FINDING_PATH], bool *reduced) {
    char dir[FINDING_PATH], wasm[FINDING_PATH];
    struct stat st;
    off_t least = 0;
    DIR *d = opendir(bucket);
    *reduced = false;
    for (struct dirent *e; d && !*reduced && (e = readdir(d));) {
        if (e->d_name[0] == '.' || !path_in(dir, bucket, e->d_name) || !path_in(wasm, dir, "case.wasm")) continue;
        if (stat(wasm, &st) != 0 || st.st_size == 0) continue;
        *reduced = finding_is_reduced(dir);
        if (least && st.st_size >= least && !*reduced) continue;
        least = st.st_size;
        memcpy(path, dir, sizeof dir);
    }
    if (d) closedir(d);
    return least > 0;
}

/* Lines of an earlier reduction go. */
static bool write_settings(Arena *a, const char *dir, const ReduceReport *r) {
    static const char ours[] = "reduced_";
    char path[FINDING_PATH];
    ReduceBytes old;
    Text t;
    if (!path_in(path, dir, "settings") || !read_file(a, path, &old)) return false;
    text_init(&t, a);
    for (uint32_t i = 0; i < old.n;) {
        const char *line = (const char *)old.at + i;
        const char *end = memchr(line, '\n', old.n - i);
        uint32_t n = end ? (uint32_t)(end - line) + 1 : old.n - i;
        if (n < sizeof ours || memcmp(line, ours, sizeof ours - 1) != 0) text_printf(&t, "%.*s", (int)n, line);
        i += n;
    }
    text_puts(&t, "reduced_legs ");
    for (uint32_t i = 0; i < r->nlegs; i++) text_printf(&t, "%s%s", i ? "," : "", r->plain[i].text);
    text_printf(&t, "\nreduced_instructions %" PRIu64 "\nreduced_complete %s\n", r->result.stats.instr_after,
                r->result.stats.stopped ? "no" : "yes");
    return finding_replace(path, t.at, t.n);
}

/* findings/<bucket>/<id>: the first of them. */
static const char *root_of(Arena *a, const char *dir) {
    char *root = arena_dup(a, dir, strlen(dir));
    for (uint32_t up = 0; up < 2; up++) {
        size_t n = strlen(root);
        while (n > 1 && root[n - 1] == '/') root[--n] = 0;
        char *slash = strrchr(root, '/');
        if (!slash) return up ? "." : "..";
        *(slash == root ? slash + 1 : slash) = 0;
    }
    return root;
}

static bool fill_legs(ReduceRun *run, const char *legs, LegSpec *leg, ReduceReport *report) {
    if (run->nlegs) return true;
    run->leg = leg;
    return leg_specs_parse(leg, MAX_LEGS, &run->nlegs, legs, report->why, sizeof report->why);
}

/* The module called `name` of a finding; a harness's own may be empty. */
static bool fill_module(Arena *a, const char *dir, const char *name, ReduceRun *run, ReduceReport *report) {
    char path[FINDING_PATH];
    char *why = report->why;
    size_t size = sizeof report->why;
    run->module.n = 0;
    if (!path_in(path, dir, name) || !read_file(a, path, &run->module))
        snprintf(why, size, "%.200s/%s: %s", dir, name, strerror(errno));
    else if (!run->module.n)
        snprintf(why, size, "a finding of the harness itself has no module");
    return run->module.n > 0;
}

static bool fill(Arena *a, const char *dir, ReduceRun *run, LegSpec *leg, ReduceReport *report) {
    const char *bad;
    FindingInfo info;
    if (!finding_read(a, dir, &info, report->why, sizeof report->why)) return false;
    const char *legs = info.legs;
    if (is_pair(dir)) { /* and the interpreter beside the one leg of a pair */
        Text t;
        text_init(&t, a);
        text_printf(&t, "interp,%s", info.legs);
        legs = t.at;
    }
    if (!fill_legs(run, legs, leg, report)) return false;
    run->o.features = FEATURES_WASM3;
    if (*info.features && !features_parse(info.features, &run->o.features, &bad)) {
        snprintf(report->why, sizeof report->why, "no feature is called \"%.40s\"", bad);
        return false;
    }
    if (!run->slips) run->slips = root_of(a, dir);
    return true;
}

/* Of a pair the one that its leg runs wrongly, which the interpreter tells: the mutant, or else the original.  When it
 * tells of neither, the mutation itself is not sound, or both legs are wrong alike. */
static ReduceRunEnd reduce_either(Arena *a, const char *dir, ReduceRun *run, ReduceReport *report) {
    ReduceRunEnd end = RUN_NOTHING;
    static const char *const name[] = {"mutant.wasm", "case.wasm"};
    bool pair = is_pair(dir);
    for (uint32_t i = pair ? 0 : 1; i < 2 && end == RUN_NOTHING; i++) {
        if (!fill_module(a, dir, name[i], run, report)) return RUN_BAD_INPUT;
        end = reduce_run(a, run, report);
    }
    if (pair && end == RUN_NOTHING)
        snprintf(report->why, sizeof report->why,
                 "the leg of the pair does what the interpreter does on both: the mutation is to blame, or both are");
    return end;
}

ReduceRunEnd reduce_finding(Arena *a, const char *dir, ReduceRun *run, ReduceReport *report) {
    LegSpec leg[MAX_LEGS];
    char path[FINDING_PATH];
    *report = (ReduceReport){0};
    if (!fill(a, dir, run, leg, report)) return RUN_BAD_INPUT;
    ReduceRunEnd end = reduce_either(a, dir, run, report);
    run->leg = NULL; /* they were ours */
    if (end != RUN_DONE) return end;
    ReduceBytes b = {report->result.bytes, report->result.n};
    if (path_in(path, dir, "reduced.wasm") && reduce_write_pair(path, b, run->o.features) &&
        write_settings(a, dir, report))
        return RUN_DONE;
    snprintf(report->why, sizeof report->why, "%.200s: %s", dir, strerror(errno));
    return RUN_LACKS;
}
