//! The thread that writes the journal. What is ready together shares one write and one sync.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use super::file::Disk;
use crate::runtime;

/// Counts the ends. A result may be shown when its end is written.
pub type Ticket = u64;

/// The journal has failed, and why.
#[derive(Clone, Debug)]
pub struct Failed(pub String);

pub struct Writer {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    begins: VecDeque<Begin>,
    ends: Vec<String>,
    /// How many ends there were, how many are written, and how many are on the disk.
    ended: Ticket,
    written: Ticket,
    synced: Ticket,
    /// Up to which end a sync is wanted.
    wanted: Ticket,
    failed: Option<Failed>,
    is_closing: bool,
}

struct Begin {
    n: u64,
    line: String,
    durable: oneshot::Sender<Result<(), Failed>>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writer {
    /// Writes to a disk that holds `length` bytes. `head` goes before the first line. `progress` is called, on the
    /// journal's thread, when more ends are written, or the journal has failed.
    pub fn start(
        disk: impl Disk + 'static,
        length: u64,
        head: String,
        progress: impl Fn() + Send + 'static,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared { queue: Mutex::default(), changed: Condvar::new() });
        let mut work = Work { shared: shared.clone(), disk, length, head, progress };
        let run = move || {
            if catch_unwind(AssertUnwindSafe(|| work.run())).is_err() {
                fail(&mut work.shared.lock(), "a defect of jcsdk");
                (work.progress)();
            }
        };
        let thread = runtime::spawn("jcsdk-journal", run)?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)) })
    }

    /// Puts a begin into the queue. What it returns becomes ready when the line is on the disk.
    pub fn begin(&self, n: u64, line: String) -> oneshot::Receiver<Result<(), Failed>> {
        let (durable, wait) = oneshot::channel();
        let mut queue = self.shared.lock();
        match queue.failed.clone() {
            Some(failed) => drop(durable.send(Err(failed))),
            None => queue.begins.push_back(Begin { n, line, durable }),
        }
        drop(queue);
        self.shared.changed.notify_one();
        wait
    }

    /// Takes the user's begin out, if it still waits, and puts an end into the queue.
    pub fn end(&self, n: u64, line: String) -> Ticket {
        let mut queue = self.shared.lock();
        queue.begins.retain(|begin| begin.n != n);
        if queue.failed.is_some() {
            return 0;
        }
        queue.ends.push(line);
        queue.ended += 1;
        let ticket = queue.ended;
        drop(queue);
        self.shared.changed.notify_one();
        ticket
    }

    /// True as well once the journal has failed: the results are told all the same.
    pub fn is_written(&self, ticket: Ticket) -> bool {
        let queue = self.shared.lock();
        ticket <= queue.written || queue.failed.is_some()
    }

    /// Has all ends so far brought to the disk, without waiting for it.
    pub fn sync(&self) {
        let mut queue = self.shared.lock();
        queue.wanted = queue.ended;
        drop(queue);
        self.shared.changed.notify_one();
    }

    /// Waits until all is on the disk and the file is closed.
    pub fn close(&self) {
        self.shared.lock().is_closing = true;
        self.shared.changed.notify_one();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // It catches its own panic.
            let _ = thread.join();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

struct Work<D, P: Fn()> {
    shared: Arc<Shared>,
    disk: D,
    /// Of the file, as far as this program has written it.
    length: u64,
    head: String,
    progress: P,
}

/// What is written and synced together.
struct Batch {
    ends: Vec<String>,
    begins: VecDeque<Begin>,
    ended: Ticket,
    is_synced: bool,
}

impl<D: Disk, P: Fn()> Work<D, P> {
    fn run(&mut self) {
        while let Some(batch) = self.next() {
            let done = self.write(&batch);
            let mut queue = self.shared.lock();
            match &done {
                Ok(()) => {
                    queue.written = batch.ended;
                    queue.synced = if batch.is_synced { batch.ended } else { queue.synced };
                }
                Err(error) => fail(&mut queue, &error.to_string()),
            }
            let failed = queue.failed.clone();
            drop(queue);
            if failed.is_none() {
                self.disk.released(&batch.begins.iter().map(|begin| begin.n).collect::<Vec<_>>());
            }
            for begin in batch.begins {
                // Who was stopped meanwhile does not wait any more.
                let _ = begin.durable.send(failed.clone().map_or(Ok(()), Err));
            }
            (self.progress)();
            if failed.is_some() {
                return;
            }
        }
    }

    /// Waits for something to do. `None` at the end.
    fn next(&self) -> Option<Batch> {
        let mut queue = self.shared.lock();
        loop {
            let is_wanted = queue.wanted > queue.synced || queue.is_closing && queue.ended > queue.synced;
            if is_wanted || !queue.begins.is_empty() || !queue.ends.is_empty() {
                let begins = std::mem::take(&mut queue.begins);
                return Some(Batch {
                    ends: std::mem::take(&mut queue.ends),
                    is_synced: is_wanted || !begins.is_empty(),
                    begins,
                    ended: queue.ended,
                });
            }
            if queue.is_closing {
                return None;
            }
            queue = self.shared.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Ends go first, so that where the write fails, they can stay without the begins, whose users are not sent.
    fn write(&mut self, batch: &Batch) -> io::Result<()> {
        let lines = batch.ends.iter().chain(batch.begins.iter().map(|begin| &begin.line));
        let mut bytes = Vec::new();
        if lines.clone().next().is_some() {
            bytes.append(&mut std::mem::take(&mut self.head).into_bytes());
        }
        let mut keep = bytes.len();
        for (n, line) in lines.enumerate() {
            bytes.extend_from_slice(line.as_bytes());
            if n < batch.ends.len() {
                keep = bytes.len();
            }
        }
        let mut written = 0;
        let done = self
            .append(&bytes, &mut written)
            .and_then(|()| if batch.is_synced { self.disk.sync() } else { Ok(()) });
        if done.is_err() {
            let kept =
                bytes[..written.min(keep)].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
            // Where this does not work, the next run passes over the torn line.
            let _ = self.disk.cut(self.length + written as u64, self.length + kept as u64);
        }
        self.length += written as u64;
        done
    }

    fn append(&mut self, bytes: &[u8], written: &mut usize) -> io::Result<()> {
        while *written < bytes.len() {
            match self.disk.write(&bytes[*written..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => *written += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Nothing more is written. Whoever waits for a begin is told.
fn fail(queue: &mut Queue, why: &str) {
    let failed = Failed(format!("the journal could not be written: {why}"));
    queue.ends.clear();
    for begin in queue.begins.drain(..) {
        let _ = begin.durable.send(Err(failed.clone()));
    }
    queue.failed = Some(failed);
}
