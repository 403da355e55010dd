//! Shows what the project does, in the usual ways, against the simulator.

use std::process::Command;

use anyhow::Result;
use simulator::{Simulator, User};

use crate::compiler::{Compiler, finds_library};
use crate::powershell::PowerShell;
use crate::simulator::configure;
use crate::workspace::{succeed, top};
use crate::{build, powershell};

pub fn run() -> Result<()> {
    println!(
        "This resets the TOTP MFA of users of a simulated JumpCloud, which runs on this machine. \
         The real one is not called.\nFirst it builds what it shows, which takes minutes the first time.\n"
    );
    let simulator = Simulator::try_start(simulator::Options { users: 9, ..Default::default() })?;
    let (mut calls, try_it) = match powershell::get() {
        Ok(pwsh) => from_powershell(pwsh)?,
        Err(error) => {
            println!("The demo shows the C ABI instead of the module: {error}. {}\n", powershell::HOW);
            from_c()?
        }
    };
    configure(&simulator, &mut calls);
    let before = simulator.users();
    succeed("the demo", &mut calls)?;
    show_users(&before, &simulator.users());
    println!("\nTo try it yourself, with the address that the simulator prints after \"http\":\n\n{try_it}");
    Ok(())
}

/// The calls, and the lines with which a user makes some.
fn from_powershell(pwsh: &PowerShell) -> Result<(Command, String)> {
    let module = pwsh.build_module("Debug")?;
    let mut calls = pwsh.command();
    calls.arg("-File").arg(top().join("xtask/demo/demo.ps1")).arg(&module);
    let try_it = format!(
        "    cargo run -p simulator    # in a terminal of its own; Ctrl+D ends it\n    \
         $env:JCApiKey = 'simulator-key'; $env:JCApiUrl = 'http://127.0.0.1:…'    # in {}\n    \
         Import-Module '{}'; Reset-JcSdkSystemUserMfa -Id ok-1 -Detailed",
        pwsh.path().display(),
        module.display()
    );
    Ok((calls, try_it))
}

/// The same through the C ABI.
fn from_c() -> Result<(Command, String)> {
    let library = build::for_tests("c", &[])?;
    let compiler = Compiler::of_this_system();
    let program = compiler.program(library.join("demo"));
    let mut compile = compiler.compile(&top().join("xtask/demo/demo.c"), &program, Some(&library))?;
    succeed("the C compiler", &mut compile)?;
    let mut calls = Command::new(&program);
    finds_library(&mut calls, &library);
    let try_it = format!(
        "    cargo run -p simulator    # in a terminal of its own; Ctrl+D ends it\n    \
         export JCApiKey=simulator-key JCApiUrl=http://127.0.0.1:…\n    \
         LD_LIBRARY_PATH={} {}",
        library.display(),
        program.display()
    );
    Ok((calls, try_it))
}

/// Before and after, side by side.
fn show_users(before: &[User], after: &[User]) {
    println!("\nThe users at the server:\n\n{:<6}  {:<14}  After", "User", "Before");
    println!("{:<6}  {:<14}  -----", "----", "------");
    for (before, after) in before.iter().zip(after) {
        let after = if before.mfa == after.mfa { "the same".to_owned() } else { state(after) };
        println!("{:<6}  {:<14}  {after}", before.id, state(before));
    }
}

fn state(user: &User) -> String {
    let mfa = serde_json::to_value(&user.mfa).unwrap_or_default();
    let totp = if user.mfa.configured { "TOTP is set up" } else { "TOTP is to be set up" };
    match (user.mfa.exclusion, mfa["exclusionUntil"].as_str()) {
        (true, Some(until)) => format!("{totp}, exclusion until {until}"),
        (true, None) => format!("{totp}, exclusion without a date"),
        (false, _) => totp.to_owned(),
    }
}
