//! How the shared library is linked: under its ABI's name, and never unloaded, because its threads live on.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        // The number is JC_ABI_VERSION; `cargo xtask abi --check` compares them.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libjcsdk.so.1");
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
