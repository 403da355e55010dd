//! One user at a time, with a configuration of the caller's.

use std::cell::Cell;
use std::mem::MaybeUninit;
use std::ptr;

use super::buffer::{self, Out};
use super::handle::Handle;
use super::options::{self, OptionsHandle};
use super::panic::boundary;
use super::request;
use super::status::{JC_OK, JC_PANIC};
use super::text::{self, Text};
use crate::client::Client;
use crate::outcome::{Code, Fault, ResetResult};

/// A configuration with its connections, which are kept between calls, and one thread of its own.
pub struct jc_client(pub(super) Client);

/// cbindgen:ignore
pub(super) type ClientHandle = Handle<jc_client>;

/// Makes a client from a copy of the options; NULL options are all unset. *out becomes the client, which the caller
/// owns and frees with jc_client_free, or NULL. Returns JC_OK, or JC_INVALID with a result document in err. Sends
/// nothing. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn jc_client_new(
    options: *const OptionsHandle,
    out: Option<&mut MaybeUninit<*mut ClientHandle>>,
    err: Out,
) -> i32 {
    let make = || -> Result<(), Fault> {
        let out = out.ok_or_else(|| Fault::new(Code::ArgumentInvalid, "the argument out is NULL"))?;
        out.write(ptr::null_mut());
        let client = Client::new(&options::read(options)?)?;
        out.write(Handle::create(jc_client(client)));
        Ok(())
    };
    boundary(JC_PANIC, || match make() {
        Ok(()) => {
            buffer::clear(err);
            JC_OK
        }
        Err(fault) => buffer::put_result(err, &ResetResult::unsent(None, fault)),
    })
}

/// Resets one user and waits, at most for the total time-out. Returns what became of it (JC_OK, JC_INVALID,
/// JC_REFUSED, JC_UNKNOWN), with the result document in out_buf, on success and on failure. Any thread, many at once.
/// It cannot be stopped from another thread: a batch of one can.
#[unsafe(no_mangle)]
pub extern "C" fn jc_client_reset_system_user_mfa(
    client: *mut ClientHandle,
    id: Text,
    exclusion: i32,
    until_epoch: i64,
    flags: u32,
    out_buf: Out,
) -> i32 {
    buffer::with_result(out_buf, |begun| match Handle::enter(client) {
        Err(unusable) => ResetResult::unsent(None, unusable.fault("client")),
        Ok(client) => reset(&client.0, &id, exclusion, until_epoch, flags, begun),
    })
}

pub(super) fn reset(
    client: &Client,
    id: &Text,
    exclusion: i32,
    until_epoch: i64,
    flags: u32,
    begun: &Cell<bool>,
) -> ResetResult {
    match request::read(id, exclusion, until_epoch, flags) {
        Ok(request) => {
            begun.set(true);
            client.reset(&request)
        }
        Err(fault) => client.core.invalid(request::id(id), fault),
    }
}

/// What a reset would send, as JSON: {"method", "url", "headers", "body"}, with *** in place of the key. Returns
/// JC_OK, or JC_INVALID with a result document in out_buf. Sends nothing. Any thread, many at once.
#[unsafe(no_mangle)]
pub extern "C" fn jc_preview_reset(
    client: *mut ClientHandle,
    id: Text,
    exclusion: i32,
    until_epoch: i64,
    flags: u32,
    out_buf: Out,
) -> i32 {
    boundary(JC_PANIC, || {
        let preview = match Handle::enter(client) {
            Err(unusable) => Err(Box::new(ResetResult::unsent(None, unusable.fault("client")))),
            Ok(client) => request::read(&id, exclusion, until_epoch, flags)
                .map_err(|fault| Box::new(client.0.core.invalid(request::id(&id), fault)))
                .and_then(|request| client.0.preview(&request)),
        };
        match preview {
            Ok(preview) => {
                buffer::put(out_buf, preview.to_string());
                JC_OK
            }
            Err(result) => buffer::put_result(out_buf, &result),
        }
    })
}

/// For what a host says itself: the text with *** in place of the client's secrets, in whatever way they are written, and
/// U+FFFD in place of control characters. Returns JC_OK with the text in out_buf, or JC_INVALID with a result document.
/// Any thread, many at once.
#[unsafe(no_mangle)]
pub extern "C" fn jc_client_redact(client: *mut ClientHandle, text: Text, out_buf: Out) -> i32 {
    let redact = || -> Result<String, Fault> {
        let client = Handle::enter(client).map_err(|unusable| unusable.fault("client"))?;
        Ok(client.0.core.shown(text::read(&text, "text")?))
    };
    boundary(JC_PANIC, || match redact() {
        Ok(shown) => {
            buffer::put(out_buf, shown);
            JC_OK
        }
        Err(fault) => buffer::put_result(out_buf, &ResetResult::unsent(None, fault)),
    })
}

/// Frees the client when the calls that are inside have returned. Its batches stay usable. NULL does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn jc_client_free(client: *mut ClientHandle) {
    boundary((), || Handle::free(client, |_| ()));
}
