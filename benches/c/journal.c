/* journal URL KEY FILE: prints the nanoseconds in which the library reads this journal, and those in which fread does. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "jcsdk.h"

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    jc_options *options = jc_options_new();
    jc_options_set_text(options, JC_OPT_URL, argv[1]);
    jc_options_set_text(options, JC_OPT_API_KEY, argv[2]);
    jc_client *client;
    jc_batch *batch;
    jc_buf error = JC_BUF_INIT;
    if (jc_client_new(options, &client, NULL) != JC_OK || jc_batch_new(client, 1, &batch) != JC_OK)
        return 1;
    double begin = now();
    if (jc_batch_set_journal(batch, argv[3], JC_JOURNAL_RESUME, &error) != JC_OK) {
        fprintf(stderr, "%s\n", (const char *)error.ptr);
        return 1;
    }
    printf("%.0f\n", now() - begin);

    begin = now();
    FILE *file = fopen(argv[3], "rb");
    static char piece[1 << 16];
    size_t size = 0, n;
    while ((n = fread(piece, 1, sizeof piece, file)) > 0)
        size += n;
    printf("%.0f\n", now() - begin);
    fclose(file);
    jc_batch_free(batch);
    jc_client_free(client);
    jc_options_free(options);
    return size > 0 ? 0 : 1;
}
