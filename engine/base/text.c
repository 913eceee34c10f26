#include "base/text.h"
#include <stdio.h>
#include <string.h>

void text_init(Text *t, Arena *a) {
    *t = (Text){.arena = a};
    t->at = vec_grow(a, NULL, 0, &t->cap, 64, 1);
    t->at[0] = 0;
}

static void need(Text *t, size_t more) {
    if (t->cap - t->n <= more) t->at = vec_grow(t->arena, t->at, t->n + 1, &t->cap, t->n + (uint32_t)more + 1, 1);
}

void text_putn(Text *t, const char *s, size_t n) {
    need(t, n);
    memcpy(t->at + t->n, s, n);
    t->n += (uint32_t)n;
    t->at[t->n] = 0;
}

void text_putc(Text *t, char c) { text_putn(t, &c, 1); }
void text_puts(Text *t, const char *s) { text_putn(t, s, strlen(s)); }

void text_printf(Text *t, const char *fmt, ...) {
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    size_t room = t->cap - t->n;
    int n = vsnprintf(t->at + t->n, room, fmt, ap);
    va_end(ap);
    if (n > 0 && (size_t)n >= room) {
        need(t, (size_t)n);
        vsnprintf(t->at + t->n, (size_t)n + 1, fmt, again);
    }
    if (n > 0) t->n += (uint32_t)n;
    va_end(again);
}

void text_pad(Text *t, uint32_t column) {
    uint32_t start = t->n;
    while (start && t->at[start - 1] != '\n') start--;
    while (t->n - start < column) text_putc(t, ' ');
}
