//! Objects that C holds by pointer. Any thread may call with one; freeing it waits for the calls that are inside.

use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::process;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use crate::outcome::{Code, Fault};

/// What a pointer in C points to.
pub struct Handle<T> {
    value: T,
    /// A child made by fork has none of the threads that the handle counts on, and would wait for them for ever.
    process: u32,
    inside: Mutex<usize>,
    left: Condvar,
}

/// A call that is inside.
pub struct Inside<T>(Arc<Handle<T>>);

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

impl<T> Handle<T> {
    pub fn create(value: T) -> *mut Self {
        let handle = Self { value, process: process::id(), inside: Mutex::new(0), left: Condvar::new() };
        Arc::into_raw(Arc::new(handle)).cast_mut()
    }

    pub fn enter(pointer: *const Self) -> Result<Inside<T>, Unusable> {
        if pointer.is_null() {
            return Err(Unusable::Null);
        }
        // SAFETY: a handle that is not NULL came from `create` and is not used after its free, as the header says;
        // the reference that C owns is not dropped here.
        let owned = ManuallyDrop::new(unsafe { Arc::from_raw(pointer) });
        if owned.process != process::id() {
            return Err(Unusable::Forked);
        }
        *owned.inside.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        Ok(Inside(Arc::clone(&owned)))
    }

    /// Lets `stop` make calls that are inside return, waits for them, and drops what C owned.
    pub fn free(pointer: *mut Self, stop: impl FnOnce(&T)) {
        if pointer.is_null() {
            return;
        }
        // SAFETY: as in `enter`; this is the handle's one free, so the reference that C owned ends here.
        let handle = unsafe { Arc::from_raw(pointer) };
        if handle.process != process::id() {
            std::mem::forget(handle);
            return;
        }
        stop(&handle.value);
        let mut inside = handle.inside.lock().unwrap_or_else(PoisonError::into_inner);
        while *inside > 0 {
            inside = handle.left.wait(inside).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl<T> Deref for Inside<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.value
    }
}

impl<T> Drop for Inside<T> {
    fn drop(&mut self) {
        *self.0.inside.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.0.left.notify_all();
    }
}
