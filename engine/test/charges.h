/* A list of charges, and what they come to one after the other: for tests of code that makes them at once. */
#pragma once
#include "ir/ir.h"

static const ChargePart charges_parts[] = {{1, 3, 0x11}, {0, 5, 0x12},        {0, 7000, 0x13},
                                           {1, 2, 0x14}, {0, 0x123456, 0x15}, {0, 1, 0x16}};
enum { CHARGES_PARTS = sizeof charges_parts / sizeof *charges_parts, CHARGES_CASES = CHARGES_PARTS + 1 };

/* f(ctx): the charges */
static inline Fn *charges_fn(Arena *a) {
    static const uint8_t param[] = {T_I64};
    const IrSig sig = {.param = param, .nparam = 1};
    Fn *f = fn_new(a, "charges", 0, &sig);
    f->frame_cost = 1000;
    BlkId b = fn_block(f);
    fn_param(f, b, T_I64);
    uint32_t at = fn_pool(f, &charges_parts[0].counter, CHARGES_PARTS * CHARGE_WORDS);
    fn_ins(f, b, 99, (Ins){.op = IR_charges, .a = at, .b = CHARGES_PARTS});
    fn_ins(f, b, 99, (Ins){.op = IR_ret, .a = fn_pool(f, NULL, 0)});
    return f;
}

/* The counters with which charge number k is the first that fails, by one, the other counter being `other`; all pass
 * when k is CHARGES_PARTS.  Returns the part and leaves in `after` what is in the counters then. */
static inline const ChargePart *charges_case(uint32_t k, int64_t other, int64_t before[2], int64_t after[2]) {
    before[0] = before[1] = other;
    if (k < CHARGES_PARTS) {
        int64_t *c = &before[charges_parts[k].counter];
        *c = -1;
        for (uint32_t i = 0; i <= k; i++)
            if (charges_parts[i].counter == charges_parts[k].counter) *c += charges_parts[i].amount;
    }
    after[0] = before[0], after[1] = before[1];
    for (uint32_t i = 0; i < CHARGES_PARTS; i++)
        if ((after[charges_parts[i].counter] -= charges_parts[i].amount) < 0) return &charges_parts[i];
    return NULL;
}
