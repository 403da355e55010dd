/* Handles that many threads use, and that are freed while another thread is inside a call. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#include "check.h"
#include "simulator.h"

#define THREADS 8
#define EACH 5

static jc_client *client;
static jc_batch *batch;
static atomic_int good, next_user;

static void at_once(void *(*work)(void *), int count)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < count; i++) pthread_create(&threads[i], NULL, work, NULL);
    for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
}

static void *reset(void *unused)
{
    for (int i = 0; i < EACH; i++)
        good += jc_client_reset_system_user_mfa(client, "ok-1", -1, JC_UNTIL_UNSET, 0, NULL) == JC_OK;
    return unused;
}

static void *one_shot(void *unused)
{
    for (int i = 0; i < EACH; i++) good += jc_reset_system_user_mfa("ok-2", -1, JC_UNTIL_UNSET, NULL) == JC_OK;
    return unused;
}

/* Each thread pushes users that the server does not know, and takes the next result, also of a user of another thread. */
static void *push_and_take(void *unused)
{
    for (int i = 0; i < EACH; i++) {
        char id[16];
        snprintf(id, sizeof id, "nobody-%d", next_user++);
        while (jc_batch_push(batch, id, -1, JC_UNTIL_UNSET, 0, 0) == JC_FULL) {
        }
        jc_buf result = JC_BUF_INIT;
        good += jc_batch_next(batch, UINT32_MAX, &result) == JC_REFUSED;
        jc_buf_free(&result);
    }
    return unused;
}

static void many(void)
{
    client = sim_client(sim("SIM_HTTPS"));
    at_once(reset, THREADS);
    check_number("one client, many threads", good, THREADS * EACH);
    check_number("each of them arrived once", sim_count("ok-1"), THREADS * EACH);

    good = 0;
    at_once(one_shot, THREADS);
    check_number("one-shot, many threads", good, THREADS * EACH);
    check_number("each of them arrived once", sim_count("ok-2"), THREADS * EACH);

    good = 0;
    long before = sim_count("requests");
    jc_batch_new(client, THREADS, &batch);
    at_once(push_and_take, THREADS);
    check_number("one batch, many threads", good, THREADS * EACH);
    check_number("each of them arrived once", sim_count("requests") - before, THREADS * EACH);
    jc_batch_free(batch);
    jc_client_free(client);
}

static atomic_int other; /* the other thread's id */
static int ends[2];

/* The system call that the other thread sleeps in. */
static long sleeps_in(void)
{
    char path[64], call[64] = "";
    snprintf(path, sizeof path, "/proc/self/task/%d/syscall", other);
    for (;;) {
        FILE *file = fopen(path, "r");
        if (file && fgets(call, sizeof call, file) && *call >= '0' && *call <= '9') {
            fclose(file);
            return strtol(call, NULL, 10);
        }
        if (file) fclose(file);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

/* After the call, the thread sleeps in read, which sleeps_in recognises. */
static void *reset_slowly(void *status)
{
    char end;
    other = (int)syscall(SYS_gettid);
    *(int32_t *)status = jc_client_reset_system_user_mfa(client, "ok-4", -1, JC_UNTIL_UNSET, 0, NULL);
    return read(ends[0], &end, 1) == 1 ? status : NULL;
}

static void client_freed_while_inside(void)
{
    client = sim_client(sim("SIM_HTTPS"));
    sim_fault("ok-4", "[{\"delayMs\":500}]");
    int32_t status = -1;
    pthread_t thread;
    if (pipe(ends) != 0) abort();
    pthread_create(&thread, NULL, reset_slowly, &status);
    sim_wait("ok-4", 1);
    jc_client_free(client);
    long call = sleeps_in();
    /* On its way out it may wait for a lock of the allocator. */
    for (int i = 0; call == SYS_futex && i < 10000; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        call = sleeps_in();
    }
    check_number("jc_client_free waits for the call that is inside", call, SYS_read);
    if (write(ends[1], "", 1) != 1) abort();
    pthread_join(thread, NULL);
    check_number("which then returns", status, JC_OK);
}

static void *wait_for_ever(void *status)
{
    jc_buf result = JC_BUF_INIT;
    other = (int)syscall(SYS_gettid);
    *(int32_t *)status = jc_batch_next(batch, UINT32_MAX, &result);
    jc_buf_free(&result);
    return NULL;
}

static void batch_freed_while_inside(void)
{
    client = sim_client(sim("SIM_HTTPS"));
    sim_fault("ok-5", "[{\"never\":true}]");
    jc_batch_new(client, 1, &batch);
    jc_client_free(client);
    jc_batch_push(batch, "ok-5", -1, JC_UNTIL_UNSET, 0, 0);
    int32_t status = -1;
    pthread_t thread;
    other = 0;
    pthread_create(&thread, NULL, wait_for_ever, &status);
    sim_wait("ok-5", 1);
    /* It sleeps in futex only inside jc_batch_next. */
    while (!other || sleeps_in() != SYS_futex) nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    jc_batch_free(batch);
    pthread_join(thread, NULL);
    check_number("jc_batch_free ends the wait of another thread", status, JC_UNKNOWN);
}

int main(void)
{
    setenv("JCApiKey", KEY, 1);
    setenv("JCApiUrl", sim("SIM_HTTP"), 1);
    many();
    client_freed_while_inside();
    batch_freed_while_inside();
    return check_done();
}
