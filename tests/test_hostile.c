/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Result files and journals of strangers: changes with which HDF5 1.10.8 crashes, and some hundred random ones. The
 * checks of what is changed are right. Each file is refused or read; no command crashes or runs for ever. */
#include "fuzz/mutated_files.h"
#include "testlib.h"

#include <isa-l/igzip_lib.h>

static mutated_t result, journal, sweep;

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

static void test_sweeps(void)
{
    CU_ASSERT(sweep.n > 50);
    try_random(&sweep, 60, try_sweep);
}

static void test_journals(void)
{
    CU_ASSERT_EQUAL(journal.n, 7); /* head, owner, part, probe, two blocks, end */
    try_random(&journal, 150, try_journal);
}

/* Of HDF5 itself: the check of its filter. */
uint32_t H5_checksum_fletcher32(const void *bytes, size_t n);

/* A chunk of zeros of `n` bytes through the filters that `left_out` does not name, with a right check. @return bytes */
static size_t pack_zeros(unsigned char *to, size_t n, uint32_t left_out)
{
    static unsigned char zeros[1 << 14];
    struct isal_zstream stream;
    CU_ASSERT_FATAL(n <= sizeof(zeros));
    memset(to, 0, n);
    if ((left_out & 2) == 0) { /* shuffle, deflate, fletcher32 */
        isal_deflate_stateless_init(&stream);
        stream.gzip_flag = IGZIP_ZLIB;
        stream.end_of_stream = 1;
        stream.next_in = zeros;
        stream.avail_in = (uint32_t) n;
        stream.next_out = to;
        stream.avail_out = sizeof(zeros);
        CU_ASSERT_EQUAL_FATAL(isal_deflate_stateless(&stream), COMP_OK);
        n = stream.total_out;
    }
    if ((left_out & 4) != 0) return n;
    uint32_t check = H5_checksum_fletcher32(to, n);
    memcpy(to + n, &check, sizeof(check));
    return n + sizeof(check);
}

/* Write a chunk of `name`, the last if `is_last`, else the first, into changed.h5, and seal that. @return its exit code
 * of verify, show and run --resume, which have to agree */
static int read_with_chunk(const char *name, bool is_last, const unsigned char *bytes, size_t n, uint32_t left_out)
{
    put_file("changed.h5", result.bytes, result.n_bytes);
    hid_t file = H5Fopen("changed.h5", H5F_ACC_RDWR, H5P_DEFAULT), data = H5Dopen2(file, name, H5P_DEFAULT);
    hid_t space = H5Dget_space(data), create = H5Dget_create_plist(data);
    hsize_t sizes[5] = { 0 }, chunk[5] = { 0 }, at[5] = { 0 };
    int rank = H5Sget_simple_extent_dims(space, sizes, NULL);
    CU_ASSERT_FATAL(rank > 0 && H5Pget_chunk(create, rank, chunk) == rank);
    for (int d = 0; d < rank && is_last; d++) at[d] = (sizes[d] - 1) / chunk[d] * chunk[d];
    CU_ASSERT_FATAL(H5Dwrite_chunk(data, H5P_DEFAULT, left_out, at, n, bytes) >= 0);
    CU_ASSERT_FATAL(H5Pclose(create) >= 0 && H5Sclose(space) >= 0 && H5Dclose(data) >= 0 && H5Fclose(file) >= 0);
    int fd = open("changed.h5", O_RDWR);
    must(fd >= 0 && ost_results_seal(fd, "changed.h5", NULL) == 0 && close(fd) == 0, "seal");
    int code = RUN(ost_command_verify, "verify", "changed.h5");
    CU_ASSERT_EQUAL(RUN(ost_command_run, "run", "small.yaml", "-q", "--resume", "-o", "changed.h5"), code);
    bool is_shown = strcmp(name, "bmd") == 0; /* of other datasets it reads the first chunk */
    int shown = RUN(ost_command_show, "show", "changed.h5", "--variable", is_shown ? name : "shifted");
    CU_ASSERT(shown == code || (!is_shown && is_last && shown == OST_EXIT_OK));
    int exported = RUN(ost_command_export, "export", "changed.h5", "--csv", "values.csv", "--columns", "bmd");
    CU_ASSERT(exported == code || (!is_shown && is_last && exported == OST_EXIT_OK));
    int reported = RUN(ost_command_report, "report", "changed.h5", "-o", "page.html");
    CU_ASSERT(reported == code || (!is_shown && reported == OST_EXIT_OK));
    return code;
}

/* HDF5 takes a chunk that unpacks to fewer bytes than its shape says, and gives what lies behind it in memory. */
static void test_short_chunks(void)
{
    enum { BMD_BYTES = 64 * 3 * 4, STATUS_BYTES = 70 };
    static unsigned char bytes[1 << 15];
    const struct {
        const char *name;
        size_t n; /* bytes of the chunk */
        uint32_t left_out;
        int code;
    } cases[] = {
        { "bmd", BMD_BYTES, 0, OST_EXIT_OK },
        { "bmd", BMD_BYTES, 2, OST_EXIT_OK }, /* as HDF5 leaves deflate out where nothing comes of it */
        { "bmd", BMD_BYTES - 4, 0, OST_EXIT_IO },
        { "bmd", BMD_BYTES + 4, 0, OST_EXIT_IO },
        { "bmd", 1 << 14, 0, OST_EXIT_IO },
        { "bmd", 4, 0, OST_EXIT_IO },
        { "bmd", 4, 2, OST_EXIT_IO },
        { "bmd", 4, 7, OST_EXIT_IO },
        { "bmd", BMD_BYTES, 7, OST_EXIT_OK },
        { "status", STATUS_BYTES, 4, OST_EXIT_IO }, /* its only filter is the check, which is the first */
        { "status", STATUS_BYTES, 2, OST_EXIT_OK },
        { "status", 4, 2, OST_EXIT_IO },
    };
    for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(*cases); i++) {
        size_t k = i / 2;
        size_t n = pack_zeros(bytes, cases[k].n, cases[k].left_out);
        int code = read_with_chunk(cases[k].name, i % 2 == 1, bytes, n, cases[k].left_out);
        if (code != cases[k].code)
            fprintf(stderr, "\n%s, %zu bytes, %u\n", cases[k].name, cases[k].n, cases[k].left_out);
        CU_ASSERT_EQUAL(code, cases[k].code);
    }
}

int main(int argc, char **argv)
{
    static const ost_test_t tests[] = { { "crashing", test_crashing }, { "results", test_results },
        { "sweeps", test_sweeps }, { "journals", test_journals }, { "short_chunks", test_short_chunks } };
    mutated_begin();
    result = read_bytes("whole.h5");
    journal = read_bytes("log.h5");
    sweep = read_bytes("swept.h5");
    find_structures(&result);
    find_structures(&sweep);
    find_records(&journal);
    int code = ost_test_main(argc, argv, "hostile", tests, sizeof(tests) / sizeof(*tests));
    free(result.bytes);
    free(journal.bytes);
    free(sweep.bytes);
    mutated_end();
    return code;
}
