/* Resets one user, then the users of a file, several at once.
 *
 *     reset ID FILE             the file has one id a line; the key is in JCApiKey
 *     reset --name NAME FILE    with usernames or e-mail addresses in place of the ids
 *
 * Exit status: 0 if all were reset, 1 if not, 2 for a wrong call or configuration, 130 after Ctrl+C. */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jcsdk.h>

#define AT_ONCE 8

static volatile sig_atomic_t stopped;

/* jc_batch_cancel must not be called in a signal handler, so the loop calls it. */
static void stop(int number)
{
    (void)number;
    stopped = 1;
}

/* JC_BY_NAME with --name. */
static uint32_t flags;

/* How many users ended with each status. */
static unsigned counts[JC_PANIC + 1];

/* A status that this program does not know counts as an unknown outcome. */
static void count(int32_t status, jc_buf *result)
{
    counts[status >= JC_OK && status <= JC_CANCELLED ? status : JC_UNKNOWN]++;
    if (status != JC_OK && result->ptr) fprintf(stderr, "\r%s\n", (const char *)result->ptr);
    jc_buf_free(result);
}

static void show_progress(void)
{
    unsigned done = 0;
    for (int status = JC_OK; status <= JC_CANCELLED; status++) done += counts[status];
    fprintf(stderr, "\r%u done", done);
}

/* The next line that is not blank, without a byte order mark and the blanks around it, or NULL after the last. The
 * caller frees it. */
static char *next_id(FILE *users)
{
    static const char blanks[] = " \t\r\n\v\f";
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, users) >= 0) {
        char *begin = line + (strncmp(line, "\xef\xbb\xbf", 3) == 0 ? 3 : 0);
        begin += strspn(begin, blanks);
        size_t length = strlen(begin);
        while (length > 0 && strchr(blanks, begin[length - 1])) length--;
        memmove(line, begin, length);
        line[length] = '\0';
        if (length > 0) return line;
    }
    free(line);
    return NULL;
}

/* One user, with one call: an id needs no client. */
static void reset_one(jc_client *client, const char *user)
{
    jc_buf result = JC_BUF_INIT;
    if (flags & JC_BY_NAME)
        count(jc_client_reset_system_user_mfa(client, user, JC_EXCLUSION_UNSET, JC_UNTIL_UNSET, flags, &result), &result);
    else
        count(jc_reset_system_user_mfa(user, JC_EXCLUSION_UNSET, JC_UNTIL_UNSET, &result), &result);
}

/* Pushes the file's users until the batch is full. */
static void push(jc_batch *batch, FILE *users, char **id)
{
    for (; *id; free(*id), *id = next_id(users)) {
        int32_t status = jc_batch_push(batch, *id, JC_EXCLUSION_UNSET, JC_UNTIL_UNSET, flags, 0);
        if (status == JC_FULL) return;
        if (status != JC_OK) count(status, &(jc_buf)JC_BUF_INIT);
    }
    jc_batch_close(batch);
}

static void reset_all(jc_client *client, FILE *users)
{
    jc_batch *batch = NULL;
    if (jc_batch_new(client, AT_ONCE, &batch) != JC_OK) return;
    char *id = next_id(users);
    for (;;) {
        jc_buf result = JC_BUF_INIT;
        if (stopped)
            jc_batch_cancel(batch);
        else
            push(batch, users, &id);
        int32_t status = jc_batch_next(batch, 100, &result); /* a short wait, so that Ctrl+C is noticed */
        if (status == JC_END) break;
        if (status != JC_TIMEOUT) count(status, &result);
        show_progress();
    }
    free(id);
    jc_batch_free(batch);
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "--name") == 0) {
        flags = JC_BY_NAME;
        argv++;
        argc--;
    }
    FILE *users = argc == 3 ? fopen(argv[2], "r") : NULL;
    if (!users) {
        fprintf(stderr, "usage: reset [--name] USER FILE\n");
        return 2;
    }
    jc_client *client = NULL;
    jc_buf result = JC_BUF_INIT;
    if (jc_client_new(NULL, &client, &result) != JC_OK) {
        fprintf(stderr, "%s\n", (const char *)result.ptr);
        jc_buf_free(&result);
        fclose(users);
        return 2;
    }
    reset_one(client, argv[1]);
    sigaction(SIGINT, &(struct sigaction){.sa_handler = stop}, NULL);
    reset_all(client, users);
    jc_client_free(client);
    fclose(users);

    printf("\n%u reset, %u refused, %u unknown, %u cancelled, %u invalid\n", counts[JC_OK], counts[JC_REFUSED],
           counts[JC_UNKNOWN], counts[JC_CANCELLED], counts[JC_INVALID]);
    if (stopped) return 130;
    return counts[JC_REFUSED] + counts[JC_UNKNOWN] + counts[JC_CANCELLED] + counts[JC_INVALID] ? 1 : 0;
}
