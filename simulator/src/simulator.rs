//! Starts, queries and stops a simulator that runs in this process.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::addresses::Addresses;
use crate::certificates::Certificates;
use crate::faults::Faults;
use crate::listeners;
use crate::log::{Entry, Stats};
use crate::options::Options;
use crate::server::Server;
use crate::users::{Names, User};

/// A running simulator; dropping it closes every listener and connection.
pub struct Simulator {
    server: Arc<Server>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    _temporary: Option<TempDir>,
}

impl Simulator {
    /// # Panics
    /// If [`Simulator::try_start`] fails.
    pub fn start(options: Options) -> Simulator {
        Simulator::try_start(options).unwrap_or_else(|error| panic!("the simulator does not start: {error}"))
    }

    pub fn try_start(options: Options) -> io::Result<Simulator> {
        let faults = match &options.faults {
            Some(path) => read_faults(path)?,
            None => Faults::default(),
        };
        let certificates = Certificates::make().map_err(io::Error::other)?;
        let (ca, temporary) = store_ca(options.dir.clone(), &certificates.ca_pem)?;

        let (stop, stopped) = oneshot::channel();
        let (ready, started) = mpsc::channel();
        let thread = std::thread::Builder::new().name("simulator".into()).spawn(move || {
            let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => return drop(ready.send(Err(error))),
            };
            runtime.block_on(async {
                // `closed` must live as long as the simulator, so that no other program gets its port.
                let (sockets, closed) = match listeners::bind(ca) {
                    Ok(bound) => bound,
                    Err(error) => return drop(ready.send(Err(error))),
                };
                let server = Arc::new(Server::new(options, sockets.addresses.clone(), faults));
                sockets.serve(&server, &certificates);
                drop(ready.send(Ok(server)));
                let _ = stopped.await;
                drop(closed);
            });
        })?;
        let server = started.recv().map_err(io::Error::other)??;
        Ok(Simulator { server, stop: Some(stop), thread: Some(thread), _temporary: temporary })
    }

    pub fn addresses(&self) -> &Addresses {
        &self.server.addresses
    }

    /// Every request so far, in the order of arrival.
    pub fn log(&self) -> Vec<Entry> {
        self.server.records().log.entries().to_vec()
    }

    /// Clears the log and sets every count of [`Simulator::stats`] to zero, except that of open connections.
    pub fn clear_log(&self) {
        self.server.records().log.clear();
    }

    pub fn stats(&self) -> Stats {
        self.server.records().log.stats()
    }

    pub fn users(&self) -> Vec<User> {
        self.server.records().users.iter().cloned().collect()
    }

    /// Adds a user with TOTP set up. A user who exists already is replaced.
    pub fn add_user(&self, id: &str) {
        self.server.records().users.add(id, Names::default());
    }

    /// As [`Simulator::add_user`], with a username and an e-mail address.
    pub fn add_named_user(&self, id: &str, username: &str, email: &str) {
        let names = Names { username: Some(username.into()), email: Some(email.into()) };
        self.server.records().users.add(id, names);
    }

    /// Sets the fault script of a user id, or of `search:` and a name, whether or not the user exists.
    pub fn set_faults(&self, id: &str, script: Value) -> Result<(), serde_json::Error> {
        self.server.records().faults.set(id, script)
    }

    pub fn clear_faults(&self) {
        self.server.records().faults.clear();
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn read_faults(path: &Path) -> io::Result<Faults> {
    let about = |error: String| io::Error::other(format!("{}: {error}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| about(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| about(error.to_string()))
}

fn store_ca(dir: Option<PathBuf>, pem: &str) -> io::Result<(PathBuf, Option<TempDir>)> {
    let (dir, temporary) = match dir {
        Some(dir) => (std::path::absolute(dir)?, None),
        None => {
            let temporary = TempDir::with_prefix("simulator-")?;
            (temporary.path().to_owned(), Some(temporary))
        }
    };
    std::fs::create_dir_all(&dir)?;
    let ca = dir.join("ca.pem");
    std::fs::write(&ca, pem)?;
    Ok((ca, temporary))
}
