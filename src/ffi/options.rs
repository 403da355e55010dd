//! What a client is made from.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::handle::{Handle, Unusable};
use super::panic::boundary;
use super::status::{JC_INVALID, JC_OK, JC_PANIC};
use super::text::{self, Text};
use crate::config::Options;
use crate::outcome::Fault;
use crate::redact::Secret;

/// An administrator's API key. Else JCApiKey. Wiped when it is no longer needed, and shown nowhere.
pub const JC_OPT_API_KEY: i32 = 1;
/// The organization's id, for administrators of several. Else JCOrgId.
pub const JC_OPT_ORG_ID: i32 = 2;
/// STANDARD, EU or IN, in any case. Else JCEnvironment, else STANDARD.
pub const JC_OPT_ENVIRONMENT: i32 = 3;
/// The API's base URL: https, or http on this machine. Counts before JC_OPT_ENVIRONMENT. Else JCApiUrl.
pub const JC_OPT_URL: i32 = 4;
/// A PEM file of certificate authorities, trusted besides those of the system: a regular file, read when the client
/// is made. Else SSL_CERT_FILE.
pub const JC_OPT_CA_FILE: i32 = 5;
/// An http proxy's URL; used for https only. Else the first of HTTPS_PROXY, https_proxy, ALL_PROXY and all_proxy that
/// is not empty.
pub const JC_OPT_PROXY: i32 = 6;
/// Counts before a user in the proxy's URL.
pub const JC_OPT_PROXY_USER: i32 = 7;
/// Counts before a password in the proxy's URL. Treated as the key is.
pub const JC_OPT_PROXY_PASSWORD: i32 = 8;
/// Hosts that are reached without the proxy, separated by commas: a name, which also stands for what is below it, an
/// address or a range of them, each perhaps with a port; * is every host. Else NO_PROXY or no_proxy.
pub const JC_OPT_NO_PROXY: i32 = 9;
/// Follows "jcsdk/<version>" in the User-Agent.
pub const JC_OPT_USER_AGENT: i32 = 10;
/// To connect and to agree on TLS, in milliseconds: 1 to 3600000. 10000 by default.
pub const JC_OPT_CONNECT_TIMEOUT_MS: i32 = 101;
/// One attempt until its answer is there, in milliseconds: 1 to 3600000. By default as
/// long as JC_OPT_TOTAL_TIMEOUT_MS where that is set, else 60000.
pub const JC_OPT_REQUEST_TIMEOUT_MS: i32 = 102;
/// One reset with its retries, in milliseconds: 1 to 3600000. 100000 by default.
pub const JC_OPT_TOTAL_TIMEOUT_MS: i32 = 103;
/// How often a request that surely did nothing is sent again: 0 to 100. 3 by default.
pub const JC_OPT_MAX_RETRIES: i32 = 104;

/// What a client is made from: see the JC_OPT_ constants.
pub struct jc_options(Mutex<Options>);

/// cbindgen:ignore
pub type OptionsHandle = Handle<jc_options>;

/// Options that are all unset. The caller owns them and frees them with jc_options_free. NULL on a defect only.
#[unsafe(no_mangle)]
pub extern "C" fn jc_options_new() -> *mut OptionsHandle {
    boundary(std::ptr::null_mut(), || Handle::create(jc_options(Mutex::default())))
}

/// Sets one of the options that are text. The value is copied. NULL unsets it, so that the environment counts again;
/// "" sets it to nothing, and the environment is not asked. What a value means is checked by jc_client_new.
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

/// As if the environment had this variable; NULL as the value, as if it had not. After the first such call the
/// process's environment is not read for these options at all: for hosts whose users see another one, as those of
/// PowerShell and .NET do. What counts: JCApiKey, JCOrgId, JCEnvironment, JCApiUrl, HTTPS_PROXY, https_proxy,
/// ALL_PROXY, all_proxy, NO_PROXY, no_proxy, SSL_CERT_FILE. (Which authorities the system trusts is on Linux still
/// what the process's own SSL_CERT_FILE says, as for any program.) Returns JC_OK or JC_INVALID (NULL options or name,
/// not UTF-8). Any thread.
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

/// A copy of the options; all unset for NULL.
pub fn read(options: *const OptionsHandle) -> Result<Options, Fault> {
    // SAFETY: the header asks for options that were not freed, or NULL.
    match unsafe { Handle::enter(options) } {
        Ok(inside) => Ok(inside.0.lock().unwrap_or_else(PoisonError::into_inner).clone()),
        Err(Unusable::Null) => Ok(Options::default()),
        Err(forked) => Err(forked.fault("options")),
    }
}
