//! One user with one call, configured by the environment.

use std::process;
use std::sync::{Mutex, MutexGuard, TryLockError};
use std::thread;

use super::buffer::{self, Out};
use super::client;
use super::text::Text;
use crate::authorities::{self, Stamp};
use crate::client::Client;
use crate::config::{Config, Options};
use crate::outcome::Fault;
use crate::result::ResetResult;

/// The last client. It is used again, for its connections, while the environment, the file of certificate authorities
/// and the process stay the same.
static LAST: Mutex<Option<Kept>> = Mutex::new(None);

#[derive(Clone)]
struct Kept {
    made_in: u32,
    authorities: Stamp,
    client: Client,
}

/// Resets one user and waits, at most 100 seconds. exclusion is 1, 0 or JC_EXCLUSION_UNSET; until_epoch is in seconds
/// since 1970-01-01T00:00:00Z, or JC_UNTIL_UNSET, and must not have passed. The process's environment configures it:
/// JCApiKey, JCOrgId, JCEnvironment, JCApiUrl, HTTPS_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE. Returns what became of
/// it (JC_OK, JC_INVALID, JC_REFUSED, JC_UNKNOWN), with the result document in out_buf, on success and on failure. Any
/// thread, many at once, but not while another thread changes the environment.
#[unsafe(no_mangle)]
pub extern "C" fn jc_reset_system_user_mfa(id: Text, exclusion: i32, until_epoch: i64, out_buf: Out) -> i32 {
    buffer::with_result(out_buf, |begun| match current() {
        Err(fault) => ResetResult::unsent(None, fault),
        Ok(client) => client::reset(&client, &id, exclusion, until_epoch, 0, begun),
    })
}

fn current() -> Result<Client, Fault> {
    let config = Config::new(&Options::default())?;
    let made_in = process::id();
    let authorities = config.ca_file.as_deref().and_then(authorities::stamp);
    let fits = |kept: &Kept| {
        kept.made_in == made_in && kept.authorities == authorities && *kept.client.session.config() == config
    };
    if let Some(kept) = last().and_then(|last| last.clone()).filter(fits) {
        return Ok(kept.client);
    }
    // Made without the lock held. If several first calls come at once, each makes a client and the last one is kept.
    let client = Client::with_config(config)?;
    let kept = Kept { made_in, authorities, client: client.clone() };
    let before = last().and_then(|mut last| last.replace(kept));
    // After a fork, its thread does not exist in this process, and dropping it would wait for that thread.
    if before.as_ref().is_some_and(|before| before.made_in != made_in) {
        std::mem::forget(before);
    }
    Ok(client)
}

/// The lock is held only for moments. A child made by fork in such a moment finds it locked forever, so this gives up
/// after a while, and the call uses a client that is not kept.
fn last() -> Option<MutexGuard<'static, Option<Kept>>> {
    (0..1000).find_map(|_| match LAST.try_lock() {
        Ok(last) => Some(last),
        Err(TryLockError::Poisoned(last)) => Some(last.into_inner()),
        Err(TryLockError::WouldBlock) => {
            thread::yield_now();
            None
        }
    })
}
