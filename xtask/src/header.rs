//! The C header. cbindgen makes it from `src/ffi`; it is committed, and compared with its source.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, ensure};

use crate::workspace::top;
use code::Code;

/// The library's table of codes. A dependency on the library would link it a second time, over the first.
#[path = "../../src/code.rs"]
#[allow(dead_code)]
mod code;

/// In the order in which a reader meets them.
const SOURCES: [&str; 10] =
    ["status", "abi", "version", "buffer", "request", "one_shot", "options", "client", "batch", "journal"];

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

/// The manual for C programmers, as the comment that the header begins with.
fn manual() -> Result<String> {
    let text =
        fs::read_to_string(top().join("src/ffi/manual.txt")).context("src/ffi/manual.txt was not read")?;
    let mut comment = String::from("/*\n");
    for line in text.replace("@CODES@", &codes()).lines() {
        comment += format!(" * {line}").trim_end();
        comment.push('\n');
    }
    Ok(comment + " *\n * Made by `cargo xtask header` from src/ffi: do not edit.\n */")
}

/// Each code on a line, or on several where its hint is longer.
fn codes() -> String {
    const WIDTH: usize = 91;
    let mut text = String::new();
    for code in Code::ALL {
        let star = if code.stops_batch() { " *" } else { "" };
        let mut head = format!("{}{star}", code.as_str());
        let mut line = String::new();
        for word in code.hint().split(' ') {
            if !line.is_empty() && line.len() + 1 + word.len() > WIDTH {
                text += &format!("  {head:<24}{line}\n");
                (head, line) = (String::new(), String::new());
            }
            line += if line.is_empty() { "" } else { " " };
            line += word;
        }
        text += &format!("  {head:<24}{line}\n");
    }
    text.trim_end().to_owned()
}

fn generate() -> Result<String> {
    let mut config =
        cbindgen::Config::from_file(top().join("cbindgen.toml")).map_err(|error| anyhow!(error))?;
    config.header = Some(manual()?);
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
