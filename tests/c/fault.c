/* Users whom the host itself has found wrong: JC_FAULT. */
#include "check.h"
#include "simulator.h"

#define UNSET JC_EXCLUSION_UNSET, JC_UNTIL_UNSET

static jc_client *client;
static char path[1024];

static int32_t next(jc_batch *batch, const char *user, uint32_t flags, jc_buf *result)
{
    check_number("it is pushed", jc_batch_push(batch, user, UNSET, flags, 7), JC_OK);
    return jc_batch_next(batch, UINT32_MAX, result);
}

/* In every function that takes a user. */
static void fault(const char *user, uint32_t flags, const char *says)
{
    jc_buf result = JC_BUF_INIT;
    jc_batch *batch = NULL;
    check_number(user ? user : "NULL", jc_client_reset_system_user_mfa(client, user, UNSET, flags, &result), JC_INVALID);
    check_has("comes back as invalid", (char *)result.ptr, "\"outcome\":\"invalid\"");
    check_has("and says why", (char *)result.ptr, says);
    jc_buf_free(&result);
    check_number("also in a preview", jc_client_preview_reset(client, user, UNSET, flags, &result), JC_INVALID);
    check_has("which says the same", (char *)result.ptr, says);
    jc_buf_free(&result);
    jc_batch_new(client, 1, &batch);
    check_number("also in the batch's", jc_batch_preview_reset(batch, user, UNSET, flags, &result), JC_NOT_SENT);
    check_has("which says the same", (char *)result.ptr, says);
    jc_buf_free(&result);
    check_number("and in its place in the batch", next(batch, user, flags, &result), JC_INVALID);
    check_has("with the same words", (char *)result.ptr, says);
    check_has("and its tag", (char *)result.ptr, "\"tag\":7");
    jc_buf_free(&result);
    jc_batch_free(batch);
}

static void words(void)
{
    fault("{\"code\":\"Body.Invalid\",\"message\":\"it is odd\"}", JC_FAULT, "\"message\":\"Nobody was reset: it is odd.\"");
    fault("{\"code\":\"Body.Invalid\",\"message\":\"it is odd\",\"id\":\" \"}", JC_FAULT,
          "\"message\":\"Nobody was reset: it is odd.\"");
    fault("{\"code\":\"Body.Invalid\",\"message\":\"it is odd\",\"id\":\"ok-1\",\"username\":\"a\"}", JC_FAULT,
          "\"message\":\"User 'ok-1' was not reset: it is odd.\"");
    fault("{\"code\":\"Name.Invalid\",\"message\":\"it is odd\",\"email\":\"a@example.com\"}", JC_FAULT,
          "\"message\":\"User 'a@example.com' was not reset: it is odd.\"");
    fault("{\"code\":\"Name.Invalid\",\"message\":\"it is odd\",\"username\":\"a\",\"email\":\"b\"}", JC_FAULT,
          "\"message\":\"User 'a' with the address 'b' was not reset: it is odd.\"");
    fault("{\"code\":\"Id.Invalid\",\"message\":\"'" KEY "' is no field\"}", JC_FAULT, "Nobody was reset: '***' is no field.");
    fault("{\"code\":\"Id.Invalid\",\"message\":\"it is odd\",\"hint\":\"Not " KEY ".\"}", JC_FAULT, "\"hint\":\"Not ***.\"");
    fault("{\"code\":\"Id.Invalid\",\"message\":\"it is odd\"}", JC_FAULT, "\"hint\":\"Give the user's id as JumpCloud shows it");
    char text[1200], *end = text + sprintf(text, "{\"code\":\"Id.Invalid\",\"message\":\"");
    memset(end, 'y', 1022);
    strcpy(end + 1022, KEY "\"}");
    fault(text, JC_FAULT, "yyyy\xe2\x80\xa6."); /* the end of the text that is shown cuts no key */
    fault("{\"code\":\"Id.Invalid\",\"message\":\"a\\u0000\\u001b\"}", JC_FAULT, ": a\xef\xbf\xbd\xef\xbf\xbd.");
}

static void wrong(void)
{
    static const char *const texts[] = {
        "", "ok-1", "null", "[]", "{}", "{", "[\"Id.Invalid\",\"it is odd\"]", "{\"code\":\"Id.Invalid\"}", "{\"message\":\"it is odd\"}",
        "{\"code\":\"Id.Invalid\",\"message\":\" \"}", "{\"code\":7,\"message\":\"it is odd\"}", "{\"code\":\"Id.Invalid\",\"message\":\"it is odd\",\"id\":7}",
        "{\"code\":\"Id.Invalid\",\"message\":\"it is odd\",\"userId\":\"ok-1\"}", "{\"code\":\"Id.Invalid\",\"message\":\"it is odd\"} x",
        "{\"code\":\"Auth.Refused\",\"message\":\"it is odd\"}", "{\"code\":\"Odd.Invalid\",\"message\":\"it is odd\"}",
        "{\"code\":\".Invalid\",\"message\":\"it is odd\"}", "\xff", NULL,
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        fault(texts[i], JC_FAULT, "\"code\":\"Argument.Invalid\"");
    fault("{\"code\":\"Id.Invalid\",\"message\":\"it is odd\"}", JC_FAULT | JC_ALLOW_PAST, "another bit beside JC_FAULT");
    fault("{\"code\":\"Id.Invalid\",\"message\":\"it is odd\"}", JC_FAULT | 16, "another bit beside JC_FAULT");
}

/* It has its line, decides nothing, and a user whom an earlier run has reset is told as such. */
static void journal(void)
{
    static const char *const odd = "{\"code\":\"Body.Invalid\",\"message\":\"it is odd\",\"id\":\"ok-2\"}";
    jc_buf result = JC_BUF_INIT;
    jc_batch *batch = NULL;
    jc_batch_new(client, 1, &batch);
    check_number("a journal", jc_batch_set_journal(batch, path, 0, NULL), JC_OK);
    check_number("a user who is wrong", next(batch, odd, JC_FAULT, NULL), JC_INVALID);
    check_number("may be sent afterwards", next(batch, "ok-2", 0, NULL), JC_OK);
    jc_batch_free(batch);
    jc_batch_new(client, 1, &batch);
    jc_batch_set_journal(batch, path, JC_JOURNAL_RESUME, NULL);
    check_number("known to be reset", next(batch, "{\"code\":\"Exclusion.Invalid\",\"message\":\"it is odd\",\"id\":\"ok-2\"}",
                                           JC_FAULT, &result), JC_OK);
    check_has("with its code", (char *)result.ptr, "\"code\":\"Journal.AlreadyReset\"");
    jc_buf_free(&result);
    check_number("it may be somebody else who is meant", next(batch, odd, JC_FAULT, NULL), JC_INVALID);
    jc_batch_free(batch);

    char text[4096];
    FILE *file = sys_open(path, "rb");
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    check_has("the journal has its end", text, "\"event\":\"end\",\"n\":1,\"userId\":\"ok-2\",\"outcome\":\"invalid\",\"code\":\"Body.Invalid\"");
}

int main(void)
{
    snprintf(path, sizeof path, "%s/fault.jsonl", sim("SIM_FOLDER"));
    sys_remove(path); /* left behind by an earlier run of this test */
    client = sim_client(sim("SIM_HTTP"));
    words();
    wrong();
    check_number("nothing was sent", sim_count("requests"), 0);
    journal();
    jc_client_free(client);
    sys_remove(path);
    return check_done();
}
