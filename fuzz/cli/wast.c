#define _GNU_SOURCE
#include "fuzz/cli/wast.h"
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "fuzz/cli/cli.h"
#include "wasm/validate.h"

typedef struct WastModule {
    const char *name; /* or NULL */
    LegModule lm;
} WastModule;

typedef struct WastInstance {
    const char *name;
    int32_t inst;
} WastInstance;

typedef struct Script {
    Leg *leg;
    const WastOptions *o;
    WastCounts *counts;
    Arena arena;
    const char *path;
    char id[256]; /* GROUP/NAME, for the table of skips */
    char dir[4096];
    uint32_t line;
    VEC(WastModule) modules;
    VEC(WastInstance) instances;
    int32_t current;      /* instance, -1: none */
    const char *skipping; /* reason, until the next module */
    bool broken;          /* the current module failed: what follows fails without being run */
    char why[300];        /* of the command at hand */
} Script;

static const StoreLimits wast_limits = {.fuel = INT64_C(4000000000),
                                        .depth = 1 << 20,
                                        .max_pages = 65536,
                                        .max_elems = 10000000,
                                        .synthesize = false,
                                        .spectest = true};

/* -- JSON ----------------------------------------------------------------------- */

/* cJSON ends strings at U+0000, and two export names hold it: it is carried through as this text. */
#define NUL_MARK "\xEE\x84\xA3\xEE\x84\xA4\xEE\x84\xA3"
#define NUL_MARK_JSON "\\uE123\\uE124\\uE123"

static char *mark_nuls(Arena *a, const char *text, size_t n) {
    Text t;
    text_init(&t, a);
    const char *end = text + n;
    for (const char *p = text; p < end;) {
        const char *hit = memmem(p, (size_t)(end - p), "\\u0000", 6);
        /* an escaped backslash before it would make it plain text; the suite has none */
        text_putn(&t, p, (size_t)((hit ? hit : end) - p));
        if (hit) text_puts(&t, NUL_MARK_JSON);
        p = hit ? hit + 6 : end;
    }
    return t.at;
}

static Name name_of(Arena *a, const char *s) {
    Text t;
    text_init(&t, a);
    while (*s) {
        if (strncmp(s, NUL_MARK, sizeof NUL_MARK - 1) == 0) {
            text_putc(&t, 0);
            s += sizeof NUL_MARK - 1;
        } else {
            text_putc(&t, *s++);
        }
    }
    return (Name){t.at, t.n};
}

static const char *str(const cJSON *o, const char *key) {
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, key);
    return cJSON_IsString(v) ? v->valuestring : NULL;
}

/* The text that a command expects; empty, which fits anything, where it says none. */
static const char *expected_text(const cJSON *cmd) {
    const char *s = str(cmd, "text");
    return s ? s : "";
}

/* -- Values ------------------------------------------------------------------------ */

static ValType type_named(const char *t) {
    if (!strcmp(t, "i32")) return VT_I32;
    if (!strcmp(t, "i64")) return VT_I64;
    if (!strcmp(t, "f32")) return VT_F32;
    if (!strcmp(t, "f64")) return VT_F64;
    if (!strcmp(t, "v128")) return VT_V128;
    if (!strcmp(t, "funcref")) return VT_FUNCREF;
    if (!strcmp(t, "externref")) return VT_EXTERNREF;
    return VT_BOTTOM;
}

static uint32_t lane_bytes(const char *lane) {
    if (!strcmp(lane, "i8")) return 1;
    if (!strcmp(lane, "i16")) return 2;
    return !strcmp(lane, "i32") || !strcmp(lane, "f32") ? 4 : 8;
}

static bool read_value(const cJSON *j, Value *v, ValType *type) {
    *v = (Value){.u64x2 = {0, 0}};
    const char *t = str(j, "type"), *s = str(j, "value");
    if (!t) return false;
    *type = type_named(t);
    if (*type == VT_V128) {
        const char *lane = str(j, "lane_type");
        const cJSON *list = cJSON_GetObjectItemCaseSensitive(j, "value"), *e;
        uint32_t i = 0;
        if (!lane) return false;
        cJSON_ArrayForEach(e, list) {
            if (!cJSON_IsString(e) || lane_bytes(lane) * (i + 1) > sizeof v->bytes) return false;
            uint64_t x = strtoull(e->valuestring, NULL, 10);
            memcpy(v->bytes + lane_bytes(lane) * i++, &x, lane_bytes(lane));
        }
        return true;
    }
    if (!s) return *type != VT_BOTTOM;
    if (strcmp(s, "null") == 0) return true;
    uint64_t x = strtoull(s, NULL, 10);
    if (*type == VT_EXTERNREF)
        v->ref = x + 1;
    else if (*type == VT_I32 || *type == VT_F32)
        v->i32 = (uint32_t)x;
    else
        v->i64 = x;
    return *type != VT_BOTTOM;
}

