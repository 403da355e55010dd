//! Whether a request may have left. It decides between *refused* or *cancelled* and *unknown*, so it is asked of
//! what hands the bytes over, not guessed from errors.

use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Instant;

/// One reset on its way. Sending and stopping may race from two threads; exactly one of them wins.
#[derive(Debug, Default)]
pub struct Flight {
    state: AtomicU8,
    attempts: Mutex<(u32, Option<Instant>)>,
}

const WAITING: u8 = 0;
const LEFT: u8 = 1;
const STOPPED: u8 = 2;

impl Flight {
    /// Notes that an attempt begins, and when the first one did.
    pub fn attempt(&self, number: u32, first: Instant) {
        *self.attempts.lock().unwrap_or_else(PoisonError::into_inner) = (number, Some(first));
    }

    pub fn attempts(&self) -> (u32, Option<Instant>) {
        *self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asked before the first byte leaves. False once stopped.
    fn leave(&self) -> bool {
        self.state.compare_exchange(WAITING, LEFT, Ordering::SeqCst, Ordering::SeqCst) != Err(STOPPED)
    }

    pub fn may_have_left(&self) -> bool {
        self.state.load(Ordering::SeqCst) == LEFT
    }

    /// The server has said that it did nothing: what left does not count.
    pub fn surely_did_nothing(&self) {
        let _ = self.state.compare_exchange(LEFT, WAITING, Ordering::SeqCst, Ordering::SeqCst);
    }

    /// Nothing leaves from now on. True if something may have left before.
    pub fn stop(&self) -> bool {
        self.state.swap(STOPPED, Ordering::SeqCst) == LEFT
    }
}

/// A request's body that tells when it is asked for. The HTTP library asks once the connection is there, and
/// before it writes the head; if it is told no, it writes nothing.
pub struct TracedBody {
    text: Option<Bytes>,
    flight: Arc<Flight>,
}

impl TracedBody {
    /// The text must not be empty, or it would never be asked for.
    pub fn new(text: String, flight: Arc<Flight>) -> Self {
        Self { text: Some(text.into()), flight }
    }
}

impl Body for TracedBody {
    type Data = Bytes;
    type Error = Stopped;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Stopped>>> {
        if !self.flight.leave() {
            return Poll::Ready(Some(Err(Stopped)));
        }
        Poll::Ready(self.text.take().map(|text| Ok(Frame::data(text))))
    }

    fn is_end_stream(&self) -> bool {
        self.text.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.text.as_ref().map_or(0, Bytes::len) as u64)
    }
}

#[derive(Debug)]
pub struct Stopped;

impl std::fmt::Display for Stopped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("stopped before it was sent")
    }
}

impl std::error::Error for Stopped {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stopping_and_leaving_exclude_each_other() {
        let flight = Flight::default();
        assert!(!flight.stop());
        assert!(!flight.leave(), "stopped first");

        let flight = Flight::default();
        assert!(flight.leave());
        assert!(flight.may_have_left());
        assert!(flight.stop(), "left first");
        assert!(!flight.leave());
    }

    #[test]
    fn what_surely_did_nothing_may_leave_again() {
        let flight = Flight::default();
        flight.leave();
        flight.surely_did_nothing();
        assert!(!flight.may_have_left());
        assert!(flight.leave());
        flight.stop();
        flight.surely_did_nothing();
        assert!(!flight.leave(), "a stop is for good");
    }
}
