/* How every test here reports: one line for each check, `ok - name` or `not ok - name: why`. */
#ifndef CHECK_H
#define CHECK_H

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int check_failures;

static inline int check(int ok, const char *name, const char *why)
{
    if (ok) {
        printf("ok - %s\n", name);
    } else {
        printf("not ok - %s: %s\n", name, why);
        check_failures++;
    }
    fflush(stdout); /* so that a crash does not lose it */
    return ok;
}

static inline void check_number(const char *name, int64_t got, int64_t wanted)
{
    char why[80];
    snprintf(why, sizeof why, "%" PRId64 ", not %" PRId64, got, wanted);
    check(got == wanted, name, why);
}

/* Checks that the text contains the part. */
static inline void check_has(const char *name, const char *text, const char *part)
{
    char why[4096];
    snprintf(why, sizeof why, "no %s in %s", part, text ? text : "NULL");
    check(text && strstr(text, part), name, why);
}

static inline void check_has_not(const char *name, const char *text, const char *part)
{
    char why[4096];
    snprintf(why, sizeof why, "%s in %s", part, text ? text : "NULL");
    check(text && !strstr(text, part), name, why);
}

#define CHECK(name, condition) check((condition) != 0, name, #condition)

/* What main returns. */
static inline int check_done(void)
{
    return check_failures ? 1 : 0;
}

#endif
