/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of steppers, from methods.def. */
#include "solve/solve.h"

const ost_stepper_info_t ost_steppers[OST_N_STEPPERS] = {
#define OST_METHOD(NAME, name, family, function, order, dense_order, work, meaning)                                    \
    { name, meaning, OST_FAMILY_##family, order, dense_order, work },
#include "solve/methods.def"
#undef OST_METHOD
};
