/* The runtime structures of the specification's store (4.2), as compiled code, the
 * interpreter and the runtime all see them.  Layout only; functions are in run/.
 *
 * Everything here lives in a Region (run/region.h) mapped at one address in every process that
 * uses it, and both ISAs lay the structures out alike (LP64, little-endian), so a store made by
 * one process runs in another.  `module` pointers and the like, which only the host may
 * follow, are marked. */
#pragma once
#include <stddef.h>
#include "wasm/module.h"
#include "wasm/trap.h"

typedef struct Instance Instance;
typedef struct ExecState ExecState;
typedef struct FuncInst FuncInst;

typedef struct MemInst {
    uint8_t *base;   /* never moves: room for the largest size is reserved */
    uint64_t length; /* bytes */
    uint64_t pages;
    uint64_t max_pages; /* what growth may reach: the type's maximum and the store's cap */
    uint64_t type_max;  /* the declared maximum, for import matching; UINT64_MAX: none */
    uint32_t slot;      /* memory slot of the region */
    uint32_t id;        /* index in the store */
} MemInst;

typedef struct TableInst {
    uint64_t *elem; /* references, see Value; moves when the table grows */
    uint32_t size;
    uint32_t capacity;
    uint32_t max;      /* what growth may reach */
    uint32_t type;     /* ValType */
    uint64_t type_max; /* the declared maximum; UINT64_MAX: none */
    uint32_t id;
    uint32_t pad;
} TableInst;

typedef struct GlobalInst {
    Value value;
    uint32_t type; /* ValType */
    uint32_t mutable;
    uint32_t id;
    uint32_t pad;
} GlobalInst;

/* A function.  `code` follows the compiled-code convention with `ctx` as its context argument:
 * the instance for a compiled function; the FuncInst itself for a host function, and for an interpreted one of a store
 * that has both kinds, whose code is an adaptor of their signature. */
struct FuncInst {
    const void *code; /* NULL in a store without compiled code */
    void *ctx;
    uint32_t sig;   /* store-wide canonical number of the function type */
    uint32_t index; /* in its instance's function index space; host: number of the host function */
    Instance *inst; /* NULL for a host function */
};

/* With compiled code, where others may be interpreted? */
static inline bool func_is_compiled(const FuncInst *f) { return f->inst && f->code && f->ctx != f; }

typedef struct DataInst {
    const uint8_t *bytes;
    uint64_t size; /* 0 once dropped */
} DataInst;

typedef struct ElemInst {
    const uint64_t *refs;
    uint64_t size; /* 0 once dropped */
} ElemInst;

typedef struct MemView { /* what compiled code needs first, one load away */
    uint8_t *base;
    MemInst *mem;
} MemView;

/* An instance: this header, then the arrays, at offsets that depend on the module alone. */
struct Instance {
    ExecState *es;
    const Module *module; /* host only */
    uint32_t id;
    uint32_t nmems, ntables, nglobals, nfuncs, nsigs, ndatas, nelems;
    MemView *mems; /* the arrays, for C code; compiled code uses InstLayout */
    TableInst **tables;
    GlobalInst **globals;
    FuncInst **funcs;
    uint32_t *sigs; /* type index -> canonical number */
    DataInst *datas;
    ElemInst *elems;
    const void *const *entry; /* code of each defined function, or NULL */
    void *host;               /* host only: run/ keeps its own record here */
};

/* Byte offsets from the Instance, each array's item size as above. */
typedef struct InstLayout {
    uint32_t mems, tables, globals, funcs, sigs, datas, elems;
    uint32_t own_globals; /* GlobalInst of defined global i at own_globals + 32 * (i - imported) */
    uint32_t own_funcs;   /* FuncInst of defined function i at own_funcs + 32 * (i - imported) */
    uint32_t own_tables;  /* TableInst of defined table i at own_tables + 40 * (i - imported) */
    uint32_t own_mems;    /* MemInst of defined memory i at own_mems + 48 * (i - imported) */
    uint32_t
        table_elems; /* elements of defined tables of one size: those of table i at table_elems + 8 * its inline_at */
    uint32_t size;
} InstLayout;
InstLayout instance_layout(const Module *m);
_Static_assert(sizeof(GlobalInst) == 32 && sizeof(FuncInst) == 32 && sizeof(MemView) == 16, "known to compiled code");
_Static_assert(sizeof(TableInst) == 40 && sizeof(MemInst) == 48, "known to compiled code");

/* -- Library calls: what generated code and the interpreter leave to C ------- */

