/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a disk, a folder or a file can do to results: full, closed, cut short, a wrong bit, somebody else's. */
#include "core/random.h"
#include "journal/journal_impl.h"
#include "results_fixture.h"

#include <errno.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

static int count_calls(hid_t stack, void *user)
{
    (void) stack;
    ++*(int *) user;
    return 0;
}

static void test_unwritable(void)
{
    fixture_t f;
    int n_calls = 0;
    void *user = NULL;
    H5E_auto2_t handler = NULL;
    open_fixture(&f, NULL, 0);
    H5Eset_auto2(H5E_DEFAULT, count_calls, &n_calls);
    char path[160];
    const struct {
        const char *format, *reason;
    } cases[] = { { "%s/nowhere/out.h5", "cannot be created: No such file or directory" },
        { "%s/in.h5/out.h5", "cannot be created: Not a directory" }, { "%s", "cannot be written: it is a folder" },
        { "/dev/null%.0s", "cannot be written: it is not a regular file" },
        { "/proc/ost%.0s.h5", "cannot be created: No such file or directory" } };
    const ost_part_t part = { .plan = &f.plan };
    snprintf(path, sizeof path, "%s/in.h5", f.folder);
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fclose(file);
    for (size_t i = 0; i < COUNT(cases); i++) {
        char at[160];
        snprintf(at, sizeof at, cases[i].format, f.folder);
        CU_ASSERT_EQUAL(
            ost_journal_open(&f.journal, at, &part, 1, (ost_shard_t){ 0 }, OST_JOURNAL_NEW, &f.err), OST_ERR_IO);
        ost_assert_contains(f.err.what, cases[i].reason);
        ost_assert_contains(f.err.where, at);
        CU_ASSERT_PTR_NULL(f.journal);
    }
    unlink(path);
    /* HDF5 prints nothing, and the program's own handler is as it was */
    H5Eget_auto2(H5E_DEFAULT, &handler, &user);
    CU_ASSERT(handler == count_calls && user == &n_calls);
    CU_ASSERT_EQUAL(n_calls, 0);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    close_fixture(&f);
}

enum { WENT_WELL = 10, REFUSED = 11, WENT_WRONG = 12 };

static const char *disk_override;

/* Write a result on the disk at `folder`, in a process of its own so that what HDF5 does at its end counts too. */
static int write_on(const char *folder, const char *fill_up)
{
    fixture_t f;
    open_fixture(&f, &disk_override, 1);
    rmdir(f.folder);
    snprintf(f.folder, sizeof f.folder, "%s", folder);
    snprintf(f.path, sizeof f.path, "%s/out.h5", folder);
    snprintf(f.part, sizeof f.part, "%s.part", f.path);
    int ret = begin_with(&f, OST_JOURNAL_RESTART);
    if (ret == 0 && fill_up != NULL) {
        FILE *file = fopen(fill_up, "w");
        static char zeros[4096];
        while (file != NULL && fwrite(zeros, 1, sizeof zeros, file) == sizeof zeros && fflush(file) == 0) continue;
        if (file != NULL) fclose(file);
    }
    for (size_t i = 0; ret == 0 && i < 4; i++) ret = write_block(&f, i * 64, i < 3 ? 64 : 8, 0);
    if (ret == 0) ret = finish(&f);
    char beside[128];
    snprintf(beside, sizeof beside, "%s.new", f.path);
    bool is_clean = access(beside, F_OK) != 0; /* no part of a result */
    ost_journal_close(f.journal);
    ost_plan_free(&f.plan);
    ost_experiment_free(&f.e);
    ost_library_free(&f.library);
    if (ret == 0) return WENT_WELL;
    bool ok = ret == OST_ERR_IO && strstr(f.err.what, "No space left on device") != NULL;
    if (!ok) fprintf(stderr, "\n%s: %s\n", f.err.where, f.err.what);
    return ok && is_clean ? REFUSED : WENT_WRONG;
}

static int in_child(int (*run)(const char *, const char *), const char *a, const char *b)
{
    fflush(NULL);
    pid_t child = fork();
    CU_ASSERT_FATAL(child >= 0);
    if (child == 0) {
        int code = run(a, b);
        H5close(); /* as at the end of a program; not exit(), because HDF5 leaks what it read of a damaged file */
        _exit(code);
    }
    int state = 0;
    CU_ASSERT_EQUAL(waitpid(child, &state, 0), child);
    return WIFEXITED(state) ? WEXITSTATUS(state) : -WTERMSIG(state);
}

