#define _GNU_SOURCE
#include "fuzz/finding.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/map.h"
#include "fuzz/finding_text.h"

enum { MAX_SETTINGS = 1 << 16 };

/* -- Buckets ----------------------------------------------------------------------------- */

#define W(x, id, NAME) _Static_assert((int)WHAT_##NAME == (int)FIELD_##NAME, "ORDER FIELD");
BUCKET_FIELD_LIST(W, )
#undef W
_Static_assert((int)WHAT_CRASH == (int)FIELD_COUNT, "ORDER FIELD");

static const char *what_name(uint32_t what) {
    static const char *const other[] = {
#define W(x, id, NAME) #id,
        BUCKET_OTHER_LIST(W, )
#undef W
    };
    return what < FIELD_COUNT ? field_name((FieldKind)what) : other[what - FIELD_COUNT];
}

static uint32_t crash_kind(const LegSpec *leg, const Observation *o) {
    if (o->hung) return WHAT_HANG;
    return leg->verify && o->why[0] ? WHAT_VERIFY : WHAT_CRASH;
}

Bucket bucket_of(const LegSpec *leg, const Case *c) {
    const Verdict *v = &c->verdict;
    Bucket b = {.what = v->field};
    uint32_t crashed = 0;
    for (uint32_t i = 0; i < v->nlegs; i++) {
        if (!(v->deviates >> i & 1)) continue;
        b.legs |= 1u << leg[i].kind;
        if (!c->obs[i].crashed) continue;
        uint32_t how = crash_kind(&leg[i], &c->obs[i]);
        crashed = crashed > how ? crashed : how; /* a verifier says most */
    }
    if (crashed) b.what = crashed;
    if (v->kind == VERDICT_QEMU_SUSPECT) b.what = WHAT_QEMU;
    return b;
}

void bucket_name(const Bucket *b, char out[BUCKET_NAME]) {
    int n = 0;
    for (uint32_t k = 0; k < LEG_KINDS; k++)
        if (b->legs >> k & 1)
            n += snprintf(out + n, BUCKET_NAME - (size_t)n, "%s%s", n ? "+" : "", leg_kind_name((LegKind)k));
    snprintf(out + n, BUCKET_NAME - (size_t)n, "%s-%s%s%s%s%s", b->legs ? "" : "harness", what_name(b->what),
             b->op[0] ? "-" : "", b->op, b->pass[0] ? "-" : "", b->pass);
}

bool bucket_equal(const Bucket *a, const Bucket *b) {
    return a->legs == b->legs && a->what == b->what && strcmp(a->op, b->op) == 0 && strcmp(a->pass, b->pass) == 0;
}

/* -- Writing -------------------------------------------------------------------------------- */

static bool put_file(const char *dir, const char *name, const void *bytes, size_t n, mode_t mode) {
    char path[FINDING_PATH + 32];
    int len = snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = len > 0 && (size_t)len < sizeof path ? fopen(path, "wb") : NULL;
    if (!f) return false;
    bool ok = fwrite(bytes, 1, n, f) == n;
    ok = fchmod(fileno(f), mode) == 0 && ok;
    return fclose(f) == 0 && ok;
}

static bool put_text(const char *dir, const char *name, const Text *t) {
    return put_file(dir, name, t->at, t->n, 0644);
}

bool finding_replace(const char *path, const void *bytes, size_t n) {
    char tmp[FINDING_PATH + 32];
    int len = snprintf(tmp, sizeof tmp, "%s.%ld", path, (long)getpid());
    FILE *f = len > 0 && (size_t)len < sizeof tmp ? fopen(tmp, "wb") : NULL;
    if (!f) return false;
    bool ok = fwrite(bytes, 1, n, f) == n;
    ok = fclose(f) == 0 && ok;
    if (ok && rename(tmp, path) == 0) return true;
    unlink(tmp);
    return false;
}

/* Where findings usually are, the build is three folders up. */
static const char repro[] =
    "#!/bin/sh\n"
    "# Runs the finding again with $PARALLAX, or the command parallax, or that of the project this folder is in.\n"
    "# Exit status: 0 no longer differs, 1 still differs, 2 bad input, 3 something lacks here.\n"
    "dir=$(cd \"$(dirname \"$0\")\" && pwd) || exit 3\n"
    "parallax=${PARALLAX:-parallax}\n"
    "[ -n \"${PARALLAX:-}\" ] || command -v parallax >/dev/null || parallax=$dir/../../../build/release/bin/parallax\n"
    "command -v \"$parallax\" >/dev/null || { echo \"repro.sh: no command $parallax: say in \\$PARALLAX where it is\" "
    ">&2; exit 3; }\n"
    "exec \"$parallax\" replay \"$dir\"\n";

static bool put_all(const char *dir, const Finding *f, const char *id) {
    Arena a;
    Text wat, settings, verdict, explain;
    arena_init(&a, NULL);
    text_init(&wat, &a);
    text_init(&settings, &a);
    text_init(&verdict, &a);
    text_init(&explain, &a);
    finding_wat(&wat, f);
    finding_settings(&settings, f);
    finding_verdict(&verdict, f);
    finding_explain(&explain, f, id);
    bool ok = put_file(dir, "case.wasm", f->c->bytes, f->c->size, 0644) && put_text(dir, "case.wat", &wat) &&
              put_file(dir, "input", f->input, f->input_n, 0644) && put_text(dir, "settings", &settings) &&
              put_text(dir, "verdict.json", &verdict) && put_text(dir, "explain.md", &explain) &&
              (!f->mutant || put_file(dir, "mutant.wasm", f->mutant, f->mutant_n, 0644)) &&
              put_file(dir, "repro.sh", repro, sizeof repro - 1, 0755);
    arena_free(&a);
    return ok;
}

