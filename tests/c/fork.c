/* A host that forks. The child does not have the library's threads. */
#include <sys/wait.h>

#include "check.h"
#include "simulator.h"

/* Returns what the work returns in a child. A pipe carries it, because valgrind changes the exit status for memory that
   the fork leaves behind. */
static int child(int (*work)(void))
{
    int ends[2], result = -1;
    if (pipe(ends) != 0) abort();
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        result = work();
        _exit(write(ends[1], &result, sizeof result) != sizeof result);
    }
    close(ends[1]);
    if (read(ends[0], &result, sizeof result) != sizeof result) result = -1;
    close(ends[0]);
    waitpid(pid, NULL, 0);
    return result;
}

static jc_client *client;
static jc_batch *batch;

static int one_shot(void)
{
    return jc_reset_system_user_mfa("ok-1", -1, JC_UNTIL_UNSET, NULL);
}

static int own_client(void)
{
    jc_client *own = sim_client(sim("SIM_HTTPS"));
    int32_t status = jc_client_reset_system_user_mfa(own, "ok-2", -1, JC_UNTIL_UNSET, 0, NULL);
    jc_client_free(own);
    return status;
}

static int parents_client(void)
{
    jc_buf result = JC_BUF_INIT;
    int32_t status = jc_client_reset_system_user_mfa(client, "ok-3", -1, JC_UNTIL_UNSET, 0, &result);
    int told = result.ptr && strstr((char *)result.ptr, "before a fork");
    jc_buf_free(&result);
    return told ? status : -1;
}

static int parents_batch(void)
{
    if (jc_batch_push(batch, "ok-3", -1, JC_UNTIL_UNSET, 0, 0) != JC_INVALID) return -1;
    return jc_batch_next(batch, UINT32_MAX, NULL);
}

static int parents_freed(void)
{
    jc_batch_free(batch);
    jc_client_free(client);
    return 0;
}

int main(void)
{
    setenv("JCApiKey", KEY, 1);
    setenv("JCApiUrl", sim("SIM_HTTP"), 1);
    check_number("one shot before a fork", one_shot(), JC_OK);
    check_number("and one in the child", child(one_shot), JC_OK);
    client = sim_client(sim("SIM_HTTPS"));
    jc_batch_new(client, 1, &batch);
    check_number("a child makes a client of its own", child(own_client), JC_OK);
    check_number("with its parent's client it gets an error that says so", child(parents_client), JC_INVALID);
    check_number("its parent's batch is invalid too", child(parents_batch), JC_INVALID);
    check_number("it may free them", child(parents_freed), 0);
    check_number("the parent's client still works", jc_client_reset_system_user_mfa(client, "ok-4", -1, JC_UNTIL_UNSET, 0, NULL), JC_OK);
    jc_batch_free(batch);
    jc_client_free(client);
    check_number("nobody else was reset", sim_count("resets"), 4);
    return check_done();
}
