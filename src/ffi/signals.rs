//! The host's signals stay the host's: threads of this library take none of them.

/// Runs what starts threads with all signals blocked, which the threads inherit.
#[cfg(unix)]
pub fn blocked<R>(start: impl FnOnce() -> R) -> R {
    use std::mem::MaybeUninit;

    let mut all = MaybeUninit::<libc::sigset_t>::uninit();
    let mut before = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: `sigfillset` fills the set that it is given, and `pthread_sigmask` reads the one and fills the other.
    let blocked = unsafe {
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr()) == 0
    };
    let result = start();
    if blocked {
        // SAFETY: `before` was filled by the call above, which has succeeded.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), std::ptr::null_mut()) };
    }
    result
}

#[cfg(not(unix))]
pub fn blocked<R>(start: impl FnOnce() -> R) -> R {
    start()
}
