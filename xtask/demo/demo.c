/* What `cargo xtask demo` shows if there is no PowerShell: the same resets through the C ABI. */
#include <stdio.h>

#include "jcsdk.h"

/* Shows the call as it is written, and what it returns. */
#define RESET(id, exclusion, until_epoch)                                                                    \
    do {                                                                                                     \
        jc_buf result = JC_BUF_INIT;                                                                         \
        int32_t status = jc_reset_system_user_mfa(id, exclusion, until_epoch, &result);                      \
        printf("jc_reset_system_user_mfa(%s, %s, %s, &result) = %d\n%s\n\n", #id, #exclusion, #until_epoch,  \
               (int)status, (const char *)result.ptr);                                                       \
        jc_buf_free(&result);                                                                                \
    } while (0)

int main(void)
{
    puts("/* A user by id. */");
    RESET("ok-1", JC_EXCLUSION_UNSET, JC_UNTIL_UNSET);
    puts("/* The user has until 2030-01-02T03:04:05Z to set up TOTP again, and is locked out after it. */");
    RESET("ok-2", 1, 1893553445);
    puts("/* An exclusion without a date. */");
    RESET("ok-3", 1, JC_UNTIL_UNSET);
    puts("/* A user that the server does not know. */");
    RESET("nobody", JC_EXCLUSION_UNSET, JC_UNTIL_UNSET);
    return 0;
}
