//! Judges any answer. This must not panic, the outcome must be one that the HTTP status allows, and no secret may show.
#![no_main]

use std::time::{Duration, SystemTime};

use jcsdk::fuzzing::{Answer, Redactor, judge, parse_retry_after};
use jcsdk::{Outcome, Secret};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

const KEY: &str = "k3y/With+0dd\"ch\\ars%41";

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    status: u16,
    location: Option<&'a str>,
    encoding: Option<&'a str>,
    retry_after: Option<&'a str>,
    before: &'a [u8],
    with_key: bool,
    after: &'a [u8],
    cut: bool,
    on_used_connection: bool,
}

fuzz_target!(|input: Input| {
    let key: &[u8] = if input.with_key { KEY.as_bytes() } else { b"" };
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let answer = Answer {
        status: input.status,
        location: input.location.map(str::to_owned),
        encoding: input.encoding.map(str::to_owned),
        retry_after: input.retry_after.and_then(|value| parse_retry_after(value, now)),
        body: [input.before, key, input.after].concat(),
        cut: input.cut,
        on_used_connection: input.on_used_connection,
    };
    let url = || reqwest::Url::parse("https://console.jumpcloud.com/api/systemusers/u/resetmfa").unwrap();
    let verdict = judge(&answer, url, &Redactor::new([Secret::new(KEY)]));
    let refused = (300..500).contains(&answer.status) || answer.status == 503;
    match verdict.outcome {
        Outcome::Reset => assert!(matches!(answer.status, 200 | 201 | 204)),
        Outcome::Refused => assert!(refused),
        Outcome::Unknown => assert!(!refused || matches!(answer.status, 408 | 503)),
        Outcome::Cancelled | Outcome::Invalid => panic!("an answer came"),
    }
    assert!(!verdict.may_be_sent_again() || matches!(answer.status, 429 | 503));
    for text in [Some(verdict.what), verdict.server_message, verdict.body].into_iter().flatten() {
        assert!(!text.contains(KEY), "{text:?}");
        assert!(!text.chars().any(char::is_control), "{text:?}");
        assert!(text.chars().count() <= 4001);
    }
});
