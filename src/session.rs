//! What one client's requests share, and the loop of attempts that ends in one user's result.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chrono::{SecondsFormat, Utc};
use reqwest::header::HeaderMap;
use reqwest::{Method, Url};
use tokio::time::Instant;

use crate::answer::Answer;
use crate::attempt::{self, Connections, InFlight, Reply, Stopped};
use crate::code::Code;
use crate::config::Config;
use crate::lookup::Name;
use crate::outcome::{Fault, Outcome, Verdict};
use crate::redact::Redactor;
use crate::reset::ResetRequest;
use crate::result::{ResetResult, Whom};
use crate::retry::{RetryPolicy, Step, Tried};
use crate::throttle::Throttle;
use crate::{answer, failure, http, lookup};

/// An id, a name, or what is wrong with a user's record is shown up to this length, in characters. A request takes no id
/// and no name that is longer.
const SHOWN_MAX: usize = 1024;

pub struct Session {
    config: Config,
    headers: HeaderMap,
    redactor: Redactor,
    retry: RetryPolicy,
    throttle: Throttle,
    connections: Connections,
    key: KeyTrust,
}

/// A user as the caller has written him, where no request could be made of it.
#[cfg(feature = "capi")]
pub enum Given {
    Id(String),
    Name(String),
    Names { username: String, email: String },
}

/// What is sent for a user. Only the reset has to be told from then on how far it has come.
#[derive(Clone, Copy)]
enum Part<'a> {
    LookUp(&'a Name),
    Reset(&'a Arc<InFlight>),
}

impl Part<'_> {
    fn body(self, request: &ResetRequest) -> String {
        match self {
            Self::LookUp(name) => name.body().to_string(),
            Self::Reset(_) => request.body(),
        }
    }

    /// A look-up's attempts have nothing in common.
    fn in_flight(self) -> Arc<InFlight> {
        match self {
            Self::LookUp(_) => Arc::default(),
            Self::Reset(in_flight) => in_flight.clone(),
        }
    }

    fn judge(
        self,
        answer: &Answer,
        url: impl FnOnce() -> Url,
        redactor: &Redactor,
    ) -> Result<String, Verdict> {
        match self {
            Self::LookUp(name) => lookup::judge(answer, name, url, redactor),
            Self::Reset(_) => Err(answer::judge(answer, url, redactor)),
        }
    }

    fn may_be_sent_again(self, verdict: &Verdict) -> bool {
        match self {
            Self::LookUp(_) => lookup::passes(verdict),
            Self::Reset(_) => verdict.may_be_sent_again(),
        }
    }

    fn last_word(self, verdict: Verdict) -> Verdict {
        match self {
            Self::LookUp(_) => lookup::last_word(verdict),
            Self::Reset(_) => verdict,
        }
    }
}

impl Session {
    pub fn new(config: Config) -> Result<Self, Fault> {
        Ok(Self {
            headers: http::headers(&config)?,
            redactor: config.redactor(),
            retry: RetryPolicy { max_retries: config.max_retries, total: config.total_timeout },
            throttle: Throttle::default(),
            connections: Connections::default(),
            key: KeyTrust::default(),
            config,
        })
    }

    pub fn config(&self) -> &Config {
        &self.config
    }

    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// A text of ours, or of the host's, as it may be shown.
    pub fn shown(&self, text: &str) -> String {
        self.redactor.clean_whole(text, usize::MAX)
    }

    pub fn shown_short(&self, text: &str) -> String {
        self.redactor.clean_whole(text, SHOWN_MAX)
    }

    pub fn whom(&self, request: &ResetRequest) -> Whom {
        let shown = |text: Option<&str>| text.map(|text| self.shown_short(text));
        Whom { name: shown(request.name()), email: shown(request.email()), user_id: shown(request.id()) }
    }

    /// While this is false, a failure that is everyone's is still to be expected, and requests go one at a time.
    pub fn may_go_side_by_side(&self) -> bool {
        self.key.is_enough()
    }

    /// How long requests are still held back by a Retry-After.
    pub fn held_back(&self) -> Duration {
        self.throttle.remaining()
    }

    /// Waits until a user's turn can lead to an attempt, or until it is sure that it cannot in the user's time.
    pub async fn wait_for_turn(&self, turn: Instant) {
        let _ = self.throttle.wait(self.latest_start(turn)).await;
    }

    /// Whether the request may be sent now.
    pub fn check(&self, request: &ResetRequest) -> Result<(), Box<ResetResult>> {
        request.check_date(Utc::now).map_err(|fault| Box::new(self.unsent(request, fault)))
    }

