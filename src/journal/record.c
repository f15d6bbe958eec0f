/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See record.h. Takes bodies, gives a file that can be cut anywhere and still be read up to there. */
#include "journal/record.h"

#include "core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <isa-l/crc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#define MAGIC 0x314a534fu /* "OSJ1" */
#define MAX_PIECES 6
/* Looks for the record of an owner, 10 ms apart. */
#define OWNER_TRIES 50
/* Bytes that one call of ISA-L, or of the system, takes at most. */
#define MOST_BYTES ((size_t) 1 << 30)

#ifdef __x86_64__
__attribute__((target("avx"))) static void zero_upper(void)
{
    _mm256_zeroupper();
}

void ost_record_clear_registers(void)
{
    if (__builtin_cpu_supports("avx")) zero_upper();
}
#else
void ost_record_clear_registers(void)
{
}
#endif

uint32_t ost_record_crc(uint32_t crc, const void *bytes, size_t n)
{
    unsigned char *at = (unsigned char *) (uintptr_t) bytes; /* ISA-L only reads */
    for (size_t part; n > 0; at += part, n -= part) {
        part = n < MOST_BYTES ? n : MOST_BYTES;
        crc = crc32_iscsi(at, (int) part, crc);
    }
    ost_record_clear_registers();
    return crc;
}

static uint64_t padding(uint64_t length)
{
    return (8 - length % 8) % 8;
}

double ost_record_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double) t.tv_sec + 1e-9 * (double) t.tv_nsec;
}

/* The whole range, but for a signal that comes between. @return false: there is less, or an error */
static bool read_at(int fd, void *bytes, size_t n, int64_t at)
{
    char *to = bytes;
    while (n > 0) {
        ssize_t got = pread(fd, to, n < MOST_BYTES ? n : MOST_BYTES, at);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        to += got;
        at += got;
        n -= (size_t) got;
    }
    return true;
}

static bool head_is_whole(const ost_record_head_t *head)
{
    return head->magic == MAGIC && head->crc_head == ost_record_crc(0, head, offsetof(ost_record_head_t, crc_head));
}

/* @return 1: whole, 0: damaged, or a negative code */
static int read_body(int fd, const ost_record_head_t *head, int64_t at, void **body, size_t *room, ost_error_t *err)
{
    if (head->length > *room) {
        void *more = realloc(*body, head->length);
        if (more == NULL) return ost_no_memory(err);
        *body = more;
        *room = head->length;
    }
    if (!read_at(fd, *body, head->length, at + (int64_t) sizeof(*head))) return 0;
    uint32_t crc = ost_record_crc(0, head, offsetof(ost_record_head_t, crc_body));
    return head->crc_body == ost_record_crc(crc, *body, head->length);
}

int ost_record_scan(const ost_record_t *self, ost_record_fn visit, void *user, int64_t *end, ost_error_t *err)
{
    const int fd = self->fd;
    struct stat st;
    ost_record_head_t head;
    size_t room = 0;
    void *body = NULL;
    int ret = 0;
    *end = 0;
    if (fstat(fd, &st) != 0)
        return ost_fail_at(err, OST_ERR_IO, self->path, 0, 0, "cannot be read: %s", strerror(errno));
    while (ret == 0 && read_at(fd, &head, sizeof(head), *end) && head_is_whole(&head)) {
        uint64_t left = (uint64_t) st.st_size - (uint64_t) *end - sizeof(head);
        if (head.length > left || padding(head.length) > left - head.length) break;
        ret = read_body(fd, &head, *end, &body, &room, err);
        if (ret > 0) ret = visit(user, &head, body, *end, err);
        if (ret == 0) *end += (int64_t) (sizeof(head) + head.length + padding(head.length));
    }
    free(body);
    return ret;
}

int ost_record_count_blocks(void *n, const ost_record_head_t *head, const void *body, int64_t at, ost_error_t *err)
{
    (void) body;
    (void) at;
    (void) err;
    *(size_t *) n += head->kind == OST_RECORD_BLOCK;
    return 0;
}

int ost_record_read(
    const ost_record_t *self, int64_t at, ost_record_head_t *head, void **body, size_t *room, ost_error_t *err)
{
    int ret = read_at(self->fd, head, sizeof(*head), at) && head_is_whole(head) ? 1 : 0;
    if (ret > 0) ret = read_body(self->fd, head, at, body, room, err);
    if (ret < 0) return ret;
    return ret > 0 ? 0 : ost_fail_at(err, OST_ERR_FORMAT, self->path, 0, 0, "is damaged at byte %" PRId64, at);
}

