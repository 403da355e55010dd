/* Users who are given by username or e-mail address. */
#include "check.h"
#include "simulator.h"

static jc_client *client;

static int32_t by_name(const char *name, jc_buf *result)
{
    return jc_client_reset_system_user_mfa(client, name, JC_EXCLUSION_UNSET, JC_UNTIL_UNSET, JC_BY_NAME, result);
}

static void found(void)
{
    jc_buf result = JC_BUF_INIT;
    free(sim_ask("PUT", "/users/u1", "{\"username\":\"jane\",\"email\":\"jane@example.com\"}"));
    check_number("an address in another case", by_name("Jane@Example.com", &result), JC_OK);
    check_has("the name as given", (char *)result.ptr, "\"name\":\"Jane@Example.com\"");
    check_has("and the id of the user who has it", (char *)result.ptr, "\"userId\":\"u1\"");
    check_has("attempts counts resets", (char *)result.ptr, "\"attempts\":1,");
    jc_buf_free(&result);
    check_number("nobody has it", by_name("nobody@example.com", &result), JC_REFUSED);
    check_has("with its code", (char *)result.ptr, "\"code\":\"User.NotFound\"");
    check_has_not("and no id", (char *)result.ptr, "userId");
    jc_buf_free(&result);
    free(sim_ask("PUT", "/users/u2", "{\"username\":\"jane@example.com\"}"));
    check_number("two users have it", by_name("jane@example.com", &result), JC_INVALID);
    check_has("with its code", (char *)result.ptr, "\"code\":\"User.Ambiguous\"");
    check_has("and their ids", (char *)result.ptr, "u1, u2");
    jc_buf_free(&result);
    check_number("the result may be NULL", by_name("jane@example.com", NULL), JC_INVALID);
    check_number("an id is not looked up", jc_client_reset_system_user_mfa(client, "jane", -1, JC_UNTIL_UNSET, 0, NULL), JC_REFUSED);
    check_number("one was reset", sim_count("resets"), 1);
}

/* A text that is no name, in every function that takes one. */
static void refused(const char *what, const char *name)
{
    jc_buf result = JC_BUF_INIT;
    jc_batch *batch = NULL;
    check_number(what, by_name(name, &result), JC_INVALID);
    check_has("is an invalid name", (char *)result.ptr, "\"code\":\"Name.Invalid\"");
    check_has_not("and no id", (char *)result.ptr, "userId");
    jc_buf_free(&result);
    check_number("also in a preview", jc_client_preview_reset(client, name, -1, JC_UNTIL_UNSET, JC_BY_NAME, NULL), JC_INVALID);
    jc_batch_new(client, 1, &batch);
    check_number("also pushed", jc_batch_push(batch, name, -1, JC_UNTIL_UNSET, JC_BY_NAME, 7), JC_OK);
    check_number("it comes back as invalid", jc_batch_next(batch, UINT32_MAX, &result), JC_INVALID);
    check_has("with its code", (char *)result.ptr, "\"code\":\"Name.Invalid\"");
    jc_buf_free(&result);
    jc_batch_free(batch);
}

static void bad_names(void)
{
    static char full[1026]; /* a byte too long */
    memset(full, 'a', sizeof full - 1);
    long before = sim_count("requests");
    refused("no name", NULL);
    refused("an empty name", "");
    refused("a blank name", " \t");
    refused("a blank before it", " jane");
    refused("a line end after it", "jane\r");
    refused("a pattern", "ja*");
    refused("another pattern", "jan?");
    refused("a name that is too long", full);
    refused("bytes that are no UTF-8", "jan\xff");
    check_number("all flags that are",
                 jc_client_preview_reset(client, full + 1, 1, 1000, JC_ALLOW_PAST | JC_BY_NAME, NULL), JC_OK);
    check_number("a date that has passed",
                 jc_client_reset_system_user_mfa(client, "jane", 1, 1000, JC_BY_NAME, NULL), JC_INVALID);
    check_number("nothing was sent", sim_count("requests"), before);
}

