/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file isa.h  The instruction set that the lane code runs with. */
#ifndef OST_CORE_ISA_H
#define OST_CORE_ISA_H

#include <stdbool.h>

/** Base is what every processor of the architecture has. */
typedef enum { OST_ISA_BASE, OST_ISA_AVX2, OST_ISA_AVX512, OST_N_ISA } ost_isa_t;

/** OST_IF_AVX2(value), OST_IF_AVX512(value): the value where this build has the instruction set, else NULL. */
#ifdef OST_HAVE_AVX2
#define OST_IF_AVX2(value) value
#else
#define OST_IF_AVX2(value) NULL /**< value where this build has AVX2 */
#endif
#ifdef OST_HAVE_AVX512
#define OST_IF_AVX512(value) value
#else
#define OST_IF_AVX512(value) NULL /**< value where this build has AVX-512 */
#endif

/** Initializer of an array by instruction set: symbol_base, symbol_avx2, symbol_avx512, NULL for one that this build
 * does not have. `symbol` may begin with &. The three are declared by OST_ISA_EXTERN() or a header. */
#define OST_ISA_TABLE(symbol)                                                                                          \
    {                                                                                                                  \
        [OST_ISA_BASE] = symbol##_base, [OST_ISA_AVX2] = OST_IF_AVX2(symbol##_avx2),                                   \
        [OST_ISA_AVX512] = OST_IF_AVX512(symbol##_avx512)                                                              \
    }
/** Declare one object for each instruction set, defined in a *_lanes.c. */
#define OST_ISA_EXTERN(type, symbol) extern type symbol##_base, symbol##_avx2, symbol##_avx512

/** The widest instruction set that both this build and this processor have. */
ost_isa_t ost_isa_best(void);
/** "base", "avx2", "avx512". */
const char *ost_isa_name(ost_isa_t isa);
/** Whether this build and this processor have it. */
bool ost_isa_is_usable(ost_isa_t isa);
/** The instruction set of that name, -1 for an unknown one; this machine may not have it. */
int ost_isa_find(const char *name);
/** The instruction set of that name if this build and this processor have it, -1 otherwise. */
int ost_isa_from_name(const char *name);

#endif
