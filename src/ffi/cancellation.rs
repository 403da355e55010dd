//! A thread that is cancelled inside a call would unwind through the library, which ends the process.

/// For as long as this lives, pthread_cancel waits.
pub struct Uncancelled {
    #[cfg(unix)]
    before: std::ffi::c_int,
}

#[cfg(unix)]
unsafe extern "C" {
    fn pthread_setcancelstate(state: std::ffi::c_int, before: *mut std::ffi::c_int) -> std::ffi::c_int;
}

#[cfg(any(target_vendor = "apple", target_os = "hurd"))]
const DISABLE: std::ffi::c_int = 0;
#[cfg(all(unix, not(any(target_vendor = "apple", target_os = "hurd"))))]
const DISABLE: std::ffi::c_int = 1;

impl Uncancelled {
    pub fn new() -> Self {
        #[cfg(unix)]
        let mut before = 0;
        // SAFETY: the call writes the one number that it is given.
        #[cfg(unix)]
        unsafe {
            pthread_setcancelstate(DISABLE, &raw mut before);
        }
        Self {
            #[cfg(unix)]
            before,
        }
    }
}

#[cfg(unix)]
impl Drop for Uncancelled {
    fn drop(&mut self) {
        // SAFETY: the call writes the one number that it is given.
        unsafe { pthread_setcancelstate(self.before, &raw mut self.before) };
    }
}
