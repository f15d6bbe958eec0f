/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory of osteon's own objects, which cmake leads here (`--wrap`), while libraries below keep theirs: the n-th
 * allocation fails, and blocks that were not given back are found. */
#ifndef OST_FAILING_MEMORY_H
#define OST_FAILING_MEMORY_H

#include <execinfo.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { MAX_BLOCKS = 1 << 18, MAX_FRAMES = 48, OWNER_FRAMES = 12 };

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *block);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t n);
FILE *__real_open_memstream(char **text, size_t *size);

typedef struct {
    void *at;
    void *owner[OWNER_FRAMES]; /* only while is_traced */
} block_t;

/* Shared with the processes that a command begins and waits for, whose allocations fail in their turn. */
typedef struct {
    size_t n;                 /* allocations since failing_begin() */
    void *frames[MAX_FRAMES]; /* of the first that failed */
    int n_frames;
} counted_t;

static struct {
    pthread_mutex_t lock;
    counted_t *counted;
    size_t fail_at; /* counted from 1; 0: none fails */
    bool goes_on;   /* all that follow fail as well */
    bool is_traced;
    void (*watch)(size_t n, void *const *frames, int n_frames); /* sees each allocation; NULL: none does */
    size_t n_blocks;
    block_t blocks[MAX_BLOCKS]; /* those that are in use, by a hash of their address */
} memory = { .lock = PTHREAD_MUTEX_INITIALIZER };

__attribute__((constructor)) static void counted_begin(void)
{
    memory.counted = mmap(NULL, sizeof(counted_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory.counted == MAP_FAILED) abort();
}

static void failing_begin(size_t fail_at, bool goes_on)
{
    memory.counted->n = 0;
    memory.counted->n_frames = 0;
    memory.fail_at = fail_at;
    memory.goes_on = goes_on;
}

/* @return whether an allocation failed since failing_begin() */
static bool failing_end(void)
{
    memory.fail_at = 0;
    return memory.counted->n_frames > 0;
}

static bool fails(void)
{
    pthread_mutex_lock(&memory.lock);
    size_t n = ++memory.counted->n;
    bool is_first = n == memory.fail_at;
    if (is_first) memory.counted->n_frames = backtrace(memory.counted->frames, MAX_FRAMES);
    if (memory.watch != NULL) {
        void *frames[MAX_FRAMES];
        memory.watch(n, frames, backtrace(frames, MAX_FRAMES));
    }
    bool does = is_first || (memory.goes_on && memory.fail_at > 0 && n > memory.fail_at);
    pthread_mutex_unlock(&memory.lock);
    return does;
}

static size_t place_of(const void *block)
{
    return ((uintptr_t) block >> 4) * 0x9e3779b97f4a7c15u >> 46;
}

static void *keep(void *block)
{
    if (block == NULL) return NULL;
    pthread_mutex_lock(&memory.lock);
    size_t i = place_of(block);
    while (memory.blocks[i].at != NULL) i = (i + 1) % MAX_BLOCKS;
    memory.blocks[i] = (block_t){ .at = block };
    if (memory.is_traced) backtrace(memory.blocks[i].owner, OWNER_FRAMES);
    if (++memory.n_blocks > MAX_BLOCKS / 2) abort();
    pthread_mutex_unlock(&memory.lock);
    return block;
}

/* Of a block of a library nothing is kept. */
static void forget(const void *block)
{
    pthread_mutex_lock(&memory.lock);
    size_t i = place_of(block);
    while (memory.blocks[i].at != NULL && memory.blocks[i].at != block) i = (i + 1) % MAX_BLOCKS;
    bool is_kept = block != NULL && memory.blocks[i].at != NULL;
    memory.n_blocks -= is_kept;
    for (size_t k = i; is_kept;) { /* those behind it move up to where they would be found */
        memory.blocks[i].at = NULL;
        do {
            k = (k + 1) % MAX_BLOCKS;
            is_kept = memory.blocks[k].at != NULL;
        } while (is_kept && (k - place_of(memory.blocks[k].at)) % MAX_BLOCKS < (k - i) % MAX_BLOCKS);
        if (is_kept) memory.blocks[i] = memory.blocks[k];
        i = k;
    }
    pthread_mutex_unlock(&memory.lock);
}

void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : keep(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : keep(__real_calloc(n, size));
}

void *__wrap_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : keep(__real_aligned_alloc(alignment, size));
}

