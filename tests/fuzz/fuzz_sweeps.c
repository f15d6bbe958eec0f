/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The result file of a sweep, changed as fuzz_results.c does, read and repeated. */
#include "reading_child.h"

MUTATED_FUZZER("swept.h5", find_structures, try_sweep)
