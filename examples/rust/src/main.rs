//! Resets one user.
//!
//!     reset-example ID      the key is in JCApiKey
//!
//! Exit status: 0 if the user was reset, 1 if not, 2 for a wrong call or configuration.

use std::process::ExitCode;

use jcsdk::{Client, Fault, Options, Outcome, ResetRequest, ResetResult};

fn main() -> ExitCode {
    let Some(id) = std::env::args().nth(1) else {
        eprintln!("usage: reset-example ID");
        return ExitCode::from(2);
    };
    match reset(&id) {
        Ok(result) if result.outcome == Outcome::Reset => {
            println!("{id} is reset");
            ExitCode::SUCCESS
        }
        Ok(result) => {
            let hint = result.code.map(|code| code.hint());
            eprintln!("{} {}", result.message.unwrap_or_default(), hint.unwrap_or_default());
            ExitCode::FAILURE
        }
        Err(fault) => {
            eprintln!("{fault}. {}", fault.code.hint());
            ExitCode::from(2)
        }
    }
}

fn reset(id: &str) -> Result<ResetResult, Fault> {
    let client = Client::new(&Options::default())?;
    Ok(client.reset(&ResetRequest::new(id, None, None)?))
}
