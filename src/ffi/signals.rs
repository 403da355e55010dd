//! The host's signals stay the host's: threads of this library take none of them.

/// Keeps all signals from the calling thread.
#[cfg(unix)]
pub fn block_signals() {
    let mut all = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: `sigfillset` fills the set that it is given, and `pthread_sigmask` reads it.
    unsafe {
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), std::ptr::null_mut());
    }
}

#[cfg(not(unix))]
pub fn block_signals() {}
