/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The interpreter of models by instruction set. */
#include "lang/program.h"

OST_ISA_EXTERN(const ost_kernel_t, ost_interpreter);

const ost_kernel_t *ost_interpreter(ost_isa_t isa)
{
    static const ost_kernel_t *const interpreters[] = OST_ISA_TABLE(&ost_interpreter);
    return interpreters[isa];
}
