/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int ost_file_read(char **text, const char *path, size_t max_bytes, ost_error_t *err)
{
    *text = NULL;
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        const int code = errno == ENOENT || errno == ENOTDIR ? OST_ERR_MISSING : OST_ERR_IO;
        return ost_fail_at(err, code, path, 0, 0, "cannot be opened: %s", strerror(errno));
    }
    int ret = 0;
    char *buf = NULL;
    size_t size = 0, room = 0, got;
    do {
        if (size + 1 >= room) {
            room = room == 0 ? 16384 : 2 * room;
            char *more = realloc(buf, room);
            if (more == NULL) {
                ret = ost_fail(err, OST_ERR_NO_MEMORY, "out of memory reading %s", path);
                goto out;
            }
            buf = more;
        }
        errno = 0;
        got = fread(buf + size, 1, room - size - 1, file);
        size += got;
    } while (got > 0 && size <= max_bytes);
    if (ferror(file)) {
        ret = ost_fail_at(err, OST_ERR_IO, path, 0, 0, "cannot be read: %s", strerror(errno));
        goto out;
    }
    if (size > max_bytes) {
        ret = ost_fail_at(err, OST_ERR_LIMIT, path, 0, 0, "larger than the limit of %zu bytes", max_bytes);
        goto out;
    }
    buf[size] = '\0';
    if (strlen(buf) != size) {
        ret = ost_fail_at(err, OST_ERR_SYNTAX, path, 0, 0, "not a text file: a zero byte at %zu", strlen(buf));
        goto out;
    }
    *text = buf;
    buf = NULL;
out:
    free(buf);
    fclose(file);
    return ret;
}

/* Length of the path of the folder above that of base[0..folder-1], "a/b/", both with their slash; @return `folder`
 * where its last part may be a link or leads up itself. */
static size_t folder_above(const char *base, size_t folder)
{
    char path[PATH_MAX];
    struct stat found;
    size_t above = folder > 0 ? folder - 1 : 0;
    while (above > 0 && base[above - 1] != '/') above--;
    const char *last = base + above;
    if (folder - above < 2 || folder >= sizeof(path) || strncmp(last, "./", 2) == 0 || strncmp(last, "../", 3) == 0)
        return folder;
    snprintf(path, sizeof(path), "%.*s", (int) folder - 1, base);
    return lstat(path, &found) == 0 && S_ISDIR(found.st_mode) ? above : folder;
}

char *ost_file_beside(ost_memory_t *memory, const char *base, const char *name)
{
    const char *slash = strrchr(base, '/');
    size_t folder = slash == NULL || name[0] == '/' ? 0 : (size_t) (slash - base) + 1;
    for (size_t above; strncmp(name, "../", 3) == 0 && (above = folder_above(base, folder)) < folder; name += 3)
        folder = above;
    size_t size = strlen(name) + 1;
    char *path = ost_memory_list(memory, folder + size, 1);
    if (path == NULL) return NULL;
    memcpy(path, base, folder);
    memcpy(path + folder, name, size);
    return path;
}

void ost_file_sync_folder(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    int n = snprintf(folder, sizeof(folder), "%.*s.", slash != NULL ? (int) (slash - path) + 1 : 0, path);
    int fd = n < PATH_MAX ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        (void) !fsync(fd); /* some file systems refuse this for a folder; the data are safe */
        close(fd);
    }
}
