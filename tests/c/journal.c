/* Journals: wrong arguments, wrong files, and a run that is gone on with. */
#include "check.h"
#include "simulator.h"

#ifndef _WIN32
#include <sys/stat.h>
#endif

#define UNSET JC_EXCLUSION_UNSET, JC_UNTIL_UNSET

static const char *folder;
static char path[1024];

static jc_batch *batch_of(jc_client *client)
{
    jc_batch *batch = NULL;
    jc_batch_new(client, 4, &batch);
    return batch;
}

/* Sets a journal that cannot be set, on a batch of its own. */
static void refused(jc_client *client, const char *what, const char *file, uint32_t flags, const char *says)
{
    jc_batch *batch = batch_of(client);
    jc_buf error = JC_BUF_INIT;
    check_number(what, jc_batch_set_journal(batch, file, flags, &error), JC_INVALID);
    check_has(what, (char *)error.ptr, says);
    check_number("also to nobody", jc_batch_set_journal(batch, file, flags, NULL), JC_INVALID);
    jc_buf_free(&error);
    jc_batch_free(batch);
}

static void write_file(const char *text)
{
    FILE *file = sys_open(path, "wb");
    fputs(text, file);
    fclose(file);
}

/* Pushes three users and takes their results. Puts the codes into codes, with a blank after each; "-" is none. */
static void run(jc_client *client, uint32_t flags, char *codes)
{
    jc_batch *batch = batch_of(client);
    jc_buf result = JC_BUF_INIT;
    check_number("a journal", jc_batch_set_journal(batch, path, flags, &result), JC_OK);
    CHECK("leaves an empty buffer", result.ptr == NULL);
    char id[16];
    for (int i = 1; i <= 3; i++) {
        snprintf(id, sizeof id, "ok-%d", i);
        jc_batch_push(batch, id, UNSET, 0, 0);
    }
    jc_batch_close(batch);
    *codes = '\0';
    for (int i = 0; i < 3; i++) {
        int32_t status = jc_batch_next(batch, UINT32_MAX, &result);
        const char *code = strstr((char *)result.ptr, "\"code\":\"");
        int length = code ? (int)strcspn(code + 8, "\"") : 1;
        sprintf(codes + strlen(codes), "%d:%.*s ", (int)status, length, code ? code + 8 : "-");
        jc_buf_free(&result);
    }
    check_number("then comes the end", jc_batch_next(batch, UINT32_MAX, NULL), JC_END);
    jc_batch_free(batch);
}

static void wrong_arguments(jc_client *client)
{
    jc_buf error = JC_BUF_INIT;
    check_number("a journal of no batch", jc_batch_set_journal(NULL, path, 0, &error), JC_INVALID);
    check_has("is told", (char *)error.ptr, "argument batch is NULL");
    jc_buf_free(&error);
    refused(client, "no path", NULL, 0, "argument path is NULL");
    refused(client, "an empty path", "", 0, "argument path is empty");
    refused(client, "a path that is not UTF-8", "/tmp/\xff", 0, "argument path is not UTF-8");
    refused(client, "an unknown flag", path, 8, "unknown bit");
    refused(client, "all flags", path, UINT32_MAX, "unknown bit");
    refused(client, "retry-unknown alone", path, JC_JOURNAL_RETRY_UNKNOWN, "without resume");
    check_number("nothing was created", sys_size(path), -1);
}

static void wrong_files(jc_client *client)
{
    refused(client, "a folder", folder, 0, "\"code\":\"Journal.Unreadable\"");
    refused(client, "a folder that is not there", "/no/such/folder/j", 0, "\"code\":\"Journal.NotWritten\"");
#ifdef _WIN32
    refused(client, "a device", "NUL", 0, "\"code\":\"Journal.Unreadable\"");
#else
    refused(client, "a device", "/dev/null", 0, "\"code\":\"Journal.Unreadable\"");
    mkfifo(path, 0600);
    refused(client, "a pipe that nobody writes to", path, 0, "\"code\":\"Journal.Unreadable\"");
    refused(client, "a pipe that is only looked at", path, JC_JOURNAL_READ_ONLY, "\"code\":\"Journal.Unreadable\"");
    sys_remove(path);
#endif
    write_file("id,name\nok-1,Anna\n");
    refused(client, "a list of users", path, 0, "\"code\":\"Journal.Unreadable\"");
    check_number("is as it was", sys_size(path), 18);
    sys_remove(path);
}

static void gone_on_with(jc_client *client)
{
    char codes[256];
    sim_fault("ok-2", "[{\"drop\":true}]");
    run(client, 0, codes);
    check_has("a run", codes, "0:- 3:Answer.Lost 0:- ");
#ifndef _WIN32
    struct stat found;
    stat(path, &found);
    check_number("the journal is its owner's alone", found.st_mode & 0777, 0600);
#endif
    run(client, JC_JOURNAL_RESUME, codes);
    check_has("is gone on with", codes, "0:Journal.AlreadyReset 3:Journal.Unfinished 0:Journal.AlreadyReset ");
    run(client, JC_JOURNAL_RESUME | JC_JOURNAL_RETRY_UNKNOWN, codes);
    check_has("and the unknown is sent again", codes, "0:Journal.AlreadyReset 0:- 0:Journal.AlreadyReset ");
    check_number("nobody else was sent twice", sim_count("ok-1") + sim_count("ok-2") + sim_count("ok-3"), 4);
}

