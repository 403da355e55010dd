//! The project's own commands. `cargo xtask` without a command lists them.

mod header;
mod test;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

const USAGE: &str = "\
cargo xtask COMMAND

  test             run every test: Rust, C, PowerShell
  header           write include/jcsdk.h from src/ffi
  header --check   fail where the committed header is not what src/ffi says
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args[..] {
        ["header"] => header::write(),
        ["header", "--check"] => header::check(),
        ["test"] => test::run(),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The repository's top folder.
fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// A command's outcome as a result with a name.
fn succeed(what: &str, command: &mut std::process::Command) -> Result<()> {
    use anyhow::{Context, ensure};
    let status = command.status().with_context(|| format!("{what} could not be started"))?;
    ensure!(status.success(), "{what} failed ({status})");
    Ok(())
}
