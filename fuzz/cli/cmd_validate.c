#include <argp.h>
#include <cjson/cJSON.h>
#include <stdlib.h>
#include "fuzz/cli/cli.h"
#include "wasm/validate.h"

typedef struct Args {
    Features features;
    bool json;
    VEC(char *) path;
    Arena *arena;
} Args;

static error_t parse(int key, char *arg, struct argp_state *st) {
    Args *a = st->input;
    switch (key) {
    case 'f':
        if (!cli_parse_features(arg, &a->features)) exit(EXIT_BAD_INPUT);
        break;
    case 'J': a->json = true; break;
    case ARGP_KEY_ARG: vec_push(a->arena, &a->path, arg); break;
    case ARGP_KEY_NO_ARGS: argp_usage(st); break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_option options[] = {
    {"features", 'f', "SET", 0, "wasm2, wasm3, or +name,-name (default wasm3)", 0},
    {"json", 'J', NULL, 0, "one JSON object a line", 0},
    {0}};
static const struct argp argp = {
    options,
    parse,
    "FILE|DIR...",
    "Decode and validate modules: one line each.\v"
    "A directory stands for all files below it that end in .wasm.\n"
    "A module that is not valid is `malformed` (its bytes mean no module), `invalid` (it breaks a rule of the "
    "specification), or "
    "over a `limit` (it needs a feature that is not on, or is larger than what is implemented).\n"
    "With --json: file, valid; and when it is not: class, text, offset (bytes), function (index; left out where none "
    "is to blame).\n"
    "Exit status: 0 all are valid, 1 some are not, 2 a file cannot be read or wrong usage.",
    NULL,
    NULL,
    NULL};

static void print_json(Arena *arena, const char *path, const Err *e) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "file", cli_utf8(arena, path));
    cJSON_AddBoolToObject(o, "valid", e->code == ERR_NONE);
    if (e->code != ERR_NONE) {
        cJSON_AddStringToObject(o, "class", err_class_name(err_class(e->code)));
        cJSON_AddStringToObject(o, "text", e->text);
        cJSON_AddNumberToObject(o, "offset", e->at);
        if (e->func != ERR_NO_FUNC) cJSON_AddNumberToObject(o, "function", e->func);
    }
    char *line = cJSON_PrintUnformatted(o);
    if (line) puts(line);
    cJSON_free(line);
    cJSON_Delete(o);
}

/* 0, 1 or 2, as the exit status. */
static int validate(Arena *arena, const Args *a, const char *path) {
    File f;
    Err err;
    if (!cli_read(arena, path, &f)) return EXIT_BAD_INPUT;
    Module *m = module_decode_valid(arena, f.bytes, f.size, a->features, &err);
    bool ok = m != NULL;
    if (a->json)
        print_json(arena, path, &err);
    else if (ok)
        printf("%s: valid\n", path);
    else
        cli_print_err(stdout, path, &err);
    return ok ? EXIT_AGREED : EXIT_DISAGREEMENT;
}

int cli_validate(int argc, char **argv) {
    Arena arena, one;
    arena_init(&arena, NULL);
    arena_init(&one, NULL);
    Args a = {.features = FEATURES_WASM3, .arena = &arena};
    Paths paths;
    int status = EXIT_AGREED;
    cli_args(&argp, argc, argv, &a);
    vec_push(&arena, &a.path, NULL);
    bool found = cli_paths(&arena, a.path.at, ".wasm", &paths);
    if (!found) status = EXIT_BAD_INPUT;
    for (uint32_t i = 0; found && i < paths.path.n; i++) {
        int s = validate(&one, &a, paths.path.at[i]);
        if (s > status) status = s;
        arena_reset(&one);
    }
    arena_free(&one);
    arena_free(&arena);
    return status;
}
