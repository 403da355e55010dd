/* A defect inside, against a library that is built to have one: for the user panic-here
   when it reads the arguments, for panic-there when it works. */
#include "check.h"
#include "simulator.h"

static void in_an_argument(jc_client *client)
{
    jc_buf result = JC_BUF_INIT;
    check_number("a panic before any work",
                 jc_client_reset_system_user_mfa(client, "panic-here", -1, JC_UNTIL_UNSET, 0, &result), JC_PANIC);
    check_has("is told", (char *)result.ptr, "\"code\":\"Internal.Panic\"");
    jc_buf_free(&result);
    check_number("also in one shot", jc_reset_system_user_mfa("panic-here", -1, JC_UNTIL_UNSET, NULL), JC_PANIC);
    check_number("also in a preview", jc_preview_reset(client, "panic-here", -1, JC_UNTIL_UNSET, 0, NULL), JC_PANIC);
    check_number("the client stays usable",
                 jc_client_reset_system_user_mfa(client, "ok-1", -1, JC_UNTIL_UNSET, 0, NULL), JC_OK);
}

static void at_work(jc_client *client)
{
    jc_buf result = JC_BUF_INIT;
    check_number("a panic at work",
                 jc_client_reset_system_user_mfa(client, "panic-there", -1, JC_UNTIL_UNSET, 0, &result), JC_PANIC);
    check_has("is told", (char *)result.ptr, "\"code\":\"Internal.Panic\"");
    check_has("as unknown", (char *)result.ptr, "\"outcome\":\"unknown\"");
    jc_buf_free(&result);
    check_number("the client stays usable",
                 jc_client_reset_system_user_mfa(client, "ok-2", -1, JC_UNTIL_UNSET, 0, NULL), JC_OK);
}

static void in_a_batch(jc_client *client)
{
    static const char *const ids[] = {"ok-3", "panic-there", "ok-4", "panic-there", "ok-5"};
    jc_batch *batch = NULL;
    jc_batch_new(client, 2, &batch);
    check_number("a panic in a push", jc_batch_push(batch, "panic-here", -1, JC_UNTIL_UNSET, 0, 0), JC_PANIC);
    for (int i = 0; i < 5; i++) jc_batch_push(batch, ids[i], -1, JC_UNTIL_UNSET, 0, 0);
    jc_batch_close(batch);
    int right = 0, told = 0;
    for (int i = 0; i < 5; i++) {
        jc_buf result = JC_BUF_INIT;
        right += jc_batch_next(batch, UINT32_MAX, &result) == (i % 2 ? JC_PANIC : JC_OK);
        told += strstr((char *)result.ptr, i % 2 ? "\"outcome\":\"unknown\"" : "\"outcome\":\"reset\"") != NULL;
        jc_buf_free(&result);
    }
    check_number("panics among the users of a batch are theirs alone", right, 5);
    check_number("and are told as unknown", told, 5);
    check_number("and it comes to its end", jc_batch_next(batch, UINT32_MAX, NULL), JC_END);
    jc_batch_free(batch);
}

int main(void)
{
    sys_set_env("JCApiKey", KEY);
    sys_set_env("JCApiUrl", sim("SIM_HTTP"));
    jc_client *client = sim_client(sim("SIM_HTTPS"));
    in_an_argument(client);
    at_work(client);
    in_a_batch(client);
    jc_client_free(client);
    check_number("nobody else was reset", sim_count("requests"), 5);
    return check_done();
}
