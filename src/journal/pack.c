/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See pack.h. Takes rows of a block, gives the bytes of chunks, made by the thread that computed them, so that they
 * only have to be put in their places. */
#include "journal/pack.h"

#include "journal/record.h"

#include <float.h>
#include <isa-l/igzip_lib.h>
#include <math.h>
#include <string.h>

/* Of a zlib stream (RFC 1950), and bytes before each stored block of deflate (RFC 1951, 3.2.4, from a whole byte). */
static const unsigned char HEAD[] = { 0x78, 0x01 };
#define STORED_HEAD 5
/* Of a chunk's check, behind its bytes. */
#define CHECK_SIZE 4
/* Words whose weighted sum fits 32 bits: n (n + 1) / 2 x 65535. */
#define FLETCHER_WORDS 256

struct ost_packer {
    ost_memory_t memory;                   /* of all, self too */
    struct isal_zstream *deflate;          /* NULL: chunks are written as they are */
    struct inflate_state *inflate;         /* NULL until a chunk is unpacked */
    size_t n_times, n_values, width;       /* values of a chunk, bytes of a value */
    double largest;                        /* a ratio from which on there is no value: the type's end */
    int n_dropped;                         /* low bits of a double that are rounded away, 0 for none */
    double *row;                           /* [n_times] rounded */
    unsigned char *plain, *mixed, *packed; /* [n_values][width] and a check; [width][n_values]; [room] */
    unsigned char *scratch;                /* [ISAL_DEF_LVL1_DEFAULT] of deflate */
    size_t room;
};

size_t ost_chunk_subjects(const ost_experiment_t *e)
{
    return e->n_subjects < OST_COHORT_BLOCK ? (size_t) e->n_subjects : OST_COHORT_BLOCK;
}

void ost_packer_delete(ost_packer_t *self)
{
    if (self == NULL) return;
    ost_memory_t memory = self->memory; /* it lies in it */
    ost_memory_free(&memory);
}

ost_packer_t *ost_packer_new(const ost_experiment_t *e)
{
    ost_memory_t memory = { 0 };
    ost_packer_t *self = ost_memory_list(&memory, 1, sizeof *self);
    if (self == NULL) return NULL;
    self->n_times = e->n_times;
    self->n_values = ost_chunk_subjects(e) * e->n_times;
    self->width = e->float64 ? sizeof(double) : sizeof(float);
    self->largest = e->float64 ? DBL_MAX : FLT_MAX;
    self->n_dropped = ost_kept_bits(e) >= 0 ? 52 - ost_kept_bits(e) : 0;
    self->plain = ost_memory_list(&memory, self->n_values * self->width + CHECK_SIZE, 1);
    self->row = ost_memory_list(&memory, e->n_times, sizeof *self->row);
    if (e->compression > 0) {
        size_t size = self->n_values * self->width;
        self->room = size + (size / 65535 + self->width + 1) * STORED_HEAD + sizeof HEAD + 4 + CHECK_SIZE;
        self->deflate = ost_memory_list(&memory, 1, sizeof *self->deflate);
        self->scratch = ost_memory_list(&memory, ISAL_DEF_LVL1_DEFAULT, 1);
        self->mixed = ost_memory_list(&memory, size, 1);
        self->packed = ost_memory_list(&memory, self->room, 1);
    }
    self->memory = memory;
    if (!memory.failed) return self;
    ost_packer_delete(self);
    return NULL;
}

/* To nearest, ties to even; the carry may run into the exponent, which is right. */
static double round_bits(double x, int n_dropped)
{
    uint64_t bits;
    const uint64_t low = ((uint64_t) 1 << n_dropped) - 1;
    memcpy(&bits, &x, sizeof bits);
    bits = (bits + (low >> 1) + ((bits >> n_dropped) & 1)) & ~low;
    if (isfinite(x)) memcpy(&x, &bits, sizeof bits);
    return x;
}

double ost_packed_value(const ost_experiment_t *e, double x)
{
    const int kept = ost_kept_bits(e);
    if (kept >= 0) x = round_bits(x, 52 - kept);
    return e->float64 ? x : (double) (float) x;
}

