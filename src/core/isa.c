/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "core/isa.h"

#include <string.h>

static const char *const names[OST_N_ISA] = { "base", "avx2", "avx512" };

/* OST_HAVE_AVX2 and OST_HAVE_AVX512 say what the build has; the conditions below repeat the flags it compiles with. */
bool ost_isa_is_usable(ost_isa_t isa)
{
    switch (isa) {
    case OST_ISA_BASE:
        return true;
#ifdef OST_HAVE_AVX2
    case OST_ISA_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
#ifdef OST_HAVE_AVX512
    case OST_ISA_AVX512:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
#endif
    default:
        return false;
    }
}

ost_isa_t ost_isa_best(void)
{
    for (int isa = OST_N_ISA - 1; isa > OST_ISA_BASE; isa--) {
        if (ost_isa_is_usable((ost_isa_t) isa)) return (ost_isa_t) isa;
    }
    return OST_ISA_BASE;
}

const char *ost_isa_name(ost_isa_t isa)
{
    return names[isa];
}

int ost_isa_find(const char *name)
{
    for (int isa = 0; isa < OST_N_ISA; isa++)
        if (strcmp(name, names[isa]) == 0) return isa;
    return -1;
}

int ost_isa_from_name(const char *name)
{
    int isa = ost_isa_find(name);
    return isa >= 0 && ost_isa_is_usable((ost_isa_t) isa) ? isa : -1;
}
