//! Many users at once.

use std::mem::MaybeUninit;
use std::ptr;
use std::time::Duration;

use super::buffer::{self, Out};
use super::client::ClientHandle;
use super::handle::Handle;
use super::panic::boundary;
use super::request;
use super::status::{JC_CLOSED, JC_END, JC_FULL, JC_INVALID, JC_OK, JC_PANIC, JC_TIMEOUT};
use super::text::Text;
use crate::batch::{Batch, Next, NotPushed, THROTTLE_LIMIT_MAX};

/// The most that a batch may have under way at once.
pub const JC_THROTTLE_LIMIT_MAX: u32 = 256;
const _: () = assert!(JC_THROTTLE_LIMIT_MAX == THROTTLE_LIMIT_MAX);

/// Resets that are sent through one client, several at once. Their results come in the order of the pushes.
///
/// A failure that every other user would meet too (see the codes with *) stops the batch: the users who were not sent
/// by then come back as cancelled, NotTried. Requests are sent one at a time until an answer shows that the key is
/// accepted.
pub struct jc_batch(pub(super) Batch);

/// cbindgen:ignore
pub(super) type BatchHandle = Handle<jc_batch>;

/// Makes a batch. At most throttle_limit requests are under way at once: 1 to JC_THROTTLE_LIMIT_MAX. *out becomes the
/// batch, which the caller owns and frees with jc_batch_free, or NULL. The client may be freed before it. Returns
/// JC_OK or JC_INVALID. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn jc_batch_new(
    client: *mut ClientHandle,
    throttle_limit: u32,
    out: Option<&mut MaybeUninit<*mut BatchHandle>>,
) -> i32 {
    boundary(JC_PANIC, || {
        let Some(out) = out else { return JC_INVALID };
        out.write(ptr::null_mut());
        // SAFETY: the header asks for a client that was not freed, or NULL.
        let Ok(client) = (unsafe { Handle::enter(client) }) else { return JC_INVALID };
        let Some(batch) = Batch::new(&client.0, throttle_limit) else { return JC_INVALID };
        out.write(Handle::create(jc_batch(batch)));
        JC_OK
    })
}

/// Takes a request without waiting. Its result comes from jc_batch_next, in the order of the pushes. A wrong request is
/// taken too, and comes back as invalid, with the reason. Each user is sent once: a later push of the same user, by id
/// or by any name, comes back as cancelled, DuplicateUser. For this the batch keeps one entry for each id, and a reset
/// waits until the names that were pushed before it are looked up. id, exclusion, until_epoch and flags are those of
/// jc_client_reset_system_user_mfa. tag is the caller's own number, which the result document repeats. Returns JC_OK;
/// JC_FULL: take a result first, then push again; JC_CLOSED: closed or cancelled before; or JC_INVALID: batch cannot be
/// used. Any thread, many at once.
#[unsafe(no_mangle)]
pub extern "C" fn jc_batch_push(
    batch: *mut BatchHandle,
    id: Text,
    exclusion: i32,
    until_epoch: i64,
    flags: u32,
    tag: u64,
) -> i32 {
    boundary(JC_PANIC, || {
        // SAFETY: the header asks for a batch that was not freed, or NULL.
        let Ok(batch) = (unsafe { Handle::enter(batch) }) else { return JC_INVALID };
        let pushed = match request::read(&id, exclusion, until_epoch, flags) {
            Ok(request) => batch.0.push(request, Some(tag)),
            Err(fault) => batch.0.push_invalid(request::given(&id, flags), fault, Some(tag)),
        };
        match pushed {
            Ok(()) => JC_OK,
            Err(NotPushed::Full) => JC_FULL,
            Err(NotPushed::Closed) => JC_CLOSED,
        }
    })
}

/// Waits for the next result, at most timeout_ms milliseconds. Returns what became of that user (JC_OK, JC_INVALID,
/// JC_REFUSED, JC_UNKNOWN, JC_CANCELLED, JC_PANIC), with the result document in out_buf; or, without a document,
/// JC_TIMEOUT: none is there yet; JC_END: closed, and every result was taken; JC_INVALID: batch cannot be used. Any
/// thread, many at once.
#[unsafe(no_mangle)]
pub extern "C" fn jc_batch_next(batch: *mut BatchHandle, timeout_ms: u32, out_buf: Out) -> i32 {
    boundary(JC_PANIC, || {
        // SAFETY: the header asks for a batch that was not freed, or NULL.
        let batch = unsafe { Handle::enter(batch) };
        let next = batch.map(|batch| batch.0.next(Duration::from_millis(timeout_ms.into())));
        let status = match next {
            Ok(Next::Result(result)) => return buffer::put_result(out_buf, &result),
            Ok(Next::TimedOut) => JC_TIMEOUT,
            Ok(Next::End) => JC_END,
            Err(_) => JC_INVALID,
        };
        buffer::clear(out_buf);
        status
    })
}

/// Says for how long a Retry-After of the server still holds requests of this batch back: *ms becomes the milliseconds,
/// or 0 if no request of this batch waits for it. A host can use this to tell a person why nothing happens. Returns
/// JC_OK, or JC_INVALID: batch cannot be used, or ms is NULL. Any thread, many at once.
#[unsafe(no_mangle)]
pub extern "C" fn jc_batch_held_back(batch: *mut BatchHandle, ms: Option<&mut MaybeUninit<u64>>) -> i32 {
    boundary(JC_PANIC, || {
        let Some(ms) = ms else { return JC_INVALID };
        ms.write(0);
        // SAFETY: the header asks for a batch that was not freed, or NULL.
        let Ok(batch) = (unsafe { Handle::enter(batch) }) else { return JC_INVALID };
        ms.write(batch.0.held_back().as_millis().try_into().unwrap_or(u64::MAX));
        JC_OK
    })
}

/// Says that no more will be pushed. Returns JC_OK, or JC_INVALID: batch cannot be used. Any thread; it may be called
/// again.
#[unsafe(no_mangle)]
pub extern "C" fn jc_batch_close(batch: *mut BatchHandle) -> i32 {
    with(batch, Batch::close)
}

/// Closes the batch and stops all that is not done. Connections are closed at once, and jc_batch_next returns the
/// results at once: JC_UNKNOWN for a request that was under way, JC_CANCELLED for one that was not yet sent or waited
/// to be sent again. It does not wait for the disk: with a journal, jc_batch_next gives each result when its end is
/// written. Returns JC_OK, or JC_INVALID: batch cannot be used. Any thread; it may be called again.
#[unsafe(no_mangle)]
pub extern "C" fn jc_batch_cancel(batch: *mut BatchHandle) -> i32 {
    with(batch, Batch::cancel)
}

/// Cancels the batch, waits until the calls that are inside have returned and a journal is on the disk, and frees it.
/// Results that were not taken are lost. NULL does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn jc_batch_free(batch: *mut BatchHandle) {
    // SAFETY: the header asks for a batch that was not freed, or NULL, and this is its one free.
    boundary((), || unsafe { Handle::free(batch, |batch| batch.0.cancel()) });
}

fn with(batch: *mut BatchHandle, act: impl FnOnce(&Batch)) -> i32 {
    boundary(JC_PANIC, || {
        // SAFETY: the header asks for a batch that was not freed, or NULL.
        let Ok(batch) = (unsafe { Handle::enter(batch) }) else { return JC_INVALID };
        act(&batch.0);
        JC_OK
    })
}
