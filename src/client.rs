//! One HTTP client: it sends a request, again where that is surely harmless, and says what came of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect;
use serde_json::json;
use tokio::time::{Instant, timeout_at};

use crate::answer::{self, Answer, BODY_MAX};
use crate::batch::{Batch, Next};
use crate::config::{self, Config, Options};
use crate::failure;
use crate::flight::{Flight, TracedBody};
use crate::outcome::{Code, Fault, Outcome, ResetResult, Verdict};
use crate::redact::Redactor;
use crate::reset::ResetRequest;
use crate::retry::{RetryPolicy, parse_retry_after};
use crate::runtime::Runtime;

/// After so long an idle connection may be stale, and a request lost on a stale one would be unknown.
const IDLE_MAX: Duration = Duration::from_secs(10);

/// Once the status is there, the body only adds words: so long is it waited for.
const BODY_TIME: Duration = Duration::from_secs(5);

/// So much of an id is shown, in characters: more than a request takes.
const ID_SHOWN: usize = 1024;

/// Resets users with one configuration, over connections that are kept. May be used from any thread; a clone is
/// the same client.
#[derive(Clone)]
pub struct Client {
    pub(crate) core: Arc<Core>,
    pub(crate) runtime: Arc<Runtime>,
}

impl Client {
    pub fn new(options: &Options) -> Result<Self, Fault> {
        Self::with_config(Config::new(options)?)
    }

    pub(crate) fn with_config(config: Config) -> Result<Self, Fault> {
        let redactor = config.redactor();
        let clean = |fault: Fault| Fault { message: redactor.clean(&fault.message, 500), ..fault };
        let core = Core::new(config).map_err(clean)?;
        let runtime = Runtime::start().map_err(|error| {
            Fault::new(Code::ConfigurationInvalid, &format!("no thread could be started ({error})"))
        })?;
        Ok(Self { core: Arc::new(core), runtime: Arc::new(runtime) })
    }

    /// Resets one user and waits for what comes of it: at most the total time-out.
    pub fn reset(&self, request: ResetRequest) -> ResetResult {
        let batch = Batch::alone(self);
        let pushed = batch.push(request, None);
        batch.close();
        match (pushed, batch.next(Duration::MAX)) {
            (Ok(()), Next::Result(result)) => *result,
            _ => unreachable!("a new batch takes one request and gives one result"),
        }
    }

    /// A result for a user whose request could not be made.
    pub(crate) fn invalid(&self, id: Option<&str>, fault: Fault) -> ResetResult {
        let id = id.map(|id| self.core.redactor.clean(id, ID_SHOWN));
        ResetResult::unsent(id.as_deref(), fault)
    }

    pub(crate) fn config(&self) -> &Config {
        &self.core.config
    }

    /// What would be sent, the key left out. Sends nothing.
    pub fn preview(&self, request: &ResetRequest) -> Result<serde_json::Value, ResetResult> {
        self.core.check(request)?;
        let headers: serde_json::Map<_, _> = self
            .core
            .headers
            .iter()
            .map(|(name, value)| {
                let shown = if value.is_sensitive() { "***" } else { value.to_str().unwrap_or("***") };
                (name.to_string(), shown.into())
            })
            .collect();
        let url = self.core.config.url(&request.path());
        Ok(json!({ "method": "POST", "url": url.as_str(), "headers": headers, "body": request.body() }))
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("config", &self.core.config).finish_non_exhaustive()
    }
}

/// What all requests of a client share.
pub(crate) struct Core {
    config: Config,
    http: reqwest::Client,
    headers: HeaderMap,
    redactor: Redactor,
    retry: RetryPolicy,
    /// No request leaves before this: one that was told to slow down slows all.
    not_before: Mutex<Option<Instant>>,
    /// The last answer was not a failure that everyone would meet.
    proved: AtomicBool,
}

