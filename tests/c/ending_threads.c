/* Calls on threads that end: their thread-locals are gone, or somebody cancels them. And calls on small stacks. */
#include <pthread.h>
#include <unistd.h>

#include "check.h"
#include "simulator.h"

static jc_client *client;
static jc_buf result;
static int32_t status, made;
static pthread_key_t key;
static int rounds;

static void reset(const char *id)
{
    jc_buf_free(&result);
    status = jc_client_reset_system_user_mfa(client, id, -1, JC_UNTIL_UNSET, 0, &result);
}

/* The library's own thread-locals are gone in the second round at the latest. */
static void at_the_end(void *value)
{
    if (++rounds < 3) {
        pthread_setspecific(key, value);
        return;
    }
    jc_client *other = NULL;
    jc_batch *batch = NULL;
    jc_options *options = sim_options(sim("SIM_HTTPS"));
    made = jc_client_new(options, &other, NULL);
    jc_options_free(options);
    jc_batch_new(client, 2, &batch);
    jc_batch_push(batch, "nobody", -1, JC_UNTIL_UNSET, 0, 0);
    jc_batch_close(batch);
    jc_batch_next(batch, UINT32_MAX, NULL);
    jc_batch_free(batch);
    jc_client_free(other);
    reset("ok-2");
}

static void *work(void *id)
{
    pthread_setspecific(key, id);
    reset(id);
    return NULL;
}

static void thread_locals_that_are_gone(void)
{
    pthread_t thread;
    pthread_key_create(&key, at_the_end);
    pthread_create(&thread, NULL, work, "ok-1");
    pthread_join(thread, NULL);
    check_number("a call when thread-locals are gone is invalid", status, JC_INVALID);
    check_number("so is the making of a client", made, JC_INVALID);
    check_has("and names its user", (char *)result.ptr, "\"userId\":\"ok-2\"");
    check_has("in words", (char *)result.ptr, "calling thread is at its end");
    check_number("it sent nothing", sim_count("ok-2"), 0);
}

static void *is_cancelled(void *id)
{
    reset(id);
    pthread_testcancel();
    return id;
}

static void a_thread_that_is_cancelled(void)
{
    pthread_t thread;
    void *end;
    sim_fault("ok-3", "[{\"delayMs\": 300}]");
    pthread_create(&thread, NULL, is_cancelled, "ok-3");
    sim_wait("ok-3", 1);
    pthread_cancel(thread);
    pthread_join(thread, &end);
    check_number("pthread_cancel waits for the end of the call", status, JC_OK);
    CHECK("and ends the thread then", end == PTHREAD_CANCELED);
}

static void *on_a_small_stack(void *id)
{
    jc_client *other = sim_client(sim("SIM_HTTPS"));
    jc_client_free(other);
    reset(id);
    return NULL;
}

static void a_small_stack(void)
{
    pthread_t thread;
    pthread_attr_t attributes;
    const char *kib = getenv("STACK_KIB");
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, (size_t)(kib ? atoi(kib) : 256) * 1024);
    pthread_create(&thread, &attributes, on_a_small_stack, "ok-4");
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
    check_number("the stack that the header asks for is enough", status, JC_OK);
}

static void at_exit(void)
{
    reset("ok-5");
#ifdef __GLIBC__
    check_number("a call at exit is invalid", status, JC_INVALID);
    check_has("in words as well", (char *)result.ptr, "calling thread is at its end");
    check_number("and sent nothing", sim_count("ok-5"), 0);
#else /* musl keeps the thread-locals of the thread that exits */
    check_number("a call at exit works", status, JC_OK);
    check_number("and arrived", sim_count("ok-5"), 1);
#endif
    jc_client_free(client);
    jc_buf_free(&result);
    if (check_done()) _exit(1);
}

int main(void)
{
    struct sys_stderr away = sys_stderr_away();
    atexit(at_exit);
    client = sim_client(sim("SIM_HTTPS"));
    a_small_stack();
    thread_locals_that_are_gone();
    a_thread_that_is_cancelled();
    check_number("nothing of it is on stderr", sys_stderr_back(away), 0);
    return check_done();
}
