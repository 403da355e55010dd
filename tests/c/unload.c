/* A host that loads the library by name, and unloads it while a request is in flight. */
#include "check.h"
#include "simulator.h"

/* The library must not be linked, so the functions that simulator.h would call are looked up by name. */
static jc_options *(*options_new)(void);
static int32_t (*options_set_env)(jc_options *, const char *, const char *);
static int32_t (*client_new)(const jc_options *, jc_client **, jc_buf *);
static int32_t (*client_reset)(jc_client *, const char *, int32_t, int64_t, uint32_t, jc_buf *);
static int32_t (*batch_new)(jc_client *, uint32_t, jc_batch **);
static int32_t (*batch_push)(jc_batch *, const char *, int32_t, int64_t, uint32_t, uint64_t);
static int32_t (*batch_next)(jc_batch *, uint32_t, jc_buf *);
static uint32_t (*abi_version)(void);

static sys_library load(void)
{
    sys_library library = sys_load(SYS_LIBRARY);
    if (!library) {
        fprintf(stderr, "%s was not loaded\n", SYS_LIBRARY);
        exit(2);
    }
    sys_find(library, "jc_options_new", &options_new);
    sys_find(library, "jc_options_set_env", &options_set_env);
    sys_find(library, "jc_client_new", &client_new);
    sys_find(library, "jc_client_reset_system_user_mfa", &client_reset);
    sys_find(library, "jc_batch_new", &batch_new);
    sys_find(library, "jc_batch_push", &batch_push);
    sys_find(library, "jc_batch_next", &batch_next);
    sys_find(library, "jc_abi_version", &abi_version);
    return library;
}

/* This host frees none of these. While they are here, valgrind does not count them as lost. */
static jc_options *options;
static jc_client *first, *second;
static jc_batch *batch;

static jc_client *client(void)
{
    if (!options) options = options_new();
    options_set_env(options, "JCApiKey", KEY);
    options_set_env(options, "JCApiUrl", sim("SIM_HTTPS"));
    options_set_env(options, "SSL_CERT_FILE", sim("SIM_CA"));
    jc_client *made = NULL;
    client_new(options, &made, NULL);
    return made;
}

/* Runs in a thread that ends, because the C library keeps a library loaded while a thread that used it is there. */
static void *use_and_unload(void *unused)
{
    sys_library library = load();
    check_number("the library says which ABI it is", abi_version(), JC_ABI_VERSION);
    first = client();
    batch_new(first, 4, &batch);
    batch_push(batch, "ok-1", -1, JC_UNTIL_UNSET, 0, 0);
    sim_wait("ok-1", 1);
    check_number("unloaded with a request in flight", sys_unload(library), 0);
    return unused;
}

int main(void)
{
    sys_thread thread;
    sim_fault("ok-1", "[{\"delayMs\":300}]");
    sys_thread_start(&thread, use_and_unload, NULL);
    sys_thread_join(thread);
    sys_library library = load();
    check_number("loaded again, the batch goes on", batch_next(batch, UINT32_MAX, NULL), JC_OK);
    check_number("and so does the client", client_reset(first, "ok-2", -1, JC_UNTIL_UNSET, 0, NULL), JC_OK);
    second = client();
    check_number("a second client", client_reset(second, "ok-3", -1, JC_UNTIL_UNSET, 0, NULL), JC_OK);
    check_number("each was reset once", sim_count("resets"), 3);

    sim_fault("ok-4", "[{\"never\":true}]");
    batch_push(batch, "ok-4", -1, JC_UNTIL_UNSET, 0, 0);
    sim_wait("ok-4", 1);
    sys_unload(library);
    check(1, "the process ends with a request in flight", "");
    return check_done();
}
