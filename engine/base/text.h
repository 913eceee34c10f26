/* Text: a growing string for printers.  Lives in an arena; NUL-terminated at all times. */
#pragma once
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"

typedef struct Text {
    Arena *arena;
    char *at;
    uint32_t n, cap;
} Text;

void text_init(Text *t, Arena *a);
void text_putc(Text *t, char c);
void text_puts(Text *t, const char *s);
void text_putn(Text *t, const char *s, size_t n);
void text_printf(Text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_pad(Text *t, uint32_t column); /* blanks up to `column` of the current line */
