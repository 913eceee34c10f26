#include "base/err.h"
#include <stdarg.h>
#include <stdio.h>

typedef struct ErrRow {
    ErrClass class;
    const char *text;
} ErrRow;

static const ErrRow err_row[ERR_COUNT] = {
#define E(id, class, text) {CLASS_##class, text},
#include "base/err.def"
#undef E
};

ErrClass err_class(ErrCode code) { return err_row[code].class; }
const char *err_code_text(ErrCode code) { return err_row[code].text; }

const char *err_class_name(ErrClass c) {
    static const char *const name[] = {"ok", "malformed", "invalid", "unlinkable", "limit"};
    return name[c];
}

void err_clear(Err *e) { *e = (Err){.code = ERR_NONE, .func = ERR_NO_FUNC}; }

bool err_at(Err *e, uint32_t at, uint32_t func, ErrCode code, const char *detail, ...) {
    if (e->code != ERR_NONE && e->at <= at) return false;
    e->code = code;
    e->at = at;
    e->func = func;
    int n = snprintf(e->text, sizeof e->text, "%s", err_row[code].text);
    if (detail && n > 0 && (size_t)n + 2 < sizeof e->text) {
        va_list ap;
        va_start(ap, detail);
        snprintf(e->text + n, sizeof e->text - (size_t)n, ": ");
        vsnprintf(e->text + n + 2, sizeof e->text - (size_t)n - 2, detail, ap);
        va_end(ap);
    }
    return false;
}
