/* libFuzzer's options, where the user says nothing else: what its defaults cost is told in fuzz/README.md. */
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);

/* fuzzer::FuzzerDriver(int *, char ***, int (*)(const uint8_t *, size_t)): of the engines, libFuzzer alone has it.
 * Others take arguments of another kind. */
extern int libfuzzer_driver(void) __asm__("_ZN6fuzzer12FuzzerDriverEPiPPPcPFiPKhmE") __attribute__((weak));

/* In front of the user's, since the last one of two counts.  The array stays: libFuzzer keeps pointers into it. */
int LLVMFuzzerInitialize(int *argc, char ***argv) {
    static char entropic[] = "-entropic=0", counters[] = "-use_counters=0";
    enum { MORE = 2 };
    if (!libfuzzer_driver || *argc < 1) return 0;
    char **more = calloc((size_t)*argc + MORE + 1, sizeof *more);
    if (!more) return 0;
    more[0] = (*argv)[0];
    more[1] = entropic;
    more[2] = counters;
    memcpy(more + 1 + MORE, *argv + 1, (size_t)(*argc - 1) * sizeof *more);
    *argv = more;
    *argc += MORE;
    return 0;
}
