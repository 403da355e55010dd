/*
 * jcsdk: resets a JumpCloud user's TOTP MFA and says exactly what happened.
 *
 * A reset throws the user's second factor away, and past exclusionUntil it locks the user out. So every outcome is one
 * of five, and what may have acted is never sent again by itself:
 *
 *   reset      the server said so
 *   refused    the server said no, or was surely not reached: nothing has changed
 *   unknown    the server may have acted: look the user up before resetting again
 *   cancelled  surely not acted upon: stopped before it was sent
 *   invalid    not sent: an argument or the configuration is wrong
 *
 * A whole program:
 *
 *   #include <stdio.h>
 *   #include "jcsdk.h"
 *
 *   int main(int argc, char **argv)                 // a user's id; with JCApiKey in the environment
 *   {
 *       const char *id = argc > 1 ? argv[1] : NULL;
 *       jc_buf result = JC_BUF_INIT;
 *       int32_t status = jc_reset_system_user_mfa(id, JC_EXCLUSION_UNSET, JC_UNTIL_UNSET, &result);
 *       printf("%s\n", (const char *)result.ptr);
 *       jc_buf_free(&result);
 *       return status == JC_OK ? 0 : 1;
 *   }
 *
 * More is three steps: jc_options_new and its setters, or NULL for what the environment says; jc_client_new; then
 * jc_client_reset_system_user_mfa for one user, or jc_batch_new, _push, _close and _next for many. A long run keeps a
 * journal (jc_batch_set_journal), so that after a crash it can be gone on with, and nobody is reset twice:
 *
 *   #include <stdio.h>
 *   #include "jcsdk.h"
 *
 *   int main(int argc, char **argv)                 // the users' ids
 *   {
 *       int failed = 0;
 *       jc_client *client;
 *       jc_batch *batch;
 *       jc_buf result = JC_BUF_INIT;
 *       if (jc_client_new(NULL, &client, &result) != JC_OK) {
 *           fprintf(stderr, "%s\n", (const char *)result.ptr);
 *           jc_buf_free(&result);
 *           return 1;
 *       }
 *       jc_batch_new(client, 8, &batch);
 *       for (int i = 1; ; ) {
 *           for (; i < argc; i++) {
 *               int32_t pushed = jc_batch_push(batch, argv[i], JC_EXCLUSION_UNSET, JC_UNTIL_UNSET, 0, (uint64_t)i);
 *               if (pushed == JC_FULL) break;       // take a result, then push this one again
 *           }
 *           if (i == argc) jc_batch_close(batch);   // or jc_batch_next would wait for more
 *           int32_t status = jc_batch_next(batch, UINT32_MAX, &result);
 *           if (status == JC_END) break;
 *           if (status != JC_OK) failed = 1;
 *           printf("%s\n", (const char *)result.ptr);
 *           jc_buf_free(&result);
 *       }
 *       jc_batch_free(batch);
 *       jc_client_free(client);
 *       return failed ? 1 : 0;
 *   }
 *
 * Result document, JSON in UTF-8; what does not apply is absent:
 *
 *   {"outcome": "reset" | "refused" | "unknown" | "cancelled" | "invalid", "status": the JC_ number,
 *    "code": why, a stable text such as "User.NotFound", "hint": what to do, "message": a sentence for a person,
 *    "name": as given with JC_BY_NAME, or the username of JC_BY_NAMES, "userId", "tag", "httpStatus", "serverMessage",
 *    "body": the answer's, cut to 4000 characters,
 *    "attempts": how often the reset was sent, "elapsedMs", "retryAfterSeconds": what the server asked for,
 *    "stopsBatch": true where every other user would fail in the same way, so that a batch begins no other}
 *
 * It never holds the key or a header. Text from outside is cleaned: secrets become ***, control characters U+FFFD.
 *
 * Codes never change their meaning. Each stands here with its hint. A code with * always comes with "stopsBatch":
 *
 *   Argument.Invalid        Correct the argument; nothing was sent.
 *   Id.Invalid              Give the user's id as JumpCloud shows it, 24 hexadecimal digits; nothing was sent.
 *   Name.Invalid            Give the username or the e-mail address as JumpCloud shows it, without blanks around it and
 *                           without * or ?; nothing was sent.
 *   Body.Invalid            Correct the body or the record, then reset this user; nothing was sent.
 *   User.Ambiguous          Give the id of the user who is meant; nobody was reset.
 *   Exclusion.Invalid       Give true, false or nothing; nothing was sent.
 *   ExclusionUntil.Invalid  Give a date between 1970 and 9999 in ISO 8601; nothing was sent.
 *   ExclusionUntil.Past     Give a date in the future, or say that a past one is meant; nothing was sent.
 *   ExclusionUntil.TooFar   Give a date before the year 2400, or say that so late a one is meant; nothing was sent.
 *   Key.Missing             Set JCApiKey to an administrator's API key; nothing was sent.
 *   Key.Invalid             Copy the API key again, without blanks or line breaks; nothing was sent.
 *   Environment.Invalid     Use STANDARD, EU or IN; nothing was sent.
 *   Url.Invalid             Use an https URL, or http on this machine, without user, query or fragment; for a proxy an
 *                           http URL. Nothing was sent.
 *   Configuration.Invalid   Correct the setting; nothing was sent.
 *   Tls.NoAuthorities       Install the system's certificate authorities (the package ca-certificates), or set
 *                           SSL_CERT_FILE to a PEM file of them; nothing was sent.
 *   Auth.Refused *          Check the API key: it may be wrong, withdrawn, or of another region.
 *   Auth.LoginRedirect *    Check the API key: the server asked for a log-in, as it does when it sees no key.
 *   Organization.Required * Set JCOrgId to the organization's id: this key belongs to an administrator of several.
 *   Permission.Refused      Check the administrator's role, the organization and the region; after many calls it may
 *                           also be a rate block, so wait and try again.
 *   User.NotFound           Check the user's id, the organization and the region; if no user is found, check the URL as
 *                           well.
 *   Url.Suspect             Check the URL, which is given without /api at its end, and what stands in front of the API;
 *                           nothing has changed.
 *   Lookup.Failed           Nobody was reset: try again, or give the user's id, which needs no search.
 *   Lookup.NotExact         Nobody was reset: give the user's id, and see what stands in front of the API, which
 *                           searches exactly.
 *   Request.Refused         The request was refused as it is; the server's message, if it gave one, says why. Nothing
 *                           has changed.
 *   RateLimit.Exceeded      Wait, then reset this user again with fewer at once; nothing has changed.
 *   Service.Unavailable     Wait, then reset this user again; nothing has changed.
 *   Redirect.Refused *      Check the URL and what stands in front of it: the API does not redirect, and redirects are
 *                           never followed.
 *   Connection.Refused      Check the address and that the server runs; nothing was sent.
 *   Connection.NotMade      Check the network, the firewall and the proxy; nothing was sent.
 *   Name.NotFound *         Check the host's name and the DNS; nothing was sent.
 *   Name.LookupFailed       Check the DNS, the network and the limits of this process, then reset this user again;
 *                           nothing was sent.
 *   Tls.NotTrusted *        Check who answers there; if a proxy of your own inspects TLS, have the system trust its
 *                           certificate authority. Nothing was sent.
 *   Proxy.Refused *         Check the proxy's address, user and password, and that it allows this host; nothing was
 *                           sent.
 *   Answer.TimedOut         Look the user up before resetting again: the server may have acted.
 *   Answer.Lost             Look the user up before resetting again: the server may have acted.
 *   Answer.NotUnderstood    Look the user up before resetting again, and see what stands in front of the API: the
 *                           answer is not the API's.
 *   Server.Failed           Look the user up before resetting again: the server may have acted before it failed.
 *   NotTried                Correct what stopped the batch, then reset this user.
 *   DuplicateUser           See the first result of this user; this request was not sent.
 *   Journal.AlreadyReset    Nothing is to be done: an earlier run has reset this user, and a second reset would throw
 *                           away what was set up since.
 *   Journal.Unfinished      Look the user up; where the reset was not done, go on with retry-unknown. This request was
 *                           not sent.
 *   Journal.InUse           Wait until the run that writes this journal has ended; nothing was sent.
 *   Journal.NotLockable     Put the journal on a local disk: this file system cannot lock a file. Nothing was sent.
 *   Journal.Unreadable      Give a journal, or the path of a file that is not there yet. If a journal is damaged, list
 *                           from it who was reset and who is unknown, and go on with the others in a new one; nothing
 *                           was sent, and the file is unchanged.
 *   Journal.Mismatch        Give the journal of this URL and organization, or the path of a new one; nothing was sent.
 *   Journal.NotWritten *    Check the disk, its free space and the folder, then go on with resume; nothing was sent.
 *   Cancelled               Reset this user again if it is still wanted, but where the outcome is unknown only after
 *                           looking the user up.
 *   Internal.NotSent        This is a defect of jcsdk: please report it. Nothing has changed.
 *   Internal.Panic          This is a defect of jcsdk: please report it. Look the user up before resetting again.
 *
 * Conventions:
 *
 * - Text is UTF-8 and ends with NUL. Numbers and pointers are checked: what is wrong is a status, never a crash, and
 *   where the function has a jc_buf *, a document that names the argument.
 * - const T * is borrowed for the call. T ** gives ownership: each type has one _free, and _free(NULL) does nothing.
 *   A _free waits for calls that are inside on other threads; a handle is not used after it.
 * - Where a function takes a jc_buf *, NULL is allowed. Pass one that is JC_BUF_INIT or freed: what it held before is
 *   overwritten, and not freed.
 * - Functions return int32_t, one of the JC_ statuses below; any of them may be JC_PANIC. Numbers never change their
 *   meaning; new ones may come, so treat one that you do not know as JC_UNKNOWN.
 * - Dates are seconds since 1970-01-01T00:00:00Z, time-outs milliseconds.
 * - Threads of the library block all signals, and broken connections raise no SIGPIPE. No function is for signal handlers.
 * - A thread that calls has a stack of at least 256 KiB. On one whose thread-locals are gone, as in the destructor of a
 *   pthread key or, with glibc, at exit, clients and resets are JC_INVALID. pthread_cancel waits until the call has returned.
 * - Nothing is written to stderr.
 * - A child made by fork makes its own handles: with its parent's, functions return JC_INVALID and free nothing.
 * - Once it was used, the library has to stay loaded: no dlclose.
 * - "Else NAME", at an option, is the environment variable that counts where the option is unset.
 *
 * Made by `cargo xtask header` from src/ffi: do not edit.
 */

