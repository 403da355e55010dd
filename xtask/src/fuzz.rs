//! Fuzzing with libFuzzer, for what reads input from outside: the server's answers, the options, the C ABI.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use crate::workspace::{cargo, succeed, target, top};

const TARGETS: [&str; 3] = ["answer", "options", "abi"];

/// What cargo-fuzz passes as well, without the sanitizers: those need a nightly compiler.
const COVERAGE: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 -Cdebug-assertions";

/// Only compiles the targets, so that they stay in step with the library.
pub fn check() -> Result<()> {
    let mut check = cargo();
    check.args(["check", "--locked", "--target-dir"]).arg(target().join("fuzz-check"));
    check.current_dir(top().join("fuzz")).env("RUSTFLAGS", "--cfg fuzzing -D warnings");
    succeed("the check of the fuzz targets", &mut check)
}

/// Each target so many seconds. What was found worth keeping is kept below the target folder, for the next run.
pub fn run(seconds: &str) -> Result<()> {
    println!("Needs Linux or macOS and a C++ compiler; takes {} x {seconds} s and the build.", TARGETS.len());
    let seconds: u32 = seconds.parse().context("how many seconds is not a number")?;
    let host = Command::new("rustc").args(["--print", "host-tuple"]).output().context("rustc")?;
    let host = String::from_utf8(host.stdout)?.trim().to_owned();
    let folder = target().join("fuzz");
    // A target is named, so that the flags are not for build scripts and macros, which run during the build.
    let mut build = cargo();
    build.args(["build", "--release", "--locked", "--target", &host, "--target-dir"]).arg(&folder);
    build.current_dir(top().join("fuzz")).env("RUSTFLAGS", COVERAGE);
    succeed("cargo build", &mut build)?;
    for name in TARGETS {
        let found = folder.join("corpus").join(name);
        fs::create_dir_all(&found)?;
        println!("\n== {name}: what makes it fail is written to {}", folder.display());
        let mut fuzz = Command::new(folder.join(&host).join("release").join(name));
        fuzz.arg(format!("-max_total_time={seconds}")).arg("-print_final_stats=1").arg("-close_fd_mask=1");
        fuzz.arg(format!("-artifact_prefix={}/{name}-", folder.display())).arg(&found);
        // What a user has set must not reach the targets.
        fuzz.env_clear();
        succeed(name, &mut fuzz)?;
    }
    Ok(())
}
