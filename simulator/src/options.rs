//! What a simulator can be told when it is started.

use std::path::PathBuf;

pub struct Options {
    /// The only API key that is accepted.
    pub key: String,
    /// If set, the `x-org-id` that every request must carry.
    pub org: Option<String>,
    /// How many users there are at the start: `ok-1` to `ok-N`.
    pub users: usize,
    /// A JSON file: an object with a fault script for each user id.
    pub faults: Option<PathBuf>,
    /// Milliseconds by which every answer is delayed.
    pub delay_ms: u64,
    /// The folder for `ca.pem`. Without it, a temporary folder that is removed when the simulator stops.
    pub dir: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Options { key: "simulator-key".into(), org: None, users: 20, faults: None, delay_ms: 0, dir: None }
    }
}
