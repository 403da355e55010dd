//! How the shared library is linked: under its ABI's name, never unloaded because its threads live on, and with
//! nothing in it of when and where it was made.

#[path = "src/ffi/abi.rs"]
mod abi;

use std::env;

use abi::JC_ABI_VERSION;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=src/ffi/abi.rs");
    let target = |name: &str| env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    match (&*target("OS"), &*target("ENV")) {
        ("linux", _) => link(&[&format!("-Wl,-soname,libjcsdk.so.{JC_ABI_VERSION}"), "-Wl,-z,nodelete"]),
        ("macos", _) => link(&[&format!("-Wl,-install_name,@rpath/libjcsdk.{JC_ABI_VERSION}.dylib")]),
        ("windows", "msvc") => link(&["/Brepro", "/PDBALTPATH:%_PDB%"]),
        ("windows", _) if target("ABI") != "llvm" => link(&["-Wl,--no-insert-timestamp"]),
        _ => {}
    }
    if target("OS") == "windows" && env::var_os("CARGO_FEATURE_CAPI").is_some() {
        version();
    }
}

fn link(arguments: &[&str]) {
    for argument in arguments {
        println!("cargo:rustc-cdylib-link-arg={argument}");
    }
}

/// What Explorer shows, and installers compare.
fn version() {
    let mut resource = winresource::WindowsResource::new();
    resource.set("ProductName", "jcsdk").set("FileDescription", env!("CARGO_PKG_DESCRIPTION"));
    resource.set("OriginalFilename", "jcsdk.dll").set("LegalCopyright", "MIT licence");
    // `cargo xtask natives` ships no library without it.
    if let Err(error) = resource.compile() {
        println!("cargo:warning=the library has no version resource: {error}");
    }
}
