//! Many resets at once: results in the order of the pushes, at most so many under way, stopped as a whole.

mod journaled;

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use crate::attempt::InFlight;
use crate::client::Client;
use crate::code::Code;
use crate::journal::{Journal, Ticket};
use crate::outcome::{Fault, Outcome, Verdict};
use crate::reset::{Asked, ResetRequest};
use crate::result::ResetResult;
#[cfg(feature = "capi")]
use crate::session::Given;
use crate::session::Session;

pub use journaled::NotSent;

/// More at once would only meet the API's rate limit.
pub const THROTTLE_LIMIT_MAX: u32 = 256;

/// Resets on their way through one client. May be used from any thread.
///
/// Each user is sent at most once: a further push of the same id, or of a name that turns out to be his, comes back as
/// cancelled, `DuplicateUser`. The first of them counts, so a reset waits until the names before it were looked up. The
/// batch keeps one entry for each id.
pub struct Batch {
    shared: Arc<Shared>,
    /// Keeps the connections and the thread.
    client: Client,
}

/// Why a request was not taken. Nothing will be sent for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotPushed {
    /// Take a result first.
    Full,
    /// Closed or cancelled before.
    Closed,
}

#[derive(Debug)]
pub enum Next {
    Result(Box<ResetResult>),
    /// No result is there yet.
    TimedOut,
    /// Closed, and every result was taken.
    End,
}

impl Batch {
    /// At most `throttle_limit` requests are under way at once: 1 to [`THROTTLE_LIMIT_MAX`], else `None`.
    pub fn new(client: &Client, throttle_limit: u32) -> Option<Self> {
        if !(1..=THROTTLE_LIMIT_MAX).contains(&throttle_limit) {
            return None;
        }
        let limit = throttle_limit as usize;
        let shared = Shared {
            session: client.session.clone(),
            http: client.background.http(),
            runtime: client.background.handle(),
            limit,
            // As many may wait or be done while a slow one holds up the order.
            capacity: (limit * 4).max(16),
            state: Mutex::default(),
            changed: Condvar::new(),
            journal: OnceLock::new(),
        };
        Some(Self { shared: Arc::new(shared), client: client.clone() })
    }

    /// Takes a request without waiting. Its result will carry the tag.
    pub fn push(&self, request: ResetRequest, tag: Option<u64>) -> Result<(), NotPushed> {
        self.shared.add(tag, |state| state.admit(&self.shared, request, Duration::ZERO))
    }

    /// Takes a request that is wrong. Its result comes back in its place.
    #[cfg(feature = "capi")]
    pub(crate) fn push_invalid(
        &self,
        given: Option<Given>,
        fault: Fault,
        tag: Option<u64>,
    ) -> Result<(), NotPushed> {
        let result = self.shared.invalid(given, fault);
        self.shared.add(tag, |_| Progress::Done(Box::new(result)))
    }

