/* The one place where the wasm and the native build differ: memory that grows, and numeric instructions that C has
   no operator for. The native half spells out in plain C what WebAssembly defines, so a program that uses it checks
   the instruction. */
#pragma once

#include <stdint.h>

enum { PAGE = 65536, HEAP_PAGES_MAX = 16 };

#if defined(__wasm__)

extern uint8_t __heap_base; /* set by the linker: the first byte after the data */

static inline uint8_t *heap_start(void) {
    return (uint8_t *)(((uintptr_t)&__heap_base + PAGE - 1) / PAGE * PAGE);
}

static inline uint32_t heap_pages(void) {
    return (uint32_t)(__builtin_wasm_memory_size(0) - (uintptr_t)heap_start() / PAGE);
}

static inline int heap_grow(uint32_t pages) {
    return __builtin_wasm_memory_grow(0, pages) != (uintptr_t)-1;
}

#define TRUNCATION(name, integer, lowest, highest, real, below, above)                          \
    static inline integer trunc_##name(real x) {                                                \
        return (integer)__builtin_wasm_trunc_##name(x);                                         \
    }                                                                                           \
    static inline integer trunc_sat_##name(real x) {                                            \
        return (integer)__builtin_wasm_trunc_saturate_##name(x);                                \
    }

#define MIN_MAX(name, real)                                                                     \
    static inline real min_##name(real a, real b) { return __builtin_wasm_min_##name(a, b); }   \
    static inline real max_##name(real a, real b) { return __builtin_wasm_max_##name(a, b); }

#else

static _Alignas(16) uint8_t native_heap[HEAP_PAGES_MAX * PAGE];
static uint32_t native_heap_pages;

static inline uint8_t *heap_start(void) {
    return native_heap;
}

static inline uint32_t heap_pages(void) {
    return native_heap_pages;
}

static inline int heap_grow(uint32_t pages) {
    if (pages > HEAP_PAGES_MAX - native_heap_pages) return 0;
    native_heap_pages += pages;
    return 1;
}

/* From below down and from above up the truncated value saturates; in between the C conversion is defined. */
#define TRUNCATION(name, integer, lowest, highest, real, below, above)                          \
    static inline integer trunc_##name(real x) {                                                \
        return (integer)x;                                                                      \
    }                                                                                           \
    static inline integer trunc_sat_##name(real x) {                                            \
        return x != x ? 0 : x <= below ? lowest : x >= above ? highest : (integer)x;            \
    }

/* Of two zeros the minimum is the negative one, the maximum the positive one. No operand may be NaN. */
#define MIN_MAX(name, real)                                                                     \
    static inline real min_##name(real a, real b) {                                             \
        return a < b ? a : b < a ? b : __builtin_signbit(a) ? a : b;                            \
    }                                                                                           \
    static inline real max_##name(real a, real b) {                                             \
        return a > b ? a : b > a ? b : __builtin_signbit(a) ? b : a;                            \
    }

#endif

/*          name       integer   lowest     highest     real    below      above */
TRUNCATION( s_i32_f32, int32_t,  INT32_MIN, INT32_MAX,  float,  -0x1p31f,  0x1p31f )
TRUNCATION( u_i32_f32, uint32_t, 0,         UINT32_MAX, float,  0.0f,      0x1p32f )
TRUNCATION( s_i32_f64, int32_t,  INT32_MIN, INT32_MAX,  double, -0x1p31,   0x1p31  )
TRUNCATION( u_i32_f64, uint32_t, 0,         UINT32_MAX, double, 0.0,       0x1p32  )
TRUNCATION( s_i64_f32, int64_t,  INT64_MIN, INT64_MAX,  float,  -0x1p63f,  0x1p63f )
TRUNCATION( u_i64_f32, uint64_t, 0,         UINT64_MAX, float,  0.0f,      0x1p64f )
TRUNCATION( s_i64_f64, int64_t,  INT64_MIN, INT64_MAX,  double, -0x1p63,   0x1p63  )
TRUNCATION( u_i64_f64, uint64_t, 0,         UINT64_MAX, double, 0.0,       0x1p64  )

MIN_MAX( f32, float  )
MIN_MAX( f64, double )

#undef TRUNCATION
#undef MIN_MAX