#ifndef JCSDK_H
#define JCSDK_H

#include <stddef.h>
#include <stdint.h>

/* What a jc_buf is before its first use. */
#define JC_BUF_INIT {NULL, 0, 0}

/**
 * The user was reset. From a function that resets nobody: it has done its work.
 */
#define JC_OK 0

/**
 * Nothing was sent: an argument or the configuration is wrong, or there is no key.
 */
#define JC_INVALID 1

/**
 * The server refused, or was surely not reached. Nothing has changed.
 */
#define JC_REFUSED 2

/**
 * The server may have acted. Look the user up before resetting again.
 */
#define JC_UNKNOWN 3

/**
 * The server surely did not act on it: it was not sent, or it was stopped while it waited to be sent again.
 */
#define JC_CANCELLED 4

/**
 * From jc_batch_next: there is no result yet.
 */
#define JC_TIMEOUT 5

/**
 * From jc_batch_push: take a result first.
 */
#define JC_FULL 6

/**
 * From jc_batch_next: the batch is closed, and every result was taken.
 */
#define JC_END 7

/**
 * From jc_batch_push: the batch was closed or cancelled before.
 */
#define JC_CLOSED 8

/**
 * A defect of this library. Treat a reset that was under way as JC_UNKNOWN.
 */
#define JC_PANIC 9

