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

/// Resets on their way through one client: pushed, sent so many at once, and given back in the order of the pushes.
///
/// A failure that everyone would meet (see the codes with *) stops the batch: whoever was not begun by then comes back
/// as cancelled, NotTried. Until an answer has shown that the client's key is taken, one request goes ahead alone.
pub struct jc_batch(Batch);

/// cbindgen:ignore
type BatchHandle = Handle<jc_batch>;

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
        let Ok(client) = Handle::enter(client) else { return JC_INVALID };
        let Some(batch) = Batch::new(&client.0, throttle_limit) else { return JC_INVALID };
        out.write(Handle::create(jc_batch(batch)));
        JC_OK
    })
}

/// Takes a request without waiting; its result will carry the tag. Ids are not compared: one that is pushed twice is
/// reset twice. Returns JC_OK; JC_FULL: take a result first; JC_CLOSED; or JC_INVALID: nothing was taken, and
/// jc_preview_reset says why. Any thread, many at once.
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
        let Ok(batch) = Handle::enter(batch) else { return JC_INVALID };
        let request = request::read(&id, exclusion, until_epoch, flags);
        match request.map(|request| batch.0.push(request, Some(tag))) {
            Ok(Ok(())) => JC_OK,
            Ok(Err(NotPushed::Full)) => JC_FULL,
            Ok(Err(NotPushed::Closed)) => JC_CLOSED,
            Err(_) => JC_INVALID,
        }
    })
}

/// Waits for the next result, at most timeout_ms milliseconds. Returns what became of that user (JC_OK, JC_INVALID,
/// JC_REFUSED, JC_UNKNOWN, JC_CANCELLED, JC_PANIC), with the result document in out_buf; or, without a document,
/// JC_TIMEOUT: none is there yet; JC_END: closed, and every result was taken; JC_INVALID: batch is NULL. Any thread,
/// many at once.
#[unsafe(no_mangle)]
pub extern "C" fn jc_batch_next(batch: *mut BatchHandle, timeout_ms: u32, out_buf: Out) -> i32 {
    boundary(JC_PANIC, || {
        let next = Handle::enter(batch).map(|batch| batch.0.next(Duration::from_millis(timeout_ms.into())));
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

/// Says that no more will be pushed. Returns JC_OK, or JC_INVALID: batch is NULL. Any thread, also again.
#[unsafe(no_mangle)]
pub extern "C" fn jc_batch_close(batch: *mut BatchHandle) -> i32 {
    with(batch, Batch::close)
}

/// Closes, and stops all that is not done: connections are closed at once, and jc_batch_next returns at once with
/// the results: JC_UNKNOWN what was under way, JC_CANCELLED what was not, or waited to be sent again. Returns JC_OK, or
/// JC_INVALID: batch is NULL. Any thread, also again.
#[unsafe(no_mangle)]
pub extern "C" fn jc_batch_cancel(batch: *mut BatchHandle) -> i32 {
    with(batch, Batch::cancel)
}

/// Cancels, waits for the calls that are inside, and frees. Results that were not taken are lost. NULL does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn jc_batch_free(batch: *mut BatchHandle) {
    boundary((), || Handle::free(batch, |batch| batch.0.cancel()));
}

fn with(batch: *mut BatchHandle, act: impl FnOnce(&Batch)) -> i32 {
    boundary(JC_PANIC, || {
        let Ok(batch) = Handle::enter(batch) else { return JC_INVALID };
        act(&batch.0);
        JC_OK
    })
}
