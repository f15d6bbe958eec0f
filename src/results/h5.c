/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "results/h5.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes before a collection of the global heap, and before an object of it. */
#define HEAP_HEAD 16
/* What no attribute of ours exceeds; a damaged one may claim anything. */
#define MAX_TEXT (64u << 20)
#define SMALL_TRANSFER (64u << 10)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* The innermost message; of a failed system call only the system's own words. */
static herr_t note_reason(unsigned n, const H5E_error2_t *error, void *user)
{
    static const char mark[] = "error message = '";
    ost_h5_handler_t *self = user;
    if (n > 0 || error->desc == NULL || self->is_ours) return 0;
    const char *words = strstr(error->desc, mark);
    words = words != NULL ? words + strlen(mark) : error->desc;
    size_t length = words != error->desc ? strcspn(words, "'") : strlen(words);
    snprintf(self->reason, sizeof self->reason, ": %.*s", (int) length, words);
    return 0;
}

/* HDF5 calls this when one of its functions fails; the next call, if only to clean up, clears the stack. */
static herr_t on_failure(hid_t stack, void *user)
{
    return H5Ewalk2(stack, H5E_WALK_UPWARD, note_reason, user);
}

void ost_h5_enter(ost_h5_handler_t *saved)
{
    pthread_mutex_lock(&lock);
    *saved = (ost_h5_handler_t){ 0 };
    H5Eget_auto2(H5E_DEFAULT, &saved->handler, &saved->data);
    H5Eset_auto2(H5E_DEFAULT, on_failure, saved);
}

void ost_h5_leave(const ost_h5_handler_t *saved)
{
    H5Eset_auto2(H5E_DEFAULT, saved->handler, saved->data);
    pthread_mutex_unlock(&lock);
}

/* Ours between ost_h5_enter() and ost_h5_leave(), NULL outside. */
static ost_h5_handler_t *find_handler(void)
{
    H5E_auto2_t handler = NULL;
    void *data = NULL;
    H5Eget_auto2(H5E_DEFAULT, &handler, &data);
    return handler == on_failure ? data : NULL;
}

void ost_h5_note_reason(const char *fmt, ...)
{
    ost_h5_handler_t *ours = find_handler();
    va_list args;
    if (ours == NULL) return;
    ours->is_ours = true;
    memcpy(ours->reason, ": ", 2);
    va_start(args, fmt);
    vsnprintf(ours->reason + 2, sizeof ours->reason - 2, fmt, args);
    va_end(args);
}

int ost_h5_fail(ost_error_t *err, int code, const char *path, const char *fmt, ...)
{
    char what[256];
    const ost_h5_handler_t *ours = find_handler();
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    return ost_fail_at(err, code, path, 0, 0, "%s%s", what, ours != NULL ? ours->reason : "");
}

int ost_h5_unreadable(ost_error_t *err, int ret, const char *path, const char *what)
{
    if (ret == OST_ERR_NO_MEMORY) return ost_no_memory(err);
    return ost_h5_fail(err, OST_ERR_FORMAT, path, "damaged, or not written by osteon: '%s' cannot be read", what);
}

int ost_h5_set_array(hid_t object, const char *name, hid_t file_type, hid_t type, const void *values, size_t n)
{
    hsize_t size = n;
    if (H5Aexists(object, name) > 0 && H5Adelete(object, name) < 0) return -1;
    hid_t space = n == 1 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &size, NULL);
    hid_t attribute = space < 0 ? -1 : H5Acreate2(object, name, file_type, space, H5P_DEFAULT, H5P_DEFAULT);
    int ret = attribute >= 0 && H5Awrite(attribute, type, values) >= 0 ? 0 : -1;
    if (attribute >= 0 && H5Aclose(attribute) < 0) ret = -1;
    if (space >= 0 && H5Sclose(space) < 0) ret = -1;
    return ret;
}

/* @return false if out of memory or not read, with *text NULL or not */
static bool numbers_text(hid_t attribute, H5T_class_t kind, size_t n, char **text)
{
    size_t length = 0;
    uint64_t *counts = calloc(n, sizeof *counts);
    double *numbers = calloc(n, sizeof *numbers);
    *text = counts != NULL && numbers != NULL ? calloc(n, 32) : NULL;
    bool ok = *text != NULL && (kind == H5T_FLOAT ? H5Aread(attribute, H5T_NATIVE_DOUBLE, numbers)
                                                  : H5Aread(attribute, H5T_NATIVE_UINT64, counts)) >= 0;
    for (size_t i = 0; ok && i < n; i++) {
        if (i > 0) (*text)[length++] = ' ';
        length += (size_t) (kind == H5T_FLOAT ? sprintf(*text + length, "%.17g", numbers[i])
                                              : sprintf(*text + length, "%" PRIu64, counts[i]));
    }
    free(counts);
    free(numbers);
    return ok;
}