/**
 * From jc_batch_preview_reset: the user would not be sent; the document says why.
 */
#define JC_NOT_SENT 10

/**
 * The ABI that this header describes. Compare it with jc_abi_version() where the library is loaded by name.
 */
#define JC_ABI_VERSION 1

/**
 * For `exclusion`: leaves it out of the request.
 */
#define JC_EXCLUSION_UNSET -1

/**
 * For `until_epoch`: leaves exclusionUntil out of the request.
 */
#define JC_UNTIL_UNSET INT64_MIN

/**
 * For `flags`: an exclusionUntil before now, which locks the user out at once, or in the year 2400 or later is sent
 * all the same.
 */
#define JC_ALLOW_PAST 1

/**
 * For `flags`: in place of the id stands a username or an e-mail address. The user who has it is looked up first.
 */
#define JC_BY_NAME 2

/**
 * For `flags`, in place of JC_BY_NAME: in place of the id stands a JSON object of two texts,
 * {"username": "...", "email": "..."}, of which the user has to have both. Else nobody is reset: User.Ambiguous.
 */
#define JC_BY_NAMES 4

/**
 * For `flags`, alone: the host has found this user's record wrong before it could be a request. Nothing is sent, the
 * result says so, and a journal has a line of it. In place of the id stands a JSON object of texts: "code" is one of
 * those that end in .Invalid, "message" a clause that says what is wrong, "hint" what to do if the code's own hint says
 * too little; and "id", "username" and "email" are there as far as they are known.
 */
