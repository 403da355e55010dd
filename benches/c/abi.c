/* Resets through the C ABI.
 * abi URL KEY USER CALLS: prints nanoseconds a call.
 * abi URL KEY USER CALLS THROTTLE [JOURNAL]: prints nanoseconds for all of them through one batch, users USER-1 to
 * USER-CALLS, with a journal in this file. */
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

static void reset_once(jc_client *client, const char *user)
{
    jc_buf result = JC_BUF_INIT;
    if (jc_client_reset_system_user_mfa(client, user, JC_EXCLUSION_UNSET, JC_UNTIL_UNSET, 0, &result) != JC_OK) {
        fprintf(stderr, "%s\n", (const char *)result.ptr);
        exit(1);
    }
    jc_buf_free(&result);
}

static void reset_batch(jc_client *client, const char *prefix, long users, uint32_t throttle, const char *journal)
{
    jc_batch *batch;
    if (jc_batch_new(client, throttle, &batch) != JC_OK)
        exit(1);
    if (journal && jc_batch_set_journal(batch, journal, 0, NULL) != JC_OK)
        exit(1);
    for (long pushed = 0, done = 0; done < users;) {
        char user[64];
        snprintf(user, sizeof user, "%s-%ld", prefix, pushed + 1);
        if (pushed < users && jc_batch_push(batch, user, JC_EXCLUSION_UNSET, JC_UNTIL_UNSET, 0, 0) == JC_OK) {
            pushed++;
            continue;
        }
        if (jc_batch_next(batch, 60000, NULL) != JC_OK)
            exit(1);
        done++;
    }
    jc_batch_free(batch);
}

int main(int argc, char **argv)
{
    if (argc < 5)
        return 2;
    jc_options *options = jc_options_new();
    jc_options_set_text(options, JC_OPT_URL, argv[1]);
    jc_options_set_text(options, JC_OPT_API_KEY, argv[2]);
    jc_client *client;
    if (jc_client_new(options, &client, NULL) != JC_OK)
        return 1;
    jc_options_free(options);

    long calls = atol(argv[4]);
    double begin;
    if (argc >= 6) {
        uint32_t throttle = (uint32_t)atol(argv[5]);
        const char *journal = argc == 7 ? argv[6] : NULL;
        reset_batch(client, argv[3], (long)throttle * 2, throttle, NULL); /* warms the connections */
        begin = now();
        reset_batch(client, argv[3], calls, throttle, journal);
        printf("%.0f\n", now() - begin);
    } else {
        for (int i = 0; i < 100; i++)
            reset_once(client, argv[3]);
        begin = now();
        for (long i = 0; i < calls; i++)
            reset_once(client, argv[3]);
        printf("%.0f\n", (now() - begin) / (double)calls);
    }
    jc_client_free(client);
    return 0;
}
