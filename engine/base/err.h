/* Err: what is wrong with an input, and where.
 *
 * The EARLIEST position wins: err_at keeps the error with the lowest byte offset,
 * so that eager and lazy checks report the same one.  A trap is not an Err (see
 * wasm/store.h), a broken invariant is an assert, a resource failure is a Bail. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef enum ErrClass { CLASS_OK, CLASS_MALFORMED, CLASS_INVALID, CLASS_UNLINKABLE, CLASS_LIMIT } ErrClass;

typedef enum ErrCode {
#define E(id, class, text) ERR_##id,
#include "base/err.def"
#undef E
    ERR_COUNT
} ErrCode;

#define ERR_NO_FUNC UINT32_MAX

typedef struct Err {
    ErrCode code;
    uint32_t at;    /* byte offset in the module */
    uint32_t func;  /* function index, or ERR_NO_FUNC */
    char text[120]; /* the code's text, perhaps with more behind it */
} Err;

ErrClass err_class(ErrCode code);
const char *err_class_name(ErrClass c); /* "ok" "malformed" "invalid" "unlinkable" "limit" */
const char *err_code_text(ErrCode code);

void err_clear(Err *e);
/* Record, unless an error at a lower or equal offset stands already.  `detail` (printf
 * format, may be NULL) is appended to the code's text after ": ".  Returns false. */
bool err_at(Err *e, uint32_t at, uint32_t func, ErrCode code, const char *detail, ...)
    __attribute__((format(printf, 5, 6)));
