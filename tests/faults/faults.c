/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loaded before libc (LD_PRELOAD): makes one call that changes a file go wrong. Calls on files below
 * OSTEON_FAULT_FOLDER are numbered from 1 on; OSTEON_FAULT says what happens at which: count      nothing; their number
 * is written to the file OSTEON_FAULT_COUNT at the end kill:N     the program is killed before call N torn:N     call N
 * writes half of its bytes, then the program is killed short:N    call N writes half of its bytes, and says so eio:N
 * call N fails with EIO, those after it do not enospc:N   all calls that take room fail with ENOSPC from call N on
 *   power:N    before call N the machine loses power: of the folder's files there is what was synchronised: of each
 * file its bytes at its last fsync, under the names that the folder had at its own last fsync With `power`, a third of
 * a second passes at each look at the clock, so that files are synchronised as in a long run. The folder has no folders
 * in it. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { MAX_NAMES = 64 };
typedef enum { COUNT, KILL, TORN, SHORT, EIO_ONCE, ENOSPC_FROM, POWER } fault_t;
static const char *const words[] = { "count", "kill:", "torn:", "short:", "eio:", "enospc:", "power:" };

static char folder[PATH_MAX];
static fault_t fault;
static long at, n_calls;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* What is on the disk: names of the folder, and bytes of files. */
static struct {
    char name[NAME_MAX + 1];
    ino_t inode;
} names[MAX_NAMES];
static size_t n_names;
static struct {
    ino_t inode;
    char *bytes;
    size_t size;
} files[MAX_NAMES];
static size_t n_files;

#define REAL(name) ((typeof(&name)) dlsym(RTLD_NEXT, #name))

static void die(void)
{
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

static void keep_bytes(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) abort();
    size_t i = 0;
    while (i < n_files && files[i].inode != st.st_ino) i++;
    if (i == MAX_NAMES) abort();
    if (i == n_files) n_files++;
    free(files[i].bytes);
    files[i].inode = st.st_ino;
    files[i].size = (size_t) st.st_size;
    files[i].bytes = malloc(files[i].size + 1);
    if (files[i].bytes == NULL || pread(fd, files[i].bytes, files[i].size, 0) != st.st_size) abort();
    close(fd);
}

static void keep_names(bool with_bytes)
{
    DIR *open_folder = opendir(folder);
    struct stat st;
    char path[2 * PATH_MAX];
    n_names = 0;
    for (struct dirent *entry; (entry = readdir(open_folder)) != NULL;) {
        if (entry->d_name[0] == '.') continue;
        if (n_names == MAX_NAMES) abort();
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (stat(path, &st) != 0) abort();
        snprintf(names[n_names].name, sizeof(names[n_names].name), "%s", entry->d_name);
        names[n_names++].inode = st.st_ino;
        if (with_bytes) keep_bytes(path);
    }
    closedir(open_folder);
}

static void lose_power(void)
{
    char path[2 * PATH_MAX];
    DIR *open_folder = opendir(folder);
    for (struct dirent *entry; (entry = readdir(open_folder)) != NULL;) {
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.') REAL(unlink)(path);
    }
    closedir(open_folder);
    for (size_t n = 0; n < n_names; n++) {
        snprintf(path, sizeof(path), "%.4000s/%s", folder, names[n].name);
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
        for (size_t i = 0; i < n_files; i++)
            if (files[i].inode == names[n].inode && REAL(pwrite)(fd, files[i].bytes, files[i].size, 0) < 0) abort();
        close(fd);
    }
    die();
}

__attribute__((constructor)) static void begin(void)
{
    const char *below = getenv("OSTEON_FAULT_FOLDER"), *what = getenv("OSTEON_FAULT");
    if (below == NULL || what == NULL || realpath(below, folder) == NULL) abort();
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strncmp(what, words[i], strlen(words[i])) == 0) {
            fault = (fault_t) i;
            at = atol(what + strlen(words[i]));
        }
    if (fault == POWER) keep_names(true);
}

__attribute__((destructor)) static void end(void)
{
    const char *path = getenv("OSTEON_FAULT_COUNT");
    FILE *file = path != NULL ? fopen(path, "w") : NULL;
    if (file == NULL) return;
    fprintf(file, "%ld\n", n_calls);
    fclose(file);
}

