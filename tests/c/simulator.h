/* The server that the tests send their resets to. `cargo xtask` starts one for each program and puts its addresses into
   the environment: SIM_HTTP, SIM_HTTPS, SIM_ADMIN and SIM_CA, named as in the line that the simulator prints. */
#ifndef SIMULATOR_H
#define SIMULATOR_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jcsdk.h"
#include "system.h"

#define KEY "simulator-key"

static inline const char *sim(const char *name)
{
    const char *value = getenv(name);
    if (!value) {
        fprintf(stderr, "%s is not set: run the tests with `cargo xtask test`\n", name);
        exit(2);
    }
    return value;
}

static inline sys_socket sim_connect(void)
{
    sys_use_sockets();
    const char *port = strrchr(sim("SIM_ADMIN"), ':') + 1;
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found;
    if (getaddrinfo("127.0.0.1", port, &hints, &found) != 0) abort();
    sys_socket fd = socket(found->ai_family, found->ai_socktype, 0);
    if (fd == INVALID_SOCKET || connect(fd, found->ai_addr, (socklen_t)found->ai_addrlen) != 0) {
        perror("the simulator's admin address");
        exit(2);
    }
    freeaddrinfo(found);
    return fd;
}

/* Asks the simulator's admin interface, not the API. The caller frees the answer. */
static inline char *sim_ask(const char *method, const char *path, const char *body)
{
    sys_socket fd = sim_connect();
    char head[512];
    int length = snprintf(head, sizeof head, "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n",
                          method, path, strlen(body));
    if (send(fd, head, length, 0) != length || send(fd, body, (int)strlen(body), 0) < 0) abort();
    size_t size = 0, room = 1 << 16;
    char *answer = malloc(room);
    int n;
    while ((n = (int)recv(fd, answer + size, (int)(room - size - 1), 0)) > 0) {
        size += (size_t)n;
        if (room - size < 1024) answer = realloc(answer, room *= 2);
    }
    sys_close_socket(fd);
    answer[size] = '\0';
    if (strncmp(answer, "HTTP/1.1 2", 10) != 0) {
        fprintf(stderr, "%s %s: %s\n", method, path, answer);
        exit(2);
    }
    char *content = strstr(answer, "\r\n\r\n") + 4;
    memmove(answer, content, strlen(content) + 1);
    return answer;
}

/* The number of this name among the simulator's counts, or 0 if it is not there. */
static inline long sim_count(const char *name)
{
    char quoted[256];
    snprintf(quoted, sizeof quoted, "\"%s\":", name);
    char *stats = sim_ask("GET", "/stats", "");
    char *found = strstr(stats, quoted);
    long count = found ? strtol(found + strlen(quoted), NULL, 10) : 0;
    free(stats);
    return count;
}

/* Returns when this many requests for the user have arrived. */
static inline void sim_wait(const char *id, long count)
{
    while (sim_count(id) < count) sys_sleep(5);
}

/* Sets the fault script for the next requests of this user. */
static inline void sim_fault(const char *id, const char *script)
{
    char path[256];
    snprintf(path, sizeof path, "/faults/%s", id);
    free(sim_ask("PUT", path, script));
}

/* Options for this server that read nothing from the environment of the test. */
static inline jc_options *sim_options(const char *url)
{
    jc_options *options = jc_options_new();
    jc_options_set_env(options, "JCApiKey", KEY);
    jc_options_set_env(options, "JCApiUrl", url);
    jc_options_set_env(options, "SSL_CERT_FILE", sim("SIM_CA"));
    return options;
}

static inline jc_client *sim_client(const char *url)
{
    jc_options *options = sim_options(url);
    jc_client *client = NULL;
    jc_buf error = JC_BUF_INIT;
    if (jc_client_new(options, &client, &error) != JC_OK) {
        fprintf(stderr, "no client: %s\n", (const char *)error.ptr);
        exit(2);
    }
    jc_options_free(options);
    return client;
}

#endif
