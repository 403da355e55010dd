//! What a client is made from.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::buffer::{self, Out};
use super::handle::{Handle, Unusable};
use super::panic::boundary;
use super::status::{JC_INVALID, JC_OK, JC_PANIC};
use super::text::{self, Text};
use crate::config::Options;
use crate::outcome::Fault;
use crate::redact::Secret;

/// An administrator's API key. Else JCApiKey. Its memory is wiped when it is no longer needed, and it is never shown.
pub const JC_OPT_API_KEY: i32 = 1;
/// The organization's id, for administrators of several. Else JCOrgId.
pub const JC_OPT_ORG_ID: i32 = 2;
/// STANDARD, EU or IN, in upper or lower case. Else JCEnvironment, else STANDARD.
pub const JC_OPT_ENVIRONMENT: i32 = 3;
/// The API's base URL: https, or http on this machine. Takes precedence over JC_OPT_ENVIRONMENT. Else JCApiUrl.
pub const JC_OPT_URL: i32 = 4;
/// A PEM file of certificate authorities to trust in addition to the system's. It has to be a regular file, and is read
/// when the client is made. Else SSL_CERT_FILE.
pub const JC_OPT_CA_FILE: i32 = 5;
/// The URL of an http proxy, used for https only. Else the first of HTTPS_PROXY, https_proxy, ALL_PROXY and all_proxy
/// that is not empty.
pub const JC_OPT_PROXY: i32 = 6;
/// Takes precedence over a user in the proxy's URL.
pub const JC_OPT_PROXY_USER: i32 = 7;
/// Takes precedence over a password in the proxy's URL. Like the key, it is wiped and never shown.
pub const JC_OPT_PROXY_PASSWORD: i32 = 8;
/// Hosts that are reached without the proxy, separated by commas: names, which include their subdomains, addresses and
/// ranges of addresses, each with or without a port. * is every host. Else NO_PROXY or no_proxy.
pub const JC_OPT_NO_PROXY: i32 = 9;
/// Appended to "jcsdk/<version>" in the User-Agent.
pub const JC_OPT_USER_AGENT: i32 = 10;
/// For the connection and its TLS handshake, in milliseconds: 1 to 3600000. 10000 by default.
pub const JC_OPT_CONNECT_TIMEOUT_MS: i32 = 101;
/// For one attempt, in milliseconds: 1 to 3600000. The default is JC_OPT_TOTAL_TIMEOUT_MS if that is set, otherwise
/// 60000.
pub const JC_OPT_REQUEST_TIMEOUT_MS: i32 = 102;
/// For one reset with all its attempts and waits, in milliseconds: 1 to 3600000. 100000 by default.
pub const JC_OPT_TOTAL_TIMEOUT_MS: i32 = 103;
/// How often a request that surely did nothing is sent again: 0 to 100. 3 by default.
pub const JC_OPT_MAX_RETRIES: i32 = 104;

/// What a client is made from: see the JC_OPT_ constants.
pub struct jc_options(Mutex<Options>);

/// cbindgen:ignore
pub type OptionsHandle = Handle<jc_options>;

/// Makes options that are all unset. The caller owns them and frees them with jc_options_free. Returns NULL only if the
/// library has a defect.
#[unsafe(no_mangle)]
pub extern "C" fn jc_options_new() -> *mut OptionsHandle {
    boundary(std::ptr::null_mut(), || Handle::create(jc_options(Mutex::default())))
}

/// Sets one of the options that are text. The value is copied. NULL unsets the option, so that its environment variable
/// is used again. "" leaves the option empty, whatever the environment says. jc_client_new checks the value.
/// Returns JC_OK or JC_INVALID (NULL options, not a text option, not UTF-8). Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn jc_options_set_text(options: *mut OptionsHandle, option: i32, value: Text) -> i32 {
    let set = |options: &mut Options| {
        let value = match &value {
            None => None,
            value => Some(text::read(value, "value").ok()?),
        };
        let secret = || value.map(Secret::new);
        let text = || value.map(str::to_owned);
        match option {
            JC_OPT_API_KEY => options.api_key = secret(),
            JC_OPT_ORG_ID => options.org_id = text(),
            JC_OPT_ENVIRONMENT => options.environment = text(),
            JC_OPT_URL => options.url = text(),
            JC_OPT_CA_FILE => options.ca_file = text(),
            JC_OPT_PROXY => options.proxy = secret(),
            JC_OPT_PROXY_USER => options.proxy_user = text(),
            JC_OPT_PROXY_PASSWORD => options.proxy_password = secret(),
            JC_OPT_NO_PROXY => options.no_proxy = text(),
            JC_OPT_USER_AGENT => options.user_agent = text(),
            _ => return None,
        }
        Some(())
    };
    change(options, set)
}

