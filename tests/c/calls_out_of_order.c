/* Calls that the contract allows to be made twice, late, or not at all. */
#include "check.h"
#include "simulator.h"

static int32_t push(jc_batch *batch)
{
    return jc_batch_push(batch, "ok-1", -1, JC_UNTIL_UNSET, 0, 0);
}

static void buffer_freed_twice(jc_client *client)
{
    jc_buf result = JC_BUF_INIT;
    jc_client_reset_system_user_mfa(client, "ok-2", -1, JC_UNTIL_UNSET, 0, &result);
    jc_buf_free(&result);
    jc_buf_free(&result);
    CHECK("a buffer freed twice is empty", result.ptr == NULL && result.len == 0 && result.cap == 0);
}

static void after_close(jc_client *client)
{
    jc_batch *batch = NULL;
    jc_batch_new(client, 1, &batch);
    check_number("next before any push", jc_batch_next(batch, 0, NULL), JC_TIMEOUT);
    push(batch);
    jc_batch_close(batch);
    check_number("pushed after close", push(batch), JC_CLOSED);
    check_number("closed again", jc_batch_close(batch), JC_OK);
    check_number("a request from before close is done", jc_batch_next(batch, UINT32_MAX, NULL), JC_OK);
    check_number("and no more", jc_batch_next(batch, UINT32_MAX, NULL), JC_END);
    check_number("cancelled after the end", jc_batch_cancel(batch), JC_OK);
    check_number("still the end", jc_batch_next(batch, UINT32_MAX, NULL), JC_END);
    jc_batch_free(batch);
}

static void after_cancel(jc_client *client)
{
    jc_batch *batch = NULL;
    jc_batch_new(client, 1, &batch);
    check_number("cancelled before any push", jc_batch_cancel(batch), JC_OK);
    check_number("cancelled again", jc_batch_cancel(batch), JC_OK);
    check_number("pushed after cancel", push(batch), JC_CLOSED);
    check_number("next after cancel", jc_batch_next(batch, UINT32_MAX, NULL), JC_END);
    jc_batch_free(batch);
}

static void nothing_taken(jc_client *client)
{
    jc_batch *batch = NULL;
    jc_batch_new(client, 1, &batch);
    push(batch);
    jc_batch_free(batch);
    check(1, "a batch is freed with a result that nobody took", "");
    jc_batch_new(client, 1, &batch);
    jc_batch_free(batch);
    check(1, "a batch is freed unused", "");
}

static void client_first(void)
{
    jc_client *client = sim_client(sim("SIM_HTTP"));
    jc_batch *batch = NULL;
    jc_batch_new(client, 1, &batch);
    jc_client_free(client);
    check_number("pushed after the client was freed", push(batch), JC_OK);
    check_number("is reset", jc_batch_next(batch, UINT32_MAX, NULL), JC_OK);
    jc_batch_free(batch);
}

static void forgotten_options(void)
{
    jc_options *options = sim_options(sim("SIM_HTTP"));
    jc_client *client = NULL;
    jc_client_new(options, &client, NULL);
    jc_options_set_text(options, JC_OPT_API_KEY, "another");
    check_number("options that change later do not change a client",
                 jc_client_reset_system_user_mfa(client, "ok-3", -1, JC_UNTIL_UNSET, 0, NULL), JC_OK);
    jc_client_free(client);
    jc_options_free(options);
}

int main(void)
{
    jc_client *client = sim_client(sim("SIM_HTTP"));
    buffer_freed_twice(client);
    after_close(client);
    after_cancel(client);
    nothing_taken(client);
    jc_client_free(client);
    client_first();
    forgotten_options();
    return check_done();
}
