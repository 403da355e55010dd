/* Resets one user, then the users of a file, several at once.
 *
 *     reset ID FILE             the file has one id a line; the key is in JCApiKey
 *     reset --name NAME FILE    with usernames or e-mail addresses in place of the ids
 *
 * With --journal JOURNAL before them the run keeps a journal. After Ctrl+C or a crash the same command with --resume goes
 * on: whoever was reset, or may have been, is not sent. Look up those who may have been, then --resume --retry-unknown
 * sends them again.
 *
 * Exit status: 0 if all were reset, 1 if not, 2 for a wrong call or configuration, 130 after Ctrl+C. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <jcsdk.h>

#define AT_ONCE 8

static volatile sig_atomic_t stopped;

/* jc_batch_cancel must not be called in a signal handler, so the loop calls it. */
static void stop(int number)
{
    signal(number, stop); /* some systems forget it at each signal */
    stopped = 1;
}

/* JC_BY_NAME with --name. */
static uint32_t flags;

/* NULL without --journal. */
static const char *journal;
static uint32_t journal_flags;

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
 * next call overwrites it. */
static const char *next_id(FILE *users)
{
    static const char blanks[] = " \t\r\n\v\f";
    static char line[1024];
    static unsigned number;
    for (int c = 0; c != EOF;) {
        size_t length = 0;
        bool fits = true;
        number++;
        while ((c = getc(users)) != EOF && c != '\n') {
            if (c == '\0' || length == sizeof line - 1)
                fits = false;
            else
                line[length++] = (char)c;
        }
        while (length > 0 && strchr(blanks, line[length - 1])) length--;
        line[length] = '\0';
        const char *id = line + (strncmp(line, "\xef\xbb\xbf", 3) == 0 ? 3 : 0);
        id += strspn(id, blanks);
        if (fits && *id) return id;
        if (fits) continue;
        /* An id that is cut may be that of another user. */
        fprintf(stderr, "\rline %u is too long or has a NUL\n", number);
        counts[JC_INVALID]++;
    }
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
static void push(jc_batch *batch, FILE *users, const char **id)
{
    for (; *id; *id = next_id(users)) {
        int32_t status = jc_batch_push(batch, *id, JC_EXCLUSION_UNSET, JC_UNTIL_UNSET, flags, 0);
        if (status == JC_FULL) return;
        if (status != JC_OK) count(status, &(jc_buf)JC_BUF_INIT);
    }
    jc_batch_close(batch);
}

/* Prints the document of what is wrong with the configuration, and frees it. */
static int wrong(jc_buf *document)
{
    fprintf(stderr, "%s\n", (const char *)document->ptr);
    jc_buf_free(document);
    return 2;
}

/* The user id is the first, then come those of the file. */
static int reset_all(jc_client *client, const char *id, FILE *users)
{
    jc_batch *batch = NULL;
    jc_buf result = JC_BUF_INIT;
    if (jc_batch_new(client, AT_ONCE, &batch) != JC_OK) return 2;
    if (journal && jc_batch_set_journal(batch, journal, journal_flags, &result) != JC_OK) {
        jc_batch_free(batch);
        return wrong(&result);
    }
    for (;;) {
        if (stopped)
            jc_batch_cancel(batch);
        else
            push(batch, users, &id);
        int32_t status = jc_batch_next(batch, 100, &result); /* a short wait, so that Ctrl+C is noticed */
        if (status == JC_END) break;
        if (status != JC_TIMEOUT) count(status, &result);
        show_progress();
    }
    jc_batch_free(batch);
    return 0;
}

static int usage(const char *why)
{
    fprintf(stderr, "%s\nusage: reset [--name] [--journal JOURNAL [--resume [--retry-unknown]]] USER FILE\n", why);
    return 2;
}

int main(int argc, char **argv)
{
    for (; argc > 1 && strncmp(argv[1], "--", 2) == 0; argc--, argv++) {
        if (strcmp(argv[1], "--name") == 0) {
            flags = JC_BY_NAME;
        } else if (strcmp(argv[1], "--journal") == 0) {
            if (argc == 2 || argv[2][0] == '-') return usage("--journal needs the path of the journal");
            journal = argv[2];
            argc--;
            argv++;
        } else if (strcmp(argv[1], "--resume") == 0) {
            journal_flags |= JC_JOURNAL_RESUME;
        } else if (strcmp(argv[1], "--retry-unknown") == 0) {
            journal_flags |= JC_JOURNAL_RETRY_UNKNOWN;
        } else {
            return usage("there is no such option");
        }
    }
    if (journal_flags == JC_JOURNAL_RETRY_UNKNOWN) return usage("--retry-unknown needs --resume");
    if (journal_flags && !journal) return usage("--resume needs --journal");
    if (argc != 3) return usage("a user and a file of users are needed");
    FILE *users = fopen(argv[2], "rb");
    if (!users) {
        perror(argv[2]);
        return 2;
    }
    jc_client *client = NULL;
    jc_buf error = JC_BUF_INIT;
    if (jc_client_new(NULL, &client, &error) != JC_OK) {
        fclose(users);
        return wrong(&error);
    }
    if (!journal) reset_one(client, argv[1]);
    signal(SIGINT, stop);
    int status = reset_all(client, journal ? argv[1] : next_id(users), users);
    jc_client_free(client);
    fclose(users);
    if (status != 0) return status;

    printf("\n%u reset, %u refused, %u unknown, %u cancelled, %u invalid\n", counts[JC_OK], counts[JC_REFUSED],
           counts[JC_UNKNOWN], counts[JC_CANCELLED], counts[JC_INVALID]);
    if (stopped) return 130;
    return counts[JC_REFUSED] + counts[JC_UNKNOWN] + counts[JC_CANCELLED] + counts[JC_INVALID] ? 1 : 0;
}
