/* SPDX-License-Identifier: GPL-3.0-or-later */
/* As many products and sums as the instruction set can do: twelve chains in registers. */
#include "core/lanes.h"

double OST_LANE_FN(bench_peak)(size_t n);

double OST_LANE_FN(bench_peak)(size_t n)
{
    enum { CHAINS = 12 };
    ost_reg sum[CHAINS], factor = ost_reg_splat(0.999999), term = ost_reg_splat(1e-6);
    for (int c = 0; c < CHAINS; c++) sum[c] = ost_reg_splat(c);
    for (size_t i = 0; i < n; i++) {
        __asm__ volatile("" : "+m"(factor), "+m"(term)); /* the compiler is not to see through the loop */
        const ost_reg f = factor, t = term;
        for (int k = 0; k < 8; k++)
            for (int c = 0; c < CHAINS; c++) sum[c] = sum[c] * f + t;
    }
    for (int c = 1; c < CHAINS; c++) sum[0] += sum[c];
    return sum[0][0] + (double) (n * 8 * CHAINS * 2 * OST_REG_LANES);
}