static void preview(void)
{
    jc_buf shown = JC_BUF_INIT;
    long before = sim_count("requests");
    check_number("a preview", jc_client_preview_reset(client, "Jane\"", 1, JC_UNTIL_UNSET, JC_BY_NAME, &shown), JC_OK);
    check_has("has the search", (char *)shown.ptr, "/api/search/systemusers?limit=10\"");
    check_has("the reset's body", (char *)shown.ptr, "\"body\":\"{\\\"exclusion\\\":true}\"");
    check_has("the name as text", (char *)shown.ptr, "\"name\":\"Jane\\\"\"");
    check_has_not("and no id", (char *)shown.ptr, "userId");
    check_has_not("nor the key", (char *)shown.ptr, KEY);
    jc_buf_free(&shown);
    check_number("it sends nothing", sim_count("requests"), before);
}

static int32_t by_names(const char *names, uint32_t flags, jc_buf *result)
{
    return jc_client_reset_system_user_mfa(client, names, -1, JC_UNTIL_UNSET, flags, result);
}

/* A username and an address that have to belong to one user. */
static void both(void)
{
    jc_buf result = JC_BUF_INIT;
    free(sim_ask("PUT", "/users/b1", "{\"username\":\"joan\",\"email\":\"joan@example.com\"}"));
    long before = sim_count("resets");
    check_number("a user who has both",
                 by_names(" {\"email\": \"Joan@example.com\", \"username\": \"j\\u006fan\"}\n", JC_BY_NAMES, &result), JC_OK);
    check_has("the username is the name", (char *)result.ptr, "\"name\":\"joan\"");
    check_has("and the id of the user who has both", (char *)result.ptr, "\"userId\":\"b1\"");
    jc_buf_free(&result);
    check_number("two users", by_names("{\"username\":\"joan\",\"email\":\"ok-5@example.com\"}", JC_BY_NAMES, &result),
                 JC_INVALID);
    check_has("are ambiguous", (char *)result.ptr, "\"code\":\"User.Ambiguous\"");
    check_has("with the one's id", (char *)result.ptr, "b1 has the username");
    check_has("and the other's", (char *)result.ptr, "ok-5 has the e-mail address");
    check_has("and both names in the sentence", (char *)result.ptr, "User 'joan' with the address 'ok-5@example.com'");
    jc_buf_free(&result);
    check_number("a preview", jc_client_preview_reset(client, "{\"username\":\"a\",\"email\":\"b\"}", 1, JC_UNTIL_UNSET,
                                                      JC_BY_NAMES | JC_ALLOW_PAST, &result), JC_OK);
    check_has("has one search for both", (char *)result.ptr, "{\\\"or\\\":[{\\\"username\\\":\\\"a\\\"},{\\\"email\\\":\\\"b\\\"}]}");
    jc_buf_free(&result);
    check_number("one was reset", sim_count("resets"), before + 1);
}

/* Anything but a valid username and a valid address, in every function that takes them. */
static void bad_pair(const char *names, uint32_t flags, const char *says)
{
    jc_buf result = JC_BUF_INIT;
    jc_batch *batch = NULL;
    check_number(names ? names : "NULL", by_names(names, flags, &result), JC_INVALID);
    check_has("says what is wrong", (char *)result.ptr, says);
    check_has_not("and no id", (char *)result.ptr, "userId");
    jc_buf_free(&result);
    check_number("also in a preview", jc_client_preview_reset(client, names, -1, JC_UNTIL_UNSET, flags, NULL), JC_INVALID);
    jc_batch_new(client, 1, &batch);
    check_number("also in the batch's", jc_batch_preview_reset(batch, names, -1, JC_UNTIL_UNSET, flags, NULL), JC_NOT_SENT);
    check_number("also pushed", jc_batch_push(batch, names, -1, JC_UNTIL_UNSET, flags, 7), JC_OK);
    check_number("it comes back as invalid", jc_batch_next(batch, UINT32_MAX, &result), JC_INVALID);
    check_has("and says the same", (char *)result.ptr, says);
    jc_buf_free(&result);
    jc_batch_free(batch);
}

