//! The journal of a batch: each request is on the disk before it may leave, so that a run that dies can be gone on with
//! and nobody is reset twice.
//!
//! A `line` is written, and a `reader` says what the lines mean. The `file` is locked, and a thread, the `writer`,
//! appends to it.

mod file;
mod line;
#[cfg(test)]
mod power_cut;
mod reader;
mod writer;

use std::io;
use std::path::Path;

use chrono::{DateTime, SecondsFormat, Utc};
use tokio::sync::oneshot;

use crate::code::Code;
use crate::outcome::{Fault, Outcome, Verdict};
use crate::reset::ResetRequest;
use crate::result::ResetResult;
use crate::session::Session;
use file::Disk;
use line::{Place, RunId};
use reader::{Known, Past};
use writer::Writer;
pub use writer::{Failed, Ticket};

/// How a batch uses its journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JournalOptions {
    /// Who was reset before is not sent, and neither is who may have been.
    pub resume: bool,
    /// With `resume`: who may have been reset is sent again.
    pub retry_unknown: bool,
    /// The journal is only asked. It is not created, locked or written, and nobody can be sent.
    pub read_only: bool,
}

pub struct Journal {
    options: JournalOptions,
    past: Past,
    run: RunId,
    /// `None` where the journal is only asked.
    writer: Option<Writer>,
}

impl Journal {
    /// Opens, locks and reads the journal. `progress` is called on a thread of the journal's when
    /// [`is_written`](Self::is_written) may say more than before.
    pub fn open(
        path: &Path,
        options: JournalOptions,
        session: &Session,
        progress: impl Fn() + Send + 'static,
    ) -> Result<Self, Fault> {
        if options.retry_unknown && !options.resume {
            return Err(Fault::new(Code::ArgumentInvalid, "retry-unknown was given without resume"));
        }
        if options.read_only {
            let past = file::look(path, place(session))?.past.by_name();
            return Ok(Self { options, past, run: RunId::random(), writer: None });
        }
        let (disk, read, length) = file::open(path, place(session))?;
        Self::write_to(disk, read.past, length, options, session, progress)
    }

    fn write_to(
        disk: impl Disk + 'static,
        past: Past,
        length: u64,
        options: JournalOptions,
        session: &Session,
        progress: impl Fn() + Send + 'static,
    ) -> Result<Self, Fault> {
        let not_written = |what: &str| Fault::new(Code::JournalNotWritten, what);
        let run = RunId::random();
        let program = session.shown(&session.config().user_agent);
        let head = line::run(run, Utc::now(), &program, &place(session));
        let head = head.ok_or_else(|| not_written("the first line would be longer than 8 KiB"))?;
        let no_thread = |error: io::Error| not_written(&format!("the journal has no thread: {error}"));
        let writer = Writer::start(disk, length, head, progress).map_err(no_thread)?;
        let past = if options.resume { past } else { Past::default() };
        Ok(Self { options, past, run, writer: Some(writer) })
    }

    /// What is known of the user, where that means that the user is not sent.
    pub fn knows(&self, id: &str) -> Option<Verdict> {
        self.means(self.past.of(id), |known| match known {
            Known::Reset(at) => format!("an earlier run has reset the user{}", told(at)),
            Known::Unfinished => "an earlier run has begun the reset, and how it ended is not known".into(),
        })
    }

    /// The same for a user who is not looked up, which is only so where the journal is only asked. The name may be
    /// somebody else's by now.
    pub fn knows_name(&self, name: &str) -> Option<Verdict> {
        let not_sure = "and the user was not looked up";
        self.means(self.past.of_name(name), |known| match known {
            Known::Reset(at) => format!("the journal has this name as reset{}, {not_sure}", told(at)),
            Known::Unfinished => {
                format!("the journal has this name as begun, without a known end, {not_sure}")
            }
        })
    }

    fn means(&self, known: Option<Known>, what: impl Fn(Known) -> String) -> Option<Verdict> {
        let known = known.filter(|_| self.options.resume)?;
        match known {
            Known::Reset(_) => Some(Verdict::new(Outcome::Reset, Code::JournalAlreadyReset, what(known))),
            Known::Unfinished if self.options.retry_unknown => None,
            Known::Unfinished => Some(Verdict::new(Outcome::Unknown, Code::JournalUnfinished, what(known))),
        }
    }

    pub fn is_read_only(&self) -> bool {
        self.writer.is_none()
    }

    /// What it returns becomes ready when the user may be sent, because the begin is on the disk. The name is as it may
    /// be shown.
    pub fn begin(
        &self,
        n: u64,
        request: &ResetRequest,
        name: Option<String>,
    ) -> oneshot::Receiver<Result<(), Failed>> {
        match &self.writer {
            Some(writer) => writer.begin(n, line::begin(self.run, Utc::now(), n, request, name)),
            // The sender is gone at once, which says that nothing was written.
            None => oneshot::channel().1,
        }
    }

    /// Takes back the user's begin, if it still waits, and writes the end, without waiting for it. What the journal
    /// itself has said of a user is not written again.
    pub fn end(&self, n: u64, result: &ResetResult) -> Ticket {
        match &self.writer {
            Some(writer)
                if !matches!(result.code, Some(Code::JournalAlreadyReset | Code::JournalUnfinished)) =>
            {
                writer.end(n, line::end(self.run, Utc::now(), n, result))
            }
            _ => 0,
        }
    }

    /// Whether the result with this end may be shown.
    pub fn is_written(&self, end: Ticket) -> bool {
        self.writer.as_ref().is_none_or(|writer| writer.is_written(end))
    }

    /// Has all ends brought to the disk, without waiting for it.
    pub fn sync(&self) {
        if let Some(writer) = &self.writer {
            writer.sync();
        }
    }

    /// Waits until all is on the disk and the file is closed.
    pub fn close(&self) {
        if let Some(writer) = &self.writer {
            writer.close();
        }
    }
}

fn told(at: Option<DateTime<Utc>>) -> String {
    at.map(|at| format!(" at {}", at.to_rfc3339_opts(SecondsFormat::Secs, true))).unwrap_or_default()
}

fn place(session: &Session) -> Place {
    let config = session.config();
    Place {
        url: session.shown(config.url("/api").as_str()),
        org_id: config.org_id.as_deref().map(|org_id| session.shown(org_id)),
    }
}
