/* Explanation: which instruction of which function makes a leg deviate, and through which pass.
 *
 * Leg: by vote.  Function: by mixed execution, in which only it is compiled.  Pass: by level, and by bisecting the
 * number of rewrites (opt-limit).  Instruction: the function's instructions are handed to the interpreter one after the
 * other, the last one first, until the deviation is gone; and independently of it what each instruction leaves is
 * recorded on both legs, and the first difference looked up.  Both change the code around the fault, which may hide it:
 * the explanation says what was seen and how sure that makes it.
 *
 * Zeller, "Isolating cause-effect chains from computer programs" (FSE 2002); Whalley, "Automatic isolation of compiler
 * errors" (TOPLAS 1994). */
#pragma once
#include "fuzz/finding.h"
#include "opt/rewrite.h"

typedef struct ExplainOptions {
    const uint8_t *bytes; /* the module with its plan */
    uint32_t n;
    Features features;
    const LegSpec *leg; /* as of the finding: by vote, with two or more others */
    uint32_t nlegs;
    /* Processor time of what runs here, as os_spent_ns counts; 0: a minute.  Explanations take a hundredth of that: it
     * is there for what never ends. */
    uint64_t limit_ns;
    uint32_t skip; /* bit set: legs left out, since they take down the process that runs the module, or hang */
    /* Told of each leg of the vote when it begins, and with UINT32_MAX behind it.  May be NULL. */
    void (*on_leg)(void *user, uint32_t leg);
    void *user;
} ExplainOptions;

typedef enum ExplainEnd {
    EXPLAIN_DONE,    /* as far as it went: see has_func, stage, has_op */
    EXPLAIN_NOTHING, /* nothing differs, or not every time */
    EXPLAIN_BAD_INPUT,
    EXPLAIN_LACKS /* a leg does not work here */
} ExplainEnd;

/* What is known stands in the explanation then, but more might have been, and something else: its bucket is the
 * vote's. */
typedef enum ExplainCut {
    CUT_NOT,
    CUT_TIME, /* the limit was over */
    CUT_DIED  /* a leg took down the process that explained */
} ExplainCut;

typedef enum ExplainStage {
    STAGE_UNKNOWN,
    STAGE_CODEGEN, /* at every level: builder, lowering, emission */
    STAGE_LEVEL,   /* at its level even without any rewrite: lowering or allocation there */
    STAGE_REWRITE,
    STAGE_OUTSIDE /* with no function compiled it still deviates: an adaptor, or the runtime */
} ExplainStage;

typedef enum ExplainHow {
    HOW_NOT,
    HOW_CAUSE, /* with it interpreted the deviation goes, */
    HOW_SEEN,  /* what it leaves was recorded, and is the first that differs */
    HOW_BOTH
} ExplainHow;

enum { EXPLAIN_VALUES = 8 };
typedef struct ExplainValue {
    ValType type;
    Value want, got;
} ExplainValue;

/* Flat, so that it can come from another process. */
typedef struct Explanation {
    Bucket verdict; /* as the vote alone tells it */
    char difference[200];
    LegSpec leg, reference; /* the guilty one, and who it was held against */
    uint32_t runs;
    ExplainCut cut;

    /* STAGE_OUTSIDE: what the host called when it was seen: the start function, or an export */
    bool has_entry, by_stub; /* by_stub: through the stub `apply` (run/apply.h), and not an adaptor of its signature */
    uint32_t entry;

    bool has_func, alone; /* alone: compiled by itself it deviates */
    uint32_t func;
    char settings[280]; /* leg with which the rest was seen */

    ExplainStage stage;
    uint32_t rewrite, nrewrite; /* STAGE_REWRITE: the first so many are needed, of how many */
    OptRule rule;
    uint32_t rule_offset; /* of the instruction it changes */

    bool has_op;
    Op op;
    uint32_t offset; /* in the module */
    ExplainHow how;
    bool stays;                        /* compiled in a function of its own, it still deviates */
    bool branch;                       /* the operand was equal, and then control went different ways */
    uint32_t event, noperand, nresult; /* event: it was executed so many times before */
    ExplainValue operand[EXPLAIN_VALUES], result[EXPLAIN_VALUES];
} Explanation;

#define EXPLAIN_LIMIT_NS UINT64_C(60000000000)
/* In a process of its own, which is ended when it does not end by itself.  A leg of the vote that takes it down or
 * hangs is left out then: another one of its ISA may show the fault and live.  But for EXPLAIN_DONE, `why` says why. */
ExplainEnd explain_apart(const ExplainOptions *o, Explanation *x, char *why, size_t why_size);
/* The same in this process. */
ExplainEnd explain_here(const ExplainOptions *o, Explanation *x, char *why, size_t why_size);

/* Explain a module with its plan.  *b: becomes the bucket of the explanation where that is whole, and the function at
 * fault is known or that it is outside of functions; else it stays as it is.  False: there is no explanation, not even
 * in part. */
bool explain_bytes(const uint8_t *bytes, uint32_t n, const LegSpec *leg, uint32_t nlegs, Features features,
                   uint64_t limit_ns, uint32_t skip, Bucket *b, Explanation *x);

/* The identity of the bug: deviating ISAs, field, guilty opcode, pass.  The field is what the instruction itself gets
 * wrong, not what became of it; so finds of one fault have one bucket. */
Bucket explain_bucket(const Explanation *x);
const char *explain_pass(const Explanation *x); /* "gvn", "codegen", "level", "outside", or "" */
const char *explain_cut(const Explanation *x);  /* "no", "time", "died" */
FindingExplained explain_done(const Explanation *x);
bool explain_tells(const Explanation *x); /* the function at fault, or that it is outside of functions */

/* How the guilty leg compiles, faults planted in it included; must stay where it is while `o` is used. */
typedef struct ExplainCompiler {
    CompileOptions o;
    Target target;
    PlantStages plant;
} ExplainCompiler;
bool explain_compiler(ExplainCompiler *c, const Explanation *x);

/* For people, in Markdown.  `code`: appends machine code of the function to the text; may be NULL. */
typedef void ExplainCode(void *user, Text *t, const Module *m, const Explanation *x);
void explain_text(Text *t, const Module *m, const Explanation *x, ExplainCode *code, void *user);
/* For programs: one object. */
void explain_json(Text *t, const Explanation *x);