#define JC_FAULT 8

/**
 * An administrator's API key. Else JCApiKey. Its memory is wiped when it is no longer needed, and it is never shown.
 */
#define JC_OPT_API_KEY 1

/**
 * The organization's id, for administrators of several. Else JCOrgId.
 */
#define JC_OPT_ORG_ID 2

/**
 * STANDARD, EU or IN, in upper or lower case. Else JCEnvironment, else STANDARD.
 */
#define JC_OPT_ENVIRONMENT 3

/**
 * The API's base URL: https, or http on this machine. Takes precedence over JC_OPT_ENVIRONMENT. Else JCApiUrl.
 */
#define JC_OPT_URL 4

/**
 * A PEM file of certificate authorities to trust in addition to the system's. It has to be a regular file, and is read
 * when the client is made. Else SSL_CERT_FILE.
 */
#define JC_OPT_CA_FILE 5

/**
 * The URL of an http proxy, used for https only. Else the first of HTTPS_PROXY, https_proxy, ALL_PROXY and all_proxy
 * that is not empty.
 */
#define JC_OPT_PROXY 6

/**
 * Takes precedence over a user in the proxy's URL.
 */
#define JC_OPT_PROXY_USER 7

/**
 * Takes precedence over a password in the proxy's URL. Like the key, it is wiped and never shown.
 */
#define JC_OPT_PROXY_PASSWORD 8

/**
 * Hosts that are reached without the proxy, separated by commas: names, which include their subdomains, addresses and
 * ranges of addresses, each with or without a port. * is every host. Else NO_PROXY or no_proxy.
 */
#define JC_OPT_NO_PROXY 9

/**
 * Appended to "jcsdk/<version>" in the User-Agent.
 */
#define JC_OPT_USER_AGENT 10

/**
 * For the connection and its TLS handshake, in milliseconds: 1 to 3600000. 10000 by default.
 */
#define JC_OPT_CONNECT_TIMEOUT_MS 101

/**
 * For one attempt, in milliseconds: 1 to 3600000. The default is JC_OPT_TOTAL_TIMEOUT_MS if that is set, otherwise
 * 60000.
 */
#define JC_OPT_REQUEST_TIMEOUT_MS 102

/**
 * For one reset with all its attempts and waits, in milliseconds: 1 to 3600000. 100000 by default.
 */
#define JC_OPT_TOTAL_TIMEOUT_MS 103

/**
 * How often a request that surely did nothing is sent again: 0 to 100. 3 by default.
 */
#define JC_OPT_MAX_RETRIES 104

/**
 * The most that a batch may have under way at once.
 */
#define JC_THROTTLE_LIMIT_MAX 256

/**
 * For the flags of jc_batch_set_journal: the last entry of a user in the journal decides, before anything else does. A
 * user who was reset is not sent again and comes back as reset, Journal.AlreadyReset; one who may have been reset
 * comes back as unknown, Journal.Unfinished. The journal identifies users by id, so a user who is given by name is
 * looked up first. With JC_JOURNAL_READ_ONLY nobody is looked up: the names in the journal are compared, and the
 * message says so.
 */
#define JC_JOURNAL_RESUME 1

/**
 * With JC_JOURNAL_RESUME: a user who may have been reset is sent again. Look up these users before you set it.
 */
#define JC_JOURNAL_RETRY_UNKNOWN 2

