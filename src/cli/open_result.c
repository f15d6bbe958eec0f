/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Result files of strangers. HDF5 1.10 frees wild pointers, recurses without end or runs in circles on crafted files,
 * so that a child process reads all structures first, within limits of time and memory, and says how that went. */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Assumptions: far above what reading a result takes. */
#define MEMORY_BYTES ((rlim_t) 2 << 30) /* beside what the process has */
#define SECONDS 2                       /* of the processor, and one for each of these bytes of values: */
#define BYTES_OF_SECOND 0x1p24
#define MOST_PACKED                                                                                                    \
    UINT64_C(1032) /* bytes of values in one of the file: what deflate reaches, Gailly and Adler, zlib manual */

/* @return whether the limit was above the value, which it then is */
static bool lower(struct rlimit *limit, rlim_t value)
{
    if (limit->rlim_cur != RLIM_INFINITY && limit->rlim_cur <= value) return false;
    limit->rlim_cur = value;
    return true;
}

/* Time to read so many bytes of values, if a file of this size can hold them. */
static void allow_seconds(const struct rlimit *given, double n_bytes, uint64_t n_packed)
{
    struct rlimit seconds = *given;
    const double most = (double) (MOST_PACKED * n_packed);
    if (lower(&seconds, SECONDS + (rlim_t) ((n_bytes < most ? n_bytes : most) / BYTES_OF_SECOND)))
        setrlimit(RLIMIT_CPU, &seconds);
}

/* Without a word on the terminal, and without a core file, if it crashes. */
static void set_limits(void)
{
    unsigned long long pages;
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    FILE *memory = fopen("/proc/self/statm", "re");
    if (nowhere >= 0) dup2(nowhere, STDERR_FILENO);
    struct rlimit space, core;
    if (memory != NULL && fscanf(memory, "%llu", &pages) == 1 && getrlimit(RLIMIT_AS, &space) == 0 &&
        lower(&space, (rlim_t) pages * (rlim_t) sysconf(_SC_PAGESIZE) + MEMORY_BYTES))
        setrlimit(RLIMIT_AS, &space);
    if (memory != NULL) fclose(memory);
    if (getrlimit(RLIMIT_CORE, &core) == 0 && lower(&core, 0)) setrlimit(RLIMIT_CORE, &core);
}

static uint64_t size_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? (uint64_t) st.st_size : 0;
}

static void try_in_child(const char *path, bool with_values, int answer)
{
    ost_results_t *self = NULL;
    ost_error_t err = { 0 };
    struct rlimit given;
    const uint64_t n_packed = size_of(path);
    set_limits();
    bool has_limit = getrlimit(RLIMIT_CPU, &given) == 0;
    if (has_limit) allow_seconds(&given, 0, n_packed);
    int ret = ost_results_open(&self, path, &err);
    if (ret == 0 && has_limit) allow_seconds(&given, (double) n_packed, n_packed);
    if (ret == 0 && has_limit && with_values) allow_seconds(&given, ost_results_n_bytes(self), n_packed);
    if (ret == 0) ret = ost_results_read_all(self, with_values, &err);
    ost_results_close(self);
    err.code = ret;
    ssize_t n = write(answer, &err, sizeof(err)); /* less than a pipe holds */
    _exit(n == sizeof(err) ? 0 : 1);
}

/* @return 0, or what the child found */
static int try_reading(const char *path, bool with_values, ost_error_t *err)
{
    int ends[2];
    ost_error_t found = { 0 };
    if (pipe2(ends, O_CLOEXEC) != 0)
        return ost_fail_at(err, OST_ERR_IO, path, 0, 0, "cannot be opened: %s", strerror(errno));
    pid_t child = fork();
    if (child == 0) try_in_child(path, with_values, ends[1]);
    int reason = errno;
    close(ends[1]);
    if (child < 0) {
        close(ends[0]);
        return ost_fail_at(
            err, OST_ERR_IO, path, 0, 0, "cannot be opened: no process to read it: %s", strerror(reason));
    }
    size_t done = 0;
    for (ssize_t n = 1; n != 0 && done < sizeof(found);) {
        n = read(ends[0], (char *) &found + done, sizeof(found) - done);
        if (n > 0) done += (size_t) n;
        if (n < 0 && errno != EINTR) break;
    }
    close(ends[0]);
    int how = 0;
    while (waitpid(child, &how, 0) < 0 && errno == EINTR) continue;
    if (done < sizeof(found) && WIFSIGNALED(how) && WTERMSIG(how) == SIGXCPU)
        return ost_fail_at(err, OST_ERR_FORMAT, path, 0, 0,
            "not opened: to read it took longer than a result of its size takes; it is damaged, or the limit of the "
            "processor's time (ulimit -t) is too low");
    if (done < sizeof(found))
        return ost_fail_at(
            err, OST_ERR_FORMAT, path, 0, 0, "damaged: a process that read its structure crashed; it was not opened");
    if (found.code != 0 && err != NULL) *err = found;
    return found.code;
}

int ost_cli_open_result(ost_results_t **self, const char *path, bool with_values, ost_error_t *err)
{
    *self = NULL;
    int ret = try_reading(path, with_values, err);
    return ret == 0 ? ost_results_open(self, path, err) : ret;
}
