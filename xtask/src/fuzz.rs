//! Fuzzing with libFuzzer of the code that reads input from outside: the server's answers, the options, the C ABI.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use crate::workspace::{cargo, succeed, target, top};

const TARGETS: [&str; 3] = ["answer", "options", "abi"];

/// The flags that cargo-fuzz passes, without those for the sanitizers, which need a nightly compiler.
const COVERAGE: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 -Cdebug-assertions";

/// Only compiles the targets, so that they stay in step with the library.
pub fn check() -> Result<()> {
    let mut check = cargo();
    check.args(["check", "--locked", "--target-dir"]).arg(target().join("fuzz-check"));
    check.current_dir(top().join("fuzz")).env("RUSTFLAGS", "--cfg fuzzing -D warnings");
    succeed("the check of the fuzz targets", &mut check).context(
        "the fuzz targets do not compile, or fuzz/Cargo.lock is old: then run `cargo update --workspace` in the folder fuzz",
    )
}

/// Runs each target for this many seconds. Inputs that reach new code are kept in the target folder for the next run.
pub fn run(seconds: &str) -> Result<()> {
    println!("Needs Linux or macOS and a C++ compiler; takes {} x {seconds} s and the build.", TARGETS.len());
    let seconds: u32 = seconds.parse().context("the number of seconds is not a number")?;
    let host = Command::new("rustc").args(["--print", "host-tuple"]).output().context("rustc")?;
    let host = String::from_utf8(host.stdout)?.trim().to_owned();
    let folder = target().join("fuzz");
    // With --target, cargo does not use the flags for build scripts and macros, which run during the build.
    let mut build = cargo();
    build.args(["build", "--release", "--locked", "--target", &host, "--target-dir"]).arg(&folder);
    build.current_dir(top().join("fuzz")).env("RUSTFLAGS", COVERAGE);
    succeed("cargo build", &mut build)?;
    for name in TARGETS {
        let found = folder.join("corpus").join(name);
        fs::create_dir_all(&found)?;
        println!("\n== {name}: an input that makes it fail is written to {}", folder.display());
        let mut fuzz = Command::new(folder.join(&host).join("release").join(name));
        fuzz.arg(format!("-max_total_time={seconds}")).arg("-print_final_stats=1").arg("-close_fd_mask=1");
        fuzz.arg(format!("-artifact_prefix={}/{name}-", folder.display())).arg(&found);
        // The targets must not see the user's own settings, such as JCApiKey.
        fuzz.env_clear();
        succeed(name, &mut fuzz)?;
    }
    Ok(())
}
