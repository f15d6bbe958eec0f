/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Result files and journals of strangers: changes with which HDF5 1.10.8 crashes, and some hundred random ones. The
 * checks of what is changed are right. Each file is refused or read; no command crashes or runs for ever. */
#include "fuzz/mutated_files.h"
#include "testlib.h"

static mutated_t result, journal;

/* Each ends `osteon verify` by a signal where HDF5 1.10.8 reads the file in the same process. */
static const found_t crashing[] = {
    { "BTLF", 0, 65, 1, 0xcb },
    { "BTLF", 0, 133, 1, 0xff },
    { "BTLF", 0, 251, 8, 0xfffffffffffffff8 },
    { "BTIN", 0, 14, 8, 0x4856 },
    { "OHDR", 7, 216, 2, 0x988 },
    { "OHDR", 8, 115, 2, 0x16f8 },
    { "OHDR", 9, 94, 1, 0x57 },
};

static void test_crashing(void)
{
    for (size_t i = 0; i < sizeof(crashing) / sizeof(*crashing); i++) {
        const structure_t *which = NULL;
        unsigned char *bytes = malloc(result.n_bytes);
        must(bytes != NULL, "memory");
        memcpy(bytes, result.bytes, result.n_bytes);
        CU_ASSERT_FATAL(change_found(&result, bytes, &crashing[i], &which));
        mend_check(bytes, which);
        read_result(bytes, result.n_bytes);
        CU_ASSERT_EQUAL(RUN(ost_command_verify, "verify", "changed.h5"), OST_EXIT_IO);
        free(bytes);
    }
}

static void try_random(
    const mutated_t *seed, int n, void (*try)(const mutated_t *self, const uint8_t *data, size_t size))
{
    uint64_t state = 1;
    for (int k = 0; k < n; k++) {
        uint8_t program[16];
        for (size_t i = 0; i < sizeof(program); i++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            program[i] = (uint8_t) (state >> 56);
        }
        try(seed, program, k % 2 == 0 ? 8 : 16);
    }
}

static void test_results(void)
{
    CU_ASSERT(result.n > 50);
    try_random(&result, 60, try_result);
}

static void test_journals(void)
{
    CU_ASSERT_EQUAL(journal.n, 7); /* head, owner, part, probe, two blocks, end */
    try_random(&journal, 150, try_journal);
}

int main(int argc, char **argv)
{
    static const ost_test_t tests[] = { { "crashing", test_crashing }, { "results", test_results },
        { "journals", test_journals } };
    mutated_begin();
    result = read_bytes("whole.h5");
    journal = read_bytes("log.h5");
    find_structures(&result);
    find_records(&journal);
    int code = ost_test_main(argc, argv, "hostile", tests, sizeof(tests) / sizeof(*tests));
    free(result.bytes);
    free(journal.bytes);
    mutated_end();
    return code;
}
