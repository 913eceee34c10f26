#include "run/mix.h"
#include <string.h>
#include "base/map.h"

bool func_set_has(const FuncSet *s, uint32_t func) {
    for (uint32_t i = 0; i < s->n; i++)
        if (func >= s->range[i].first && func <= s->range[i].last) return !s->not ;
    return s->not ;
}

static bool parse_number(const char **at, const char *end, uint32_t *v) {
    uint64_t n = 0;
    const char *start = *at;
    for (; *at < end && **at >= '0' && **at <= '9' && n <= UINT32_MAX; ++*at) n = n * 10 + (uint32_t)(**at - '0');
    *v = (uint32_t)n;
    return *at > start && n < UINT32_MAX;
}

bool func_set_parse(FuncSet *s, const char *text, uint32_t n) {
    const char *end = text + n;
    *s = (FuncSet){.n = 0};
    if (text < end && *text == '!') {
        s->not = true;
        text++;
    }
    for (;;) {
        if (s->n == FUNC_RANGES_MAX) return false;
        FuncRange *r = &s->range[s->n++];
        if (!parse_number(&text, end, &r->first)) return false;
        r->last = r->first;
        if (text < end && *text == '-') {
            text++;
            if (!parse_number(&text, end, &r->last) || r->last < r->first) return false;
        }
        if (text == end) return true;
        if (*text++ != '+') return false;
    }
}

uint32_t mix_level(uint32_t seed, uint32_t func) {
    return (uint32_t)(hash_mix((uint64_t)seed << 32 | func) >> 20) % (LEVEL_INTERPRETED + 1);
}
