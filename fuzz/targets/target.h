/* Fuzz targets: one thin file each, any bytes as input, always 0 as the result.
 *
 * A target aborts on a finding and on nothing else, and does so from a function whose name tells one bug from another
 * (parallax_finding__a64__value), since that is what crash dedupe of fuzzing services keys on.  State that outlives an
 * input is opened by the first one, not at start-up: so a fork server or a fuzzing engine's own set-up comes before our
 * signal handlers and worker processes. */
#pragma once
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include "fuzz/campaign/panel.h"
#include "fuzz/case.h"
#include "fuzz/finding.h"

/* The interface of fuzzing engines. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Does the target see anything in a module that is not valid?  Each defines it; where it does not, mutators keep
 * modules valid. */
extern const bool target_takes_malformed;

enum { TARGET_MAX_INPUT = 256 << 10 }; /* larger inputs are left alone */

/* Memory for an input: emptied by the next one's call, and kept, so that a steady user touches no new pages. */
Arena *target_arena(void);

/* For experiments, $PARALLAX_PLANT names a fault (ISA:NAME, `parallax legs` lists them) that is planted in all legs of
 * the ISA. A panel for a target, opened at the first call and kept.  NULL, said once on stderr: not even this machine's
 * own ISA works. */
Panel *target_panel(void);

/* Print the verdict, write a finding below $PARALLAX_FINDINGS when that is set, and abort from the bucket's function.
 */
_Noreturn void target_report(const char *target, const uint8_t *input, uint32_t n, const Panel *p, const Case *c);
/* The same for a finding of another kind, which has been told about: `origin` is filled in. */
_Noreturn void target_report_finding(const char *target, Finding *f);
/* Print the verdict; its bucket. */
Bucket target_say(const char *target, const Panel *p, const Case *c);
/* Abort from the bucket's function. */
_Noreturn void target_abort(const Bucket *b);

/* Defines parallax_finding__NAME(text), which says the text and aborts: for findings that are no verdict. */
#define TARGET_FAILURE(name)                                                                     \
    __attribute__((noinline)) static _Noreturn void parallax_finding__##name(const char *text) { \
        fprintf(stderr, "parallax_finding__" #name ": %s\n", text);                              \
        abort();                                                                                 \
    }
