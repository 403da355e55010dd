/* Files of certificate authorities: one that cannot be used is an error at once, and one that changes is read again. */
#include <sys/stat.h>

#include "check.h"
#include "simulator.h"

static jc_buf result;
static char folder[] = "/tmp/jcsdk-authorities-XXXXXX";
static char file[64], pipe_file[64];

static void write_file(const char *text, size_t length)
{
    FILE *out = fopen(file, "wb");
    if (!out || fwrite(text, 1, length, out) != length || fclose(out) != 0) abort();
}

/* The simulator's own authority, after these bytes. */
static void write_authority(const char *before)
{
    char text[16384];
    FILE *in = fopen(sim("SIM_CA"), "rb");
    size_t length = strlen(before);
    memcpy(text, before, length);
    length += in ? fread(text + length, 1, sizeof text - length, in) : 0;
    if (!in || fclose(in) != 0) abort();
    write_file(text, length);
}

/* The status of a client with this file, and its document in `result`. */
static int32_t client_with(const char *authorities)
{
    jc_client *client;
    jc_options *options = sim_options(sim("SIM_HTTPS"));
    jc_options_set_text(options, JC_OPT_CA_FILE, authorities);
    jc_buf_free(&result);
    int32_t status = jc_client_new(options, &client, &result);
    jc_options_free(options);
    jc_client_free(client);
    return status;
}

static void no_regular_file(void)
{
    const char *files[] = {pipe_file, "/dev/zero", "/dev/stdin", folder};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        check_number("a path that is no regular file is refused", client_with(files[i]), JC_INVALID);
        check_has("and named in the message", (const char *)result.ptr, files[i]);
    }
    write_file("", 0);
    check_number("so is an empty file", client_with(file), JC_INVALID);
    check_number("and one that is not there", client_with("/no/such/file"), JC_INVALID);
}

static void variables_of_the_process(void)
{
    setenv("SSL_CERT_FILE", pipe_file, 1);
    check_number("a pipe as the process's SSL_CERT_FILE is refused", client_with(""), JC_INVALID);
    check_has("and named in the message", (const char *)result.ptr, pipe_file);

    write_file("nothing", 7);
    setenv("SSL_CERT_FILE", file, 1);
    setenv("SSL_CERT_DIR", "/no/such/folder", 1);
    check_number("a system without authorities is an error", client_with(""), JC_INVALID);
    check_has("with its own code", (const char *)result.ptr, "\"code\":\"Tls.NoAuthorities\"");
    check_has("that says what to install", (const char *)result.ptr, "ca-certificates");
    check_has("or which variable to set", (const char *)result.ptr, "SSL_CERT_FILE");
    unsetenv("SSL_CERT_DIR");
}

static int32_t reset(void)
{
    jc_buf_free(&result);
    return jc_reset_system_user_mfa("ok-1", JC_EXCLUSION_UNSET, JC_UNTIL_UNSET, &result);
}

static void the_one_shot(void)
{
    setenv("SSL_CERT_FILE", file, 1);
    setenv("JCApiKey", KEY, 1);
    setenv("JCApiUrl", sim("SIM_HTTPS"), 1);
    write_authority("\xef\xbb\xbf");
    check_number("a byte order mark does no harm", reset(), JC_OK);
    check_number("an unchanged file is still good", reset(), JC_OK);
    write_file("nothing", 7);
    check_number("a file that was replaced is read again", reset(), JC_INVALID);
    check_has("and the message says what is wrong with it", (const char *)result.ptr, "no certificate");
    write_authority("");
    check_number("a good one in its place is read again", reset(), JC_OK);
    remove(file);
    check_number("a file that was removed is refused", reset(), JC_INVALID);
    check_number("three users were reset in all this", sim_count("resets"), 3);
}

int main(void)
{
    if (!mkdtemp(folder)) abort();
    snprintf(file, sizeof file, "%s/authorities.pem", folder);
    snprintf(pipe_file, sizeof pipe_file, "%s/pipe", folder);
    if (mkfifo(pipe_file, 0600) != 0) abort();
    no_regular_file();
    variables_of_the_process();
    the_one_shot();
    jc_buf_free(&result);
    remove(pipe_file);
    remove(folder);
    return check_done();
}
