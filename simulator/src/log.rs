//! The log of requests, and the counts.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use hyper::{HeaderMap, Method, StatusCode};
use indexmap::IndexMap;
use serde::{Serialize, Serializer};

use crate::addresses::Listener;
use crate::request::Request;

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// 1 for the first.
    pub n: usize,
    pub listener: Listener,
    /// Unique among all listeners.
    pub connection: u64,
    #[serde(serialize_with = "method")]
    pub method: Method,
    /// As sent, percent-encoding untouched.
    pub target: String,
    /// The user's id in the target, decoded.
    pub id: Option<String>,
    /// The name that a search looks for.
    pub name: Option<String>,
    /// Entries with the same headers share them, so that a benchmark's log stays small.
    #[serde(serialize_with = "headers")]
    pub headers: Arc<HeaderMap>,
    pub body: String,
    /// Milliseconds since the simulator started.
    pub at_ms: u64,
    /// The status of the answer. None if the client does not get all its headers.
    pub answer: Option<u16>,
    /// The names of the fields of the fault step that was taken.
    pub fault: Option<Arc<str>>,
}

impl Entry {
    /// The header's first value. None if it is missing or is not visible ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

fn method<S: Serializer>(method: &Method, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(method.as_str())
}

fn headers<S: Serializer>(headers: &Arc<HeaderMap>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(headers.keys().map(|name| {
        let values: Vec<_> =
            headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        (name.as_str(), values.join(", "))
    }))
}

#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// The length of the log.
    pub requests: usize,
    /// Resets that took effect.
    pub resets: usize,
    /// Connections accepted, by listener.
    pub connections: BTreeMap<Listener, usize>,
    pub open_connections: usize,
    /// Reset requests that arrived, by user id.
    pub by_id: IndexMap<String, usize>,
    /// Searches that arrived, by the name that they look for.
    pub by_name: IndexMap<String, usize>,
}

pub(crate) struct Log {
    started: Instant,
    last_connection: u64,
    entries: Vec<Entry>,
    stats: Stats,
}

impl Log {
    pub fn new() -> Log {
        let mut log =
            Log { started: Instant::now(), last_connection: 0, entries: Vec::new(), stats: Stats::default() };
        log.clear();
        log
    }

    pub fn clear(&mut self) {
        self.entries = Vec::new();
        self.stats = Stats {
            connections: Listener::ALL.iter().map(|listener| (*listener, 0)).collect(),
            open_connections: self.stats.open_connections,
            ..Stats::default()
        };
    }

    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub fn stats(&self) -> Stats {
        Stats { requests: self.entries.len(), ..self.stats.clone() }
    }

    /// The number of the new connection.
    pub fn opened(&mut self, listener: Listener) -> u64 {
        *self.stats.connections.entry(listener).or_default() += 1;
        self.stats.open_connections += 1;
        self.last_connection += 1;
        self.last_connection
    }

    pub fn closed(&mut self) {
        self.stats.open_connections -= 1;
    }

    pub fn reset_done(&mut self) {
        self.stats.resets += 1;
    }

    pub fn record(
        &mut self,
        listener: Listener,
        connection: u64,
        request: Request,
        answer: Option<StatusCode>,
        fault: Option<Arc<str>>,
    ) {
        let name = request.name();
        if let Some(id) = request.path.reset() {
            count(&mut self.stats.by_id, id);
        }
        if let Some(name) = &name {
            count(&mut self.stats.by_name, name);
        }
        let headers = match self.entries.last() {
            Some(last) if *last.headers == request.headers => last.headers.clone(),
            _ => Arc::new(request.headers),
        };
        self.entries.push(Entry {
            n: self.entries.len() + 1,
            listener,
            connection,
            method: request.method,
            target: request.target,
            id: request.path.user().map(str::to_owned),
            name,
            headers,
            body: request.body,
            at_ms: self.started.elapsed().as_millis() as u64,
            answer: answer.map(|status| status.as_u16()),
            fault,
        });
    }
}

fn count(counts: &mut IndexMap<String, usize>, of: &str) {
    match counts.get_mut(of) {
        Some(count) => *count += 1,
        None => drop(counts.insert(of.to_owned(), 1)),
    }
}
