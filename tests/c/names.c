/* Names that are not looked up the first time, and a machine without a thread or a file descriptor to spare. */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>

#include "check.h"
#include "simulator.h"

static int look_ups, look_up_failures, look_up_error;
static unsigned look_up_seconds;
static int no_thread;

/* What the library's own calls meet, too. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (!name || strcmp(name, "localhost") != 0) return real(name, service, hints, found);
    look_ups++;
    sleep(look_up_seconds);
    return look_up_failures-- > 0 ? look_up_error : real(name, service, hints, found);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument)
{
    int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    return no_thread ? 11 /* EAGAIN */ : real(thread, attributes, start, argument);
}

static jc_buf result;

/* A client of its own, so that no connection is open yet. */
static int32_t reset(const char *id)
{
    jc_client *client = sim_client(sim("SIM_HTTPS"));
    jc_buf_free(&result);
    int32_t status = jc_client_reset_system_user_mfa(client, id, -1, JC_UNTIL_UNSET, 0, &result);
    jc_client_free(client);
    return status;
}

static void what_is_said(const char *code, const char *attempts)
{
    check_has("with its code", (char *)result.ptr, code);
    check_has("as refused", (char *)result.ptr, "\"outcome\":\"refused\"");
    check_has("after so many attempts", (char *)result.ptr, attempts);
}

static void look_ups_that_fail(void)
{
    look_up_failures = 1;
    look_up_error = EAI_AGAIN;
    check_number("a look-up that fails once is tried again", reset("ok-1"), JC_OK);
    check_number("as a second attempt", look_ups, 2);

    look_up_failures = 100;
    check_number("one that goes on failing is refused", reset("ok-2"), JC_REFUSED);
    what_is_said("\"code\":\"Name.LookupFailed\"", "\"attempts\":4");

    look_up_error = EAI_NONAME;
    check_number("a name that does not exist is refused", reset("ok-2"), JC_REFUSED);
    what_is_said("\"code\":\"Name.NotFound\"", "\"attempts\":1");
    look_up_failures = 0;
}

static void look_ups_without_an_answer(void)
{
    jc_client *client = NULL;
    jc_options *options = sim_options(sim("SIM_HTTPS"));
    jc_options_set_int(options, JC_OPT_CONNECT_TIMEOUT_MS, 200);
    jc_options_set_int(options, JC_OPT_MAX_RETRIES, 1);
    jc_client_new(options, &client, NULL);
    jc_options_free(options);
    look_up_seconds = 1;
    jc_buf_free(&result);
    check_number("a look-up without an answer is refused",
                 jc_client_reset_system_user_mfa(client, "ok-2", -1, JC_UNTIL_UNSET, 0, &result), JC_REFUSED);
    what_is_said("\"code\":\"Name.LookupFailed\"", "\"attempts\":2");
    look_up_seconds = 0;
    jc_client_free(client);
}

static void without_a_thread(void)
{
    jc_client *client = sim_client(sim("SIM_HTTPS"));
    jc_buf_free(&result);
    no_thread = 1;
    check_number("without a thread for the look-up it is refused",
                 jc_client_reset_system_user_mfa(client, "ok-3", -1, JC_UNTIL_UNSET, 0, &result), JC_REFUSED);
    what_is_said("\"code\":\"Name.LookupFailed\"", "\"attempts\":4");
    check_has("and says why", (char *)result.ptr, "no thread");
    jc_buf_free(&result);
    jc_client *none;
    jc_options *options = sim_options(sim("SIM_HTTPS"));
    check_number("nor is a client made", jc_client_new(options, &none, &result), JC_INVALID);
    jc_options_free(options);
    no_thread = 0;
    check_number("once there is one, the same client resets",
                 jc_client_reset_system_user_mfa(client, "ok-3", -1, JC_UNTIL_UNSET, 0, NULL), JC_OK);
    jc_client_free(client);
}

static void without_a_descriptor(void)
{
    jc_client *client = sim_client(sim("SIM_HTTPS"));
    jc_client *by_address = sim_client("https://127.0.0.1:1");
    struct rlimit limit, none = {.rlim_cur = 3};
    getrlimit(RLIMIT_NOFILE, &limit);
    none.rlim_max = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &none);
    jc_buf_free(&result);
    check_number("without a file descriptor it is refused",
                 jc_client_reset_system_user_mfa(client, "ok-4", -1, JC_UNTIL_UNSET, 0, &result), JC_REFUSED);
    check_has_not("but not as a name that does not exist", (char *)result.ptr, "Name.NotFound");
    check_has("and says why", (char *)result.ptr, "os error 24");
    check_has("after so many attempts", (char *)result.ptr, "\"attempts\":4");
    jc_buf_free(&result);
    check_number("also where no name is looked up",
                 jc_client_reset_system_user_mfa(by_address, "ok-4", -1, JC_UNTIL_UNSET, 0, &result), JC_REFUSED);
    check_has("and it says why", (char *)result.ptr, "os error 24");
    setrlimit(RLIMIT_NOFILE, &limit);
    check_number("once there is one, the same client resets",
                 jc_client_reset_system_user_mfa(client, "ok-4", -1, JC_UNTIL_UNSET, 0, NULL), JC_OK);
    jc_client_free(client);
    jc_client_free(by_address);
}

int main(void)
{
    struct sys_stderr away = sys_stderr_away();
    look_ups_that_fail();
    look_ups_without_an_answer();
    without_a_thread();
    without_a_descriptor();
    jc_buf_free(&result);
    check_number("the library writes nothing to stderr", sys_stderr_back(away), 0);
    return check_done();
}
