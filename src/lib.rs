//! Resets a JumpCloud user's TOTP MFA and says exactly what happened.
//!
//! ```no_run
//! use jcsdk::{Client, Options, Outcome, ResetRequest};
//!
//! # fn main() -> Result<(), jcsdk::Fault> {
//! let client = Client::new(&Options::default())?; // the key is in JCApiKey
//! let request = ResetRequest::new("5f0c1a2b3c4d5e6f7a8b9c0d", Some(true), None)?;
//! let result = client.reset(&request);
//! match result.outcome {
//!     Outcome::Reset => println!("done"),
//!     _ => eprintln!("{}", result.message.unwrap_or_default()),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! The way of a call, file by file. `reset` checks the request, and `lookup` says who is meant by a name. `config` says
//! where to send it and as whom: to an `address` that the key may be sent to, perhaps through a `proxy`. The `client`
//! takes one user, a `batch` many. `session` is what they share, with the loop of attempts; it waits for the
//! `throttle`, makes an `attempt` over `http`, which trusts `authorities` and looks `names` up, on a `runtime`, and
//! asks `retry` for the next step. An `answer`, or the `failure` to get one, becomes an `outcome` with a `code`, and
//! that a `result`. A batch may keep a `journal`, with which an interrupted run is resumed. `redact` keeps the key out
//! of every text. `ffi` is the same for C.

mod address;
mod answer;
mod attempt;
mod authorities;
mod batch;
mod client;
mod code;
mod config;
mod failure;
#[cfg(feature = "capi")]
pub mod ffi;
mod http;
mod journal;
mod lookup;
mod names;
mod outcome;
mod proxy;
mod redact;
mod reset;
mod result;
mod retry;
mod runtime;
mod session;
mod throttle;

pub use batch::{Batch, Next, NotPushed, NotSent, THROTTLE_LIMIT_MAX};
pub use client::Client;
pub use code::Code;
pub use config::{Options, RETRIES_MAX, TIMEOUT_MAX};
pub use journal::JournalOptions;
pub use outcome::{Fault, Outcome};
pub use redact::Secret;
pub use reset::ResetRequest;
pub use result::ResetResult;

/// What the targets in `fuzz/` reach.
#[cfg(fuzzing)]
pub mod fuzzing {
    pub use crate::answer::{Answer, judge};
    pub use crate::config::Config;
    pub use crate::redact::Redactor;
    pub use crate::retry::parse_retry_after;
}
