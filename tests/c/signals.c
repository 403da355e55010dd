/* The library leaves the host's signals alone: its threads handle none, and broken connections raise none. */
#include <errno.h>
#include <signal.h>

#include "check.h"
#include "simulator.h"

static volatile sig_atomic_t taken;

static void take(int number)
{
    taken = number;
}

/* A signal that the host's only thread blocks stays pending, unless a thread of the library handles it. */
static void not_taken(jc_client *client)
{
    sigset_t one, pending;
    jc_batch *batch = NULL;
    signal(SIGUSR1, take);
    sigemptyset(&one);
    sigaddset(&one, SIGUSR1);
    sim_fault("ok-1", "[{\"delayMs\":200}]");
    jc_batch_new(client, 1, &batch);
    jc_batch_push(batch, "ok-1", -1, JC_UNTIL_UNSET, 0, 0);
    sim_wait("ok-1", 1);

    sigprocmask(SIG_BLOCK, &one, NULL);
    kill(getpid(), SIGUSR1);
    check_number("a request goes on through a signal", jc_batch_next(batch, UINT32_MAX, NULL), JC_OK);
    sigpending(&pending);
    CHECK("no thread of the library took it", sigismember(&pending, SIGUSR1) && !taken);
    sigprocmask(SIG_UNBLOCK, &one, NULL);
    check_number("the host takes it", taken, SIGUSR1);
    jc_batch_free(batch);
}

static void one_shot_too(void)
{
    sigset_t one, pending;
    taken = 0;
    jc_reset_system_user_mfa("ok-2", -1, JC_UNTIL_UNSET, NULL);
    sigemptyset(&one);
    sigaddset(&one, SIGUSR1);
    sigprocmask(SIG_BLOCK, &one, NULL);
    kill(getpid(), SIGUSR1);
    sigpending(&pending);
    CHECK("nor did a thread of the one-shot", sigismember(&pending, SIGUSR1) && !taken);
    sigprocmask(SIG_UNBLOCK, &one, NULL);
}

/* From now on, the library's writes to any of its connections fail with a broken pipe. */
static void break_pipes(void)
{
    for (int fd = 3; fd < 64; fd++) shutdown(fd, SHUT_WR);
}

/* The server breaks the connection in every way, while the host has this action for SIGPIPE. */
static void broken(const char *name, void (*action)(int))
{
    static const char *const faults[] = {
        "[{\"reset\":\"before\"}]", "[{\"reset\":\"mid-headers\"}]", "[{\"reset\":\"after-headers\"}]",
        "[{\"cutBody\":true}]",     "[{\"closeAfter\":true}]",       "[{\"drop\":true}]",
    };
    signal(SIGPIPE, action);
    for (size_t i = 0; i < 2 * sizeof faults / sizeof *faults; i++) {
        jc_client *client = sim_client(sim(i % 2 ? "SIM_HTTP" : "SIM_HTTPS"));
        sim_fault("ok-3", faults[i / 2]);
        jc_client_reset_system_user_mfa(client, "ok-3", -1, JC_UNTIL_UNSET, 0, NULL);
        jc_client_reset_system_user_mfa(client, "ok-4", -1, JC_UNTIL_UNSET, 0, NULL);
        break_pipes();
        jc_client_reset_system_user_mfa(client, "ok-4", -1, JC_UNTIL_UNSET, 0, NULL);
        jc_client_free(client);
    }
    CHECK(name, signal(SIGPIPE, SIG_DFL) == action);
}

int main(void)
{
    setenv("JCApiKey", KEY, 1);
    setenv("JCApiUrl", sim("SIM_HTTP"), 1);
    sigset_t before, after;
    sigprocmask(SIG_SETMASK, NULL, &before);
    jc_client *client = sim_client(sim("SIM_HTTPS"));
    not_taken(client);
    jc_client_free(client);
    one_shot_too();
    broken("broken connections, SIGPIPE at its default", SIG_DFL);
    broken("broken connections, SIGPIPE ignored", SIG_IGN);
    sigprocmask(SIG_SETMASK, NULL, &after);
    CHECK("the host's signal mask is as it was", sigismember(&after, SIGPIPE) == sigismember(&before, SIGPIPE) &&
                                                     sigismember(&after, SIGTERM) == sigismember(&before, SIGTERM));
    return check_done();
}