static void preview(jc_client *client)
{
    jc_buf result = JC_BUF_INIT;
    check_number("a preview by no batch", jc_batch_preview_reset(NULL, "ok-1", UNSET, 0, &result), JC_INVALID);
    check_has("is told", (char *)result.ptr, "argument batch is NULL");
    jc_buf_free(&result);

    jc_batch *batch = batch_of(client);
    uint32_t look = JC_JOURNAL_RESUME | JC_JOURNAL_READ_ONLY;
    check_number("a journal that is only read", jc_batch_set_journal(batch, path, look, NULL), JC_OK);
    jc_batch *writes = batch_of(client);
    check_number("is not locked", jc_batch_set_journal(writes, path, 0, NULL), JC_OK);
    refused(client, "but that of a writer is", path, 0, "\"code\":\"Journal.InUse\"");
    check_number("a user who was reset", jc_batch_preview_reset(batch, "ok-1", UNSET, 0, &result), JC_NOT_SENT);
    check_has("is told as a result", (char *)result.ptr, "\"outcome\":\"reset\",\"status\":0,\"code\":\"Journal.AlreadyReset\"");
    jc_buf_free(&result);
    check_number("another", jc_batch_preview_reset(batch, "ok-4", UNSET, 0, &result), JC_OK);
    check_has("is shown as a request", (char *)result.ptr, "\"method\":\"POST\"");
    jc_buf_free(&result);
    check_number("no id", jc_batch_preview_reset(batch, NULL, UNSET, 0, &result), JC_NOT_SENT);
    check_has("is invalid", (char *)result.ptr, "\"status\":1,\"code\":\"Id.Invalid\"");
    jc_buf_free(&result);
    check_number("an exclusion that is none", jc_batch_preview_reset(batch, "ok-4", 7, 0, 0, NULL), JC_NOT_SENT);
    check_number("which does not hide a reset", jc_batch_preview_reset(batch, "ok-1", 7, 0, 0, &result), JC_NOT_SENT);
    check_has("that was done", (char *)result.ptr, "Journal.AlreadyReset");
    jc_buf_free(&result);
    check_number("a user is pushed all the same", jc_batch_push(batch, "ok-4", UNSET, 0, 0), JC_OK);
    check_number("and not sent", jc_batch_next(batch, UINT32_MAX, &result), JC_INVALID);
    check_has("because the journal is only read", (char *)result.ptr, "only read");
    jc_buf_free(&result);
    jc_batch_close(batch);
    check_number("a preview after close", jc_batch_preview_reset(batch, "ok-4", UNSET, 0, &result), JC_CLOSED);
    CHECK("has no document", result.ptr == NULL);
    jc_batch_free(writes);
    jc_batch_free(batch);
}

static void previewed(jc_batch *batch, const char *what, const char *name, uint32_t flags, int32_t status, const char *says)
{
    jc_buf result = JC_BUF_INIT;
    check_number(what, jc_batch_preview_reset(batch, name, UNSET, flags, &result), status);
    check_has(what, (char *)result.ptr, says);
    jc_buf_free(&result);
}

/* Nobody is looked up for a preview, so a journal that is only read is asked for the name. */
static void by_name(jc_client *client)
{
    jc_batch *batch = batch_of(client);
    jc_batch_set_journal(batch, path, 0, NULL);
    jc_batch_push(batch, "ok-7@example.com", UNSET, JC_BY_NAME, 0);
    check_number("a user by name", jc_batch_next(batch, UINT32_MAX, NULL), JC_OK);
    jc_batch_free(batch);
    long before = sim_count("requests");

    batch = batch_of(client);
    jc_batch_set_journal(batch, path, JC_JOURNAL_RESUME, NULL);
    previewed(batch, "where he will be looked up", "ok-7@example.com", JC_BY_NAME, JC_OK, "\"lookup\":");
    jc_batch_free(batch);

    batch = batch_of(client);
    jc_batch_set_journal(batch, path, JC_JOURNAL_RESUME | JC_JOURNAL_READ_ONLY, NULL);
    const char *reset = "User 'OK-7@example.com' was not sent a second time: the journal has this name as reset at 20";
    previewed(batch, "where he will not", "OK-7@example.com", JC_BY_NAME, JC_NOT_SENT, reset);
    previewed(batch, "it is said", "ok-7@example.com", JC_BY_NAME, JC_NOT_SENT, "and the user was not looked up");
    previewed(batch, "as a username of two names", "{\"username\":\"ok-7@example.com\",\"email\":\"x\"}", JC_BY_NAMES,
              JC_NOT_SENT, "Journal.AlreadyReset");
    previewed(batch, "his id", "ok-7", 0, JC_NOT_SENT, "an earlier run has reset the user at 20");
    previewed(batch, "another name of his", "ok-7", JC_BY_NAME, JC_OK, "\"lookup\":");
    previewed(batch, "a flag that is none does not hide a reset", "ok-7@example.com", JC_BY_NAME | 64, JC_NOT_SENT,
              "Journal.AlreadyReset");
    jc_batch_free(batch);
    check_number("nothing was sent", sim_count("requests"), before);
}

