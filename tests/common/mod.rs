//! Helpers: a simulator, clients for it, and short forms of their results.
#![allow(dead_code)] // Each test binary uses only a part of it.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use jcsdk::{Batch, Client, Next, NotPushed, Options, ResetRequest, ResetResult, Secret};
use serde_json::json;
use simulator::Simulator;

pub mod names;
pub mod wire;

pub const KEY: &str = "simulator-key";

/// Long enough for any machine: it only ends a test that has failed. It is shorter than the library's time-out for an
/// attempt, so that this does not bring about what a test waits for.
pub const LONG: Duration = Duration::from_secs(50);

/// Time enough for an answer of the simulator to reach the client, if nothing else shows that it has.
pub const ANSWERED: Duration = Duration::from_secs(2);

pub fn simulator() -> Simulator {
    Simulator::start(simulator::Options::default())
}

/// Options for this base URL that read nothing from the process's environment.
pub fn options(url: &str) -> Options {
    Options {
        api_key: Some(Secret::new(KEY)),
        url: Some(url.to_owned()),
        env: Some(HashMap::new()),
        ..Options::default()
    }
}

/// As [`options`], with the simulator's certificate authority.
pub fn tls(simulator: &Simulator, url: &str) -> Options {
    Options { ca_file: Some(simulator.addresses().ca.display().to_string()), ..options(url) }
}

pub fn client(options: &Options) -> Client {
    Client::new(options).unwrap()
}

pub fn request(id: &str) -> ResetRequest {
    ResetRequest::new(id, None, None).unwrap()
}

pub fn reset(client: &Client, id: &str) -> ResetResult {
    client.reset(&request(id))
}

/// `ok-1`, `ok-2` …
pub fn ids(count: usize) -> Vec<String> {
    (1..=count).map(|n| format!("ok-{n}")).collect()
}

/// Pushes all users, takes results where the batch is full, and returns all results.
pub fn run(batch: &Batch, ids: &[impl AsRef<str>]) -> Vec<ResetResult> {
    let mut results = Vec::new();
    for (tag, id) in ids.iter().enumerate() {
        while batch.push(request(id.as_ref()), Some(tag as u64)) == Err(NotPushed::Full) {
            results.push(next(batch));
        }
    }
    batch.close();
    while results.len() < ids.len() {
        results.push(next(batch));
    }
    assert!(matches!(batch.next(Duration::ZERO), Next::End), "more results than pushes");
    results
}

pub fn next(batch: &Batch) -> ResetResult {
    match batch.next(LONG) {
        Next::Result(result) => *result,
        other => panic!("no result: {other:?}"),
    }
}

/// Outcome and code as they stand in the result document; the code of a success is empty.
pub fn said(result: &ResetResult) -> (&'static str, &'static str) {
    (result.outcome.as_str(), result.code.map_or("", |code| code.as_str()))
}

/// How many reset requests of this user have arrived.
pub fn arrived(simulator: &Simulator, id: &str) -> usize {
    simulator.stats().by_id.get(id).copied().unwrap_or(0)
}

/// Waits for something that another thread does. The test fails if it never happens.
pub fn wait_until(what: &str, done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < LONG, "never: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

pub fn batch(client: &Client, throttle_limit: u32) -> Batch {
    Batch::new(client, throttle_limit).unwrap()
}

/// A client whose key the server has accepted, so that its batches send several requests at once from the start.
pub fn proved(options: &Options) -> Client {
    let client = client(options);
    assert_eq!(said(&reset(&client, "ok-20")), ("reset", ""));
    client
}

pub fn all_said(results: &[ResetResult]) -> HashSet<(&'static str, &'static str)> {
    results.iter().map(said).collect()
}

/// A user whose requests are never answered.
pub fn hang(simulator: &Simulator, id: &str) {
    simulator.set_faults(id, json!({"repeat": true, "steps": [{"never": true}]})).unwrap();
}
