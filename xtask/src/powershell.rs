//! Finds PowerShell or fetches one, and builds the module with it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, anyhow, ensure};

use crate::downloads;
use crate::workspace::{forget_xtask, succeed, target, top};

/// What a person can do who has none.
pub const HOW: &str = "Install PowerShell 7.4 or later (https://aka.ms/powershell) with Pester 5, \
    and have pwsh on PATH or its path in PWSH.";

/// A PowerShell that was started once to see that it works.
pub struct PowerShell {
    path: PathBuf,
    version: String,
    /// On Linux without libicu, .NET starts only without cultures.
    without_cultures: bool,
}

/// `$PWSH`, else a `pwsh` 7.4 or later on PATH, else the official one, which is fetched once. The error is one sentence
/// without its full stop.
pub fn get() -> Result<&'static PowerShell> {
    static FOUND: OnceLock<Result<PowerShell, String>> = OnceLock::new();
    FOUND
        .get_or_init(|| look().map_err(|error| format!("{error:#}")))
        .as_ref()
        .map_err(|error| anyhow!("{error}"))
}

fn look() -> Result<PowerShell> {
    match installed() {
        Ok(found) => return Ok(found),
        Err(error) if env::var_os("PWSH").is_some_and(|path| !path.is_empty()) => return Err(error),
        Err(error) => println!("{error:#}."),
    }
    let name = format!("pwsh{}", env::consts::EXE_SUFFIX);
    let found = PowerShell::start(&downloads::powershell(&tools())?.join(name))
        .context("the PowerShell that was fetched cannot be used")?;
    if found.without_cultures {
        println!(
            "libicu is missing, so PowerShell runs without cultures, and tests of cultures are skipped."
        );
    }
    Ok(found)
}

/// `$PWSH`, else the first `pwsh` on PATH.
pub fn installed() -> Result<PowerShell> {
    if let Some(path) = env::var_os("PWSH").filter(|path| !path.is_empty()) {
        return PowerShell::start(Path::new(&path)).context("the program that PWSH names cannot be used");
    }
    let name = format!("pwsh{}", env::consts::EXE_SUFFIX);
    let folders = env::var_os("PATH").unwrap_or_default();
    let mut files = env::split_paths(&folders).map(|folder| folder.join(&name));
    let path = files.find(|path| path.is_file()).context("There is no pwsh on PATH")?;
    PowerShell::start(&path).context("The pwsh on PATH cannot be used")
}

/// The folder for the programs that are fetched.
fn tools() -> PathBuf {
    target().join("tools")
}

impl PowerShell {
    /// Fails if there is none at this path, if it does not start, or if it is older than 7.4.
    fn start(path: &Path) -> Result<Self> {
        ensure!(path.is_file(), "there is no file {}", path.display());
        let mut shell = Self { path: path.to_owned(), version: String::new(), without_cultures: false };
        let first = shell.ask("\"$($PSVersionTable.PSVersion)\"");
        shell.version = match first {
            Err(_) if cfg!(target_os = "linux") => {
                shell.without_cultures = true;
                // If this fails too, the first error says more.
                shell.ask("\"$($PSVersionTable.PSVersion)\"").or(first)?
            }
            first => first?,
        };
        let mut numbers = shell.version.split('.').map(|number| number.parse().unwrap_or(0));
        let version: (u32, u32) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        ensure!(
            version >= (7, 4),
            "{} is PowerShell {}, and 7.4 or later is needed",
            path.display(),
            shell.version
        );
        Ok(shell)
    }

