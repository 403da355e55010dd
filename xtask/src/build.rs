//! Builds the library, as it is shipped and for tests.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;

use crate::workspace::{cargo, succeed, target};

/// The number is `JC_ABI_VERSION`.
pub const SONAME: &str = "libjcsdk.so.1";

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
    fs::create_dir_all(&folder)?;
    for link in ["libjcsdk.so", "libjcsdk.so.1"] {
        let _ = fs::remove_file(folder.join(link));
        fs::hard_link(built.join("debug/libjcsdk.so"), folder.join(link))?;
    }
    Ok(folder)
}
