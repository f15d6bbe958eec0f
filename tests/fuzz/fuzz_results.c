/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A result file that is changed by the instructions of mutated_files.h, read by every command that reads it. */
#include "mutated_files.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static mutated_t seed;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void) argc, (void) argv;
    mutated_begin();
    seed = read_bytes("whole.h5");
    find_structures(&seed);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_result(&seed, data, size);
    return 0;
}
