//! Runs every command in README.md, against a simulator, and compares what README says that they print.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use simulator::{Options, Simulator};

use crate::powershell;
use crate::program::finish;
use crate::sum::Sum;
use crate::workspace::{forget_xtask, top};

/// What is not run here, and why.
const NOT_RUN: [(&str, &str); 6] = [
    ("cargo xtask test", "it is what runs this test"),
    ("cargo xtask bench", "it takes minutes"),
    ("cargo xtask natives", "it takes minutes, and zig for the library of Linux"),
    ("cargo xtask test --systems", "it takes minutes, and the compilers for other systems"),
    ("cargo xtask install --prefix DIR --target RID", "DIR and RID stand for a folder and a system"),
    ("./build.ps1 -Task Package -NativePath out/runtimes", "it packs what `cargo xtask natives` has built"),
];

/// How README writes the simulator's address, whose port is another each time.
const ADDRESS: &str = "http://127.0.0.1:…";

/// The commands for a shell and for PowerShell, each with the lines that they print according to README.
#[derive(Debug, Default, PartialEq)]
struct Readme {
    shell: Commands,
    powershell: Commands,
}

#[derive(Debug, Default, PartialEq)]
struct Commands {
    lines: Vec<String>,
    output: Vec<String>,
}

impl Readme {
    /// Commands are the lines of indented blocks, the lines after `PS>` in fenced blocks, and the inline code that
    /// begins like one. A fenced block directly after commands is their output.
    fn read(text: &str) -> Self {
        let mut readme = Self::default();
        let mut fence = false;
        // Whether a block of commands came last, and whether it was for PowerShell.
        let mut last = None;
        for line in text.lines() {
            if line.starts_with("```") {
                fence = !fence;
                if !fence {
                    last = None;
                }
            } else if fence {
                match line.strip_prefix("PS> ") {
                    Some(command) => last = Some(readme.add(command)),
                    None if line.trim().is_empty() => {}
                    None => match last {
                        Some(true) => readme.powershell.output.push(line.to_owned()),
                        Some(false) => readme.shell.output.push(line.to_owned()),
                        None => {}
                    },
                }
            } else if let Some(command) = line.strip_prefix("    ") {
                last = Some(readme.add(command));
            } else if !line.trim().is_empty() {
                last = None;
                for code in line.split('`').skip(1).step_by(2) {
                    if ["cargo ", "./build.ps1 ", "Get-Help "].iter().any(|start| code.starts_with(start)) {
                        readme.add(code);
                    }
                }
            }
        }
        readme
    }

    /// Returns whether the command is for PowerShell.
    fn add(&mut self, line: &str) -> bool {
        let command = line.split("  #").next().unwrap_or_default().trim().to_owned();
        let starts = ["./build.ps1", "Import-Module", "$env:", "Get-Help", "Reset-", "'"];
        let is_powershell = starts.iter().any(|start| command.starts_with(start));
        let commands = if is_powershell { &mut self.powershell } else { &mut self.shell };
        if !commands.lines.contains(&command) {
            commands.lines.push(command);
        }
        is_powershell
    }
}

pub fn run() -> Result<Sum> {
    let readme = Readme::read(&fs::read_to_string(top().join("README.md"))?);
    ensure!(!readme.shell.lines.is_empty() && !readme.powershell.lines.is_empty(), "README has no commands");
    let folder = top().join("out/readme");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("one.c"), first_program()?)?;
    let mut sum = in_shell(&readme.shell, folder.clone())?;
    match powershell::get() {
        Ok(pwsh) => sum.add(in_powershell(&readme.powershell, pwsh.command(), folder)?),
        Err(error) => {
            ensure!(env::var_os("CI").is_none(), "CI is set: {error:#}");
            println!("SKIPPED: README's commands for PowerShell were NOT run: {error:#}");
        }
    }
    Ok(sum)
}

/// The first of the two programs at the top of jcsdk.h, which README compiles.
fn first_program() -> Result<String> {
    let header = fs::read_to_string(top().join("include/jcsdk.h"))?;
    let start = header.find(" *   #include <stdio.h>").context("there is no program in jcsdk.h")?;
    let mut program = String::new();
    for line in header[start..].lines().map(|line| line.strip_prefix(" *   ").unwrap_or_default()) {
        program += &format!("{line}\n");
        if line == "}" {
            break;
        }
    }
    Ok(program)
}

fn is_run(line: &str) -> bool {
    let not_run = NOT_RUN.iter().find(|(command, _)| *command == line);
    if let Some((_, why)) = not_run {
        println!("not run: {line}: {why}");
    }
    not_run.is_none()
}

