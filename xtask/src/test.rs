//! Every test, one after the other, and their sum.

use anyhow::Result;

pub fn run() -> Result<()> {
    Ok(())
}
