/* What `cargo xtask demo` shows where there is no PowerShell: the same resets through the C ABI. */
#include <stdio.h>

#include "jcsdk.h"

static void reset(const char *id, int32_t exclusion, int64_t until_epoch)
{
    jc_buf result = JC_BUF_INIT;
    int32_t status = jc_reset_system_user_mfa(id, exclusion, until_epoch, &result);
    printf("\njc_reset_system_user_mfa(\"%s\", %d, %lld, &result) = %d\n%s\n", id, (int)exclusion,
           (long long)until_epoch, (int)status, (const char *)result.ptr);
    jc_buf_free(&result);
}

int main(void)
{
    reset("ok-1", JC_EXCLUSION_UNSET, JC_UNTIL_UNSET);
    reset("ok-2", 1, 1893553445); /* 2030-01-02T03:04:05Z */
    reset("ok-3", 1, JC_UNTIL_UNSET);
    reset("nobody", JC_EXCLUSION_UNSET, JC_UNTIL_UNSET);
    return 0;
}
