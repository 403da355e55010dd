//! Looks up host names, each on a thread of its own, so that a slow look-up does not delay others. A failure says
//! whether the name surely does not exist, which every user would meet, or whether a later look-up may succeed.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use dns_lookup::{AddrInfoHints, LookupError, LookupErrorKind, SockType};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::{Semaphore, oneshot};

use crate::runtime;

/// The most look-ups at once. A request that waits for its look-up to start is within its connect time-out.
const AT_ONCE_MAX: usize = 16;

pub struct Names {
    /// For plain http, which is for this machine only: `localhost` may resolve to another one.
    loopback_only: bool,
    timeout: Duration,
    room: Arc<Semaphore>,
}

/// Why there is no address. Nothing has been sent.
#[derive(Debug, PartialEq, Eq)]
pub enum Failed {
    NoSuchName,
    NotThisMachine,
    /// A later look-up may succeed.
    InPassing(String),
}

impl Names {
    pub fn new(loopback_only: bool, connect_timeout: Duration) -> Self {
        // A little less than the HTTP library's connect time-out, whose error would not say that the look-up was slow.
        let timeout = connect_timeout - connect_timeout / 20;
        Self { loopback_only, timeout, room: Arc::new(Semaphore::new(AT_ONCE_MAX)) }
    }
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let (room, loopback_only) = (self.room.clone(), self.loopback_only);
        let found = async move {
            let place = room.acquire_owned().await.map_err(in_passing)?;
            let (tell, told) = oneshot::channel();
            let work = move || {
                let _place = place;
                // An error means that nobody waits for the result any more.
                let _ = tell.send(look_up(name.as_str(), loopback_only));
            };
            runtime::spawn("jcsdk-name", work)
                .map_err(|error| Failed::InPassing(format!("no thread could be started: {error}")))?;
            told.await.map_err(in_passing)?
        };
        let timeout = self.timeout;
        Box::pin(async move {
            let late = || Failed::InPassing("no answer came in time".into());
            let found = tokio::time::timeout(timeout, found).await.unwrap_or_else(|_| Err(late()))?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

fn look_up(name: &str, loopback_only: bool) -> Result<Vec<SocketAddr>, Failed> {
    let hints = AddrInfoHints { socktype: SockType::Stream.into(), ..AddrInfoHints::default() };
    let found = dns_lookup::getaddrinfo(Some(name), None, Some(hints)).map_err(meaning)?;
    // Entries that are no IP address cannot be connected to.
    let addresses = found.flatten().map(|found| found.sockaddr);
    let usable: Vec<_> =
        addresses.filter(|address| !loopback_only || address.ip().to_canonical().is_loopback()).collect();
    match usable.is_empty() {
        true if loopback_only => Err(Failed::NotThisMachine),
        true => Err(Failed::NoSuchName),
        false => Ok(usable),
    }
}

fn meaning(error: LookupError) -> Failed {
    match error.kind() {
        LookupErrorKind::NoName | LookupErrorKind::NoData => Failed::NoSuchName,
        _ => in_passing(io::Error::from(error)),
    }
}

fn in_passing(why: impl fmt::Display) -> Failed {
    let why = why.to_string();
    Failed::InPassing(why.trim_start_matches("failed to lookup address information: ").to_owned())
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchName => f.write_str("was not found"),
            Self::NotThisMachine => f.write_str("does not resolve to this machine"),
            Self::InPassing(why) => write!(f, "could not be looked up ({why})"),
        }
    }
}

impl Error for Failed {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn localhost_is_this_machine() {
        let found = look_up("localhost", true).unwrap();
        assert!(!found.is_empty() && found.iter().all(|address| address.ip().is_loopback()));
    }

    /// An address is found without a name server.
    #[test]
    fn plain_http_goes_to_this_machine_only() {
        assert_eq!(look_up("192.0.2.1", true), Err(Failed::NotThisMachine));
        assert_eq!(look_up("192.0.2.1", false).map(|found| found.len()), Ok(1));
        assert_eq!(look_up("127.0.0.1", true).map(|found| found.len()), Ok(1));
    }

    #[cfg(unix)]
    #[test]
    fn only_a_name_that_surely_does_not_exist_is_not_found() {
        for (code, surely) in [
            (libc::EAI_NONAME, true),
            (libc::EAI_NODATA, true),
            (libc::EAI_AGAIN, false),
            (libc::EAI_FAIL, false),
            (libc::EAI_MEMORY, false),
            (libc::EAI_SYSTEM, false),
            (12_345, false),
        ] {
            let failed = meaning(LookupError::new(code));
            assert_eq!(failed == Failed::NoSuchName, surely, "{code}: {failed}");
        }
    }
}
