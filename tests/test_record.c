/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of records that were cut anywhere, have a wrong bit, are held by another process, or whose writer was killed.
 */
#include "core/random.h"
#include "journal/record.h"
#include "testlib.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_KEYS = 400, MAX_BODY = 25000 };

typedef struct {
    bool has_head, done[MAX_KEYS];
    size_t n_done, n_wrong, size; /* size: of the bodies, about */
} found_t;

static char folder[64], path[96];

static void begin(void)
{
    /* thousands of files: in memory, where there is such a folder */
    snprintf(folder, sizeof(folder), "%s/ost_record_XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/log", folder);
}

static void end(void)
{
    unlink(path);
    CU_ASSERT_EQUAL(rmdir(folder), 0);
}

/* The body of a key: [*n] bytes that no other key has. */
static void make_body(unsigned char *body, uint64_t key, size_t size, size_t *n)
{
    *n = size + (size_t) (key * 2654435761u % 97);
    uint32_t x = (uint32_t) key + 1;
    for (size_t i = 0; i < *n; i++) body[i] = (unsigned char) ((x = x * 1664525 + 1013904223) >> 24);
}

static int find(void *user, const ost_record_head_t *head, const void *body, int64_t at, ost_error_t *err)
{
    static unsigned char right[MAX_BODY];
    found_t *found = user;
    size_t n;
    (void) at;
    (void) err;
    found->has_head = found->has_head || head->kind == OST_RECORD_HEAD;
    if (head->kind != OST_RECORD_BLOCK) return 0;
    make_body(right, head->key % MAX_KEYS, found->size, &n);
    bool ok = head->key < MAX_KEYS && head->length == n && memcmp(body, right, n) == 0;
    found->n_wrong += !ok;
    if (!ok) return 0;
    found->n_done += !found->done[head->key];
    found->done[head->key] = true;
    return 0;
}

static found_t read_log(size_t size)
{
    found_t found = { .size = size };
    int64_t last;
    int fd = open(path, O_RDONLY);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(ost_record_scan(&(ost_record_t){ .fd = fd }, find, &found, &last, NULL), 0);
    close(fd);
    return found;
}

/* A run: what is there is kept, the other keys are added in an order of its own. @return 0, or a negative code */
static int run(uint64_t n_keys, size_t size, uint64_t salt)
{
    static unsigned char body[MAX_BODY];
    ost_record_t log;
    found_t found = { .size = size };
    int64_t last = 0;
    struct iovec head = { body, 8 };
    size_t n;
    int ret = ost_record_open(&log, path, NULL);
    if (ret < 0) return ret;
    ret = ost_record_scan(&log, find, &found, &last, NULL);
    if (ret == 0) ret = ost_record_cut(&log, last, NULL);
    if (ret == 0) ret = ost_record_own(&log, NULL);
    memcpy(body, "identity", 8);
    if (ret == 0 && !found.has_head) ret = ost_record_append(&log, OST_RECORD_HEAD, 0, &head, 1, NULL);
    for (uint64_t i = 0; i < n_keys && ret == 0; i++) {
        uint64_t key = (i * 7919 + salt) % n_keys;
        if (found.done[key]) continue;
        make_body(body, key, size, &n);
        const struct iovec pieces[] = { { body, n / 3 }, { body + n / 3, 0 }, { body + n / 3, n - n / 3 } };
        ret = ost_record_append(&log, OST_RECORD_BLOCK, key, pieces, 3, NULL);
        if (ret == 0 && ost_record_is_due(&log)) ret = ost_record_sync(&log, NULL);
    }
    ost_record_close(&log);
    return found.n_wrong > 0 ? OST_ERR_FORMAT : ret;
}

