//! The C header. cbindgen makes it from `src/ffi`; it is committed, and compared with its source.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, ensure};

use crate::workspace::top;
use outcome::Code;

/// The library's own table of codes. It is included as a file, because depending on the library would build it again.
#[path = "../../src/outcome.rs"]
#[allow(dead_code)]
mod outcome;

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
        "include/jcsdk.h does not agree with src/ffi: run `cargo xtask header` and commit what it writes"
    );
    println!("include/jcsdk.h agrees with src/ffi");
    Ok(())
}

fn path() -> PathBuf {
    top().join("include/jcsdk.h")
}

/// Each code with its hint, in one line or, if the hint is long, in several.
fn codes() -> String {
    const WIDTH: usize = 91;
    let mut text = String::new();
    for code in Code::ALL {
        let star = if code.is_everyones() { " *" } else { "" };
        let mut head = format!("{}{star}", code.as_str());
        let mut line = String::new();
        for word in code.hint().split(' ') {
            if !line.is_empty() && line.len() + 1 + word.len() > WIDTH {
                text += &format!(" *   {head:<24}{line}\n");
                (head, line) = (String::new(), String::new());
            }
            line += if line.is_empty() { "" } else { " " };
            line += word;
        }
        text += &format!(" *   {head:<24}{line}\n");
    }
    text.trim_end().to_owned()
}

fn generate() -> Result<String> {
    let mut config =
        cbindgen::Config::from_file(top().join("cbindgen.toml")).map_err(|error| anyhow!(error))?;
    config.header = config.header.map(|text| text.replace("@CODES@", &codes()));
    let mut builder = cbindgen::Builder::new().with_config(config);
    for source in SOURCES {
        builder = builder.with_src(top().join(format!("src/ffi/{source}.rs")));
    }
    let mut header = Vec::new();
    builder.generate().context("cbindgen")?.write(&mut header);
    // Where cbindgen renames a pointer type, it leaves a space between the star and the name.
    let header = String::from_utf8(header)?.replace("char * ", "char *").replace("jc_buf * ", "jc_buf *");
    Ok(header)
}
