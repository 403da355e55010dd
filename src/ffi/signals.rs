//! Leaves signals to the host: threads of the library receive none, and writing to a connection raises none.

#[cfg(unix)]
use unix::Blocked;

/// Does work with all signals blocked. Threads that it starts inherit that.
pub fn without_signals<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(unix)]
    let _blocked = Blocked::all();
    work()
}

/// Does work that writes to connections. On Linux, a broken connection would raise SIGPIPE in the calling thread, which
/// ends a host that does not handle it. On other systems the libraries switch that off for each socket.
pub fn without_sigpipe<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(target_os = "linux")]
    let _held = linux::HeldBack::new();
    work()
}

#[cfg(unix)]
mod unix {
    use std::mem::MaybeUninit;
    use std::ptr;

    /// Blocks signals in the calling thread for as long as this lives.
    pub struct Blocked {
        before: libc::sigset_t,
    }

    impl Blocked {
        pub fn all() -> Self {
            let mut all = MaybeUninit::uninit();
            // SAFETY: `sigfillset` fills the set that it is given.
            let all = unsafe {
                libc::sigfillset(all.as_mut_ptr());
                all.assume_init()
            };
            Self::new(&all)
        }

        pub fn new(signals: &libc::sigset_t) -> Self {
            let mut before = MaybeUninit::uninit();
            // SAFETY: `pthread_sigmask` reads the one set and fills the other; with these arguments it cannot fail.
            let before = unsafe {
                libc::pthread_sigmask(libc::SIG_BLOCK, signals, before.as_mut_ptr());
                before.assume_init()
            };
            Self { before }
        }

        /// Whether it was blocked before.
        #[cfg(target_os = "linux")]
        pub fn was_blocked(&self, signal: libc::c_int) -> bool {
            // SAFETY: the call reads the set, which `new` has filled.
            unsafe { libc::sigismember(&self.before, signal) == 1 }
        }
    }

    impl Drop for Blocked {
        fn drop(&mut self) {
            // SAFETY: the call reads the set, which `new` has filled.
            unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &self.before, ptr::null_mut()) };
        }
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::mem::MaybeUninit;
    use std::ptr;

    use super::unix::Blocked;

    /// Blocks SIGPIPE, and discards one that was raised meanwhile, before the thread could receive it.
    pub struct HeldBack {
        sigpipe: libc::sigset_t,
        /// A SIGPIPE of the host's own was pending before, so none is discarded.
        was_pending: bool,
        _blocked: Blocked,
    }

    impl HeldBack {
        pub fn new() -> Self {
            let mut sigpipe = MaybeUninit::uninit();
            // SAFETY: `sigemptyset` fills the set that it is given; the other changes a set that is filled.
            let sigpipe = unsafe {
                libc::sigemptyset(sigpipe.as_mut_ptr());
                libc::sigaddset(sigpipe.as_mut_ptr(), libc::SIGPIPE);
                sigpipe.assume_init()
            };
            let blocked = Blocked::new(&sigpipe);
            // A signal that is not blocked is received at once, so it cannot be pending.
            let was_pending = blocked.was_blocked(libc::SIGPIPE) && is_pending(libc::SIGPIPE);
            Self { sigpipe, was_pending, _blocked: blocked }
        }
    }

    fn is_pending(signal: libc::c_int) -> bool {
        let mut pending = MaybeUninit::uninit();
        // SAFETY: `sigpending` fills the set that the other reads.
        unsafe {
            libc::sigpending(pending.as_mut_ptr());
            libc::sigismember(pending.as_ptr(), signal) == 1
        }
    }

    impl Drop for HeldBack {
        fn drop(&mut self) {
            if !self.was_pending {
                let at_once = libc::timespec { tv_sec: 0, tv_nsec: 0 };
                // SAFETY: the call reads the set, which `new` has filled, and the time.
                unsafe { libc::sigtimedwait(&self.sigpipe, ptr::null_mut(), &at_once) };
            }
        }
    }
}
