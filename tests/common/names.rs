//! Helpers for users who are given by name.

use jcsdk::{Batch, Client, Next, ResetRequest, ResetResult};
use serde_json::Value;
use simulator::Simulator;

use super::LONG;

pub fn by_name(name: &str) -> ResetRequest {
    ResetRequest::by_name(name, None, None).unwrap()
}

pub fn reset(client: &Client, name: &str) -> ResetResult {
    client.reset(&by_name(name))
}

pub fn searched(simulator: &Simulator, name: &str) -> usize {
    simulator.stats().by_name.get(name).copied().unwrap_or(0)
}

pub fn resets(simulator: &Simulator) -> usize {
    simulator.stats().by_id.values().sum()
}

/// A fault for the search for this name.
pub fn fault(simulator: &Simulator, name: &str, script: Value) {
    simulator.set_faults(&format!("search:{name}"), script).unwrap();
}

/// Closes, and takes all results, in the order of the pushes.
pub fn finish(batch: &Batch) -> Vec<ResetResult> {
    batch.close();
    let mut results = Vec::new();
    loop {
        match batch.next(LONG) {
            Next::Result(result) => results.push(*result),
            Next::End => return results,
            Next::TimedOut => panic!("no result"),
        }
    }
}

pub fn codes(results: &[ResetResult]) -> Vec<&'static str> {
    results.iter().map(|result| result.code.map_or("", |code| code.as_str())).collect()
}
