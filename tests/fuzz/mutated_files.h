/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small result file and a small journal that are changed where it matters: each instruction of 8 bytes changes a
 * number of one of their structures, whose checks are then made right again, so that what reads them meets the change.
 */
#ifndef OST_MUTATED_FILES_H
#define OST_MUTATED_FILES_H

#include "cli/cli.h"
#include "journal/record.h"
#include "results/results_impl.h"

#include <fcntl.h>
#include <gsl/gsl_errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OWN_FAULT "own_fault" /* left by reading_child.h */
enum { MUTATED_STRUCTURES = 512, MUTATED_INSTRUCTIONS = 16, SEAL_BYTES = 24 };

/* Of HDF5 itself: the check of its structures. */
uint32_t H5_checksum_metadata(const void *bytes, size_t n, uint32_t initial);

typedef struct {
    size_t at, length; /* bytes; the check stands behind them */
    bool has_check;
} structure_t;

typedef struct {
    unsigned char *bytes;
    size_t n_bytes;
    structure_t structures[MUTATED_STRUCTURES];
    size_t n;
} mutated_t;

static const char small_model[] =
    "model small \"bone that is lost\"\nkind bone\nindex site = lumbar_spine, total_hip\n"
    "covariate age [y] = 60 in 18..110 \"age\"\n"
    "param k[site] = 0.02, 0.01 [1/y] in 0.0001..0.5 spread 0.3 \"loss\" @ \"assumed: for a test\"\n"
    "state B[site] = 1 [1] \"bone\"\nB[site]' = -k[site]*B[site]\n"
    "output bmd[site] [g/cm2] = 1 [g/cm2]*B[site] \"density\"\n"
    "output shifted [1] = if age > 66 [y] then log(0*B[total_hip] - 1) else 1 \"not a number in the old\"\n";
static const char small_text[] =
    "name: small\ntitle: A small cohort\nmodels: [./small.model]\npopulation:\n  subjects: 70\n  seed: 3\n"
    "  covariates: {age: {distribution: normal, mean: 60 y, sd: 5 y}}\narms: {a: {label: First}, b: {label: Second}}\n"
    "times: {to: 12 month, every: 6 month}\n";

/* Numbers that readers stumble over. */
static const uint64_t odd_numbers[] = { 0, 1, 2, 3, 7, 8, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0xffff, 0x7fffffff,
    0x80000000, 0xffffffff, 0x100000000, 0x7fffffffffffffff, 0xffffffffffffffff, 0xfffffffffffffff8 };

static void must(bool holds, const char *what)
{
    if (holds) return;
    perror(what);
    abort();
}

static void put_file(const char *path, const void *bytes, size_t n)
{
    FILE *file = fopen(path, "w");
    must(file != NULL && fwrite(bytes, 1, n, file) == n && fclose(file) == 0, path);
}

static mutated_t read_bytes(const char *path)
{
    mutated_t self = { 0 };
    struct stat st;
    FILE *file = fopen(path, "r");
    must(file != NULL && fstat(fileno(file), &st) == 0, path);
    self.n_bytes = (size_t) st.st_size;
    self.bytes = malloc(self.n_bytes);
    must(self.bytes != NULL && fread(self.bytes, 1, self.n_bytes, file) == self.n_bytes, path);
    fclose(file);
    return self;
}

static int run_command(const ost_command_t *command, const char *const *words)
{
    char *argv[16] = { 0 };
    int argc = 0;
    for (; words[argc] != NULL; argc++) argv[argc] = strdup(words[argc]);
    optind = 0;
    int code = ost_cli_run(command, argc, argv);
    for (int i = 0; i < argc; i++) free(argv[i]);
    bool is_known = false;
#define KNOW_EXIT(name, value, text) is_known |= code == (value);
    OST_EXIT_LIST(KNOW_EXIT)
#undef KNOW_EXIT
    must(is_known, "an exit code");
    must(access(OWN_FAULT, F_OK) != 0, "no fault of osteon's own in the process that reads a file first");
    return code;
}
#define RUN(command, ...) run_command(&(command), (const char *const[]){ __VA_ARGS__, NULL })