static void save(const unsigned char *bytes, size_t n)
{
    unlink(path); /* a file that is cut and rewritten is flushed at once on some file systems */
    FILE *file = fopen(path, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(fwrite(bytes, 1, n, file), n);
    fclose(file);
}

static size_t load(unsigned char *bytes, size_t max)
{
    FILE *file = fopen(path, "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    size_t n = fread(bytes, 1, max, file);
    fclose(file);
    return n;
}

enum { FEW = 12, SMALL = 20, MAX_FILE = 8192 };
static unsigned char whole[MAX_FILE], damaged[MAX_FILE];

static void test_cut_at_every_length(void)
{
    begin();
    CU_ASSERT_EQUAL_FATAL(run(FEW, SMALL, 0), 0);
    size_t size = load(whole, sizeof(whole)), n_wrong = 0, n_before = 0, n_steps = 0;
    CU_ASSERT_FATAL(size > 500 && size < sizeof(whole));
    for (size_t n = 0; n <= size; n++) {
        save(whole, n);
        size_t n_whole = read_log(SMALL).n_done;
        n_wrong += n_whole < n_before; /* the longer, the more */
        n_steps += n_whole > n_before;
        n_before = n_whole;
        n_wrong += run(FEW, SMALL, 3) != 0 || read_log(SMALL).n_done != FEW || read_log(SMALL).n_wrong > 0;
        memcpy(damaged, whole, n); /* and zeros, as of a disk that lost its power */
        memset(damaged + n, 0, size - n);
        save(damaged, size);
        n_wrong += run(FEW, SMALL, 5) != 0 || read_log(SMALL).n_done != FEW;
    }
    CU_ASSERT_EQUAL(n_wrong, 0);
    CU_ASSERT_EQUAL(n_steps, FEW);
    end();
}

static void test_wrong_bits(void)
{
    begin();
    CU_ASSERT_EQUAL_FATAL(run(FEW, SMALL, 0), 0);
    size_t size = load(whole, sizeof(whole)), n_silent = 0, n_lost_one = 0, n_lost_more = 0;
    for (size_t i = 0; i < 8 * size; i++) {
        memcpy(damaged, whole, size);
        damaged[i / 8] ^= (unsigned char) (1u << (i % 8));
        save(damaged, size);
        found_t found = read_log(SMALL);
        n_silent += found.n_wrong;
        n_lost_one += found.n_done == FEW - 1;
        n_lost_more += found.n_done < FEW - 1;
    }
    CU_ASSERT_EQUAL(n_silent, 0);
    /* a wrong bit of a body costs that record alone, one of a head all from there on */
    CU_ASSERT(n_lost_one > n_lost_more && n_lost_more > 0);
    end();
}

/* The body of one record behind the head of another, both with right checks of their own. */
static void test_body_of_another(void)
{
    begin();
    CU_ASSERT_EQUAL_FATAL(run(2, SMALL, 0), 0);
    ost_record_head_t head;
    size_t size = load(whole, sizeof(whole)), at[8], n = 0;
    for (size_t i = 0; i < size; i += sizeof(head) + (head.length + 7) / 8 * 8) {
        memcpy(&head, whole + i, sizeof(head));
        at[n++] = i;
    }
    CU_ASSERT_EQUAL_FATAL(n, 4); /* owner, head, two blocks */
    memcpy(whole + at[2], whole + at[3], sizeof(head));
    save(whole, size);
    CU_ASSERT_EQUAL(read_log(SMALL).n_wrong, 0);
    end();
}

static void test_second_writer(void)
{
    ost_record_t one, two;
    ost_error_t err = { 0 };
    char says[64];
    begin();
    CU_ASSERT_EQUAL_FATAL(ost_record_open(&one, path, &err), 0);
    CU_ASSERT(one.is_new);
    CU_ASSERT_EQUAL(ost_record_open(&two, path, &err), OST_ERR_IO);
    ost_assert_contains(err.what, "another run is writing to it");
    CU_ASSERT_EQUAL_FATAL(ost_record_own(&one, &err), 0);
    CU_ASSERT_EQUAL(ost_record_open(&two, path, &err), OST_ERR_IO);
    snprintf(says, sizeof(says), "another run is writing to it: process %ld on ", (long) getpid());
    ost_assert_contains(err.what, says);
    ost_assert_contains(err.what, ", since 20");
    CU_ASSERT_STRING_EQUAL(err.where, path);
    /* the lock goes with its holder, and with the file it is of */
    unlink(path);
    CU_ASSERT_EQUAL(ost_record_open(&two, path, &err), 0);
    ost_record_close(&two);
    ost_record_close(&one);
    CU_ASSERT_EQUAL(ost_record_open(&two, path, &err), 0);
    ost_record_close(&two);
    ost_record_close(&two);
    end();
}

static void test_not_regular(void)
{
    ost_record_t log;
    ost_error_t err = { 0 };
    char target[96];
    begin();
    snprintf(target, sizeof(target), "%s/target", folder);
    CU_ASSERT_EQUAL_FATAL(symlink(target, path), 0);
    CU_ASSERT_EQUAL(ost_record_open(&log, path, &err), OST_ERR_IO);
    ost_assert_contains(err.what, "it is a symbolic link");
    CU_ASSERT_NOT_EQUAL(access(target, F_OK), 0);
    unlink(path);
    CU_ASSERT_EQUAL_FATAL(mkfifo(path, 0600), 0);
    CU_ASSERT_EQUAL(ost_record_open(&log, path, &err), OST_ERR_IO);
    ost_assert_contains(err.what, "not a regular file");
    unlink(path);
    CU_ASSERT_EQUAL(ost_record_open(&log, folder, &err), OST_ERR_IO);
    ost_assert_contains(err.what, "Is a directory");
    snprintf(target, sizeof(target), "%s/none/log", folder);
    CU_ASSERT_EQUAL(ost_record_open(&log, target, &err), OST_ERR_IO);
    ost_assert_contains(err.what, "cannot be created: No such file or directory");
    end();
}

/* A record that does not fit leaves those before it, and nothing behind them. */
static void test_full(void)
{
    begin();
    fflush(NULL);
    pid_t child = fork();
    CU_ASSERT_FATAL(child >= 0);
    if (child == 0) {
        const struct rlimit limit = { 3000, 3000 };
        signal(SIGXFSZ, SIG_IGN);
        _exit(setrlimit(RLIMIT_FSIZE, &limit) == 0 && run(MAX_KEYS, 500, 0) == OST_ERR_IO ? 0 : 1);
    }
    int state = 0;
    CU_ASSERT_EQUAL(waitpid(child, &state, 0), child);
    CU_ASSERT(WIFEXITED(state) && WEXITSTATUS(state) == 0);
    int64_t last = 0;
    struct stat st;
    found_t found = { .size = 500 };
    int fd = open(path, O_RDONLY);
    CU_ASSERT_EQUAL(ost_record_scan(&(ost_record_t){ .fd = fd }, find, &found, &last, NULL), 0);
    CU_ASSERT(fstat(fd, &st) == 0 && st.st_size == last && last > 2000);
    close(fd);
    CU_ASSERT(found.n_done == 4 || found.n_done == 5); /* of 532 to 628 bytes each */
    end();
}

static void test_kill(void)
{
    enum { N_KEYS = MAX_KEYS, SIZE = 20000, N_RUNS = 6 };
    size_t n_killed = 0;
    begin();
    for (uint32_t trial = 0, moment = 0; trial < N_RUNS; trial++) {
        int state = 0;
        unlink(path);
        fflush(NULL);
        do {
            pid_t child = fork();
            CU_ASSERT_FATAL(child >= 0);
            if (child == 0) _exit(run(N_KEYS, SIZE, trial) == 0 ? 0 : 1);
            usleep((useconds_t) (15000 * ost_random_uniform(7, 1, 1, moment) + 100 * moment)); /* and ever later */
            moment++;
            kill(child, SIGKILL);
            CU_ASSERT_EQUAL(waitpid(child, &state, 0), child);
            n_killed += WIFSIGNALED(state);
        } while (!WIFEXITED(state));
        CU_ASSERT_EQUAL(WEXITSTATUS(state), 0);
        found_t found = read_log(SIZE);
        CU_ASSERT(found.n_done == N_KEYS && found.n_wrong == 0);
    }
    CU_ASSERT(n_killed >= N_RUNS);
    end();
}

static const ost_test_t tests[] = {
    { "cut_at_every_length", test_cut_at_every_length },
    { "wrong_bits", test_wrong_bits },
    { "body_of_another", test_body_of_another },
    { "second_writer", test_second_writer },
    { "not_regular", test_not_regular },
    { "full", test_full },
    { "kill", test_kill },
};

OST_TEST_MAIN("record", tests)
