#include "oracles/legs/spec.h"
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "oracles/legs/plant.h"
#include "x64/target.h"

typedef struct Knob {
    const char *name, *what;
    size_t field;
    uint32_t first; /* of its values, which end where the next knob's begin */
    KnobHalf half;
    uint32_t opcodes; /* set of KNOB_OPS_ */
} Knob;
typedef struct KnobValue {
    const char *knob, *text; /* text NULL: any number */
    uint32_t value;
} KnobValue;

/* Where each knob's values begin: rows of the table are named by their lines. */
#define ROW_AT(line) ROW_##line
#define ROW(line) ROW_AT(line)
enum {
#define KNOB(name, field, half, opcodes, what) FIRST_##field, BEFORE_##field = FIRST_##field - 1,
#define VALUE(knob, text, value) ROW(__LINE__),
#define NUMBER(knob) ROW(__LINE__),
#include "oracles/legs/knob.def"
#undef KNOB
#undef VALUE
#undef NUMBER
    NVALUE
};

static const Knob knob[] = {
#define KNOB(name, field, half, opcodes, what) \
    {#name, what, offsetof(LegSpec, field), FIRST_##field, KNOB_##half, KNOB_OPS_##opcodes},
#define VALUE(knob, text, value)
#define NUMBER(knob)
#include "oracles/legs/knob.def"
#undef KNOB
#undef VALUE
#undef NUMBER
};
static const KnobValue knob_value[] = {
#define KNOB(name, field, half, opcodes, what)
#define VALUE(knob, text, value) {#knob, text, value},
#define NUMBER(knob) {#knob, NULL, 0},
#include "oracles/legs/knob.def"
#undef KNOB
#undef VALUE
#undef NUMBER
};
enum { NKNOB = sizeof knob / sizeof *knob };
_Static_assert(NVALUE == sizeof knob_value / sizeof *knob_value, "the rows and their names");

static const char *const kind_name[LEG_KINDS] = {"interp", "x64", "a64"};
const char *leg_kind_name(LegKind k) { return kind_name[k]; }

bool leg_counts_fuel(const LegSpec *s) { return s->kind == LEG_INTERP || s->interp || s->interrupt == INTERRUPT_FUEL; }

bool leg_nan_is_native(const LegSpec *s) { return s->kind != LEG_INTERP && !s->interp && s->nan == NAN_NATIVE; }

static bool is(const char *at, size_t n, const char *text) { return n == strlen(text) && memcmp(at, text, n) == 0; }

static uint32_t get(const LegSpec *s, const Knob *k) {
    return *(const uint32_t *)(const void *)((const char *)s + k->field);
}
static void set(LegSpec *s, const Knob *k, uint32_t v) { *(uint32_t *)(void *)((char *)s + k->field) = v; }

static void set_defaults(LegSpec *s) {
    for (int i = 0; i < NKNOB; i++) set(s, &knob[i], knob_value[knob[i].first].value);
}

static uint32_t end_of_values(uint32_t i) { return i + 1 < NKNOB ? knob[i + 1].first : NVALUE; }

/* A decimal number below LEG_NO_LIMIT. */
static bool parse_number(const char *at, size_t n, uint32_t *value) {
    uint64_t v = 0;
    if (n == 0 || n > 10) return false;
    for (size_t i = 0; i < n; i++) {
        if (at[i] < '0' || at[i] > '9') return false;
        v = v * 10 + (uint32_t)(at[i] - '0');
    }
    *value = (uint32_t)v;
    return v < LEG_NO_LIMIT;
}

static bool parse_value(const KnobValue *v, const char *at, size_t n, uint32_t *value) {
    *value = v->value;
    return v->text ? is(at, n, v->text) : parse_number(at, n, value);
}

static const KnobValue *find_value(uint32_t of, const char *at, size_t n, uint32_t *value) {
    for (uint32_t v = knob[of].first; v < end_of_values(of); v++)
        if (parse_value(&knob_value[v], at, n, value)) return &knob_value[v];
    return NULL;
}

/* One value, or sets of the knob's joined by +. */
static bool parse_values(uint32_t of, const char *at, size_t n, uint32_t *value) {
    const char *end = at + n, *plus = memchr(at, '+', n);
    if (!plus) return find_value(of, at, n, value) != NULL;
    *value = 0;
    for (;; at = plus + 1) {
        uint32_t part;
        const KnobValue *v;
        plus = memchr(at, '+', (size_t)(end - at));
        v = find_value(of, at, (size_t)((plus ? plus : end) - at), &part);
        if (!v || !v->text || !(part & VALUE_JOINS)) return false;
        *value |= part;
        if (!plus) return true;
    }
}

/* The one that is written without "=". */
static bool is_level(uint32_t i) { return knob[i].field == offsetof(LegSpec, level); }

/* "O1" or "name=value" */
static bool parse_option(LegSpec *s, const char *at, size_t n) {
    static const char plant[] = "plant=";
    static const char set_of[] = "interp=";
    size_t nset = strlen(set_of);
    if (s->full && is(at, n, "interp")) return s->interp = true;
    if (n >= sizeof plant && memcmp(at, plant, sizeof plant - 1) == 0)
        return (s->plant = plant_find(s->kind, at + sizeof plant - 1, n - sizeof plant + 1)) != 0;
    if (n > nset && memcmp(at, set_of, nset) == 0)
        return func_set_parse(&s->interpret, at + nset, (uint32_t)(n - nset));
    for (uint32_t i = 0; i < NKNOB; i++) {
        size_t len = strlen(knob[i].name);
        if (n < len || memcmp(at, knob[i].name, len) != 0) continue;
        const char *value = at + len;
        if (!is_level(i)) {
            if (n == len || *value != '=') continue;
            value++;
        }
        uint32_t number;
        if (!parse_values(i, value, (size_t)(at + n - value), &number)) continue;
        set(s, &knob[i], number);
        return true;
    }
    return false;
}

bool leg_spec_parse(LegSpec *s, const char *text, size_t n, char *why, size_t why_size) {
    *s = (LegSpec){.kind = LEG_KINDS};
    set_defaults(s);
    snprintf(s->text, sizeof s->text, "%.*s", (int)n, text);
    const char *end = text + n, *colon = memchr(text, ':', n);
    size_t name = (size_t)((colon ? colon : end) - text);
    if (name > 5 && memcmp(text + name - 5, "!full", 5) == 0) {
        s->full = true;
        name -= 5;
    }
    for (int k = 0; k < LEG_KINDS; k++)
        if (is(text, name, kind_name[k])) s->kind = (LegKind)k;
    if (s->kind == LEG_KINDS || (s->full && s->kind == LEG_INTERP) || n >= sizeof s->text) {
        snprintf(why, why_size, "no leg is called \"%.*s\" (legs: interp, x64, a64, a64!full)", (int)n, text);
        return false;
    }
    for (const char *at = colon ? colon + 1 : end; at < end;) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        const char *stop = comma ? comma : end;
        if (!parse_option(s, at, (size_t)(stop - at))) {
            snprintf(why, why_size, "leg \"%.*s\" has no option \"%.*s\" (parallax legs lists them)", (int)n, text,
                     (int)(stop - at), at);
            return false;
        }
        at = comma ? comma + 1 : end;
    }
    return true;
}

