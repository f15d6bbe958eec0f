/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The process that reads a file first may die of what HDF5 does with it: this is why there is one. Under libFuzzer it
 * dies as without; what dies in osteon's own code, and not below HDF5, leaves a file that `run_command` looks for. */
#ifndef OST_READING_CHILD_H
#define OST_READING_CHILD_H

#include "mutated_files.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>

void __sanitizer_set_death_callback(void (*callback)(void));
const char *__lsan_default_suppressions(void);

/* HDF5 forgets memory when it refuses a file. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libhdf5";
}

static void note_own_fault(void)
{
    enum { DEPTH = 64 };
    void *frames[DEPTH];
    Dl_info where;
    int n = backtrace(frames, DEPTH);
    for (int i = 0; i < n; i++)
        if (dladdr(frames[i], &where) != 0 && strstr(where.dli_fname, "libhdf5") != NULL) return;
    int fd = open(OWN_FAULT, O_CREAT | O_WRONLY, 0644);
    if (fd >= 0) close(fd);
}

static void be_a_plain_child(void)
{
    static const int deadly[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGALRM, SIGXCPU };
    for (size_t i = 0; i < sizeof(deadly) / sizeof(*deadly); i++) signal(deadly[i], SIG_DFL);
    __sanitizer_set_death_callback(note_own_fault);
}

__attribute__((constructor)) static void register_child(void)
{
    must(pthread_atfork(NULL, NULL, be_a_plain_child) == 0, "pthread_atfork");
}

#endif