impl Core {
    fn new(config: Config) -> Result<Self, Fault> {
        Ok(Self {
            http: http_client(&config)?,
            headers: headers(&config)?,
            redactor: config.redactor(),
            retry: RetryPolicy { max_retries: config.max_retries },
            not_before: Mutex::default(),
            proved: AtomicBool::new(false),
            config,
        })
    }

    /// While false, a failure that is everyone's is still to be expected: requests go one at a time.
    pub fn is_proved(&self) -> bool {
        self.proved.load(Ordering::Relaxed)
    }

    /// Whether the request may be sent now.
    pub fn check(&self, request: &ResetRequest) -> Result<(), ResetResult> {
        request.check_not_past(chrono::Utc::now()).map_err(|fault| self.unsent(request, fault))
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
        let id = self.redactor.clean(request.id(), ID_SHOWN);
        ResetResult::new(Some(&id), verdict, attempts, elapsed)
    }

    /// What is to be said of a request that ends here, before its answer.
    pub fn stopped(&self, request: &ResetRequest, flight: &Flight, code: Code) -> ResetResult {
        let why = if code == Code::Panic { "a defect of jcsdk ended it" } else { "it was stopped" };
        let verdict = if flight.stop() {
            Verdict::new(Outcome::Unknown, code, format!("{why} while the request was under way"))
        } else {
            Verdict::new(Outcome::Cancelled, code, format!("{why} before anything was done"))
        };
        let (attempts, first) = flight.attempts();
        self.result(request, verdict, attempts, first.map(|first| first.elapsed()).unwrap_or_default())
    }

    /// Sends the request until its outcome is known, no retry is left or the time is up.
    pub async fn reset(&self, request: &ResetRequest, flight: &Arc<Flight>) -> ResetResult {
        self.pause().await;
        if let Err(invalid) = self.check(request) {
            return invalid;
        }
        let start = Instant::now();
        let deadline = start + self.config.total_timeout;
        let mut attempts = 0;
        let mut last = None;
        loop {
            attempts += 1;
            flight.attempt(attempts, start);
            let verdict = self.attempt(request, flight, deadline).await;
            // An answer counts before the news that a further attempt could not even be sent.
            let verdict = match last.take() {
                Some(answer) if verdict.http_status.is_none() && !flight.may_have_left() => answer,
                _ => verdict,
            };
            self.proved.store(!verdict.code.is_some_and(Code::is_everyones), Ordering::Relaxed);
            let remaining = deadline.saturating_duration_since(Instant::now());
            let wait = self.retry.wait(attempts, verdict.retry_after, remaining, fastrand::f64());
            let Some(wait) = wait.filter(|_| verdict.may_retry) else {
                return self.result(request, verdict, attempts, start.elapsed());
            };
            flight.surely_did_nothing();
            self.hold_back(Instant::now() + wait);
            last = verdict.http_status.is_some().then_some(verdict);
            tokio::time::sleep(wait).await;
        }
    }

