/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file file.h  Reading text files, and paths beside a file. */
#ifndef OST_CORE_FILE_H
#define OST_CORE_FILE_H

#include "core/error.h"
#include "core/memory.h"

#ifndef OST_HAS_FILES
/** 0 in a page, which has no files: then what reads tables is not linked, and each of them is missing. */
#define OST_HAS_FILES 1
#endif

/** Read a whole text file.
 *  @param[out] text  owned by the caller, terminated; a file with a zero byte or more than `max_bytes` is refused
 *  @return 0, OST_ERR_MISSING (no such file), OST_ERR_IO with the system's reason, OST_ERR_LIMIT, OST_ERR_SYNTAX or
 * OST_ERR_NO_MEMORY */
int ost_file_read(char **text, const char *path, size_t max_bytes, ost_error_t *err) OST_MUST_CHECK;
/** `name` seen from the folder of `base` (absolute names stay). @return in the memory, as ost_memory_list() */
char *ost_file_beside(ost_memory_t *memory, const char *base, const char *name);
/** Wait until the name of the file `path` is on the disk, where its file system can tell. */
void ost_file_sync_folder(const char *path);

#endif
