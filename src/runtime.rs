//! Who does the work. A single call is done by its caller's own thread, because to wake another one would take longer
//! than the rest of it; batches go on by themselves on a thread of the client's. Each has its own connections, since
//! a connection lives on the runtime that has opened it.

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

/// Starts a thread. Signals are for the host's own threads.
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

/// The calling thread is the host's own.
fn without_sigpipe<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(feature = "capi")]
    return crate::ffi::without_sigpipe(work);
    #[cfg(not(feature = "capi"))]
    work() // a Rust program ignores the signal
}

/// Works while a caller waits.
pub struct OnCaller {
    http: reqwest::Client,
    runtime: Option<Runtime>,
}

impl OnCaller {
    pub fn start(http: reqwest::Client) -> io::Result<Self> {
        Ok(Self { http, runtime: Some(builder().build()?) })
    }

    /// Several callers may be at it at once: one of them drives the connections of all.
    pub fn run<'a, W: Future>(&'a self, work: impl FnOnce(&'a reqwest::Client) -> W) -> W::Output {
        match &self.runtime {
            Some(runtime) => without_sigpipe(|| runtime.block_on(work(&self.http))),
            None => unreachable!("it is taken by drop only"),
        }
    }
}

impl Drop for OnCaller {
    fn drop(&mut self) {
        // A name look-up that hangs is not waited for.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Works on a thread of its own, which sees at once which connections the server closes.
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
            // An error is a sender that was dropped, which means the same.
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

/// Connections are closed, and the thread is gone.
impl Drop for Background {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // The work on the thread never panics it: tokio catches a task's panic.
            let _ = thread.join();
        }
    }
}