/* In a folder of its own, which is the current one from now on. */
static void mutated_begin(void)
{
    char folder[96];
    const char *parent = getenv("TMPDIR");
    snprintf(folder, sizeof(folder), "%.64s/ost_mutated_XXXXXX", parent != NULL ? parent : "/tmp");
    gsl_set_error_handler_off();
    H5dont_atexit();
    must(mkdtemp(folder) != NULL && chdir(folder) == 0, folder);
    put_file("small.model", small_model, strlen(small_model));
    put_file("small.yaml", small_text, strlen(small_text));
    must(RUN(ost_command_run, "run", "small.yaml", "-q", "--threads", "1", "-o", "whole.h5") == OST_EXIT_OK, "run");
    must(RUN(ost_command_run, "run", "small.yaml", "-q", "--threads", "1", "--shard", "1/1", "-o", "log.h5") ==
             OST_EXIT_OK,
        "shard");
    must(RUN(ost_command_sweep, "sweep", "small.yaml", "-q", "--threads", "1", "--vary",
             "population.covariates.age=55 y, 65 y", "--set",
             "endpoints={hip: {output: 'bmd[total_hip]', arm: a, to: 12 month}}", "-o", "swept.h5") == OST_EXIT_OK,
        "sweep");
}

/* Leaves nothing there. */
static void mutated_end(void)
{
    char folder[96], command[128];
    must(getcwd(folder, sizeof(folder)) != NULL && strstr(folder, "/ost_mutated_") != NULL, "folder");
    snprintf(command, sizeof(command), "rm -r %s", folder);
    must(chdir("/") == 0 && system(command) == 0, command);
}

static uint32_t word_at(const unsigned char *at)
{
    return at[0] | (uint32_t) at[1] << 8 | (uint32_t) at[2] << 16 | (uint32_t) at[3] << 24;
}

/* Structures of HDF5 by their signatures; those with a check end where it is right. */
static void find_structures(mutated_t *self)
{
    static const char *const signatures[] = { "\211HDF", "OHDR", "OCHK", "FRHP", "FHDB", "FHIB", "BTHD", "BTLF", "BTIN",
        "TREE", "SNOD", "HEAP", "GCOL" };
    enum { MOST = 4096, UNCHECKED = 256 };
    for (size_t at = 0; at + 8 < self->n_bytes && self->n < MUTATED_STRUCTURES; at++) {
        bool is_one = false;
        for (size_t k = 0; k < sizeof(signatures) / sizeof(*signatures); k++)
            is_one |= memcmp(self->bytes + at, signatures[k], 4) == 0;
        if (!is_one) continue;
        size_t left = self->n_bytes - at, n = 8;
        while (
            n + 4 <= left && n < MOST && H5_checksum_metadata(self->bytes + at, n, 0) != word_at(self->bytes + at + n))
            n++;
        bool has_check = n + 4 <= left && n < MOST;
        self->structures[self->n++] = (structure_t){ at,
            has_check          ? n
            : left < UNCHECKED ? left
                               : UNCHECKED,
            has_check };
    }
}

static void find_records(mutated_t *self)
{
    ost_record_head_t head;
    for (size_t at = 0; at + sizeof(head) <= self->n_bytes && self->n < MUTATED_STRUCTURES;) {
        memcpy(&head, self->bytes + at, sizeof(head));
        self->structures[self->n++] = (structure_t){ at, sizeof(head) + head.length, true };
        at += sizeof(head) + (head.length + 7) / 8 * 8;
    }
}

/* structure u16, place u16, operation u8, width u8, value u16 @return the structure */
static const structure_t *change(const mutated_t *self, unsigned char *bytes, const uint8_t *at)
{
    const structure_t *s = &self->structures[(size_t) (at[0] | at[1] << 8) % self->n];
    size_t width = (size_t) 1 << (at[5] & 3), place = (size_t) (at[2] | at[3] << 8) % s->length;
    uint64_t value = (uint64_t) (at[6] | at[7] << 8), number = 0;
    if (place + width > s->length) width = 1;
    memcpy(&number, bytes + s->at + place, width);
    switch (at[4] % 5) {
    case 0:
        number = value;
        break;
    case 1:
        number ^= value;
        break;
    case 2:
        number += value;
        break;
    case 3:
        number = odd_numbers[value % (sizeof(odd_numbers) / sizeof(*odd_numbers))];
        break;
    default:
        number = self->structures[value % self->n].at;
        break; /* an address */
    }
    memcpy(bytes + s->at + place, &number, width);
    return s;
}

/* What was found, apart from where structures stand: a number of `width` bytes, in the `nth` one of a kind. */
typedef struct {
    const char *signature;
    size_t nth, place, width;
    uint64_t value;
} found_t;

/* @return whether the file has such a structure */
static bool change_found(const mutated_t *self, unsigned char *bytes, const found_t *found, const structure_t **which)
{
    size_t nth = found->nth;
    for (size_t i = 0; i < self->n; i++) {
        const structure_t *s = *which = &self->structures[i];
        if (memcmp(self->bytes + s->at, found->signature, 4) != 0 || nth-- > 0) continue;
        if (found->place + found->width > s->length) return false;
        memcpy(bytes + s->at + found->place, &found->value, found->width);
        return true;
    }
    return false;
}

