/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values of a part of a dataset, read or written. HDF5 1.10 does not compare a chunk with its shape: of one that
 * unpacks to fewer bytes it hands out what lies behind it in memory. So each is measured before it is read. */
#include "journal/record.h"
#include "results/results_impl.h"

#include <isa-l/igzip_lib.h>
#include <stdlib.h>

#define PIECE_BYTES 65536
#define CHECK_BYTES 4 /* of fletcher32 */

/* Of those that osteon writes with; another one makes as many bytes as it likes. */
enum { MAX_FILTERS = 3 };

typedef struct {
    hid_t dataset;
    hsize_t n_file;     /* bytes of the file */
    hsize_t n_bytes;    /* of a chunk's values */
    hsize_t n_unpacked; /* of this one */
    int n_filters;
    H5Z_filter_t filters[MAX_FILTERS];
    hsize_t chunk[OST_MAX_RANK];
    struct inflate_state stream;
    unsigned char piece[PIECE_BYTES];
} chunks_t;

/* @return whether it is a zlib stream; counted as far as one byte too many */
static bool unpack(chunks_t *self, unsigned char *bytes, hsize_t n)
{
    struct inflate_state *stream = &self->stream;
    isal_inflate_init(stream);
    stream->crc_flag = ISAL_ZLIB;
    stream->next_in = bytes;
    stream->avail_in = (uint32_t) n;
    self->n_unpacked = 0;
    bool ok = true;
    while (ok && stream->block_state != ISAL_BLOCK_FINISH && self->n_unpacked <= self->n_bytes) {
        stream->next_out = self->piece;
        stream->avail_out = PIECE_BYTES;
        ok = isal_inflate(stream) >= 0;
        self->n_unpacked += PIECE_BYTES - stream->avail_out;
        /* a stream that is cut short gives nothing more */
        ok = ok && (stream->avail_out < PIECE_BYTES || stream->block_state == ISAL_BLOCK_FINISH);
    }
    ost_record_clear_registers();
    return ok;
}

/* What comes of the filters in the order of reading, without those that this chunk was written without. */
static bool has_size(chunks_t *self, unsigned char *bytes, hsize_t n, uint32_t left_out)
{
    bool ok = n <= UINT32_MAX, is_packed = true;
    self->n_unpacked = n;
    for (int i = self->n_filters - 1; i >= 0 && ok; i--) {
        if ((left_out >> i & 1) != 0) continue;
        if (self->filters[i] == H5Z_FILTER_FLETCHER32) {
            ok = self->n_unpacked >= CHECK_BYTES;
            self->n_unpacked -= CHECK_BYTES;
        } else if (self->filters[i] == H5Z_FILTER_DEFLATE) {
            ok = is_packed && unpack(self, bytes, self->n_unpacked);
            is_packed = false;
        }
    }
    if (ok && self->n_unpacked == self->n_bytes) return true;
    ost_h5_note_reason("a chunk does not have the %llu bytes of its values", (unsigned long long) self->n_bytes);
    return false;
}

/* @return 0, OST_ERR_FORMAT or OST_ERR_NO_MEMORY */
static int check_chunk(chunks_t *self, const hsize_t *at)
{
    hsize_t n = 0;
    uint32_t left_out = 0;
    herr_t is_there = -1, is_read = -1;
    H5E_BEGIN_TRY
    {
        is_there = H5Dget_chunk_storage_size(self->dataset, at, &n);
    }
    H5E_END_TRY
    if (is_there < 0) return 0; /* never written, or not to be found, which reading it will say */
    if (n > self->n_file) return OST_ERR_FORMAT;
    unsigned char *bytes = malloc((size_t) n + 1);
    if (bytes == NULL) return OST_ERR_NO_MEMORY;
    H5E_BEGIN_TRY
    {
        is_read = H5Dread_chunk(self->dataset, H5P_DEFAULT, at, &left_out, bytes);
    }
    H5E_END_TRY
    /* later versions of HDF5 say that one that was never written has no bytes, and do not read it either */
    bool ok = is_read < 0 ? n == 0 : has_size(self, bytes, n, left_out);
    free(bytes);
    return ok ? 0 : OST_ERR_FORMAT;
}

