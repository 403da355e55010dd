//! Objects that C holds by pointer. Any thread may use one. Freeing it waits for the calls that are still running.

use std::ops::Deref;
use std::process;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::code::Code;
use crate::outcome::Fault;

/// What a pointer in C points to.
pub struct Handle<T> {
    value: T,
    /// The process that made it. A child made by fork lacks the threads that the handle needs, and would wait for them
    /// forever.
    process: u32,
    calls: Arc<Calls>,
}

/// The calls that are running. It outlives the handle, because the last call still uses it when the handle may already
/// be freed.
#[derive(Default)]
struct Calls {
    inside: Mutex<Count>,
    left: Condvar,
}

#[derive(Default)]
struct Count {
    calls: usize,
    /// The handle's free waits for the last one. To wake nobody would cost every call a system call.
    is_awaited: bool,
}

impl Calls {
    fn lock(&self) -> MutexGuard<'_, Count> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running call.
pub struct Inside<T> {
    handle: *const Handle<T>,
    calls: Arc<Calls>,
}

/// Why a pointer cannot be used.
#[derive(Clone, Copy, Debug)]
pub enum Unusable {
    Null,
    Forked,
}

impl Unusable {
    pub fn fault(self, argument: &str) -> Fault {
        let what = match self {
            Self::Null => "is NULL",
            Self::Forked => "was made before a fork; a child process makes its own",
        };
        Fault::new(Code::ArgumentInvalid, &format!("the argument {argument} {what}"))
    }
}

impl<T: Send + Sync> Handle<T> {
    pub fn create(value: T) -> *mut Self {
        Box::into_raw(Box::new(Self { value, process: process::id(), calls: Arc::default() }))
    }

    /// # Safety
    ///
    /// The pointer is NULL, or came from `create` and was not freed.
    pub unsafe fn enter(pointer: *const Self) -> Result<Inside<T>, Unusable> {
        // SAFETY: the caller promises that a pointer that is not NULL leads to a handle.
        let Some(handle) = (unsafe { pointer.as_ref() }) else { return Err(Unusable::Null) };
        if handle.process != process::id() {
            return Err(Unusable::Forked);
        }
        handle.calls.lock().calls += 1;
        Ok(Inside { handle, calls: handle.calls.clone() })
    }

    /// Calls `stop`, which makes running calls return, waits for them, and drops the value.
    ///
    /// # Safety
    ///
    /// As for `enter`; and the pointer is not used by a call that begins later.
    pub unsafe fn free(pointer: *mut Self, stop: impl FnOnce(&T)) {
        // SAFETY: the caller promises that a pointer that is not NULL leads to a handle.
        let Some(handle) = (unsafe { pointer.as_ref() }) else { return };
        if handle.process != process::id() {
            return;
        }
        stop(&handle.value);
        let mut inside = handle.calls.lock();
        inside.is_awaited = true;
        while inside.calls > 0 {
            inside = handle.calls.left.wait(inside).unwrap_or_else(PoisonError::into_inner);
        }
        drop(inside);
        // SAFETY: it came from `create`, this is its one free, and no call is running any more.
        drop(unsafe { Box::from_raw(pointer) });
    }
}

impl<T> Deref for Inside<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the handle's free waits for this call.
        unsafe { &(*self.handle).value }
    }
}

impl<T> Drop for Inside<T> {
    fn drop(&mut self) {
        let mut inside = self.calls.lock();
        inside.calls -= 1;
        if inside.is_awaited {
            self.calls.left.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    /// Reports which thread drops it.
    struct Value(mpsc::Sender<thread::ThreadId>);

    impl Drop for Value {
        fn drop(&mut self) {
            self.0.send(thread::current().id()).unwrap();
        }
    }

    #[test]
    fn when_free_returns_the_value_is_gone() {
        for _ in 0..2000 {
            let (dropped, drops) = mpsc::channel();
            let handle = Handle::create(Value(dropped));
            // SAFETY: the handle was just made.
            let inside = unsafe { Handle::enter(handle) }.unwrap();
            let address = handle.expose_provenance();
            let (begun, begins) = mpsc::channel();
            let free = thread::spawn(move || {
                let handle = std::ptr::with_exposed_provenance_mut::<Handle<Value>>(address);
                // SAFETY: nobody else frees it.
                unsafe { Handle::free(handle, |_| begun.send(()).unwrap()) };
                assert_eq!(drops.try_recv(), Ok(thread::current().id()));
            });
            begins.recv().unwrap();
            drop(inside);
            free.join().unwrap();
        }
    }
}
