/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reader of evidence tables on any bytes, through a file in memory. */
#include "input/evidence.h"
#include "results/results.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    static ost_endpoint_dictionary_t words;
    ost_evidence_t table;
    ost_error_t err = { 0 };
    if (words.n_entries == 0 && ost_endpoint_dictionary_read(&words, "configs/evidence/evidence.csv", NULL, &err) < 0)
        abort();
    int fd = memfd_create("table", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t) size) abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int ret = ost_evidence_read(&table, path, &words, &err);
    if (ret != err.code || (ret != 0) != (err.what[0] != '\0')) abort();
    ost_evidence_free(&table);
    close(fd);
    return 0;
}