static bool is_below(const char *path)
{
    size_t n = strlen(folder);
    return n > 0 && strncmp(path, folder, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

static bool is_watched(int fd, char path[PATH_MAX])
{
    char link[64];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, PATH_MAX - 1);
    if (n < 0) return false;
    path[n] = '\0';
    return is_below(path);
}

/* A call on a watched file. @return 0: as usual; -1: it fails, errno is set; 1: half of it, where it has halves */
static int meet(bool takes_room, bool has_halves)
{
    long n = ++n_calls;
    if (n == at && fault == KILL) die();
    if (n == at && fault == POWER) lose_power();
    if (n == at && fault == TORN && !has_halves) die();
    if (n == at && (fault == TORN || fault == SHORT) && has_halves) return 1;
    if (n == at && fault == EIO_ONCE) errno = EIO;
    if (n >= at && fault == ENOSPC_FROM && takes_room) errno = ENOSPC;
    return (n == at && fault == EIO_ONCE) || (n >= at && fault == ENOSPC_FROM && takes_room) ? -1 : 0;
}

/* Around a real call on a descriptor: numbered, one at a time. */
#define ON_DESCRIPTOR(fd, takes_room, has_halves, half, whole)                                                         \
    char path[PATH_MAX];                                                                                               \
    if (!is_watched(fd, path)) return whole;                                                                           \
    pthread_mutex_lock(&lock);                                                                                         \
    int met = meet(takes_room, has_halves), kept;                                                                      \
    typeof(whole) ret = met < 0 ? -1 : met > 0 ? (half) : (whole);                                                     \
    kept = errno;                                                                                                      \
    if (met > 0 && fault == TORN) die();                                                                               \
    pthread_mutex_unlock(&lock);                                                                                       \
    errno = kept;                                                                                                      \
    return ret

ssize_t write(int fd, const void *bytes, size_t n)
{
    ON_DESCRIPTOR(fd, true, n > 1, REAL(write)(fd, bytes, n / 2), REAL(write)(fd, bytes, n));
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t offset)
{
    ON_DESCRIPTOR(fd, true, n > 1, REAL(pwrite)(fd, bytes, n / 2, offset), REAL(pwrite)(fd, bytes, n, offset));
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off_t offset)
{
    ON_DESCRIPTOR(fd, true, n > 1, REAL(pwrite)(fd, bytes, n / 2, offset), REAL(pwrite)(fd, bytes, n, offset));
}

/* Half of what several pieces hold. */
static ssize_t write_half(int fd, const struct iovec *pieces, int n, off_t offset)
{
    ssize_t all = 0, done = 0;
    for (int i = 0; i < n; i++) all += (ssize_t) pieces[i].iov_len;
    for (int i = 0; i < n && done < all / 2; i++) {
        ssize_t part = all / 2 - done;
        if (part > (ssize_t) pieces[i].iov_len) part = (ssize_t) pieces[i].iov_len;
        done += REAL(pwrite)(fd, pieces[i].iov_base, (size_t) part, offset + done);
    }
    return done;
}

ssize_t pwritev(int fd, const struct iovec *pieces, int n, off_t offset)
{
    ON_DESCRIPTOR(fd, true, true, write_half(fd, pieces, n, offset), REAL(pwritev)(fd, pieces, n, offset));
}

ssize_t pwritev64(int fd, const struct iovec *pieces, int n, off_t offset)
{
    ON_DESCRIPTOR(fd, true, true, write_half(fd, pieces, n, offset), REAL(pwritev)(fd, pieces, n, offset));
}

int ftruncate(int fd, off_t size)
{
    ON_DESCRIPTOR(fd, false, false, 0, REAL(ftruncate)(fd, size));
}

int ftruncate64(int fd, off_t size)
{
    ON_DESCRIPTOR(fd, false, false, 0, REAL(ftruncate)(fd, size));
}

int fallocate(int fd, int mode, off_t offset, off_t size)
{
    ON_DESCRIPTOR(fd, true, false, 0, REAL(fallocate)(fd, mode, offset, size));
}

int fallocate64(int fd, int mode, off_t offset, off_t size)
{
    ON_DESCRIPTOR(fd, true, false, 0, REAL(fallocate)(fd, mode, offset, size));
}

/* fsync and fdatasync: what is kept is on the disk. */
static int keep(int fd, const char *path, int ret)
{
    (void) fd;
    if (ret == 0 && fault == POWER && strcmp(path, folder) == 0) keep_names(false);
    if (ret == 0 && fault == POWER && strcmp(path, folder) != 0) keep_bytes(path);
    return ret;
}

int fsync(int fd)
{
    ON_DESCRIPTOR(fd, false, false, 0, keep(fd, path, REAL(fsync)(fd)));
}

int fdatasync(int fd)
{
    ON_DESCRIPTOR(fd, false, false, 0, keep(fd, path, REAL(fdatasync)(fd)));
}

int clock_gettime(clockid_t clock, struct timespec *t)
{
    static long n_looks;
    int ret = REAL(clock_gettime)(clock, t);
    if (fault == POWER && clock == CLOCK_MONOTONIC) t->tv_sec += __atomic_add_fetch(&n_looks, 1, __ATOMIC_RELAXED) / 3;
    return ret;
}

/* On names: relative ones are of the working folder, which then is the watched one. */
#define ON_NAME(name, whole)                                                                                           \
    char path[PATH_MAX], parent[PATH_MAX];                                                                             \
    snprintf(path, sizeof(path), "%s", name);                                                                          \
    char *slash = strrchr(path, '/');                                                                                  \
    if (slash != NULL) *slash = '\0';                                                                                  \
    if (realpath(slash != NULL ? path : ".", parent) == NULL || !is_below(parent)) return whole;                       \
    pthread_mutex_lock(&lock);                                                                                         \
    int ret = meet(false, false) < 0 ? -1 : (whole), kept = errno;                                                     \
    pthread_mutex_unlock(&lock);                                                                                       \
    errno = kept;                                                                                                      \
    return ret

int rename(const char *from, const char *to)
{
    ON_NAME(to, REAL(rename)(from, to));
}

int unlink(const char *name)
{
    ON_NAME(name, REAL(unlink)(name));
}
