//! Finds PowerShell, and has it build the module.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::{not_of_xtask, succeed, top};

/// How a person gets one.
pub const HOW: &str = "Install PowerShell 7.4 or later (https://aka.ms/powershell) with Pester 5, \
    and have pwsh on PATH or its path in PWSH.";

/// `$PWSH`, else `pwsh` on PATH.
pub fn find() -> Option<PathBuf> {
    if let Some(pwsh) = env::var_os("PWSH").filter(|pwsh| !pwsh.is_empty()) {
        return Some(pwsh.into()).filter(|pwsh: &PathBuf| pwsh.is_file());
    }
    let name = format!("pwsh{}", env::consts::EXE_SUFFIX);
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(&name)).find(|pwsh| pwsh.is_file())
}

/// A PowerShell without a profile that asks nothing.
pub fn command(pwsh: &PathBuf) -> Command {
    let mut command = Command::new(pwsh);
    command.args(["-NoProfile", "-NonInteractive"]).env("PWSH", pwsh).env("POWERSHELL_TELEMETRY_OPTOUT", "1");
    command
}

/// Stages the module and says where its manifest is. `JCSDK_REFERENCES` names the folder of reference assemblies to
/// compile against, if it is not to be the shell's own.
pub fn build_module(pwsh: &PathBuf, configuration: &str) -> Result<PathBuf> {
    let mut build = command(pwsh);
    build.args(["-File", "build.ps1", "-Configuration", configuration]).current_dir(top());
    if let Some(references) = env::var_os("JCSDK_REFERENCES").filter(|path| !path.is_empty()) {
        build.arg("-ReferencePath").arg(references);
    }
    not_of_xtask(&mut build);
    succeed("the module's build", &mut build)?;
    let version = env!("CARGO_PKG_VERSION");
    Ok(top().join(format!("out/JumpCloudApiSdkV1/{version}/JumpCloudApiSdkV1.psd1")))
}