    /// A result for a request that is surely not sent.
    pub fn unsent(&self, request: &ResetRequest, why: impl Into<Verdict>) -> ResetResult {
        ResetResult::new(self.whom(request), why.into(), 0, Duration::ZERO)
    }

    /// A result for a user whose request could not even be made. The host may have written the reason.
    #[cfg(feature = "capi")]
    pub fn invalid(&self, given: Option<Given>, why: impl Into<Verdict>) -> ResetResult {
        let shown = |text: &str| (!text.trim().is_empty()).then(|| self.shown_short(text));
        let whom = match given {
            Some(Given::Id(id)) => Whom { user_id: shown(&id), ..Whom::default() },
            Some(Given::Name(name)) => Whom { name: shown(&name), ..Whom::default() },
            Some(Given::Names { username, email }) => {
                Whom { name: shown(&username), email: shown(&email), ..Whom::default() }
            }
            None => Whom::default(),
        };
        let why = why.into();
        let (what, hint) = (self.shown_short(&why.what), why.hint.map(|hint| self.shown_short(&hint)));
        ResetResult::new(whom, Verdict { what, hint, ..why }, 0, Duration::ZERO)
    }

    /// What is known of a request that ends here, before its answer was judged.
    pub fn stopped(&self, request: &ResetRequest, in_flight: &InFlight, code: Code) -> ResetResult {
        let verdict = match in_flight.stop() {
            Stopped::Answered(answer) => {
                answer::judge(&answer, || self.config.url(&request.path()), &self.redactor)
            }
            Stopped::Sent if code == Code::Panic => {
                Verdict::new(Outcome::Unknown, code, "a defect of jcsdk ended the request")
            }
            Stopped::Sent => {
                Verdict::new(Outcome::Unknown, code, "it was stopped while the request was under way")
            }
            Stopped::NotSent if code == Code::Panic => {
                let what = "a defect of jcsdk ended it before the reset was sent";
                Verdict::new(Outcome::Refused, Code::PanicUnsent, what)
            }
            Stopped::NotSent => {
                Verdict::new(Outcome::Cancelled, code, "it was stopped before the reset was sent")
            }
        };
        let (attempts, elapsed) = in_flight.attempts();
        ResetResult::new(self.whom(request), verdict, attempts, elapsed)
    }

