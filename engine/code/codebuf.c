/* The code buffer.  Labels, fixups, trap stubs and constants are the current function's: emit_fn empties their
 * tables when it starts a function and has consumed them when it ends. */
#include "code/codebuf.h"
#include <assert.h>
#include <string.h>
#include "base/bits.h"

void code_init(CodeBuf *cb, Arena *a) {
    *cb = (CodeBuf){.arena = a};
    map_init(&cb->trap_map, a);
    map_init(&cb->const_map, a);
}

void code_expect(CodeBuf *cb, uint64_t body_bytes) {
    uint32_t n = body_bytes < (1u << 24) ? (uint32_t)body_bytes : 1u << 24;
    code_grow(cb, 3 * n + 64); /* without passes; with them it is two thirds of that */
    vec_reserve(cb->arena, &cb->site, n / 6 + 16);
    vec_reserve(cb->arena, &cb->loc, n / 3 + 16);
}

void code_grow(CodeBuf *cb, uint32_t n) {
    if (n > UINT32_MAX / 2 - cb->code.n) bail(cb->arena->bail, BAIL_TOO_LARGE, "code larger than 2 GiB");
    vec_reserve(cb->arena, &cb->code, cb->code.n + n);
    if (cb->code.cap > INT32_MAX) cb->code.cap = INT32_MAX; /* so that whoever finds room there is below the limit */
}

void code_align(CodeBuf *cb, uint32_t to, uint8_t fill) {
    assert(bits_is_pow2(to));
    while (cb->code.n & (to - 1)) code_u8(cb, fill);
}

void code_fixup(CodeBuf *cb, uint32_t at, Label l, uint8_t kind, int32_t addend) {
    assert(l < cb->label.n);
    vec_push(cb->arena, &cb->fixup, ((CodeFixup){.at = at, .label = l, .kind = kind, .addend = addend}));
}

Label code_trap(CodeBuf *cb, uint8_t trap, uint32_t loc) {
    uint64_t key = (uint64_t)loc << 8 | trap;
    uint32_t have;
    if (map_get(&cb->trap_map, key, &have)) return cb->trap_stub.at[have].label;
    map_put(&cb->trap_map, key, cb->trap_stub.n);
    Label l = code_label(cb);
    vec_push(cb->arena, &cb->trap_stub, ((TrapStub){.label = l, .loc = loc, .trap = trap}));
    return l;
}

static uint32_t keep_charges(CodeBuf *cb, const ChargePart *part, uint32_t n) {
    uint32_t at = cb->charge.n;
    assert(n <= UINT16_MAX);
    for (uint32_t i = 0; i < n; i++) vec_push(cb->arena, &cb->charge, part[i]);
    return at;
}

Label code_trap_charges(CodeBuf *cb, uint8_t trap, const ChargePart *part, uint32_t n) {
    TrapStub s = {.label = code_label(cb), .trap = trap, .ncharge = (uint16_t)n};
    s.loc = keep_charges(cb, part, n);
    vec_push(cb->arena, &cb->trap_stub, s);
    return s.label;
}

Label code_const(CodeBuf *cb, const void *bytes, uint8_t size) {
    assert(size == 4 || size == 8 || size == 16);
    uint64_t key = hash_bytes(bytes, size, size);
    uint32_t have;
    if (map_get(&cb->const_map, key, &have)) {
        const CodeConst *c = &cb->constant.at[have];
        if (c->size == size && memcmp(c->bytes, bytes, size) == 0) return c->label;
    }
    map_put(&cb->const_map, key, cb->constant.n); /* on a hash collision the later one is found; neither is lost */
    CodeConst c = {.label = code_label(cb), .size = size};
    memcpy(c.bytes, bytes, size);
    vec_push(cb->arena, &cb->constant, c);
    return c.label;
}

void code_site(CodeBuf *cb, SiteKind kind, uint8_t trap, uint32_t loc) {
    CodeSite s = {.offset = cb->code.n, .loc = loc, .kind = (uint8_t)kind, .trap = trap};
    vec_push(cb->arena, &cb->site, s);
}

void code_site_charges(CodeBuf *cb, SiteKind kind, uint8_t trap, const ChargePart *part, uint32_t n) {
    code_site(cb, kind, trap, keep_charges(cb, part, n));
    cb->site.at[cb->site.n - 1].ncharge = (uint16_t)n;
}

const ChargePart *code_first_charge(const ChargePart *part, uint32_t n, int64_t counter[2]) {
    for (uint32_t i = 0; i < n; i++) counter[part[i].counter] += part[i].amount;
    for (uint32_t i = 0; i < n; i++)
        if ((counter[part[i].counter] -= part[i].amount) < 0) return &part[i];
    return NULL;
}

void code_reloc(CodeBuf *cb, uint32_t at, uint32_t func, uint8_t kind) {
    vec_push(cb->arena, &cb->reloc, ((CodeReloc){.at = at, .func = func, .kind = kind}));
}