/**
 * The journal is only read: it is neither created nor locked nor written, and a file that is not there is an empty
 * journal. The batch sends nobody, whatever is pushed: it is for jc_batch_preview_reset.
 */
#define JC_JOURNAL_READ_ONLY 4

/**
 * Resets that are sent through one client, several at once. Their results come in the order of the pushes.
 *
 * A failure that every other user would meet too (see the codes with *) stops the batch: the users who were not sent
 * by then come back as cancelled, NotTried. Requests are sent one at a time until an answer shows that the key is
 * accepted.
 */
typedef struct jc_batch jc_batch;

/**
 * A configuration with its connections, which are kept between calls, and one thread of its own.
 */
typedef struct jc_client jc_client;

/**
 * What a client is made from: see the JC_OPT_ constants.
 */
typedef struct jc_options jc_options;

/**
 * UTF-8 text that the library allocates. The caller declares it as `jc_buf b = JC_BUF_INIT;`, passes it to a
 * function, reads `len` bytes at `ptr` (a NUL follows them), and frees it with jc_buf_free.
 */
typedef struct {
  /**
   * NULL where there is no text.
   */
  uint8_t *ptr;
  /**
   * In bytes, without the NUL.
   */
  size_t len;
  /**
   * For the library's own use.
   */
  size_t cap;
} jc_buf;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The library's version, such as "0.1.0". The text is static: do not free it.
 */
const char *jc_version(void);

/**
 * The version of the ABI. It changes when something that is in this header is removed or changes its meaning.
 */
uint32_t jc_abi_version(void);

/**
 * Frees the text and resets the buffer to JC_BUF_INIT, so that freeing it again does nothing. NULL does nothing.
 * Any thread; not the same buffer from two threads at once.
 */
void jc_buf_free(jc_buf *buf);

/**
 * Resets one user and waits, at most 100 seconds. exclusion is 1, 0 or JC_EXCLUSION_UNSET; until_epoch is in seconds
 * since 1970-01-01T00:00:00Z, or JC_UNTIL_UNSET, and must not have passed. The process's environment configures it:
 * JCApiKey, JCOrgId, JCEnvironment, JCApiUrl, HTTPS_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE. Returns what became of
 * it (JC_OK, JC_INVALID, JC_REFUSED, JC_UNKNOWN), with the result document in out_buf, on success and on failure. Any
 * thread, many at once, but not while another thread changes the environment.
 */
int32_t jc_reset_system_user_mfa(const char *id,
                                 int32_t exclusion,
                                 int64_t until_epoch,
                                 jc_buf *out_buf);

/**
 * Makes options that are all unset. The caller owns them and frees them with jc_options_free. Returns NULL only if the
 * library has a defect.
 */
jc_options *jc_options_new(void);

/**
 * Sets one of the options that are text. The value is copied. NULL unsets the option, so that its environment variable
 * is used again. "" leaves the option empty, whatever the environment says. jc_client_new checks the value.
 * Returns JC_OK or JC_INVALID (NULL options, not a text option, not UTF-8). Any thread.
 */
int32_t jc_options_set_text(jc_options *options,
                            int32_t option,
                            const char *value);

/**
 * Sets one of the options that are numbers. Returns JC_OK or JC_INVALID (NULL options, not such an option, a number
 * outside its range). Any thread.
 */
int32_t jc_options_set_int(jc_options *options,
                           int32_t option,
                           int64_t value);

/**
 * Sets a variable of an environment that is used instead of the process's; a value of NULL removes it. After the first
 * such call the process's environment is not read for these options at all. This is for hosts whose users see another
 * environment, as those of PowerShell and .NET do. These variables are used: JCApiKey, JCOrgId, JCEnvironment,
 * JCApiUrl, HTTPS_PROXY, https_proxy, ALL_PROXY, all_proxy, NO_PROXY, no_proxy, SSL_CERT_FILE. (On Linux the process's
 * own SSL_CERT_FILE still decides which authorities the system trusts, as for any program.) Returns JC_OK or
 * JC_INVALID (NULL options or name, not UTF-8). Any thread.
 */
int32_t jc_options_set_env(jc_options *options,
                           const char *name,
                           const char *value);

/**
 * As jc_client_redact, for a host that has no client, for example because jc_client_new failed: out_buf becomes the text
 * with *** in place of the secrets in the options and in their environment. Returns JC_OK with the text in out_buf, or
 * JC_INVALID with a result document. Any thread.
 */
