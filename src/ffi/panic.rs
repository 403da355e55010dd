//! Keeps panics inside the library, because unwinding into C is undefined behaviour, and off the caller's stderr.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::atomic::{AtomicBool, Ordering};

use super::cancellation::Uncancelled;

thread_local! {
    /// Whether this thread is running code of the library. It has no destructor, so it can be used until the thread
    /// ends.
    static AT_WORK: Cell<bool> = const { Cell::new(false) };
}

static HOOK_IS_SET: AtomicBool = AtomicBool::new(false);

/// Runs the body of an exported function, and returns `otherwise` if it panics. State that the body shares with other
/// calls is behind locks that stay usable after a panic.
pub fn boundary<R>(otherwise: R, body: impl FnOnce() -> R) -> R {
    let _uncancelled = Uncancelled::new();
    keep_quiet();
    let before = AT_WORK.replace(true);
    let result = catch_unwind(AssertUnwindSafe(body)).unwrap_or(otherwise);
    AT_WORK.set(before);
    result
}

/// Marks the calling thread as one of the library's own.
pub fn thread_is_ours() {
    AT_WORK.set(true);
}

/// In a Rust program the panic hook is shared with the program, whose own hook still gets every panic that is not in a
/// call through the ABI. A shared library has a hook of its own.
fn keep_quiet() {
    // The hook cannot be set while a panic unwinds.
    if !std::thread::panicking() && !HOOK_IS_SET.swap(true, Ordering::Relaxed) {
        let others = take_hook();
        set_hook(Box::new(move |panic| {
            if !AT_WORK.get() {
                others(panic);
            }
        }));
    }
}