static void remove_folder(const char *dir) {
    DIR *d = opendir(dir);
    if (!d) return;
    for (struct dirent *e; (e = readdir(d));)
        if (e->d_name[0] != '.') unlinkat(dirfd(d), e->d_name, 0);
    closedir(d);
    rmdir(dir);
}

/* Folders that are not hidden. */
static uint32_t count_folders(const char *dir) {
    uint32_t n = 0;
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) n += e->d_name[0] != '.';
    if (d) closedir(d);
    return n;
}

static bool make_folder(const char *path) { return mkdir(path, 0755) == 0 || errno == EEXIST; }

bool finding_make_folder(const char *path) {
    char part[FINDING_PATH];
    size_t n = strlen(path);
    if (n >= sizeof part) return errno = ENAMETOOLONG, false;
    memcpy(part, path, n + 1);
    for (size_t i = 1; i < n; i++) {
        if (path[i] != '/') continue;
        part[i] = 0;
        if (!make_folder(part)) return false;
        part[i] = '/';
    }
    return make_folder(part);
}

static FindingStatus failed(char path[FINDING_PATH], const char *what) {
    char said[FINDING_PATH];
    snprintf(said, sizeof said, "%.*s: %s", FINDING_PATH - 100, what, strerror(errno));
    memcpy(path, said, sizeof said);
    return FINDING_FAILED;
}

FindingStatus finding_write(const char *root, const Finding *f, uint32_t most, char path[FINDING_PATH]) {
    char bucket[FINDING_PATH], tmp[FINDING_PATH], name[BUCKET_NAME], id[20];
    /* a harness crash has no module: the input tells it apart */
    bool empty = f->c->size == 0;
    uint64_t hash = hash_bytes(empty ? f->input : f->c->bytes, empty ? f->input_n : f->c->size, 0);
    bucket_name(&f->bucket, name);
    snprintf(id, sizeof id, "%016llx", (unsigned long long)hash);
    int n = snprintf(bucket, sizeof bucket, "%s/%s", root, name);
    if (n < 0 || n > FINDING_PATH - 100) return errno = ENAMETOOLONG, failed(path, name);
    snprintf(path, FINDING_PATH, "%.*s/%s", FINDING_PATH - 50, bucket, id);
    if (access(path, F_OK) == 0) return FINDING_KNOWN;
    if (most && count_folders(bucket) >= most) return FINDING_FULL;
    snprintf(tmp, sizeof tmp, "%.*s/.%s.%ld", FINDING_PATH - 80, bucket, id, (long)getpid());
    if (!make_folder(root)) return failed(path, root);
    if (!make_folder(bucket) || !make_folder(tmp)) return failed(path, tmp);
    if (!put_all(tmp, f, id)) {
        FindingStatus s = failed(path, tmp);
        remove_folder(tmp);
        return s;
    }
    if (rename(tmp, path) == 0) return FINDING_NEW;
    remove_folder(tmp); /* another process was faster */
    return access(path, F_OK) == 0 ? FINDING_KNOWN : failed(path, tmp);
}

/* -- Reading --------------------------------------------------------------------------------------- */

bool finding_is(const char *dir) {
    char path[FINDING_PATH];
    int n = snprintf(path, sizeof path, "%s/settings", dir);
    return n > 0 && (size_t)n < sizeof path && access(path, R_OK) == 0;
}

bool finding_read(Arena *a, const char *dir, FindingInfo *out, char *why, size_t why_size) {
    char path[FINDING_PATH], *save;
    *out = (FindingInfo){.legs = "", .features = "", .bucket = "", .verdict = "", .origin = ""};
    int n = snprintf(path, sizeof path, "%s/settings", dir);
    FILE *f = n > 0 && (size_t)n < sizeof path ? fopen(path, "rb") : NULL;
    if (!f) {
        snprintf(why, why_size, "%.200s/settings: %s", dir, strerror(errno));
        return false;
    }
    char *text = arena_alloc(a, MAX_SETTINGS, 1);
    size_t size = fread(text, 1, MAX_SETTINGS - 1, f);
    fclose(f);
    text[size] = 0;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char *value = strchr(line, ' ');
        if (!value) continue;
        *value++ = 0;
        if (strcmp(line, "legs") == 0) out->legs = value;
        if (strcmp(line, "features") == 0) out->features = value;
        if (strcmp(line, "bucket") == 0) out->bucket = value;
        if (strcmp(line, "verdict") == 0) out->verdict = value;
        if (strcmp(line, "origin") == 0) out->origin = value;
    }
    if (*out->legs && *out->bucket) return true;
    snprintf(why, why_size, "%.200s/settings: has no legs or no bucket", dir);
    return false;
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

void findings_count(Arena *a, const char *root, void (*bucket)(void *user, const char *name, uint32_t n), void *user) {
    VEC(char *) name = {0};
    DIR *d = opendir(root);
    for (struct dirent *e; d && (e = readdir(d));)
        if (e->d_name[0] != '.') vec_push(a, &name, arena_dup(a, e->d_name, strlen(e->d_name)));
    if (d) closedir(d);
    if (name.n) qsort(name.at, name.n, sizeof *name.at, by_name);
    for (uint32_t i = 0; i < name.n; i++) {
        char path[FINDING_PATH];
        int n = snprintf(path, sizeof path, "%s/%s", root, name.at[i]);
        uint32_t k = n > 0 && (size_t)n < sizeof path ? count_folders(path) : 0;
        if (k) bucket(user, name.at[i], k);
    }
}
