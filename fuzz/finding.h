/* Findings: a disagreement in a folder of its own, with all that is needed to see it again.
 *
 *   findings/<bucket>/<id>/
 *     case.wasm     the module with its plan (custom section parallax.case)
 *     case.wat      the same as text, with byte offsets
 *     input         the exact bytes that the case was made from (a module, or the generator's entropy)
 *     settings      lines "key value": legs, features, where it was found, versions, processor
 *     verdict.json  the verdict; fields are in fuzz/README.md
 *     explain.md    the verdict in words
 *     repro.sh      runs it again
 *     mutant.wasm   metamorphic findings: what does something else than case.wasm, on the leg of settings
 *
 * The bucket is the identity of a bug as far as the verdict alone tells it: which ISAs deviate, in which field; the
 * guilty opcode is added when it is known.  The id is the hash of case.wasm. */
#pragma once
#include "oracles/differ.h"

/* How legs deviate, in the order of FieldKind, and behind the fields what is no field.
 * W(x, id, NAME of the field); x is whatever the user of the list gives it.  ORDER FIELD */
#define BUCKET_FIELD_LIST(W, x)    \
    W(x, module, MODULE)           \
    W(x, outcome, OUTCOME)         \
    W(x, trap, TRAP)               \
    W(x, trap_site, SITE)          \
    W(x, backtrace, BACKTRACE)     \
    W(x, value, VALUE)             \
    W(x, fuel, FUEL)               \
    W(x, depth, DEPTH)             \
    W(x, host_calls, HOST_CALLS)   \
    W(x, memory_size, MEMORY_SIZE) \
    W(x, memory, MEMORY)           \
    W(x, global, GLOBAL)           \
    W(x, table_size, TABLE_SIZE)   \
    W(x, table, TABLE)             \
    W(x, data_segment, DATA)       \
    W(x, element_segment, ELEM)
#define BUCKET_OTHER_LIST(W, x)                                           \
    W(x, crash, CRASH) /* compiled code faulted, its process died */      \
    W(x, hang, HANG)                                                      \
    W(x, qemu, QEMU)               /* went away under another emulator */ \
    W(x, verify, VERIFY)           /* a verifier of the compiler fired */ \
    W(x, metamorphic, METAMORPHIC) /* a sound mutant does something else on the same leg */

typedef enum BucketWhat {
#define W(x, id, NAME) WHAT_##NAME,
    BUCKET_FIELD_LIST(W, ) BUCKET_OTHER_LIST(W, )
#undef W
        WHAT_COUNT
} BucketWhat;

typedef struct Bucket {
    uint32_t legs; /* bit set of LegKind: those that deviate; 0: the harness itself */
    uint32_t what; /* BucketWhat */
    char op[32];   /* the guilty opcode's text, or empty */
    char pass[16]; /* the guilty pass, "codegen", "level" (fuzz/explain/explain.h), or empty */
} Bucket;

enum { BUCKET_NAME = 80, FINDING_PATH = 4096 };

/* Of a case whose verdict differs (verdict_differs); `leg`: those of the verdict. */
Bucket bucket_of(const LegSpec *leg, const Case *c);
/* "a64-value", "x64+a64-trap-site", "harness-crash", "x64-value-i64.rem_s-codegen": also a folder's name. */
void bucket_name(const Bucket *b, char out[BUCKET_NAME]);
bool bucket_equal(const Bucket *a, const Bucket *b);

/* Was its cause looked for (fuzz/explain/explain.h)?  Y(id, how verdict.json says it) */
#define FINDING_EXPLAINED_LIST(Y)                                              \
    Y(NOT, "no")            /* nobody has tried */                             \
    Y(YES, "yes")           /* as far as it can be told */                     \
    Y(TIME, "cut by time")  /* the limit was over: the bucket is the vote's */ \
    Y(DIED, "cut by crash") /* a leg took down who explained: the bucket likewise */
typedef enum FindingExplained {
#define Y(id, text) EXPLAINED_##id,
    FINDING_EXPLAINED_LIST(Y)
#undef Y
} FindingExplained;

typedef struct Finding {
    Bucket bucket;
    FindingExplained explained;
    bool once;          /* it did not come again when the case was run a second time; `c` is of the first */
    const char *origin; /* "fuzz", a target's name */
    const uint8_t *input;
    uint32_t input_n;
    bool seeded; /* the input is the generator's default stream for this seed */
    uint64_t seed;
    Features features;
    const LegSpec *leg;
    uint32_t nlegs;
    const uint8_t *mutant; /* becomes mutant.wasm; NULL: none */
    uint32_t mutant_n;
    const Case *c; /* as it was run; c->bytes become case.wasm.  Without a module for a crash of the harness */
} Finding;

typedef enum FindingStatus { FINDING_NEW, FINDING_KNOWN, FINDING_FULL, FINDING_FAILED } FindingStatus;

/* Write a file, which appears or is replaced as a whole.  False: errno says why. */
bool finding_replace(const char *path, const void *bytes, size_t n);

/* Make a folder, and those above it, where it is not there.  False: errno says why. */
bool finding_make_folder(const char *path);

/* Write it below `root`; the path of its folder in `path`, also when the same case is there already.  A bucket takes
 * `most` cases; 0: any number.  A folder appears whole or not at all.  FINDING_FAILED: path holds the reason. */
FindingStatus finding_write(const char *root, const Finding *f, uint32_t most, char path[FINDING_PATH]);

/* What a folder says. */
typedef struct FindingInfo {
    const char *legs, *features, *bucket; /* as written; never NULL */
    const char *verdict; /* the bucket by the vote alone, where an explanation gave another; or empty */
    const char *origin;
} FindingInfo;
bool finding_is(const char *dir); /* the folder of a finding */
bool finding_read(Arena *a, const char *dir, FindingInfo *out, char *why, size_t why_size);
/* Tell of each bucket below `root` and how many findings it holds; buckets in the order of their names. */
void findings_count(Arena *a, const char *root, void (*bucket)(void *user, const char *name, uint32_t n), void *user);
