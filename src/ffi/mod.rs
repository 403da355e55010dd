//! The C ABI. Thin: it turns C's arguments into Rust's and back, and holds no rule of its own.
//!
//! The conventions that all functions share stand once, at the top of the header (`cbindgen.toml`). Here it is
//! checked what C cannot promise: pointers that are NULL, text that is not UTF-8, numbers out of range. All
//! `unsafe` of the crate is in this folder.

#![allow(unsafe_code)]
#![allow(non_camel_case_types)] // the types' names are C's

mod abi;
mod batch;
mod buffer;
mod cancellation;
mod client;
mod handle;
mod journal;
mod loaded;
mod one_shot;
mod options;
mod panic;
mod request;
mod signals;
mod status;
mod text;
mod version;

pub use loaded::stay_loaded;
pub use panic::thread_is_ours;
pub use signals::{without_signals, without_sigpipe};

/// Wipes memory when it is freed: the HTTP and TLS libraries copy the key into buffers of their own.
#[global_allocator]
static WIPING: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);
