/* Runner of the golden tests; engine/docs/golden.md describes the format.
 *
 * Cases are dealt out to processes, which run their commands and leave the outputs in a temporary folder; then the
 * outputs are compared in order, or written into the files (--bless), or the rules are counted (--rules). */
#define _GNU_SOURCE
#include <argp.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/text.h"

enum { MAX_WORDS = 64, MAX_JOBS = 64, COMMAND_SECONDS = 120 };
enum { EXIT_DIFFERS = 1, EXIT_BAD = 2, EXIT_LACKS = 3, EXIT_INTERRUPTED = 130 };

static const char default_legs[] = "interp x64:O0 x64:O1 x64:O2 a64:O0 a64:O1 a64:O2";

typedef VEC(char *) Lines;

typedef struct Case {
    uint32_t file, line; /* where its header starts */
    const char *head;    /* header and input as they stand in the file */
    size_t head_size;
    const char *input;
    size_t input_size;
    Lines run, expect; /* a command, and what it must print */
    const char *legs;
} Case;

typedef struct Args {
    Arena arena;
    char *parallax, *tmp;
    const char *unfired; /* file: rules that no case is to fire, each with its reason */
    bool bless, rules;
    uint32_t jobs;
    Lines arg, path;
    VEC(Case) all;
} Args;

static volatile sig_atomic_t interrupted;
static void on_interrupt(int sig) {
    (void)sig;
    interrupted = 1;
}

