/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An append-only file of checked records: opened without truncation, locked by its one writer, and whole up to its last
 * complete record however its writer ended. Little endian; each record is padded to 8 bytes:
 *   magic "OSJ1" u32 | kind u32 | key u64 | length u64 | check of body u32 | check of head u32 | body
 * Checks are CRC-32C; the body's begins from the head's first fields, so that no body fits another head. */
#ifndef OST_JOURNAL_RECORD_H
#define OST_JOURNAL_RECORD_H

#include "core/error.h"

#include <stdbool.h>
#include <sys/uio.h>

/* The first bytes of each record, and so of a file; as a number below. */
#define OST_RECORD_MAGIC "OSJ1"
/* What a killed machine may lose: appended records are on the disk after this many seconds. A killed program loses
 * none. */
#define OST_RECORD_SYNC_SECONDS 1.0

typedef enum {
    OST_RECORD_HEAD = 1, /* what the file is */
    OST_RECORD_OWNER,    /* who opened it for writing: host, process, time */
    OST_RECORD_PART,     /* a plan, key: its number */
    OST_RECORD_BLOCK,    /* a finished block, key: part << 40 | number of the block */
    OST_RECORD_PROBE,    /* what a run measured of its own error on a block, key: that of the block */
    OST_RECORD_END       /* what a run took that was not killed, key: number of the part */
} ost_record_kind_t;

typedef struct {
    uint32_t magic, kind;
    uint64_t key, length; /* length: of the body, without padding */
    uint32_t crc_body, crc_head;
} ost_record_head_t;

/* A file open for appending. */
typedef struct {
    int fd; /* -1: closed */
    bool is_new;
    int64_t end;     /* where the next record goes */
    double t_synced; /* s, when records were last known to be on the disk */
    char *path;      /* owned */
} ost_record_t;

/* Body of an OWNER. */
typedef struct {
    int64_t pid;
    int64_t seconds; /* since 1970, UTC, when it opened the file */
    char host[64];
} ost_record_owner_t;

/* @param at  where the record begins, for ost_record_read(); @param body  [n], NULL if n is 0; borrowed for the call
 * @return 0, or a code that ends the scan */
typedef int (*ost_record_fn)(void *user, const ost_record_head_t *head, const void *body, int64_t at, ost_error_t *err);

/* Open `path` for appending, and create it if need be. @return 0; OST_ERR_IO: it cannot be opened, is a symbolic link
 * or not a regular file, or another process writes to it: the message then says which one, and since when */
int ost_record_open(ost_record_t *self, const char *path, ost_error_t *err) OST_MUST_CHECK;
/* The same of `path`.part, beside a result file that is written from it. */
int ost_record_open_part(ost_record_t *self, const char *path, ost_error_t *err) OST_MUST_CHECK;
/* Open `path` for reading, as several may at a time; a symbolic link is followed. @return as ost_record_open() */
int ost_record_open_read(ost_record_t *self, const char *path, ost_error_t *err) OST_MUST_CHECK;
/* Open `path` for reading what is there so far, beside its writer, whom it does not disturb. */
int ost_record_open_watch(ost_record_t *self, const char *path, ost_error_t *err) OST_MUST_CHECK;
/* Visit all whole records from the beginning on, but for those whose body is damaged, which are passed over.
 * @param[out] end  behind the last record: what follows is the rest of one that was being written, or damaged
 * @return 0, OST_ERR_IO, OST_ERR_NO_MEMORY, or what `visit` returned */
int ost_record_scan(
    const ost_record_t *self, ost_record_fn visit, void *user, int64_t *end, ost_error_t *err) OST_MUST_CHECK;
/* Counts blocks. @param n  size_t that begins at 0 */
int ost_record_count_blocks(void *n, const ost_record_head_t *head, const void *body, int64_t at, ost_error_t *err);
/* Whether the file ends within its first record: its writer was killed when it had just begun. */
bool ost_record_is_torn(const ost_record_t *self);
/* Forget what lies behind `end`. */
int ost_record_cut(ost_record_t *self, int64_t end, ost_error_t *err) OST_MUST_CHECK;
/* The head of a record with its checks; may be called by several threads. @param body  [n] pieces that follow each
 * other, n at most 6 */
ost_record_head_t ost_record_seal(ost_record_kind_t kind, uint64_t key, const struct iovec *body, size_t n);
/* Append a sealed record; what could not be written whole is cut off again. @return 0 or OST_ERR_IO */
int ost_record_write(ost_record_t *self, const ost_record_head_t *head, const struct iovec *body, size_t n,
    ost_error_t *err) OST_MUST_CHECK;
/* Both. */
int ost_record_append(ost_record_t *self, ost_record_kind_t kind, uint64_t key, const struct iovec *body, size_t n,
    ost_error_t *err) OST_MUST_CHECK;
/* Append host, process and time, for the message to whom comes second. */
int ost_record_own(ost_record_t *self, ost_error_t *err) OST_MUST_CHECK;
/* Seconds by a clock that is never set. */
double ost_record_seconds(void);
/* Whether OST_RECORD_SYNC_SECONDS have passed since the last true answer. */
bool ost_record_is_due(ost_record_t *self);
/* Wait until all that was appended is on the disk. */
int ost_record_sync(const ost_record_t *self, ost_error_t *err) OST_MUST_CHECK;
/* Read the record that begins at `at`. @param[in,out] body  a buffer of `room` bytes, enlarged if need be; owned by the
 * caller. @return 0, OST_ERR_FORMAT (damaged) or OST_ERR_NO_MEMORY */
int ost_record_read(const ost_record_t *self, int64_t at, ost_record_head_t *head, void **body, size_t *room,
    ost_error_t *err) OST_MUST_CHECK;
/* Give the file the name `path`, with all that was appended on the disk. @return 0 or OST_ERR_IO */
int ost_record_publish(const ost_record_t *self, const char *path, ost_error_t *err) OST_MUST_CHECK;
/* Close, which gives the lock back. Accepts a zeroed one. */
void ost_record_close(ost_record_t *self);

/* CRC-32C of more bytes. @param crc  of those before, 0: none */
uint32_t ost_record_crc(uint32_t crc, const void *bytes, size_t n);

/* ISA-L leaves the upper halves of the vector registers in use, which makes all code after it that is compiled for the
 * baseline a fifth slower. */
void ost_record_clear_registers(void);

#endif
