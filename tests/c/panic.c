/* A defect inside, against a library that is built to have one: for the user panic-here when it reads the arguments,
   for panic-there when it works, for panic-late when the answer is there. */
#include "check.h"
#include "simulator.h"

static void is_told(int32_t (*reset)(jc_client *, const char *, int32_t, int64_t, uint32_t, jc_buf *),
                    jc_client *client, const char *id, int32_t status, const char *code, const char *outcome)
{
    jc_buf result = JC_BUF_INIT;
    check_number(id, reset(client, id, -1, JC_UNTIL_UNSET, 0, &result), status);
    check_has("is told", (char *)result.ptr, code);
    check_has("as what it is", (char *)result.ptr, outcome);
    jc_buf_free(&result);
    check_number("the client stays usable",
                 jc_client_reset_system_user_mfa(client, "ok-1", -1, JC_UNTIL_UNSET, 0, NULL), JC_OK);
}

static int32_t one_shot(jc_client *client, const char *id, int32_t exclusion, int64_t until, uint32_t flags,
                        jc_buf *result)
{
    (void)client, (void)flags;
    return jc_reset_system_user_mfa(id, exclusion, until, result);
}

static void one_user(jc_client *client)
{
    const char *unsent = "\"code\":\"Internal.NotSent\"", *refused = "\"outcome\":\"refused\"";
    is_told(jc_client_reset_system_user_mfa, client, "panic-here", JC_REFUSED, unsent, refused);
    is_told(one_shot, client, "panic-here", JC_REFUSED, unsent, refused);
    is_told(jc_client_reset_system_user_mfa, client, "panic-there", JC_REFUSED, unsent, refused);
    is_told(one_shot, client, "panic-there", JC_REFUSED, unsent, refused);
    is_told(jc_client_reset_system_user_mfa, client, "panic-late", JC_PANIC, "\"code\":\"Internal.Panic\"",
            "\"outcome\":\"unknown\"");
    check_number("also in a preview", jc_client_preview_reset(client, "panic-here", -1, JC_UNTIL_UNSET, 0, NULL), JC_PANIC);
}

static void in_a_batch(jc_client *client)
{
    static const struct { const char *id; int32_t status; const char *outcome; } users[] = {
        {"ok-3", JC_OK, "\"outcome\":\"reset\""},
        {"panic-there", JC_REFUSED, "\"outcome\":\"refused\""},
        {"ok-4", JC_OK, "\"outcome\":\"reset\""},
        {"panic-late", JC_PANIC, "\"outcome\":\"unknown\""},
        {"ok-5", JC_OK, "\"outcome\":\"reset\""},
    };
    jc_batch *batch = NULL;
    jc_batch_new(client, 2, &batch);
    check_number("a panic in a push", jc_batch_push(batch, "panic-here", -1, JC_UNTIL_UNSET, 0, 0), JC_PANIC);
    for (int i = 0; i < 5; i++) jc_batch_push(batch, users[i].id, -1, JC_UNTIL_UNSET, 0, 0);
    jc_batch_close(batch);
    for (int i = 0; i < 5; i++) {
        jc_buf result = JC_BUF_INIT;
        check_number("panics among the users of a batch are theirs alone", jc_batch_next(batch, UINT32_MAX, &result),
                     users[i].status);
        check_has("and told as what they are", (char *)result.ptr, users[i].outcome);
        jc_buf_free(&result);
    }
    check_number("and it comes to its end", jc_batch_next(batch, UINT32_MAX, NULL), JC_END);
    jc_batch_free(batch);
}

int main(void)
{
    sys_set_env("JCApiKey", KEY);
    sys_set_env("JCApiUrl", sim("SIM_HTTP"));
    struct sys_stderr away = sys_stderr_away();
    jc_client *client = sim_client(sim("SIM_HTTPS"));
    one_user(client);
    in_a_batch(client);
    jc_client_free(client);
    check_number("nobody else was reset", sim_count("resets"), 8);
    check_number("nothing of it is on stderr", sys_stderr_back(away), 0);
    return check_done();
}