int32_t jc_options_redact(const jc_options *options,
                          const char *text,
                          jc_buf *out_buf);

/**
 * Frees the options. Clients made from them stay. NULL does nothing.
 */
void jc_options_free(jc_options *options);

/**
 * Makes a client from a copy of the options; NULL options are all unset. *out becomes the client, which the caller
 * owns and frees with jc_client_free, or NULL. Returns JC_OK, or JC_INVALID with a result document in err that says
 * what is wrong. Sends nothing. Any thread.
 */
int32_t jc_client_new(const jc_options *options,
                      jc_client **out,
                      jc_buf *err);

/**
 * Resets one user and waits, at most for the total time-out. id is the user's id as JumpCloud shows it; with
 * JC_BY_NAME it is a username or an e-mail address that only one user has, and with JC_BY_NAMES it is JSON with both.
 * exclusion is 1, 0 or JC_EXCLUSION_UNSET. until_epoch is the exclusionUntil in seconds since 1970-01-01T00:00:00Z, or
 * JC_UNTIL_UNSET. flags is 0, or a sum of JC_ALLOW_PAST and one of JC_BY_NAME and JC_BY_NAMES, or JC_FAULT. Returns
 * what became of the reset (JC_OK, JC_INVALID, JC_REFUSED, JC_UNKNOWN), with the result document in out_buf, on success
 * and on failure. Any thread, many at once. It cannot be stopped from another thread; a batch of one can.
 */
int32_t jc_client_reset_system_user_mfa(jc_client *client,
                                        const char *id,
                                        int32_t exclusion,
                                        int64_t until_epoch,
                                        uint32_t flags,
                                        jc_buf *out_buf);

/**
 * Says what jc_client_reset_system_user_mfa with the same arguments would send, as JSON in out_buf:
 * {"userId": as it may be shown, "method", "url", "headers", "body", and if a proxy is used "proxy": its URL without
 * the login}, with *** in place of the key. With JC_BY_NAME or JC_BY_NAMES the id is not known yet, so the document
 * has "name" and "lookup": {"method", "url", "body"}, the search that is sent first, in place of "userId" and "url".
 * Returns JC_OK, or JC_INVALID with a result document in out_buf that says what is wrong. Sends nothing. Any thread,
 * many at once.
 */
int32_t jc_client_preview_reset(jc_client *client,
                                const char *id,
                                int32_t exclusion,
                                int64_t until_epoch,
                                uint32_t flags,
                                jc_buf *out_buf);

/**
 * Cleans a text that the host is about to show: out_buf becomes the text with *** in place of the client's secrets, in
 * whatever encoding, and U+FFFD in place of control characters. Returns JC_OK with the text in out_buf, or JC_INVALID
 * with a result document. Any thread, many at once.
 */
int32_t jc_client_redact(jc_client *client,
                         const char *text,
                         jc_buf *out_buf);

/**
 * Frees the client when the calls that are inside have returned. Its batches stay usable. NULL does nothing.
 */
void jc_client_free(jc_client *client);

/**
 * Makes a batch. At most throttle_limit requests are under way at once: 1 to JC_THROTTLE_LIMIT_MAX. *out becomes the
 * batch, which the caller owns and frees with jc_batch_free, or NULL. The client may be freed before it. Returns
 * JC_OK or JC_INVALID. Any thread.
 */
int32_t jc_batch_new(jc_client *client,
                     uint32_t throttle_limit,
                     jc_batch **out);

/**
 * Takes a request without waiting. Its result comes from jc_batch_next, in the order of the pushes. A wrong request is
 * taken too, and comes back as invalid, with the reason. Each user is sent once: a later push of the same user, by id
 * or by any name, comes back as cancelled, DuplicateUser. For this the batch keeps one entry for each id, and a reset
 * waits until the names that were pushed before it are looked up. id, exclusion, until_epoch and flags are those of
 * jc_client_reset_system_user_mfa. tag is the caller's own number, which the result document repeats. Returns JC_OK;
 * JC_FULL: take a result first, then push again; JC_CLOSED: closed or cancelled before; or JC_INVALID: batch cannot be
 * used. Any thread, many at once.
 */
