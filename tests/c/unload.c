/* A host that loads the library by name, and unloads it while a request is in flight. */
#include <dlfcn.h>
#include <pthread.h>

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

static void *load(void)
{
    void *library = dlopen("libjcsdk.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        fprintf(stderr, "%s\n", dlerror());
        exit(2);
    }
    /* POSIX wants a function pointer to be got in this way. */
    *(void **)&options_new = dlsym(library, "jc_options_new");
    *(void **)&options_set_env = dlsym(library, "jc_options_set_env");
    *(void **)&client_new = dlsym(library, "jc_client_new");
    *(void **)&client_reset = dlsym(library, "jc_client_reset_system_user_mfa");
    *(void **)&batch_new = dlsym(library, "jc_batch_new");
    *(void **)&batch_push = dlsym(library, "jc_batch_push");
    *(void **)&batch_next = dlsym(library, "jc_batch_next");
    *(void **)&abi_version = dlsym(library, "jc_abi_version");
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

/* Runs in a thread that ends, because until then the C library keeps the library loaded for it. */
static void *use_and_unload(void *unused)
{
    void *library = load();
    check_number("the library says which ABI it is", abi_version(), JC_ABI_VERSION);
    first = client();
    batch_new(first, 4, &batch);
    batch_push(batch, "ok-1", -1, JC_UNTIL_UNSET, 0, 0);
    sim_wait("ok-1", 1);
    check_number("dlclose with a request in flight", dlclose(library), 0);
    return unused;
}

int main(void)
{
    pthread_t thread;
    sim_fault("ok-1", "[{\"delayMs\":300}]");
    pthread_create(&thread, NULL, use_and_unload, NULL);
    pthread_join(thread, NULL);
    void *library = load();
    check_number("loaded again, the batch goes on", batch_next(batch, UINT32_MAX, NULL), JC_OK);
    check_number("and so does the client", client_reset(first, "ok-2", -1, JC_UNTIL_UNSET, 0, NULL), JC_OK);
    second = client();
    check_number("a second client", client_reset(second, "ok-3", -1, JC_UNTIL_UNSET, 0, NULL), JC_OK);
    check_number("each was reset once", sim_count("resets"), 3);

    sim_fault("ok-4", "[{\"never\":true}]");
    batch_push(batch, "ok-4", -1, JC_UNTIL_UNSET, 0, 0);
    sim_wait("ok-4", 1);
    dlclose(library);
    check(1, "the process ends with a request in flight", "");
    return check_done();
}
