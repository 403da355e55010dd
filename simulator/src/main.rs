//! The simulator as a program. It prints one line of JSON when it is ready, and ends when its standard input closes.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use simulator::{Options, Simulator};

/// A stand-in for the JumpCloud API on loopback. Prints its addresses as one line of JSON and runs until
/// its standard input closes.
#[derive(Parser)]
struct Arguments {
    /// The only API key that is accepted
    #[arg(long, default_value = "simulator-key")]
    key: String,
    /// The x-org-id that every request must carry
    #[arg(long)]
    org: Option<String>,
    /// How many users there are: ok-1, ok-2 …
    #[arg(long, default_value_t = 20)]
    users: usize,
    /// JSON file with a fault script for each user id: {"ok-1": [{"status": 503}]}
    #[arg(long)]
    faults: Option<PathBuf>,
    /// Milliseconds by which every answer is delayed
    #[arg(long, default_value_t = 0)]
    delay_ms: u64,
    /// Folder for ca.pem (default: a temporary one, removed at the end)
    #[arg(long)]
    dir: Option<PathBuf>,
}

fn main() -> ExitCode {
    let Arguments { key, org, users, faults, delay_ms, dir } = Arguments::parse();
    match run(Options { key, org, users, faults, delay_ms, dir }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("simulator: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: Options) -> io::Result<()> {
    let simulator = Simulator::try_start(options)?;
    let mut out = io::stdout();
    writeln!(out, "{}", serde_json::to_string(simulator.addresses())?)?;
    out.flush()?;
    io::copy(&mut io::stdin().lock(), &mut io::sink())?;
    Ok(())
}
