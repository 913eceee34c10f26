/* Types (spec 2.3), laid out for 3.0: references are (nullable, heap type), a heap type is
 * abstract or a type index, types come in recursion groups with supertypes. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* A value type in 32 bits.  Numbers and vectors are their code byte; a reference has bit 31,
 * nullability in bit 30, and its heap type (below) in the bits below. */
typedef uint32_t ValType;

enum {
    VT_BOTTOM = 0, /* of unreachable code: matches every type */
    VT_I32 = 0x7f,
    VT_I64 = 0x7e,
    VT_F32 = 0x7d,
    VT_F64 = 0x7c,
    VT_V128 = 0x7b,
    VT_I8 = 0x78, /* packed: fields of structures and arrays only */
    VT_I16 = 0x77
};
#define VT_REF (UINT32_C(1) << 31)
#define VT_NULLABLE (UINT32_C(1) << 30)
#define VT_HEAP(vt) ((vt)&UINT32_C(0x3fffffff))

/* Heap types: a type index, or HEAP_ABSTRACT + the code byte of the binary format. */
#define HEAP_ABSTRACT UINT32_C(0x3fffff00)
enum {
    HEAP_NOFUNC = 0x73,
    HEAP_NOEXTERN = 0x72,
    HEAP_NONE = 0x71,
    HEAP_FUNC = 0x70,
    HEAP_EXTERN = 0x6f,
    HEAP_ANY = 0x6e,
    HEAP_EQ = 0x6d,
    HEAP_I31 = 0x6c,
    HEAP_STRUCT = 0x6b,
    HEAP_ARRAY = 0x6a,
    HEAP_EXN = 0x69,
    HEAP_NOEXN = 0x74
};
#define VT_FUNCREF (VT_REF | VT_NULLABLE | HEAP_ABSTRACT | HEAP_FUNC)
#define VT_EXTERNREF (VT_REF | VT_NULLABLE | HEAP_ABSTRACT | HEAP_EXTERN)

static inline bool vt_is_num(ValType t) { return t >= VT_F64 && t <= VT_I32; }
static inline bool vt_is_vec(ValType t) { return t == VT_V128; }
static inline bool vt_is_ref(ValType t) { return (t & VT_REF) != 0; }
/* Bytes of a number or vector. */
static inline uint32_t vt_bytes(ValType t) { return t == VT_I32 || t == VT_F32 ? 4 : t == VT_V128 ? 16 : 8; }
const char *vt_name(ValType t, char buf[32]); /* text-format name; may be written to buf */

typedef struct FuncType {
    const ValType *param, *result;
    uint32_t nparam, nresult;
} FuncType;

bool functype_equal(const FuncType *a, const FuncType *b);

/* A value as the bits it has in memory.  References: funcref is the address of a FuncInst,
 * externref is the host's number plus one; both are 0 for null. */
typedef union Value {
    uint32_t i32;
    uint64_t i64;
    float f32;
    double f64;
    uint64_t ref;
    uint8_t bytes[16];
    uint64_t u64x2[2];
    _Alignas(16) uint32_t u32x4[4];
} Value;
_Static_assert(sizeof(Value) == 16, "a Value is one 16-byte slot");

typedef struct Limits {
    uint64_t min, max; /* pages or elements */
    bool has_max, is64, shared;
} Limits;

/* Limits of this implementation, as the JavaScript API fixes them; beyond: ERR_LIMIT. */
enum {
    MAX_TYPES = 1000000,
    MAX_FUNCS = 1000000,
    MAX_IMPORTS = 100000,
    MAX_EXPORTS = 100000,
    MAX_GLOBALS = 1000000,
    MAX_DATAS = 100000,
    MAX_ELEMS = 100000,
    MAX_TABLES = 100000,
    MAX_MEMORIES = 100,
    MAX_PARAMS = 1000,
    MAX_RESULTS = 1000,
    MAX_LOCALS = 50000,
    MAX_BODY = 7654321,
    /* Not in the JavaScript API, but needed so that few bytes cannot ask for much memory. */
    MAX_HEIGHT = 1 << 20,    /* operand stack slots of one function */
    MAX_ALL_LOCALS = 1 << 24 /* locals of all functions together */
};
#define WASM_PAGE UINT64_C(65536)