bool ost_record_is_torn(const ost_record_t *self)
{
    struct stat st;
    ost_record_head_t head = { .magic = MAGIC };
    const uint32_t magic = MAGIC;
    ssize_t n = pread(self->fd, &head, sizeof(head), 0);
    if (n < 0 || fstat(self->fd, &st) != 0 || memcmp(&head, &magic, sizeof(magic)) != 0) return false;
    return n < (ssize_t) sizeof(head) || (head_is_whole(&head) && head.length > (uint64_t) st.st_size - sizeof(head));
}

static int find_owner(void *user, const ost_record_head_t *head, const void *body, int64_t at, ost_error_t *err)
{
    (void) at;
    (void) err;
    if (head->kind == OST_RECORD_OWNER && head->length == sizeof(ost_record_owner_t))
        memcpy(user, body, sizeof(ost_record_owner_t));
    return 0;
}

static int fail_owned(const ost_record_t *self, ost_error_t *err)
{
    ost_record_owner_t owner = { 0 };
    int64_t end;
    char since[32] = "";
    struct tm t;
    int ret = 0;
    for (int k = 0; k < OWNER_TRIES && ret == 0 && owner.seconds == 0; k++) { /* it may just have begun */
        if (k > 0) nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
        ret = ost_record_scan(self, find_owner, &owner, &end, err);
    }
    time_t seconds = owner.seconds;
    if (ret < 0) return ret;
    if (owner.seconds == 0 || gmtime_r(&seconds, &t) == NULL)
        return ost_fail_at(err, OST_ERR_IO, self->path, 0, 0, "another run is writing to it");
    strftime(since, sizeof(since), "%Y-%m-%d %H:%M:%S UTC", &t);
    return ost_fail_at(err, OST_ERR_IO, self->path, 0, 0,
        "another run is writing to it: process %" PRId64 " on %.63s, since %s", owner.pid, owner.host, since);
}

/* Whether `path` still names the open file: its last writer may have removed it before we got the lock. */
static bool is_named(int fd, const char *path)
{
    struct stat ours, named;
    return fstat(fd, &ours) == 0 && stat(path, &named) == 0 && ours.st_ino == named.st_ino &&
           ours.st_dev == named.st_dev;
}

/* @param flags  of open(); @param lock  of flock(), 0: none @return 0 with self->fd locked, 1: try again, or a negative
 * code */
static int open_locked(ost_record_t *self, int flags, int lock, ost_error_t *err)
{
    struct stat st;
    self->fd = open(self->path, flags | O_CLOEXEC | O_NONBLOCK, 0666);
    if (self->fd < 0)
        return ost_fail_at(err, OST_ERR_IO, self->path, 0, 0, "cannot be %s: %s",
            flags & O_CREAT ? "created" : "opened", errno == ELOOP ? "it is a symbolic link" : strerror(errno));
    if (fstat(self->fd, &st) != 0 || !S_ISREG(st.st_mode))
        return ost_fail_at(err, OST_ERR_IO, self->path, 0, 0, "cannot be %s: it is not a regular file",
            flags & O_CREAT ? "written" : "read");
    if (lock != 0 && flock(self->fd, lock | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) return fail_owned(self, err);
        return ost_fail_at(err, OST_ERR_IO, self->path, 0, 0, "cannot be locked: %s", strerror(errno));
    }
    self->is_new = st.st_size == 0;
    return is_named(self->fd, self->path) ? 0 : 1;
}

static int open_record(ost_record_t *self, const char *path, int flags, int lock, ost_error_t *err)
{
    *self = (ost_record_t){ .fd = -1, .t_synced = ost_record_seconds(), .path = strdup(path) };
    if (self->path == NULL) return ost_no_memory(err);
    int ret;
    while ((ret = open_locked(self, flags, lock, err)) > 0) close(self->fd);
    if (ret < 0) ost_record_close(self);
    return ret;
}

int ost_record_open(ost_record_t *self, const char *path, ost_error_t *err)
{
    return open_record(self, path, O_RDWR | O_CREAT | O_NOFOLLOW, LOCK_EX, err);
}

int ost_record_open_part(ost_record_t *self, const char *path, ost_error_t *err)
{
    char *part = NULL;
    if (asprintf(&part, "%s.part", path) < 0) return ost_no_memory(err);
    int ret = ost_record_open(self, part, err);
    free(part);
    return ret;
}

