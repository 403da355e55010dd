//! No panic crosses into the caller: unwinding through C is undefined. Nor is one told on the caller's stderr.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::atomic::{AtomicBool, Ordering};

use super::cancellation::Uncancelled;

thread_local! {
    /// Whether this thread does work of the library. Without a destructor, so that it is there to the thread's end.
    static AT_WORK: Cell<bool> = const { Cell::new(false) };
}

static HOOK_IS_SET: AtomicBool = AtomicBool::new(false);

/// Runs the body of an exported function; `otherwise` is what it returns if that panics. What the body shares with
/// other calls is behind locks that bear a panic.
pub fn boundary<R>(otherwise: R, body: impl FnOnce() -> R) -> R {
    let _uncancelled = Uncancelled::new();
    keep_quiet();
    let before = AT_WORK.replace(true);
    let result = catch_unwind(AssertUnwindSafe(body)).unwrap_or(otherwise);
    AT_WORK.set(before);
    result
}

/// The calling thread is the library's own.
pub fn thread_is_ours() {
    AT_WORK.set(true);
}

/// The hook is the process's where this is part of a Rust program: it goes on to hear of every panic that is not in a
/// call through the ABI. A shared library has a hook of its own.
fn keep_quiet() {
    // It cannot be set while a panic unwinds.
    if !std::thread::panicking() && !HOOK_IS_SET.swap(true, Ordering::Relaxed) {
        let others = take_hook();
        set_hook(Box::new(move |panic| {
            if !AT_WORK.get() {
                others(panic);
            }
        }));
    }
}
