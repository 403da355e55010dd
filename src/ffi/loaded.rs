//! The library stays loaded once it has threads: to unload it would take the code away from under them. On Linux its
//! file says so by itself (`build.rs`).

/// Makes every later unloading do nothing.
pub fn stay_loaded() {
    #[cfg(any(windows, target_vendor = "apple"))]
    {
        static PINNED: std::sync::Once = std::sync::Once::new();
        PINNED.call_once(|| pin(pin as fn(*const ()) as *const ()));
    }
}

/// Pins the module that holds the address.
#[cfg(windows)]
fn pin(address: *const ()) {
    use windows_sys::Win32::System::LibraryLoader::{
        GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_PIN, GetModuleHandleExW,
    };
    let mut module = std::ptr::null_mut();
    let how = GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS;
    // SAFETY: with this flag the second argument is an address and not a text; the call writes the handle.
    unsafe { GetModuleHandleExW(how, address.cast(), &mut module) };
}

/// Pins the library that holds the address.
#[cfg(target_vendor = "apple")]
fn pin(address: *const ()) {
    let mut found = std::mem::MaybeUninit::<libc::Dl_info>::uninit();
    // SAFETY: `dladdr` looks the address up and fills what it is given where it does not return 0. The name stays valid
    // for as long as the library is loaded, and nothing is loaded that is not yet.
    unsafe {
        if libc::dladdr(address.cast(), found.as_mut_ptr()) != 0 {
            let flags = libc::RTLD_NOW | libc::RTLD_NOLOAD | libc::RTLD_NODELETE;
            libc::dlopen(found.assume_init().dli_fname, flags);
        }
    }
}
