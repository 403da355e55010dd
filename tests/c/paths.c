/* Where the file of certificate authorities may lie. */
#include "check.h"
#include "simulator.h"

static void copy(const char *from, const char *to)
{
    static char bytes[1 << 16];
    FILE *in = sys_open(from, "rb"), *out = sys_open(to, "wb");
    if (!in || !out) {
        fprintf(stderr, "%s was not copied to %s\n", from, to);
        exit(2);
    }
    fwrite(bytes, 1, fread(bytes, 1, sizeof bytes, in), out);
    fclose(in);
    fclose(out);
}

static void trusts(const char *name, const char *path)
{
    jc_options *options = sim_options(sim("SIM_HTTPS"));
    jc_client *client = NULL;
    jc_buf result = JC_BUF_INIT;
    jc_options_set_text(options, JC_OPT_CA_FILE, path);
    if (jc_client_new(options, &client, &result) == JC_OK)
        jc_client_reset_system_user_mfa(client, "ok-1", -1, JC_UNTIL_UNSET, 0, &result);
    check_has(name, (char *)result.ptr, "\"outcome\":\"reset\"");
    jc_buf_free(&result);
    jc_client_free(client);
    jc_options_free(options);
}

/* The path of a copy with this name. */
static const char *named(const char *name)
{
    static char path[1024];
    snprintf(path, sizeof path, "%s/%s", sim("SIM_FOLDER"), name);
    copy(sim("SIM_CA"), path);
    return path;
}

int main(void)
{
    trusts("a name with spaces", named("two  spaces .pem"));
    trusts("a name in other letters", named("\xc3\xbcml\xc3\xa4ute \xe6\x97\xa5\xe6\x9c\xac \xd0\xba\xd0\xbb\xd1\x8e\xd1\x87.pem"));
#ifdef _WIN32
    char full[1024], verbatim[1100];
    if (!GetFullPathNameA(named("drive.pem"), sizeof full, full, NULL)) abort();
    trusts("a path with a drive and backslashes", full);
    snprintf(verbatim, sizeof verbatim, "\\\\?\\%s", full);
    trusts("a path that Windows takes as it is", verbatim);
    if (getenv("SIM_SHARE")) {
        char share[1024];
        snprintf(share, sizeof share, "%s\\drive.pem", getenv("SIM_SHARE"));
        trusts("a share of the network", share);
    }
#endif
    return check_done();
}
