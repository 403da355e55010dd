//! Holds all requests of a client back until the time that one Retry-After asks for.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The longest time that a server can hold a client back.
const HOLD_MAX: Duration = Duration::from_secs(86_400);

/// Requests that were held back get up to this much jitter, so that they do not all arrive at once.
const JITTER_MS: u64 = 100;

#[derive(Debug, Default)]
pub struct Throttle {
    not_before: Mutex<Option<Instant>>,
}

impl Throttle {
    /// Holds requests back for this time. A shorter wait does not replace a longer one.
    pub fn hold(&self, wait: Duration) {
        let until = Instant::now() + wait.min(HOLD_MAX);
        let mut not_before = self.not_before.lock().unwrap_or_else(PoisonError::into_inner);
        *not_before = (*not_before).max(Some(until));
    }

    /// How long requests are still held back.
    pub fn remaining(&self) -> Duration {
        let until = *self.not_before.lock().unwrap_or_else(PoisonError::into_inner);
        until.map(|until| until.saturating_duration_since(Instant::now())).unwrap_or_default()
    }

    /// Waits until a request may be sent. If that would be later than `latest`, it returns at once with the time for
    /// which requests are still held back.
    pub async fn wait(&self, latest: Instant) -> Result<(), Duration> {
        loop {
            let wait = self.remaining();
            if wait.is_zero() {
                return Ok(());
            }
            let until = Instant::now() + wait;
            if until > latest {
                return Err(wait);
            }
            let jitter = Duration::from_millis(fastrand::u64(0..JITTER_MS));
            tokio::time::sleep_until(latest.min(until + jitter)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_wait_counts_and_is_bounded() {
        let throttle = Throttle::default();
        assert_eq!(throttle.remaining(), Duration::ZERO);
        for (asked, at_least, at_most) in [
            (Duration::from_secs(50), Duration::from_secs(40), Duration::from_secs(50)),
            (Duration::from_secs(1), Duration::from_secs(40), Duration::from_secs(50)),
            (Duration::MAX, Duration::from_secs(86_390), Duration::from_secs(86_400)),
        ] {
            throttle.hold(asked);
            let remaining = throttle.remaining();
            assert!((at_least..=at_most).contains(&remaining), "{asked:?}: {remaining:?}");
        }
    }
    #[test]
    fn what_was_held_back_starts_a_random_while_later() {
        let (hold, throttle) = (Duration::from_millis(20), Throttle::default());
        fastrand::seed(3);
        let jitter = Duration::from_millis(fastrand::u64(0..JITTER_MS));
        assert!(jitter > hold, "this seed shows nothing: {jitter:?}");
        fastrand::seed(3);
        let began = Instant::now();
        throttle.hold(hold);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(throttle.wait(began + Duration::from_secs(60))).unwrap();
        assert!(began.elapsed() >= hold + jitter, "{:?} < {hold:?} + {jitter:?}", began.elapsed());
    }
}
