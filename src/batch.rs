//! Many resets at once: results in the order of the pushes, so many under way and no more, stopped as a whole.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use crate::client::Client;
use crate::core::Core;
use crate::flight::Flight;
use crate::outcome::{Code, Outcome, ResetResult, Verdict};
use crate::reset::ResetRequest;

/// More at once would only meet the API's rate limit.
pub const THROTTLE_LIMIT_MAX: u32 = 256;

/// Resets on their way through one client. May be used from any thread.
pub struct Batch {
    shared: Arc<Shared>,
    /// Keeps the connections and the thread.
    _client: Client,
}

/// Why a request was not taken. Nothing will be sent for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
            core: client.core.clone(),
            http: client.background.http(),
            runtime: client.background.handle(),
            limit,
            // So much may wait or lie ready while a slow one holds up the order.
            capacity: (limit * 4).max(16),
            state: Mutex::default(),
            changed: Condvar::new(),
        };
        Some(Self { shared: Arc::new(shared), _client: client.clone() })
    }

    /// Takes a request without waiting. Its result will carry the tag.
    pub fn push(&self, request: ResetRequest, tag: Option<u64>) -> Result<(), NotPushed> {
        let mut state = self.shared.lock();
        if state.closed {
            return Err(NotPushed::Closed);
        }
        if state.slots.len() >= self.shared.capacity {
            return Err(NotPushed::Full);
        }
        let mut slot = Slot { request, tag, progress: Progress::Waiting };
        if let Some(code) = state.stopped_by {
            slot.finish(self.shared.not_tried(&slot.request, code));
            state.next += 1;
            self.shared.changed.notify_all();
        }
        state.slots.push_back(slot);
        self.shared.staff(&mut state);
        Ok(())
    }

    /// Waits for the next result, in the order of the pushes.
    pub fn next(&self, timeout: Duration) -> Next {
        let deadline = Instant::now().checked_add(timeout);
        let mut state = self.shared.lock();
        loop {
            let done = |slot: &mut Slot| matches!(slot.progress, Progress::Done(_));
            if let Some(Slot { progress: Progress::Done(result), .. }) = state.slots.pop_front_if(done) {
                state.taken += 1;
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

    /// No more is pushed; [`Next::End`] follows the last result.
    pub fn close(&self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
    }

    /// Closes, and stops all that is not done: its connections are closed, and its results are there at once.
    pub fn cancel(&self) {
        let mut state = self.shared.lock();
        state.closed = true;
        for slot in &mut state.slots {
            let stopped = match &slot.progress {
                Progress::Waiting => {
                    self.shared.core.stopped(&slot.request, &Flight::default(), Code::Cancelled)
                }
                Progress::UnderWay(flight) => {
                    self.shared.core.stopped(&slot.request, flight, Code::Cancelled)
                }
                Progress::Done(_) => continue,
            };
            slot.finish(stopped);
        }
        state.next = state.taken + state.slots.len() as u64;
        for worker in state.workers.drain(..) {
            worker.abort();
        }
        self.shared.changed.notify_all();
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        self.cancel();
    }
}

struct Shared {
    core: Arc<Core>,
    http: reqwest::Client,
    runtime: Handle,
    limit: usize,
    capacity: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    slots: VecDeque<Slot>,
    /// How many results were taken, which is the number of the first slot.
    taken: u64,
    /// No slot before this number is waiting.
    next: u64,
    at_work: usize,
    workers: Vec<AbortHandle>,
    closed: bool,
    /// The failure that everyone would meet.
    stopped_by: Option<Code>,
}

struct Slot {
    request: ResetRequest,
    tag: Option<u64>,
    progress: Progress,
}

enum Progress {
    Waiting,
    UnderWay(Arc<Flight>),
    Done(Box<ResetResult>),
}

impl Slot {
    fn finish(&mut self, result: ResetResult) {
        self.progress = Progress::Done(Box::new(ResetResult { tag: self.tag, ..result }));
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts workers on what waits. Before the client is proved one goes ahead alone, so that a refused key is
    /// tried once whatever the limit.
    fn staff(self: &Arc<Self>, state: &mut State) {
        let limit = if self.core.is_proved() { self.limit } else { 1 };
        let waiting = state.slots.len() - usize::try_from(state.next - state.taken).unwrap_or(usize::MAX);
        let wanted = waiting.min(limit.saturating_sub(state.at_work));
        if wanted > 0 {
            state.workers.retain(|worker| !worker.is_finished());
        }
        for _ in 0..wanted {
            let place = Place(self.clone());
            state.at_work += 1;
            state.workers.push(self.runtime.spawn(place.work()).abort_handle());
        }
    }

    /// The next request that waits, if one more may be under way.
    fn take(&self) -> Option<Job> {
        let mut state = self.lock();
        let number = state.next;
        let index = usize::try_from(number - state.taken).ok()?;
        let slot = state.slots.get_mut(index)?;
        let flight = Arc::new(Flight::default());
        slot.progress = Progress::UnderWay(flight.clone());
        let request = slot.request.clone();
        state.next += 1;
        Some(Job { number, request, flight })
    }

    /// A slot that a cancel has finished already stays as it is.
    fn finish(self: &Arc<Self>, number: u64, result: ResetResult) {
        let mut state = self.lock();
        let everyones = result.code.filter(|code| code.is_everyones());
        let index = number.checked_sub(state.taken).and_then(|index| usize::try_from(index).ok());
        let slot = index.and_then(|index| state.slots.get_mut(index));
        if let Some(slot) = slot.filter(|slot| matches!(slot.progress, Progress::UnderWay(_))) {
            slot.finish(result);
        }
        if let Some(code) = everyones {
            state.stopped_by.get_or_insert(code);
            for slot in &mut state.slots {
                if matches!(slot.progress, Progress::Waiting) {
                    slot.finish(self.not_tried(&slot.request, code));
                }
            }
            state.next = state.taken + state.slots.len() as u64;
        }
        self.staff(&mut state);
        self.changed.notify_all();
    }

    fn not_tried(&self, request: &ResetRequest, code: Code) -> ResetResult {
        let what = format!("it was not tried, because all would fail in the same way ({})", code.as_str());
        self.core.unsent(request, Verdict::new(Outcome::Cancelled, Code::NotTried, what))
    }
}

struct Job {
    number: u64,
    request: ResetRequest,
    flight: Arc<Flight>,
}

/// A worker's place among those that may be at work. It is given back however the work ends.
struct Place(Arc<Shared>);

impl Place {
    async fn work(self) {
        loop {
            // Before a request is taken up: one that waits can still be stopped as never tried.
            self.0.core.pause().await;
            let Some(job) = self.0.take() else { return };
            let mut unfinished = Unfinished { shared: &self.0, job: Some(job) };
            if let Some(job) = &unfinished.job {
                let result = self.0.core.reset(&self.0.http, &job.request, &job.flight).await;
                let number = job.number;
                unfinished.job = None;
                self.0.finish(number, result);
            }
        }
    }
}

impl Drop for Place {
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
            let result = self.shared.core.stopped(&job.request, &job.flight, Code::Panic);
            self.shared.finish(job.number, result);
        }
    }
}