void *__wrap_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size)
{
    if (fails()) return NULL;
    forget(block);
    return keep(__real_realloc(block, size));
}

void __wrap_free(void *block);
void __wrap_free(void *block)
{
    forget(block);
    __real_free(block);
}

char *__wrap_strdup(const char *text);
char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : keep(__real_strdup(text));
}

char *__wrap_strndup(const char *text, size_t n);
char *__wrap_strndup(const char *text, size_t n)
{
    return fails() ? NULL : keep(__real_strndup(text, n));
}

/* What a failed call leaves in *text is not defined. */
int __wrap_vasprintf(char **text, const char *fmt, va_list args);
int __wrap_vasprintf(char **text, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    *text = (char *) (uintptr_t) 1;
    int length = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    char *made = length < 0 || fails() ? NULL : keep(__real_malloc((size_t) length + 1));
    if (made == NULL) return -1;
    *text = made;
    return vsnprintf(made, (size_t) length + 1, fmt, args);
}

int __wrap_asprintf(char **text, const char *fmt, ...);
int __wrap_asprintf(char **text, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int length = __wrap_vasprintf(text, fmt, args);
    va_end(args);
    return length;
}

FILE *__wrap_open_memstream(char **text, size_t *size);
FILE *__wrap_open_memstream(char **text, size_t *size)
{
    return fails() ? NULL : __real_open_memstream(text, size);
}

/* Functions of this program by address, from `nm`. */
typedef struct {
    uintptr_t at;
    char name[80];
} function_t;

static function_t *functions;
static size_t n_functions;

/* @param known  a function of this program, as it may lie elsewhere than in the file. */
static bool functions_read(const char *known_name, uintptr_t known)
{
    enum { MAX_FUNCTIONS = 1 << 15 };
    extern const char etext; /* of the linker: where the functions end */
    FILE *nm = popen("nm -n --defined-only /proc/$PPID/exe", "r");
    functions = __real_calloc(MAX_FUNCTIONS, sizeof(*functions));
    if (nm == NULL || functions == NULL) return false;
    unsigned long at;
    char kind, name[512];
    uintptr_t moved = 0;
    while (n_functions < MAX_FUNCTIONS && fscanf(nm, "%lx %c %511s", &at, &kind, name) == 3) {
        if (strchr("tT", kind) == NULL && strcmp(name, "etext") != 0) continue;
        function_t *made = &functions[n_functions++];
        made->at = at;
        snprintf(made->name, sizeof(made->name), "%.79s", name);
        if (strcmp(name, known_name) == 0) moved = known - at;
    }
    pclose(nm);
    for (size_t i = 0; i < n_functions; i++) functions[i].at += moved;
    return moved != 0 && (uintptr_t) &etext > functions[0].at;
}

/* Index of the function that an address lies in; SIZE_MAX of a library's. */
static size_t function_of(const void *address)
{
    size_t low = 0, high = n_functions;
    if (high == 0 || (uintptr_t) address > functions[high - 1].at) return SIZE_MAX;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (functions[middle].at <= (uintptr_t) address)
            low = middle + 1;
        else
            high = middle;
    }
    return low - 1;
}

/* "ost_list_new < read_arms < ...": what called, the innermost first, from the first function of osteon's. */
static char *frames_text(void *const *frames, int n, char *buf, size_t size)
{
    size_t used = 0;
    buf[0] = '\0';
    for (int i = 0; i < n && frames[i] != NULL && used < size; i++) {
        size_t function = function_of(frames[i]);
        if (function >= n_functions) continue;
        const char *name = functions[function].name;
        if (strncmp(name, "__wrap_", 7) == 0 || strcmp(name, "fails") == 0 || strcmp(name, "keep") == 0) continue;
        used += (size_t) snprintf(buf + used, size - used, "%s%s", used > 0 ? " < " : "", name);
        if (strncmp(name, "run_", 4) == 0) break;
    }
    return buf;
}

#endif
