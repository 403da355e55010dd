//! How the shared library is linked: under its ABI's name, never unloaded because its threads live on, and with
//! nothing in it of when and where it was made.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = |name: &str| env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    // The number in a name is JC_ABI_VERSION; `cargo xtask abi --check` compares them.
    match (&*target("OS"), &*target("ENV")) {
        ("linux", _) => link(&["-Wl,-soname,libjcsdk.so.1", "-Wl,-z,nodelete"]),
        ("macos", _) => link(&["-Wl,-install_name,@rpath/libjcsdk.1.dylib"]),
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
