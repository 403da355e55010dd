//! The way of one request: attempts until its outcome is known. What all requests of a client share is here.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use reqwest::Method;
use reqwest::header::{self, HeaderMap, HeaderValue};
use tokio::time::{Instant, timeout_at};

use crate::answer::{self, Answer, BODY_MAX};
use crate::config::Config;
use crate::flight::{Flight, TracedBody};
use crate::outcome::{Code, Fault, Outcome, ResetResult, Verdict};
use crate::redact::Redactor;
use crate::reset::ResetRequest;
use crate::retry::{RetryPolicy, parse_retry_after};
use crate::{failure, http};

/// Once the status is there, the body only adds words: so long is it waited for.
const BODY_TIME: Duration = Duration::from_secs(5);

/// A server that asks for a longer wait than a request has time for holds the next ones back so long.
const HOLD_MAX: Duration = Duration::from_secs(30);

/// So much of an id is shown, in characters: more than a request takes.
const ID_SHOWN: usize = 1024;

/// What all requests of a client share.
pub struct Core {
    config: Config,
    headers: HeaderMap,
    redactor: Redactor,
    retry: RetryPolicy,
    /// No request leaves before this: one that was told to slow down slows all.
    not_before: Mutex<Option<Instant>>,
    /// The last answer that says something of the key takes it.
    proved: AtomicBool,
}

impl Core {
    pub fn new(config: Config) -> Result<Self, Fault> {
        Ok(Self {
            headers: http::headers(&config)?,
            redactor: config.redactor(),
            retry: RetryPolicy { max_retries: config.max_retries },
            not_before: Mutex::default(),
            proved: AtomicBool::new(false),
            config,
        })
    }

    pub fn config(&self) -> &Config {
        &self.config
    }

    /// A text of ours, or of the host's, as it may be shown.
    pub fn shown(&self, text: &str) -> String {
        self.redactor.clean_whole(text, usize::MAX)
    }

    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// A result for a user whose request could not be made.
    #[cfg(feature = "capi")]
    pub fn invalid(&self, id: Option<&str>, fault: Fault) -> ResetResult {
        let id = id.filter(|id| !id.trim().is_empty()).map(|id| self.redactor.clean_whole(id, ID_SHOWN));
        ResetResult::unsent(id.as_deref(), fault)
    }

    /// While false, a failure that is everyone's is still to be expected: requests go one at a time.
    pub fn is_proved(&self) -> bool {
        self.proved.load(Ordering::Relaxed)
    }

    /// Whether the request may be sent now.
    pub fn check(&self, request: &ResetRequest) -> Result<(), Box<ResetResult>> {
        request.check_not_past(chrono::Utc::now()).map_err(|fault| Box::new(self.unsent(request, fault)))
    }

    /// A result for a request that is surely not sent.
    pub fn unsent(&self, request: &ResetRequest, why: impl Into<Verdict>) -> ResetResult {
        self.result(request, why.into(), 0, Duration::ZERO)
    }

    fn result(
        &self,
        request: &ResetRequest,
        verdict: Verdict,
        attempts: u32,
        elapsed: Duration,
    ) -> ResetResult {
        let id = self.redactor.clean_whole(request.id(), ID_SHOWN);
        ResetResult::new(Some(&id), verdict, attempts, elapsed)
    }

    /// What is to be said of a request that ends here, before its answer.
    pub fn stopped(&self, request: &ResetRequest, flight: &Flight, code: Code) -> ResetResult {
        let verdict = match (flight.stop(), code) {
            (true, Code::Panic) => Verdict::new(Outcome::Unknown, code, "a defect of jcsdk ended it"),
            (false, Code::Panic) => Verdict::new(
                Outcome::Refused,
                Code::PanicUnsent,
                "a defect of jcsdk ended it before it was sent",
            ),
            (true, _) => {
                Verdict::new(Outcome::Unknown, code, "it was stopped while the request was under way")
            }
            (false, _) => Verdict::new(Outcome::Cancelled, code, "it was stopped before anything was done"),
        };
        let (attempts, first) = flight.attempts();
        self.result(request, verdict, attempts, first.map(|first| first.elapsed()).unwrap_or_default())
    }

