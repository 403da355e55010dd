/* The least that a C program has to do to send the same request over one kept connection.
 * bare PORT KEY USER CALLS: prints nanoseconds a call. */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* Reads one answer: its head, then Content-Length bytes. */
static void read_answer(int fd)
{
    char text[8192];
    size_t len = 0;
    char *end = NULL;
    while (end == NULL) {
        ssize_t n = read(fd, text + len, sizeof text - 1 - len);
        if (n <= 0)
            die("read");
        len += (size_t)n;
        text[len] = '\0';
        end = strstr(text, "\r\n\r\n");
    }
    if (strncmp(text, "HTTP/1.1 200", 12) != 0)
        die("status");
    char *length = strstr(text, "content-length: ");
    size_t body = length == NULL ? 0 : (size_t)strtoul(length + 16, NULL, 10);
    size_t have = len - (size_t)(end + 4 - text);
    while (have < body) {
        ssize_t n = read(fd, text, sizeof text);
        if (n <= 0)
            die("read");
        have += (size_t)n;
    }
}

int main(int argc, char **argv)
{
    if (argc != 5)
        return 2;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[1]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        die("connect");

    char request[1024];
    int len = snprintf(request, sizeof request,
                       "POST /api/systemusers/%s/resetmfa HTTP/1.1\r\nhost: 127.0.0.1:%s\r\nx-api-key: %s\r\n"
                       "accept: application/json\r\ncontent-type: application/json\r\nuser-agent: bare\r\n"
                       "content-length: 2\r\n\r\n{}",
                       argv[3], argv[1], argv[2]);
    long calls = atol(argv[4]);
    struct timespec begin, end;
    for (long i = -100; i < calls; i++) {
        if (i == 0)
            clock_gettime(CLOCK_MONOTONIC, &begin);
        if (write(fd, request, (size_t)len) != len)
            die("write");
        read_answer(fd);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%.0f\n", ((double)(end.tv_sec - begin.tv_sec) * 1e9 + (double)(end.tv_nsec - begin.tv_nsec)) / (double)calls);
    return 0;
}