/* @return 1: its chunks are to be looked at; 0: not so, or OST_ERR_FORMAT */
static int describe(chunks_t *self, size_t rank)
{
    hid_t create = H5Dget_create_plist(self->dataset), type = H5Dget_type(self->dataset), file = -1;
    int n = create >= 0 ? H5Pget_nfilters(create) : -1, ret = n < 0 || type < 0 ? OST_ERR_FORMAT : 0;
    if (ret == 0 && H5Pget_layout(create) == H5D_CHUNKED && n > 0) {
        file = H5Iget_file_id(self->dataset);
        bool ok = n <= MAX_FILTERS && rank <= OST_MAX_RANK && H5Fget_filesize(file, &self->n_file) >= 0 &&
                  H5Pget_chunk(create, (int) rank, self->chunk) == (int) rank;
        self->n_bytes = H5Tget_size(type);
        for (size_t d = 0; ok && d < rank; d++) {
            ok = self->chunk[d] > 0 && self->n_bytes <= UINT32_MAX / self->chunk[d];
            self->n_bytes *= self->chunk[d];
        }
        for (int i = 0; ok && i < n; i++) {
            size_t n_values = 0;
            unsigned flags;
            self->filters[i] = H5Pget_filter2(create, (unsigned) i, &flags, &n_values, NULL, 0, NULL, NULL);
            ok = self->filters[i] == H5Z_FILTER_SHUFFLE || self->filters[i] == H5Z_FILTER_DEFLATE ||
                 self->filters[i] == H5Z_FILTER_FLETCHER32;
        }
        self->n_filters = n;
        ret = ok ? 1 : OST_ERR_FORMAT;
        if (!ok) ost_h5_note_reason("its chunks are not as osteon writes them");
    }
    OST_H5_CLOSE(create, type, file);
    return ret;
}

/* Of all chunks that a part lies in. @return 0, OST_ERR_FORMAT with the reason noted, or OST_ERR_NO_MEMORY */
static int check_chunks(hid_t dataset, const ost_slab_t *slab)
{
    const size_t rank = slab->rank;
    chunks_t *self = malloc(sizeof(*self));
    if (self == NULL) return OST_ERR_NO_MEMORY;
    self->dataset = dataset;
    hsize_t first[OST_MAX_RANK] = { 0 }, at[OST_MAX_RANK] = { 0 };
    int ret = describe(self, rank);
    bool is_left = ret > 0;
    for (size_t d = 0; is_left && d < rank; d++) at[d] = first[d] = slab->start[d] / self->chunk[d] * self->chunk[d];
    while (is_left && ret >= 0) {
        ret = check_chunk(self, at);
        size_t d = rank;
        while (d > 0 && (at[d - 1] += self->chunk[d - 1]) >= slab->start[d - 1] + slab->count[d - 1]) {
            at[d - 1] = first[d - 1];
            d--;
        }
        is_left = d > 0;
    }
    free(self);
    return ret < 0 ? ret : 0;
}

void ost_slab_add(ost_slab_t *self, hsize_t start, hsize_t count)
{
    self->start[self->rank] = start;
    self->count[self->rank++] = count;
}

int ost_h5_transfer(hid_t dataset, hid_t how, const ost_slab_t *slab, double *to, const double *from)
{
    const int rank = (int) slab->rank;
    hid_t space = dataset >= 0 ? H5Dget_space(dataset) : -1, memory = H5Screate_simple(rank, slab->count, NULL);
    bool ok = space >= 0 && memory >= 0 && H5Sget_simple_extent_ndims(space) == rank &&
              H5Sselect_hyperslab(space, H5S_SELECT_SET, slab->start, NULL, slab->count, NULL) >= 0 &&
              H5Sselect_valid(space) > 0;
    int ret = !ok ? OST_ERR_FORMAT : to != NULL ? check_chunks(dataset, slab) : 0;
    if (ret == 0 && to != NULL) ok = H5Dread(dataset, H5T_NATIVE_DOUBLE, memory, space, how, to) >= 0;
    if (ret == 0 && to == NULL) ok = H5Dwrite(dataset, H5T_NATIVE_DOUBLE, memory, space, how, from) >= 0;
    OST_H5_CLOSE(space, memory);
    return ok ? ret : OST_ERR_FORMAT;
}

int ost_h5_read(
    hid_t file, const char *path, const char *name, const ost_slab_t *slab, double *values, ost_error_t *err)
{
    ost_h5_handler_t handler;
    ost_h5_enter(&handler);
    hid_t id = ost_h5_open(file, name);
    int ret = ost_h5_transfer(id, H5P_DEFAULT, slab, values, NULL);
    if (ret != 0) ret = ost_h5_unreadable(err, ret, path, name);
    OST_H5_CLOSE(id);
    ost_h5_leave(&handler);
    return ret;
}
