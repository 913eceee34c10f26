/* Store: the instances of one leg, what links them, and how their functions are run.
 *
 * A Store is long-lived: it owns a Region, the stubs and adaptors in it, and the numbering of signatures; store_reset
 * empties it of instances for the next case.  Not thread-safe; one thread a store. */
#pragma once
#include "base/map.h"
#include "interp/interp.h"
#include "run/compile.h"
#include "run/exec.h"
#include "wasm/trace.h"

typedef struct StoreOptions {
    const CompileOptions *compile; /* NULL: interpret.  Must outlive the store. */
    Executor exec;                 /* with compile */
    bool native;                   /* the executor runs in this process */
    uint32_t region;               /* region number, distinct for the stores of a process */
    uint64_t time_ns;              /* with code that polls the epoch: processor time of a call; 0: no limit */
} StoreOptions;

/* What a case may use up; equal for all legs. */
typedef struct StoreLimits {
    int64_t fuel;       /* per invocation; at most STORE_FUEL_MAX */
    int64_t depth;      /* bytes of frame cost per invocation; at most STORE_DEPTH_MAX */
    uint64_t max_pages; /* a memory's growth cap */
    uint32_t max_elems; /* a table's */
    bool synthesize;    /* an import nobody provides is made up: functions log, memories and tables are fresh */
    bool spectest;      /* provide the module of that name */
} StoreLimits;
/* Signatures whose numbers and adaptors are kept from one case to the next. */
#define STORE_SIGS_MAX 16384
/* Some compiled code tells a negative counter by bit 46 (a64, lower_cond.c). */
#define STORE_FUEL_MAX (INT64_C(1) << 45)
/* What the stacks of all legs hold: the interpreter's, and the native one with the largest frames that emission lets
 * through. */
#define STORE_DEPTH_MAX (INT64_C(1) << 20)
#define STORE_LIMITS_DEFAULT                                                                                      \
    {                                                                                                             \
        .fuel = 100000000, .depth = STORE_DEPTH_MAX, .max_pages = 4096, .max_elems = 1 << 20, .synthesize = true, \
        .spectest = true                                                                                          \
    }

typedef enum OutcomeKind {
    OUT_RETURN,
    OUT_TRAP,
    OUT_UNLINKABLE, /* err */
    OUT_CRASH,      /* compiled code faulted where no trap is known, or its process died */
    OUT_HANG,
    OUT_RESOURCE /* this leg could not do it (err has the class LIMIT) */
} OutcomeKind;

typedef struct Outcome {
    OutcomeKind kind;
    TrapKind trap;
    uint32_t nresult;
    const Value *result; /* in the execution state: good until the next invocation */
    const ValType *type;
    int64_t fuel, depth;     /* left; depth below what the call began with: after a trap alone */
    uint64_t nlog, log_hash; /* host calls of the case so far */
    Backtrace trace;         /* OUT_TRAP, OUT_CRASH */
    uint64_t crash_pc;       /* OUT_CRASH: offset in the region's code, for reports alone */
    Err err;
} Outcome;

typedef struct InstRec { /* host's record of an instance */
    Instance *inst;
    const Module *module;
    const Code *code; /* NULL: interpreted */
    uint32_t code_at; /* offset in the region's CODE */
    bool ready;       /* instantiation succeeded */
} InstRec;

typedef struct StoreName {
    Name name;
    InstRec *inst;
} StoreName;

typedef struct SigRec {
    FuncType type;
    uint32_t serves[ADAPTOR_KINDS]; /* number of the signature whose adaptor serves this one, plus 1; 0: not known */
    /* offsets in CODE, by what code pins and where its arguments are; 0: not made */
    uint32_t adaptor[ADAPTOR_KINDS][CALLCONV_COUNT][PIN_SETS];
} SigRec;