int ost_h5_get_text(hid_t object, const char *name, char **text)
{
    *text = NULL;
    hid_t attribute = H5Aexists(object, name) > 0 ? H5Aopen(object, name, H5P_DEFAULT) : -1;
    if (attribute < 0) return 0;
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    H5T_class_t kind = type >= 0 ? H5Tget_class(type) : H5T_NO_CLASS;
    hssize_t n = space >= 0 ? H5Sget_simple_extent_npoints(space) : -1;
    size_t size = type >= 0 ? H5Tget_size(type) : 0;
    bool ok = n >= 1 && size > 0 && size <= MAX_TEXT && (size_t) n <= MAX_TEXT / 32;
    bool is_text = ok && kind == H5T_STRING && n == 1 && H5Tis_variable_str(type) == 0, is_full = false;
    ok = is_text || (ok && (kind == H5T_INTEGER || kind == H5T_FLOAT));
    if (is_text) {
        *text = calloc(1, size + 1);
        ok = *text != NULL && H5Aread(attribute, type, *text) >= 0;
        is_full = *text == NULL;
    } else if (ok) {
        ok = numbers_text(attribute, kind, (size_t) n, text);
        is_full = *text == NULL;
    }
    if (!ok) {
        free(*text);
        *text = NULL;
    }
    if (*text != NULL) ost_text_disarm(*text);
    OST_H5_CLOSE(type, space, attribute);
    return is_full ? OST_ERR_NO_MEMORY : 0;
}

int ost_h5_set_text(hid_t object, const char *name, const char *text)
{
    /* fixed length, which may not be 0 */
    size_t size = strlen(text);
    hid_t type = H5Tcopy(H5T_C_S1);
    int ret = -1;
    if (type >= 0 && H5Tset_size(type, size > 0 ? size : 1) >= 0 && H5Tset_cset(type, H5T_CSET_UTF8) >= 0 &&
        H5Tset_strpad(type, H5T_STR_NULLPAD) >= 0) {
        ret = ost_h5_set_array(object, name, type, type, text, 1);
    }
    if (type >= 0 && H5Tclose(type) < 0) ret = -1;
    return ret;
}

int ost_h5_set_doubles(hid_t object, const char *name, const double *values, size_t n)
{
    return ost_h5_set_array(object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, values, n);
}

int ost_h5_set_count(hid_t object, const char *name, uint64_t value)
{
    return ost_h5_set_array(object, name, H5T_STD_U64LE, H5T_NATIVE_UINT64, &value, 1);
}

hid_t ost_h5_open(hid_t file, const char *name)
{
    H5L_info_t link;
    if (H5Lexists(file, name, H5P_DEFAULT) <= 0 || H5Lget_info(file, name, &link, H5P_DEFAULT) < 0 ||
        link.type != H5L_TYPE_HARD) {
        return -1;
    }
    hid_t object = H5Oopen(file, name, H5P_DEFAULT);
    bool is_dataset = object >= 0 && H5Iget_type(object) == H5I_DATASET;
    hid_t create = is_dataset ? H5Dget_create_plist(object) : -1;
    bool is_here = create >= 0 && H5Pget_layout(create) != H5D_VIRTUAL && H5Pget_external_count(create) == 0;
    OST_H5_CLOSE(create);
    if (is_here) return object;
    OST_H5_CLOSE(object);
    return -1;
}

hid_t ost_h5_text_type(void)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    if (type >= 0 && (H5Tset_size(type, H5T_VARIABLE) < 0 || H5Tset_cset(type, H5T_CSET_UTF8) < 0)) {
        H5Tclose(type);
        return -1;
    }
    return type;
}

void ost_h5_close(const hid_t *ids, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (ids[i] >= 0) H5Idec_ref(ids[i]);
}

hid_t ost_h5_small_transfer(void)
{
    hid_t how = H5Pcreate(H5P_DATASET_XFER);
    if (how < 0 || H5Pset_buffer(how, SMALL_TRANSFER, NULL, NULL) >= 0) return how;
    H5Pclose(how);
    return -1;
}

size_t ost_h5_length(hid_t dataset)
{
    hsize_t n = 0;
    hid_t space = H5Dget_space(dataset);
    if (space >= 0 && H5Sget_simple_extent_ndims(space) == 1) H5Sget_simple_extent_dims(space, &n, NULL);
    OST_H5_CLOSE(space);
    return n;
}

static uint64_t little(const unsigned char *bytes, size_t n)
{
    uint64_t x = 0;
    while (n-- > 0) x = x << 8 | bytes[n];
    return x;
}