static bool nan_matches(const char *want, uint64_t have, int bits) {
    uint64_t quiet = bits == 32 ? 0x400000 : UINT64_C(1) << 51;
    uint64_t exponent = bits == 32 ? 0x7f800000 : UINT64_C(0x7ff) << 52;
    uint64_t magnitude = have & (bits == 32 ? UINT64_C(0x7fffffff) : UINT64_MAX >> 1);
    if (strcmp(want, "nan:canonical") == 0) return magnitude == (exponent | quiet);
    return (magnitude & exponent) == exponent && (magnitude & quiet);
}

static bool lane_matches(const char *want, const uint8_t *have, uint32_t bytes) {
    uint64_t x = 0;
    memcpy(&x, have, bytes);
    if (strncmp(want, "nan:", 4) == 0) return nan_matches(want, x, (int)bytes * 8);
    return x == strtoull(want, NULL, 10);
}

/* `type` is what the leg returned, references as observe_ref makes them. */
static bool value_matches(const cJSON *want, ValType type, const Value *have) {
    const char *t = str(want, "type"), *s = str(want, "value");
    if (!t) return false;
    if (!strcmp(t, "either")) {
        const cJSON *e;
        cJSON_ArrayForEach(
            e, cJSON_GetObjectItemCaseSensitive(want, "values")) if (value_matches(e, type, have)) return true;
        return false;
    }
    if (!strcmp(t, "v128")) {
        const char *lane = str(want, "lane_type");
        const cJSON *e;
        uint32_t i = 0;
        if (type != VT_V128 || !lane) return false;
        cJSON_ArrayForEach(e, cJSON_GetObjectItemCaseSensitive(want, "value")) {
            if (!cJSON_IsString(e) || i + lane_bytes(lane) > sizeof have->bytes) return false;
            if (!lane_matches(e->valuestring, have->bytes + i, lane_bytes(lane))) return false;
            i += lane_bytes(lane);
        }
        return true;
    }
    ValType vt = type_named(t);
    if (vt_is_num(vt)) return type == vt && s && lane_matches(s, have->bytes, vt_bytes(vt));
    if (!vt_is_ref(type)) return false;
    if (!s) return have->ref != 0;
    if (!strcmp(s, "null")) return have->ref == 0;
    return have->ref == strtoull(s, NULL, 10) + 1;
}

/* -- Reports ------------------------------------------------------------------------- */

