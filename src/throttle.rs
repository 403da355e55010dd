//! What one Retry-After means for all requests of a client: none is sent before it has passed.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// A server cannot hold a client back for longer than a day.
const HOLD_MAX: Duration = Duration::from_secs(86_400);

/// Requests that waited are spread over this time, so that they do not all arrive at once.
const SPREAD_MS: u64 = 100;

#[derive(Debug, Default)]
pub struct Throttle {
    not_before: Mutex<Option<Instant>>,
}

impl Throttle {
    /// No request is sent for this long. A shorter wait does not end a longer one.
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

    /// Waits until a request may be sent. Where that is later than `latest` it does not wait, and says how long
    /// requests are held back.
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
            let spread = Duration::from_millis(fastrand::u64(0..SPREAD_MS));
            tokio::time::sleep_until(latest.min(until + spread)).await;
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
}
