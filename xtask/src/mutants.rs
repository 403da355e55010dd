//! Mutation testing: changes the library's core in small ways, one at a time, and shows which changes no test notices.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::workspace::{cargo, succeed, target, top};

const VERSION: &str = "27.1.0";

/// Of the files that are named, else of all that .cargo/mutants.toml names. Takes up to a minute for each change.
pub fn run(files: &[&str]) -> Result<()> {
    let mut mutants = Command::new(tool()?);
    mutants.args(["mutants", "--package", "jcsdk", "--output"]).arg(target());
    mutants.current_dir(top());
    for file in files {
        mutants.args(["--file", file]);
    }
    let status = mutants.status().context("cargo-mutants could not be started")?;
    // 2 and 3 mean that it has done its work, and that some changes were missed or made the tests hang.
    ensure!(matches!(status.code(), Some(0 | 2 | 3)), "cargo mutants failed ({status})");
    println!("{} lists what no test noticed.", target().join("mutants.out/missed.txt").display());
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