static bool fail(Script *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool fail(Script *s, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(s->why, sizeof s->why, fmt, ap);
    va_end(ap);
    return false;
}

static const char *step_text(const StepResult *r) {
    static const char *const name[] = {"returned", "trapped", "did not link", "crashed", "hung", "lacks a resource"};
    return r->kind == OUT_TRAP ? trap_text(r->trap) : r->err.text[0] ? r->err.text : name[r->kind];
}

static bool text_fits(const char *want, const char *have) {
    size_t n = strlen(want), k = strlen(have);
    return strncmp(want, have, n < k ? n : k) == 0;
}

/* -- Modules --------------------------------------------------------------------------- */

static bool load_file(Script *s, const cJSON *cmd, File *f) {
    char path[4400];
    const char *name = str(cmd, "filename");
    if (!name) return fail(s, "no filename");
    snprintf(path, sizeof path, "%s/%s", s->dir, name);
    return cli_read(&s->arena, path, f) || fail(s, "cannot read %s", name);
}

/* Decode, validate and load; false with *err (a rejection) or *r (the leg could not). */
static bool load(Script *s, const File *f, LegModule *lm, Err *err, StepResult *r) {
    err_clear(err);
    *r = (StepResult){.kind = OUT_RETURN};
    Module *m;
    if (s->leg->remote) {
        m = ARENA_NEW(&s->arena, Module); /* the other process decodes: all it needs are the bytes */
        m->bytes = f->bytes;
        m->size = f->size;
        m->features = s->o->features;
    } else {
        m = module_decode(&s->arena, f->bytes, f->size, s->o->features, err);
        if (!m || !module_validate(m, err)) return false;
    }
    if (leg_load(s->leg, &s->arena, m, lm, r)) return true;
    if (r->err.code != ERR_NONE && err_class(r->err.code) != CLASS_LIMIT) *err = r->err;
    return false;
}

static const char *rejection(const Err *err, const StepResult *r) {
    return err->code != ERR_NONE ? err->text : step_text(r);
}

static bool cmd_module(Script *s, const cJSON *cmd, bool instantiate) {
    File f;
    Err err;
    StepResult r;
    WastModule m = {.name = str(cmd, "name")};
    if (instantiate) s->current = -1;
    if (!load_file(s, cmd, &f)) return false;
    if (!load(s, &f, &m.lm, &err, &r)) return fail(s, "module rejected: %s at byte 0x%x", rejection(&err, &r), err.at);
    vec_push(&s->arena, &s->modules, m);
    if (!instantiate) return true;
    int32_t inst = leg_instantiate(s->leg, &m.lm, &r);
    if (r.kind != OUT_RETURN) return fail(s, "instantiation: %s", step_text(&r));
    s->current = inst;
    vec_push(&s->arena, &s->instances, ((WastInstance){m.name, inst}));
    return true;
}

static bool cmd_module_instance(Script *s, const cJSON *cmd) {
    const char *name = str(cmd, "module");
    s->current = -1;
    for (uint32_t i = s->modules.n; i-- > 0;) {
        const WastModule *m = &s->modules.at[i];
        if (name && (!m->name || strcmp(m->name, name) != 0)) continue;
        StepResult r;
        int32_t inst = leg_instantiate(s->leg, &m->lm, &r);
        if (r.kind != OUT_RETURN) return fail(s, "instantiation: %s", step_text(&r));
        s->current = inst;
        vec_push(&s->arena, &s->instances, ((WastInstance){str(cmd, "instance"), inst}));
        return true;
    }
    return fail(s, "no module to instantiate");
}

static bool cmd_rejected(Script *s, const cJSON *cmd, ErrClass class) {
    File f;
    Err err;
    StepResult r;
    LegModule lm;
    if (!load_file(s, cmd, &f)) return false;
    if (load(s, &f, &lm, &err, &r)) return fail(s, "accepted, but: %s", expected_text(cmd));
    if (err.code == ERR_NONE) return fail(s, "%s", step_text(&r));
    if (err_class(err.code) == class) return true;
    s->counts->class_differs++;
    if (s->o->strict)
        return fail(s, "%s (%s) instead of: %s", err_class_name(err_class(err.code)), err.text, expected_text(cmd));
    return true;
}

static bool cmd_not_instantiated(Script *s, const cJSON *cmd, OutcomeKind want) {
    File f;
    Err err;
    StepResult r;
    LegModule lm;
    if (!load_file(s, cmd, &f)) return false;
    if (!load(s, &f, &lm, &err, &r)) return fail(s, "module rejected: %s", rejection(&err, &r));
    leg_instantiate(s->leg, &lm, &r);
    const char *text = expected_text(cmd);
    if (r.kind != want || !text_fits(text, step_text(&r))) return fail(s, "%s, want: %s", step_text(&r), text);
    return true;
}

/* -- Actions ------------------------------------------------------------------------------ */

static int32_t find_instance(const Script *s, const char *name) {
    if (!name) return s->current;
    for (uint32_t i = s->instances.n; i-- > 0;)
        if (s->instances.at[i].name && strcmp(s->instances.at[i].name, name) == 0) return s->instances.at[i].inst;
    return -1;
}

static bool act(Script *s, const cJSON *cmd, StepResult *r) {
    const cJSON *a = cJSON_GetObjectItemCaseSensitive(cmd, "action"), *arg;
    const char *type = str(a, "type"), *field = str(a, "field");
    int32_t inst = find_instance(s, str(a, "module"));
    if (!type || !field) return fail(s, "bad action");
    if (inst < 0) return fail(s, "no instance");
    Name name = name_of(&s->arena, field);
    if (strcmp(type, "get") == 0) {
        *r = (StepResult){.kind = OUT_RETURN, .nresult = 1};
        return leg_global(s->leg, inst, name, &r->result[0], &r->type[0]) || fail(s, "no global \"%s\"", field);
    }
    VEC(Value) args = {0};
    cJSON_ArrayForEach(arg, cJSON_GetObjectItemCaseSensitive(a, "args")) {
        Value v;
        ValType t;
        if (!read_value(arg, &v, &t)) return fail(s, "argument of a type that is not implemented");
        vec_push(&s->arena, &args, v);
    }
    return leg_invoke(s->leg, inst, name, args.at, args.n, r) ||
           fail(s, "no function \"%s\" that takes %u arguments", field, args.n);
}

static bool cmd_assert_return(Script *s, const cJSON *cmd) {
    StepResult r;
    if (!act(s, cmd, &r)) return false;
    if (r.kind != OUT_RETURN) return fail(s, "%s", step_text(&r));
    const cJSON *expected = cJSON_GetObjectItemCaseSensitive(cmd, "expected"), *e;
    uint32_t n = (uint32_t)cJSON_GetArraySize(expected), i = 0;
    if (n != r.nresult) return fail(s, "%u results, want %u", r.nresult, n);
    cJSON_ArrayForEach(e, expected) {
        if (i >= 16) return fail(s, "more than 16 results");
        if (!value_matches(e, r.type[i], &r.result[i])) {
            const char *want = str(e, "value");
            return fail(s, "result %u is 0x%" PRIx64 ":0x%" PRIx64 ", want %s %s", i, r.result[i].u64x2[1],
                        r.result[i].u64x2[0], str(e, "type"), want ? want : "");
        }
        i++;
    }
    return true;
}

static bool cmd_assert_trap(Script *s, const cJSON *cmd) {
    StepResult r;
    if (!act(s, cmd, &r)) return false;
    const char *text = expected_text(cmd);
    if (r.kind != OUT_TRAP || !text_fits(text, trap_text(r.trap))) return fail(s, "%s, want: %s", step_text(&r), text);
    return true;
}

static bool cmd_action(Script *s, const cJSON *cmd) {
    StepResult r;
    return act(s, cmd, &r) && (r.kind == OUT_RETURN || fail(s, "%s", step_text(&r)));
}

static bool cmd_register(Script *s, const cJSON *cmd) {
    int32_t inst = find_instance(s, str(cmd, "name"));
    const char *as = str(cmd, "as");
    if (inst < 0 || !as) return fail(s, inst < 0 ? "no instance" : "no name to register");
    return leg_register(s->leg, name_of(&s->arena, as), inst) || fail(s, "out of memory");
}

/* -- The script ----------------------------------------------------------------------------- */

static bool sets_instance(const char *type) { return !strcmp(type, "module") || !strcmp(type, "module_instance"); }

static bool has_module(const char *type) {
    return !strncmp(type, "module", 6) || strstr(type, "invalid") || strstr(type, "malformed") ||
           strstr(type, "unlinkable") || strstr(type, "uninstantiable");
}

static bool run_command(Script *s, const char *type, const cJSON *cmd) {
    if (!strcmp(type, "module")) return cmd_module(s, cmd, true);
    if (!strcmp(type, "module_definition")) return cmd_module(s, cmd, false);
    if (!strcmp(type, "module_instance")) return cmd_module_instance(s, cmd);
    if (!strcmp(type, "register")) return cmd_register(s, cmd);
    if (!strcmp(type, "action")) return cmd_action(s, cmd);
    if (!strcmp(type, "assert_return")) return cmd_assert_return(s, cmd);
    if (!strcmp(type, "assert_trap") || !strcmp(type, "assert_exhaustion")) return cmd_assert_trap(s, cmd);
    if (!strcmp(type, "assert_invalid")) return cmd_rejected(s, cmd, CLASS_INVALID);
    if (!strcmp(type, "assert_malformed")) return cmd_rejected(s, cmd, CLASS_MALFORMED);
    if (!strcmp(type, "assert_unlinkable")) return cmd_not_instantiated(s, cmd, OUT_UNLINKABLE);
    if (!strcmp(type, "assert_uninstantiable")) return cmd_not_instantiated(s, cmd, OUT_TRAP);
    return fail(s, "command %s is not implemented", type);
}

static const char *find_skip(Script *s, uint32_t line) {
    for (uint32_t i = 0; s->o->skips && i < s->o->skips->row.n; i++) {
        WastSkip *k = &s->o->skips->row.at[i];
        if (strcmp(k->script, s->id) == 0 && (k->line == line || k->line == 0)) {
            k->used = true;
            return k->reason;
        }
    }
    return NULL;
}

static void one_command(Script *s, const cJSON *cmd) {
    const char *type = str(cmd, "type");
    const cJSON *line = cJSON_GetObjectItemCaseSensitive(cmd, "line");
    s->line = cJSON_IsNumber(line) ? (uint32_t)line->valuedouble : 0;
    if (!type) type = "(none)";
    const char *reason = NULL;
    if (sets_instance(type)) {
        s->skipping = find_skip(s, s->line);
        s->broken = false;
    } else if (has_module(type)) {
        reason = find_skip(s, s->line);
    }
    if (!reason && (sets_instance(type) || !has_module(type))) reason = s->skipping;
    if (reason) {
        s->counts->skipped++;
        if (sets_instance(type)) s->current = -1;
        if (s->o->verbose && has_module(type)) printf("%s:%u: skipped: %s\n", s->path, s->line, reason);
        return;
    }
    bool ok = !(s->broken && !has_module(type)) ? run_command(s, type, cmd) : fail(s, "its module failed");
    if (ok) {
        s->counts->passed++;
        return;
    }
    if (sets_instance(type)) s->broken = true;
    s->counts->failed++;
    printf("%s:%u: %s: %s\n", s->path, s->line, type, s->why);
}

static void set_names(Script *s) {
    snprintf(s->dir, sizeof s->dir, "%s", s->path);
    char *slash = strrchr(s->dir, '/');
    if (slash)
        *slash = 0;
    else
        snprintf(s->dir, sizeof s->dir, ".");
    /* .../GROUP/NAME/NAME.json */
    const char *name = strrchr(s->dir, '/');
    const char *group = name ? memrchr(s->dir, '/', (size_t)(name - s->dir)) : NULL;
    snprintf(s->id, sizeof s->id, "%.255s", group ? group + 1 : s->dir);
}

bool wast_run(Leg *leg, const char *path, const WastOptions *o, WastCounts *counts) {
    Script s = {.leg = leg, .o = o, .counts = counts, .path = path, .current = -1};
    File f;
    arena_init(&s.arena, NULL);
    set_names(&s);
    bool ok = cli_read(&s.arena, path, &f);
    cJSON *json = NULL;
    if (ok) {
        json = cJSON_Parse(mark_nuls(&s.arena, (const char *)f.bytes, f.size));
        const cJSON *commands = cJSON_GetObjectItemCaseSensitive(json, "commands"), *cmd;
        ok = cJSON_IsArray(commands);
        if (!ok)
            cli_fail(0, "%s: not a script in JSON form", path);
        else if (!leg_reset(leg, &wast_limits))
            ok = false, cli_fail(0, "%s: the leg does not start", path);
        else
            cJSON_ArrayForEach(cmd, commands) one_command(&s, cmd);
    }
    cJSON_Delete(json);
    arena_free(&s.arena);
    return ok;
}

/* -- The table of skips ------------------------------------------------------------------------ */

bool wast_read_skips(Arena *a, const char *path, WastSkips *out) {
    File f;
    *out = (WastSkips){0};
    FILE *in = fopen(path, "rb");
    if (!in) return true;
    fclose(in);
    if (!cli_read(a, path, &f)) return false;
    char *text = arena_dup(a, f.bytes, f.size), *save;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        if (*line == '#') continue;
        char *tab = strchr(line, '\t'), *tab2 = tab ? strchr(tab + 1, '\t') : NULL;
        if (!tab2) {
            cli_fail(0, "%s: a row is not SCRIPT, LINE, REASON with tabs between: %s", path, line);
            return false;
        }
        *tab = *tab2 = 0;
        vec_push(a, &out->row, ((WastSkip){line, (uint32_t)strtoul(tab + 1, NULL, 10), tab2 + 1, false}));
    }
    return true;
}