static void out_of_order(jc_client *client)
{
    jc_batch *batch = batch_of(client);
    jc_batch_push(batch, "ok-5", UNSET, 0, 0);
    check_number("a journal after a push", jc_batch_set_journal(batch, path, 0, NULL), JC_INVALID);
    jc_batch_free(batch);
    batch = batch_of(client);
    check_number("a journal", jc_batch_set_journal(batch, path, 0, NULL), JC_OK);
    check_number("and another", jc_batch_set_journal(batch, path, 0, NULL), JC_INVALID);
    jc_batch_free(batch);
    batch = batch_of(client);
    check_number("after free it is not locked", jc_batch_set_journal(batch, path, 0, NULL), JC_OK);
    jc_batch_free(batch);
    batch = batch_of(client);
    jc_batch_cancel(batch);
    check_number("a journal after cancel", jc_batch_set_journal(batch, path, 0, NULL), JC_INVALID);
    jc_batch_free(batch);
}

struct setter {
    jc_batch *batch;
    int32_t status;
};

static void *set(void *argument)
{
    struct setter *setter = argument;
    setter->status = jc_batch_set_journal(setter->batch, path, 0, NULL);
    return NULL;
}

static void *push_many(void *batch)
{
    for (int i = 0; i < 200; i++) jc_batch_push(batch, "x", UNSET, 0, 0);
    return NULL;
}

/* One of several threads wins, and the others are told. */
static void at_once(jc_client *client)
{
    int won = 0;
    for (int round = 0; round < 20 && won <= 1; round++) {
        jc_batch *batch = batch_of(client);
        struct setter setters[4];
        sys_thread threads[4], pusher;
        for (int i = 0; i < 4; i++) {
            setters[i].batch = batch;
            sys_thread_start(&threads[i], set, &setters[i]);
        }
        sys_thread_start(&pusher, push_many, batch);
        won = 0;
        for (int i = 0; i < 4; i++) {
            sys_thread_join(threads[i]);
            won += setters[i].status == JC_OK;
        }
        sys_thread_join(pusher);
        jc_batch_free(batch);
    }
    CHECK("of several at once at most one sets the journal", won <= 1);
}

/* A journal with this path is made, read again, and locked meanwhile. */
static void lies(jc_client *client, const char *what, const char *at)
{
    jc_batch *batch = batch_of(client);
    check_number(what, jc_batch_set_journal(batch, at, 0, NULL), JC_OK);
    jc_batch_push(batch, "ok-6", UNSET, 0, 0);
    jc_batch_close(batch);
    check_number("takes a user", jc_batch_next(batch, UINT32_MAX, NULL), JC_OK);
    refused(client, "is locked", at, 0, "\"code\":\"Journal.InUse\"");
    jc_batch_free(batch);
    batch = batch_of(client);
    check_number("is read", jc_batch_set_journal(batch, at, JC_JOURNAL_RESUME | JC_JOURNAL_READ_ONLY, NULL), JC_OK);
    check_number("and has the user", jc_batch_preview_reset(batch, "ok-6", UNSET, 0, NULL), JC_NOT_SENT);
    jc_batch_free(batch);
    CHECK("has its name", sys_size(at) > 0);
    sys_remove(at);
}

static void places(jc_client *client)
{
    char at[1200];
    snprintf(at, sizeof at, "%s/two  spaces \xe6\x97\xa5\xe6\x9c\xac \xd0\xba\xd0\xbb.jsonl", folder);
    lies(client, "a journal with a name in other letters", at);
#ifdef _WIN32
    char full[1024];
    snprintf(at, sizeof at, "%s/drive.jsonl", folder);
    if (!GetFullPathNameA(at, sizeof full, full, NULL)) abort();
    lies(client, "a journal on a drive, with backslashes", full);
    snprintf(at, sizeof at, "\\\\?\\%s", full);
    lies(client, "a journal where Windows takes the path as it is", at);
    if (getenv("SIM_SHARE")) {
        snprintf(at, sizeof at, "%s\\\xc3\xbc b.jsonl", getenv("SIM_SHARE"));
        lies(client, "a journal on a share of the network", at);
    }
#endif
}

int main(void)
{
    folder = sim("SIM_FOLDER");
    snprintf(path, sizeof path, "%s/j \xc3\xbc.jsonl", folder);
    sys_remove(path); /* of a run that was broken off */
    jc_client *client = sim_client(sim("SIM_HTTP"));
    wrong_arguments(client);
    wrong_files(client);
    gone_on_with(client);
    preview(client);
    by_name(client);
    out_of_order(client);
    at_once(client);
    places(client);
    jc_client_free(client);
    sys_remove(path);
    return check_done();
}
