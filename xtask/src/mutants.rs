//! Mutation testing: changes the library's core in small ways, one at a time, and shows which changes no test notices.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::program::is_installed;
use crate::workspace::{cargo, forget_xtask, succeed, target, top};

const VERSION: &str = "27.1.0";

/// Changes the files that are given, else all that .cargo/mutants.toml names. The unit tests come first, because they
/// take a few seconds for each change. Only the changes that they do not notice are tried again with all Rust tests.
pub fn run(files: &[&str]) -> Result<()> {
    let mut unit_tests = mutants(files)?;
    // The tests of power cuts take longer than all others together.
    unit_tests.args(["--cargo-arg=--lib", "--cargo-test-arg=--", "--cargo-test-arg=--skip=power_cut"]);
    finish(unit_tests)?;
    let mut all_tests = mutants(files)?;
    // The examples in the documentation are left out, because each of them is compiled anew.
    all_tests.args(["--iterate", "--cargo-arg=--tests"]);
    if is_installed("cargo-nextest") {
        // It runs the tests side by side, most of which wait, and ends at the first that fails twice.
        all_tests.args(["--test-tool=nextest", "--cargo-test-arg=--max-fail=1:immediate"]);
        all_tests.env("NEXTEST_TEST_THREADS", "16").env("NEXTEST_RETRIES", "1");
    }
    finish(all_tests)?;
    println!("{} lists what no test noticed.", target().join("mutants.out/missed.txt").display());
    Ok(())
}

fn mutants(files: &[&str]) -> Result<Command> {
    let mut mutants = Command::new(tool()?);
    mutants.args(["mutants", "--package", "jcsdk", "--output"]).arg(target());
    for file in files {
        mutants.args(["--file", file]);
    }
    // What the library depends on is built once, not for each copy of the sources.
    mutants.env("CARGO_TARGET_DIR", target().join("mutated"));
    forget_xtask(mutants.current_dir(top()));
    Ok(mutants)
}

fn finish(mut mutants: Command) -> Result<()> {
    let status = mutants.status().context("cargo-mutants could not be started")?;
    // 2 and 3 mean that it has done its work, and that some changes were missed or made the tests hang.
    ensure!(matches!(status.code(), Some(0 | 2 | 3)), "cargo mutants failed ({status})");
    Ok(())
}

/// cargo-mutants, which is built into the target folder where it is missing.
fn tool() -> Result<PathBuf> {
    let root = target().join("tools").join(format!("cargo-mutants-{VERSION}"));
    let tool = root.join("bin").join(format!("cargo-mutants{}", std::env::consts::EXE_SUFFIX));
    if !tool.is_file() {
        let mut install = cargo();
        install.args(["install", "--locked", "--debug", "--root"]).arg(root);
        install.arg(format!("cargo-mutants@{VERSION}")).env("CARGO_PROFILE_DEV_DEBUG", "0");
        succeed("the installation of cargo-mutants", &mut install)?;
    }
    Ok(tool)
}
