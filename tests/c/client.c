/* A client with its own configuration, over TLS. */
#include "check.h"
#include "simulator.h"

static void one_connection(jc_client *client)
{
    jc_buf result = JC_BUF_INIT;
    for (int i = 0; i < 10; i++) {
        jc_buf_free(&result);
        if (jc_client_reset_system_user_mfa(client, "ok-1", -1, JC_UNTIL_UNSET, 0, &result) != JC_OK) break;
    }
    check_has("ten resets in a row", (char *)result.ptr, "\"outcome\":\"reset\"");
    jc_buf_free(&result);
    check_number("all arrived", sim_count("ok-1"), 10);
    check_number("over one connection", sim_count("https"), 1);
}

static void preview(jc_client *client)
{
    jc_buf shown = JC_BUF_INIT;
    long before = sim_count("requests");
    check_number("a preview", jc_client_preview_reset(client, "a/b", 1, 4102444800, 0, &shown), JC_OK);
    check_has("has the URL, with the id as one segment", (char *)shown.ptr, "/api/systemusers/a%2Fb/resetmfa\"");
    check_has("the user", (char *)shown.ptr, "\"userId\":\"a/b\"");
    check_has("the body", (char *)shown.ptr, "2100-01-01T00:00:00Z");
    check_has("the key as stars", (char *)shown.ptr, "\"x-api-key\":\"***\"");
    check_has_not("and never as itself", (char *)shown.ptr, KEY);
    jc_buf_free(&shown);
    check_number("a preview checks the request", jc_client_preview_reset(client, "", -1, JC_UNTIL_UNSET, 0, &shown), JC_INVALID);
    check_has("and says why", (char *)shown.ptr, "\"code\":\"Id.Invalid\"");
    jc_buf_free(&shown);
    check_number("it sends nothing", sim_count("requests"), before);
}

/* `shown` is the proxy that the preview has to name. NULL if it must name none. */
static void previewed_proxy(const char *url, const char *no_proxy, const char *shown)
{
    jc_options *options = sim_options(url);
    jc_client *client = NULL;
    jc_buf preview = JC_BUF_INIT;
    jc_options_set_text(options, JC_OPT_PROXY, "http://someone:s3cret@127.0.0.1:9");
    jc_options_set_text(options, JC_OPT_NO_PROXY, no_proxy);
    check_number("a client behind a proxy", jc_client_new(options, &client, NULL), JC_OK);
    jc_client_preview_reset(client, "ok-1", -1, JC_UNTIL_UNSET, 0, &preview);
    if (shown) check_has("its preview names the proxy", (char *)preview.ptr, shown);
    else check_has_not("its preview names none", (char *)preview.ptr, "\"proxy\"");
    check_has_not("and no login", (char *)preview.ptr, "s3cret");
    jc_buf_free(&preview);
    jc_client_free(client);
    jc_options_free(options);
}

static void odd_dates(jc_client *client)
{
    int64_t year_2400 = INT64_C(13569465600);
    check_number("a past date is invalid", jc_client_reset_system_user_mfa(client, "ok-2", 1, 1000, 0, NULL), JC_INVALID);
    check_number("and sent with JC_ALLOW_PAST",
                 jc_client_reset_system_user_mfa(client, "ok-2", 1, 1000, JC_ALLOW_PAST, NULL), JC_OK);
    check_number("so it arrived once", sim_count("ok-2"), 1);
    check_number("one in the year 2400 is invalid",
                 jc_client_reset_system_user_mfa(client, "ok-2", 1, year_2400, 0, NULL), JC_INVALID);
    check_number("and sent with JC_ALLOW_PAST",
                 jc_client_reset_system_user_mfa(client, "ok-2", 1, year_2400, JC_ALLOW_PAST, NULL), JC_OK);
}

/* A client with this one option, beside what it needs, is refused. */
static void refused(const char *name, int32_t option, const char *value, const char *code)
{
    jc_options *options = sim_options(sim("SIM_HTTP"));
    jc_client *client = (jc_client *)&options; /* must be overwritten */
    jc_buf error = JC_BUF_INIT;
    check_number("an option takes any text", jc_options_set_text(options, option, value), JC_OK);
    check_number(name, jc_client_new(options, &client, &error), JC_INVALID);
    CHECK("there is no client", client == NULL);
    check_has("the document has the code", (char *)error.ptr, code);
    jc_buf_free(&error);
    jc_options_free(options);
}

/* How many threads this process has, where the system tells it. */
static int threads(void)
{
    int count = 0;
#ifdef __linux__
    char line[256];
    FILE *status = fopen("/proc/self/status", "r");
    while (fgets(line, sizeof line, status)) sscanf(line, "Threads: %d", &count);
    fclose(status);
#endif
    return count;
}

int main(void)
{
    int before = threads();
    jc_client *client = sim_client(sim("SIM_HTTPS"));
    one_connection(client);
    preview(client);
    previewed_proxy(sim("SIM_HTTPS"), "", "\"proxy\":\"http://127.0.0.1:9/\"");
    previewed_proxy(sim("SIM_HTTPS"), "*", NULL);
    previewed_proxy(sim("SIM_HTTP"), "", NULL);
    odd_dates(client);
    jc_client_free(client);
    check_number("its thread has ended when it is freed", threads(), before);

    refused("no client without a key", JC_OPT_API_KEY, "", "Key.Missing");
    refused("nor with a key of two lines", JC_OPT_API_KEY, "a\nb", "Key.Invalid");
    refused("nor for an unknown region", JC_OPT_ENVIRONMENT, "MOON", "Environment.Invalid");
    refused("nor for http to another machine", JC_OPT_URL, "http://example.com", "Url.Invalid");
    refused("nor with a bad proxy", JC_OPT_PROXY, "socks5://127.0.0.1", "Url.Invalid");
    return check_done();
}
