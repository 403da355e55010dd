//! Builds the library, as it is shipped and for tests.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::workspace::{cargo, succeed, target};
use abi::JC_ABI_VERSION;

#[path = "../../src/ffi/abi.rs"]
pub mod abi;

/// The library's soname, by which the loader of Linux finds it.
pub fn soname() -> String {
    format!("libjcsdk.so.{JC_ABI_VERSION}")
}

/// The same on macOS.
pub fn dylib() -> String {
    format!("libjcsdk.{JC_ABI_VERSION}.dylib")
}

/// Builds the library that is shipped, and says in which folder it is.
pub fn release() -> Result<PathBuf> {
    succeed("the library's build", cargo().args(["build", "--quiet", "--release", "-p", "jcsdk", "--lib"]))?;
    Ok(target().join("release"))
}

/// Builds the library with these arguments into a folder of this name, where the linker and the loader find it.
pub fn for_tests(name: &str, args: &[&str]) -> Result<PathBuf> {
    let mut build = cargo();
    build.args(["build", "--quiet", "-p", "jcsdk", "--lib"]).args(args);
    let mut built = target();
    if !args.is_empty() {
        // The file has the same name with all features, so each set of features is built in a folder of its own.
        built.push(name);
        build.arg("--target-dir").arg(&built);
    }
    succeed("the library's build", &mut build)?;
    let folder = target().join("c").join(name);
    stage(&built.join("debug"), &folder)?;
    Ok(folder)
}

/// Puts the library that cargo has built, for whatever system, where the linker and the loader find it.
pub fn stage(built: &Path, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    for (from, to) in [
        ("libjcsdk.so", &["libjcsdk.so", &soname()][..]),
        ("libjcsdk.dylib", &["libjcsdk.dylib", &dylib()]),
        ("jcsdk.dll", &["jcsdk.dll"]),
        ("jcsdk.dll.lib", &["jcsdk.lib"]),
    ] {
        for to in to.iter().map(|name| folder.join(name)).filter(|_| built.join(from).exists()) {
            let _ = fs::remove_file(&to);
            fs::hard_link(built.join(from), to)?;
        }
    }
    Ok(())
}
