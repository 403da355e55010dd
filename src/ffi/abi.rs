//! The ABI's version. build.rs and xtask take it from here for the library's name.

/// The ABI that this header describes. Compare it with jc_abi_version() where the library is loaded by name.
pub const JC_ABI_VERSION: u32 = 1;