    /// Runs PowerShell without the user's profile. It never asks the user anything.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.args(["-NoProfile", "-NonInteractive"]);
        command.env("PWSH", &self.path);
        forget_xtask(&mut command); // build.ps1 runs cargo
        command.env("POWERSHELL_TELEMETRY_OPTOUT", "1").env("POWERSHELL_UPDATECHECK", "Off");
        if self.without_cultures {
            command.env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1");
        }
        command
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it prints for this statement.
    fn ask(&self, statement: &str) -> Result<String> {
        let output = self.command().args(["-Command", statement]).output()?;
        let errors = String::from_utf8_lossy(&output.stderr);
        let reason = errors.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim();
        ensure!(
            output.status.success(),
            "{} does not start ({}): {reason}",
            self.path.display(),
            output.status
        );
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// As [`PowerShell::command`], with Pester 5, which is fetched if it is missing. Prints PowerShell's version.
    pub fn with_pester(&self) -> Result<Command> {
        let find = "[bool](Get-Module -ListAvailable Pester | Where-Object { $_.Version.Major -eq 5 })";
        println!("PowerShell {} at {}", self.version, self.path.display());
        let mut command = self.command();
        if self.ask(find)? != "True" {
            let modules = downloads::pester(&tools(), &|| self.command())?;
            let others = env::var_os("PSModulePath").unwrap_or_default();
            command.env(
                "PSModulePath",
                env::join_paths([modules].into_iter().chain(env::split_paths(&others)))?,
            );
        }
        Ok(command)
    }

    /// Builds the module and returns the path of its manifest. It is compiled against the assemblies of this
    /// PowerShell, or against the reference assemblies in the folder that `JCSDK_REFERENCES` names.
    pub fn build_module(&self, configuration: &str) -> Result<PathBuf> {
        let mut build = self.command();
        build.args(["-File", "build.ps1", "-Configuration", configuration]).current_dir(top());
        if let Some(references) = env::var_os("JCSDK_REFERENCES").filter(|path| !path.is_empty()) {
            build.arg("-ReferencePath").arg(references);
        }
        succeed("the module's build", &mut build)?;
        let version = env!("CARGO_PKG_VERSION");
        Ok(top().join(format!("out/JumpCloudApiSdkV1/{version}/JumpCloudApiSdkV1.psd1")))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// Starts a script in the place of pwsh.
    fn start(name: &str, script: &str) -> Result<PowerShell> {
        let folder = target().join("tmp/powershell").join(name);
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("pwsh");
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        PowerShell::start(&path)
    }

    fn refusal(name: &str, script: &str) -> String {
        format!("{:#}", start(name, script).err().unwrap())
    }

    #[test]
    fn powershell_7_4_and_later_is_used() {
        for version in ["7.4.0", "7.6.5", "7.10.1-preview.2", "8.0.0"] {
            assert_eq!(start(version, &format!("echo {version}")).unwrap().version, version);
        }
        for version in ["7.3.9", "5.1.2", "no number"] {
            let why = refusal(version, &format!("echo {version}"));
            assert!(why.ends_with(&format!("is PowerShell {version}, and 7.4 or later is needed")), "{why}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn without_libicu_it_runs_without_cultures() {
        let variable = "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT";
        let shell = start("icu", &format!("[ \"${variable}\" = 1 ] || exit 134\necho 7.6.5")).unwrap();
        assert!(shell.without_cultures);
        assert!(
            shell.command().get_envs().any(|(name, value)| name == variable && value == Some("1".as_ref()))
        );
        assert!(!start("no-icu", "echo 7.6.5").unwrap().without_cultures);
    }

    #[test]
    fn one_that_does_not_start_is_one_sentence() {
        let why = refusal("broken", "echo 'no such library' >&2\nexit 1");
        assert!(why.contains("pwsh does not start (exit status: 1): no such library"), "{why}");
        let why = format!("{:#}", PowerShell::start(Path::new("/no/pwsh")).err().unwrap());
        assert_eq!(why, "there is no file /no/pwsh");
    }

    /// The test makes a package, which has what NuGet adds to a module.
    #[test]
    fn of_pesters_package_only_the_module_is_kept() {
        let Ok(powershell) = installed() else {
            println!("SKIPPED: no PowerShell is installed");
            return;
        };
        let folder = target().join("tmp/pester");
        let _ = fs::remove_dir_all(&folder);
        let package = folder.join("package");
        for file in [
            "_rels/.rels",
            "package/x.psmdcp",
            "[Content_Types].xml",
            "Pester.nuspec",
            "Pester.psd1",
            "bin/a.dll",
        ] {
            let path = package.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        let zip = folder.join("archive");
        let pack = "[IO.Compression.ZipFile]::CreateFromDirectory($env:JCSDK_FROM, $env:JCSDK_TO)";
        let mut command = powershell.command();
        command.args(["-Command", pack]).env("JCSDK_FROM", &package).env("JCSDK_TO", &zip);
        assert!(command.status().unwrap().success());

        let unpacked = folder.join("unpacked");
        downloads::unpack_pester(powershell.command(), &zip, &unpacked).unwrap();
        let module = unpacked.join("Pester/5.7.1");
        let mut left: Vec<_> =
            fs::read_dir(&module).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["Pester.psd1", "bin"]);
    }
}
