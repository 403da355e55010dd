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
use crate::code::Code;
use crate::outcome::Fault;
use crate::result::ResetResult;

/// A configuration with its connections, which are kept between calls, and one thread of its own.
pub struct jc_client(pub(super) Client);

/// cbindgen:ignore
pub(super) type ClientHandle = Handle<jc_client>;

/// Makes a client from a copy of the options; NULL options are all unset. *out becomes the client, which the caller
/// owns and frees with jc_client_free, or NULL. Returns JC_OK, or JC_INVALID with a result document in err that says
/// what is wrong. Sends nothing. Any thread.
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
    boundary(JC_PANIC, || buffer::put_done(err, make().map(|()| None)))
}

/// Resets one user and waits, at most for the total time-out. id is the user's id as JumpCloud shows it; with
/// JC_BY_NAME it is a username or an e-mail address that only one user has, and with JC_BY_NAMES it is JSON with both.
/// exclusion is 1, 0 or JC_EXCLUSION_UNSET. until_epoch is the exclusionUntil in seconds since 1970-01-01T00:00:00Z, or
/// JC_UNTIL_UNSET. flags is 0, or a sum of JC_ALLOW_PAST and one of JC_BY_NAME and JC_BY_NAMES, or JC_FAULT. Returns
/// what became of the reset (JC_OK, JC_INVALID, JC_REFUSED, JC_UNKNOWN), with the result document in out_buf, on success
/// and on failure. Any thread, many at once. It cannot be stopped from another thread; a batch of one can.
#[unsafe(no_mangle)]
pub extern "C" fn jc_client_reset_system_user_mfa(
    client: *mut ClientHandle,
    id: Text,
    exclusion: i32,
    until_epoch: i64,
    flags: u32,
    out_buf: Out,
) -> i32 {
    // SAFETY: the header asks for a client that was not freed, or NULL.
    buffer::with_result(out_buf, |begun| match unsafe { Handle::enter(client) } {
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
        Err(fault) => client.session.invalid(request::given(id, flags), fault),
    }
}

/// Says what jc_client_reset_system_user_mfa with the same arguments would send, as JSON in out_buf:
/// {"userId": as it may be shown, "method", "url", "headers", "body", and if a proxy is used "proxy": its URL without
/// the login}, with *** in place of the key. With JC_BY_NAME or JC_BY_NAMES the id is not known yet, so the document
/// has "name" and "lookup": {"method", "url", "body"}, the search that is sent first, in place of "userId" and "url".
/// Returns JC_OK, or JC_INVALID with a result document in out_buf that says what is wrong. Sends nothing. Any thread,
/// many at once.
#[unsafe(no_mangle)]
pub extern "C" fn jc_client_preview_reset(
    client: *mut ClientHandle,
    id: Text,
    exclusion: i32,
    until_epoch: i64,
    flags: u32,
    out_buf: Out,
) -> i32 {
    boundary(JC_PANIC, || {
        // SAFETY: the header asks for a client that was not freed, or NULL.
        let preview = match unsafe { Handle::enter(client) } {
            Err(unusable) => Err(Box::new(ResetResult::unsent(None, unusable.fault("client")))),
            Ok(client) => request::read(&id, exclusion, until_epoch, flags)
                .map_err(|fault| Box::new(client.0.session.invalid(request::given(&id, flags), fault)))
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

/// Cleans a text that the host is about to show: out_buf becomes the text with *** in place of the client's secrets, in
/// whatever encoding, and U+FFFD in place of control characters. Returns JC_OK with the text in out_buf, or JC_INVALID
/// with a result document. Any thread, many at once.
#[unsafe(no_mangle)]
pub extern "C" fn jc_client_redact(client: *mut ClientHandle, text: Text, out_buf: Out) -> i32 {
    let redact = || -> Result<String, Fault> {
        // SAFETY: the header asks for a client that was not freed, or NULL.
        let client = unsafe { Handle::enter(client) }.map_err(|unusable| unusable.fault("client"))?;
        Ok(client.0.session.shown(text::read(&text, "text")?))
    };
    boundary(JC_PANIC, || buffer::put_done(out_buf, redact().map(Some)))
}

/// Frees the client when the calls that are inside have returned. Its batches stay usable. NULL does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn jc_client_free(client: *mut ClientHandle) {
    // SAFETY: the header asks for a client that was not freed, or NULL, and this is its one free.
    boundary((), || unsafe { Handle::free(client, |_| ()) });
}
