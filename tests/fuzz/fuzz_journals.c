/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A journal that is changed by the instructions of mutated_files.h, read by every command that reads it. */
#include "reading_child.h"

MUTATED_FUZZER("log.h5", find_records, try_journal)
