//! The versions of the library and of its ABI.

use std::ffi::{CStr, c_char};

use super::abi::JC_ABI_VERSION;

const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(version) => version,
    Err(_) => panic!("a version has no NUL in it"),
};

/// The library's version, such as "0.1.0". The text is static: do not free it.
#[unsafe(no_mangle)]
pub extern "C" fn jc_version() -> *const c_char {
    VERSION.as_ptr()
}

/// The version of the ABI. It changes when something that is in this header is removed or changes its meaning.
#[unsafe(no_mangle)]
pub extern "C" fn jc_abi_version() -> u32 {
    JC_ABI_VERSION
}
