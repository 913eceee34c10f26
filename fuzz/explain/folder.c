#include "fuzz/explain/folder.h"
#include <errno.h>
#include <stdio.h>

static bool put(const char *dir, const char *name, const Text *t) {
    char path[FINDING_PATH];
    int n = snprintf(path, sizeof path, "%s/%s", dir, name);
    if (n < 0 || n >= FINDING_PATH) return errno = ENAMETOOLONG, false;
    return finding_replace(path, t->at, t->n);
}

bool explain_write(const char *dir, const Module *m, const Explanation *x, ExplainCode *code, void *user) {
    Arena a;
    Text md, json;
    arena_init(&a, NULL);
    text_init(&md, &a);
    text_init(&json, &a);
    explain_text(&md, m, x, code, user);
    explain_json(&json, x);
    bool ok = put(dir, "explain.md", &md) && put(dir, "explain.json", &json);
    arena_free(&a);
    return ok;
}
