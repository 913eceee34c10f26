/* The generator's entry: see gen.h, and gen_impl.h for the order of work. */
#include "fuzz/gen/gen.h"
#include "base/bits.h"
#include "fuzz/gen/gen_impl.h"

static void count_module(GenStats *s, uint32_t input, uint32_t size) {
    uint32_t bucket = 63 - bits_clz64(size | 1);
    s->modules++;
    s->entropy += input;
    s->bytes += size;
    s->size[bucket < GEN_SIZES ? bucket : GEN_SIZES - 1]++;
}

uint8_t *gen_module(Arena *a, const uint8_t *entropy, uint32_t n, uint32_t *size, GenStats *stats) {
    GenStats unused = {0};
    Gen g = {.a = a, .stats = stats ? stats : &unused};
    /* The first byte is the version; only the newest can be made. */
    static const uint8_t none[1] = {0};
    const uint8_t *bytes = n ? entropy + 1 : none;
    uint32_t nbytes = n ? n - 1 : 0;
    gen_cut(&g, bytes, nbytes);
    gen_swarm(&g);
    gen_types(&g);
    gen_imported_funcs(&g);
    gen_funcs_sign(&g, bytes, nbytes);
    gen_memories(&g);
    gen_tables(&g);
    gen_globals(&g);
    gen_segments(&g);
    for (uint32_t i = g.nimported; i < g.func.n; i++) gen_func(&g, i);
    gen_plan(&g);
    uint8_t *out = gen_write(&g, size);
    count_module(g.stats, n, *size);
    return out;
}

static const char *const stmt_text[] = {
#define S(id, weight, what) what,
    GEN_STMT_LIST(S)
#undef S
};
static const char *const expr_text[] = {
#define X(id, weight, what) what,
    GEN_EXPR_LIST(X)
#undef X
};
static const char *const addr_text[] = {
#define A(id, weight, what) what,
    GEN_ADDR_LIST(A)
#undef A
};

const char *gen_stmt_text(uint32_t i) { return stmt_text[i]; }
const char *gen_expr_text(uint32_t i) { return expr_text[i]; }
const char *gen_addr_text(uint32_t i) { return addr_text[i]; }
