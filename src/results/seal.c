/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The seal of a result file: a CRC-32C of all its bytes, behind what HDF5 reads of it. HDF5 cuts it off when it changes
 * the file. */
#include "journal/record.h"
#include "results/results_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "OSTEON\r\n"
#define PIECE_BYTES ((size_t) 1 << 20)

/* Little endian. */
typedef struct {
    char magic[8];
    uint64_t length; /* bytes before the seal */
    uint32_t crc;    /* of these */
    uint32_t own;    /* of what stands before it in the seal */
} seal_t;

static uint32_t own_crc(const seal_t *seal)
{
    return ost_record_crc(0, seal, offsetof(seal_t, own));
}

/* @return 0 or OST_ERR_IO, OST_ERR_NO_MEMORY */
static int sum_file(int fd, const char *path, uint64_t length, uint32_t *crc, ost_error_t *err)
{
    unsigned char *piece = malloc(PIECE_BYTES);
    int ret = piece == NULL ? ost_no_memory(err) : 0;
    *crc = 0;
    for (uint64_t at = 0; at < length && ret == 0;) {
        size_t n = length - at < PIECE_BYTES ? (size_t) (length - at) : PIECE_BYTES;
        ssize_t got = pread(fd, piece, n, (off_t) at);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0)
            ret = ost_fail_at(
                err, OST_ERR_IO, path, 0, 0, "cannot be read: %s", got < 0 ? strerror(errno) : "it became shorter");
        else
            *crc = ost_record_crc(*crc, piece, (size_t) got);
        if (got > 0) at += (uint64_t) got;
    }
    free(piece);
    return ret;
}

int ost_results_seal(int fd, const char *path, ost_error_t *err)
{
    struct stat st;
    seal_t seal = { .magic = MAGIC };
    if (fstat(fd, &st) != 0) return ost_fail_at(err, OST_ERR_IO, path, 0, 0, "cannot be read: %s", strerror(errno));
    seal.length = (uint64_t) st.st_size;
    int ret = sum_file(fd, path, seal.length, &seal.crc, err);
    seal.own = own_crc(&seal);
    for (size_t done = 0; done < sizeof(seal) && ret == 0;) {
        ssize_t put = pwrite(fd, (const char *) &seal + done, sizeof(seal) - done, (off_t) (seal.length + done));
        if (put < 0 && errno != EINTR)
            ret = ost_fail_at(err, OST_ERR_IO, path, 0, 0, "cannot be written: %s", strerror(errno));
        if (put > 0) done += (size_t) put;
    }
    return ret;
}

int ost_results_check_seal(const char *path, bool *is_sealed, ost_error_t *err)
{
    struct stat st;
    seal_t seal = { .magic = "" };
    uint32_t crc;
    *is_sealed = false;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), ret = 0;
    if (fd < 0) return ost_fail_at(err, OST_ERR_IO, path, 0, 0, "cannot be opened: %s", strerror(errno));
    bool has_room = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > (off_t) sizeof(seal);
    uint64_t length = has_room ? (uint64_t) st.st_size - sizeof(seal) : 0;
    bool is_read = has_room && pread(fd, &seal, sizeof(seal), (off_t) length) == sizeof(seal);
    if (is_read && seal.own == own_crc(&seal) && memcmp(seal.magic, MAGIC, sizeof(seal.magic)) == 0 &&
        seal.length == length) {
        *is_sealed = true;
        ret = sum_file(fd, path, length, &crc, err);
        if (ret == 0 && crc != seal.crc)
            ret = ost_fail_at(err, OST_ERR_FORMAT, path, 0, 0,
                "damaged: its bytes are not those that were written (CRC-32C %08" PRIx32 ", expected %08" PRIx32 ")",
                crc, seal.crc);
    }
    close(fd);
    return ret;
}
