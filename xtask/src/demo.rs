//! Shows what the project does, in every documented way, against the simulator.

use std::process::Command;

use anyhow::Result;
use simulator::Simulator;

use crate::compiler::{Compiler, finds_library};
use crate::simulator::configure;
use crate::{c, powershell, succeed, top};

pub fn run() -> Result<()> {
    let simulator = Simulator::try_start(simulator::Options { users: 9, ..Default::default() })?;
    let mut calls = match powershell::find() {
        Some(pwsh) => {
            let module = powershell::build_module(&pwsh, "Debug")?;
            let mut calls = powershell::command(&pwsh);
            calls.arg("-File").arg(top().join("xtask/demo/demo.ps1")).arg(module);
            calls
        }
        None => {
            println!("No PowerShell was found. {} Until then, here is the C ABI:", powershell::HOW);
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
    let library = c::library("c", &[])?;
    let compiler = Compiler::of_this_system();
    let program = compiler.program(library.join("demo"));
    let mut compile = compiler.compile(&top().join("xtask/demo/demo.c"), &program, Some(&library))?;
    succeed("the C compiler", &mut compile)?;
    let mut calls = Command::new(program);
    finds_library(&mut calls, &library);
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
