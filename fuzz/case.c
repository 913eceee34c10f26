#include "fuzz/case.h"
#include <string.h>
#include "base/bits.h"
#include "base/leb128.h"
#include "base/map.h"
#include "fuzz/gen/gen.h"
#include "wasm/validate.h"

bool input_is_module(const uint8_t *input, uint32_t n) { return n >= 4 && memcmp(input, "\0asm", 4) == 0; }

/* -- The custom section ------------------------------------------------------------------ */

enum { HEADER = 8 };

/* All of the module but sections called parallax.case. */
static uint8_t *copy_without_plan(const Module *m, uint8_t *out) {
    const uint8_t *at = m->bytes + HEADER, *end = m->bytes + m->size;
    memcpy(out, m->bytes, HEADER);
    out += HEADER;
    while (at < end) {
        const uint8_t *section = at++;
        uint32_t n = leb_u32(&at);
        const uint8_t *next = at + n;
        bool ours = false;
        if (*section == 0) {
            uint32_t len = leb_u32(&at);
            ours = len == strlen(PLAN_SECTION) && memcmp(at, PLAN_SECTION, len) == 0;
        }
        at = next;
        if (ours) continue;
        memcpy(out, section, (size_t)(next - section));
        out += next - section;
    }
    return out;
}

uint8_t *case_with_plan(Arena *a, const Module *m, const Plan *p, uint32_t *size) {
    uint32_t n, name_n = (uint32_t)strlen(PLAN_SECTION);
    uint8_t len[10];
    const uint8_t *plan = plan_encode(a, p, &n);
    uint32_t k = leb_put_u64(len, 1 + name_n + n); /* the name's length is one byte */
    uint8_t *out = arena_alloc(a, (size_t)m->size + 1 + k + 1 + name_n + n, 16), *at = copy_without_plan(m, out);
    *at++ = 0;
    memcpy(at, len, k);
    at += k;
    *at++ = (uint8_t)name_n;
    memcpy(at, PLAN_SECTION, name_n);
    at += name_n;
    memcpy(at, plan, n);
    *size = (uint32_t)(at + n - out);
    return out;
}

/* -- Legs ------------------------------------------------------------------------------------- */

enum { LEGS_NAME = sizeof LEGS_SECTION - 1, LEGS_BYTES = 8, LEGS_HEAD = 16 /* bytes of entropy */ };
enum { LEGS_CONTENTS = 1 + LEGS_NAME + LEGS_BYTES, LEGS_ALL = 2 + LEGS_CONTENTS };

/* It is the last section where it is at all: that is where it is put. */
bool case_legs_of(const uint8_t *module, uint32_t n, uint64_t *number) {
    if (n < HEADER + LEGS_ALL) return false;
    const uint8_t *at = module + n - LEGS_ALL;
    if (at[0] != 0 || at[1] != LEGS_CONTENTS || at[2] != LEGS_NAME || memcmp(at + 3, LEGS_SECTION, LEGS_NAME) != 0)
        return false;
    *number = bits_load_u64(at + 3 + LEGS_NAME);
    return true;
}

uint8_t *case_with_legs(Arena *a, const uint8_t *module, uint32_t n, uint64_t number, uint32_t *size) {
    uint8_t *out = arena_alloc(a, (size_t)n + LEGS_ALL, 16), *at = out + n;
    memcpy(out, module, n);
    at[0] = 0;
    at[1] = LEGS_CONTENTS;
    at[2] = LEGS_NAME;
    memcpy(at + 3, LEGS_SECTION, LEGS_NAME);
    for (uint32_t i = 0; i < LEGS_BYTES; i++) at[3 + LEGS_NAME + i] = (uint8_t)(number >> (8 * i));
    *size = n + LEGS_ALL;
    return out;
}

uint64_t case_number(const uint8_t *input, uint32_t n) {
    uint64_t number;
    if (!input_is_module(input, n)) return hash_bytes(input, n < LEGS_HEAD ? n : LEGS_HEAD, 0);
    return case_legs_of(input, n, &number) ? number : hash_bytes(input, n, 0);
}

/* -- Input ----------------------------------------------------------------------------------- */

/* What the largest memory has from the beginning. */
static uint64_t least_pages(const Module *m) {
    uint64_t n = 0;
    for (uint32_t i = 0; i < m->memories.n; i++)
        if (m->memories.at[i].limits.min > n) n = m->memories.at[i].limits.min;
    return n;
}

/* True when something had to be taken away. */
static bool cap_plan(Plan *p, const Module *m, const CaseCaps *c) {
    StoreLimits *l = &p->limits, old = *l;
    uint64_t pages = least_pages(m) > c->pages ? least_pages(m) : c->pages;
    uint32_t steps = p->step.n;
    if (c->fuel && l->fuel > c->fuel) l->fuel = c->fuel;
    if (c->pages && l->max_pages > pages) l->max_pages = pages;
    if (c->elems && l->max_elems > c->elems) l->max_elems = c->elems;
    if (c->steps && p->step.n > c->steps) p->step.n = c->steps;
    return l->fuel != old.fuel || l->max_pages != old.max_pages || l->max_elems != old.max_elems || steps != p->step.n;
}

CaseBytes case_of_input(Arena *a, const uint8_t *input, uint32_t n, Features features, const CaseCaps *caps) {
    CaseBytes c = {.at = input, .n = n, .kind = INPUT_REJECTED};
    Err err;
    Plan plan;
    const char *why;
    if (!input_is_module(input, n)) {
        c.kind = INPUT_GENERATED;
        c.at = gen_module(a, input, n, &c.n, NULL);
        return c;
    }
    Module *m = module_decode_valid(a, input, n, features, &err);
    if (!m || !plan_of(a, m, &plan, &why)) return c;
    c.kind = INPUT_MODULE;
    bool capped = cap_plan(&plan, m, caps);
    if (capped || !module_find_custom(m, PLAN_SECTION)) c.at = case_with_plan(a, m, &plan, &c.n);
    return c;
}