/* Status 0, or a TrapKind.  Indices are those of `inst`'s index spaces. */
typedef struct LibCalls {
    /* previous size, or -1 */
    uint64_t (*memory_grow)(Instance *inst, uint32_t mem, uint64_t delta);
    uint32_t (*memory_fill)(Instance *inst, uint32_t mem, uint64_t dst, uint32_t byte, uint64_t n);
    uint32_t (*memory_copy)(Instance *inst, uint32_t dst_mem, uint32_t src_mem, uint64_t dst, uint64_t src, uint64_t n);
    uint32_t (*memory_init)(Instance *inst, uint32_t mem, uint32_t data, uint64_t dst, uint32_t src, uint32_t n);
    void (*data_drop)(Instance *inst, uint32_t data);
    uint64_t (*table_grow)(Instance *inst, uint32_t table, uint64_t delta, uint64_t ref);
    uint32_t (*table_fill)(Instance *inst, uint32_t table, uint64_t dst, uint64_t ref, uint64_t n);
    uint32_t (*table_copy)(Instance *inst, uint32_t dst_table, uint32_t src_table, uint64_t dst, uint64_t src,
                           uint64_t n);
    uint32_t (*table_init)(Instance *inst, uint32_t table, uint32_t elem, uint64_t dst, uint32_t src, uint32_t n);
    void (*elem_drop)(Instance *inst, uint32_t elem);
    /* Arguments in es->args, results to es->results. */
    uint32_t (*host_call)(ExecState *es, FuncInst *f);
    /* In a store of both kinds (is_compiled), likewise: compiled code calls an interpreted function (status
     * STATUS_TAIL_CALL: it ended in a tail call, for the caller to make: es->tail_code with es->tail_func), ... */
    uint32_t (*interpret)(ExecState *es, FuncInst *f);
    /* ... the interpreter calls a compiled one, ... */
    uint32_t (*call_code)(ExecState *es, FuncInst *f);
    /* ... or ends in a tail call of one; returns STATUS_TAIL_CALL. */
    uint32_t (*tail_call)(ExecState *es, FuncInst *f);
} LibCalls;
enum { STATUS_TAIL_CALL = TRAP_COUNT }; /* a status that is no trap */
enum {                                  /* ORDER LibCalls */
       LIB_MEMORY_GROW,
       LIB_MEMORY_FILL,
       LIB_MEMORY_COPY,
       LIB_MEMORY_INIT,
       LIB_DATA_DROP,
       LIB_TABLE_GROW,
       LIB_TABLE_FILL,
       LIB_TABLE_COPY,
       LIB_TABLE_INIT,
       LIB_ELEM_DROP,
       LIB_HOST_CALL,
       LIB_INTERPRET,
       LIB_CALL_CODE,
       LIB_TAIL_CALL,
       LIB_COUNT
};
_Static_assert(sizeof(LibCalls) == LIB_COUNT * sizeof(void *), "one enumerator a member");

/* -- The execution state: one a store, its address pinned in a register ------- */

enum { ES_SLOTS = MAX_PARAMS }; /* parameters and results alike */

struct ExecState {
    int64_t fuel;       /* traps with FUEL when a charge makes it negative */
    int64_t depth;      /* what calls may still take; traps with EXHAUSTION when negative */
    void *entry_sp;     /* stack pointer to restore when a trap leaves compiled code */
    uint32_t trap_kind; /* TRAP_NONE, or why compiled code was left */
    uint32_t fault;     /* 1: by a signal; the trap table decides whether it is a trap at all */
    uint64_t trap_pc;   /* return address of the trap stub's call, or faulting pc */
    uint64_t trap_fp;   /* frame pointer then: start of the backtrace */
    uint64_t fault_addr;
    const void *tail_code; /* a tail call under way from interpreted to compiled code: adaptor, */
    FuncInst *tail_func;   /* and function */
    uint64_t epoch;        /* counts interruptions: anybody may add to it, from another thread or process too */
    uint64_t deadline;     /* compiled code that polls traps with INTERRUPT once epoch has reached it */
    uint64_t stack_limit;  /* lowest stack pointer of compiled code, by the code that compares */
    uint64_t nan_native;   /* 1: compiled code runs without a default-NaN mode of the processor, where there is one */
    uint64_t nan_probe; /* the interpreter follows NaNs whose bits are open: a set of PROBE_ bits (interp/nanprobe.h) */
    const void *trap_stub[TRAP_COUNT]; /* code to call, never returns; by kind */
    LibCalls lib;                      /* of the executing process */
    void *stack_top;                   /* of the native stack that compiled code runs on */
    void *exit_stub;                   /* where the signal handler sends a faulting thread */
    const void *host;                  /* executing process only: run/'s record of host calls */
    _Alignas(64) Value args[ES_SLOTS]; /* argument i of a call, when no register takes it */
    Value results[ES_SLOTS];           /* result i, likewise */
};
_Static_assert(offsetof(ExecState, fuel) == 0 && offsetof(ExecState, depth) == 8, "known to compiled code");
