/* A driver without a fuzzing engine: runs the target on each file named on the command line, or on standard input. With
 * AFL++
 * (`afl-fuzz ... -- target @@`), honggfuzz (`___FILE___`), a debugger, or to see a finding again. */
#include <errno.h>
#include <string.h>
#include "fuzz/targets/target.h"

static bool run(FILE *f, const char *name) {
    size_t cap = 1 << 16, n = 0, got;
    uint8_t *bytes = malloc(cap);
    while (bytes && (got = fread(bytes + n, 1, cap - n, f)) > 0) {
        n += got;
        if (n < cap) continue;
        uint8_t *more = realloc(bytes, cap *= 2);
        if (!more) free(bytes);
        bytes = more;
    }
    bool ok = bytes && !ferror(f);
    if (!ok)
        fprintf(stderr, "%s: cannot be read\n", name);
    else
        LLVMFuzzerTestOneInput(bytes, n);
    free(bytes);
    return ok;
}

int main(int argc, char **argv) {
    if (argc < 2) return run(stdin, "standard input") ? 0 : 2;
    for (int i = 1; i < argc; i++) {
        FILE *f = fopen(argv[i], "rb");
        if (!f) {
            fprintf(stderr, "%s: %s\n", argv[i], strerror(errno));
            return 2;
        }
        bool ok = run(f, argv[i]);
        fclose(f);
        if (!ok) return 2;
    }
    return 0;
}