typedef struct Store {
    Region region;
    StoreOptions o;
    StoreLimits limits;
    LibHost lib_host;
    InterpStack *stack;
    Arena arena;   /* until store_reset */
    Arena forever; /* signatures */
    Bail bail;
    uint32_t stubs_at; /* next free byte for adaptors */
    uint32_t apply_at; /* the stub of that name */
    VEC(SigRec) sigs;
    Map sig_map; /* hash of a signature -> its number */
    VEC(InstRec *) insts;
    VEC(StoreName) names;
    VEC(MemInst *) mems; /* all there are, by id: what an observer looks at */
    VEC(TableInst *) tables;
    VEC(GlobalInst *) globals;
    VEC(HostFunc *) hosts;
    uint32_t nadaptors; /* room in RegionHeader.adaptors */
    struct Spectest *spectest;
} Store;

/* False and a reason (static text) when the region cannot be had. */
bool store_open(Store *s, const StoreOptions *o, const char **why);
void store_close(Store *s);
/* Forget all instances and start a case.  False: the store cannot be used any more. */
bool store_reset(Store *s, const StoreLimits *limits);

/* Link and instantiate a validated module, running its start function.  `code`: the module compiled with the store's
 * options; NULL when it interprets. Module and code must stay until store_reset.  Returns the record, also of an
 * instance whose instantiation trapped. */
InstRec *store_instantiate(Store *s, const Module *m, const Code *code, Outcome *out);
/* Make the exports of `inst` importable from module `name` (text that must outlive the store's case).  False when
 * memory is out. */
bool store_register(Store *s, Name name, InstRec *inst);
/* May a host call it: is it imported, exported, in an element segment, named by a constant expression, or the start
 * function?  Others may have a calling convention that their own module alone knows (callconv=fast). */
bool store_callable(const Store *s, const FuncInst *f);
/* Are these arguments of the types it takes, and 0 in the bytes that a type does not use? */
bool store_takes(const Store *s, const FuncInst *f, const Value *v, uint32_t n);
/* Call a function that is store_callable with arguments that it takes (store_takes). */
void store_invoke(Store *s, FuncInst *f, const Value *args, uint32_t nargs, Outcome *out);
/* Call several in turn, each with full fuel and depth; done is told of each in order, and what it is given is good
 * until it returns. After a crash or resource failure (told as well) the rest is not told. */
typedef struct Invocation {
    FuncInst *func;
    const Value *args;
    uint32_t nargs;
} Invocation;
typedef void InvocationDone(void *user, uint32_t i, const Outcome *out);
void store_invoke_all(Store *s, const Invocation *in, uint32_t n, InvocationDone *done, void *user);
const FuncType *store_func_type(const Store *s, const FuncInst *f);
FuncInst *store_exported_func(const InstRec *r, const Export *e);
GlobalInst *store_exported_global(const InstRec *r, const Export *e);

/* End the call that runs, in this process or another: code that polls the epoch traps with INTERRUPT.  From any thread
 * or signal handler. */
void store_interrupt(Store *s);

/* internal to run/: */
/* Canonical number of a function type whose references to types are by such numbers themselves: equal types of any
 * modules have one (spec 3.1.3; without recursion groups a type refers to earlier ones and to itself alone). */
uint32_t store_sig(Store *s, const FuncType *t);
/* The numbers of a module's types, in the order of their indices. */
void store_sigs(Store *s, const Module *m, uint32_t *sigs);
/* A module's value type as it is known in the store: by the numbers of its first `known` types. */
ValType store_type(const uint32_t *sigs, uint32_t known, ValType t);
HostFunc *store_host_func(Store *s, uint32_t sig);
MemInst *store_new_mem(Store *s, MemInst *place, const Limits *l);
/* `elem`: room for the elements of a table that keeps its size; NULL: from the heap. */
TableInst *store_new_table(Store *s, TableInst *place, uint64_t *elem, ValType type, const Limits *l);
GlobalInst *store_new_global(Store *s, GlobalInst *place, ValType type, bool mutable, Value v);
void *store_alloc(Store *s, uint64_t size, uint64_t align);
const void *store_adaptor(Store *s, uint32_t sig, AdaptorKind kind);
/* Resolve import number i of an instance whose `sigs` are there; false and *err. */
typedef struct Extern {
    ExternKind kind;
    void *p;
} Extern;
bool store_resolve(Store *s, const Module *m, const uint32_t *sigs, uint32_t i, Extern *out, Err *err);
/* Trap site and backtrace of compiled code from the execution state; false: not a trap at all. */
bool store_trace(const Store *s, const ExecCall *c, Outcome *out);
