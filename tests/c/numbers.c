/* Numbers that are not valid for the argument. */
#include "check.h"
#include "simulator.h"

static jc_client *client;

static void refused(const char *name, int32_t exclusion, int64_t until_epoch, uint32_t flags, const char *code)
{
    jc_buf result = JC_BUF_INIT;
    jc_batch *batch = NULL;
    check_number(name, jc_client_reset_system_user_mfa(client, "ok-1", exclusion, until_epoch, flags, &result), JC_INVALID);
    check_has("with its code", (char *)result.ptr, code);
    jc_buf_free(&result);
    check_number("also in a preview", jc_client_preview_reset(client, "ok-1", exclusion, until_epoch, flags, NULL), JC_INVALID);
    jc_batch_new(client, 1, &batch);
    check_number("also pushed", jc_batch_push(batch, "ok-1", exclusion, until_epoch, flags, 7), JC_OK);
    check_number("it comes back as invalid", jc_batch_next(batch, UINT32_MAX, &result), JC_INVALID);
    check_has("with its code", (char *)result.ptr, code);
    check_has("and its tag", (char *)result.ptr, "\"tag\":7");
    jc_buf_free(&result);
    jc_batch_free(batch);
}

static void resets(void)
{
    refused("exclusion 2", 2, JC_UNTIL_UNSET, 0, "Exclusion.Invalid");
    refused("exclusion -2", -2, JC_UNTIL_UNSET, 0, "Exclusion.Invalid");
    refused("exclusion INT32_MIN", INT32_MIN, JC_UNTIL_UNSET, 0, "Exclusion.Invalid");
    refused("until before 1970", 1, -1, 0, "ExclusionUntil.Invalid");
    refused("until in milliseconds", 1, INT64_C(4102444800000), 0, "ExclusionUntil.Invalid");
    refused("until INT64_MAX", 1, INT64_MAX, JC_ALLOW_PAST, "ExclusionUntil.Invalid");
    refused("an unknown flag", 1, JC_UNTIL_UNSET, 8, "Argument.Invalid");
    refused("all flags", 1, JC_UNTIL_UNSET, UINT32_MAX, "Argument.Invalid");
}

static void options(void)
{
    jc_options *options = jc_options_new();
    static const int32_t wrong[] = {INT32_MIN, -1, 0, 11, 100, 105, INT32_MAX};
    int refused = 0;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        refused += jc_options_set_text(options, wrong[i], "x") == JC_INVALID;
        refused += jc_options_set_int(options, wrong[i], 1) == JC_INVALID;
    }
    check_number("unknown options", refused, 14);
    check_number("a number as text", jc_options_set_text(options, JC_OPT_MAX_RETRIES, "1"), JC_INVALID);
    check_number("a text as number", jc_options_set_int(options, JC_OPT_URL, 1), JC_INVALID);
    refused = 0;
    for (int32_t option = JC_OPT_CONNECT_TIMEOUT_MS; option <= JC_OPT_TOTAL_TIMEOUT_MS; option++) {
        refused += jc_options_set_int(options, option, 0) == JC_INVALID;
        refused += jc_options_set_int(options, option, -1) == JC_INVALID;
        refused += jc_options_set_int(options, option, 3600001) == JC_INVALID;
        refused += jc_options_set_int(options, option, INT64_MAX) == JC_INVALID;
    }
    check_number("time-outs outside their range", refused, 12);
    check_number("more retries than the most", jc_options_set_int(options, JC_OPT_MAX_RETRIES, 101), JC_INVALID);
    check_number("less than no retries", jc_options_set_int(options, JC_OPT_MAX_RETRIES, -1), JC_INVALID);
    check_number("no retries", jc_options_set_int(options, JC_OPT_MAX_RETRIES, 0), JC_OK);
    jc_options_free(options);
}

static void throttle(void)
{
    jc_batch *batch = NULL;
    check_number("a throttle limit of 0", jc_batch_new(client, 0, &batch), JC_INVALID);
    check_number("one more than the most", jc_batch_new(client, JC_THROTTLE_LIMIT_MAX + 1, &batch), JC_INVALID);
    check_number("far more", jc_batch_new(client, UINT32_MAX, &batch), JC_INVALID);
    CHECK("there is no batch", batch == NULL);
    check_number("the most", jc_batch_new(client, JC_THROTTLE_LIMIT_MAX, &batch), JC_OK);
    jc_batch_free(batch);
}

int main(void)
{
    client = sim_client(sim("SIM_HTTP"));
    resets();
    options();
    throttle();
    jc_client_free(client);
    check_number("nothing was sent", sim_count("requests"), 0);
    return check_done();
}
