//! No panic crosses into the caller: unwinding through C is undefined.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs the body of an exported function; `otherwise` is what it returns if that panics. What the body shares with
/// other calls is behind locks that bear a panic.
pub fn boundary<R>(otherwise: R, body: impl FnOnce() -> R) -> R {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(otherwise)
}
