/* Code buffer: bytes, labels, fixups, out-of-line trap stubs, constants, and the tables that go with code.
 * One a module: functions are appended; offsets are from the start of the buffer, and the code is position-independent.
 */
#pragma once
#include <assert.h>
#include "base/arena.h"
#include "base/bits.h"
#include "base/map.h"
#include "ir/ir.h"

typedef uint32_t Label;

typedef enum SiteKind {
    SITE_CALL, /* offset = return address of a call: for backtraces */
    SITE_TRAP, /* offset = return address of a trap stub's call */
    SITE_FAULT /* offset = address of an instruction whose fault is the trap; the target's emit_insn puts it */
} SiteKind;

typedef struct CodeSite {
    uint32_t offset, loc;
    uint8_t kind, trap;
    uint16_t
        ncharge; /* of charges: that many from CodeBuf.charge[loc] on, and the trap is that of the first that fails */
} CodeSite;

typedef struct CodeFixup {
    uint32_t at; /* offset of the instruction (or field) to patch */
    Label label;
    uint8_t kind; /* the target's */
    int32_t addend;
} CodeFixup;

typedef struct CodeReloc { /* a direct call to a function of the module */
    uint32_t at, func;
    uint8_t kind;
} CodeReloc;

typedef struct TrapStub {
    Label label;
    uint32_t loc;
    uint8_t trap;
    uint16_t ncharge; /* as CodeSite */
} TrapStub;

typedef struct CodeConst {
    Label label;
    uint8_t size;
    uint8_t bytes[16];
} CodeConst;

typedef struct CodeLoc { /* code from `offset` on stands for source position `loc` */
    uint32_t offset, loc;
} CodeLoc;

typedef struct CodeBuf {
    Arena *arena;
    VEC(uint8_t) code;
    VEC(uint32_t) label;     /* offset, or UINT32_MAX while unbound; of the current function */
    VEC(CodeFixup) fixup;    /* of the current function */
    VEC(TrapStub) trap_stub; /* of the current function */
    VEC(CodeConst) constant; /* of the current function */
    VEC(CodeReloc) reloc;    /* of the module, until code_link */
    VEC(CodeSite) site;      /* of the module, sorted by offset after code_link */
    VEC(CodeLoc) loc;
    VEC(ChargePart) charge;  /* of the module */
    VEC(Inlined) inlined;    /* of the module: what a `loc` with LOC_INLINED is an index in */
    Map trap_map, const_map; /* of the current function: find equal stubs and constants */
} CodeBuf;

void code_init(CodeBuf *cb, Arena *a);
/* Room for what usually becomes of so many bytes of function bodies, so that little is copied while it grows. */
void code_expect(CodeBuf *cb, uint64_t body_bytes);
static inline uint32_t code_at(const CodeBuf *cb) { return cb->code.n; }
void code_grow(CodeBuf *cb, uint32_t n); /* make room for n more bytes */
/* The end of the code, with room for n bytes there; they count when code.n says so. */
static inline uint8_t *code_room(CodeBuf *cb, uint32_t n) {
    if (cb->code.cap - cb->code.n < n) code_grow(cb, n);
    return cb->code.at + cb->code.n;
}
static inline void code_u8(CodeBuf *cb, uint8_t v) {
    *code_room(cb, sizeof v) = v;
    cb->code.n += sizeof v;
}
static inline void code_u32(CodeBuf *cb, uint32_t v) {
    bits_store_u32(code_room(cb, sizeof v), v);
    cb->code.n += sizeof v;
}
static inline void code_u64(CodeBuf *cb, uint64_t v) {
    bits_store_u64(code_room(cb, sizeof v), v);
    cb->code.n += sizeof v;
}
void code_align(CodeBuf *cb, uint32_t to, uint8_t fill);
static inline Label code_label(CodeBuf *cb) { /* a new, unbound label */
    vec_push(cb->arena, &cb->label, UINT32_MAX);
    return cb->label.n - 1;
}
static inline void code_bind(CodeBuf *cb, Label l) {
    assert(l < cb->label.n && cb->label.at[l] == UINT32_MAX);
    cb->label.at[l] = cb->code.n;
}
void code_fixup(CodeBuf *cb, uint32_t at, Label l, uint8_t kind, int32_t addend);
Label code_trap(CodeBuf *cb, uint8_t trap, uint32_t loc); /* label of an out-of-line stub; equal ones are shared */
/* Label of a stub of its own, for a check of several charges. */
Label code_trap_charges(CodeBuf *cb, uint8_t trap, const ChargePart *part, uint32_t n);
Label code_const(CodeBuf *cb, const void *bytes,
                 uint8_t size); /* 4, 8 or 16 bytes, aligned to size; equal ones are shared */
void code_site(CodeBuf *cb, SiteKind kind, uint8_t trap, uint32_t loc); /* at the current offset */
void code_site_charges(CodeBuf *cb, SiteKind kind, uint8_t trap, const ChargePart *part, uint32_t n);
void code_reloc(CodeBuf *cb, uint32_t at, uint32_t func, uint8_t kind);
static inline void code_loc(CodeBuf *cb, uint32_t loc) { /* code from here on belongs to loc */
    CodeLoc *last = cb->loc.n ? &cb->loc.at[cb->loc.n - 1] : NULL;
    if (last && last->loc == loc) return;
    if (last && last->offset == cb->code.n)
        last->loc = loc;
    else
        vec_push(cb->arena, &cb->loc, ((CodeLoc){.offset = cb->code.n, .loc = loc}));
}

/* A check of n charges has failed, all of which have been made: which of them was the first to make its counter
 * negative?  Leaves in `counter` (ORDER of ChargePart.counter) what was there then.  NULL: none, so it was no trap. */
const ChargePart *code_first_charge(const ChargePart *part, uint32_t n, int64_t counter[2]);
