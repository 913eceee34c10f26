#include <argp.h>
#include <stdlib.h>
#include <string.h>
#include "fuzz/cli/cli.h"
#include "wasm/validate.h"

typedef struct Args {
    const char *leg, *features, *file, *invoke;
    int64_t fuel;
    VEC(char *) value;
    Arena *arena;
} Args;

static error_t parse(int key, char *arg, struct argp_state *st) {
    Args *a = st->input;
    char *end;
    switch (key) {
    case 'l': a->leg = arg; break;
    case 'f': a->features = arg; break;
    case 'u':
        a->fuel = strtoll(arg, &end, 0);
        if (*end || a->fuel <= 0 || a->fuel > STORE_FUEL_MAX)
            argp_error(st, "--fuel takes a number from 1 to %lld", (long long)STORE_FUEL_MAX);
        break;
    case 'i': a->invoke = arg; break;
    case ARGP_KEY_ARG:
        if (!a->file)
            a->file = arg;
        else
            vec_push(a->arena, &a->value, arg);
        break;
    case ARGP_KEY_END:
        if (!a->file) argp_usage(st);
        if (a->value.n && !a->invoke) argp_error(st, "arguments need --invoke");
        break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_option options[] = {
    {"leg", 'l', "LEG", 0, "leg to run on (default interp)", 0},
    {"features", 'f', "SET", 0, "wasm2, wasm3, or +name,-name (default wasm3)", 0},
    {"invoke", 'i', "NAME", 0, "call this export instead of the plan", 0},
    {"fuel", 'u', "N", 0, "instructions an invocation may execute (default: the plan's)", 0},
    {0}};
static const struct argp argp = {
    options,
    parse,
    "FILE [ARG...]",
    "Run a module's plan, or one exported function.\v"
    "Arguments are typed: i32:5 i64:-1 f32:1.5 f64:nan:0x8000000000001 externref:3 funcref:null.\n"
    "A trap is a result, not an error: exit status 0.",
    NULL,
    NULL,
    NULL};

static void print_site(const Module *m, const StepResult *r) {
    if (r->site.func == NO_INDEX) return;
    Name name = module_func_name(m, r->site.func);
    printf(" in function %u", r->site.func);
    if (name.n) printf(" (%.*s)", (int)name.n, name.at);
    printf(" at byte 0x%x", r->site.offset);
}

static void print_result(const Module *m, const StepResult *r) {
    switch (r->kind) {
    case OUT_RETURN:
        for (uint32_t i = 0; i < r->nresult && i < 16; i++) {
            if (i) putchar(' ');
            cli_print_value(stdout, r->type[i], &r->result[i]);
        }
        if (r->nresult > 16) printf(" and %u more", r->nresult - 16);
        if (!r->nresult) printf("returned");
        break;
    case OUT_TRAP:
        printf("trap: %s", trap_text(r->trap));
        print_site(m, r);
        break;
    case OUT_UNLINKABLE: printf("unlinkable: %s", r->err.text); break;
    case OUT_CRASH: printf("crash %s", r->err.text); break;
    case OUT_HANG: printf("hang"); break;
    case OUT_RESOURCE: printf("not run: %s", r->err.text); break;
    }
    putchar('\n');
}

static int status_of(const StepResult *r) {
    if (r->kind == OUT_CRASH || r->kind == OUT_HANG) return EXIT_DISAGREEMENT;
    if (r->kind == OUT_UNLINKABLE) return EXIT_BAD_INPUT;
    return r->kind == OUT_RESOURCE ? EXIT_LACKS : EXIT_AGREED;
}

static int invoke(Leg *leg, const Module *m, int32_t inst, const Args *a) {
    Value v[MAX_PARAMS];
    const Export *e = module_find_export(m, a->invoke, (uint32_t)strlen(a->invoke));
    if (!e || e->kind != EXT_FUNC)
        return cli_fail(EXIT_BAD_INPUT, "%s: exports no function \"%s\"", a->file, a->invoke);
    const FuncType *t = module_func_type(m, e->index);
    if (t->nparam != a->value.n)
        return cli_fail(EXIT_BAD_INPUT, "\"%s\" takes %u arguments, %u are given", a->invoke, t->nparam, a->value.n);
    for (uint32_t i = 0; i < t->nparam; i++) {
        ValType type;
        if (!cli_parse_value(a->value.at[i], &v[i], &type))
            return cli_fail(EXIT_BAD_INPUT, "\"%s\" is not a value (i32:5, f64:nan, externref:null)", a->value.at[i]);
        char want[32];
        if (type != t->param[i])
            return cli_fail(EXIT_BAD_INPUT, "argument %u of \"%s\" is an %s", i + 1, a->invoke,
                            vt_name(t->param[i], want));
    }
    StepResult r;
    if (!leg_invoke(leg, inst, e->name, v, t->nparam, &r))
        return cli_fail(EXIT_LACKS, "\"%s\" cannot be called on this leg", a->invoke);
    print_result(m, &r);
    return status_of(&r);
}

static int run_plan(Leg *leg, const Module *m, int32_t inst, const Plan *p) {
    for (uint32_t i = 0; i < p->step.n; i++) {
        const PlanStep *s = &p->step.at[i];
        const FuncType *t = module_func_type(m, module_find_export(m, s->name.at, s->name.n)->index);
        StepResult r;
        printf("%u: %.*s(", i, (int)s->name.n, s->name.at);
        for (uint32_t k = 0; k < s->nargs; k++) {
            if (k) putchar(' ');
            cli_print_value(stdout, t->param[k], &s->args[k]);
        }
        printf(") = ");
        fflush(stdout);
        if (!leg_invoke(leg, inst, s->name, s->args, s->nargs, &r))
            return cli_fail(EXIT_LACKS, "step %u cannot be called on this leg", i);
        print_result(m, &r);
        int status = status_of(&r);
        if (status != EXIT_AGREED) return status;
    }
    return EXIT_AGREED;
}

static int run(const Args *a, Leg *leg, Features features) {
    File f;
    Err err;
    Plan plan;
    const char *why;
    LegModule lm;
    StepResult r;
    if (!cli_read(a->arena, a->file, &f)) return EXIT_BAD_INPUT;
    Module *m = module_decode_valid(a->arena, f.bytes, f.size, features, &err);
    if (!m) {
        fputs("parallax: ", stderr);
        cli_print_err(stderr, a->file, &err);
        return EXIT_BAD_INPUT;
    }
    if (!plan_of(a->arena, m, &plan, &why)) return cli_fail(EXIT_BAD_INPUT, "%s: %s", a->file, why);
    if (a->fuel) plan.limits.fuel = a->fuel;
    if (!leg_reset(leg, &plan.limits)) return cli_fail(EXIT_LACKS, "the leg does not start");
    if (!leg_load(leg, a->arena, m, &lm, &r)) {
        print_result(m, &r);
        return status_of(&r);
    }
    int32_t inst = leg_instantiate(leg, &lm, &r);
    if (r.kind != OUT_RETURN) {
        printf("instantiation: ");
        print_result(m, &r);
        return status_of(&r);
    }
    return a->invoke ? invoke(leg, m, inst, a) : run_plan(leg, m, inst, &plan);
}

int cli_run(int argc, char **argv) {
    Arena arena;
    arena_init(&arena, NULL);
    Args a = {.leg = "interp", .arena = &arena};
    Features features = FEATURES_WASM3;
    LegSpec spec;
    Leg *leg = calloc(1, sizeof *leg);
    char why[300];
    int status = EXIT_BAD_INPUT;
    cli_args(&argp, argc, argv, &a);
    if (a.features && !cli_parse_features(a.features, &features)) goto out;
    if (!leg_spec_parse(&spec, a.leg, strlen(a.leg), why, sizeof why)) {
        cli_fail(0, "%s", why);
        goto out;
    }
    if (!leg || !leg_open(leg, &spec, 0, why, sizeof why)) {
        status = cli_fail(EXIT_LACKS, "leg %s: %s", a.leg, why);
        goto out;
    }
    status = run(&a, leg, features);
    leg_close(leg);
out:
    free(leg);
    arena_free(&arena);
    return status;
}
