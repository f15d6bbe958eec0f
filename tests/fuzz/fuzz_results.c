/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A result file that is changed by the instructions of mutated_files.h, read by every command that reads it. */
#include "reading_child.h"

MUTATED_FUZZER("whole.h5", find_structures, try_result)