static bool starts_leg(const char *at) {
    size_t n = strcspn(at, "!:,");
    for (int k = 0; k < LEG_KINDS; k++)
        if (is(at, n, kind_name[k])) return true;
    return false;
}

bool leg_specs_parse(LegSpec *s, uint32_t max, uint32_t *n, const char *text, char *why, size_t why_size) {
    for (*n = 0; *text; (*n)++) {
        const char *end = text;
        do end += strcspn(end, ",") + 1;
        while (end[-1] && !starts_leg(end));
        if (*n == max) {
            snprintf(why, why_size, "more than %u legs", max);
            return false;
        }
        if (!leg_spec_parse(&s[*n], text, (size_t)(end - 1 - text), why, why_size)) return false;
        text = end[-1] ? end : end - 1;
    }
    if (*n == 0) snprintf(why, why_size, "no legs given");
    return *n > 0;
}

bool knob_describe(uint32_t i, const char **name, const char **what, char *values, size_t size) {
    if (i >= NKNOB) return false;
    *name = knob[i].name;
    *what = knob[i].what;
    size_t at = 0;
    values[0] = 0;
    for (uint32_t v = knob[i].first; v < end_of_values(i); v++)
        if (at < size)
            at += (size_t)snprintf(values + at, size - at, "%s%s", at ? "|" : "",
                                   knob_value[v].text ? knob_value[v].text : KNOB_NUMBER);
    return true;
}

