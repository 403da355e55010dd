//! The host's signals stay the host's: threads of this library take none of them, and its work raises none.

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

/// Does work that writes to connections. A broken one would raise SIGPIPE in the calling thread, which ends a host
/// that has not thought of it.
#[cfg(target_os = "linux")]
pub fn without_sigpipe<R>(work: impl FnOnce() -> R) -> R {
    let _held = HeldBack::new();
    work()
}

/// Other systems can switch it off at each socket, and the libraries do.
#[cfg(not(target_os = "linux"))]
pub fn without_sigpipe<R>(work: impl FnOnce() -> R) -> R {
    work()
}

#[cfg(target_os = "linux")]
struct HeldBack {
    sigpipe: libc::sigset_t,
    before: libc::sigset_t,
    /// The host's own, which stays.
    was_pending: bool,
}

#[cfg(target_os = "linux")]
impl HeldBack {
    fn new() -> Self {
        // SAFETY: a signal set is plain data, for which zeros are valid; each call reads or fills the set that it
        // is given.
        unsafe {
            let [mut sigpipe, mut before, mut pending] = std::mem::zeroed::<[libc::sigset_t; 3]>();
            libc::sigemptyset(&mut sigpipe);
            libc::sigaddset(&mut sigpipe, libc::SIGPIPE);
            libc::sigpending(&mut pending);
            libc::pthread_sigmask(libc::SIG_BLOCK, &sigpipe, &mut before);
            Self { sigpipe, before, was_pending: libc::sigismember(&pending, libc::SIGPIPE) == 1 }
        }
    }
}

#[cfg(target_os = "linux")]
impl Drop for HeldBack {
    fn drop(&mut self) {
        let at_once = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the calls read the sets, which `new` has filled, and the time.
        unsafe {
            if !self.was_pending {
                libc::sigtimedwait(&self.sigpipe, std::ptr::null_mut(), &at_once);
            }
            libc::pthread_sigmask(libc::SIG_SETMASK, &self.before, std::ptr::null_mut());
        }
    }
}
