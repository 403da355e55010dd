//! The journal of a batch, and what a push would do.

use std::path::Path;

use super::batch::BatchHandle;
use super::buffer::{self, Out};
use super::handle::{Handle, Unusable};
use super::panic::boundary;
use super::request;
use super::status::{JC_CLOSED, JC_NOT_SENT, JC_OK, JC_PANIC};
use super::text::{self, Text};
use crate::batch::NotSent;
use crate::code::Code;
use crate::journal::JournalOptions;
use crate::outcome::Fault;
use crate::result::ResetResult;

/// For the flags of jc_batch_set_journal: the last entry of a user in the journal decides, before anything else does. A
/// user who was reset is not sent again and comes back as reset, Journal.AlreadyReset; one who may have been reset
/// comes back as unknown, Journal.Unfinished. The journal identifies users by id, so a user who is given by name is
/// looked up first. With JC_JOURNAL_READ_ONLY nobody is looked up: the names in the journal are compared, and the
/// message says so.
pub const JC_JOURNAL_RESUME: u32 = 1;
/// With JC_JOURNAL_RESUME: a user who may have been reset is sent again. Look up these users before you set it.
pub const JC_JOURNAL_RETRY_UNKNOWN: u32 = 2;
/// The journal is only read: it is neither created nor locked nor written, and a file that is not there is an empty
/// journal. The batch sends nobody, whatever is pushed: it is for jc_batch_preview_reset.
pub const JC_JOURNAL_READ_ONLY: u32 = 4;

/// Has the batch keep a journal, before its first push: JSON Lines in the file at this path (UTF-8). Each user's begin
/// is on the disk before the request may leave, and each end is written before its result can be taken, so that after a
/// crash the same users can be pushed again with JC_JOURNAL_RESUME, and nobody is reset twice. The file is one that an
/// earlier run has written, an empty one, or not there yet. It is opened, locked and read before the function returns;
/// jc_batch_free syncs and closes it. flags is 0 or a sum of JC_JOURNAL_ flags. If the journal can no longer be
/// written, the batch stops: a user who was not sent comes back as invalid, Journal.NotWritten, or cancelled, NotTried.
/// Returns JC_OK, or JC_INVALID with a result document in err_buf that says what is wrong; then the batch has no
/// journal. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn jc_batch_set_journal(batch: *mut BatchHandle, path: Text, flags: u32, err_buf: Out) -> i32 {
    let set = || -> Result<(), Fault> {
        // SAFETY: the header asks for a batch that was not freed, or NULL.
        let batch = unsafe { Handle::enter(batch) }.map_err(|unusable| unusable.fault("batch"))?;
        let path = text::read(&path, "path")?;
        let wrong = |what: &str| Err(Fault::new(Code::ArgumentInvalid, what));
        if path.is_empty() {
            return wrong("the argument path is empty");
        }
        if flags & !(JC_JOURNAL_RESUME | JC_JOURNAL_RETRY_UNKNOWN | JC_JOURNAL_READ_ONLY) != 0 {
            return wrong("the argument flags has an unknown bit");
        }
        let options = JournalOptions {
            resume: flags & JC_JOURNAL_RESUME != 0,
            retry_unknown: flags & JC_JOURNAL_RETRY_UNKNOWN != 0,
            read_only: flags & JC_JOURNAL_READ_ONLY != 0,
        };
        batch.0.set_journal(Path::new(path), options)
    };
    boundary(JC_PANIC, || buffer::put_done(err_buf, set().map(|()| None)))
}

/// Says what jc_batch_push with the same arguments would do, before a person is asked to confirm it. Sends and changes
/// nothing, and the user does not count as pushed. Returns JC_OK: the user would be sent, and out_buf is the document
/// of jc_client_preview_reset; JC_NOT_SENT: the user would not be sent, and out_buf is the result document that would
/// come back, with its own "status", which is JC_OK for Journal.AlreadyReset; JC_CLOSED, without a document: the batch
/// takes no more; or JC_INVALID: batch cannot be used, and out_buf says why. A user who is given by name is not looked
/// up, so earlier pushes of this user are not recognized. The journal is then searched for the name, but only with
/// JC_JOURNAL_RESUME and JC_JOURNAL_READ_ONLY: the last user who had it, in any case of ASCII letters, may give
/// Journal.AlreadyReset or Journal.Unfinished, without a "userId", because the name may belong to another user by now.
/// Any thread, many at once.
#[unsafe(no_mangle)]
pub extern "C" fn jc_batch_preview_reset(
    batch: *mut BatchHandle,
    id: Text,
    exclusion: i32,
    until_epoch: i64,
    flags: u32,
    out_buf: Out,
) -> i32 {
    boundary(JC_PANIC, || {
        // SAFETY: the header asks for a batch that was not freed, or NULL.
        let batch = match unsafe { Handle::enter(batch) } {
            Ok(batch) => batch,
            Err(unusable) => return cannot_be_used(unusable, out_buf),
        };
        let preview = match request::read(&id, exclusion, until_epoch, flags) {
            Ok(request) => batch.0.preview(&request),
            Err(fault) => Err(batch.0.preview_invalid(request::given(&id, flags), fault)),
        };
        match preview {
            Ok(preview) => {
                buffer::put(out_buf, preview.to_string());
                JC_OK
            }
            Err(NotSent::Result(result)) => {
                buffer::put_result(out_buf, &result);
                JC_NOT_SENT
            }
            Err(NotSent::Closed) => {
                buffer::clear(out_buf);
                JC_CLOSED
            }
        }
    })
}

fn cannot_be_used(unusable: Unusable, out_buf: Out) -> i32 {
    buffer::put_result(out_buf, &ResetResult::unsent(None, unusable.fault("batch")))
}