/// In one shell, so that variables stay. It runs in a folder of its own below the repository, where cargo finds the
/// workspace, and has that folder as the user's home.
fn in_shell(commands: &Commands, folder: PathBuf) -> Result<Sum> {
    let simulator = Simulator::start(Options::default());
    let mut script = String::new();
    for line in &commands.lines {
        if is_run(line) {
            script += &format!("{}\n", line.replace(ADDRESS, &simulator.addresses().http));
        }
    }
    let home = PathBuf::from(env::var_os("HOME").unwrap_or_default());
    let mut shell = Command::new("bash");
    forget_xtask(&mut shell);
    shell.args(["-euxo", "pipefail", "-c", &script]).current_dir(&folder).env("HOME", &folder);
    for (name, below) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
        if env::var_os(name).is_none() {
            shell.env(name, home.join(below));
        }
    }
    check("README's commands for a shell", commands, &mut shell, folder.join("shell.txt"))
}

/// In one PowerShell. A statement that PowerShell itself refuses ends it.
fn in_powershell(commands: &Commands, mut pwsh: Command, folder: PathBuf) -> Result<Sum> {
    let simulator = Simulator::start(Options::default());
    let mut script = String::new();
    for line in commands.lines.iter().filter(|line| is_run(line)) {
        let mut line = line.replace(ADDRESS, &simulator.addresses().http);
        if line.starts_with("./build.ps1 -Task Package") {
            match env::var("JCSDK_REFERENCES") {
                Ok(references) => line += &format!(" -ReferencePath '{references}'"),
                Err(_) => {
                    println!("SKIPPED: {line} was NOT run, because JCSDK_REFERENCES is not set");
                    continue;
                }
            }
        }
        // As a text, because PowerShell shows errors with their place in the file otherwise.
        let line = line.replace('\'', "''");
        script += &format!(
            "try {{ . ([scriptblock]::Create('{line}')) 2>&1 | Out-Default }} catch {{ $_ | Out-Default; exit 1 }}\n"
        );
    }
    let file = folder.join("readme.ps1");
    fs::write(&file, script)?;
    pwsh.arg("-File").arg(&file).current_dir(top()).env("NO_COLOR", "1");
    check("README's commands for PowerShell", commands, &mut pwsh, folder.join("powershell.txt"))
}

fn check(name: &str, commands: &Commands, command: &mut Command, output: PathBuf) -> Result<Sum> {
    let ended = finish(command, &output, |_| ())?;
    let printed: Vec<_> = ended.output.lines().map(comparable).collect();
    let is_printed = |line: &&String| printed.iter().any(|printed| agree(&comparable(line), printed));
    let missing = commands.output.iter().find(|line| !is_printed(line));
    let ok = ended.status.is_some_and(|status| status.success()) && missing.is_none();
    let why = format!("{:?}, this line of README is missing: {missing:?}\n{}", ended.status, ended.output);
    Ok(Sum::one(ok, &format!("{name} ({}) do what it says", commands.lines.len()), &why))
}

/// Where a table is cut depends on the width of the terminal, so the last characters of a cut line are not compared.
fn agree(wanted: &str, printed: &str) -> bool {
    match wanted.strip_suffix('…') {
        Some(start) => {
            printed.starts_with(&start[..start.floor_char_boundary(start.len().saturating_sub(4))])
        }
        None => printed == wanted,
    }
}

/// Without the time that a call took, and without spaces at the end.
fn comparable(line: &str) -> String {
    let line = line.trim_end();
    let Some((before, after)) = line.split_once("\"elapsedMs\":") else { return line.to_owned() };
    format!("{before}{}", after.trim_start_matches(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_found_in_blocks_and_in_the_text() {
        let text = "# Title\nUse `cargo xtask a` and `b`.\n\n    cargo b  # why\n\n    Import-Module c\n\n```\nPS> Reset-D\nx\n\ny\n```\n\
            \nText\n```\nnot printed\n```\n    ./one\n```\nprinted\n```\n";
        let owned = |lines: &[&str]| lines.iter().map(|line| line.to_string()).collect::<Vec<_>>();
        let readme = Readme::read(text);
        assert_eq!(readme.shell.lines, owned(&["cargo xtask a", "cargo b", "./one"]));
        assert_eq!(readme.shell.output, owned(&["printed"]));
        assert_eq!(readme.powershell.lines, owned(&["Import-Module c", "Reset-D"]));
        assert_eq!(readme.powershell.output, owned(&["x", "y"]));
    }
}
