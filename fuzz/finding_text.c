#define _GNU_SOURCE
#include "fuzz/finding_text.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include "base/map.h"
#include "fuzz/gen/gen.h"
#include "wasm/print.h"

enum { MAX_SHOWN = 6000 }; /* bytes of a body that explain.md still shows as text */

void finding_wat(Text *t, const Finding *f) {
    if (f->c->module) module_print(t, f->c->module, PRINT_OFFSETS);
}

void features_print(Text *t, Features f) {
    Features base = FEATURES_WASM3;
    text_puts(t, "wasm3");
    for (uint32_t i = 0; i < FEAT_COUNT; i++)
        if ((f ^ base) >> i & 1) text_printf(t, ",%c%s", f >> i & 1 ? '+' : '-', feature_name((Feature)i));
}

void value_print(Text *t, ValType type, const Value *v) {
    char name[32];
    switch (type) {
    case VT_I32: text_printf(t, "i32:%" PRId32, (int32_t)v->i32); break;
    case VT_I64: text_printf(t, "i64:%" PRId64, (int64_t)v->i64); break;
    case VT_F32: text_printf(t, "f32:bits:0x%08" PRIx32, v->i32); break;
    case VT_F64: text_printf(t, "f64:bits:0x%016" PRIx64, v->i64); break;
    case VT_V128: text_printf(t, "v128:0x%016" PRIx64 "%016" PRIx64, v->u64x2[1], v->u64x2[0]); break;
    default:
        if (type == VT_EXTERNREF && v->ref)
            text_printf(t, "externref:%" PRIu64, v->ref - 1);
        else
            text_printf(t, "%s:null", vt_name(type, name));
    }
}

/* -- Settings --------------------------------------------------------------------------------- */

static void put_cpu(Text *t) {
    char line[400];
    FILE *f = fopen("/proc/cpuinfo", "r");
    while (f && fgets(line, sizeof line, f)) {
        if (strncmp(line, "model name", 10) != 0) continue;
        const char *colon = strchr(line, ':');
        if (colon) text_printf(t, "cpu %.*s\n", (int)strcspn(colon + 2, "\n"), colon + 2);
        break;
    }
    if (f) fclose(f);
}

/* First line of `emulator --version`. */
static void put_emulator(Text *t, const LegSpec *leg, uint32_t n) {
    char emulator[256], binary[256], why[200], command[300], line[200];
    for (uint32_t i = 0; i < n; i++) {
        if (leg[i].kind == LEG_INTERP || !worker_command(leg_kind_name(leg[i].kind), emulator, binary, why, sizeof why))
            continue;
        if (!emulator[0] || strchr(emulator, '\'')) continue;
        snprintf(command, sizeof command, "'%s' --version", emulator);
        FILE *f = popen(command, "r");
        if (f && fgets(line, sizeof line, f)) text_printf(t, "emulator %.*s\n", (int)strcspn(line, "\n"), line);
        if (f) pclose(f);
        return;
    }
}

/* Which build this is: the digest of the running program. */
static void put_program(Text *t) {
    static const char compiler[] =
#if defined(__clang__)
        __VERSION__;
#else
        "gcc " __VERSION__;
#endif
    uint64_t hash = 0;
    char block[4096];
    FILE *f = fopen("/proc/self/exe", "rb");
    for (size_t n; f && (n = fread(block, 1, sizeof block, f)) > 0;) hash = hash_bytes(block, n, hash);
    if (f) fclose(f);
    text_printf(t, "program %016" PRIx64 "\ncompiler %s\n", hash, compiler);
}

void finding_settings(Text *t, const Finding *f) {
    char name[BUCKET_NAME], when[40];
    struct utsname u;
    time_t now = time(NULL);
    struct tm tm;
    bucket_name(&f->bucket, name);
    text_printf(t, "bucket %s\n", name);
    if (f->c->module && f->bucket.pass[0]) { /* explained: the verdict alone says something else */
        Bucket verdict = bucket_of(f->leg, f->c);
        bucket_name(&verdict, name);
        text_printf(t, "verdict %s\n", name);
    }
    text_printf(t, "origin %s\nlegs ", f->origin);
    for (uint32_t i = 0; i < f->nlegs; i++) text_printf(t, "%s%s", i ? "," : "", f->leg[i].text);
    text_puts(t, "\nfeatures ");
    features_print(t, f->features);
    if (f->seeded) text_printf(t, "\nseed %" PRIu64, f->seed);
    text_printf(t, "\ngenerator %d\nparallax 0.1\n", GEN_VERSION);
    put_program(t);
    if (uname(&u) == 0) text_printf(t, "system %s %s %s\n", u.sysname, u.release, u.machine);
    put_cpu(t);
    put_emulator(t, f->leg, f->nlegs);
    if (gmtime_r(&now, &tm) && strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &tm))
        text_printf(t, "found %s\n", when);
}

