/* Batches. */
#include "check.h"
#include "simulator.h"

static int32_t push(jc_batch *batch, const char *id, uint64_t tag)
{
    return jc_batch_push(batch, id, JC_EXCLUSION_UNSET, JC_UNTIL_UNSET, 0, tag);
}

/* Waits for the next result. Returns the tag in its document, and puts its status into *status. */
static uint64_t next(jc_batch *batch, int32_t *status)
{
    jc_buf result = JC_BUF_INIT;
    *status = jc_batch_next(batch, UINT32_MAX, &result);
    const char *tag = result.ptr ? strstr((char *)result.ptr, "\"tag\":") : NULL;
    uint64_t value = tag ? strtoull(tag + strlen("\"tag\":"), NULL, 10) : 0;
    jc_buf_free(&result);
    return value;
}

/* The first user's answer arrives last. */
static void order(jc_client *client)
{
    sim_fault("ok-1", "[{\"delayMs\":300}]");
    jc_batch *batch = NULL;
    check_number("a batch", jc_batch_new(client, 4, &batch), JC_OK);
    char id[16];
    for (uint64_t i = 1; i <= 12; i++) {
        snprintf(id, sizeof id, "ok-%d", (int)i);
        if (push(batch, id, UINT64_MAX - i) != JC_OK) break;
    }
    check_number("closing", jc_batch_close(batch), JC_OK);
    int in_order = 0;
    for (uint64_t i = 1; i <= 12; i++) {
        int32_t status;
        in_order += next(batch, &status) == UINT64_MAX - i && status == JC_OK;
    }
    check_number("results come in the order of the pushes, with their tags", in_order, 12);
    check_number("then comes the end", jc_batch_next(batch, UINT32_MAX, NULL), JC_END);
    check_number("and it stays the end", jc_batch_next(batch, 0, NULL), JC_END);
    check_number("everyone was reset once", sim_count("resets"), 12);
    jc_batch_free(batch);
}

static void full(jc_client *client)
{
    sim_fault("ok-13", "[{\"never\":true}]");
    jc_batch *batch = NULL;
    jc_batch_new(client, 1, &batch);
    int32_t status;
    uint64_t pushed = 0;
    char id[16];
    snprintf(id, sizeof id, "ok-13");
    while ((status = push(batch, id, pushed)) == JC_OK) snprintf(id, sizeof id, "full-%d", (int)++pushed);
    check_number("a batch is full when nobody takes its results", status, JC_FULL);
    CHECK("after at least as many as the limit", pushed >= 1);
    check_number("without an answer there is no result", jc_batch_next(batch, 1, NULL), JC_TIMEOUT);
    sim_wait("ok-13", 1);
    check_number("cancelling", jc_batch_cancel(batch), JC_OK);
    next(batch, &status);
    check_number("what was under way is unknown", status, JC_UNKNOWN);
    uint64_t cancelled = 0;
    while (next(batch, &status), status == JC_CANCELLED) cancelled++;
    check_number("the others are cancelled", (int64_t)cancelled, (int64_t)pushed - 1);
    check_number("and that is all", status, JC_END);
    check_number("one was sent", sim_count("ok-13"), 1);
    jc_batch_free(batch);
}

/* A user is sent once in a batch, whatever the case of the digits. */
static void twice(jc_client *client)
{
    jc_batch *batch = NULL;
    jc_batch_new(client, 4, &batch);
    push(batch, "5f0c1a2b3c4d5e6f7a8b9c0d", 1);
    push(batch, "5F0C1A2B3C4D5E6F7A8B9C0D", 2);
    jc_batch_close(batch);
    int32_t status;
    next(batch, &status);
    check_number("a user whom the server does not know", status, JC_REFUSED);
    jc_buf result = JC_BUF_INIT;
    check_number("the same user again", jc_batch_next(batch, UINT32_MAX, &result), JC_CANCELLED);
    check_has("is a duplicate", (char *)result.ptr, "\"code\":\"DuplicateUser\"");
    jc_buf_free(&result);
    check_number("one was sent", sim_count("5f0c1a2b3c4d5e6f7a8b9c0d"), 1);
    jc_batch_free(batch);
}

/* While a Retry-After runs, a host can ask for how long. */
static void held_back(jc_client *client)
{
    sim_fault("ok-15", "[{\"status\":429,\"headers\":{\"retry-after\":\"50\"}}]");
    jc_batch *batch = NULL;
    jc_batch_new(client, 1, &batch);
    uint64_t ms = 7;
    check_number("how long requests are held back", jc_batch_held_back(batch, &ms), JC_OK);
    CHECK("is 0 before there are any", ms == 0);
    push(batch, "ok-15", 1);
    for (int i = 0; i < 3000 && ms == 0; i++) {
        jc_batch_next(batch, 10, NULL); /* no result is there: it only waits */
        jc_batch_held_back(batch, &ms);
    }
    CHECK("is what is left of the Retry-After", ms > 10000 && ms <= 51000);
    jc_batch_cancel(batch);
    jc_batch_held_back(batch, &ms);
    CHECK("and 0 after a cancel", ms == 0);
    jc_batch_free(batch);
}

/* A refused key is tried once, whatever the limit. */
static void stopped(void)
{
    jc_options *options = sim_options(sim("SIM_HTTPS"));
    jc_options_set_text(options, JC_OPT_API_KEY, "not-the-key");
    jc_client *client = NULL;
    jc_client_new(options, &client, NULL);
    jc_options_free(options);
    jc_batch *batch = NULL;
    jc_batch_new(client, JC_THROTTLE_LIMIT_MAX, &batch);
    jc_client_free(client);
    long before = sim_count("requests");
    char id[16];
    for (int i = 0; i < 20; i++) {
        snprintf(id, sizeof id, "stopped-%d", i);
        push(batch, id, (uint64_t)i);
    }
    jc_batch_close(batch);
    int32_t status;
    next(batch, &status);
    check_number("a refused key, after the client was freed", status, JC_REFUSED);
    int not_tried = 0;
    while (next(batch, &status), status == JC_CANCELLED) not_tried++;
    check_number("stops all others", not_tried, 19);
    check_number("after one request", sim_count("requests") - before, 1);
    jc_batch_free(batch);
}

int main(void)
{
    jc_client *client = sim_client(sim("SIM_HTTPS"));
    order(client);
    full(client);
    twice(client);
    held_back(client);
    jc_client_free(client);
    stopped();
    return check_done();
}
