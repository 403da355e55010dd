//! Runs programs that are tests, with a limit on their time.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// A program that takes longer is taken to hang. The slowest, under valgrind on a busy machine, needs a tenth of this.
const HUNG: Duration = Duration::from_secs(600);

pub struct Ended {
    /// None if it hung and was killed.
    pub status: Option<ExitStatus>,
    /// Its standard output and standard error.
    pub output: String,
}

/// Runs the command and writes its output to a file. Calls `meanwhile` with its process id every 10 ms.
pub fn finish(command: &mut Command, output: &Path, mut meanwhile: impl FnMut(u32)) -> Result<Ended> {
    let file = File::create(output)?;
    command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
    let mut child = command.spawn().with_context(|| format!("{command:?} could not be started"))?;
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break Some(status);
        }
        if start.elapsed() > HUNG {
            child.kill()?;
            child.wait()?;
            break None;
        }
        meanwhile(child.id());
        std::thread::sleep(Duration::from_millis(10));
    };
    Ok(Ended { status, output: String::from_utf8_lossy(&fs::read(output)?).into_owned() })
}

pub fn is_installed(tool: &str) -> bool {
    let program = format!("{tool}{}", env::consts::EXE_SUFFIX);
    let found = |folder: PathBuf| folder.join(&program).is_file();
    env::var_os("PATH").is_some_and(|path| env::split_paths(&path).any(found))
}