/// Sets one of the options that are numbers. Returns JC_OK or JC_INVALID (NULL options, not such an option, a number
/// outside its range). Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn jc_options_set_int(options: *mut OptionsHandle, option: i32, value: i64) -> i32 {
    let set = |options: &mut Options| {
        let timeout = || {
            let timeout = Duration::from_millis(u64::try_from(value).ok()?);
            crate::config::is_timeout(timeout).then_some(timeout)
        };
        match option {
            JC_OPT_CONNECT_TIMEOUT_MS => options.connect_timeout = Some(timeout()?),
            JC_OPT_REQUEST_TIMEOUT_MS => options.request_timeout = Some(timeout()?),
            JC_OPT_TOTAL_TIMEOUT_MS => options.total_timeout = Some(timeout()?),
            JC_OPT_MAX_RETRIES => {
                let retries = u32::try_from(value).ok()?;
                options.max_retries = Some(retries).filter(|&n| n <= crate::config::RETRIES_MAX);
                options.max_retries?;
            }
            _ => return None,
        }
        Some(())
    };
    change(options, set)
}

/// Sets a variable of an environment that is used instead of the process's; a value of NULL removes it. After the first
/// such call the process's environment is not read for these options at all. This is for hosts whose users see another
/// environment, as those of PowerShell and .NET do. These variables are used: JCApiKey, JCOrgId, JCEnvironment,
/// JCApiUrl, HTTPS_PROXY, https_proxy, ALL_PROXY, all_proxy, NO_PROXY, no_proxy, SSL_CERT_FILE. (On Linux the process's
/// own SSL_CERT_FILE still decides which authorities the system trusts, as for any program.) Returns JC_OK or
/// JC_INVALID (NULL options or name, not UTF-8). Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn jc_options_set_env(options: *mut OptionsHandle, name: Text, value: Text) -> i32 {
    let set = |options: &mut Options| {
        let name = text::read(&name, "name").ok()?;
        let env = options.env.get_or_insert_with(HashMap::new);
        match &value {
            None => env.remove(name),
            value => env.insert(name.to_owned(), Secret::new(text::read(value, "value").ok()?)),
        };
        Some(())
    };
    change(options, set)
}

/// As jc_client_redact, for a host that has no client, for example because jc_client_new failed: out_buf becomes the text
/// with *** in place of the secrets in the options and in their environment. Returns JC_OK with the text in out_buf, or
/// JC_INVALID with a result document. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn jc_options_redact(options: *const OptionsHandle, text: Text, out_buf: Out) -> i32 {
    let redact = || -> Result<String, Fault> {
        let redactor = read(options)?.redactor();
        Ok(redactor.clean_whole(text::read(&text, "text")?, usize::MAX))
    };
    boundary(JC_PANIC, || buffer::put_done(out_buf, redact().map(Some)))
}

/// Frees the options. Clients made from them stay. NULL does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn jc_options_free(options: *mut OptionsHandle) {
    // SAFETY: the header asks for options that were not freed, or NULL, and this is their one free.
    boundary((), || unsafe { Handle::free(options, |_| ()) });
}

fn change(options: *mut OptionsHandle, set: impl FnOnce(&mut Options) -> Option<()>) -> i32 {
    boundary(JC_PANIC, || {
        // SAFETY: the header asks for options that were not freed, or NULL.
        let Ok(options) = (unsafe { Handle::enter(options) }) else { return JC_INVALID };
        let mut options = options.0.lock().unwrap_or_else(PoisonError::into_inner);
        set(&mut options).map_or(JC_INVALID, |()| JC_OK)
    })
}

/// A copy of the options. For NULL, all are unset.
pub fn read(options: *const OptionsHandle) -> Result<Options, Fault> {
    // SAFETY: the header asks for options that were not freed, or NULL.
    match unsafe { Handle::enter(options) } {
        Ok(inside) => Ok(inside.0.lock().unwrap_or_else(PoisonError::into_inner).clone()),
        Err(Unusable::Null) => Ok(Options::default()),
        Err(forked) => Err(forked.fault("options")),
    }
}
