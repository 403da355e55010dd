//! How long to wait before a request that surely did nothing is sent again. Pure: the clock and the dice are given.

use std::time::{Duration, SystemTime};

/// Exponential back-off with full jitter: each wait is drawn from 0 up to a bound that doubles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    pub max_retries: u32,
}

const FIRST_BOUND: Duration = Duration::from_millis(500);
const LAST_BOUND: Duration = Duration::from_secs(30);

impl RetryPolicy {
    /// The wait after `attempts` (1 or more) without success, or `None` to give up: no retry is left, or the wait
    /// would not end in the `remaining` time. What the server asked for is the least; `dice` is from 0 to 1.
    pub fn wait(
        &self,
        attempts: u32,
        retry_after: Option<Duration>,
        remaining: Duration,
        dice: f64,
    ) -> Option<Duration> {
        if attempts > self.max_retries {
            return None;
        }
        let bound = FIRST_BOUND.saturating_mul(1 << (attempts - 1).min(16)).min(LAST_BOUND);
        let wait = retry_after.unwrap_or_default().saturating_add(bound.mul_f64(dice));
        (wait < remaining).then_some(wait)
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

    #[test]
    fn waits_double_and_are_bounded() {
        let policy = RetryPolicy { max_retries: 100 };
        for (attempts, most) in [(1, 500), (2, 1000), (3, 2000), (7, 30_000), (99, 30_000)] {
            let most = Duration::from_millis(most);
            assert_eq!(policy.wait(attempts, None, MINUTE, 1.0), Some(most));
            assert_eq!(policy.wait(attempts, None, MINUTE, 0.5), Some(most / 2));
            assert_eq!(policy.wait(attempts, None, MINUTE, 0.0), Some(Duration::ZERO));
        }
    }

    #[test]
    fn attempts_are_bounded() {
        assert_eq!(RetryPolicy { max_retries: 0 }.wait(1, None, MINUTE, 0.0), None);
        assert!(RetryPolicy { max_retries: 2 }.wait(2, None, MINUTE, 0.0).is_some());
        assert_eq!(RetryPolicy { max_retries: 2 }.wait(3, None, MINUTE, 0.0), None);
    }

    #[test]
    fn the_server_is_heard_but_cannot_hold_us() {
        let policy = RetryPolicy { max_retries: 3 };
        let seconds = Duration::from_secs;
        assert_eq!(policy.wait(1, Some(seconds(5)), MINUTE, 0.0), Some(seconds(5)));
        assert_eq!(policy.wait(1, Some(seconds(60)), MINUTE, 0.0), None);
        assert_eq!(policy.wait(1, Some(seconds(u64::MAX)), MINUTE, 1.0), None);
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
        fn any_retry_after_is_survived(value in ".*", attempts in 1u32.., dice in 0.0..1.0f64) {
            let asked = parse_retry_after(&value, SystemTime::now());
            RetryPolicy { max_retries: u32::MAX }.wait(attempts, asked, MINUTE, dice);
        }

        #[test]
        fn dates_round_trip(seconds in 0u64..4_000_000_000) {
            let now = SystemTime::UNIX_EPOCH;
            let text = httpdate::fmt_http_date(now + Duration::from_secs(seconds));
            prop_assert_eq!(parse_retry_after(&text, now), Some(Duration::from_secs(seconds)));
        }
    }
}
