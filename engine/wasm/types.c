#include "wasm/types.h"
#include <stdio.h>
#include <string.h>

static const char *heap_name(uint32_t code) {
    switch (code) {
    case HEAP_NOFUNC: return "nofunc";
    case HEAP_NOEXTERN: return "noextern";
    case HEAP_NONE: return "none";
    case HEAP_FUNC: return "func";
    case HEAP_EXTERN: return "extern";
    case HEAP_ANY: return "any";
    case HEAP_EQ: return "eq";
    case HEAP_I31: return "i31";
    case HEAP_STRUCT: return "struct";
    case HEAP_ARRAY: return "array";
    case HEAP_EXN: return "exn";
    case HEAP_NOEXN: return "noexn";
    default: return "?";
    }
}

const char *vt_name(ValType t, char buf[32]) {
    switch (t) {
    case VT_BOTTOM: return "bot";
    case VT_I32: return "i32";
    case VT_I64: return "i64";
    case VT_F32: return "f32";
    case VT_F64: return "f64";
    case VT_V128: return "v128";
    case VT_I8: return "i8";
    case VT_I16: return "i16";
    case VT_FUNCREF: return "funcref";
    case VT_EXTERNREF: return "externref";
    default: break;
    }
    const char *null = t & VT_NULLABLE ? "null " : "";
    uint32_t heap = VT_HEAP(t);
    if (!vt_is_ref(t))
        snprintf(buf, 32, "?%x", t);
    else if (heap >= HEAP_ABSTRACT)
        snprintf(buf, 32, "(ref %s%s)", null, heap_name(heap - HEAP_ABSTRACT));
    else
        snprintf(buf, 32, "(ref %s%u)", null, heap);
    return buf;
}

static bool list_equal(const ValType *a, uint32_t na, const ValType *b, uint32_t nb) {
    return na == nb && (na == 0 || memcmp(a, b, na * sizeof *a) == 0);
}

bool functype_equal(const FuncType *a, const FuncType *b) {
    return list_equal(a->param, a->nparam, b->param, b->nparam) &&
           list_equal(a->result, a->nresult, b->result, b->nresult);
}
