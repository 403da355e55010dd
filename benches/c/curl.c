/* The same request through libcurl, over one kept connection.
 * curl URL KEY USER CALLS: prints nanoseconds a call. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>

struct body {
    char text[8192];
    size_t len;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static size_t keep(char *data, size_t size, size_t count, void *user)
{
    struct body *body = user;
    size_t len = size * count;
    if (len > sizeof body->text - body->len)
        return 0;
    memcpy(body->text + body->len, data, len);
    body->len += len;
    return len;
}

/* The URL is set each time, as it is where each call is for another user. */
static void reset_once(CURL *curl, const char *base, const char *user, struct body *body)
{
    char url[1024];
    long status = 0;
    snprintf(url, sizeof url, "%s/api/systemusers/%s/resetmfa", base, user);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    body->len = 0;
    CURLcode code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK || status != 200) {
        fprintf(stderr, "%s, HTTP status %ld\n", curl_easy_strerror(code), status);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    if (argc != 5)
        return 2;
    CURL *curl = curl_easy_init();
    if (curl == NULL)
        return 1;
    char key[1024];
    snprintf(key, sizeof key, "x-api-key: %s", argv[2]);
    struct curl_slist *headers = curl_slist_append(NULL, key);
    headers = curl_slist_append(headers, "accept: application/json");
    headers = curl_slist_append(headers, "content-type: application/json");
    static struct body body;
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "libcurl");
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "{}");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 30000L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);

    long calls = atol(argv[4]);
    double begin = 0;
    for (long i = -100; i < calls; i++) {
        if (i == 0)
            begin = now();
        reset_once(curl, argv[1], argv[3], &body);
    }
    printf("%.0f\n", (now() - begin) / (double)calls);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return 0;
}