static void mend_check(unsigned char *bytes, const structure_t *s)
{
    uint32_t check = H5_checksum_metadata(bytes + s->at, s->length, 0);
    if (s->has_check) memcpy(bytes + s->at + s->length, &check, sizeof(check));
}

/* The heads of records keep their length, unless they say another one. */
static void mend_record(unsigned char *bytes, const structure_t *s)
{
    ost_record_head_t head;
    memcpy(&head, bytes + s->at, sizeof(head));
    uint32_t crc = ost_record_crc(0, &head, offsetof(ost_record_head_t, crc_body));
    uint64_t length = head.length < s->length - sizeof(head) ? head.length : s->length - sizeof(head);
    head.crc_body = ost_record_crc(crc, bytes + s->at + sizeof(head), length);
    head.crc_head = ost_record_crc(0, &head, offsetof(ost_record_head_t, crc_head));
    memcpy(bytes + s->at, &head, sizeof(head));
}

static unsigned char *mutate(
    const mutated_t *self, const uint8_t *data, size_t size, void (*mend)(unsigned char *bytes, const structure_t *s))
{
    unsigned char *bytes = malloc(self->n_bytes);
    must(bytes != NULL, "memory");
    memcpy(bytes, self->bytes, self->n_bytes);
    for (size_t i = 0; i + 8 <= size && i < 8 * MUTATED_INSTRUCTIONS; i += 8)
        mend(bytes, change(self, bytes, data + i));
    return bytes;
}

/* A result file with its seal, read by all that reads results. */
static void read_result(const unsigned char *bytes, size_t n)
{
    put_file("changed.h5", bytes, n - SEAL_BYTES);
    int fd = open("changed.h5", O_RDWR);
    must(fd >= 0 && ost_results_seal(fd, "changed.h5", NULL) == 0 && close(fd) == 0, "seal");
    (void) RUN(ost_command_verify, "verify", "changed.h5");
    (void) RUN(ost_command_show, "show", "changed.h5", "--csv", "changed.csv");
    (void) RUN(ost_command_export, "export", "changed.h5", "--csv", "values.csv");
    (void) RUN(ost_command_report, "report", "changed.h5", "-o", "page.html");
    (void) RUN(ost_command_run, "run", "changed.h5", "--subject", "0", "-q", "--threads", "1", "--restart", "--force",
        "-o", "one.h5");
}

static void try_result(const mutated_t *self, const uint8_t *data, size_t size)
{
    unsigned char *bytes = mutate(self, data, size, mend_check);
    read_result(bytes, self->n_bytes);
    free(bytes);
}

/* The result of a sweep, which is also repeated from what it records. */
static void try_sweep(const mutated_t *self, const uint8_t *data, size_t size)
{
    unsigned char *bytes = mutate(self, data, size, mend_check);
    read_result(bytes, self->n_bytes);
    free(bytes);
    (void) RUN(
        ost_command_sweep, "sweep", "changed.h5", "-q", "--threads", "1", "--restart", "--force", "-o", "two.h5");
}

static void try_journal(const mutated_t *self, const uint8_t *data, size_t size)
{
    unsigned char *bytes = mutate(self, data, size, mend_record);
    put_file("changed.h5.part", bytes, self->n_bytes);
    free(bytes);
    (void) RUN(ost_command_merge, "merge", "changed.h5.part", "-q", "--force", "-o", "merged.h5");
    (void) RUN(ost_command_show, "show", "changed.h5.part");
    unlink("changed.h5");
    (void) RUN(ost_command_run, "run", "small.yaml", "-q", "--threads", "1", "--resume", "-o", "changed.h5");
}

/* A program for libFuzzer: it changes `file`, in which `find` has found what can be changed, and calls `try`. Its
 * corpus begins with as many instructions as are read: from nothing, libFuzzer tries inputs shorter than one for many
 * minutes. */
#define MUTATED_FUZZER(file, find, try)                                                                                \
    int LLVMFuzzerInitialize(int *argc, char ***argv);                                                                 \
    int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);                                                      \
    static mutated_t seed;                                                                                             \
    int LLVMFuzzerInitialize(int *argc, char ***argv)                                                                  \
    {                                                                                                                  \
        (void) argc, (void) argv;                                                                                      \
        mutated_begin();                                                                                               \
        seed = read_bytes(file);                                                                                       \
        find(&seed);                                                                                                   \
        return 0;                                                                                                      \
    }                                                                                                                  \
    int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)                                                       \
    {                                                                                                                  \
        try(&seed, data, size);                                                                                        \
        return 0;                                                                                                      \
    }

#endif
