#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "fuzz/cli/cli.h"
#include "ir/print.h"
#include "ir/verify.h"
#include "wasm/validate.h"

enum { MAX_FILE = 256 << 20 }; /* bytes */

int cli_fail(int code, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    fputs("parallax: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    return code;
}

/* To the end, whatever stat says of the size: a pipe or a file of /proc has none. */
static bool read_all(Arena *a, FILE *in, size_t expected, File *f) {
    size_t cap = expected + 1, n = 0;
    f->bytes = arena_alloc(a, cap, 16);
    for (size_t k; (k = fread(f->bytes + n, 1, cap - n, in)) > 0 && n + k <= MAX_FILE;) {
        n += k;
        if (n < cap) continue;
        uint8_t *more = arena_alloc(a, cap * 2, 16);
        memcpy(more, f->bytes, n);
        f->bytes = more;
        cap *= 2;
    }
    f->size = (uint32_t)n;
    return !ferror(in) && feof(in);
}

bool cli_read(Arena *a, const char *path, File *f) {
    errno = 0;
    FILE *in = fopen(path, "rb");
    struct stat st;
    const char *why = NULL;
    if (!in || fstat(fileno(in), &st) != 0)
        why = strerror(errno);
    else if (S_ISDIR(st.st_mode))
        why = "is a directory";
    else if (st.st_size > MAX_FILE)
        why = "larger than 256 MiB";
    else if (!read_all(a, in, (size_t)st.st_size, f))
        why = errno ? strerror(errno) : "larger than 256 MiB";
    if (in) fclose(in);
    if (why) cli_fail(0, "%s: %s", path, why);
    return !why;
}

Module *cli_module(Arena *a, const char *path, Features features) {
    File f;
    Err err;
    if (!cli_read(a, path, &f)) return NULL;
    Module *m = module_decode_valid(a, f.bytes, f.size, features, &err);
    if (m) return m;
    fputs("parallax: ", stderr);
    cli_print_err(stderr, path, &err);
    return NULL;
}

bool cli_is_ir(const char *path) {
    FILE *in = fopen(path, "rb");
    char line[512];
    bool found = false;
    /* comments and empty lines may come first */
    while (in && fgets(line, sizeof line, in)) {
        const char *at = line + strspn(line, " \t\r");
        if (*at == ';' || *at == '\n') continue;
        found = strncmp(at, "func ", 5) == 0;
        break;
    }
    if (in) fclose(in);
    return found;
}

Fn *cli_ir(Arena *a, const char *path) {
    File file;
    uint32_t line;
    char msg[200];
    if (!cli_read(a, path, &file)) return NULL;
    Fn *f = ir_parse(a, arena_dup(a, file.bytes, file.size), &line, msg, sizeof msg);
    if (!f) {
        cli_fail(0, "%s: line %u: %s", path, line, msg);
        return NULL;
    }
    if (ir_verify(f, msg, sizeof msg)) return f;
    cli_fail(0, "%s: %s", path, msg);
    return NULL;
}

/* Bytes of the UTF-8 character at s, 0 when it is none. */
static size_t utf8_length(const char *s) {
    const uint8_t *u = (const uint8_t *)s;
    size_t n = u[0] < 0x80                   ? 1
               : u[0] >= 0xc2 && u[0] < 0xe0 ? 2
               : (u[0] & 0xf0) == 0xe0       ? 3
               : u[0] >= 0xf0 && u[0] < 0xf5 ? 4
                                             : 0;
    for (size_t i = 1; i < n; i++)
        if ((u[i] & 0xc0) != 0x80) return 0;
    bool too_long = (u[0] == 0xe0 && u[1] < 0xa0) || (u[0] == 0xf0 && u[1] < 0x90);
    bool surrogate = u[0] == 0xed && u[1] > 0x9f, beyond = u[0] == 0xf4 && u[1] > 0x8f;
    return too_long || surrogate || beyond ? 0 : n;
}

char *cli_utf8(Arena *a, const char *text) {
    Text t;
    text_init(&t, a);
    while (*text) {
        size_t n = utf8_length(text);
        if (n)
            text_putn(&t, text, n);
        else
            text_puts(&t, "\xef\xbf\xbd");
        text += n ? n : 1;
    }
    return t.at;
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static bool ends_with(const char *s, const char *suffix) {
    size_t n = strlen(s), k = strlen(suffix);
    return n >= k && strcmp(s + n - k, suffix) == 0;
}

static bool walk(Arena *a, const char *dir, const char *suffix, Paths *out) {
    DIR *d = opendir(dir);
    if (!d) {
        cli_fail(0, "%s: %s", dir, strerror(errno));
        return false;
    }
    bool ok = true;
    for (struct dirent *e; ok && (e = readdir(d));) {
        if (e->d_name[0] == '.') continue;
        char path[4096];
        int n = snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        struct stat st;
        if (n < 0 || (size_t)n >= sizeof path) continue;
        bool here = stat(path, &st) == 0; /* else a dangling link: whoever opens it says so */
        if (here && S_ISDIR(st.st_mode))
            ok = walk(a, path, suffix, out);
        else if (ends_with(path, suffix) && (!here || S_ISREG(st.st_mode)))
            vec_push(a, &out->path, arena_dup(a, path, (size_t)n));
    }
    closedir(d);
    return ok;
}

bool cli_paths(Arena *a, char *const *arg, const char *suffix, Paths *out) {
    *out = (Paths){0};
    for (; *arg; arg++) {
        struct stat st;
        if (stat(*arg, &st) != 0) {
            cli_fail(0, "%s: %s", *arg, strerror(errno));
            return false;
        }
        uint32_t from = out->path.n;
        if (!S_ISDIR(st.st_mode))
            vec_push(a, &out->path, *arg);
        else if (!walk(a, *arg, suffix, out))
            return false;
        if (out->path.n == from) {
            cli_fail(0, "%s: no files that end in %s", *arg, suffix);
            return false;
        }
        if (out->path.n > from) qsort(out->path.at + from, out->path.n - from, sizeof(char *), by_name);
    }
    return true;
}

static bool parse_int(const char *s, uint64_t *v, int bits) {
    char *end;
    errno = 0;
    if (*s == '-') {
        long long n = strtoll(s, &end, 0);
        if (errno || *end || (bits == 32 && n < INT32_MIN)) return false;
        *v = (uint64_t)n;
    } else {
        *v = strtoull(s, &end, 0);
        if (errno || *end || end == s || (bits == 32 && *v > UINT32_MAX)) return false;
    }
    if (bits == 32) *v &= UINT32_MAX;
    return true;
}

/* A number, "nan", "nan:0xPAYLOAD", with sign; or "bits:0x..." */
static bool parse_float(const char *s, uint64_t *v, int bits) {
    if (strncmp(s, "bits:", 5) == 0) return parse_int(s + 5, v, bits);
    const char *body = s + (*s == '-' || *s == '+');
    if (strncmp(body, "nan", 3) == 0) {
        uint64_t payload = bits == 32 ? 0x400000 : UINT64_C(1) << 51;
        if (body[3] == ':' && !parse_int(body + 4, &payload, 64)) return false;
        if (body[3] && body[3] != ':') return false;
        uint64_t exponent = bits == 32 ? 0x7f800000 : UINT64_C(0x7ff) << 52;
        *v = exponent | payload | (*s == '-' ? UINT64_C(1) << (bits - 1) : 0);
        return payload && payload < (bits == 32 ? UINT64_C(1) << 23 : UINT64_C(1) << 52);
    }
    char *end;
    Value x = {.u64x2 = {0, 0}};
    if (bits == 32)
        x.f32 = strtof(s, &end);
    else
        x.f64 = strtod(s, &end);
    *v = x.i64;
    return end != s && !*end;
}

bool cli_func(const Module *m, const char *path, const char *text, uint32_t *func) {
    uint64_t v;
    if (*text < '0' || *text > '9' || !parse_int(text, &v, 32))
        cli_fail(0, "\"%s\" is no function index", text);
    else if (v >= m->funcs.n)
        cli_fail(0, "%s: there is no function %s (functions: %u)", path, text, m->funcs.n);
    else if (m->funcs.at[v].import != NO_INDEX)
        cli_fail(0, "%s: function %s is imported", path, text);
    else
        return *func = (uint32_t)v, true;
    return false;
}

/* "0x" and 32 digits, as it is printed. */
static bool parse_v128(const char *s, Value *v) {
    char half[17] = "";
    if (s[0] != '0' || s[1] != 'x' || strlen(s) != 34 || strspn(s + 2, "0123456789abcdefABCDEF") != 32) return false;
    memcpy(half, s + 2, 16);
    v->u64x2[1] = strtoull(half, NULL, 16);
    v->u64x2[0] = strtoull(s + 18, NULL, 16);
    return true;
}

bool cli_parse_value(const char *text, Value *v, ValType *type) {
    *v = (Value){.u64x2 = {0, 0}};
    const char *colon = strchr(text, ':');
    if (!colon) return false;
    const char *s = colon + 1;
    size_t n = (size_t)(colon - text);
    if (n == 3 && !strncmp(text, "i32", 3)) return *type = VT_I32, parse_int(s, &v->i64, 32);
    if (n == 3 && !strncmp(text, "i64", 3)) return *type = VT_I64, parse_int(s, &v->i64, 64);
    if (n == 3 && !strncmp(text, "f32", 3)) return *type = VT_F32, parse_float(s, &v->i64, 32);
    if (n == 3 && !strncmp(text, "f64", 3)) return *type = VT_F64, parse_float(s, &v->i64, 64);
    if (n == 4 && !strncmp(text, "v128", 4)) return *type = VT_V128, parse_v128(s, v);
    if (n == 7 && !strncmp(text, "funcref", 7)) return *type = VT_FUNCREF, strcmp(s, "null") == 0;
    if (n == 9 && !strncmp(text, "externref", 9)) {
        *type = VT_EXTERNREF;
        if (strcmp(s, "null") == 0) return true;
        bool ok = parse_int(s, &v->ref, 32);
        v->ref++;
        return ok;
    }
    return false;
}

void cli_print_value(FILE *f, ValType t, const Value *v) {
    switch (t) {
    case VT_I32: fprintf(f, "i32:%" PRId32, (int32_t)v->i32); break;
    case VT_I64: fprintf(f, "i64:%" PRId64, (int64_t)v->i64); break;
    case VT_F32:
        if (v->f32 != v->f32)
            fprintf(f, "f32:%snan:0x%x", v->i32 >> 31 ? "-" : "", v->i32 & 0x7fffff);
        else
            fprintf(f, "f32:%.9g", (double)v->f32);
        break;
    case VT_F64:
        if (v->f64 != v->f64)
            fprintf(f, "f64:%snan:0x%" PRIx64, v->i64 >> 63 ? "-" : "", v->i64 & ((UINT64_C(1) << 52) - 1));
        else
            fprintf(f, "f64:%.17g", v->f64);
        break;
    case VT_V128: fprintf(f, "v128:0x%016" PRIx64 "%016" PRIx64, v->u64x2[1], v->u64x2[0]); break;
    case VT_EXTERNREF:
        if (v->ref)
            fprintf(f, "externref:%" PRIu64, v->ref - 1);
        else
            fputs("externref:null", f);
        break;
    default: { /* a function: instance and index, see observe_ref */
        char name[32];
        if (!v->ref)
            fprintf(f, "%s:null", vt_name(t, name));
        else
            fprintf(f, "%s:function %u of instance %u", vt_name(t, name), (uint32_t)(v->ref - 1),
                    (uint32_t)((v->ref - 1) >> 32));
    }
    }
}

bool cli_parse_count(const char *text, uint32_t *n) {
    uint64_t v;
    if (*text < '1' || *text > '9' || text[strspn(text, "0123456789")] || !parse_int(text, &v, 32)) return false;
    *n = (uint32_t)v;
    return true;
}

bool cli_parse_features(const char *text, Features *f) {
    const char *bad;
    if (features_parse(text, f, &bad)) return true;
    cli_fail(0, "no feature is called \"%.40s\"", bad);
    return false;
}

void cli_print_err(FILE *f, const char *path, const Err *e) {
    fprintf(f, "%s: %s: %s (at byte 0x%x", path, err_class_name(err_class(e->code)), e->text, e->at);
    if (e->func != ERR_NO_FUNC) fprintf(f, ", function %u", e->func);
    fputs(")\n", f);
}
