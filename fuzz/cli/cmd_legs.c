#define _GNU_SOURCE
#include <argp.h>
#include <cjson/cJSON.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "fuzz/cli/cli.h"

static error_t parse(int key, char *arg, struct argp_state *st) {
    (void)arg;
    switch (key) {
    case 'J': *(bool *)st->input = true; break;
    case ARGP_KEY_ARG: argp_error(st, "takes no arguments"); break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_option options[] = {{"json", 'J', NULL, 0, "one JSON object", 0}, {0}};
static const struct argp argp = {
    options,
    parse,
    "",
    "List the legs, what works here and why not where not, their options, and the features implemented.\v"
    "Each leg runs a small module and must do what the interpreter does.\n"
    "JSON fields: legs (name, works, reason, emulator, emulator_version, second_emulator,\n"
    "second_emulator_version, worker), options (name, values: the first is "
    "the default, "
    "what), features (name, wasm2: also in that set), plants (name, isas, opcode, what).\n"
    "Exit status: 0 some leg works, 3 none does.",
    NULL,
    NULL,
    NULL};

static const char *const leg_name[] = {"interp", "x64", "a64", "a64!full"};
enum { NLEGS = sizeof leg_name / sizeof *leg_name, PROBE_TIMEOUT_S = 60 };

typedef struct LegReport {
    bool works;
    char reason[300];                              /* why not */
    char emulator[256], version[200], worker[256]; /* empty where none is needed or found */
    char second[256], second_version[200];
} LegReport;

/* -- The probe ---------------------------------------------------------------------- */

/* (module
 *   (memory 1)
 *   (func (export "arithmetic") (param i64 f64) (result i64)
 *     (i64.xor (i64.mul (local.get 0) (i64.const 0x9e3779b97f4a7c15))
 *              (i64.trunc_sat_f64_s (f64.sqrt (f64.abs (local.get 1))))))
 *   (func (export "divide") (param i32 i32) (result i32)
 *     (i32.rem_s (local.get 0) (i32.div_s (local.get 0) (local.get 1))))
 *   (func (export "memory") (param i32 i64) (result i64)
 *     (i64.store (local.get 0) (local.get 1))
 *     (i64.load offset=4 (local.get 0)))
 *   (func (export "loop") (result i32) (local i32 i32)
 *     (loop (result i32)
 *       (local.set 1 (i32.add (i32.mul (local.get 1) (i32.const 31)) (local.get 0)))
 *       (local.set 0 (i32.add (local.get 0) (i32.const 1)))
 *       (br_if 0 (i32.lt_u (local.get 0) (i32.const 100)))
 *       (local.get 1)))) */
static const uint8_t probe[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x17, 0x04, 0x60, 0x02, 0x7e, 0x7c, 0x01, 0x7e, 0x60,
    0x02, 0x7f, 0x7f, 0x01, 0x7f, 0x60, 0x02, 0x7f, 0x7e, 0x01, 0x7e, 0x60, 0x00, 0x01, 0x7f, 0x03, 0x05, 0x04,
    0x00, 0x01, 0x02, 0x03, 0x05, 0x03, 0x01, 0x00, 0x01, 0x07, 0x27, 0x04, 0x0a, 0x61, 0x72, 0x69, 0x74, 0x68,
    0x6d, 0x65, 0x74, 0x69, 0x63, 0x00, 0x00, 0x06, 0x64, 0x69, 0x76, 0x69, 0x64, 0x65, 0x00, 0x01, 0x06, 0x6d,
    0x65, 0x6d, 0x6f, 0x72, 0x79, 0x00, 0x02, 0x04, 0x6c, 0x6f, 0x6f, 0x70, 0x00, 0x03, 0x0a, 0x56, 0x04, 0x17,
    0x00, 0x20, 0x00, 0x42, 0x95, 0xf8, 0xa9, 0xfa, 0x97, 0xb7, 0xde, 0x9b, 0x9e, 0x7f, 0x7e, 0x20, 0x01, 0x99,
    0x9f, 0xfc, 0x06, 0x85, 0x0b, 0x0a, 0x00, 0x20, 0x00, 0x20, 0x00, 0x20, 0x01, 0x6d, 0x6f, 0x0b, 0x0e, 0x00,
    0x20, 0x00, 0x20, 0x01, 0x37, 0x03, 0x00, 0x20, 0x00, 0x29, 0x03, 0x04, 0x0b, 0x22, 0x01, 0x02, 0x7f, 0x03,
    0x7f, 0x20, 0x01, 0x41, 0x1f, 0x6c, 0x20, 0x00, 0x6a, 0x21, 0x01, 0x20, 0x00, 0x41, 0x01, 0x6a, 0x21, 0x00,
    0x20, 0x00, 0x41, 0xe4, 0x00, 0x49, 0x0d, 0x00, 0x20, 0x01, 0x0b, 0x0b};

/* Run the probe on the leg, beside the interpreter; empty when they agree. */
static void probe_leg(const LegSpec *leg, char *why, size_t why_size) {
    Differ *d = calloc(1, sizeof *d);
    Case *c = calloc(1, sizeof *c);
    LegSpec spec[2] = {{0}, *leg};
    uint32_t n = leg->kind == LEG_INTERP ? 1 : 2;
    why[0] = 0;
    leg_spec_parse(&spec[0], "interp", 6, why, why_size);
    if (!d || !c) {
        snprintf(why, why_size, "out of memory");
    } else if (differ_open(d, spec, n, FEATURES_WASM3, why, why_size)) {
        Text t;
        differ_run(d, probe, sizeof probe, c);
        text_init(&t, &d->arena);
        const Observation *o = &c->obs[n - 1];
        if (o->resource || o->crashed)
            snprintf(why, why_size, "%s%s", o->resource ? "" : "crashed ", o->why);
        else if (c->verdict.kind != VERDICT_AGREE) {
            difference_print(&t, &c->verdict.diff);
            snprintf(why, why_size, "does not do what the interpreter does: %s", t.at);
        }
        differ_close(d);
    }
    free(d);
    free(c);
}

/* The probe in a process of its own: a leg that does not work may crash or hang. */
static void probe_apart(const LegSpec *leg, LegReport *r) {
    int pipe_fd[2];
    snprintf(r->reason, sizeof r->reason, "the process that tried it crashed");
    fflush(NULL);
    if (pipe(pipe_fd) != 0) return;
    pid_t pid = fork();
    if (pid == 0) {
        char why[sizeof r->reason] = "";
        alarm(PROBE_TIMEOUT_S);
        close(pipe_fd[0]);
        probe_leg(leg, why, sizeof why);
        _exit(write(pipe_fd[1], why, sizeof why) == (ssize_t)sizeof why ? 0 : 1);
    }
    close(pipe_fd[1]);
    char why[sizeof r->reason];
    size_t n = 0;
    for (ssize_t k = 1; pid > 0 && n < sizeof why && k > 0; n += k > 0 ? (size_t)k : 0)
        k = read(pipe_fd[0], why + n, sizeof why - n);
    close(pipe_fd[0]);
    int status = 0;
    if (pid > 0) waitpid(pid, &status, 0);
    if (n == sizeof why)
        memcpy(r->reason, why, sizeof why);
    else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        snprintf(r->reason, sizeof r->reason, "it did not finish in %d s", PROBE_TIMEOUT_S);
    r->works = n == sizeof why && !why[0];
}

/* -- Programs that a leg needs ----------------------------------------------------------- */

/* First line of what `program --version` prints. */
static void program_version(const char *program, char *line, size_t size) {
    int pipe_fd[2];
    line[0] = 0;
    if (pipe(pipe_fd) != 0) return;
    pid_t pid = fork();
    if (pid == 0) {
        dup2(pipe_fd[1], STDOUT_FILENO);
        close(pipe_fd[0]);
        close(pipe_fd[1]);
        execl(program, program, "--version", (char *)NULL);
        _exit(127);
    }
    close(pipe_fd[1]);
    FILE *in = pid > 0 ? fdopen(pipe_fd[0], "r") : NULL;
    if (in && fgets(line, (int)size, in)) line[strcspn(line, "\n")] = 0;
    char rest[512];
    while (in && fread(rest, 1, sizeof rest, in) > 0) {
    } /* it may not like a closed pipe */
    if (in)
        fclose(in);
    else
        close(pipe_fd[0]);
    if (pid > 0) waitpid(pid, NULL, 0);
}

static void report(const char *name, LegReport *r) {
    LegSpec spec;
    char why[300];
    *r = (LegReport){0};
    if (!leg_spec_parse(&spec, name, strlen(name), r->reason, sizeof r->reason)) return;
    bool foreign = spec.kind != LEG_INTERP && (spec.full || strcmp(leg_kind_name(spec.kind), worker_host_isa()) != 0);
    if (foreign && !worker_command(leg_kind_name(spec.kind), r->emulator, r->worker, why, sizeof why)) {
        r->emulator[0] = r->worker[0] = 0;
        memcpy(r->reason, why, sizeof why);
        return;
    }
    if (r->emulator[0]) program_version(r->emulator, r->version, sizeof r->version);
    if (worker_second_emulator(leg_kind_name(spec.kind), r->second, why, sizeof why))
        program_version(r->second, r->second_version, sizeof r->second_version);
    else
        r->second[0] = 0;
    probe_apart(&spec, r);
}

/* -- Output --------------------------------------------------------------------------------- */

static void print_leg(const char *name, const LegReport *r) {
    printf("  %-9s ", name);
    if (!r->works)
        printf("does not work: %s", r->reason);
    else if (!r->worker[0])
        printf("works in this process");
    else
        printf("works in %s", r->worker);
    if (r->emulator[0]) printf(" under %s (%s)", r->emulator, r->version[0] ? r->version : "version unknown");
    if (r->second[0]) printf(", second opinion: %s (%s)", r->second, r->second_version);
    putchar('\n');
}

static void print_text(const LegReport *r) {
    const char *name, *what;
    char values[200];
    puts("Legs");
    for (int i = 0; i < NLEGS; i++) print_leg(leg_name[i], &r[i]);
    puts("Options of compiled legs, as in x64:O0,bounds=explicit; the first value is the default");
    for (uint32_t i = 0; knob_describe(i, &name, &what, values, sizeof values); i++) {
        char option[256];
        snprintf(option, sizeof option, "%s%s%s", name, strcmp(name, "O") == 0 ? "" : "=", values);
        printf("  %-30s %s\n", option, what);
    }
    printf("  %-30s %s\n", "interp=[!]N[-M][+...]", "functions that are interpreted instead, or with ! all others");
    printf("Option of !full legs\n  %-30s interpret there\n", "interp");
    puts("Faults to plant on purpose, as in x64:O1,plant=sub-adds");
    for (uint32_t i = 0; i < PLANT_COUNT; i++) {
        const PlantInfo *p = &plant_info[i];
        printf("  %-30s %s%s%s: %s %s\n", p->name, p->legs >> LEG_X64 & 1 ? "x64" : "",
               p->legs == (1u << LEG_X64 | 1u << LEG_A64) ? ", " : "", p->legs >> LEG_A64 & 1 ? "a64" : "", p->opcode,
               p->what);
    }
    puts("Features (wasm3; * also in wasm2)");
    for (uint32_t i = 0, n = 0; i < FEAT_COUNT; i++)
        if (FEATURES_WASM3 >> i & 1)
            printf("%s%s%s", n++ ? ", " : "  ", feature_name((Feature)i), FEATURES_WASM2 >> i & 1 ? "*" : "");
    putchar('\n');
}

static void add_text(cJSON *o, const char *name, const char *text) {
    if (text[0]) cJSON_AddStringToObject(o, name, text);
}

static cJSON *split_values(char *values) {
    cJSON *list = cJSON_CreateArray();
    char *save;
    for (char *v = strtok_r(values, "|", &save); v; v = strtok_r(NULL, "|", &save))
        cJSON_AddItemToArray(list, cJSON_CreateString(v));
    return list;
}

static void print_json(const LegReport *r) {
    const char *name, *what;
    char values[200];
    cJSON *o = cJSON_CreateObject(), *legs = cJSON_AddArrayToObject(o, "legs");
    for (int i = 0; i < NLEGS; i++) {
        cJSON *leg = cJSON_CreateObject();
        cJSON_AddStringToObject(leg, "name", leg_name[i]);
        cJSON_AddBoolToObject(leg, "works", r[i].works);
        if (!r[i].works) add_text(leg, "reason", r[i].reason);
        add_text(leg, "emulator", r[i].emulator);
        add_text(leg, "emulator_version", r[i].version);
        add_text(leg, "second_emulator", r[i].second);
        add_text(leg, "second_emulator_version", r[i].second_version);
        add_text(leg, "worker", r[i].worker);
        cJSON_AddItemToArray(legs, leg);
    }
    cJSON *knobs = cJSON_AddArrayToObject(o, "options"), *features = cJSON_AddArrayToObject(o, "features");
    cJSON *plants = cJSON_AddArrayToObject(o, "plants");
    for (uint32_t i = 0; knob_describe(i, &name, &what, values, sizeof values); i++) {
        cJSON *k = cJSON_CreateObject();
        cJSON_AddStringToObject(k, "name", name);
        cJSON_AddItemToObject(k, "values", split_values(values));
        cJSON_AddStringToObject(k, "what", what);
        cJSON_AddItemToArray(knobs, k);
    }
    for (uint32_t i = 0; i < PLANT_COUNT; i++) {
        cJSON *p = cJSON_CreateObject(), *isas = cJSON_AddArrayToObject(p, "isas");
        cJSON_AddStringToObject(p, "name", plant_info[i].name);
        cJSON_AddStringToObject(p, "opcode", plant_info[i].opcode);
        cJSON_AddStringToObject(p, "what", plant_info[i].what);
        for (uint32_t k = 0; k < LEG_KINDS; k++)
            if (plant_info[i].legs >> k & 1) cJSON_AddItemToArray(isas, cJSON_CreateString(leg_kind_name((LegKind)k)));
        cJSON_AddItemToArray(plants, p);
    }
    for (uint32_t i = 0; i < FEAT_COUNT; i++) {
        if (!(FEATURES_WASM3 >> i & 1)) continue;
        cJSON *f = cJSON_CreateObject();
        cJSON_AddStringToObject(f, "name", feature_name((Feature)i));
        cJSON_AddBoolToObject(f, "wasm2", FEATURES_WASM2 >> i & 1);
        cJSON_AddItemToArray(features, f);
    }
    char *line = cJSON_PrintUnformatted(o);
    if (line) puts(line);
    cJSON_free(line);
    cJSON_Delete(o);
}

int cli_legs(int argc, char **argv) {
    bool json = false;
    LegReport r[NLEGS];
    bool any = false;
    cli_args(&argp, argc, argv, &json);
    for (int i = 0; i < NLEGS; i++) {
        report(leg_name[i], &r[i]);
        any |= r[i].works;
    }
    if (json)
        print_json(r);
    else
        print_text(r);
    return any ? EXIT_AGREED : EXIT_LACKS;
}
