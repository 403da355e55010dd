//! Where the repository's folders are, and how cargo and other programs are run.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// The repository's top folder.
pub fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// The folder that cargo builds into.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| top().join("target"), PathBuf::from)
}

pub fn cargo() -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    forget_xtask(cargo.current_dir(top()));
    cargo
}

/// Removes what the outer cargo has set for xtask. ring's build script looks at these variables, so a cargo that the
/// command starts would build ring, and all that uses it, again each time.
pub fn forget_xtask(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name
            .to_str()
            .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
        {
            command.env_remove(name);
        }
    }
}

/// Runs a command. If it fails, that is an error which says so.
pub fn succeed(what: &str, command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("{what} could not be started"))?;
    ensure!(status.success(), "{what} failed ({status})");
    Ok(())
}
