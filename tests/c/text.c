/* Text that is not valid for the argument. */
#include "check.h"
#include "simulator.h"

#define MEBIBYTE (1 << 20)

static jc_client *client;
static char huge[MEBIBYTE + 1];

static void bad_id(const char *name, const char *id)
{
    jc_buf result = JC_BUF_INIT;
    jc_batch *batch = NULL;
    check_number(name, jc_client_reset_system_user_mfa(client, id, -1, JC_UNTIL_UNSET, 0, &result), JC_INVALID);
    check_has("with its code", (char *)result.ptr, "\"code\":\"Id.Invalid\"");
    CHECK("and a short document", result.len < 16384);
    jc_buf_free(&result);
    check_number("also in one shot", jc_reset_system_user_mfa(id, -1, JC_UNTIL_UNSET, &result), JC_INVALID);
    jc_buf_free(&result);
    check_number("also in a preview", jc_client_preview_reset(client, id, -1, JC_UNTIL_UNSET, 0, NULL), JC_INVALID);
    jc_batch_new(client, 1, &batch);
    check_number("also pushed", jc_batch_push(batch, id, -1, JC_UNTIL_UNSET, 0, 0), JC_OK);
    check_number("it comes back as invalid", jc_batch_next(batch, UINT32_MAX, NULL), JC_INVALID);
    jc_batch_free(batch);
}

static void ids(void)
{
    bad_id("an empty id", "");
    bad_id("a blank id", " \t ");
    bad_id("a dot", ".");
    bad_id("two dots", "..");
    bad_id("a line break in an id", "ok-1\nok-2");
    bad_id("a blank at the end of an id", "ok-1 ");
    bad_id("a byte order mark before an id", "\xef\xbb\xbfok-1");
    bad_id("a line of JSON", "{\"id\":\"ok-1\"}");
    bad_id("a column's name", "username");
    bad_id("an escape in an id", "ok-1\x1b[2J");
    bad_id("Latin-1", "\xe4");
    bad_id("UTF-8 that stops short", "ok-1\xe2\x82");
    bad_id("a surrogate", "\xed\xa0\x80");
    bad_id("an id of 1 MiB", huge);
}

static void option_texts(void)
{
    jc_options *options = sim_options(sim("SIM_HTTP"));
    int refused = 0, taken = 0;
    for (int32_t option = JC_OPT_API_KEY; option <= JC_OPT_USER_AGENT; option++)
        refused += jc_options_set_text(options, option, "\xff\xfe") == JC_INVALID;
    check_number("no option takes text that is not UTF-8", refused, 10);
    check_number("nor does the name of a variable", jc_options_set_env(options, "\xff", "x"), JC_INVALID);
    check_number("nor its value", jc_options_set_env(options, "JCOrgId", "\xff"), JC_INVALID);
    check_number("an empty name is allowed, and no variable has it", jc_options_set_env(options, "", "x"), JC_OK);

    for (int32_t option = JC_OPT_API_KEY; option <= JC_OPT_USER_AGENT; option++) {
        jc_options *one = sim_options(sim("SIM_HTTP"));
        jc_client *made = NULL;
        jc_buf error = JC_BUF_INIT;
        jc_options_set_text(one, option, huge);
        int32_t status = jc_client_new(one, &made, &error);
        if (status == JC_INVALID) taken += made == NULL && error.len > 0 && error.len < 16384;
        if (status == JC_OK) taken += made != NULL && error.ptr == NULL;
        jc_client_free(made);
        jc_buf_free(&error);
        jc_options_free(one);
    }
    check_number("each option with 1 MiB gives a client or a short document", taken, 10);
    jc_options_free(options);
}

static void redaction(void)
{
    jc_buf shown = JC_BUF_INIT;
    check_number("a text that the host shows", jc_client_redact(client, "key " KEY ", \x1b[2J", &shown), JC_OK);
    CHECK("has no key and no control character", strcmp((char *)shown.ptr, "key ***, \xef\xbf\xbd[2J") == 0);
    jc_buf_free(&shown);
    check_number("so is one of 1 MiB", jc_client_redact(client, huge, &shown), JC_OK);
    CHECK("and comes back whole", shown.len == MEBIBYTE);
    jc_buf_free(&shown);
    check_number("Latin-1", jc_client_redact(client, "\xe4", &shown), JC_INVALID);
    check_has("is refused", (char *)shown.ptr, "argument text is not UTF-8");
    jc_buf_free(&shown);

    jc_options *options = jc_options_new();
    jc_client *none = NULL;
    jc_options_set_env(options, "JCApiKey", "the-key-there");
    jc_options_set_env(options, "HTTPS_PROXY", "socks5://me:the%2Dword@localhost:1");
    jc_options_set_text(options, JC_OPT_API_KEY, "the-key here");
    check_number("no client", jc_client_new(options, &none, NULL), JC_INVALID);
    check_number("where there is none", jc_options_redact(options, "the-key here, the-key-there, the-word, \x1b", &shown), JC_OK);
    CHECK("the options redact", strcmp((char *)shown.ptr, "***, ***, ***, \xef\xbf\xbd") == 0);
    jc_buf_free(&shown);
    jc_options_set_text(options, JC_OPT_PROXY, "not a URL");
    jc_options_set_text(options, JC_OPT_PROXY_PASSWORD, "a-password");
    check_number("also with a bad proxy", jc_options_redact(options, "a-password", &shown), JC_OK);
    CHECK("its password", strcmp((char *)shown.ptr, "***") == 0);
    jc_buf_free(&shown);
    check_number("Latin-1", jc_options_redact(options, "\xe4", &shown), JC_INVALID);
    check_has("is refused", (char *)shown.ptr, "argument text is not UTF-8");
    jc_buf_free(&shown);
    jc_options_free(options);
}

static void strange_but_right(void)
{
    free(sim_ask("PUT", "/users/%F0%9F%94%91%2F%3F%23%25", ""));
    check_number("any other text is an id",
                 jc_client_reset_system_user_mfa(client, "\xf0\x9f\x94\x91/?#%", -1, JC_UNTIL_UNSET, 0, NULL), JC_OK);
}

int main(void)
{
    memset(huge, 'a', MEBIBYTE);
    sys_set_env("JCApiKey", KEY);
    sys_set_env("JCApiUrl", sim("SIM_HTTP"));
    client = sim_client(sim("SIM_HTTP"));
    ids();
    option_texts();
    redaction();
    check_number("nothing was sent", sim_count("requests"), 0);
    strange_but_right();
    jc_client_free(client);
    return check_done();
}
