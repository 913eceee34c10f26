#include "opt/rewrite.h"

typedef struct RuleRow {
    const char *pass, *name, *text;
} RuleRow;

/* ORDER OptRule */
static const RuleRow rows[] = {
    {"fold", "constant", "operation on constants -> constant"},
    {"fold", "commute", "c op x -> x op c"},
#define FOLD(op, id, fn, text) {"fold", #id, text},
#include "opt/fold.def"
#undef FOLD
#define RULE(pass, id, text) {#pass, #id, text},
#include "opt/rule.def"
#undef RULE
};
_Static_assert(sizeof rows / sizeof *rows == OPT_RULE_COUNT, "one row a rule");

const char *opt_rule_name(OptRule r) { return r < OPT_RULE_COUNT ? rows[r].name : NULL; }
const char *opt_rule_pass(OptRule r) { return r < OPT_RULE_COUNT ? rows[r].pass : NULL; }
const char *opt_rule_text(OptRule r) { return r < OPT_RULE_COUNT ? rows[r].text : NULL; }

void opt_rewrote(Fn *f, OptRule rule, Val v) {
    Rewrites *w = f->rewrites;
    if (!w) return;
    w->made++;
    if (w->hits) w->hits[rule]++;
    if (!w->stages || !w->stages->on_rewrite) return;
    Rewrite r = {.number = w->made, .rule = rule, .f = f, .v = v};
    w->stages->on_rewrite(w->stages->user, &r);
}
