//! What is fetched where it is missing: the official archives of PowerShell and Pester, with their checksums.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::fetch::{Archive, is_offline};

const PATIENCE: Duration = Duration::from_secs(30);

const POWERSHELL: &str = "https://github.com/PowerShell/PowerShell/releases/download/v7.6.5/";

/// The system and processor as Rust names them, the file's name and size, and its SHA-256. For musl none is known.
const SYSTEMS: [(&str, &str, &str, &str, &str); 6] = [
    (
        "linux",
        "x86_64",
        "powershell-7.6.5-linux-x64.tar.gz",
        "about 75 MB",
        "b34ab3b19acac1d3d4d0d3cfdb02acf62f457b0b6a962ff008132033f7566844",
    ),
    (
        "linux",
        "aarch64",
        "powershell-7.6.5-linux-arm64.tar.gz",
        "about 75 MB",
        "ed4084f215d8bce2edd23aa7cb1f1e7b0818e41363a635a22065d2701b6141df",
    ),
    (
        "macos",
        "x86_64",
        "powershell-7.6.5-osx-x64.tar.gz",
        "some 70 to 80 MB",
        "3db1d177ab39511c1b6b73b05a1630a5db4e8dce22857ca76f14c5d98f2733fd",
    ),
    (
        "macos",
        "aarch64",
        "powershell-7.6.5-osx-arm64.tar.gz",
        "some 70 to 80 MB",
        "8196d4b4e7c21b7f6df9d45687bb4e42dc8335f330b580d9eb15f3ef5042a8c3",
    ),
    (
        "windows",
        "x86_64",
        "PowerShell-7.6.5-win-x64.zip",
        "about 110 MB",
        "32eb8f6cdce08f86e987d625a2733e54ac3e289ae7e1621b14c0b5bcec2434ea",
    ),
    (
        "windows",
        "aarch64",
        "PowerShell-7.6.5-win-arm64.zip",
        "about 110 MB",
        "20514a755d16428dc4355c85e0883c859531e71cc3e122670aa1fccdbf96ba7e",
    ),
];

/// The folder of PowerShell 7.6.5, which is fetched if it is not there.
pub fn powershell(tools: &Path) -> Result<PathBuf> {
    let (system, processor) = (env::consts::OS, env::consts::ARCH);
    let musl = if cfg!(target_env = "musl") { " with musl" } else { "" };
    let known = SYSTEMS.iter().find(|known| musl.is_empty() && (known.0, known.1) == (system, processor));
    let (_, _, file, size, sha256) = known.with_context(|| {
        format!("there is no PowerShell here, and no download is known for {system} on {processor}{musl}")
    })?;
    let archive = Archive {
        name: "PowerShell 7.6.5",
        size,
        url: &format!("{POWERSHELL}{file}"),
        sha256,
        folder: "powershell-7.6.5",
        unpack: &unpack_powershell,
        is_offline: is_offline(),
        patience: PATIENCE,
    };
    archive.get(tools)
}

/// The folder of modules with Pester 5.7.1, which is fetched if it is not there. `powershell` starts the PowerShell
/// that unpacks it.
pub fn pester(tools: &Path, powershell: &dyn Fn() -> Command) -> Result<PathBuf> {
    let archive = Archive {
        name: "Pester 5.7.1",
        size: "0.3 MB",
        url: "https://www.powershellgallery.com/api/v2/package/Pester/5.7.1",
        sha256: "4a27904c6814a5fbe4758f8e49861f6a1994aee77b71165a5c43c0371ba6c580",
        folder: "pester-5.7.1",
        unpack: &|from, to| unpack_pester(powershell(), from, to),
        is_offline: is_offline(),
        patience: PATIENCE,
    };
    archive.get(tools)
}

pub fn unpack_powershell(from: &Path, to: &Path) -> Result<()> {
    // Windows' own tar reads zip. Another tar that is on PATH there may not.
    let tar = match env::var_os("SystemRoot") {
        Some(windows) if cfg!(windows) => PathBuf::from(windows).join("System32").join("tar.exe"),
        _ => "tar".into(),
    };
    let mut unpack = Command::new(tar);
    unpack.arg("-xf").arg(from).arg("-C").arg(to);
    if cfg!(unix) {
        // As root, tar would otherwise give the files to the user who packed them.
        unpack.arg("--no-same-owner");
    }
    let output = unpack.output().context("tar could not be started")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "tar failed: {}", errors.lines().next().unwrap_or_default());
    // The archive has pwsh without its execute bit.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(to.join("pwsh"), fs::Permissions::from_mode(0o755)).context("it has no pwsh")?;
    }
    Ok(())
}

/// The package is a zip file with the module and with files of NuGet's. .NET unpacks it, because tar often cannot.
pub fn unpack_pester(mut unpack: Command, from: &Path, to: &Path) -> Result<()> {
    let module = to.join("Pester").join("5.7.1");
    unpack.args(["-Command", "[IO.Compression.ZipFile]::ExtractToDirectory($env:JCSDK_FROM, $env:JCSDK_TO)"]);
    let output = unpack.env("JCSDK_FROM", from).env("JCSDK_TO", &module).output()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}", errors.lines().next().unwrap_or_default());
    for folder in ["_rels", "package"] {
        fs::remove_dir_all(module.join(folder))?;
    }
    for file in ["[Content_Types].xml", "Pester.nuspec"] {
        fs::remove_file(module.join(file))?;
    }
    ensure!(module.join("Pester.psd1").is_file(), "it has no Pester.psd1");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_has_an_archive_with_a_whole_checksum() {
        for (system, processor, file, _, sha256) in SYSTEMS {
            assert_eq!(sha256.len(), 64, "{file}");
            assert!(
                sha256.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)),
                "{file}"
            );
            let name = if system == "macos" { "osx" } else { &system[..3] };
            let processor = if processor == "x86_64" { "x64" } else { "arm64" };
            assert!(file.contains(&format!("7.6.5-{name}")) && file.contains(processor), "{file}");
        }
    }
}
