/* Native driver: prints the checksum of run(n) for each n given, one a line. Two equal arguments show whether a
   second run in the same process starts from a fresh state. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: %s N...\n", argv[0]);
        return 2;
    }
    for (int i = 1; i < argc; i++) {
        char *end = NULL;
        long n = strtol(argv[i], &end, 10);
        if (end == argv[i] || *end != '\0' || n < INT32_MIN || n > INT32_MAX) {
            fprintf(stderr, "%s: '%s' is not a 32-bit integer\n", argv[0], argv[i]);
            return 2;
        }
        printf("0x%016" PRIx64 "\n", (uint64_t)run((int32_t)n));
    }
    return 0;
}
