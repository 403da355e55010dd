//! The numbers that functions return. Their meanings never change; new ones may be added.

use crate::code::Code;
use crate::outcome::Outcome;
use crate::result::ResetResult;

/// The user was reset. From a function that resets nobody: it has done its work.
pub const JC_OK: i32 = 0;
/// Nothing was sent: an argument or the configuration is wrong, or there is no key.
pub const JC_INVALID: i32 = 1;
/// The server refused, or was surely not reached. Nothing has changed.
pub const JC_REFUSED: i32 = 2;
/// The server may have acted. Look the user up before resetting again.
pub const JC_UNKNOWN: i32 = 3;
/// The server surely did not act on it: it was not sent, or it was stopped while it waited to be sent again.
pub const JC_CANCELLED: i32 = 4;
/// From jc_batch_next: there is no result yet.
pub const JC_TIMEOUT: i32 = 5;
/// From jc_batch_push: take a result first.
pub const JC_FULL: i32 = 6;
/// From jc_batch_next: the batch is closed, and every result was taken.
pub const JC_END: i32 = 7;
/// From jc_batch_push: the batch was closed or cancelled before.
pub const JC_CLOSED: i32 = 8;
/// A defect of this library. Treat a reset that was under way as JC_UNKNOWN.
pub const JC_PANIC: i32 = 9;
/// From jc_batch_preview_reset: the user would not be sent; the document says why.
pub const JC_NOT_SENT: i32 = 10;

pub fn of(result: &ResetResult) -> i32 {
    match result.outcome {
        _ if result.code == Some(Code::Panic) => JC_PANIC,
        Outcome::Reset => JC_OK,
        Outcome::Invalid => JC_INVALID,
        Outcome::Refused => JC_REFUSED,
        Outcome::Unknown => JC_UNKNOWN,
        Outcome::Cancelled => JC_CANCELLED,
    }
}
