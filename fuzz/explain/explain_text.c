#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fuzz/explain/explain.h"
#include "fuzz/finding_text.h"
#include "ir/build.h"
#include "ir/print.h"
#include "wasm/print.h"

enum { CONTEXT_LINES = 3, AROUND_LINES = 12 };

/* -- Parts for both forms ------------------------------------------------------------------ */

static const char *how_text(const Explanation *x) {
    switch (x->how) {
    case HOW_CAUSE: return "with it interpreted the deviation is gone";
    case HOW_SEEN: return "what it leaves was recorded, and is the first that differs";
    case HOW_BOTH:
        return "with it interpreted the deviation is gone; and what it leaves was recorded, and is the first that "
               "differs";
    default: return "";
    }
}

bool explain_compiler(ExplainCompiler *c, const Explanation *x) {
    LegSpec s;
    char why[200];
    if (!leg_spec_parse(&s, x->settings, strlen(x->settings), why, sizeof why)) return false;
    c->o = leg_compile_options(&s);
    c->target = leg_target(&s);
    c->o.target = &c->target;
    if (s.plant) {
        plant_stages_init(&c->plant, s.plant, NULL);
        c->o.stages = &c->plant.stages;
    }
    if (c->o.mixed && mix_level(c->o.mix, x->func) != LEVEL_INTERPRETED) {
        c->o.level = mix_level(c->o.mix, x->func);
        c->o.mixed = false;
    }
    return true;
}

/* The optimized form of the function, after `limit` rewrites (REWRITES_ALL); NULL when it cannot be had. */
static const char *dump(Arena *a, const Module *m, const Explanation *x, uint32_t limit) {
    ExplainCompiler c;
    CompileError e;
    Text t;
    text_init(&t, a);
    if (!explain_compiler(&c, x)) return NULL;
    if (limit != REWRITES_ALL) c.o.opt_limited = true, c.o.opt_limit = limit;
    return compile_dump(&t, m, x->func, &c.o, "opt", &e) ? t.at : NULL;
}

/* -- IR before and after -------------------------------------------------------------------- */

typedef struct Lines {
    VEC(const char *) at;
} Lines;

static Lines split(Arena *a, const char *text) {
    Lines l = {0};
    for (const char *p = text; *p; p += strcspn(p, "\n") + (p[strcspn(p, "\n")] == '\n')) vec_push(a, &l.at, p);
    return l;
}
static size_t line_length(const char *p) { return strcspn(p, "\n"); }
static bool line_has(const char *line, const char *what) {
    const char *at = strstr(line, what);
    return at && at < line + line_length(line);
}
static bool same_line(const char *a, const char *b) {
    size_t n = line_length(a);
    return n == line_length(b) && memcmp(a, b, n) == 0;
}
static void put_lines(Text *t, const Lines *l, uint32_t from, uint32_t to, char mark) {
    for (uint32_t i = from; i < to; i++) {
        text_putc(t, mark);
        text_putn(t, l->at.at[i], line_length(l->at.at[i]));
        text_putc(t, '\n');
    }
}

/* What is between the lines that both begin and end with, and some lines around. */
static void put_diff(Text *t, Arena *a, const char *before, const char *after) {
    Lines x = split(a, before), y = split(a, after);
    uint32_t n = x.at.n < y.at.n ? x.at.n : y.at.n, head = 0, tail = 0;
    while (head < n && same_line(x.at.at[head], y.at.at[head])) head++;
    while (tail < n - head && same_line(x.at.at[x.at.n - 1 - tail], y.at.at[y.at.n - 1 - tail])) tail++;
    uint32_t more = tail < CONTEXT_LINES ? tail : CONTEXT_LINES;
    text_puts(t, "```diff\n");
    put_lines(t, &x, head < CONTEXT_LINES ? 0 : head - CONTEXT_LINES, head, ' ');
    put_lines(t, &x, head, x.at.n - tail, '-');
    put_lines(t, &y, head, y.at.n - tail, '+');
    put_lines(t, &x, x.at.n - tail, x.at.n - tail + more, ' ');
    text_puts(t, "```\n");
}

static void put_rewrite(Text *t, const Module *m, const Explanation *x) {
    text_printf(t,
                "\n## Rewrite %u of %u: pass %s, rule %s\n\n%s, at byte 0x%x. With `opt-limit=%u` the leg agrees, with "
                "`opt-limit=%u` it does not. The function before and after:\n\n",
                x->rewrite, x->nrewrite, opt_rule_pass(x->rule), opt_rule_name(x->rule), opt_rule_text(x->rule),
                x->rule_offset, x->rewrite - 1, x->rewrite);
    const char *before = dump(t->arena, m, x, x->rewrite - 1), *after = dump(t->arena, m, x, x->rewrite);
    if (before && after) put_diff(t, t->arena, before, after);
}

