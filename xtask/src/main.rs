//! The project's own commands. `cargo xtask` without a command lists them.

mod abi;
mod bench;
mod build;
mod c;
mod demo;
mod downloads;
mod examples;
mod fetch;
mod fuzz;
mod header;
mod install;

mod mutants;
mod notices;
mod powershell;
mod program;
mod simulator;
mod soak;
mod sum;
mod test;
mod workspace;

use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask COMMAND

  demo             reset users of a simulated JumpCloud in every documented way
  test [STAGE]     run every test, or one stage: rust, c, install, examples, powershell
  bench            measure the speed beside peers; takes minutes
  soak             100,000 resets and 2,000 rounds of cancels; takes minutes
  fuzz [SECONDS]   feed anything to what reads answers, options and C arguments, each so long (60)
  header           write include/jcsdk.h from src/ffi
  header --check   fail where the committed header is not what src/ffi says
  abi              record the ABI in include/jcsdk.abi
  abi --check      fail where the ABI is not the recorded one
  install --prefix DIR
                   header, libraries, pkg-config and CMake files for C and C++
  notices          write out/NOTICES.txt: the linked crates and their licences
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args[..] {
        ["bench"] => bench::run(),
        ["bench", "--check"] => bench::check(),
        ["demo"] => demo::run(),
        ["fuzz"] => fuzz::run("60"),
        ["fuzz", "--check"] => fuzz::check(),
        ["fuzz", seconds] => fuzz::run(seconds),
        ["header"] => header::write(),
        ["header", "--check"] => header::check(),
        ["abi"] => abi::write(),
        ["abi", "--check"] => abi::check(),
        ["install", "--prefix", prefix] => install::install(Path::new(prefix)),
        ["mutants", ref files @ ..] => mutants::run(files),
        ["notices"] => notices::write(),
        ["soak"] => soak::run(),
        ["test"] => test::run(None),
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