/* -- Verdict --------------------------------------------------------------------------------------- */

static void put_json(Text *t, const char *s, size_t n) {
    text_putc(t, '"');
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c == '"' || c == '\\')
            text_printf(t, "\\%c", c);
        else if (c < 0x20)
            text_printf(t, "\\u%04x", c);
        else
            text_putc(t, (char)c);
    }
    text_putc(t, '"');
}
static void put_key(Text *t, const char *key) { text_printf(t, ",\n  \"%s\": ", key); }
static void put_pair(Text *t, const char *key, const char *value) {
    put_key(t, key);
    put_json(t, value, strlen(value));
}

/* The field that the verdict is about; NULL: nothing was seen. */
static const Field *field_at(const Difference *d) { return d->has_b ? &d->b : d->has_a ? &d->a : NULL; }

static const PlanStep *step_at(const Case *c, const Field *f) {
    return f && c->module && f->step < c->plan.step.n ? &c->plan.step.at[f->step] : NULL;
}

static const Export *export_of(const Case *c, const PlanStep *s) {
    return s ? module_find_export(c->module, s->name.at, s->name.n) : NULL;
}

static void put_legs(Text *t, const Finding *f, uint32_t set) {
    text_putc(t, '[');
    for (uint32_t i = 0, n = 0; i < f->nlegs; i++) {
        if (!(set >> i & 1)) continue;
        if (n++) text_puts(t, ", ");
        put_json(t, f->leg[i].text, strlen(f->leg[i].text));
    }
    text_putc(t, ']');
}

static void put_arguments(Text *t, const Case *c, const PlanStep *s, const char *quote) {
    const Export *e = export_of(c, s);
    const FuncType *type = e ? module_func_type(c->module, e->index) : NULL;
    for (uint32_t i = 0; type && i < s->nargs && i < type->nparam; i++) {
        text_printf(t, "%s%s", i ? ", " : "", quote);
        value_print(t, type->param[i], &s->args[i]);
        text_puts(t, quote);
    }
}

static void put_where(Text *t, const Finding *f, const Field *at) {
    const PlanStep *s = step_at(f->c, at);
    put_key(t, "step");
    if (at->step == STEP_MODULE)
        text_puts(t, "\"module\"");
    else if (at->step == STEP_INSTANTIATE)
        text_puts(t, "\"instantiate\"");
    else if (at->step == STEP_STATE)
        text_puts(t, "\"state\"");
    else
        text_printf(t, "%u", at->step);
    if (s) {
        put_key(t, "export");
        put_json(t, s->name.at, s->name.n);
        put_key(t, "arguments");
        text_putc(t, '[');
        put_arguments(t, f->c, s, "\"");
        text_putc(t, ']');
    }
    put_key(t, "index");
    text_printf(t, "[%u, %u]", at->index, at->sub);
}

static void put_side(Text *t, const char *key, bool has, const Field *f) {
    put_key(t, key);
    if (!has)
        text_puts(t, "null");
    else
        text_printf(t, "{\"field\": \"%s\", \"bits\": [\"0x%" PRIx64 "\", \"0x%" PRIx64 "\"]}",
                    field_name((FieldKind)f->kind), f->v[0], f->v[1]);
}

static void put_leg_list(Text *t, const Finding *f) {
    put_key(t, "legs");
    text_putc(t, '[');
    for (uint32_t i = 0; i < f->nlegs; i++) {
        const Observation *o = &f->c->obs[i];
        text_printf(t, "%s\n    {\"leg\": \"%s\", \"deviates\": %s, \"crashed\": %s, \"lacks\": %s, \"why\": ",
                    i ? "," : "", f->leg[i].text, f->c->verdict.deviates >> i & 1 ? "true" : "false",
                    o->crashed ? "true" : "false", o->resource ? "true" : "false");
        put_json(t, o->why, strlen(o->why));
        text_putc(t, '}');
    }
    text_puts(t, "]");
}