    /// Sends the request until its outcome is known, no retry is left or the time is up.
    pub async fn reset(
        &self,
        http: &reqwest::Client,
        request: &ResetRequest,
        flight: &Arc<Flight>,
    ) -> ResetResult {
        #[cfg(feature = "panic-for-tests")]
        assert!(request.id() != "panic-there", "a defect for tests");
        let deadline = Instant::now() + self.config.total_timeout;
        if timeout_at(deadline, self.pause()).await.is_err() {
            let what = "the server asked all to wait, and the time was up";
            return self.unsent(request, Verdict::new(Outcome::Refused, Code::RateLimitExceeded, what));
        }
        if let Err(invalid) = self.check(request) {
            return *invalid;
        }
        let start = Instant::now();
        let mut attempts = 0;
        let mut answer: Option<Verdict> = None;
        loop {
            attempts += 1;
            flight.attempt(attempts, start);
            let verdict = self.attempt(http, request, flight, deadline).await;
            #[cfg(feature = "panic-for-tests")]
            assert!(request.id() != "panic-late", "a defect for tests");
            // An answer counts before the news that a further attempt could not even be sent.
            let may_retry = verdict.may_retry;
            let unsent = verdict.outcome == Outcome::Refused && verdict.http_status.is_none();
            let verdict = answer.take().filter(|_| unsent).unwrap_or(verdict);
            let remaining = deadline.saturating_duration_since(Instant::now());
            let wait = self.retry.wait(attempts, verdict.retry_after, remaining, fastrand::f64());
            let wait = wait.filter(|_| may_retry);
            if let Some(wait) = wait {
                flight.surely_did_nothing();
                self.hold_back(wait);
            } else if let Some(asked) =
                verdict.retry_after.filter(|_| may_retry && self.retry.max_retries > 0)
            {
                self.hold_back(asked.min(HOLD_MAX).min(self.config.total_timeout));
            }
            if wait.is_none() || timeout_at(deadline, self.pause()).await.is_err() {
                self.learn(&verdict);
                return self.result(request, verdict, attempts, start.elapsed());
            }
            if let Err(fault) = request.check_not_past(chrono::Utc::now()) {
                let what = format!("{}; before it could be sent again, {}", verdict.what, fault.message);
                return self.result(request, Verdict { what, ..verdict }, attempts, start.elapsed());
            }
            answer = Some(verdict).filter(|verdict| verdict.http_status.is_some());
        }
    }

    /// Whether the next requests may go side by side. What says nothing of the key changes nothing.
    fn learn(&self, verdict: &Verdict) {
        let refuses = verdict.code.is_some_and(Code::is_everyones);
        let takes = verdict.proves_key;
        if refuses || takes {
            self.proved.store(takes, Ordering::Relaxed);
        }
    }

    /// Waits as long as a request that was told to slow down slows all.
    pub async fn pause(&self) {
        while let Some(until) = self.held_back() {
            tokio::time::sleep_until(until).await;
            // Not all at once when the pause ends.
            tokio::time::sleep(Duration::from_millis(fastrand::u64(0..100))).await;
        }
    }

    fn held_back(&self) -> Option<Instant> {
        let until = *self.not_before.lock().unwrap_or_else(PoisonError::into_inner);
        until.filter(|until| *until > Instant::now())
    }

    fn hold_back(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let mut not_before = self.not_before.lock().unwrap_or_else(PoisonError::into_inner);
        *not_before = (*not_before).max(Some(until));
    }

    async fn attempt(
        &self,
        http: &reqwest::Client,
        request: &ResetRequest,
        flight: &Arc<Flight>,
        deadline: Instant,
    ) -> Verdict {
        // Lets the runtime hear first of idle connections that the server has closed: nothing is written to them then.
        tokio::task::yield_now().await;
        let url = self.config.url(&request.path());
        let host = self.config.base.authority();
        let deadline = deadline.min(Instant::now() + self.config.request_timeout);
        let mut post = reqwest::Request::new(Method::POST, url.clone());
        *post.headers_mut() = self.headers.clone();
        *post.body_mut() = Some(reqwest::Body::wrap(TracedBody::new(request.body(), flight.clone())));
        let verdict = match timeout_at(deadline, http.execute(post)).await {
            Ok(Ok(response)) => {
                let answer = read(response, deadline.min(Instant::now() + BODY_TIME)).await;
                answer::judge(&answer, &url, &self.redactor)
            }
            Ok(Err(error)) => {
                let proxy = self.config.proxy.as_ref().filter(|_| url.scheme() == "https");
                let proxy = proxy.map(|proxy| proxy.url.authority());
                let verdict = failure::judge(&error, flight.may_have_left(), host, proxy);
                Verdict { what: self.redactor.clean(&verdict.what, 500), ..verdict }
            }
            Err(_) if flight.stop() => {
                Verdict::new(Outcome::Unknown, Code::AnswerTimedOut, "no answer came in time")
            }
            Err(_) => Verdict::new(
                Outcome::Refused,
                Code::ConnectionNotMade,
                self.redactor.clean(&format!("no connection to {host} was made in time"), 500),
            ),
        };
        if verdict.http_status.is_none() {
            // Lets the runtime close the connection, which nobody may drive for a while.
            tokio::task::yield_now().await;
        }
        verdict
    }
}

async fn read(mut response: reqwest::Response, deadline: Instant) -> Answer {
    let header = |name| response.headers().get(name).map(|v: &HeaderValue| v.as_bytes().to_vec());
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let mut answer = Answer {
        status: response.status().as_u16(),
        location: header(header::LOCATION).map(text),
        encoding: header(header::CONTENT_ENCODING).map(text),
        retry_after: header(header::RETRY_AFTER)
            .and_then(|value| parse_retry_after(&text(value), SystemTime::now())),
        ..Answer::default()
    };
    loop {
        match timeout_at(deadline, response.chunk()).await {
            Ok(Ok(Some(chunk))) => {
                answer.body.extend_from_slice(&chunk);
                if answer.body.len() > BODY_MAX {
                    answer.body.truncate(BODY_MAX);
                    answer.cut = true;
                    return answer;
                }
            }
            Ok(Ok(None)) => return answer,
            Ok(Err(_)) | Err(_) => {
                answer.cut = true;
                return answer;
            }
        }
    }
}
