//! One thread that does a client's work. It has all connections, so it sees at once which the server closes.

use std::io;
use std::thread::JoinHandle;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// Ends with everything on it when it is dropped: connections are closed, and its thread is gone.
#[derive(Debug)]
pub struct Runtime {
    handle: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Runtime {
    pub fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("jcsdk".into()).spawn(move || {
            // An error is a sender that was dropped, which means the same.
            let _ = runtime.block_on(stopped);
            // A name look-up that hangs is not waited for.
            runtime.shutdown_background();
        })?;
        Ok(Self { handle, stop: Some(stop), thread: Some(thread) })
    }

    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // The work on the thread never panics it: tokio catches a task's panic.
            let _ = thread.join();
        }
    }
}