void finding_verdict(Text *t, const Finding *f) {
    static const char *const explained[] = {
#define Y(id, text) text,
        FINDING_EXPLAINED_LIST(Y)
#undef Y
    };
    const Verdict *v = &f->c->verdict;
    const Field *at = field_at(&v->diff);
    char name[BUCKET_NAME];
    Text said;
    text_init(&said, t->arena);
    difference_print(&said, &v->diff);
    bucket_name(&f->bucket, name);
    text_printf(t, "{\n  \"bucket\": \"%s\"", name);
    put_pair(t, "verdict", f->nlegs ? verdict_name(v->kind) : "harness");
    put_pair(t, "explained", explained[f->explained]);
    put_key(t, "repeats");
    text_puts(t, f->once ? "false" : "true");
    put_key(t, "deviates");
    put_legs(t, f, v->deviates);
    put_key(t, "majority");
    text_puts(t, v->majority ? "true" : "false");
    if (f->c->module) put_pair(t, "field", field_name(v->field));
    put_pair(t, "text", said.at);
    if (at) put_where(t, f, at);
    if (at) put_side(t, "expected", v->diff.has_a, &v->diff.a), put_side(t, "got", v->diff.has_b, &v->diff.b);
    put_key(t, "module_bytes");
    text_printf(t, "%u", f->c->size);
    put_key(t, "steps");
    text_printf(t, "%u", f->c->plan.step.n);
    if (v->nans || v->open) {
        Text nans;
        text_init(&nans, t->arena);
        verdict_nans_print(&nans, v);
        put_pair(t, "nans", nans.at);
    }
    if (f->c->module) put_leg_list(t, f);
    text_puts(t, "\n}\n");
}

/* -- In words ------------------------------------------------------------------------------------------ */

static void put_table(Text *t, const Finding *f) {
    text_puts(t, "| leg | |\n|---|---|\n");
    for (uint32_t i = 0; i < f->nlegs; i++) {
        const Observation *o = &f->c->obs[i];
        const char *what = o->resource ? "could not run it" : f->c->verdict.deviates >> i & 1 ? "deviates" : "agrees";
        text_printf(t, "| `%s` | %s%s%s |\n", f->leg[i].text, what, o->why[0] ? ": " : "", o->why);
    }
}

/* Function and byte offset that the deviating leg's trap names; else the function that the step calls. */
static uint32_t function_of(const Finding *f, const Field *at, uint32_t *mark) {
    const Export *e = export_of(f->c, step_at(f->c, at));
    *mark = NO_INDEX;
    if (at && at->kind == FIELD_SITE && (uint32_t)at->v[0] < f->c->module->funcs.n) {
        *mark = (uint32_t)at->v[1];
        return (uint32_t)at->v[0];
    }
    return e ? e->index : NO_INDEX;
}

static void put_function(Text *t, const Finding *f, const Field *at) {
    uint32_t mark, func = function_of(f, at, &mark);
    const Module *m = f->c->module;
    if (func == NO_INDEX || m->funcs.at[func].body == NO_INDEX) return;
    const Body *b = &m->bodies.at[m->funcs.at[func].body];
    text_printf(t, "\nFunction %u, which %s", func, mark == NO_INDEX ? "the step calls" : "traps there");
    if (b->end - b->at > MAX_SHOWN) {
        text_printf(t, ", has %u bytes: see case.wat.\n", b->end - b->at);
        return;
    }
    text_puts(t, ":\n\n```wat\n");
    module_print_func(t, m, func, mark);
    text_puts(t, "\n```\n");
}

void finding_explain(Text *t, const Finding *f, const char *id) {
    const Verdict *v = &f->c->verdict;
    const Field *at = field_at(&v->diff);
    const PlanStep *s = step_at(f->c, at);
    char name[BUCKET_NAME];
    bucket_name(&f->bucket, name);
    text_printf(t, "# %s (%s)\n\n", name, id);
    if (!f->c->module) {
        text_puts(t,
                  "The harness went down outside of any leg, or did not take what its generator made. `input` has the "
                  "bytes.\n");
    } else {
        text_puts(t, v->majority ? "By a majority of legs: " : "The legs differ, and none has a majority: ");
        difference_print(t, &v->diff);
        text_puts(t, ".\n\n");
        if (v->nans || v->open) {
            verdict_nans_print(t, v);
            text_puts(t, ".\n\n");
        }
        put_table(t, f);
        if (f->once)
            text_puts(t, "\nRun again, the case did not differ: what this says is what was seen the first time.\n");
    }
    if (s) {
        text_printf(t, "\nStep %u calls `%.*s(", at->step, (int)s->name.n, s->name.at);
        put_arguments(t, f->c, s, "");
        text_puts(t, ")`.\n");
    }
    if (f->c->module) put_function(t, f, at);
    text_puts(t,
              "\nAgain: `./repro.sh`, or `parallax replay` and this folder. Settings and versions are in `settings`, "
              "the module as text in `case.wat`.\n");
    if (f->seeded) text_printf(t, "The case is the generator's for seed %" PRIu64 ".\n", f->seed);
}
