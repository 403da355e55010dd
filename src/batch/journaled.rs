//! What a batch asks its journal, and tells it.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::{Batch, Job, Shared, State};
use crate::code::Code;
use crate::journal::{Journal, JournalOptions, Ticket};
use crate::outcome::{Fault, Verdict};
use crate::reset::ResetRequest;
use crate::result::ResetResult;
#[cfg(feature = "capi")]
use crate::session::Given;
use crate::session::Session;

/// Why a push would send nobody.
#[derive(Debug)]
#[non_exhaustive]
pub enum NotSent {
    /// The push would give this result.
    Result(Box<ResetResult>),
    /// Closed or cancelled before: a push would not be taken.
    Closed,
}

impl Batch {
    /// Has the batch keep a journal in this file, which must be that of an earlier run, empty, or not there yet. To be
    /// called before the first push. Opens, locks and reads the file before it returns.
    pub fn set_journal(&self, path: &Path, options: JournalOptions) -> Result<(), Fault> {
        self.open_journal(|session, progress| {
            let opened = Journal::open(path, options, session, progress);
            opened.map_err(|fault| Fault { message: session.shown(&fault.message), ..fault })
        })
    }

    pub(crate) fn open_journal(
        &self,
        open: impl FnOnce(&Session, Box<dyn Fn() + Send>) -> Result<Journal, Fault>,
    ) -> Result<(), Fault> {
        let shared = &self.shared;
        may_have_journal(shared, &shared.lock())?;
        let batch = Arc::downgrade(shared);
        let progress = move || {
            if let Some(shared) = batch.upgrade() {
                // Whoever has just seen that there is no progress is waiting by now.
                drop(shared.lock());
                shared.changed.notify_all();
            }
        };
        let journal = open(&shared.session, Box::new(progress))?;
        let state = shared.lock();
        may_have_journal(shared, &state)?;
        shared.journal.set(journal).map_err(|_| another())
    }

    /// What a push of this request would send, without the key; or why it would send nobody. Changes nothing.
    /// A name is not looked up: a journal that is only read is asked for the name, any other is not asked yet.
    pub fn preview(&self, request: &ResetRequest) -> Result<Value, NotSent> {
        let state = self.shared.lock();
        if state.closed {
            return Err(NotSent::Closed);
        }
        let session = &self.shared.session;
        if let Some(why) = state.refusal(&self.shared, request) {
            return Err(NotSent::Result(Box::new(session.unsent(request, why))));
        }
        drop(state);
        self.client.preview(request).map_err(NotSent::Result)
    }

    /// What a push of a request that is wrong would give.
    #[cfg(feature = "capi")]
    pub(crate) fn preview_invalid(&self, given: Option<Given>, fault: Fault) -> NotSent {
        if self.shared.lock().closed {
            return NotSent::Closed;
        }
        NotSent::Result(Box::new(self.shared.invalid(given, fault)))
    }
}

fn may_have_journal(shared: &Shared, state: &State) -> Result<(), Fault> {
    let wrong = |what: &str| Err(Fault::new(Code::ArgumentInvalid, what));
    if state.closed {
        wrong("a batch that is closed takes no journal")
    } else if state.taken > 0 || !state.slots.is_empty() {
        wrong("a batch takes a journal before its first request only")
    } else if shared.journal.get().is_some() {
        Err(another())
    } else {
        Ok(())
    }
}

fn another() -> Fault {
    Fault::new(Code::ArgumentInvalid, "the batch has a journal already")
}

impl State {
    /// Why this request is not sent, if it is pushed, or its user was found, now. The journal is asked before anything
    /// else, for a user's id, or for the name where it is only read and nobody is looked up.
    pub(super) fn refusal(&self, shared: &Shared, request: &ResetRequest) -> Option<Verdict> {
        if let Some(journal) = shared.journal.get() {
            let by_name = || request.unknown_name().and_then(|name| journal.knows_name(name.as_str()));
            if let Some(known) = request.id().and_then(|id| journal.knows(id)).or_else(by_name) {
                return Some(known);
            }
            if request.id().is_some_and(|id| shared.session.shown_short(id) != id) {
                let what = "with a journal, an id must not hold a secret";
                return Some(Fault::new(Code::IdInvalid, what).into());
            }
        }
        let first = request.same_user().and_then(|user| self.users.get(&*user));
        match first {
            Some(first) => Some(super::duplicate(request, *first)),
            None => self.stopped_by.map(super::not_tried),
        }
    }
}

impl Shared {
    /// The result of a request that is wrong. The journal is asked before, unless it may be somebody else who is meant.
    #[cfg(feature = "capi")]
    pub(super) fn invalid(&self, given: Option<Given>, fault: Fault) -> ResetResult {
        let is_sure_who = !matches!(fault.code, Code::IdInvalid | Code::NameInvalid | Code::BodyInvalid);
        let journal = self.journal.get().filter(|_| is_sure_who);
        let known = journal.and_then(|journal| match given.as_ref()? {
            Given::Id(id) => journal.knows(id),
            Given::Name(name) => journal.knows_name(name),
            Given::Names { username, .. } => journal.knows_name(username),
        });
        self.session.invalid(given, known.unwrap_or_else(|| fault.into()))
    }

    /// A batch whose journal is only read sends nobody.
    pub(super) fn is_read_only(&self) -> bool {
        self.journal.get().is_some_and(Journal::is_read_only)
    }

    /// Returns when the request may leave. Waits for the disk no longer than the user's time.
    pub(super) async fn begin(&self, job: &Job, turn: Instant) -> Result<(), Box<ResetResult>> {
        let Some(journal) = self.journal.get() else { return Ok(()) };
        self.session.check(&job.request)?;
        let written = journal.begin(n(job.number), &job.request, self.session.whom(&job.request).name);
        let why = match timeout_at(turn + self.session.config().total_timeout, written).await {
            Ok(Ok(Ok(()))) => return Ok(()),
            Ok(Ok(Err(failed))) => failed.0,
            Ok(Err(_)) => "the journal could not be written: a defect of jcsdk".into(),
            Err(_) => "the journal could not be written in the user's time".into(),
        };
        let fault = Fault::new(Code::JournalNotWritten, &self.session.shown(&why));
        Err(Box::new(self.session.unsent(&job.request, fault)))
    }

    /// Tells the journal what became of the request with this number.
    pub(super) fn end(&self, number: u64, result: &ResetResult) -> Ticket {
        self.journal.get().map_or(0, |journal| journal.end(n(number), result))
    }

    pub(super) fn is_written(&self, end: Ticket) -> bool {
        self.journal.get().is_none_or(|journal| journal.is_written(end))
    }

    /// Has the ends brought to the disk, without waiting for it.
    pub(super) fn sync_journal(&self) {
        if let Some(journal) = self.journal.get() {
            journal.sync();
        }
    }

    /// Waits for the disk.
    pub(super) fn close_journal(&self) {
        if let Some(journal) = self.journal.get() {
            journal.close();
        }
    }
}

/// The journal counts from 1.
fn n(number: u64) -> u64 {
    number + 1
}