static void test_full_disk(void)
{
    char folder[] = "/tmp/ost_disk_XXXXXX", fill_up[64];
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(fill_up, sizeof fill_up, "%s/other", folder);
    if (mount("tmpfs", folder, "tmpfs", 0, "size=4m") != 0) {
        fprintf(stderr, "\nSKIPPED: a small disk cannot be made here: %s\n", strerror(errno));
        CU_PASS("skipped");
        rmdir(folder);
        return;
    }
    umount(folder);
    int n_refused = 0;
    static const char *const overrides[] = { "results={precision: float64, compression: 0}",
        "results={compression: 1}" };
    for (size_t i = 0; i < COUNT(overrides); i++) {
        disk_override = overrides[i];
        CU_ASSERT_EQUAL(mount("tmpfs", folder, "tmpfs", 0, "size=4m"), 0);
        CU_ASSERT_EQUAL(in_child(write_on, folder, NULL), WENT_WELL);
        CU_ASSERT_EQUAL(in_child(write_on, folder, fill_up), REFUSED); /* full during the run */
        CU_ASSERT_EQUAL(umount(folder), 0);
        for (int kb = 20; kb < 2000; kb += kb < 400 ? 24 : 400) { /* full at any stage */
            char size[32];
            snprintf(size, sizeof size, "size=%dk", kb);
            CU_ASSERT_EQUAL(mount("tmpfs", folder, "tmpfs", 0, size), 0);
            int result = in_child(write_on, folder, NULL);
            if (result != REFUSED && result != WENT_WELL) fprintf(stderr, "\n%s, %s: %d\n", overrides[i], size, result);
            CU_ASSERT(result == REFUSED || result == WENT_WELL);
            n_refused += result == REFUSED;
            CU_ASSERT_EQUAL(umount(folder), 0);
        }
    }
    CU_ASSERT(n_refused >= 5);
    CU_ASSERT_EQUAL(rmdir(folder), 0);
}