static void shuffle4(unsigned char *restrict mixed, const uint32_t *restrict plain, size_t n)
{
    for (size_t b = 0; b < sizeof *plain; b++)
        for (size_t i = 0; i < n; i++) mixed[b * n + i] = (unsigned char) (plain[i] >> 8 * b);
}

static void shuffle8(unsigned char *restrict mixed, const uint64_t *restrict plain, size_t n)
{
    for (size_t b = 0; b < sizeof *plain; b++)
        for (size_t i = 0; i < n; i++) mixed[b * n + i] = (unsigned char) (plain[i] >> 8 * b);
}

/* Whether bytes look like noise, as the last ones of a mantissa do: neighbours are equal in one of 256 places. */
static bool is_noise(const unsigned char *bytes, size_t n)
{
    size_t n_equal = 0;
    for (size_t i = 1; i < n; i++) n_equal += bytes[i] == bytes[i - 1];
    return n_equal < n / 128;
}

/* Bytes as they are, in deflate's stored blocks (RFC 1951, 3.2.4), none of them the last. @return bytes written */
static size_t store(unsigned char *to, const unsigned char *from, size_t n)
{
    unsigned char *begin = to;
    while (n > 0) {
        size_t part = n < 65535 ? n : 65535;
        const unsigned char head[STORED_HEAD] = { 0, part & 255, (unsigned char) (part >> 8), ~part & 255,
            (unsigned char) ((~part >> 8) & 255) };
        memcpy(to, head, sizeof head);
        memcpy(to + sizeof head, from, part);
        to += sizeof head + part;
        from += part;
        n -= part;
    }
    return (size_t) (to - begin);
}

/* A zlib stream of the shuffled chunk. Shuffling puts the lowest bytes first: as long as they are noise, they are
 * stored, for nothing would come of trying. What does not get smaller is stored by deflate itself, so that there is
 * always room. */
static size_t deflate(ost_packer_t *self, size_t size)
{
    struct isal_zstream *stream = self->deflate;
    unsigned char *to = self->packed;
    size_t done = 0;
    while (done + self->n_values < size && is_noise(self->mixed + done, self->n_values)) done += self->n_values;
    memcpy(to, HEAD, sizeof HEAD);
    to += sizeof HEAD;
    to += store(to, self->mixed, done);
    isal_deflate_stateless_init(stream);
    stream->level = 1;
    stream->level_buf = self->scratch;
    stream->level_buf_size = ISAL_DEF_LVL1_DEFAULT;
    stream->end_of_stream = 1;
    stream->next_in = self->mixed + done;
    stream->avail_in = (uint32_t) (size - done);
    stream->next_out = to;
    stream->avail_out = (uint32_t) (self->room - (size_t) (to - self->packed));
    isal_deflate_stateless(stream);
    to = stream->next_out;
    uint32_t sum = isal_adler32(1, self->mixed, size);
    ost_record_clear_registers();
    for (int shift = 24; shift >= 0; shift -= 8) *to++ = (unsigned char) (sum >> shift);
    return (size_t) (to - self->packed);
}

