/* A finding's folder gets what an explanation found out: explain.md, explain.json. */
#pragma once
#include "fuzz/explain/explain.h"

/* False: errno says why.  `m`: the module explained. */
bool explain_write(const char *dir, const Module *m, const Explanation *x, ExplainCode *code, void *user);
