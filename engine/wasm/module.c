/* Lookups in a decoded module, and the name section (spec appendix, "Custom Sections"). */
#include "wasm/module.h"
#include <string.h>
#include "wasm/reader.h"
#include "wasm/section.h"

const uint8_t section_order[SECTION_COUNT] = {
    SECTION_TYPE,   SECTION_IMPORT, SECTION_FUNC, SECTION_TABLE,      SECTION_MEMORY, SECTION_TAG,  SECTION_GLOBAL,
    SECTION_EXPORT, SECTION_START,  SECTION_ELEM, SECTION_DATA_COUNT, SECTION_CODE,   SECTION_DATA,
};

const Export *module_find_export(const Module *m, const char *name, uint32_t n) {
    for (uint32_t i = 0; i < m->exports.n; i++) {
        const Name *e = &m->exports.at[i].name;
        if (e->n == n && (n == 0 || memcmp(e->at, name, n) == 0)) return &m->exports.at[i];
    }
    return NULL;
}

const Custom *module_find_custom(const Module *m, const char *name) {
    size_t n = strlen(name);
    for (uint32_t i = 0; i < m->customs.n; i++) {
        const Name *c = &m->customs.at[i].name;
        if (c->n == n && memcmp(c->at, name, n) == 0) return &m->customs.at[i];
    }
    return NULL;
}

Name module_func_name(const Module *m, uint32_t func) {
    if (!m->func_names || func >= m->funcs.n) return (Name){"", 0};
    return m->func_names[func];
}

/* The function name subsection: pairs of index and name, by rising index. */
static void read_func_names(Module *m, Reader *r) {
    Name *names = ARENA_ARRAY(m->arena, Name, m->funcs.n);
    for (uint32_t i = 0; i < m->funcs.n; i++) names[i].at = "";
    m->func_names = names;
    uint32_t n = read_count(r);
    uint32_t next = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t func = read_u32(r);
        Name name = read_name(r);
        if (!reader_ok(r) || func < next || func >= m->funcs.n) return;
        names[func] = name;
        next = func + 1;
    }
}

void module_read_names(Module *m) {
    enum { NAMES_MODULE, NAMES_FUNC };
    const Custom *c = module_find_custom(m, "name");
    if (!c) return;
    Err err;
    err_clear(&err);
    const uint8_t *at = m->bytes + c->at;
    Reader r = {.base = m->bytes, .at = at, .end = at + c->n, .err = &err, .func = ERR_NO_FUNC};
    while (r.at < r.end) {
        uint8_t id = read_u8(&r);
        uint32_t size = read_u32(&r);
        if (!reader_ok(&r) || size > reader_left(&r)) return;
        if (id == NAMES_FUNC) {
            r.end = r.at + size;
            read_func_names(m, &r);
            return;
        }
        r.at += size;
    }
}
