//! Every test: Rust, C, what is installed, the examples, PowerShell. Ends with their sum.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::{c, cargo, examples, install, powershell, succeed, target, top};

/// How many tests passed and failed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sum {
    pub passed: u32,
    pub failed: u32,
}

impl Sum {
    /// Says how a test came out.
    pub fn one(ok: bool, name: &str, why: &str) -> Self {
        if ok {
            println!("ok - {name}");
        } else {
            println!("not ok - {name}: {why}");
        }
        Self { passed: ok.into(), failed: (!ok).into() }
    }

    pub fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

type Stage = (&'static str, fn() -> Result<Sum>);

const STAGES: [Stage; 5] = [
    ("Rust", rust),
    ("C", c::run),
    ("Install", install::run),
    ("Examples", examples::run),
    ("PowerShell", powershell),
];

/// All stages, or the one of that name. A stage that cannot run counts as one failed test, and the others still run.
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
    let Some(pwsh) = powershell::find() else {
        ensure!(
            std::env::var_os("CI").is_none(),
            "no PowerShell was found, and CI is set. {}",
            powershell::HOW
        );
        println!("SKIPPED: no PowerShell was found, so the module was NOT tested. {}", powershell::HOW);
        return Ok(Sum::default());
    };
    let module = powershell::build_module(&pwsh, "Debug")?;
    succeed("the simulator's build", cargo().args(["build", "--quiet", "-p", "simulator"]))?;
    let mut pester = powershell::command(&pwsh);
    pester.args(["-File", "tests/powershell/run.ps1"]).current_dir(top());
    pester.env("JCSDK_MODULE", module.parent().context("no folder")?);
    pester.env(
        "JCSDK_SIMULATOR",
        target().join("debug").join(format!("simulator{}", std::env::consts::EXE_SUFFIX)),
    );
    self::pester(&mut pester)
}

/// Of its last line: `Pester: 32 passed, 0 failed`.
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
