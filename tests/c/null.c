/* Every function with NULL for each of its arguments: the result is a status and names the argument, never a crash. */
#include "check.h"
#include "simulator.h"

#define UNSET -1, JC_UNTIL_UNSET

static void frees(void)
{
    jc_buf_free(NULL);
    jc_options_free(NULL);
    jc_client_free(NULL);
    jc_batch_free(NULL);
    check(1, "freeing NULL does nothing", "");
}

static void options(void)
{
    jc_options *options = sim_options(sim("SIM_HTTP"));
    check_number("set_text with NULL options", jc_options_set_text(NULL, JC_OPT_URL, "x"), JC_INVALID);
    check_number("set_text with a NULL value unsets", jc_options_set_text(options, JC_OPT_ORG_ID, NULL), JC_OK);
    check_number("set_int with NULL options", jc_options_set_int(NULL, JC_OPT_MAX_RETRIES, 1), JC_INVALID);
    check_number("set_env with NULL options", jc_options_set_env(NULL, "JCApiKey", "x"), JC_INVALID);
    check_number("set_env with a NULL name", jc_options_set_env(options, NULL, "x"), JC_INVALID);
    check_number("set_env with a NULL value unsets", jc_options_set_env(options, "JCOrgId", NULL), JC_OK);

    jc_client *client = NULL;
    jc_buf error = JC_BUF_INIT;
    check_number("client_new with NULL out", jc_client_new(options, NULL, &error), JC_INVALID);
    check_has("says which argument is NULL", (char *)error.ptr, "argument out is NULL");
    jc_buf_free(&error);
    check_number("also with NULL err", jc_client_new(options, NULL, NULL), JC_INVALID);
    check_number("client_new with NULL options", jc_client_new(NULL, &client, &error), JC_INVALID);
    check_has("takes the key from the environment, which has none", (char *)error.ptr, "\"code\":\"Key.Missing\"");
    jc_buf_free(&error);
    check_number("client_new with NULL err", jc_client_new(options, &client, NULL), JC_OK);
    jc_client_free(client);
    jc_options_free(options);
}

static void reset(jc_client *client)
{
    jc_buf result = JC_BUF_INIT;
    check_number("one-shot with a NULL id", jc_reset_system_user_mfa(NULL, UNSET, &result), JC_INVALID);
    jc_buf_free(&result);
    check_number("reset with a NULL client", jc_client_reset_system_user_mfa(NULL, "ok-1", UNSET, 0, &result), JC_INVALID);
    check_has("says which argument is NULL", (char *)result.ptr, "argument client is NULL");
    jc_buf_free(&result);
    check_number("reset with a NULL id", jc_client_reset_system_user_mfa(client, NULL, UNSET, 0, &result), JC_INVALID);
    check_has("says which argument is NULL", (char *)result.ptr, "argument id is NULL");
    jc_buf_free(&result);
    check_number("reset with a NULL result",
                 jc_client_reset_system_user_mfa(client, "ok-1", UNSET, 0, NULL), JC_OK);
    check_number("preview with a NULL client", jc_client_preview_reset(NULL, "ok-1", UNSET, 0, &result), JC_INVALID);
    check_has("says which argument is NULL", (char *)result.ptr, "argument client is NULL");
    jc_buf_free(&result);
    check_number("preview with a NULL id", jc_client_preview_reset(client, NULL, UNSET, 0, &result), JC_INVALID);
    check_has("says which argument is NULL", (char *)result.ptr, "argument id is NULL");
    jc_buf_free(&result);
    check_number("preview with a NULL result", jc_client_preview_reset(client, "ok-1", UNSET, 0, NULL), JC_OK);
    check_number("redact with a NULL client", jc_client_redact(NULL, "x", &result), JC_INVALID);
    check_has("says which argument is NULL", (char *)result.ptr, "argument client is NULL");
    jc_buf_free(&result);
    check_number("redact with a NULL text", jc_client_redact(client, NULL, &result), JC_INVALID);
    check_has("says which argument is NULL", (char *)result.ptr, "argument text is NULL");
    jc_buf_free(&result);
    check_number("redact with a NULL result", jc_client_redact(client, "x", NULL), JC_OK);
    check_number("redact with NULL options", jc_options_redact(NULL, "x", &result), JC_OK);
    CHECK("knows only the environment's secrets", strcmp((char *)result.ptr, "x") == 0);
    jc_buf_free(&result);
    check_number("options redact with a NULL text", jc_options_redact(NULL, NULL, &result), JC_INVALID);
    check_has("says which argument is NULL", (char *)result.ptr, "argument text is NULL");
    jc_buf_free(&result);
    check_number("options redact with a NULL result", jc_options_redact(NULL, "x", NULL), JC_OK);
}

static void batch(jc_client *client)
{
    jc_batch *batch = (jc_batch *)client; /* must be overwritten */
    jc_buf result = {(uint8_t *)"x", 1, 1};
    check_number("batch_new with a NULL client", jc_batch_new(NULL, 1, &batch), JC_INVALID);
    CHECK("gives no batch", batch == NULL);
    check_number("batch_new with NULL out", jc_batch_new(client, 1, NULL), JC_INVALID);
    check_number("push with a NULL batch", jc_batch_push(NULL, "ok-1", UNSET, 0, 0), JC_INVALID);
    check_number("next with a NULL batch", jc_batch_next(NULL, 0, &result), JC_INVALID);
    CHECK("leaves an empty buffer", result.ptr == NULL && result.len == 0);
    check_number("close with a NULL batch", jc_batch_close(NULL), JC_INVALID);
    check_number("cancel with a NULL batch", jc_batch_cancel(NULL), JC_INVALID);

    jc_batch_new(client, 1, &batch);
    uint64_t ms = 7;
    check_number("held_back with a NULL batch", jc_batch_held_back(NULL, &ms), JC_INVALID);
    CHECK("gives 0", ms == 0);
    check_number("held_back with NULL ms", jc_batch_held_back(batch, NULL), JC_INVALID);
    check_number("push with a NULL id", jc_batch_push(batch, NULL, UNSET, 0, 0), JC_OK);
    check_number("comes back as invalid", jc_batch_next(batch, UINT32_MAX, &result), JC_INVALID);
    check_has("and says which argument is NULL", (char *)result.ptr, "argument id is NULL");
    jc_buf_free(&result);
    check_number("push of an id", jc_batch_push(batch, "ok-2", UNSET, 0, 0), JC_OK);
    check_number("next with a NULL result", jc_batch_next(batch, UINT32_MAX, NULL), JC_OK);
    jc_batch_free(batch);
}

int main(void)
{
    jc_client *client = sim_client(sim("SIM_HTTP"));
    frees();
    options();
    reset(client);
    batch(client);
    jc_client_free(client);
    check_number("only two users were reset in all this", sim_count("requests"), 2);
    return check_done();
}
