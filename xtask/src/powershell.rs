//! Finds PowerShell, and builds the module with it.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::workspace::{succeed, top};

/// What a person can do who has none.
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

/// PowerShell without the user's profile. It never asks the user anything.
pub fn command(pwsh: &PathBuf) -> Command {
    let mut command = Command::new(pwsh);
    command.args(["-NoProfile", "-NonInteractive"]).env("PWSH", pwsh).env("POWERSHELL_TELEMETRY_OPTOUT", "1");
    command
}

/// Builds the module and returns the path of its manifest. It is compiled against the assemblies of this PowerShell, or
/// against the reference assemblies in the folder that `JCSDK_REFERENCES` names.
pub fn build_module(pwsh: &PathBuf, configuration: &str) -> Result<PathBuf> {
    let mut build = command(pwsh);
    build.args(["-File", "build.ps1", "-Configuration", configuration]).current_dir(top());
    if let Some(references) = env::var_os("JCSDK_REFERENCES").filter(|path| !path.is_empty()) {
        build.arg("-ReferencePath").arg(references);
    }
    succeed("the module's build", &mut build)?;
    let version = env!("CARGO_PKG_VERSION");
    Ok(top().join(format!("out/JumpCloudApiSdkV1/{version}/JumpCloudApiSdkV1.psd1")))
}
