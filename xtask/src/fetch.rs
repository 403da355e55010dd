//! Fetches a program once, checks it and unpacks it. What stands in the tools folder is always complete and checked,
//! also if a run is killed or two run at once.

use std::fs::{self, File, TryLockError};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use ring::digest;

/// What is fetched.
pub struct Archive<'a> {
    /// For messages.
    pub name: &'a str,
    /// For the message before the download, such as "75 MB".
    pub size: &'a str,
    pub url: &'a str,
    /// In lower-case hexadecimal digits.
    pub sha256: &'a str,
    /// The folder's name within the tools folder.
    pub folder: &'a str,
    /// Unpacks the first path into the second, which is an empty folder.
    pub unpack: &'a dyn Fn(&Path, &Path) -> Result<()>,
    /// Whether the user wants nothing to be fetched.
    pub is_offline: bool,
    /// How long the server may be silent.
    pub patience: Duration,
}

/// No archive is as large as this. It bounds what a wrong server can send.
const LARGEST: u64 = 500_000_000;

/// Whether JCSDK_OFFLINE says that nothing is to be fetched.
pub fn is_offline() -> bool {
    std::env::var_os("JCSDK_OFFLINE").is_some_and(|value| !value.is_empty() && value != "0")
}

impl Archive<'_> {
    /// The folder with the unpacked archive, which is fetched if it is not there. The error is one sentence without its
    /// full stop.
    pub fn get(&self, tools: &Path) -> Result<PathBuf> {
        let place = tools.join(self.folder);
        if place.is_dir() {
            return Ok(place);
        }
        let Self { name, .. } = self;
        ensure!(!self.is_offline, "{name} was not fetched, because JCSDK_OFFLINE is set");
        self.fetch(tools, &place).with_context(|| format!("{name} could not be fetched"))?;
        Ok(place)
    }

    fn fetch(&self, tools: &Path, place: &Path) -> Result<()> {
        fs::create_dir_all(tools).with_context(|| format!("{} cannot be made", tools.display()))?;
        // The system releases the lock when this process ends, however it ends.
        let _lock = lock(&tools.join(".lock"))?;
        if place.is_dir() {
            return Ok(()); // by the run that had the lock
        }
        // Only the holder of the lock uses this folder, so what is in it is from a run that was killed.
        let partial = tools.join(".partial");
        let done = remove(&partial).and_then(|()| self.fetch_into(&partial, place));
        let removed = remove(&partial);
        done.and(removed)
    }

    fn fetch_into(&self, partial: &Path, place: &Path) -> Result<()> {
        let (archive, unpacked) = (partial.join("archive"), partial.join("unpacked"));
        fs::create_dir_all(&unpacked)?;
        println!("Fetching {} ({}) from {} into {}", self.name, self.size, self.url, place.display());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(self.download(&archive))?;
        (self.unpack)(&archive, &unpacked)
            .context("its archive could not be unpacked, which may be for lack of space")?;
        fs::rename(&unpacked, place).with_context(|| format!("{} cannot be made", place.display()))
    }

    async fn download(&self, to: &Path) -> Result<()> {
        // Fails only if it was done before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .user_agent("jcsdk-xtask")
            .connect_timeout(Duration::from_secs(15))
            .read_timeout(self.patience)
            .build()?;
        let mut response = client.get(self.url).send().await.map_err(|error| self.explain(&error))?;
        let (host, status) = (host(response.url().as_str()).to_owned(), response.status());
        ensure!(status.is_success(), "{host} answered {status}");
        let mut progress = Progress::new(response.content_length());
        let mut digest = digest::Context::new(&digest::SHA256);
        let mut file = File::create(to)?;
        while let Some(bytes) = response.chunk().await.map_err(|error| self.explain(&error))? {
            ensure!(progress.add(bytes.len())? <= LARGEST, "{host} sent more than {LARGEST} bytes");
            digest.update(&bytes);
            file.write_all(&bytes).with_context(|| format!("{} cannot be written", to.display()))?;
        }
        progress.end()?;
        let sha256: String = digest.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        ensure!(
            sha256 == self.sha256,
            "{host} sent something else: its SHA-256 is {sha256}, not {}",
            self.sha256
        );
        Ok(())
    }

    /// Says in words what went wrong, with the cause that lies deepest.
    fn explain(&self, error: &reqwest::Error) -> anyhow::Error {
        let host = host(error.url().map_or(self.url, |url| url.as_str()));
        let mut cause: &dyn std::error::Error = error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        match error {
            _ if error.is_connect() => anyhow!("there is no connection to {host}: {cause}"),
            _ if error.is_timeout() => anyhow!("{host} sent nothing for {:?}", self.patience),
            _ if error.is_body() || error.is_decode() => {
                anyhow!("the download from {host} broke off: {cause}")
            }
            _ => anyhow!("the request to {host} failed: {cause}"),
        }
    }
}

/// With its port, if the URL has one.
fn host(url: &str) -> &str {
    url.split('/').nth(2).unwrap_or(url)
}

fn lock(path: &Path) -> Result<File> {
    let file = File::create(path).with_context(|| format!("{} cannot be written", path.display()))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            println!("Another run is fetching a program. Waiting until it has.");
            file.lock()?;
        }
        Err(TryLockError::Error(error)) => bail!("{} cannot be locked: {error}", path.display()),
    }
    Ok(file)
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} cannot be removed", folder.display()))
        }
        _ => Ok(()),
    }
}

/// Shows how much has come: on a terminal in one line that changes, else in a line for each quarter.
struct Progress {
    total: Option<u64>,
    come: u64,
    shown: u64,
}

impl Progress {
    fn new(total: Option<u64>) -> Self {
        Self { total, come: 0, shown: 0 }
    }

    /// Returns how much has come.
    fn add(&mut self, bytes: usize) -> Result<u64> {
        self.come += bytes as u64;
        let mut out = std::io::stdout();
        let mb = |bytes| bytes / 1_000_000;
        if out.is_terminal() {
            if mb(self.come) > self.shown {
                self.shown = mb(self.come);
                let of = self.total.map(|total| format!(" of {}", mb(total))).unwrap_or_default();
                write!(out, "\r  {}{of} MB", self.shown)?;
                out.flush()?;
            }
        } else if let Some(quarter) = self.total.and_then(|total| (self.come * 4).checked_div(total))
            && quarter > self.shown
        {
            self.shown = quarter;
            writeln!(out, "  {} %", quarter * 25)?;
        }
        Ok(self.come)
    }

    fn end(&self) -> Result<()> {
        if std::io::stdout().is_terminal() {
            println!();
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "fetch_tests.rs"]
mod tests;