uint32_t leg_knob_values(uint32_t i) { return i < NKNOB ? end_of_values(i) - knob[i].first : 0; }

uint32_t leg_knob_seldom(uint32_t i) {
    size_t field = knob[i].field;
    if (field == offsetof(LegSpec, verify) || field == offsetof(LegSpec, opt_limit)) return 16;
    return is_level(i) ? 1 : field == offsetof(LegSpec, mix) ? 8 : 4;
}

bool leg_knob_takes_number(uint32_t i, uint32_t k) { return !knob_value[knob[i].first + k].text; }

bool leg_knob_joins(uint32_t i, uint32_t k) {
    const KnobValue *v = &knob_value[knob[i].first + k];
    return v->text && (v->value & VALUE_JOINS);
}

/* False, and nothing done, when there is no room. */
__attribute__((format(printf, 2, 3))) static bool append(LegSpec *s, const char *fmt, ...) {
    size_t n = strlen(s->text), room = sizeof s->text - n;
    va_list ap;
    va_start(ap, fmt);
    int m = vsnprintf(s->text + n, room, fmt, ap);
    va_end(ap);
    if (m >= 0 && (size_t)m < room) return true;
    s->text[n] = 0;
    return false;
}

bool leg_knob_set(LegSpec *s, uint32_t i, uint32_t k, uint32_t number) {
    const KnobValue *v = &knob_value[knob[i].first + k];
    char digits[16];
    if (!v->text) snprintf(digits, sizeof digits, "%u", number);
    if (!append(s, "%c%s%s%s", strchr(s->text, ':') ? ',' : ':', knob[i].name, is_level(i) ? "" : "=",
                v->text ? v->text : digits))
        return false;
    set(s, &knob[i], v->text ? v->value : number);
    return true;
}

bool leg_knob_join(LegSpec *s, uint32_t i, uint32_t k) {
    const KnobValue *v = &knob_value[knob[i].first + k];
    assert(leg_knob_joins(i, k) && (get(s, &knob[i]) & VALUE_JOINS));
    if (!append(s, "+%s", v->text)) return false;
    set(s, &knob[i], get(s, &knob[i]) | v->value);
    return true;
}

bool leg_knob_is_front(uint32_t i) { return knob[i].half == KNOB_FRONT; }

uint32_t leg_knob_opcodes(uint32_t i) { return knob[i].opcodes; }

bool leg_knob_copy(LegSpec *s, uint32_t i, const LegSpec *from) {
    uint32_t value = get(from, &knob[i]);
    if (value == get(s, &knob[i])) return true;
    for (uint32_t k = 0; k < leg_knob_values(i); k++) {
        const KnobValue *v = &knob_value[knob[i].first + k];
        if (v->text && v->value == value) return leg_knob_set(s, i, k, 0);
    }
    return leg_knob_set(s, i, leg_knob_values(i) - 1, value); /* a number */
}

bool leg_knob_exists(uint32_t i) { return i < NKNOB; }

bool leg_knob_is_default(const LegSpec *s, uint32_t i) {
    LegSpec plain = {0};
    set_defaults(&plain);
    size_t at = knob[i].field;
    return memcmp((const char *)s + at, (const char *)&plain + at, sizeof(uint32_t)) == 0;
}
