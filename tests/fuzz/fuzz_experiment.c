/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The experiment reader on any bytes. A line that begins with "%" is an override, the rest is the text, so that both
 * readers are reached. Built without libFuzzer (-DOST_FUZZ_REPLAY) it replays the files that it is given. */
#include "input/experiment.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { MAX_OVERRIDES = 8 };
    const char *overrides[MAX_OVERRIDES];
    size_t n = 0;
    char *text = malloc(size + 1), *rest = text;
    if (text == NULL) return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    while (n < MAX_OVERRIDES && rest[0] == '%' && strchr(rest, '\n') != NULL) {
        overrides[n++] = rest + 1;
        rest = strchr(rest, '\n');
        *rest++ = '\0';
    }
    ost_experiment_t experiment;
    ost_error_t err = { 0 };
    int ret = ost_experiment_parse(&experiment, "fuzz.yaml", rest, overrides, n, &err);
    if (ret != err.code || (ret != 0) != (err.what[0] != '\0')) abort();
    ost_experiment_free(&experiment);
    free(text);
    return 0;
}

#ifdef OST_FUZZ_REPLAY
int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        uint8_t *data = malloc(1 << 20);
        if (file == NULL || data == NULL) return 1;
        LLVMFuzzerTestOneInput(data, fread(data, 1, 1 << 20, file));
        fclose(file);
        free(data);
    }
    printf("%d files replayed\n", argc - 1);
    return 0;
}
#endif
