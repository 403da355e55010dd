//! The client: a configuration and its connections. One user at a time here, many in a [`Batch`](crate::Batch).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use serde_json::json;

use crate::attempt::InFlight;
use crate::code::Code;
use crate::config::{Config, Options};
use crate::http;
use crate::outcome::Fault;
use crate::reset::ResetRequest;
use crate::result::ResetResult;
use crate::runtime::{Background, OnCaller};
use crate::session::Session;

/// Resets users with one configuration, over connections that are kept. May be used from any thread; a clone is
/// the same client.
#[derive(Clone)]
pub struct Client {
    pub(crate) session: Arc<Session>,
    on_caller: Arc<OnCaller>,
    pub(crate) background: Arc<Background>,
}

impl Client {
    pub fn new(options: &Options) -> Result<Self, Fault> {
        Self::with_config(Config::new(options)?)
    }

    pub(crate) fn with_config(config: Config) -> Result<Self, Fault> {
        check_thread()?;
        let redactor = config.redactor();
        let clean = |fault: Fault| Fault { message: redactor.clean(&fault.message, 500), ..fault };
        let make = || {
            let tls = http::tls(&config)?;
            let on_caller = OnCaller::start(http::client(&config, &tls)?);
            let background = Background::start(http::client(&config, &tls)?);
            let no_thread = |error| {
                Fault::new(
                    Code::ConfigurationInvalid,
                    &format!("the system has no room for a client ({error})"),
                )
            };
            Ok(Self {
                on_caller: Arc::new(on_caller.map_err(no_thread)?),
                background: Arc::new(background.map_err(no_thread)?),
                session: Arc::new(Session::new(config.clone())?),
            })
        };
        make().map_err(clean)
    }

    /// Resets one user and waits for what comes of it: at most the total time-out. A panic inside, as tokio's own on a
    /// thread that drives asynchronous tasks, becomes a result that says whether something may have been sent.
    pub fn reset(&self, request: &ResetRequest) -> ResetResult {
        if let Err(fault) = check_thread() {
            return self.session.unsent(request, fault);
        }
        let turn = tokio::time::Instant::now();
        let in_flight = Arc::new(InFlight::default());
        let run = || {
            self.on_caller.run(async |http| match self.session.look_up(http, request, turn).await {
                Ok(request) => self.session.reset(http, &request, &in_flight, turn).await,
                Err(not_found) => *not_found,
            })
        };
        let stopped = |_| self.session.stopped(request, &in_flight, Code::Panic);
        catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(stopped)
    }

    /// What would be sent, without the key, and the user as he may be shown. Where a name has to be looked up first, the
    /// URL of the reset is not known, and the search stands in its place. Sends nothing.
    pub fn preview(&self, request: &ResetRequest) -> Result<serde_json::Value, Box<ResetResult>> {
        self.session.check(request)?;
        let shown = self.session.headers().iter().map(|(name, value)| {
            let text = if value.is_sensitive() { "***" } else { value.to_str().unwrap_or("***") };
            (name.to_string(), self.session.shown(text).into())
        });
        let headers: serde_json::Map<_, _> = shown.collect();
        let url = self.session.shown(self.session.config().url(&request.path()).as_str());
        let mut preview = json!({ "method": "POST", "headers": headers, "body": request.body() });
        if let Some(proxy) = self.session.config().proxy_in_use() {
            preview["proxy"] = self.session.shown(proxy.url.as_str()).into();
        }
        let whom = self.session.whom(request);
        match request.unknown_name() {
            None => {
                preview["userId"] = whom.user_id.into();
                preview["url"] = url.into();
            }
            Some(name) => {
                let body = self.session.shown(&name.body().to_string());
                preview["name"] = whom.name.into();
                preview["lookup"] = json!({ "method": "POST", "url": url, "body": body });
            }
        }
        Ok(preview)
    }
}

/// A thread that runs its last destructors has no thread-locals any more, and a runtime needs them.
fn check_thread() -> Result<(), Fault> {
    if tokio::runtime::Handle::try_current().is_err_and(|error| error.is_thread_local_destroyed()) {
        let what = "the calling thread is at its end and has given up what a call needs of it";
        return Err(Fault::new(Code::ArgumentInvalid, what));
    }
    Ok(())
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("config", self.session.config()).finish_non_exhaustive()
    }
}
