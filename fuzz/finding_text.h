/* What stands in a finding's files; see finding.h and fuzz/README.md. */
#pragma once
#include "base/text.h"
#include "fuzz/finding.h"

void finding_wat(Text *t, const Finding *f);
void finding_settings(Text *t, const Finding *f);
void finding_verdict(Text *t, const Finding *f); /* JSON */
void finding_explain(Text *t, const Finding *f, const char *id);
/* A feature set as features_parse reads it. */
void features_print(Text *t, Features f);
/* As the command line takes it: "i32:5", "f64:bits:0x7ff8000000000000", "externref:3". */
void value_print(Text *t, ValType type, const Value *v);