/* The lines of the form that is lowered which stand for the instruction. */
static void put_lowered(Text *t, const Module *m, const Explanation *x) {
    const char *ir = dump(t->arena, m, x, REWRITES_ALL);
    char mark[24];
    if (!ir) return;
    Lines l = split(t->arena, ir);
    Text its;
    text_init(&its, t->arena);
    size_t n = (size_t)snprintf(mark, sizeof mark, "@0x%x", x->offset);
    for (uint32_t i = 0; i < l.at.n; i++) {
        size_t len = line_length(l.at.at[i]);
        if (len > n && memcmp(l.at.at[i] + len - n, mark, n) == 0) put_lines(&its, &l, i, i + 1, ' ');
    }
    if (its.n)
        text_printf(t, "\n## What is lowered for it\n\n```\n%s```\n", its.at);
    else /* folded into others, or gone */
        text_printf(t, "\n## What is lowered of the function\n\nNothing is that instruction's own.\n\n```\n%s```\n",
                    ir);
}

/* -- Markdown ---------------------------------------------------------------------------------- */

static void put_values(Text *t, const Explanation *x) {
    if (!x->noperand && !x->nresult) return;
    text_printf(t, "\nIn its execution number %u, on %s and on %s:\n\n| | %s | %s |\n|---|---|---|\n", x->event + 1,
                x->reference.text, x->leg.text, x->reference.text, x->leg.text);
    for (uint32_t i = 0; i < x->noperand + x->nresult; i++) {
        const ExplainValue *v = i < x->noperand ? &x->operand[i] : &x->result[i - x->noperand];
        bool differs = memcmp(&v->want, &v->got, sizeof v->want) != 0;
        text_printf(t, "| %s %u | ", i < x->noperand ? "operand" : "result", i < x->noperand ? i : i - x->noperand);
        value_print(t, v->type, &v->want);
        text_puts(t, differs ? " | **" : " | ");
        value_print(t, v->type, &v->got);
        text_puts(t, differs ? "** |\n" : " |\n");
    }
}

/* The function as text, or of a long one what is around the line that is marked. */
static void put_excerpt(Text *t, const Module *m, const Explanation *x) {
    Text all;
    text_init(&all, t->arena);
    module_print_func(&all, m, x->func, x->offset);
    Lines l = split(t->arena, all.at);
    uint32_t at = 0, from = 1, to = l.at.n;
    while (at + 1 < l.at.n && !line_has(l.at.at[at], ";; <--")) at++;
    if (at > AROUND_LINES) from = at - AROUND_LINES;
    if (to - at > AROUND_LINES) to = at + AROUND_LINES;
    text_puts(t, "\n```\n");
    put_lines(t, &l, 0, 1, ' ');
    if (from > 1) text_puts(t, "   ...\n");
    put_lines(t, &l, from, to, ' ');
    if (to < l.at.n) text_puts(t, "   ...\n");
    text_puts(t, "```\n");
}

static void put_op(Text *t, const Module *m, const Explanation *x) {
    if (!x->has_op) {
        if (!x->cut)
            text_puts(t, "\nWhich instruction it is could not be told: what was put in to find out hides the fault.\n");
        return;
    }
    text_printf(t, "\n## `%s` at byte 0x%x\n\nSo: %s.", op_info[x->op].text, x->offset, how_text(x));
    if (x->branch) text_puts(t, " Its operand is the same, but control goes on at different places.");
    if (x->how != HOW_SEEN)
        text_puts(t, x->stays ? " Compiled in a function of its own it still deviates."
                              : " Compiled in a function of its own it is right: what is around it matters.");
    text_putc(t, '\n');
    put_values(t, x);
    put_excerpt(t, m, x);
}

static void put_stage(Text *t, const Explanation *x) {
    switch (x->stage) {
    case STAGE_CODEGEN:
        text_puts(t, "It deviates at every level of optimization: so it is the builder, lowering or emission.\n");
        break;
    case STAGE_LEVEL:
        text_puts(t,
                  "It deviates without any rewrite of the optimizer (`opt-limit=0`), but not at `O0`: so it is "
                  "lowering or the allocator of this level.\n");
        break;
    case STAGE_REWRITE:
        text_printf(t, "It takes %u of the %u rewrites of the optimizer; the last of them is in pass %s.\n", x->rewrite,
                    x->nrewrite, opt_rule_pass(x->rule));
        break;
    default: break;
    }
}

static void put_types(Text *t, const ValType *type, uint32_t n) {
    text_putc(t, '(');
    for (uint32_t i = 0; i < n; i++) {
        char name[32];
        text_printf(t, "%s%s", i ? " " : "", vt_name(type[i], name));
    }
    text_putc(t, ')');
}