int ost_record_open_read(ost_record_t *self, const char *path, ost_error_t *err)
{
    return open_record(self, path, O_RDONLY, LOCK_SH, err);
}

int ost_record_open_watch(ost_record_t *self, const char *path, ost_error_t *err)
{
    return open_record(self, path, O_RDONLY, 0, err);
}

int ost_record_cut(ost_record_t *self, int64_t end, ost_error_t *err)
{
    if (ftruncate(self->fd, end) != 0)
        return ost_fail_at(err, OST_ERR_IO, self->path, 0, 0, "cannot be cut: %s", strerror(errno));
    self->end = end;
    return 0;
}

ost_record_head_t ost_record_seal(ost_record_kind_t kind, uint64_t key, const struct iovec *body, size_t n)
{
    ost_record_head_t head = { .magic = MAGIC, .kind = kind, .key = key };
    for (size_t i = 0; i < n; i++) head.length += body[i].iov_len;
    uint32_t crc = ost_record_crc(0, &head, offsetof(ost_record_head_t, crc_body));
    for (size_t i = 0; i < n; i++) crc = ost_record_crc(crc, body[i].iov_base, body[i].iov_len);
    head.crc_body = crc;
    head.crc_head = ost_record_crc(0, &head, offsetof(ost_record_head_t, crc_head));
    return head;
}

/* All pieces at a place of the file; the system may take them in several goes. */
static bool write_at(int fd, struct iovec *pieces, size_t n, int64_t at)
{
    while (n > 0) {
        ssize_t put = pwritev(fd, pieces, (int) n, at);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return false;
        at += put;
        for (; n > 0 && (size_t) put >= pieces->iov_len; n--) put -= (ssize_t) (pieces++)->iov_len;
        if (n == 0) return true;
        pieces->iov_base = (char *) pieces->iov_base + put;
        pieces->iov_len -= (size_t) put;
    }
    return true;
}

int ost_record_write(
    ost_record_t *self, const ost_record_head_t *head, const struct iovec *body, size_t n, ost_error_t *err)
{
    ost_record_head_t copy = *head;
    char zeros[8] = { 0 };
    struct iovec pieces[MAX_PIECES + 2] = { { &copy, sizeof(copy) } };
    for (size_t i = 0; i < n && i < MAX_PIECES; i++) pieces[i + 1] = body[i];
    pieces[n + 1] = (struct iovec){ zeros, padding(head->length) };
    if (write_at(self->fd, pieces, n + 2, self->end)) {
        self->end += (int64_t) (sizeof(copy) + head->length + padding(head->length));
        return 0;
    }
    int reason = errno;
    (void) !ftruncate(self->fd, self->end);
    return ost_fail_at(err, OST_ERR_IO, self->path, 0, 0, "cannot be written: %s", strerror(reason));
}

int ost_record_append(
    ost_record_t *self, ost_record_kind_t kind, uint64_t key, const struct iovec *body, size_t n, ost_error_t *err)
{
    const ost_record_head_t head = ost_record_seal(kind, key, body, n);
    return ost_record_write(self, &head, body, n, err);
}

int ost_record_own(ost_record_t *self, ost_error_t *err)
{
    ost_record_owner_t owner = { .pid = getpid(), .seconds = time(NULL) };
    const struct iovec body = { &owner, sizeof(owner) };
    gethostname(owner.host, sizeof(owner.host) - 1);
    return ost_record_append(self, OST_RECORD_OWNER, 0, &body, 1, err);
}

bool ost_record_is_due(ost_record_t *self)
{
    double now = ost_record_seconds();
    if (now - self->t_synced < OST_RECORD_SYNC_SECONDS) return false;
    self->t_synced = now;
    return true;
}

int ost_record_sync(const ost_record_t *self, ost_error_t *err)
{
    if (fdatasync(self->fd) == 0) return 0;
    return ost_fail_at(err, OST_ERR_IO, self->path, 0, 0, "cannot be kept on disk: %s", strerror(errno));
}

int ost_record_publish(const ost_record_t *self, const char *path, ost_error_t *err)
{
    int ret = ost_record_sync(self, err);
    if (ret == 0 && rename(self->path, path) != 0)
        ret = ost_fail_at(err, OST_ERR_IO, path, 0, 0, "cannot be renamed from %s: %s", self->path, strerror(errno));
    if (ret == 0) ost_file_sync_folder(path);
    return ret;
}

void ost_record_close(ost_record_t *self)
{
    if (self->path != NULL && self->fd >= 0) close(self->fd);
    free(self->path);
    *self = (ost_record_t){ .fd = -1 };
}