__attribute__((format(printf, 2, 3), noreturn)) static void die(int code, const char *fmt, ...) {
    va_list ap;
    fputs("golden: ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    exit(code);
}

/* -- Files -------------------------------------------------------------------------- */

static char *format(Arena *a, const char *fmt, const char *s, uint32_t n, uint32_t k) {
    char text[4096];
    int len = snprintf(text, sizeof text, fmt, s, n, k);
    return arena_dup(a, text, (size_t)len);
}

/* The whole file; NULL when there is none. */
static char *read_file(Arena *a, const char *path) {
    FILE *f = fopen(path, "rb");
    char buf[8192];
    Text t;
    if (!f) return NULL;
    text_init(&t, a);
    for (size_t n; (n = fread(buf, 1, sizeof buf, f)) > 0;) text_putn(&t, buf, n);
    fclose(f);
    return t.at;
}

static void write_file(const char *path, const void *bytes, size_t n) {
    FILE *f = fopen(path, "wb");
    bool ok = f && fwrite(bytes, 1, n, f) == n;
    if (f && fclose(f) != 0) ok = false;
    if (!ok) die(EXIT_BAD, "cannot write %s: %s", path, strerror(errno));
}

static bool ends_with(const char *s, const char *end) {
    size_t n = strlen(s), k = strlen(end);
    return n >= k && strcmp(s + n - k, end) == 0;
}

static bool is_golden(const char *path) {
    return ends_with(path, ".wat") || ends_with(path, ".ir") || ends_with(path, ".hex");
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void add_path(Args *a, const char *path) {
    struct stat st;
    if (stat(path, &st) != 0) die(EXIT_BAD, "%s: %s", path, strerror(errno));
    if (!S_ISDIR(st.st_mode)) {
        if (!is_golden(path)) die(EXIT_BAD, "%s: golden tests end in .wat, .ir or .hex", path);
        vec_push(&a->arena, &a->path, arena_dup(&a->arena, path, strlen(path)));
        return;
    }
    DIR *d = opendir(path);
    if (!d) die(EXIT_BAD, "%s: %s", path, strerror(errno));
    for (struct dirent *e; (e = readdir(d));) {
        char name[4096];
        if (e->d_name[0] == '.') continue;
        snprintf(name, sizeof name, "%s/%s", path, e->d_name);
        if (is_golden(name) || (stat(name, &st) == 0 && S_ISDIR(st.st_mode))) add_path(a, name);
    }
    closedir(d);
}

/* -- Cases --------------------------------------------------------------------------- */

static bool starts(const char *at, const char *word) { return strncmp(at, word, strlen(word)) == 0; }
static const char *next_line(const char *at) {
    at += strcspn(at, "\n");
    return *at ? at + 1 : at;
}
static char *rest_of_line(Arena *a, const char *at) { return arena_dup(a, at, strcspn(at, "\n")); }

/* The lines of one expectation, without their comment marks. */
static const char *read_expectation(Arena *a, const char *at, Lines *out) {
    Text t;
    text_init(&t, a);
    text_puts(&t, "");
    for (; starts(at, ";;") && !starts(at, ";; run:") && !starts(at, ";; expect\n"); at = next_line(at)) {
        const char *line = at + 2 + (at[2] == ' ');
        text_putn(&t, line, (size_t)(next_line(at) - line));
    }
    vec_push(a, out, t.at);
    return at;
}

/* The case that starts at `at`; returns where the next one does. */
static const char *read_case(Args *a, uint32_t file, const char *text, const char *at) {
    static const char run[] = ";; run: ", legs[] = ";; legs: ", expect[] = ";; expect\n";
    const char *path = a->path.at[file];
    Case c = {.file = file, .line = 1, .head = at, .legs = default_legs};
    for (const char *p = text; p < at; p++) c.line += *p == '\n';
    for (;; at = next_line(at)) {
        if (starts(at, run))
            vec_push(&a->arena, &c.run, rest_of_line(&a->arena, at + strlen(run)));
        else if (starts(at, legs))
            c.legs = rest_of_line(&a->arena, at + strlen(legs));
        else
            break;
    }
    if (!c.run.n) die(EXIT_BAD, "%s:%u: a case starts with ;; run:", path, c.line);
    c.input = at;
    while (*at && !starts(at, expect)) {
        if (starts(at, run)) die(EXIT_BAD, "%s:%u: this case has no ;; expect", path, c.line);
        at = next_line(at);
    }
    c.input_size = (size_t)(at - c.input);
    c.head_size = (size_t)(at - c.head);
    while (starts(at, expect)) at = read_expectation(&a->arena, next_line(at), &c.expect);
    if (c.expect.n != c.run.n && !a->bless)
        die(EXIT_BAD, "%s:%u: %u commands, but %u times ;; expect", path, c.line, c.run.n, c.expect.n);
    while (*at == '\n') at++;
    vec_push(&a->arena, &a->all, c);
    return at;
}

static void read_cases(Args *a) {
    for (uint32_t i = 0; i < a->path.n; i++) {
        char *text = read_file(&a->arena, a->path.at[i]);
        if (!text || !*text) die(EXIT_BAD, "%s: cannot be read, or is empty", a->path.at[i]);
        for (const char *at = text; *at;) at = read_case(a, i, text, at);
    }
}

/* -- One command ---------------------------------------------------------------------------- */

/* Run it in `dir`, output to files there; its exit status. */
static int run_command(const char *dir, const char *const *argv, const char *out, const char *err) {
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) die(EXIT_LACKS, "fork: %s", strerror(errno));
    if (pid == 0) {
        if (chdir(dir) != 0 || !freopen("/dev/null", "rb", stdin) || !freopen(out, "wb", stdout) ||
            !freopen(err, "wb", stderr))
            _exit(EXIT_LACKS);
        alarm(COMMAND_SECONDS); /* survives exec */
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR) die(EXIT_LACKS, "waitpid: %s", strerror(errno));
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void write_hex(Arena *a, const char *path, const char *text, size_t n) {
    Text t;
    int high = -1;
    text_init(&t, a);
    for (size_t i = 0; i < n; i++) {
        if (text[i] == ';') i += strcspn(text + i, "\n");
        if (i >= n || !isxdigit((unsigned char)text[i])) continue;
        char digit[2] = {text[i], 0};
        int v = (int)strtol(digit, NULL, 16);
        if (high >= 0) text_putc(&t, (char)(high << 4 | v));
        high = high >= 0 ? -1 : v;
    }
    if (high >= 0) die(EXIT_BAD, "an odd number of hexadecimal digits");
    write_file(path, t.at, t.n);
}

/* Write the input where the commands will find it; the name of that file, NULL when it cannot be assembled. */
static const char *prepare(Args *a, Arena *tmp, const Case *c, const char *dir) {
    const char *path = a->path.at[c->file];
    if (ends_with(path, ".ir")) {
        write_file(format(tmp, "%s/case.ir", dir, 0, 0), c->input, c->input_size);
        return "case.ir";
    }
    if (ends_with(path, ".hex")) {
        write_hex(tmp, format(tmp, "%s/case.wasm", dir, 0, 0), c->input, c->input_size);
        return "case.wasm";
    }
    static const char *const assemble[] = {"wat2wasm", "--enable-all", "--no-check", "--debug-names",
                                           "case.wat", "-o",           "case.wasm",  NULL};
    write_file(format(tmp, "%s/case.wat", dir, 0, 0), c->input, c->input_size);
    return run_command(dir, assemble, "out", "err") == 0 ? "case.wasm" : NULL;
}

/* Split a command at blanks; %s is the input file (put last when it is not named), %l the leg. */
static void words(Args *a, Arena *tmp, const char *command, const char *file, const char *leg, const char **argv) {
    uint32_t n = 0;
    bool named = false;
    argv[n++] = a->parallax;
    for (const char *at = command; *(at += strspn(at, " "));) {
        char *word = arena_dup(tmp, at, strcspn(at, " "));
        at += strlen(word);
        if (strcmp(word, "%s") == 0) {
            named = true;
            word = arena_dup(tmp, file, strlen(file));
        } else if (strcmp(word, "%l") == 0) {
            word = arena_dup(tmp, leg, strlen(leg));
        }
        if (n + 2 < MAX_WORDS) argv[n++] = word;
    }
    if (!named) argv[n++] = arena_dup(tmp, file, strlen(file));
    argv[n] = NULL;
}

/* Ask for rules instead of what a command shows; false for commands without any. */
static bool ask_for_rules(const char **argv) {
    uint32_t n = 0;
    if (strcmp(argv[1], "disas") != 0 && strcmp(argv[1], "opt") != 0) return false;
    for (uint32_t i = 0; argv[i]; i++) {
        if (strcmp(argv[i], "--ir") == 0 && argv[i + 1])
            i++;
        else
            argv[n++] = argv[i];
    }
    argv[n++] = "--rules";
    argv[n] = NULL;
    return true;
}

static void append_error(Text *t, const char *err) {
    for (; *err; err = next_line(err)) {
        text_puts(t, "stderr: ");
        text_putn(t, err, strcspn(err, "\n"));
        text_putc(t, '\n');
    }
}

/* What a command does, as one text: output, errors, exit status. */
static const char *outcome(Arena *tmp, const char *dir, const char *const *argv) {
    Text t;
    text_init(&t, tmp);
    int status = run_command(dir, argv, "out", "err");
    char *out = read_file(tmp, format(tmp, "%s/out", dir, 0, 0)),
         *err = read_file(tmp, format(tmp, "%s/err", dir, 0, 0));
    size_t n = strlen(out);
    while (n > 1 && out[n - 1] == '\n' && out[n - 2] == '\n') n--;
    text_putn(&t, out, n);
    if (n && out[n - 1] != '\n') text_putc(&t, '\n');
    append_error(&t, err);
    if (status) text_printf(&t, "exit: %d\n", status);
    return t.at;
}

/* The outcome of command k; legs that do not do the same are shown one after the other. */
static const char *run_legs(Args *a, Arena *tmp, const Case *c, uint32_t k, const char *dir, const char *file) {
    const char *argv[MAX_WORDS], *first = NULL;
    char *list = arena_dup(tmp, c->legs, strlen(c->legs)), *save = NULL;
    bool by_leg = strstr(c->run.at[k], "%l") != NULL, same = true;
    Text all;
    text_init(&all, tmp);
    for (char *leg = strtok_r(list, " ", &save); leg; leg = by_leg ? strtok_r(NULL, " ", &save) : NULL) {
        words(a, tmp, c->run.at[k], file, leg, argv);
        if (a->rules && !ask_for_rules(argv)) return "";
        const char *text = outcome(tmp, dir, argv);
        if (!first) first = text;
        same &= a->rules ? false : strcmp(first, text) == 0;
        text_printf(&all, a->rules ? "leg %s\n%s" : "%s:\n%s", by_leg ? leg : c->run.at[k], text);
    }
    return same ? first : all.at;
}

static void run_case(Args *a, uint32_t i, const char *dir) {
    Arena tmp;
    const Case *c = &a->all.at[i];
    arena_init(&tmp, NULL);
    const char *file = prepare(a, &tmp, c, dir);
    for (uint32_t k = 0; k < c->run.n; k++) {
        const char *text;
        if (file) {
            text = run_legs(a, &tmp, c, k, dir, file);
        } else {
            Text t;
            text_init(&t, &tmp);
            text_puts(&t, "not assembled:\n");
            append_error(&t, read_file(&tmp, format(&tmp, "%s/err", dir, 0, 0)));
            text = t.at;
        }
        write_file(format(&tmp, "%s/%u.%u", a->tmp, i, k), text, strlen(text));
    }
    arena_free(&tmp);
}

/* All cases, in `jobs` processes. */
static void run_all(Args *a) {
    pid_t pid[MAX_JOBS];
    bool ok = true;
    fflush(NULL);
    for (uint32_t j = 0; j < a->jobs; j++) {
        pid[j] = fork();
        if (pid[j] < 0) die(EXIT_LACKS, "fork: %s", strerror(errno));
        if (pid[j] > 0) continue;
        char *dir = format(&a->arena, "%s/job%u", a->tmp, j, 0);
        if (mkdir(dir, 0700) != 0) _exit(EXIT_LACKS);
        for (uint32_t i = j; i < a->all.n && !interrupted; i += a->jobs) run_case(a, i, dir);
        _exit(0);
    }
    for (uint32_t j = 0; j < a->jobs; j++) {
        int status;
        while (waitpid(pid[j], &status, 0) < 0 && errno == EINTR) {
        }
        ok &= WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    if (!ok && !interrupted) die(EXIT_LACKS, "a process of the runner failed");
}

/* -- What to do with the outputs ---------------------------------------------------------------- */

static const char *output(Args *a, uint32_t i, uint32_t k) {
    char *text = read_file(&a->arena, format(&a->arena, "%s/%u.%u", a->tmp, i, k));
    return text ? text : "(nothing: the command did not run)\n";
}

static void show_difference(Args *a, const char *expected, const char *is) {
    char *want = format(&a->arena, "%s/expected", a->tmp, 0, 0), *got = format(&a->arena, "%s/is", a->tmp, 0, 0);
    static const char *const argv[] = {"diff", "-u", "expected", "is", NULL};
    write_file(want, expected, strlen(expected));
    write_file(got, is, strlen(is));
    run_command(a->tmp, argv, "difference", "difference.err");
    fputs(read_file(&a->arena, format(&a->arena, "%s/difference", a->tmp, 0, 0)), stdout);
}

static int compare(Args *a) {
    uint32_t failed = 0, commands = 0;
    for (uint32_t i = 0; i < a->all.n; i++) {
        const Case *c = &a->all.at[i];
        uint32_t before = failed;
        for (uint32_t k = 0; k < c->run.n; k++, commands++) {
            const char *is = output(a, i, k);
            if (strcmp(is, c->expect.at[k]) == 0) continue;
            failed++;
            printf("FAILED %s:%u: %s\n", a->path.at[c->file], c->line, c->run.at[k]);
            show_difference(a, c->expect.at[k], is);
        }
        if (before == failed) printf("ok     %s:%u: %s\n", a->path.at[c->file], c->line, c->run.at[0]);
    }
    printf("%u golden cases, %u commands: %u failed%s\n", a->all.n, commands, failed,
           failed ? " (scripts/bless accepts)" : "");
    return failed ? EXIT_DIFFERS : 0;
}

static void put_comments(Text *t, const char *text) {
    for (; *text; text = next_line(text)) {
        size_t n = strcspn(text, "\n");
        text_puts(t, n ? ";; " : ";;");
        text_putn(t, text, n);
        text_putc(t, '\n');
    }
}

static int bless(Args *a) {
    uint32_t changed = 0;
    for (uint32_t f = 0, i = 0; f < a->path.n; f++) {
        Text t;
        text_init(&t, &a->arena);
        for (; i < a->all.n && a->all.at[i].file == f; i++) {
            const Case *c = &a->all.at[i];
            if (t.n) text_putc(&t, '\n');
            text_putn(&t, c->head, c->head_size);
            for (uint32_t k = 0; k < c->run.n; k++) {
                text_puts(&t, ";; expect\n");
                put_comments(&t, output(a, i, k));
            }
        }
        if (strcmp(t.at, read_file(&a->arena, a->path.at[f])) == 0) continue;
        write_file(a->path.at[f], t.at, t.n);
        printf("blessed %s\n", a->path.at[f]);
        changed++;
    }
    printf("%u of %u files changed\n", changed, a->path.n);
    return 0;
}

/* -- Rules --------------------------------------------------------------------------------------- */

typedef struct Rule {
    char *name; /* "x64 add_lea" */
    uint32_t cases, hits;
} Rule;
typedef VEC(Rule) Rules;

static void count_rule(Arena *a, Rules *r, const char *kind, const char *name, uint32_t hits) {
    char full[128];
    snprintf(full, sizeof full, "%s %s", kind, name);
    Rule *at = NULL;
    for (uint32_t i = 0; i < r->n && !at; i++)
        if (strcmp(r->at[i].name, full) == 0) at = &r->at[i];
    if (!at) {
        vec_push(a, r, ((Rule){.name = arena_dup(a, full, strlen(full))}));
        at = &r->at[r->n - 1];
    }
    at->cases += hits != 0;
    at->hits += hits;
}

/* Lines "leg L", and "     hits  name  pattern" of `parallax disas --rules`, which shows the optimizer's rules and then
 * lowering's, and of `parallax opt --rules`. */
static void count_rules(Arena *a, Rules *r, const char *command, const char *text) {
    const char *isa = strstr(command, "a64") ? "a64" : "x64", *kind = "opt";
    for (; *text; text = next_line(text)) {
        char name[64];
        unsigned hits;
        if (starts(text, "leg a64")) isa = "a64";
        if (starts(text, "leg x64")) isa = "x64";
        if (starts(text, "optimizer")) kind = "opt";
        if (starts(text, "lowering")) kind = isa;
        if (sscanf(text, "%8u  %60s ", &hits, name) == 2 && text[0] == ' ' && strcmp(name, "of") != 0)
            count_rule(a, r, kind, name, hits);
    }
}

/* Is there a line "NAME<tab>REASON" for the rule? */
static bool is_expected(const char *list, const char *name) {
    size_t n = strlen(name);
    for (; list && *list; list = next_line(list))
        if (strncmp(list, name, n) == 0 && list[n] == '\t') return true;
    return false;
}

static int report_rules(Args *a) {
    Rules r = {0};
    uint32_t unfired = 0, wrong = 0;
    const char *expected = a->unfired ? read_file(&a->arena, a->unfired) : "";
    if (!expected) die(EXIT_BAD, "%s: cannot be read", a->unfired);
    for (uint32_t i = 0; i < a->all.n; i++)
        for (uint32_t k = 0; k < a->all.at[i].run.n; k++)
            count_rules(&a->arena, &r, a->all.at[i].run.at[k], output(a, i, k));
    for (uint32_t i = 0; i < r.n; i++) {
        printf("%-10s %-32s %4u cases, %6u times\n", r.at[i].hits ? "fired" : "NOT FIRED", r.at[i].name, r.at[i].cases,
               r.at[i].hits);
        unfired += !r.at[i].hits;
    }
    for (uint32_t i = 0; i < r.n; i++) {
        bool is = is_expected(expected, r.at[i].name);
        if (!r.at[i].hits == is) continue;
        printf(is ? "%s is fired: take it out of the list of those that are not\n" : "no golden test fires %s\n",
               r.at[i].name);
        wrong++;
    }
    printf("%u rules, %u that no golden test fires\n", r.n, unfired);
    return wrong || !r.n ? EXIT_DIFFERS : 0;
}

/* -- The command ----------------------------------------------------------------------------------- */

static error_t parse(int key, char *arg, struct argp_state *st) {
    Args *a = st->input;
    switch (key) {
    case 'b': a->bless = true; break;
    case 'r': a->rules = true; break;
    case 'u': a->unfired = arg; break;
    case 'j':
        a->jobs = (uint32_t)strtoul(arg, NULL, 10);
        if (!a->jobs || a->jobs > MAX_JOBS) argp_error(st, "--jobs takes a number from 1 to %d", MAX_JOBS);
        break;
    case ARGP_KEY_ARG:
        if (!a->parallax)
            a->parallax = realpath(arg, NULL);
        else
            vec_push(&a->arena, &a->arg, arg);
        if (!a->parallax) argp_error(st, "%s: %s", arg, strerror(errno));
        break;
    case ARGP_KEY_END:
        if (!a->arg.n) argp_usage(st);
        break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_option options[] = {
    {"bless", 'b', NULL, 0, "write what the commands print into the files", 0},
    {"rules", 'r', NULL, 0, "instead of comparing: how often the cases fire each rule of the optimizer and of lowering",
     0},
    {"unfired", 'u', "FILE", 0, "with --rules: lines `RULE<tab>REASON`, the rules that no case is to fire", 0},
    {"jobs", 'j', "N", 0, "processes (default: processors)", 0},
    {0}};
static const struct argp argp = {
    options,
    parse,
    "PARALLAX FILE|DIR...",
    "Run golden tests with the command PARALLAX.\v"
    "Exit status: 0 as expected, 1 not, or a rule that no case fires, 2 a file is no golden test, 3 the environment "
    "lacks something (wat2wasm).",
    NULL,
    NULL,
    NULL};

static void remove_tree(const char *path) {
    const char *const argv[] = {"rm", "-rf", path, NULL};
    run_command("/", argv, "/dev/null", "/dev/null");
}

int main(int argc, char **argv) {
    Args a = {.jobs = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN)};
    char tmp[] = "/tmp/golden.XXXXXX";
    arena_init(&a.arena, NULL);
    argp_err_exit_status = EXIT_BAD;
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    if (a.jobs > MAX_JOBS) a.jobs = MAX_JOBS;
    for (uint32_t i = 0; i < a.arg.n; i++) add_path(&a, a.arg.at[i]);
    if (a.path.n) qsort(a.path.at, a.path.n, sizeof(char *), by_name);
    read_cases(&a);
    signal(SIGINT, on_interrupt);
    a.tmp = mkdtemp(tmp);
    if (!a.tmp) die(EXIT_LACKS, "%s: %s", tmp, strerror(errno));
    run_all(&a);
    int status = interrupted ? EXIT_INTERRUPTED : a.rules ? report_rules(&a) : a.bless ? bless(&a) : compare(&a);
    remove_tree(a.tmp);
    free(a.parallax);
    arena_free(&a.arena);
    return status;
}