int32_t jc_batch_push(jc_batch *batch,
                      const char *id,
                      int32_t exclusion,
                      int64_t until_epoch,
                      uint32_t flags,
                      uint64_t tag);

/**
 * Waits for the next result, at most timeout_ms milliseconds. Returns what became of that user (JC_OK, JC_INVALID,
 * JC_REFUSED, JC_UNKNOWN, JC_CANCELLED, JC_PANIC), with the result document in out_buf; or, without a document,
 * JC_TIMEOUT: none is there yet; JC_END: closed, and every result was taken; JC_INVALID: batch cannot be used. Any
 * thread, many at once.
 */
int32_t jc_batch_next(jc_batch *batch,
                      uint32_t timeout_ms,
                      jc_buf *out_buf);

/**
 * Says for how long a Retry-After of the server still holds requests of this batch back: *ms becomes the milliseconds,
 * or 0 if no request of this batch waits for it. A host can use this to tell a person why nothing happens. Returns
 * JC_OK, or JC_INVALID: batch cannot be used, or ms is NULL. Any thread, many at once.
 */
int32_t jc_batch_held_back(jc_batch *batch,
                           uint64_t *ms);

/**
 * Says that no more will be pushed. Returns JC_OK, or JC_INVALID: batch cannot be used. Any thread; it may be called
 * again.
 */
int32_t jc_batch_close(jc_batch *batch);

/**
 * Closes the batch and stops all that is not done. Connections are closed at once, and jc_batch_next returns the
 * results at once: JC_UNKNOWN for a request that was under way, JC_CANCELLED for one that was not yet sent or waited
 * to be sent again. It does not wait for the disk: with a journal, jc_batch_next gives each result when its end is
 * written. Returns JC_OK, or JC_INVALID: batch cannot be used. Any thread; it may be called again.
 */
int32_t jc_batch_cancel(jc_batch *batch);

/**
 * Cancels the batch, waits until the calls that are inside have returned and a journal is on the disk, and frees it.
 * Results that were not taken are lost. NULL does nothing.
 */
void jc_batch_free(jc_batch *batch);

/**
 * Has the batch keep a journal, before its first push: JSON Lines in the file at this path (UTF-8). Each user's begin
 * is on the disk before the request may leave, and each end is written before its result can be taken, so that after a
 * crash the same users can be pushed again with JC_JOURNAL_RESUME, and nobody is reset twice. The file is one that an
 * earlier run has written, an empty one, or not there yet. It is opened, locked and read before the function returns;
 * jc_batch_free syncs and closes it. flags is 0 or a sum of JC_JOURNAL_ flags. If the journal can no longer be
 * written, the batch stops: a user who was not sent comes back as invalid, Journal.NotWritten, or cancelled, NotTried.
 * Returns JC_OK, or JC_INVALID with a result document in err_buf that says what is wrong; then the batch has no
 * journal. Any thread.
 */
int32_t jc_batch_set_journal(jc_batch *batch,
                             const char *path,
                             uint32_t flags,
                             jc_buf *err_buf);

/**
 * Says what jc_batch_push with the same arguments would do, before a person is asked to confirm it. Sends and changes
 * nothing, and the user does not count as pushed. Returns JC_OK: the user would be sent, and out_buf is the document
 * of jc_client_preview_reset; JC_NOT_SENT: the user would not be sent, and out_buf is the result document that would
 * come back, with its own "status", which is JC_OK for Journal.AlreadyReset; JC_CLOSED, without a document: the batch
 * takes no more; or JC_INVALID: batch cannot be used, and out_buf says why. A user who is given by name is not looked
 * up, so earlier pushes of this user are not recognized. The journal is then searched for the name, but only with
 * JC_JOURNAL_RESUME and JC_JOURNAL_READ_ONLY: the last user who had it, in any case of ASCII letters, may give
 * Journal.AlreadyReset or Journal.Unfinished, without a "userId", because the name may belong to another user by now.
 * Any thread, many at once.
 */
int32_t jc_batch_preview_reset(jc_batch *batch,
                               const char *id,
                               int32_t exclusion,
                               int64_t until_epoch,
                               uint32_t flags,
                               jc_buf *out_buf);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* JCSDK_H */
