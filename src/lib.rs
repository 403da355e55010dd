//! Resets a JumpCloud user's TOTP MFA and says exactly what happened.
//!
//! The way of a call, file by file: a checked `reset` request goes with a `config`, to no `address` that a key may
//! not be sent to, perhaps by way of a `proxy`, trusting also whom `authorities` names, through the `client`, alone or
//! in a `batch`. `core` makes the attempts, over `http`, which asks `names`, and on a `runtime`; a `flight` knows
//! whether something may have left; an `answer`, or the `failure` to get one, becomes an `outcome`; `retry` says
//! whether it may be sent again, and `redact` keeps the key out of every word. `ffi` is the same for every language
//! that calls C.

mod address;
mod answer;
mod authorities;
mod batch;
mod client;
mod config;
mod core;
mod failure;
#[cfg(feature = "capi")]
pub mod ffi;
mod flight;
mod http;
mod names;
mod outcome;
mod proxy;
mod redact;
mod reset;
mod retry;
mod runtime;

pub use batch::{Batch, Next, NotPushed, THROTTLE_LIMIT_MAX};
pub use client::Client;
pub use config::{Options, RETRIES_MAX, TIMEOUT_MAX};
pub use outcome::{Code, Fault, Outcome, ResetResult};
pub use redact::Secret;
pub use reset::ResetRequest;

/// What the targets in `fuzz/` reach.
#[cfg(fuzzing)]
pub mod fuzzing {
    pub use crate::answer::{Answer, judge};
    pub use crate::config::Config;
    pub use crate::redact::Redactor;
    pub use crate::retry::parse_retry_after;
}
