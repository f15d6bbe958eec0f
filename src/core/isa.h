/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file isa.h  The instruction set that the lane code runs with. */
#ifndef OST_CORE_ISA_H
#define OST_CORE_ISA_H

/** Base is what every processor of the architecture has. */
typedef enum { OST_ISA_BASE, OST_ISA_AVX2, OST_ISA_AVX512, OST_N_ISA } ost_isa_t;

/** The widest instruction set that both this build and this processor have. */
ost_isa_t ost_isa_best(void);
/** "base", "avx2", "avx512". */
const char *ost_isa_name(ost_isa_t isa);
/** The instruction set of that name if this build and this processor have it, -1 otherwise. */
int ost_isa_from_name(const char *name);

#endif
