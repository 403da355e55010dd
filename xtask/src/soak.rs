//! Runs `tests/soak.rs` at full size, so that growing memory and rare races have time to show.

use anyhow::Result;

use crate::workspace::{cargo, succeed};

pub fn run() -> Result<()> {
    let mut soak = cargo();
    soak.args(["test", "--package", "jcsdk", "--test", "soak", "--", "--nocapture", "--test-threads=1"]);
    soak.env("JCSDK_SOAK", "100000").env("JCSDK_STORM", "2000");
    succeed("the soak", &mut soak)
}