static void bad_pairs(void)
{
    static const char *const texts[] = {
        "", "jane", "null", "7", "\"jane\"", "{", "{}", "{}{}", "[\"a\",\"b\"]", "{\"username\":\"a\"}", "{\"email\":\"b\"}",
        "{\"username\":\"a\",\"email\":null}", "{\"username\":\"a\",\"email\":{\"$ne\":\"\"}}", "{\"username\":1,\"email\":\"b\"}",
        "{\"username\":\"a\",\"email\":\"b\",\"id\":\"ok-1\"}", "{\"username\":\"a\",\"username\":\"a\",\"email\":\"b\"}",
        "{\"Username\":\"a\",\"Email\":\"b\"}", "{\"username\":\"a\",\"email\":\"b\"} x", "{\"username\":\"\\ud800\",\"email\":\"b\"}",
    };
    long before = sim_count("requests");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        bad_pair(texts[i], JC_BY_NAMES, "\"code\":\"Argument.Invalid\"");
    bad_pair(NULL, JC_BY_NAMES, "\"code\":\"Name.Invalid\"");
    bad_pair("{\"username\":\"a\xff\",\"email\":\"b\"}", JC_BY_NAMES, "\"code\":\"Name.Invalid\"");
    bad_pair("{\"username\":\"\",\"email\":\"b\"}", JC_BY_NAMES, "the user's username is empty");
    bad_pair("{\"username\":\"a\\u0000\",\"email\":\"b\"}", JC_BY_NAMES, "the user's username has a control character");
    bad_pair("{\"username\":\"a\",\"email\":\" b\"}", JC_BY_NAMES, "the user's e-mail address has a blank");
    bad_pair("{\"username\":\"a\",\"email\":\"b*\"}", JC_BY_NAMES, "\"code\":\"Name.Invalid\"");
    bad_pair("{\"username\":\"a\",\"email\":\"b\"}", JC_BY_NAMES | JC_BY_NAME, "has both JC_BY_NAME and JC_BY_NAMES");
    bad_pair("a", JC_BY_NAMES | 16, "an unknown bit");
    check_number("nothing was sent", sim_count("requests"), before);
}

/* Names and an id of one user in a batch: the first push is the one that is sent. */
static void batch(void)
{
    static const struct { const char *user; uint32_t flags; int32_t status; } pushes[] = {
        {"ok-1@example.com", JC_BY_NAME, JC_OK}, {"ok-1", 0, JC_CANCELLED},    {"OK-1", JC_BY_NAME, JC_CANCELLED},
        {"ok-2", 0, JC_OK},                      {"nobody", JC_BY_NAME, JC_REFUSED},
    };
    size_t count = sizeof pushes / sizeof *pushes;
    jc_batch *batch = NULL;
    jc_buf result = JC_BUF_INIT;
    jc_batch_new(client, 4, &batch);
    for (size_t i = 0; i < count; i++)
        jc_batch_push(batch, pushes[i].user, -1, JC_UNTIL_UNSET, pushes[i].flags, i);
    jc_batch_close(batch);
    for (size_t i = 0; i < count; i++) {
        check_number(pushes[i].user, jc_batch_next(batch, UINT32_MAX, &result), pushes[i].status);
        jc_buf_free(&result);
    }
    jc_batch_free(batch);
    check_number("the user of three pushes was sent once", sim_count("ok-1"), 1);
}

static void stopped(void)
{
    jc_batch *batch = NULL;
    jc_buf result = JC_BUF_INIT;
    sim_fault("search:ok-3", "[{\"never\":true}]");
    jc_batch_new(client, 1, &batch);
    jc_batch_push(batch, "ok-3", -1, JC_UNTIL_UNSET, JC_BY_NAME, 0);
    sim_wait("ok-3", 1); /* the search: no reset of this user is sent */
    jc_batch_cancel(batch);
    check_number("a stop while it is looked up", jc_batch_next(batch, UINT32_MAX, &result), JC_CANCELLED);
    check_has("no reset was sent", (char *)result.ptr, "\"attempts\":0,");
    jc_buf_free(&result);
    jc_batch_free(batch);
}

int main(void)
{
    client = sim_client(sim("SIM_HTTP"));
    found();
    bad_names();
    preview();
    both();
    bad_pairs();
    batch();
    stopped();
    jc_client_free(client);
    return check_done();
}
