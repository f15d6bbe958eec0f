/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/lanes.h"
#include "lanes_tested.h"

#define OF_ONE(name)                                                                                                   \
    static void OST_LANE_FN(test_##name)(const double *a, double *y)                                                   \
    {                                                                                                                  \
        ost_v_store(y, ost_v_##name(ost_v_load(a)));                                                                   \
    }
#define OF_TWO(name)                                                                                                   \
    static void OST_LANE_FN(test_##name)(const double *a, const double *b, double *y)                                  \
    {                                                                                                                  \
        ost_v_store(y, ost_v_##name(ost_v_load(a), ost_v_load(b)));                                                    \
    }
#define COMPARISON(name)                                                                                               \
    static void OST_LANE_FN(test_##name)(const double *a, const double *b, double *y)                                  \
    {                                                                                                                  \
        ost_mask m = ost_v_##name(ost_v_load(a), ost_v_load(b));                                                       \
        ost_v_store(y, ost_v_blend(m, ost_v_splat(1), ost_v_splat(0)));                                                \
    }

OF_ONE(exp)
OF_ONE(log)
OF_ONE(sqrt)
OF_ONE(abs)
OF_TWO(min)
OF_TWO(max)
COMPARISON(lt)
COMPARISON(le)
COMPARISON(eq)

static void OST_LANE_FN(test_log_from)(const double *a, const double *b, double *y)
{
    for (int q = 0; q < OST_N_REGS; q++) ost_reg_store(y, q, ost_reg_log_from(ost_reg_load(a, q), ost_reg_load(b, q)));
}

extern const lanes_tested_t OST_LANE_FN(test_lane_functions);
const lanes_tested_t OST_LANE_FN(test_lane_functions) = { OST_LANE_FN(test_exp), OST_LANE_FN(test_log),
    OST_LANE_FN(test_sqrt), OST_LANE_FN(test_abs), OST_LANE_FN(test_min), OST_LANE_FN(test_max), OST_LANE_FN(test_lt),
    OST_LANE_FN(test_le), OST_LANE_FN(test_eq), OST_LANE_FN(test_log_from) };
