//! The project's own commands. `cargo xtask` without a command lists them.

mod abi;
mod bench;
mod build;
mod c;
mod compiler;
mod crash;
mod demo;
mod downloads;
mod examples;
mod fetch;
mod fuzz;
mod header;
mod install;
mod library;
mod mutants;
mod natives;
mod notices;
mod powershell;
mod program;
mod readme;
mod simulator;
mod soak;
mod sum;
mod systems;
mod test;
mod wine;
mod workspace;

use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask COMMAND

  demo                   reset users of a simulated JumpCloud in the usual ways
  test [STAGE]           run every test, or those of one stage: rust, c, crash, install, examples, powershell, readme
  test c NAME            run one program of tests/c
  test --systems [--release] [STAGE]
                         run the tests for other systems that this machine can run, or those of one stage: own, musl,
                         windows, install, module; with --release test the libraries that are shipped
  bench                  measure the speed beside that of comparable programs; takes minutes
  bench --check          only compile the C programs of the benchmark
  crash [ROUNDS [SEED]]  kill runs with a journal at random moments and resume them: ROUNDS times, or for two minutes
  soak                   run 100,000 resets and 2,000 rounds of cancels; takes minutes
  fuzz [SECONDS]         run each fuzz target for 60 seconds, or for as many as are given
  fuzz --check           only compile the fuzz targets
  mutants [FILE...]      change the library, or only these files, in small ways, and show which changes no test
                         notices; takes hours
  header                 write include/jcsdk.h from src/ffi
  header --check         fail if include/jcsdk.h does not agree with src/ffi
  abi                    record the ABI in include/jcsdk.abi
  abi --check            fail if the ABI is not the recorded one
  install --prefix DIR   install the header, the libraries, and the pkg-config and CMake files for C and C++;
                         with --target RID after it, for another system
  natives                build the library for each system that this machine can build for, into out/runtimes; with
                         --target RID only for that one; with --twice also in another folder, and compare the bytes
  notices                write out/NOTICES.txt, which lists the linked crates and their licences
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args[..] {
        [] => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        ["bench"] => bench::run(),
        ["bench", "--check"] => bench::check(),
        ["crash"] => crash::run(None, None),
        ["crash", rounds] => crash::run(Some(rounds), None),
        ["crash", rounds, seed] => crash::run(Some(rounds), Some(seed)),
        ["demo"] => demo::run(),
        ["fuzz"] => fuzz::run("60"),
        ["fuzz", "--check"] => fuzz::check(),
        ["fuzz", seconds] => fuzz::run(seconds),
        ["header"] => header::write(),
        ["header", "--check"] => header::check(),
        ["abi"] => abi::write(),
        ["abi", "--check"] => abi::check(),
        ["install", "--prefix", prefix] => install::install(Path::new(prefix), None),
        ["install", "--prefix", prefix, "--target", rid] => install::install(Path::new(prefix), Some(rid)),
        ["mutants", ref files @ ..] => mutants::run(files),
        ["natives", ref options @ ..] => natives(options),
        ["notices"] => notices::write(),
        ["soak"] => soak::run(),
        ["test"] => test::run(None),
        ["test", "c", name] => c::run_one(name),
        ["test", "--systems"] => systems::run(false, None),
        ["test", "--systems", "--release"] => systems::run(true, None),
        ["test", "--systems", "--release", stage] => systems::run(true, Some(stage)),
        ["test", "--systems", stage] => systems::run(false, Some(stage)),
        ["test", stage] => test::run(Some(stage)),
        _ => {
            eprint!("xtask: there is no command {:?}\n\n{USAGE}", args.join(" "));
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

fn natives(options: &[&str]) -> anyhow::Result<()> {
    match options {
        [] => natives::run(None, false),
        ["--twice"] => natives::run(None, true),
        ["--target", rid] => natives::run(Some(rid), false),
        ["--target", rid, "--twice"] => natives::run(Some(rid), true),
        _ => anyhow::bail!("natives takes --target RID and --twice"),
    }
}
