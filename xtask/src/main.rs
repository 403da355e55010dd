//! The project's own commands. `cargo xtask` without a command lists them.

mod abi;
mod bench;
mod c;
mod compiler;
mod demo;
mod examples;
mod fuzz;
mod header;
mod install;
mod library;
mod natives;
mod notices;
mod powershell;
mod program;
mod simulator;
mod soak;
mod systems;
mod test;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};

const USAGE: &str = "\
cargo xtask COMMAND

  demo             reset users of a simulated JumpCloud in every documented way
  test [STAGE]     run every test, or one stage: rust, c, install, examples, powershell
  test --systems [STAGE]
                   what runs of other systems here: the C tests for Windows under Wine and for musl, and the
                   module's for Windows: own, musl, windows, module; with --release, against the natives that are shipped
  bench            measure the speed beside peers; takes minutes
  soak             100,000 resets and 2,000 rounds of cancels; takes minutes
  fuzz [SECONDS]   feed anything to what reads answers, options and C arguments, each so long (60)
  header           write include/jcsdk.h from src/ffi
  header --check   fail where the committed header is not what src/ffi says
  abi              record the ABI in include/jcsdk.abi
  abi --check      fail where the ABI is not the recorded one
  install --prefix DIR [--target RID]
                   header, libraries, pkg-config and CMake files for C and C++
  natives [--target RID] [--twice]
                   the native libraries of the systems that this machine can build for, in out/runtimes;
                   twice: also from another folder, which has to give the same bytes
  notices          write out/NOTICES.txt: the linked crates and their licences
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args[..] {
        ["bench"] => bench::run(),
        ["demo"] => demo::run(),
        ["fuzz"] => fuzz::run("60"),
        ["fuzz", seconds] => fuzz::run(seconds),
        ["header"] => header::write(),
        ["header", "--check"] => header::check(),
        ["abi"] => abi::write(),
        ["abi", "--check"] => abi::check(),
        ["install", "--prefix", prefix] => install::install(Path::new(prefix), None),
        ["install", "--prefix", prefix, "--target", rid] => install::install(Path::new(prefix), Some(rid)),
        ["natives", ref options @ ..] => natives(options),
        ["notices"] => notices::write(),
        ["soak"] => soak::run(),
        ["test"] => test::run(None),
        ["test", "--systems"] => systems::run(false, None),
        ["test", "--systems", "--release"] => systems::run(true, None),
        ["test", "--systems", "--release", stage] => systems::run(true, Some(stage)),
        ["test", "--systems", stage] => systems::run(false, Some(stage)),
        ["test", stage] => test::run(Some(stage)),
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

fn natives(options: &[&str]) -> Result<()> {
    match options {
        [] => natives::run(None, false),
        ["--twice"] => natives::run(None, true),
        ["--target", rid] => natives::run(Some(rid), false),
        ["--target", rid, "--twice"] => natives::run(Some(rid), true),
        _ => anyhow::bail!("natives takes --target RID and --twice"),
    }
}

/// The repository's top folder.
fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// The folder that cargo builds into.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| top().join("target"), PathBuf::from)
}

fn cargo() -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(top());
    not_of_xtask(&mut cargo);
    cargo
}

/// Takes away what cargo has set for this program: crates that look at it would be built anew.
fn not_of_xtask(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if ["CARGO_PKG_", "CARGO_MANIFEST_"]
            .iter()
            .any(|of_xtask| name.to_string_lossy().starts_with(of_xtask))
        {
            command.env_remove(name);
        }
    }
}

/// Runs a command, whose failure becomes an error.
fn succeed(what: &str, command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("{what} could not be started"))?;
    ensure!(status.success(), "{what} failed ({status})");
    Ok(())
}
