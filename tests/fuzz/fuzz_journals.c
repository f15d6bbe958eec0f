/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A journal that is changed by the instructions of mutated_files.h, read by every command that reads it. */
#include "mutated_files.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static mutated_t seed;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void) argc, (void) argv;
    mutated_begin();
    seed = read_bytes("log.h5");
    find_records(&seed);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_journal(&seed, data, size);
    return 0;
}
