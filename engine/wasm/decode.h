/* Reading: a sticky byte reader, and the decoding of one instruction.
 *
 * After an error the reader yields zeros and stands at its end, so loops need one check per
 * item, not one per byte.  The first error (lowest offset) is kept. */
#pragma once
#include "wasm/module.h"

typedef struct Reader {
    const uint8_t *base, *at, *end; /* base: start of the module, for offsets */
    Err *err;
    uint32_t func; /* for error reports */
} Reader;

static inline uint32_t reader_offset(const Reader *r) { return (uint32_t)(r->at - r->base); }
static inline bool reader_ok(const Reader *r) { return r->err->code == ERR_NONE; }
void reader_fail(Reader *r, ErrCode code, uint32_t at);
uint8_t read_u8(Reader *r);
uint32_t read_u32(Reader *r); /* LEB128, checked for length and unused bits */
uint64_t read_u64(Reader *r);
int32_t read_s32(Reader *r);
int64_t read_s33(Reader *r);
int64_t read_s64(Reader *r);
Name read_name(Reader *r); /* checked UTF-8 */
ValType read_val_type(Reader *r, const Module *m);
uint32_t read_heap_type(Reader *r, const Module *m);

/* One instruction, its immediates decoded by the table's `imm` kind. */
typedef struct Instr {
    Op op;
    uint32_t at, next; /* byte offsets of the opcode and of the next instruction */
    union {
        struct {
            uint32_t index, index2;
        }; /* label func type table local global memory data elem; second index */
        struct {
            uint32_t memory, align;
            uint64_t offset;
        } mem; /* align: log2 */
        struct {
            uint32_t count;
            uint32_t at;
        } labels; /* count (without default); offset of the first LEB128 */
        struct {
            uint32_t count;
            uint32_t at;
        } types;
        int64_t block; /* block type: < 0: BLOCK_EMPTY or a value type (see block_type), >= 0: type index */
        uint32_t i32;
        uint64_t i64; /* also float bits */
        uint32_t heap;
        uint8_t bytes[16]; /* v128.const; lane numbers of a shuffle */
    };
    ValType block_vt; /* with BLOCK_VALUE */
    uint32_t lane;    /* IMM_LANE, IMM_MEMARG_LANE */
} Instr;
#define BLOCK_EMPTY (-64)
#define BLOCK_VALUE (-1)

/* Decode the instruction at the reader, checking what is malformed; false on error.
 * IMM_LABELS and IMM_TYPES are skipped over and checked; their items are read again by the user. */
bool read_instr(Reader *r, const Module *m, Instr *in);
/* The same for bytes that have been validated: no checks, fast. */
void next_instr(const Module *m, uint32_t at, Instr *in);

/* Parameters and results of a block type; a single value type is stored in *single. */
FuncType block_func_type(const Module *m, const Instr *in, ValType *single);
