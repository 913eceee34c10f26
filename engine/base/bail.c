#include "base/bail.h"
#include <stdio.h>
#include <stdlib.h>

_Noreturn void bail(Bail *b, BailCode code, const char *what) {
    if (!b) {
        fprintf(stderr, "parallax: %s\n", what);
        abort();
    }
    b->code = code;
    b->what = what;
    longjmp(b->at, 1);
}
