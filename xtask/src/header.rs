//! The C header: made by cbindgen from `src/ffi`, committed, and held to its source.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, ensure};

use crate::top;

/// In the order in which a reader meets them.
const SOURCES: [&str; 8] =
    ["status", "version", "buffer", "request", "one_shot", "options", "client", "batch"];

pub fn write() -> Result<()> {
    fs::write(path(), generate()?).context("include/jcsdk.h was not written")
}

pub fn check() -> Result<()> {
    let committed = fs::read_to_string(path()).context("include/jcsdk.h was not read")?;
    ensure!(
        committed == generate()?,
        "include/jcsdk.h is not what src/ffi says: run `cargo xtask header` and commit what it writes"
    );
    println!("include/jcsdk.h is what src/ffi says");
    Ok(())
}

fn path() -> PathBuf {
    top().join("include/jcsdk.h")
}

fn generate() -> Result<String> {
    let config = cbindgen::Config::from_file(top().join("cbindgen.toml")).map_err(|error| anyhow!(error))?;
    let mut builder = cbindgen::Builder::new().with_config(config);
    for source in SOURCES {
        builder = builder.with_src(top().join(format!("src/ffi/{source}.rs")));
    }
    let mut header = Vec::new();
    builder.generate().context("cbindgen")?.write(&mut header);
    // A renamed pointer type keeps the blank that separates a type from a name.
    let header = String::from_utf8(header)?.replace("char * ", "char *").replace("jc_buf * ", "jc_buf *");
    Ok(header)
}