    /// The request with its user's id. One that has only a name is looked up: the first part of the user's work, which
    /// changes nothing. The user's time began with `turn`.
    pub async fn look_up<'a>(
        &self,
        http: &reqwest::Client,
        request: &'a ResetRequest,
        turn: Instant,
    ) -> Result<Cow<'a, ResetRequest>, Box<ResetResult>> {
        let Some(name) = request.unknown_name() else { return Ok(Cow::Borrowed(request)) };
        let (ended, _) = self.send(http, request, Part::LookUp(name), turn).await;
        let ended = ended.and_then(|id| {
            if Instant::now() <= self.latest_start(turn) {
                return Ok(Cow::Owned(request.found(id)));
            }
            let what = "the search for this name took all of the time, and left none for the reset";
            Err(Verdict::new(Outcome::Refused, Code::LookupFailed, what))
        });
        ended.map_err(|verdict| Box::new(ResetResult::new(self.whom(request), verdict, 0, turn.elapsed())))
    }

    /// Resets a user whose id is known. The user's time began with `turn`.
    pub async fn reset(
        &self,
        http: &reqwest::Client,
        request: &ResetRequest,
        in_flight: &Arc<InFlight>,
        turn: Instant,
    ) -> ResetResult {
        #[cfg(feature = "panic-for-tests")]
        assert!(!request.id().is_some_and(|id| id.starts_with("panic-there")), "a defect for tests");
        let (ended, attempts) = self.send(http, request, Part::Reset(in_flight), turn).await;
        let verdict = match ended {
            Err(verdict) => verdict,
            Ok(_) => unreachable!("only a look-up finds an id"),
        };
        ResetResult::new(self.whom(request), verdict, attempts, turn.elapsed())
    }

    /// Sends this part until what comes of it is known, no retry is left or the time is up. Returns the id that a
    /// look-up has found, or the last word; and how often it was sent.
    async fn send(
        &self,
        http: &reqwest::Client,
        request: &ResetRequest,
        part: Part<'_>,
        turn: Instant,
    ) -> (Result<String, Verdict>, u32) {
        let deadline = turn + self.retry.total;
        let mut attempts = 0;
        // The server's last word. It says more than the news that a further attempt could not even be sent.
        let mut heard: Option<Verdict> = None;
        let ended = loop {
            if let Err(wait) = self.throttle.wait(self.latest_start(turn)).await {
                break heard.unwrap_or_else(|| held_back(wait));
            }
            if let Err(fault) = request.check_date(Utc::now) {
                break match heard {
                    None => fault.into(),
                    Some(heard) => {
                        let what =
                            format!("{}; before it could be sent again, {}", heard.what, fault.message);
                        Verdict { what, ..heard }
                    }
                };
            }
            attempts += 1;
            let in_flight = part.in_flight();
            in_flight.begin(attempts, turn);
            let began = Instant::now();
            let tried = match self.attempt(http, request, part, &in_flight, deadline).await {
                Ok(id) => {
                    self.key.accept();
                    return (Ok(id), attempts);
                }
                Err(tried) => tried,
            };
            let may_be_sent_again = part.may_be_sent_again(&tried);
            let step = self.retry.next(
                Tried {
                    attempts,
                    may_be_sent_again,
                    retry_after: tried.retry_after,
                    took: began.elapsed(),
                    remaining: deadline.saturating_duration_since(Instant::now()),
                },
                fastrand::f64(),
            );
            if let Some(asked) = tried.retry_after.filter(|_| may_be_sent_again) {
                self.throttle.hold(asked);
            }
            let was_not_sent = tried.outcome == Outcome::Refused && tried.http_status.is_none();
            let last_word = heard.take().filter(|_| was_not_sent).unwrap_or(tried);
            match step {
                Step::Done => break last_word,
                Step::DoneForAll => break for_all(last_word),
                Step::Again(wait) => {
                    in_flight.did_nothing();
                    self.throttle.hold(wait);
                    heard = Some(last_word).filter(|verdict| verdict.http_status.is_some());
                }
            }
        };
        let is_suspect = ended.code.is_some_and(Code::stops_batch_if_first) && !self.key.is_accepted();
        let verdict = Verdict { stops_batch: ended.stops_batch || is_suspect, ..ended };
        self.key.learn(&verdict);
        (Err(part.last_word(verdict)), attempts)
    }

    /// The latest time at which an attempt still makes sense for a user whose turn began then.
    fn latest_start(&self, turn: Instant) -> Instant {
        turn + self.retry.total.saturating_sub(self.retry.least(Duration::ZERO))
    }

    async fn attempt(
        &self,
        http: &reqwest::Client,
        request: &ResetRequest,
        part: Part<'_>,
        in_flight: &Arc<InFlight>,
        deadline: Instant,
    ) -> Result<String, Verdict> {
        let url = || self.config.url(&request.path());
        let deadline = deadline.min(Instant::now() + self.config.request_timeout);
        let mut post = reqwest::Request::new(Method::POST, url());
        *post.headers_mut() = self.headers.clone();
        let host = self.config.base.authority();
        let cleaned = |verdict: Verdict| Verdict { what: self.redactor.clean(&verdict.what, 500), ..verdict };
        let sent =
            attempt::send(http, post, part.body(request), in_flight, &self.connections, deadline).await;
        Err(match sent {
            Reply::Answer(answer) => return part.judge(&answer, url, &self.redactor),
            Reply::Failed(error) => {
                let proxy = self.config.proxy_in_use().map(|proxy| proxy.url.authority());
                cleaned(failure::judge(&error, in_flight.may_have_left(), host, proxy))
            }
            Reply::TimedOut if in_flight.stop() == Stopped::NotSent => {
                let what = format!("no connection to {host} was made in time");
                cleaned(Verdict::new(Outcome::Refused, Code::ConnectionNotMade, what))
            }
            Reply::TimedOut => Verdict::new(Outcome::Unknown, Code::AnswerTimedOut, "no answer came in time"),
        })
    }
}

/// The verdict on a user whose time is up before requests may be sent again.
fn held_back(wait: Duration) -> Verdict {
    let what = "the server has asked to wait longer than one user may take";
    let refused = Verdict::new(Outcome::Refused, Code::RateLimitExceeded, what);
    for_all(Verdict { retry_after: Some(wait), ..refused })
}