/* To 16 bits, as sums in ones' complement: only nothing but zeros gives 0. */
static uint64_t fold(uint64_t sum)
{
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

/* The check of HDF5's filter fletcher32: Fletcher's sums of the big-endian 16-bit words. */
static uint32_t fletcher32(const unsigned char *bytes, size_t n)
{
    uint64_t sum = 0, sums = 0;
    for (size_t words; n > 1; bytes += 2 * words, n -= 2 * words) {
        words = n / 2 < FLETCHER_WORDS ? n / 2 : FLETCHER_WORDS;
        uint32_t part = 0, weighted = 0;
        for (size_t i = 0; i < words; i++) {
            uint32_t word = (uint32_t) bytes[2 * i] << 8 | bytes[2 * i + 1];
            part += word;
            weighted += (uint32_t) (words - i) * word;
        }
        sums = fold(sums + words * sum + weighted);
        sum = fold(sum + part);
    }
    if (n > 0) {
        sum = fold(sum + ((uint64_t) bytes[0] << 8));
        sums = fold(sums + sum);
    }
    return (uint32_t) (sums << 16 | sum);
}

/* @param[in,out] size  of the chunk, then with its check */
static const void *add_check(unsigned char *bytes, size_t *size)
{
    uint32_t check = fletcher32(bytes, *size);
    for (int shift = 0; shift < 32; shift += 8) bytes[(*size)++] = (unsigned char) (check >> shift);
    return bytes;
}

const void *ost_packer_values(ost_packer_t *self, const double *y, size_t stride, size_t n_subjects, size_t i_zero)
{
    float *narrow = (void *) self->plain;
    double *wide = (void *) self->plain;
    bool is_narrow = self->width == sizeof(float);
    size_t n = 0;
    for (size_t s = 0; s < n_subjects; s++, n += self->n_times) {
        const double *values = y + s * stride;
        if (i_zero != SIZE_MAX) {
            for (size_t t = 0; t < self->n_times; t++) {
                double ratio = values[t] / values[i_zero];
                self->row[t] = fabs(ratio) < self->largest ? ratio : NAN;
            }
            values = self->row;
        }
        if (self->n_dropped > 0) {
            for (size_t t = 0; t < self->n_times; t++) self->row[t] = round_bits(values[t], self->n_dropped);
            values = self->row;
        }
        for (size_t t = 0; is_narrow && t < self->n_times; t++) narrow[n + t] = (float) values[t];
        if (!is_narrow) memcpy(wide + n, values, self->n_times * sizeof *wide);
    }
    for (; n < self->n_values; n++) { /* beyond the last subject */
        if (is_narrow)
            narrow[n] = NAN;
        else
            wide[n] = NAN;
    }
    return self->plain;
}

const void *ost_packer_pack(
    ost_packer_t *self, const double *y, size_t stride, size_t n_subjects, size_t i_zero, size_t *size)
{
    ost_packer_values(self, y, stride, n_subjects, i_zero);
    *size = self->n_values * self->width;
    if (self->deflate == NULL) return add_check(self->plain, size);
    if (self->width == sizeof(float))
        shuffle4(self->mixed, (const void *) self->plain, self->n_values);
    else
        shuffle8(self->mixed, (const void *) self->plain, self->n_values);
    *size = deflate(self, *size);
    return add_check(self->packed, size);
}

/* @return whether they are a zlib stream of `size` bytes, which self->mixed has then */
static bool inflate(ost_packer_t *self, const void *bytes, size_t n, size_t size)
{
    struct inflate_state *stream = self->inflate;
    isal_inflate_init(stream);
    stream->crc_flag = ISAL_ZLIB;
    stream->next_in = (uint8_t *) (uintptr_t) bytes;
    stream->avail_in = (uint32_t) n;
    stream->next_out = self->mixed;
    stream->avail_out = (uint32_t) size;
    bool ok = isal_inflate(stream) == ISAL_DECOMP_OK && stream->avail_out == 0;
    ost_record_clear_registers();
    return ok;
}

int ost_packer_unpack(ost_packer_t *self, const void *chunk, size_t size, size_t n_subjects, double *y)
{
    const size_t n_bytes = self->n_values * self->width, n = n_subjects * self->n_times;
    const unsigned char *from = chunk;
    if (size < CHECK_SIZE || size > UINT32_MAX || n > self->n_values) return OST_ERR_FORMAT;
    if (self->deflate != NULL) {
        if (self->inflate == NULL) self->inflate = ost_memory_list(&self->memory, 1, sizeof *self->inflate);
        if (self->inflate == NULL) return OST_ERR_NO_MEMORY;
        if (!inflate(self, chunk, size - CHECK_SIZE, n_bytes)) return OST_ERR_FORMAT;
        for (size_t b = 0; b < self->width; b++)
            for (size_t i = 0; i < n; i++) self->plain[i * self->width + b] = self->mixed[b * self->n_values + i];
        from = self->plain;
    } else if (size != n_bytes + CHECK_SIZE) {
        return OST_ERR_FORMAT;
    }
    for (size_t i = 0; i < n; i++) {
        float narrow;
        if (self->width == sizeof narrow)
            memcpy(&narrow, from + i * sizeof narrow, sizeof narrow), y[i] = (double) narrow;
        else
            memcpy(&y[i], from + i * sizeof y[i], sizeof y[i]);
    }
    return 0;
}