static char *load(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    struct stat st;
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL_FATAL(stat(path, &st), 0);
    *size = (size_t) st.st_size;
    char *data = malloc(*size + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(data);
    CU_ASSERT_EQUAL_FATAL(fread(data, 1, *size, file), *size);
    fclose(file);
    return data;
}

static void save(const char *path, const char *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(fwrite(data, 1, size, file), size);
    fclose(file);
}

/* Open and read all of it; REFUSED is OST_ERR_FORMAT. */
/* Behind what HDF5 reads (results/seal.c). */
#define SEAL_BYTES 24

static int read_everything(const char *path, const char *unused)
{
    ost_error_t err = { 0 };
    ost_results_t *results;
    (void) unused;
    int ret = ost_results_open(&results, path, &err);
    double *values = ret == 0 ? calloc(results->n_subjects, sizeof *values) : NULL;
    for (size_t v = 0; ret == 0 && values != NULL && v < results->names.n; v++) {
        const char *name = results->names.items[v];
        for (size_t i = 0; ret == 0 && i < ost_results_n_elements(results, name); i++) {
            ret = ost_results_read(results, name, 0, i, 0, values, &err);
        }
    }
    free(values);
    ost_results_close(results);
    if (ret != 0 && (ret != OST_ERR_FORMAT || strcmp(err.where, path) != 0)) {
        fprintf(stderr, "\n%d: %s: %s\n", ret, err.where, err.what);
        return WENT_WRONG;
    }
    return ret == 0 ? WENT_WELL : REFUSED;
}

static void test_cut_short(void)
{
    fixture_t f;
    size_t size, n_wrong = 0;
    open_fixture(&f, NULL, 0);
    write_file(&f);
    char *data = load(f.path, &size);
    size -= SEAL_BYTES; /* without it a file is still read */
    CU_ASSERT_EQUAL(in_child(read_everything, f.path, NULL), WENT_WELL);
    for (int i = 0; i < 60; i += 2) {
        size_t length = i < 20   ? (size_t) i * 7
                        : i < 40 ? size - 1 - (size_t) (i - 20) * 13
                                 : size * (size_t) (i - 39) / 22;
        save(f.path, data, length);
        n_wrong += in_child(read_everything, f.path, NULL) != REFUSED;
    }
    CU_ASSERT_EQUAL(n_wrong, 0);
    free(data);
    close_fixture(&f);
}

enum { N_BITS = 25, CRASH_LIKE = 99 };

typedef struct {
    char *data;
    size_t size;
    uint32_t first; /* number of the first bit */
} damage_t;
static damage_t damage;

/* N_BITS files, each with one wrong bit. @return how many were refused, or CRASH_LIKE */
static int read_damaged(const char *path, const char *unused)
{
    int n_refused = 0;
    for (uint32_t i = damage.first; i < damage.first + N_BITS; i++) {
        double u = ost_random_uniform(9, i, 1, 0);
        size_t at = (size_t) (u * (double) (i < 50 ? 2048 : damage.size));
        char bit = (char) (1 << (i % 8));
        damage.data[at] = (char) (damage.data[at] ^ bit);
        save(path, damage.data, damage.size);
        int result = read_everything(path, unused);
        if (result == WENT_WRONG) {
            fprintf(stderr, "\nbit %u of byte %zu\n", i % 8, at);
            return CRASH_LIKE;
        }
        n_refused += result == REFUSED;
        damage.data[at] = (char) (damage.data[at] ^ bit);
    }
    return n_refused;
}

/* One wrong bit: read, where it is in a value, or refused, but never a crash. */
static void test_wrong_bits(void)
{
    fixture_t f;
    int n_refused = 0;
    open_fixture(&f, NULL, 0);
    write_file(&f);
    damage.data = load(f.path, &damage.size);
    for (damage.first = 0; damage.first < 1000; damage.first += N_BITS) {
        int result = in_child(read_damaged, f.path, NULL);
        if (result < 0 || result > N_BITS) fprintf(stderr, "\nbits from number %u on: %d\n", damage.first, result);
        CU_ASSERT(result >= 0 && result <= N_BITS);
        n_refused += result;
    }
    CU_ASSERT(n_refused > 50);
    free(damage.data);
    close_fixture(&f);
}

static void test_foreign_files(void)
{
    fixture_t f;
    ost_results_t *results;
    open_fixture(&f, NULL, 0);
    CU_ASSERT_EQUAL(ost_results_open(&results, f.path, &f.err), OST_ERR_IO);
    ost_assert_contains(f.err.what, "No such file");
    CU_ASSERT_PTR_NULL(results);
    CU_ASSERT_EQUAL(ost_results_open(&results, f.folder, &f.err), OST_ERR_IO);
    ost_assert_contains(f.err.what, "Is a directory");
    save(f.path, "", 0);
    CU_ASSERT_EQUAL(ost_results_open(&results, f.path, &f.err), OST_ERR_FORMAT);
    save(f.path, experiment_text, sizeof experiment_text);
    CU_ASSERT_EQUAL(ost_results_open(&results, f.path, &f.err), OST_ERR_FORMAT);
    ost_assert_contains(f.err.what, "it is not HDF5");
    hid_t file = H5Fcreate(f.path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    H5Fclose(file);
    CU_ASSERT_EQUAL(ost_results_open(&results, f.path, &f.err), OST_ERR_FORMAT);
    ost_assert_contains(f.err.what, "not written by osteon");
    write_file(&f);
    file = H5Fopen(f.path, H5F_ACC_RDWR, H5P_DEFAULT);
    const uint64_t newer = 99;
    hid_t attribute = H5Aopen(file, "osteon_format", H5P_DEFAULT);
    CU_ASSERT(H5Awrite(attribute, H5T_NATIVE_UINT64, &newer) >= 0);
    H5Aclose(attribute);
    H5Fclose(file);
    CU_ASSERT_EQUAL(ost_results_open(&results, f.path, &f.err), OST_ERR_FORMAT);
    ost_assert_contains(f.err.what, "newer than this one");
    write_file(&f);
    file = H5Fopen(f.path, H5F_ACC_RDWR, H5P_DEFAULT);
    CU_ASSERT(H5Ldelete(file, "arm_label", H5P_DEFAULT) >= 0);
    H5Fclose(file);
    CU_ASSERT_EQUAL(ost_results_open(&results, f.path, &f.err), OST_ERR_FORMAT);
    ost_assert_contains(f.err.what, "'arm_label' cannot be read");
    close_fixture(&f);
}

/* Journals of another version are not read, whatever its records hold, and not touched. */
static void test_other_formats(void)
{
    static const int formats[] = { 1, 2, OST_JOURNAL_FORMAT - 1, OST_JOURNAL_FORMAT + 1 };
    fixture_t f;
    open_fixture(&f, NULL, 0);
    for (size_t i = 0; i < COUNT(formats); i++) {
        char text[OST_HEAD_SIZE], expected[128];
        ost_record_t record;
        struct stat before, after;
        const struct iovec body = { text,
            (size_t) snprintf(text, sizeof(text), OST_HEAD_TEXT, formats[i], (size_t) 1, (size_t) 0, (size_t) 0) };
        CU_ASSERT_EQUAL_FATAL(ost_record_open(&record, f.part, &f.err), 0);
        CU_ASSERT_EQUAL(ost_record_append(&record, OST_RECORD_HEAD, 0, &body, 1, &f.err), 0);
        ost_record_close(&record);
        CU_ASSERT_EQUAL_FATAL(stat(f.part, &before), 0);
        CU_ASSERT_EQUAL(begin_with(&f, OST_JOURNAL_RESUME), OST_ERR_VALUE);
        snprintf(expected, sizeof(expected),
            "cannot be resumed: it was begun by another version of osteon, which writes format %d and not %d",
            formats[i], OST_JOURNAL_FORMAT);
        ost_assert_contains(f.err.what, expected);
        CU_ASSERT(stat(f.part, &after) == 0 && after.st_size == before.st_size);
        unlink(f.part);
    }
    close_fixture(&f);
}

static const ost_test_t tests[] = {
    { "other_formats", test_other_formats },
    { "unwritable", test_unwritable },
    { "full_disk", test_full_disk },
    { "cut_short", test_cut_short },
    { "wrong_bits", test_wrong_bits },
    { "foreign_files", test_foreign_files },
};

OST_TEST_MAIN("results_damage", tests)
