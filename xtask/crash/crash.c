/* Resets users with a journal, for `cargo xtask crash`, which kills it.
 *
 *     crash JOURNAL FLAGS COUNT      the users are ok-1 to ok-COUNT; the configuration is in the environment
 *
 * Prints each result document on a line of its own. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <jcsdk.h>

int main(int argc, char **argv)
{
    if (argc != 4) return 2;
    jc_client *client = NULL;
    jc_batch *batch = NULL;
    jc_buf result = JC_BUF_INIT;
    int count = atoi(argv[3]), pushed = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (jc_client_new(NULL, &client, &result) != JC_OK || jc_batch_new(client, 20, &batch) != JC_OK ||
        jc_batch_set_journal(batch, argv[1], (uint32_t)atoi(argv[2]), &result) != JC_OK) {
        fprintf(stderr, "%s\n", result.ptr ? (const char *)result.ptr : "no batch");
        return 2;
    }
    for (;;) {
        while (pushed < count) {
            char id[32];
            snprintf(id, sizeof id, "ok-%d", pushed + 1);
            int32_t status = jc_batch_push(batch, id, JC_EXCLUSION_UNSET, JC_UNTIL_UNSET, 0, 0);
            if (status == JC_FULL) break;
            if (status != JC_OK) return 2;
            pushed++;
        }
        if (pushed == count) jc_batch_close(batch);
        if (jc_batch_next(batch, UINT32_MAX, &result) == JC_END) break;
        printf("%s\n", (const char *)result.ptr);
        jc_buf_free(&result);
    }
    jc_batch_free(batch);
    jc_client_free(client);
    return 0;
}
