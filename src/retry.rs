//! Decides whether a request is sent again, and when. Pure: times and the random number are arguments.

use std::time::{Duration, SystemTime};

/// The limits on retries: their number, and the total time for one user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    pub max_retries: u32,
    /// The time for all attempts of one user, including the waits between them.
    pub total: Duration,
}

/// What the next step depends on.
#[derive(Clone, Copy, Debug)]
pub struct Tried {
    /// The number of attempts so far, at least 1.
    pub attempts: u32,
    pub may_be_sent_again: bool,
    /// How long the server asked to wait.
    pub retry_after: Option<Duration>,
    /// How long the last attempt took.
    pub took: Duration,
    /// What is left of the user's time.
    pub remaining: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The outcome is final.
    Done,
    /// The outcome is final, and other users would meet it too: the server asked for a wait that is longer than the
    /// total time for one user.
    DoneForAll,
    /// Send it again after this wait.
    Again(Duration),
}

/// The longest random wait after the first attempt. It doubles with each further attempt, up to [`LAST_BOUND`].
const FIRST_BOUND: Duration = Duration::from_millis(500);
const LAST_BOUND: Duration = Duration::from_secs(30);

impl RetryPolicy {
    /// The next step: exponential back-off with full jitter, added to the wait that the server asked for. `jitter` is a
    /// random number from 0 to 1.
    pub fn next(&self, tried: Tried, jitter: f64) -> Step {
        if !tried.may_be_sent_again {
            return Step::Done;
        }
        let asked = tried.retry_after.unwrap_or_default();
        if asked.saturating_add(self.least(Duration::ZERO)) > self.total {
            return Step::DoneForAll;
        }
        let doublings = (tried.attempts - 1).min(16);
        let bound = FIRST_BOUND.saturating_mul(1 << doublings).min(LAST_BOUND);
        let wait = asked.saturating_add(bound.mul_f64(jitter));
        let is_enough = wait.saturating_add(self.least(tried.took)) <= tried.remaining;
        if tried.attempts <= self.max_retries && is_enough { Step::Again(wait) } else { Step::Done }
    }

    /// The least remaining time in which a further attempt makes sense: a second or twice the duration of the last
    /// attempt, whichever is longer. Of these, one that is not shorter than the total time is ignored; if both are, it
    /// is the total time. With less, the attempt would probably time out, and a certain refusal would become unknown.
    pub fn least(&self, took: Duration) -> Duration {
        let candidates = [Duration::from_secs(1), took.saturating_mul(2)];
        candidates.into_iter().filter(|least| *least < self.total).max().unwrap_or(self.total)
    }
}

/// Reads `Retry-After`: whole seconds, or a date in any of HTTP's three forms (RFC 9110, 10.2.3).
pub fn parse_retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let until = httpdate::parse_http_date(value).ok()?;
    Some(until.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    const TRIED: Tried = Tried {
        attempts: 1,
        may_be_sent_again: true,
        retry_after: None,
        took: Duration::ZERO,
        remaining: MINUTE,
    };

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn waits_double_and_are_bounded() {
        let policy = RetryPolicy { max_retries: 100, total: MINUTE };
        for (attempts, most) in [(1, 500), (2, 1000), (3, 2000), (7, 30_000), (99, 30_000)] {
            let tried = Tried { attempts, ..TRIED };
            assert_eq!(policy.next(tried, 1.0), Step::Again(ms(most)));
            assert_eq!(policy.next(tried, 0.5), Step::Again(ms(most / 2)));
            assert_eq!(policy.next(tried, 0.0), Step::Again(Duration::ZERO));
        }
    }

    #[test]
    fn the_next_step() {
        use Step::*;
        let policy = |max_retries, total_ms| RetryPolicy { max_retries, total: ms(total_ms) };
        let asked = |seconds| Tried { retry_after: Some(Duration::from_secs(seconds)), ..TRIED };
        for (policy, tried, step) in [
            // A request that may have acted, or would only fail again, is not sent again.
            (policy(3, 60_000), Tried { may_be_sent_again: false, ..asked(1) }, Done),
            // Attempts are counted.
            (policy(0, 60_000), TRIED, Done),
            (policy(2, 60_000), Tried { attempts: 2, ..TRIED }, Again(ms(0))),
            (policy(2, 60_000), Tried { attempts: 3, ..TRIED }, Done),
            // The server's wait is the shortest one.
            (policy(3, 60_000), asked(5), Again(ms(5000))),
            (policy(3, 60_000), Tried { remaining: ms(5500), ..asked(5) }, Done),
            // A wait that is longer than the total time concerns every user, also if no retries are allowed.
            (policy(3, 60_000), asked(59), Again(ms(59_000))),
            (policy(3, 60_000), asked(60), DoneForAll),
            (policy(0, 60_000), asked(60), DoneForAll),
            (policy(3, 60_000), asked(u64::MAX), DoneForAll),
            // A further attempt needs a second, or twice what the last one took.
            (policy(3, 1200), Tried { took: ms(60), remaining: ms(1140), ..TRIED }, Again(ms(0))),
            (policy(3, 1200), Tried { took: ms(60), remaining: ms(990), ..TRIED }, Done),
            (policy(3, 60_000), Tried { took: ms(3000), remaining: ms(6000), ..TRIED }, Again(ms(0))),
            (policy(3, 60_000), Tried { took: ms(3000), remaining: ms(5999), ..TRIED }, Done),
            // If the total time is no longer than a second, only the duration of the last attempt counts.
            (policy(3, 1000), Tried { took: ms(60), remaining: ms(440), ..TRIED }, Again(ms(0))),
            (policy(3, 500), Tried { took: ms(60), remaining: ms(440), ..TRIED }, Again(ms(0))),
            (policy(3, 500), Tried { took: ms(60), remaining: ms(119), ..TRIED }, Done),
            (policy(3, 500), Tried { took: ms(300), remaining: ms(200), ..TRIED }, Done),
        ] {
            assert_eq!(policy.next(tried, 0.0), step, "{policy:?} {tried:?}");
        }
    }

    #[test]
    fn retry_after_is_read_in_all_its_forms() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_767); // 10 s before the dates below
        for (value, seconds) in [
            ("0", Some(0)),
            ("120", Some(120)),
            (" 7 ", Some(7)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(10)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(10)),
            ("Sun Nov  6 08:49:37 1994", Some(10)),
            ("Sun, 06 Nov 1994 08:49:17 GMT", Some(0)),
            ("", None),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
        ] {
            assert_eq!(parse_retry_after(value, now), seconds.map(Duration::from_secs), "{value}");
        }
    }

    proptest! {
        #[test]
        fn any_retry_after_is_survived(value in ".*", attempts in 1u32.., jitter in 0.0..1.0f64) {
            let retry_after = parse_retry_after(&value, SystemTime::now());
            let policy = RetryPolicy { max_retries: u32::MAX, total: MINUTE };
            policy.next(Tried { attempts, retry_after, ..TRIED }, jitter);
        }

        #[test]
        fn dates_round_trip(seconds in 0u64..4_000_000_000) {
            let now = SystemTime::UNIX_EPOCH;
            let text = httpdate::fmt_http_date(now + Duration::from_secs(seconds));
            prop_assert_eq!(parse_retry_after(&text, now), Some(Duration::from_secs(seconds)));
        }
    }
}