/* A collection of the global heap (HDF5 file format 3.0, III.E): [*size] bytes, NULL unless 0 is returned, or
 * OST_ERR_FORMAT or OST_ERR_NO_MEMORY. */
static int load_heap(int fd, uint64_t at, uint64_t file_size, unsigned char **heap, uint64_t *size)
{
    unsigned char head[HEAP_HEAD];
    *heap = NULL;
    if (pread(fd, head, sizeof head, (off_t) at) != sizeof head || memcmp(head, "GCOL\1", 5) != 0)
        return OST_ERR_FORMAT;
    *size = little(head + 8, 8);
    if (*size < HEAP_HEAD || at > file_size || *size > file_size - at) return OST_ERR_FORMAT;
    if ((*heap = malloc(*size)) == NULL) return OST_ERR_NO_MEMORY;
    if (pread(fd, *heap, *size, (off_t) at) == (ssize_t) *size) return 0;
    free(*heap);
    *heap = NULL;
    return OST_ERR_FORMAT;
}

/* Whether every object of a collection lies within it, and number `index` is there and has `length` bytes. */
static bool heap_has(const unsigned char *heap, uint64_t size, uint64_t index, uint64_t length)
{
    bool found = false;
    for (uint64_t at = HEAP_HEAD; at + HEAP_HEAD <= size;) {
        uint64_t number = little(heap + at, 2), bytes = little(heap + at + 8, 8);
        if (number == 0) return found && bytes == size - at; /* what is free, to the end */
        at += HEAP_HEAD;
        if (bytes > size - at) return false;
        found = found || (number == index && bytes >= length);
        at += (bytes + 7) / 8 * 8;
    }
    return found;
}

/* HDF5 1.10.8 reads beyond its memory where texts of variable length lie in a damaged heap; so we look first. What is
 * laid out as we never write it is refused. @return 0, OST_ERR_FORMAT or OST_ERR_NO_MEMORY */
static int check_texts(hid_t dataset, size_t n)
{
    hid_t file = H5Iget_file_id(dataset);
    haddr_t begin = H5Dget_offset(dataset);
    void *fd = NULL;
    struct stat st = { 0 };
    bool is_open = file >= 0 && H5Fget_vfd_handle(file, H5P_DEFAULT, &fd) >= 0 && fd != NULL;
    hid_t create = H5Dget_create_plist(dataset);
    bool is_contiguous = create >= 0 && H5Pget_layout(create) == H5D_CONTIGUOUS;
    int ret = is_open && is_contiguous && fstat(*(int *) fd, &st) == 0 ? 0 : OST_ERR_FORMAT;
    for (size_t i = 0; ret == 0 && i < n && begin != HADDR_UNDEF; i++) {
        unsigned char text[4 + 8 + 4], *heap; /* length, address of a collection, number in it */
        uint64_t size = 0;
        if (pread(*(int *) fd, text, sizeof text, (off_t) (begin + i * sizeof text)) != sizeof text)
            ret = OST_ERR_FORMAT;
        uint64_t length = little(text, 4), at = little(text + 4, 8);
        if (ret < 0 || (length == 0 && at == 0)) continue;
        ret = load_heap(*(int *) fd, at, (uint64_t) st.st_size, &heap, &size);
        if (ret == 0 && !heap_has(heap, size, little(text + 12, 4), length)) ret = OST_ERR_FORMAT;
        free(heap);
    }
    OST_H5_CLOSE(file, create);
    return ret;
}

int ost_h5_read_texts(hid_t dataset, size_t max, ost_text_list_t *texts)
{
    size_t n = ost_h5_length(dataset);
    hid_t file_type = H5Dget_type(dataset), type = ost_h5_text_type(), space = H5Dget_space(dataset);
    char **raw = NULL;
    bool ok = n > 0 && n <= max && type >= 0 && space >= 0 && file_type >= 0 && H5Tis_variable_str(file_type) > 0;
    int ret = ok ? check_texts(dataset, n) : OST_ERR_FORMAT;
    if (ret == 0 && (raw = calloc(n, sizeof *raw)) == NULL) ret = OST_ERR_NO_MEMORY;
    if (ret == 0 && H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, raw) < 0) ret = OST_ERR_FORMAT;
    for (size_t i = 0; ret == 0 && i < n; i++) {
        ret = ost_text_list_add(texts, "%s", raw[i] != NULL ? raw[i] : "");
        if (ret == 0) ost_text_disarm(texts->items[texts->n - 1]);
    }
    if (raw != NULL && type >= 0 && space >= 0) H5Dvlen_reclaim(type, space, H5P_DEFAULT, raw);
    free(raw);
    OST_H5_CLOSE(type, file_type, space);
    return ret;
}