    async fn pause(&self) {
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

    fn hold_back(&self, until: Instant) {
        let mut not_before = self.not_before.lock().unwrap_or_else(PoisonError::into_inner);
        *not_before = (*not_before).max(Some(until));
    }

    async fn attempt(&self, request: &ResetRequest, flight: &Arc<Flight>, deadline: Instant) -> Verdict {
        // Lets the runtime see first which idle connections the server has closed.
        tokio::task::yield_now().await;
        let url = self.config.url(&request.path());
        let host = url.authority().to_owned();
        let deadline = deadline.min(Instant::now() + self.config.request_timeout);
        let sending = self
            .http
            .post(url.clone())
            .headers(self.headers.clone())
            .body(reqwest::Body::wrap(TracedBody::new(request.body(), flight.clone())))
            .send();
        match timeout_at(deadline, sending).await {
            Ok(Ok(response)) => {
                let answer = read(response, deadline.min(Instant::now() + BODY_TIME)).await;
                answer::judge(&answer, &url, &self.redactor)
            }
            Ok(Err(error)) => {
                let verdict = failure::judge(&error, flight.may_have_left(), &host);
                Verdict { what: self.redactor.clean(&verdict.what, 500), ..verdict }
            }
            Err(_) if flight.stop() => {
                Verdict::new(Outcome::Unknown, Code::AnswerTimedOut, "no answer came in time")
            }
            Err(_) => Verdict::new(
                Outcome::Refused,
                Code::ConnectionNotMade,
                format!("no connection to {host} was made in time"),
            ),
        }
    }
}

async fn read(mut response: reqwest::Response, deadline: Instant) -> Answer {
    let header = |name| response.headers().get(name).map(|v: &HeaderValue| v.as_bytes().to_vec());
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let mut answer = Answer {
        status: response.status().as_u16(),
        location: header(header::LOCATION).map(text),
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

fn http_client(config: &Config) -> Result<reqwest::Client, Fault> {
    // An error means that the host has installed a provider of its own, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let invalid = |what: String| Fault::new(Code::ConfigurationInvalid, &what);
    let plain = config.base.scheme() == "http";
    let mut builder = reqwest::Client::builder()
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy() // ours comes from the configuration, not from the process
        .http1_only()
        .https_only(!plain)
        .connect_timeout(config.connect_timeout)
        .pool_idle_timeout(IDLE_MAX);
    if plain {
        builder = builder.tls_certs_only([]).dns_resolver(LoopbackOnly);
    } else {
        if let Some(file) = &config.ca_file {
            let pem = std::fs::read(file).map_err(|error| {
                invalid(format!("the certificate authorities' file {file} was not read ({error})"))
            })?;
            let authorities = reqwest::Certificate::from_pem_bundle(&pem)
                .map_err(|_| invalid(format!("the certificate authorities' file {file} is not PEM")))?;
            builder = builder.tls_certs_merge(authorities);
        }
        if let Some(proxy) = &config.proxy {
            builder = builder.proxy(proxy_settings(proxy)?);
        }
    }
    builder.build().map_err(|error| invalid(format!("no HTTP client could be made ({})", root(&error))))
}

fn proxy_settings(proxy: &config::Proxy) -> Result<reqwest::Proxy, Fault> {
    let settings = reqwest::Proxy::https(proxy.url.clone())
        .map_err(|_| Fault::new(Code::UrlInvalid, "the proxy's URL cannot be used"))?
        .no_proxy(reqwest::NoProxy::from_string(&proxy.no_proxy));
    Ok(match &proxy.login {
        Some((user, password)) => settings.basic_auth(user, password.expose()),
        None => settings,
    })
}

fn headers(config: &Config) -> Result<HeaderMap, Fault> {
    let invalid = |_| Fault::new(Code::ConfigurationInvalid, "a setting does not fit into a header");
    let mut key = HeaderValue::from_str(config.key.expose()).map_err(invalid)?;
    key.set_sensitive(true);
    let json = HeaderValue::from_static("application/json");
    let mut headers = HeaderMap::new();
    headers.insert(HeaderName::from_static("x-api-key"), key);
    if let Some(org_id) = &config.org_id {
        headers.insert(HeaderName::from_static("x-org-id"), HeaderValue::from_str(org_id).map_err(invalid)?);
    }
    headers.insert(header::ACCEPT, json.clone());
    headers.insert(header::CONTENT_TYPE, json);
    headers.insert(header::USER_AGENT, HeaderValue::from_str(&config.user_agent).map_err(invalid)?);
    Ok(headers)
}

/// The innermost of an error's sources, which says what went wrong.
fn root(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), root)
}

/// Plain http is for this machine only, wherever the name `localhost` leads.
struct LoopbackOnly;

impl reqwest::dns::Resolve for LoopbackOnly {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let here: Vec<_> = found.filter(|address| address.ip().is_loopback()).collect();
            if here.is_empty() {
                return Err("the name does not lead to this machine".into());
            }
            Ok(Box::new(here.into_iter()) as reqwest::dns::Addrs)
        })
    }
}
