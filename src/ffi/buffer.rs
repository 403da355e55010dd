//! Text that the library allocates and the caller frees.

use std::cell::Cell;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::ptr;

use safer_ffi::derive_ReprC;

use super::panic::boundary;
use super::status::{self, JC_OK, JC_PANIC};
use crate::code::Code;
use crate::outcome::{Fault, Outcome, Verdict};
use crate::result::ResetResult;

/// UTF-8 text that the library allocates. The caller declares it as `jc_buf b = JC_BUF_INIT;`, passes it to a
/// function, reads `len` bytes at `ptr` (a NUL follows them), and frees it with jc_buf_free.
#[derive_ReprC]
#[repr(C)]
pub struct jc_buf {
    /// NULL where there is no text.
    pub ptr: *mut u8,
    /// In bytes, without the NUL.
    pub len: usize,
    /// For the library's own use.
    pub cap: usize,
}

/// Receives a function's text. NULL if the caller wants none. `jc_buf *` in the header.
///
/// cbindgen:ignore
pub type Out<'a> = Option<&'a mut MaybeUninit<jc_buf>>;

impl jc_buf {
    const EMPTY: Self = Self { ptr: ptr::null_mut(), len: 0, cap: 0 };

    fn new(text: String) -> Self {
        let mut bytes = ManuallyDrop::new(text.into_bytes());
        let len = bytes.len();
        bytes.push(0);
        Self { ptr: bytes.as_mut_ptr(), len, cap: bytes.capacity() }
    }
}

/// Frees the text and resets the buffer to JC_BUF_INIT, so that freeing it again does nothing. NULL does nothing.
/// Any thread; not the same buffer from two threads at once.
#[unsafe(no_mangle)]
pub extern "C" fn jc_buf_free(buf: Option<&mut jc_buf>) {
    boundary((), || {
        let Some(buf) = buf else { return };
        let jc_buf { ptr, cap, .. } = std::mem::replace(buf, jc_buf::EMPTY);
        if !ptr.is_null() {
            // SAFETY: a buffer that is not empty was made by `jc_buf::new` from a vector of this capacity, and was
            // not freed before, or it would be empty.
            drop(unsafe { Vec::from_raw_parts(ptr, 0, cap) });
        }
    });
}

/// Sets the caller's buffer to JC_BUF_INIT.
pub fn clear(out: Out) {
    if let Some(out) = out {
        out.write(jc_buf::EMPTY);
    }
}

pub fn put(out: Out, text: String) {
    if let Some(out) = out {
        out.write(jc_buf::new(text));
    }
}

/// Gives the result's document to the caller, and returns the status in it.
pub fn put_result(out: Out, result: &ResetResult) -> i32 {
    let status = status::of(result);
    put(out, result.to_json(status));
    status
}

/// Ends a function that resets nobody: gives the caller its text, if it has one, or a document that says what is wrong.
pub fn put_done(out: Out, done: Result<Option<String>, Fault>) -> i32 {
    match done {
        Ok(None) => clear(out),
        Ok(Some(text)) => put(out, text),
        Err(fault) => return put_result(out, &ResetResult::unsent(None, fault)),
    }
    JC_OK
}

/// Runs a function that returns a result, and gives the document to the caller. The function sets the cell when a reset
/// begins. A panic before that means that nothing was sent; after it, the outcome is unknown.
pub fn with_result(out: Out, body: impl FnOnce(&Cell<bool>) -> ResetResult) -> i32 {
    let begun = Cell::new(false);
    let result = boundary(None, || Some(body(&begun)));
    let panicked = || {
        let (outcome, code) = match begun.get() {
            true => (Outcome::Unknown, Code::Panic),
            false => (Outcome::Refused, Code::PanicUnsent),
        };
        ResetResult::unsent(None, Verdict::new(outcome, code, "a defect of jcsdk ended it"))
    };
    boundary(JC_PANIC, || put_result(out, &result.unwrap_or_else(panicked)))
}
