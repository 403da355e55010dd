//! Runs every test: Rust, C, crashes, installation, examples, PowerShell, README. The last line counts them.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::sum::Sum;
use crate::workspace::{cargo, succeed, target, top};
use crate::{c, crash, examples, install, powershell, readme};

type Stage = (&'static str, fn() -> Result<Sum>);

const STAGES: [Stage; 7] = [
    ("Rust", rust),
    ("C", c::run),
    ("Crash", crash::short),
    ("Install", install::run),
    ("Examples", examples::run),
    ("PowerShell", powershell),
    ("README", readme::run),
];

/// Runs all stages, or the one of this name. A stage that cannot run counts as one failed test.
pub fn run(only: Option<&str>) -> Result<()> {
    let mut all = Sum::default();
    let wanted = |name: &str| only.is_none_or(|only| only.eq_ignore_ascii_case(name));
    ensure!(STAGES.iter().any(|(name, _)| wanted(name)), "there is no such stage");
    for (name, stage) in STAGES.into_iter().filter(|(name, _)| wanted(name)) {
        println!("\n== {name}");
        match stage() {
            Ok(sum) => all.add(sum),
            Err(error) => {
                println!("not ok: {name}: {error:#}");
                all.failed += 1;
            }
        }
    }
    println!("\n{} passed, {} failed", all.passed, all.failed);
    ensure!(all.failed == 0, "not all tests passed");
    Ok(())
}

fn rust() -> Result<Sum> {
    let mut cargo = cargo();
    cargo.args(["test", "--workspace", "--no-fail-fast"]);
    // test result: ok. 32 passed; 0 failed; 0 ignored; …
    let (sum, succeeded) = counted(&mut cargo, |line| {
        let counts = line.strip_prefix("test result: ")?.split_once(". ")?.1;
        let mut counts = counts.split("; ").map(|count| count.split(' ').next()?.parse().ok());
        Some(Sum { passed: counts.next()??, failed: counts.next()?? })
    })?;
    ensure!(succeeded || sum.failed > 0, "cargo test failed before its tests ran");
    Ok(sum)
}

fn powershell() -> Result<Sum> {
    let found = powershell::get().and_then(|pwsh| Ok((pwsh, pwsh.with_pester()?)));
    let (pwsh, mut pester) = match found {
        Ok(found) => found,
        Err(error) if std::env::var_os("CI").is_some() => return Err(error.context("CI is set")),
        Err(error) => {
            println!("SKIPPED: the module was NOT tested: {error:#}. {}", powershell::HOW);
            return Ok(Sum::default());
        }
    };
    let module = pwsh.build_module("Debug")?;
    succeed("the simulator's build", cargo().args(["build", "--quiet", "-p", "simulator"]))?;
    pester.args(["-File", "tests/powershell/run.ps1"]).current_dir(top());
    pester.env("JCSDK_MODULE", module.parent().context("no folder")?);
    pester.env(
        "JCSDK_SIMULATOR",
        target().join("debug").join(format!("simulator{}", std::env::consts::EXE_SUFFIX)),
    );
    self::pester(&mut pester)
}

/// Reads the counts of its last line: `Pester: 32 passed, 0 failed`.
pub fn pester_line(line: &str) -> Option<Sum> {
    let mut words = line.strip_prefix("Pester: ")?.split(' ');
    Some(Sum { passed: words.next()?.parse().ok()?, failed: words.nth(1)?.parse().ok()? })
}

/// Runs tests/powershell/run.ps1.
pub fn pester(command: &mut Command) -> Result<Sum> {
    let (sum, succeeded) = counted(command, pester_line)?;
    ensure!(sum.passed + sum.failed > 0, "Pester ran no test");
    ensure!(succeeded || sum.failed > 0, "Pester failed");
    Ok(sum)
}

/// Runs a command, shows what it prints, and sums up the lines that count tests.
fn counted(command: &mut Command, count: fn(&str) -> Option<Sum>) -> Result<(Sum, bool)> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let mut sum = Sum::default();
    for line in BufReader::new(child.stdout.take().context("no output")?).lines() {
        let line = line?;
        println!("{line}");
        sum.add(count(&line).unwrap_or_default());
    }
    Ok((sum, child.wait()?.success()))
}
