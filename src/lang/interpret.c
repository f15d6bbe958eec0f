/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lang/program.h"

extern const ost_kernel_t ost_interpreter_base;
#ifdef OST_HAVE_AVX2
extern const ost_kernel_t ost_interpreter_avx2;
#endif
#ifdef OST_HAVE_AVX512
extern const ost_kernel_t ost_interpreter_avx512;
#endif

const ost_kernel_t *ost_interpreter(ost_isa_t isa)
{
    switch (isa) {
    case OST_ISA_BASE:
        return &ost_interpreter_base;
#ifdef OST_HAVE_AVX2
    case OST_ISA_AVX2:
        return &ost_interpreter_avx2;
#endif
#ifdef OST_HAVE_AVX512
    case OST_ISA_AVX512:
        return &ost_interpreter_avx512;
#endif
    default:
        return NULL;
    }
}
