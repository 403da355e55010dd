//! Windows, as Wine has it: for the tests on other systems.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Result, ensure};

use crate::program::{Ended, is_installed};
use crate::workspace::{succeed, target};

/// Runs a program once more where Wine was at fault: it hung, or it refused the simulator's certificate. Wine 8 finds fault
/// with one now and then, and with all that one simulator makes; the next has another one.
pub fn twice_at_most(is_wine: bool, what: &str, mut run: impl FnMut() -> Result<Ended>) -> Result<Ended> {
    let ended = run()?;
    let fault = if ended.status.is_none() {
        "it hung"
    } else if refuses_certificate(&ended.output) {
        "it refused the simulator's certificate"
    } else {
        return Ok(ended);
    };
    if !is_wine {
        return Ok(ended);
    }
    println!("once more, under Wine: {what}: {fault}");
    let ended = run()?;
    // Or each of the others might hang, too.
    ensure!(
        ended.status.is_some(),
        "{what} hung twice under Wine, and what comes after it did not run\n{}",
        ended.output
    );
    Ok(ended)
}

fn refuses_certificate(output: &str) -> bool {
    let words = output.split_whitespace().collect::<Vec<_>>().join(" ");
    words.replace(" | ", " ").contains("it could not be verified")
}

/// Wine, stopped where it does not end by itself.
pub fn limited(wine: &Path) -> Command {
    let mut command = Command::new("timeout");
    command.args(["-s", "KILL", "300"]).arg(wine);
    command
}

/// Says why, where there is none that can load the library.
pub fn find() -> Result<Result<PathBuf, String>> {
    let Some(wine) = program() else {
        return Ok(Err("no Wine was found; JCSDK_WINE may name it".to_owned()));
    };
    prefix(&wine)?;
    if system32().join("bcryptprimitives.dll").exists() {
        return Ok(Ok(wine));
    }
    let why = "this Wine has no bcryptprimitives.dll; JCSDK_WINE_SYSTEM32 may name a folder that has it";
    Ok(Err(why.to_owned()))
}

/// `JCSDK_WINE`, else the one on PATH.
fn program() -> Option<PathBuf> {
    if let Some(wine) = env::var_os("JCSDK_WINE").filter(|wine| !wine.is_empty()) {
        return Some(wine.into()).filter(|wine: &PathBuf| wine.is_file());
    }
    ["wine64", "wine"].into_iter().find(|wine| is_installed(wine)).map(PathBuf::from)
}

/// Ends what still runs in this Windows.
pub fn stop(prefix: &Path) {
    let server = program().unwrap_or_default().with_file_name("wineserver");
    let _ = Command::new(server).arg("-k").env("WINEPREFIX", prefix).status();
}

fn system32() -> PathBuf {
    target().join("wine/drive_c/windows/system32")
}

/// A Windows of the tests' own, with the DLLs of the folder `JCSDK_WINE_SYSTEM32`: old versions of Wine lack some.
pub fn prefix(wine: &Path) -> Result<Vec<(&'static str, OsString)>> {
    let prefix = target().join("wine");
    let environment = vec![
        ("WINEPREFIX", prefix.clone().into()),
        ("WINEDEBUG", "-all".into()),
        ("WINEARCH", "win64".into()),
        ("DISPLAY", OsString::new()),
    ];
    let system32 = system32();
    if !system32.join("kernel32.dll").exists() {
        fs::create_dir_all(&prefix)?;
        let mut boot = limited(wine);
        boot.args(["wineboot", "-i"]).envs(environment.iter().map(|(name, value)| (name, value)));
        boot.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        succeed("Wine's first start", &mut boot)?;
    }
    if let Some(dlls) = env::var_os("JCSDK_WINE_SYSTEM32").filter(|dlls| !dlls.is_empty()) {
        for file in fs::read_dir(dlls)? {
            let file = file?.path();
            if file.extension().is_some_and(|extension| extension == "dll") {
                let to = system32.join(file.file_name().unwrap_or_default());
                let _ = fs::remove_file(&to);
                fs::copy(&file, to)?;
            }
        }
    }
    Ok(environment)
}

/// The folder, as a share of the network that Wine has of it.
#[cfg(unix)]
pub fn share(folder: &Path) -> Result<Option<(&'static str, OsString)>> {
    let server = target().join("wine/dosdevices/unc/localhost");
    let share = server.join("jcsdk");
    fs::create_dir_all(&server)?;
    let _ = fs::remove_file(&share);
    std::os::unix::fs::symlink(folder, share)?;
    Ok(Some(("SIM_SHARE", r"\\localhost\jcsdk".into())))
}

#[cfg(not(unix))]
pub fn share(_: &Path) -> Result<Option<(&'static str, OsString)>> {
    Ok(None)
}

/// As Wine shows it.
pub fn path(path: &Path) -> String {
    format!("Z:{}", path.display()).replace('/', "\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wines_fault_runs_once_more() {
        let well = || Ended { status: Some(Default::default()), output: String::new() };
        let hung = || Ended { status: None, output: String::new() };
        let refused = || Ended { output: "it could\n | not be verified".into(), ..well() };
        for (is_wine, first, second, runs, ok) in [
            (true, well(), hung(), 1, true),
            (true, hung(), well(), 2, true),
            (true, refused(), well(), 2, true),
            (true, refused(), refused(), 2, true),
            (true, hung(), hung(), 2, false),
            (false, hung(), well(), 1, true),
            (false, refused(), well(), 1, true),
        ] {
            let mut left = vec![second, first];
            let ended = twice_at_most(is_wine, "a program", || Ok(left.remove(left.len() - 1)));
            assert_eq!((2 - left.len(), ended.is_ok()), (runs, ok));
        }
    }
}
