//! Shows what the project does, in every documented way, against the simulator.

use std::process::Command;

use anyhow::Result;
use simulator::Simulator;

use crate::simulator::configure;
use crate::workspace::{succeed, top};
use crate::{build, powershell};

pub fn run() -> Result<()> {
    let simulator = Simulator::try_start(simulator::Options { users: 9, ..Default::default() })?;
    let mut calls = match powershell::get() {
        Ok(pwsh) => {
            let module = pwsh.build_module("Debug")?;
            let mut calls = pwsh.command();
            calls.arg("-File").arg(top().join("xtask/demo/demo.ps1")).arg(module);
            calls
        }
        Err(error) => {
            println!("Here is the C ABI instead of the module, because {error}. {}", powershell::HOW);
            c_program()?
        }
    };
    configure(&simulator, &mut calls);
    show_users("Before", &simulator);
    succeed("the demo", &mut calls)?;
    show_users("After", &simulator);
    Ok(())
}

fn c_program() -> Result<Command> {
    let library = build::for_tests("c", &[])?;
    let program = library.join("demo");
    let mut compile = Command::new("cc");
    compile.arg("-I").arg(top().join("include")).arg(top().join("xtask/demo/demo.c"));
    compile.arg("-o").arg(&program).arg("-L").arg(&library).arg("-ljcsdk");
    succeed("the C compiler", &mut compile)?;
    let mut calls = Command::new(program);
    calls.env("LD_LIBRARY_PATH", library);
    Ok(calls)
}

fn show_users(when: &str, simulator: &Simulator) {
    println!("\n{when}, at the server:\n{:<6} {:<13} {:<10} ExclusionUntil", "User", "TOTP", "Exclusion");
    for user in simulator.users() {
        let totp = if user.mfa.configured { "set up" } else { "to be set up" };
        let mfa = serde_json::to_value(&user.mfa).unwrap_or_default();
        let until = mfa["exclusionUntil"].as_str().unwrap_or_default();
        println!("{:<6} {totp:<13} {:<10} {until}", user.id, user.mfa.exclusion);
    }
}