/* The adaptor through which the host called, as it is built. */
static void put_outside(Text *t, const Module *m, const Explanation *x) {
    text_printf(t,
                "\nWith all functions interpreted it deviates still (%u runs): so it is outside of functions, in what "
                "goes between the host and code, or in the runtime around it.\n",
                x->runs);
    if (!x->has_entry) return;
    const FuncType *type = module_func_type(m, x->entry);
    text_printf(t, "The host had called function %u, ", x->entry);
    put_types(t, type->param, type->nparam);
    text_puts(t, " -> ");
    put_types(t, type->result, type->nresult);
    if (x->by_stub) { /* one for all signatures: there is nothing of this one to show */
        text_printf(t,
                    ", by the stub `apply`, which takes arguments and results of any signature from and to registers "
                    "(`emit_stubs` in engine/%s/stubs.c, engine/run/apply.c).\n",
                    leg_kind_name(x->leg.kind));
        return;
    }
    text_puts(t, ". The adaptor of that signature, as it is built, before anything planted:\n\n```\n");
    ir_print(t, ir_build_entry_adaptor(t->arena, type));
    text_puts(t, "```\n");
}

void explain_text(Text *t, const Module *m, const Explanation *x, ExplainCode *code, void *user) {
    char name[BUCKET_NAME];
    Bucket b = explain_bucket(x);
    bucket_name(&b, name);
    text_printf(t, "# %s\n\nLeg %s deviates: %s.\n", name, x->leg.text, x->difference);
    if (x->cut)
        text_printf(
            t,
            "\nThe explanation was cut short: %s. What follows is what was known by then, and the bucket the vote's.\n",
            x->cut == CUT_TIME ? "its time was over (`parallax explain --time`)"
                               : "a leg took down the process that explained");
    if (x->stage == STAGE_OUTSIDE) {
        put_outside(t, m, x);
        return;
    }
    if (!x->has_func) {
        text_puts(t, x->cut ? "\nNo function was found to be at fault yet.\n"
                            : "\nIt does not deviate in a way that one function decides.\n");
        return;
    }
    text_printf(t, "%s function %u (`%s`, %u runs). ", x->alone ? "It is enough to compile" : "It takes", x->func,
                x->settings, x->runs);
    put_stage(t, x);
    put_op(t, m, x);
    if (x->stage == STAGE_REWRITE)
        put_rewrite(t, m, x);
    else if (x->has_op)
        put_lowered(t, m, x);
    if (code && x->has_op) code(user, t, m, x);
}

/* -- JSON ----------------------------------------------------------------------------------------- */

static void put_json_text(Text *t, const char *s) {
    text_putc(t, '"');
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\') text_putc(t, '\\');
        if (c < 0x20)
            text_printf(t, "\\u%04x", c);
        else
            text_putc(t, *s);
    }
    text_putc(t, '"');
}

static void put_field(Text *t, const char *key, const char *value) {
    text_printf(t, ",\n  \"%s\": ", key);
    put_json_text(t, value);
}

static void put_json_values(Text *t, const char *key, const ExplainValue *v, uint32_t n) {
    text_printf(t, ",\n  \"%s\": [", key);
    for (uint32_t i = 0; i < n; i++) {
        text_puts(t, i ? ", {\"expected\": \"" : "{\"expected\": \"");
        value_print(t, v[i].type, &v[i].want);
        text_puts(t, "\", \"got\": \"");
        value_print(t, v[i].type, &v[i].got);
        text_puts(t, "\"}");
    }
    text_puts(t, "]");
}

void explain_json(Text *t, const Explanation *x) {
    static const char *const how[] = {"none", "interpreted", "recorded", "interpreted+recorded"};
    char name[BUCKET_NAME];
    Bucket b = explain_bucket(x);
    bucket_name(&b, name);
    text_puts(t, "{\n  \"bucket\": ");
    put_json_text(t, name);
    put_field(t, "leg", x->leg.text);
    put_field(t, "difference", x->difference);
    text_printf(t, ",\n  \"runs\": %u", x->runs);
    put_field(t, "cut", explain_cut(x));
    if (x->has_func) {
        text_printf(t, ",\n  \"function\": %u,\n  \"alone\": %s", x->func, x->alone ? "true" : "false");
        put_field(t, "settings", x->settings);
        put_field(t, "pass", explain_pass(x));
    }
    if (x->stage == STAGE_OUTSIDE) {
        put_field(t, "pass", explain_pass(x));
        if (x->has_entry)
            text_printf(t, ",\n  \"entry\": %u,\n  \"entered_by\": \"%s\"", x->entry, x->by_stub ? "stub" : "adaptor");
    }
    if (x->stage == STAGE_REWRITE) {
        text_printf(t, ",\n  \"rewrite\": %u,\n  \"rewrites\": %u,\n  \"rule_offset\": %u", x->rewrite, x->nrewrite,
                    x->rule_offset);
        put_field(t, "rule", opt_rule_name(x->rule));
    }
    if (x->has_op) {
        put_field(t, "opcode", op_info[x->op].text);
        text_printf(t, ",\n  \"offset\": %u,\n  \"compiled_alone_deviates\": %s,\n  \"execution\": %u", x->offset,
                    x->stays ? "true" : "false", x->event + 1);
        put_field(t, "method", how[x->how]);
        put_json_values(t, "operands", x->operand, x->noperand);
        put_json_values(t, "results", x->result, x->nresult);
    }
    text_puts(t, "\n}\n");
}
