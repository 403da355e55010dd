//! The threads that requests run on. A single call runs on its caller's thread, because waking another thread would
//! take longer than the rest of the call. Batches run on a thread of the client's. Each of the two has its own
//! connections, because a connection belongs to the runtime that has opened it.

use std::future::Future;
use std::io;
use std::thread::JoinHandle;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::oneshot;

fn builder() -> Builder {
    #[cfg(feature = "capi")]
    crate::ffi::stay_loaded();
    let mut builder = Builder::new_current_thread();
    builder.enable_io().enable_time();
    builder
}

/// Starts a thread. It blocks all signals, which are for the host's own threads.
pub fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    #[cfg(feature = "capi")]
    let work = || {
        crate::ffi::thread_is_ours();
        work();
    };
    without_signals(|| std::thread::Builder::new().name(name.into()).spawn(work))
}

fn without_signals<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(feature = "capi")]
    return crate::ffi::without_signals(work);
    #[cfg(not(feature = "capi"))]
    work()
}

/// Does work on a thread of the host's without raising SIGPIPE there.
fn without_sigpipe<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(feature = "capi")]
    return crate::ffi::without_sigpipe(work);
    #[cfg(not(feature = "capi"))]
    work() // Rust programs ignore this signal by default
}

/// Runs a single call on the thread of its caller, who waits.
pub struct OnCaller {
    http: reqwest::Client,
    runtime: Option<Runtime>,
}

impl OnCaller {
    pub fn start(http: reqwest::Client) -> io::Result<Self> {
        Ok(Self { http, runtime: Some(builder().build()?) })
    }

    /// Several callers may wait at once. One of them then drives the connections of all.
    pub fn run<'a, W: Future>(&'a self, work: impl FnOnce(&'a reqwest::Client) -> W) -> W::Output {
        match &self.runtime {
            Some(runtime) => without_sigpipe(|| runtime.block_on(work(&self.http))),
            None => unreachable!("only drop takes the runtime"),
        }
    }
}

impl Drop for OnCaller {
    fn drop(&mut self) {
        // This does not wait for tasks that still run.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Runs batches on a thread of its own, which also notices at once when the server closes a connection.
pub struct Background {
    http: reqwest::Client,
    handle: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Background {
    pub fn start(http: reqwest::Client) -> io::Result<Self> {
        let runtime = builder().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        let work = move || {
            // An error means that the sender was dropped, which is how `Drop` stops this thread.
            let _ = runtime.block_on(stopped);
            runtime.shutdown_background();
        };
        let thread = spawn("jcsdk", work)?;
        Ok(Self { http, handle, stop: Some(stop), thread: Some(thread) })
    }

    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    pub fn http(&self) -> reqwest::Client {
        self.http.clone()
    }
}

/// Closes the connections and waits for the end of the thread.
impl Drop for Background {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // The thread itself does not panic, because tokio catches the panic of a task.
            let _ = thread.join();
        }
    }
}