/// The server has asked for a longer wait than any user has time for. The hint says from what time to go on.
fn for_all(verdict: Verdict) -> Verdict {
    let wait = chrono::TimeDelta::from_std(verdict.retry_after.unwrap_or_default()).ok();
    let go_on = wait.and_then(|wait| Utc::now().checked_add_signed(wait + chrono::TimeDelta::seconds(1)));
    let hint = go_on.map(|time| {
        let time = time.to_rfc3339_opts(SecondsFormat::Secs, true);
        format!("Go on after {time}, as the server asks; nothing has changed.")
    });
    Verdict { stops_batch: true, hint, ..verdict }
}

/// What the answers so far say of the key.
#[derive(Debug, Default)]
struct KeyTrust(AtomicU32);

impl KeyTrust {
    /// After so many results that say nothing of the key, waiting for one that does costs more than it saves.
    const ENOUGH: u32 = 3;

    fn is_accepted(&self) -> bool {
        self.0.load(Ordering::Relaxed) == u32::MAX
    }

    fn is_enough(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= Self::ENOUGH
    }

    fn accept(&self) {
        self.0.store(u32::MAX, Ordering::Relaxed);
    }

    fn learn(&self, verdict: &Verdict) {
        if verdict.proves_key {
            self.accept();
        } else if verdict.stops_batch && !verdict.may_be_sent_again() {
            self.0.store(0, Ordering::Relaxed);
        } else if !verdict.may_be_sent_again() {
            let more = |n: u32| Some(n.saturating_add(1));
            let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::config::Options;
    use crate::redact::Secret;

    /// Whether the server may act decides, not what ended the request.
    #[test]
    fn what_is_stopped_is_told_by_how_far_it_had_come() {
        let options =
            Options { api_key: Some(Secret::new("k")), env: Some(HashMap::new()), ..Options::default() };
        let session = Session::new(Config::new(&options).unwrap()).unwrap();
        let request = ResetRequest::new("u", None, None).unwrap();
        let answer = Answer { status: 404, ..Answer::default() };
        let (stopped, defect, known) =
            ("it was stopped", "a defect of jcsdk", "the server knows no such user");
        let answered = Stopped::Answered(answer.into());
        for (reached, code, outcome, told, words) in [
            (&Stopped::NotSent, Code::Cancelled, Outcome::Cancelled, Code::Cancelled, stopped),
            (&Stopped::NotSent, Code::Panic, Outcome::Refused, Code::PanicUnsent, defect),
            (&Stopped::Sent, Code::Cancelled, Outcome::Unknown, Code::Cancelled, stopped),
            (&Stopped::Sent, Code::Panic, Outcome::Unknown, Code::Panic, defect),
            (&answered, Code::Cancelled, Outcome::Refused, Code::UserNotFound, known),
            (&answered, Code::Panic, Outcome::Refused, Code::UserNotFound, known),
        ] {
            let result = session.stopped(&request, &InFlight::that_has_reached(reached), code);
            assert_eq!((result.outcome, result.code), (outcome, Some(told)), "{reached:?} {code:?}");
            assert!(result.message.unwrap().contains(words), "{reached:?} {code:?}");
        }
    }

    #[test]
    fn the_time_to_go_on_is_not_before_the_wait_has_passed() {
        let before = Utc::now();
        let hint = held_back(Duration::from_secs(3600)).hint.unwrap();
        let time = hint.strip_prefix("Go on after ").and_then(|rest| rest.split_once(',')).unwrap().0;
        let time = chrono::DateTime::parse_from_rfc3339(time).unwrap();
        assert!(time >= before + chrono::TimeDelta::hours(1), "{hint}");
    }

    #[test]
    fn a_few_answers_without_a_word_on_the_key_are_enough() {
        let verdict = |outcome, code: Code| Verdict::new(outcome, code, "x");
        let failed = verdict(Outcome::Unknown, Code::ServerFailed);
        for (verdicts, enough) in [
            (vec![], false),
            (vec![Verdict { proves_key: true, ..Verdict::new(Outcome::Reset, None, "") }], true),
            (vec![verdict(Outcome::Refused, Code::UserNotFound)], false),
            (vec![failed.clone(), failed.clone()], false),
            (vec![failed.clone(), failed.clone(), failed.clone()], true),
            (vec![verdict(Outcome::Refused, Code::RateLimitExceeded); 5], false),
            (
                vec![failed.clone(), failed.clone(), verdict(Outcome::Refused, Code::AuthRefused), failed],
                false,
            ),
        ] {
            let key = KeyTrust::default();
            verdicts.iter().for_each(|verdict| key.learn(verdict));
            assert_eq!(key.is_enough(), enough, "{verdicts:?}");
        }
    }
}
