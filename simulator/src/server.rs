//! The state that all listeners share, and what a request does to it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::addresses::{Addresses, Listener};
use crate::answer::Answer;
use crate::api::{self, Verdict};
use crate::delivery::Delivery;
use crate::faults::Faults;
use crate::log::Log;
use crate::options::Options;
use crate::request::Request;
use crate::users::{Names, Users};

pub(crate) struct Server {
    pub addresses: Addresses,
    key: String,
    org: Option<String>,
    delay: Duration,
    records: Mutex<Records>,
}

pub(crate) struct Records {
    pub users: Users,
    pub faults: Faults,
    pub log: Log,
}

/// One answer, and how it is delivered.
pub(crate) struct Reply {
    pub delay: Duration,
    pub answer: Answer,
    pub delivery: Delivery,
}

impl Server {
    pub fn new(options: Options, addresses: Addresses, faults: Faults) -> Server {
        let mut users = Users::default();
        for n in 1..=options.users {
            users.add(&format!("ok-{n}"), Names::default());
        }
        Server {
            addresses,
            key: options.key,
            org: options.org,
            delay: Duration::from_millis(options.delay_ms),
            records: Mutex::new(Records { users, faults, log: Log::new() }),
        }
    }

    pub fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn receive(&self, listener: Listener, connection: u64, request: Request) -> Reply {
        let Records { users, faults, log } = &mut *self.records();
        let step = request.script().and_then(|script| faults.next(&script));
        let own = match api::judge(&self.key, self.org.as_deref(), users, &request) {
            Verdict::Answer(answer) => answer,
            Verdict::Reset { id, reset } => {
                if step.as_ref().is_none_or(|step| step.acts()) {
                    users.reset(&id, reset);
                    log.reset_done();
                }
                Answer::ok()
            }
        };
        let reply = match &step {
            None => Reply { delay: self.delay, answer: own, delivery: Delivery::Whole },
            Some(step) => Reply {
                delay: self.delay + step.delay,
                answer: step.answer(own, &request, self.other_than(listener)),
                delivery: step.delivery,
            },
        };
        let status = reply.delivery.gives_head().then_some(reply.answer.status);
        log.record(listener, connection, request, status, step.map(|step| step.name.clone()));
        reply
    }

    fn other_than(&self, listener: Listener) -> &str {
        if listener == Listener::Http { &self.addresses.https } else { &self.addresses.http }
    }
}

/// One accepted connection. It counts as open until it is dropped.
pub(crate) struct Connection {
    pub server: Arc<Server>,
    pub listener: Listener,
    pub number: u64,
}

impl Connection {
    pub fn new(server: Arc<Server>, listener: Listener) -> Connection {
        let number = server.records().log.opened(listener);
        Connection { server, listener, number }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.server.records().log.closed();
    }
}
