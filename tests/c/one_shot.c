/* One call, configured by the environment. */
#include "check.h"
#include "simulator.h"

static jc_buf result;

/* The call's status; its document is in `result` until the next call. */
static int32_t reset(const char *id, int32_t exclusion, int64_t until_epoch)
{
    jc_buf_free(&result);
    return jc_reset_system_user_mfa(id, exclusion, until_epoch, &result);
}

static const char *document(void)
{
    return (const char *)result.ptr;
}

static void resets(void)
{
    check_number("a user is reset", reset("ok-1", JC_EXCLUSION_UNSET, JC_UNTIL_UNSET), JC_OK);
    check_has("the document says so", document(), "\"outcome\":\"reset\"");
    check_has("and names the user", document(), "\"userId\":\"ok-1\"");
    check_number("len is the text's length", (int64_t)result.len, (int64_t)strlen(document()));
    check_number("with an exclusion", reset("ok-2", 1, 4102444800), JC_OK);
    check_number("the result may be NULL", jc_reset_system_user_mfa("ok-3", 0, JC_UNTIL_UNSET, NULL), JC_OK);

    char *log = sim_ask("GET", "/log", "");
    check_has("the body without arguments is {}", log, "\"body\":\"{}\"");
    check_has("the exclusion and its date arrive", log,
              "{\\\"exclusion\\\":true,\\\"exclusionUntil\\\":\\\"2100-01-01T00:00:00Z\\\"}");
    check_has("false is not unset", log, "{\\\"exclusion\\\":false}");
    free(log);
}

static void refusals(void)
{
    check_number("an unknown user is refused", reset("nobody", JC_EXCLUSION_UNSET, JC_UNTIL_UNSET), JC_REFUSED);
    check_has("with its code", document(), "\"code\":\"User.NotFound\"");
    check_has("and the server's own words", document(), "\"serverMessage\":\"user not found\"");
    check_has("and a hint", document(), "\"hint\":");

    long before = sim_count("requests");
    check_number("a past date is invalid", reset("ok-4", 1, 1000), JC_INVALID);
    check_has("with its code", document(), "\"code\":\"ExclusionUntil.Past\"");
    check_number("nothing was sent", sim_count("requests"), before);
}

static void environment(void)
{
    sys_set_env("JCApiKey", "not-the-key");
    check_number("a change of the environment counts", reset("ok-5", -1, JC_UNTIL_UNSET), JC_REFUSED);
    check_has("with its code", document(), "\"code\":\"Auth.Refused\"");
    check_has_not("the key is not shown", document(), "not-the-key");

    sys_set_env("JCApiKey", NULL);
    check_number("no key is invalid", reset("ok-5", -1, JC_UNTIL_UNSET), JC_INVALID);
    check_has("with its code", document(), "\"code\":\"Key.Missing\"");

    sys_set_env("JCApiKey", KEY);
    sys_set_env("JCApiUrl", sim("SIM_HTTPS"));
    check_number("an unknown certificate authority is refused", reset("ok-5", -1, JC_UNTIL_UNSET), JC_REFUSED);
    check_has("with its code", document(), "\"code\":\"Tls.NotTrusted\"");
    check_has("and the reason", document(), "this system does not trust its issuer");
    sys_set_env("SSL_CERT_FILE", sim("SIM_CA"));
    check_number("SSL_CERT_FILE adds one", reset("ok-5", -1, JC_UNTIL_UNSET), JC_OK);
    check_number("ok-5 was reset once in all this", sim_count("resets"), 4);
}

int main(void)
{
    sys_set_env("JCApiKey", KEY);
    sys_set_env("JCApiUrl", sim("SIM_HTTP"));
    resets();
    refusals();
    environment();
    jc_buf_free(&result);
    return check_done();
}