    /// Waits for the next result, in the order of the pushes.
    pub fn next(&self, timeout: Duration) -> Next {
        let deadline = Instant::now().checked_add(timeout);
        let mut state = self.shared.lock();
        loop {
            let is_done = |slot: &mut Slot| {
                matches!(slot.progress, Progress::Done(_)) && self.shared.is_written(slot.end)
            };
            if let Some(Slot { progress: Progress::Done(mut result), tag, .. }) =
                state.slots.pop_front_if(is_done)
            {
                state.count_taken();
                if state.slots.is_empty() {
                    self.shared.sync_journal();
                }
                result.tag = tag;
                return Next::Result(result);
            }
            if state.slots.is_empty() && state.closed {
                return Next::End;
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                return Next::TimedOut;
            }
            // Without a deadline the wait is still bounded, to no harm: the loop goes on.
            let wait = left.unwrap_or(Duration::from_secs(3600));
            let waited = self.shared.changed.wait_timeout(state, wait);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// How long the server holds requests of this batch back, or zero where none waits for that.
    pub fn held_back(&self) -> Duration {
        let state = self.shared.lock();
        let someone_waits = state.slots.iter().any(|slot| !matches!(slot.progress, Progress::Done(_)));
        if someone_waits { self.shared.session.held_back() } else { Duration::ZERO }
    }

    /// No more is pushed; [`Next::End`] follows the last result.
    pub fn close(&self) {
        let mut state = self.shared.lock();
        state.closed = true;
        if state.slots.is_empty() {
            self.shared.sync_journal();
        }
        self.shared.changed.notify_all();
    }

    /// Closes, and stops all that is not done: its connections are closed, and its results are there at once.
    pub fn cancel(&self) {
        let session = &self.shared.session;
        let mut state = self.shared.lock();
        state.closed = true;
        let first = state.taken;
        for (number, slot) in (first..).zip(&mut state.slots) {
            let stopped = match &slot.progress {
                Progress::Waiting(request, _) | Progress::LookingUp(request) => {
                    session.stopped(request, &InFlight::default(), Code::Cancelled)
                }
                Progress::UnderWay(request, in_flight) => {
                    session.stopped(request, in_flight, Code::Cancelled)
                }
                Progress::Done(_) => continue,
            };
            slot.finish(&self.shared, number, stopped);
        }
        self.shared.sync_journal();
        state.nobody_waits();
        for worker in state.workers.drain(..) {
            worker.abort();
        }
        self.shared.changed.notify_all();
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        self.cancel();
        self.shared.close_journal();
    }
}

struct Shared {
    session: Arc<Session>,
    http: reqwest::Client,
    runtime: Handle,
    limit: usize,
    capacity: usize,
    state: Mutex<State>,
    changed: Condvar,
    journal: OnceLock<Journal>,
}

#[derive(Default)]
struct State {
    slots: VecDeque<Slot>,
    /// How many results were taken, which is the number of the first slot.
    taken: u64,
    /// No slot before this number waits for its reset.
    next: u64,
    /// Before this number every user is known. A reset does not overtake a look-up.
    known: u64,
    /// No slot before this number waits to be looked up.
    next_look_up: u64,
    at_work: usize,
    workers: Vec<AbortHandle>,
    closed: bool,
    /// The failure that everyone would meet.
    stopped_by: Option<Code>,
    /// The users of this batch that were, or will be, sent, and with what.
    users: HashMap<String, Asked>,
}

struct Slot {
    tag: Option<u64>,
    progress: Progress,
    /// Of a result: it may be taken when the journal has written this.
    end: Ticket,
}

impl Slot {
    fn finish(&mut self, shared: &Shared, number: u64, result: ResetResult) {
        self.end = shared.end(number, &result);
        self.progress = Progress::Done(Box::new(result));
    }
}

enum Progress {
    /// To be looked up where it has no id, else to be sent. A look-up has taken so much of the user's time.
    Waiting(Arc<ResetRequest>, Duration),
    LookingUp(Arc<ResetRequest>),
    UnderWay(Arc<ResetRequest>, Arc<InFlight>),
    Done(Box<ResetResult>),
}

impl State {
    /// What becomes of a request that is pushed, or whose user was found: it waits, or its result is known already.
    fn admit(&self, shared: &Shared, request: ResetRequest, took: Duration) -> Progress {
        let refusal = self.refusal(shared, &request).or_else(|| {
            let what = "the batch's journal is only read, so the batch sends nobody";
            shared.is_read_only().then(|| Fault::new(Code::ArgumentInvalid, what).into())
        });
        match refusal {
            Some(why) => Progress::Done(Box::new(shared.session.unsent(&request, why))),
            None => Progress::Waiting(Arc::new(request), took),
        }
    }

    /// Goes on to the first slot whose user is not known yet. Of those who are, it is now sure who came first.
    fn settle(&mut self, shared: &Shared) {
        while let Some(slot) = self.slots.get_mut(index(self.known, self.taken)) {
            match &slot.progress {
                Progress::Waiting(request, _) => {
                    let Some(user) = request.same_user() else { return };
                    if let Some(asked) = self.users.get(&*user) {
                        let result = shared.session.unsent(request, duplicate(request, *asked));
                        slot.finish(shared, self.known, result);
                    } else {
                        self.users.insert(user.into_owned(), request.asked());
                    }
                }
                Progress::LookingUp(_) => return,
                Progress::UnderWay(..) | Progress::Done(_) => {}
            }
            self.known += 1;
        }
    }

    /// The next reset that may be sent.
    fn next_reset(&mut self) -> Option<Job> {
        while self.next < self.known {
            let number = self.next;
            self.next += 1;
            let slot = &mut self.slots[index(number, self.taken)];
            if let Progress::Waiting(request, took) = &slot.progress {
                let (request, work) = (request.clone(), Work::Reset(Arc::default(), *took));
                slot.progress = Progress::UnderWay(request.clone(), work.in_flight());
                return Some(Job { number, request, work });
            }
        }
        None
    }

    /// The next name that waits to be looked up. Look-ups overtake resets, since they change nothing.
    fn next_look_up(&mut self) -> Option<Job> {
        while self.next_look_up < self.end() {
            let number = self.next_look_up;
            self.next_look_up += 1;
            let slot = &mut self.slots[index(number, self.taken)];
            if let Progress::Waiting(request, _) = &slot.progress
                && request.unknown_name().is_some()
            {
                let request = request.clone();
                slot.progress = Progress::LookingUp(request.clone());
                return Some(Job { number, request, work: Work::LookUp });
            }
        }
        None
    }

    /// Everyone would meet this failure: whoever still waits is not tried.
    fn stop(&mut self, shared: &Shared, code: Code) {
        let code = *self.stopped_by.get_or_insert(code);
        for (number, slot) in (self.taken..).zip(&mut self.slots) {
            if let Progress::Waiting(request, _) = &slot.progress {
                if let Some(user) = request.same_user().filter(|_| number < self.known) {
                    self.users.remove(&*user);
                }
                let result = shared.session.unsent(request, not_tried(code));
                slot.finish(shared, number, result);
            }
        }
        self.nobody_waits();
    }

    fn count_taken(&mut self) {
        self.taken += 1;
        for first in [&mut self.next, &mut self.known, &mut self.next_look_up] {
            *first = self.taken.max(*first);
        }
    }

    /// A slot that is done as soon as it is pushed needs no worker.
    fn pass_over(&mut self, number: u64) {
        for first in [&mut self.next, &mut self.next_look_up] {
            if *first == number {
                *first += 1;
            }
        }
    }

    fn nobody_waits(&mut self) {
        (self.next, self.known, self.next_look_up) = (self.end(), self.end(), self.end());
    }

    /// The number that the next slot will have.
    fn end(&self) -> u64 {
        self.taken + self.slots.len() as u64
    }

    /// At least so many jobs are there to be taken, if any is.
    fn jobs(&self) -> usize {
        index(self.known, self.next).saturating_add(index(self.end(), self.next_look_up))
    }

    fn slot(&mut self, number: u64) -> Option<&mut Slot> {
        let index = usize::try_from(number.checked_sub(self.taken)?).ok()?;
        self.slots.get_mut(index)
    }
}

fn index(number: u64, first: u64) -> usize {
    usize::try_from(number - first).unwrap_or(usize::MAX)
}

fn duplicate(request: &ResetRequest, first: Asked) -> Verdict {
    let what = if request.asked() == first {
        "the same user came before"
    } else {
        "the same user came before, with another exclusion or date, and only that was to be sent"
    };
    Verdict::new(Outcome::Cancelled, Code::DuplicateUser, what)
}

fn not_tried(code: Code) -> Verdict {
    let what = format!("it was not tried, because all would fail in the same way ({})", code.as_str());
    Verdict::new(Outcome::Cancelled, Code::NotTried, what)
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(
        self: &Arc<Self>,
        tag: Option<u64>,
        progress: impl FnOnce(&mut State) -> Progress,
    ) -> Result<(), NotPushed> {
        let mut state = self.lock();
        if state.closed {
            return Err(NotPushed::Closed);
        }
        if state.slots.len() >= self.capacity {
            return Err(NotPushed::Full);
        }
        let progress = progress(&mut state);
        let number = state.end();
        let end = match &progress {
            Progress::Done(result) => self.end(number, result),
            _ => Ticket::default(),
        };
        state.slots.push_back(Slot { tag, progress, end });
        state.settle(self);
        if matches!(state.slots.back(), Some(Slot { progress: Progress::Done(_), .. })) {
            state.pass_over(number);
            self.changed.notify_all();
        }
        self.staff(&mut state);
        Ok(())
    }

    /// Puts workers on what waits. Until it is known that the server accepts the key one goes ahead alone, so that a
    /// refused key is tried once, whatever the limit.
    fn staff(self: &Arc<Self>, state: &mut State) {
        let limit = if self.session.may_go_side_by_side() { self.limit } else { 1 };
        let wanted = state.jobs().min(limit.saturating_sub(state.at_work));
        if wanted > 0 {
            state.workers.retain(|worker| !worker.is_finished());
        }
        for _ in 0..wanted {
            let worker = Worker(self.clone());
            state.at_work += 1;
            state.workers.push(self.runtime.spawn(worker.work()).abort_handle());
        }
    }

    fn take(&self) -> Option<Job> {
        let mut state = self.lock();
        state.next_reset().or_else(|| state.next_look_up())
    }

    /// The user of a slot was found, after this time.
    fn found(self: &Arc<Self>, number: u64, request: ResetRequest, took: Duration) {
        let mut state = self.lock();
        let progress = state.admit(self, request, took);
        if let Some(slot) = state.slot(number)
            && matches!(slot.progress, Progress::LookingUp(_))
        {
            match progress {
                Progress::Done(result) => slot.finish(self, number, *result),
                waits => slot.progress = waits,
            }
        }
        state.settle(self);
        self.staff(&mut state);
        self.changed.notify_all();
    }

    /// A slot that a cancel has finished already stays as it is.
    fn finish(self: &Arc<Self>, number: u64, result: ResetResult) {
        let mut state = self.lock();
        let stops = result.stops_batch.then_some(result.code).flatten();
        if let Some(slot) = state.slot(number)
            && matches!(slot.progress, Progress::UnderWay(..) | Progress::LookingUp(_))
        {
            slot.finish(self, number, result);
        }
        if let Some(code) = stops {
            state.stop(self, code);
        }
        state.settle(self);
        self.staff(&mut state);
        self.changed.notify_all();
    }
}

struct Job {
    number: u64,
    request: Arc<ResetRequest>,
    work: Work,
}

/// One of the two parts of a user's work.
enum Work {
    LookUp,
    /// The look-up before it has taken so much of the user's time.
    Reset(Arc<InFlight>, Duration),
}

impl Work {
    fn in_flight(&self) -> Arc<InFlight> {
        match self {
            Self::LookUp => Arc::default(),
            Self::Reset(in_flight, _) => in_flight.clone(),
        }
    }
}

/// One of those that may be at work. Its place is given back however the work ends.
struct Worker(Arc<Shared>);

impl Worker {
    async fn work(self) {
        let session = &self.0.session;
        loop {
            let turn = tokio::time::Instant::now();
            // Before a request is taken up: one that still waits can be stopped as not tried.
            session.wait_for_turn(turn).await;
            let Some(job) = self.0.take() else { return };
            let mut unfinished = Unfinished { shared: &self.0, job: Some(job) };
            let Some(job) = &unfinished.job else { return };
            let (number, http) = (job.number, &self.0.http);
            let came_to = match &job.work {
                Work::LookUp => session.look_up(http, &job.request, turn).await.map(Cow::into_owned),
                Work::Reset(in_flight, took) => {
                    let turn = turn.checked_sub(*took).unwrap_or(turn);
                    Err(match self.0.begin(job, turn).await {
                        Ok(()) => Box::new(session.reset(http, &job.request, in_flight, turn).await),
                        Err(unsent) => unsent,
                    })
                }
            };
            unfinished.job = None;
            match came_to {
                Ok(found) => self.0.found(number, found, turn.elapsed()),
                Err(result) => self.0.finish(number, *result),
            }
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.at_work -= 1;
        self.0.staff(&mut state);
    }
}

/// Gives a job a result even when its work panics.
struct Unfinished<'a> {
    shared: &'a Arc<Shared>,
    job: Option<Job>,
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if let Some(job) = self.job.take() {
            let result = self.shared.session.stopped(&job.request, &job.work.in_flight(), Code::Panic);
            self.shared.finish(job.number, result);
        }
    }
}
