//! The licences of the crates that the library is linked from.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::natives::NATIVES;
use crate::workspace::{self, top};

const TITLE: &str = "\
jcsdk contains the crates below and the standard library of Rust. After their list, each licence text appears once, with
the names of what comes under it.
";

/// Lists the crates of a build for every system that a package may hold a library of.
pub fn write() -> Result<()> {
    let path = top().join("out/NOTICES.txt");
    fs::create_dir_all(path.parent().context("no folder")?)?;
    fs::write(&path, read()?)?;
    println!("{}", path.display());
    Ok(())
}

/// What is linked into the library.
struct Part {
    name: String,
    licence: String,
    from: String,
    texts: Vec<String>,
}

pub fn read() -> Result<String> {
    let mut text = TITLE.to_owned();
    let mut carriers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for Part { name, licence, from, texts } in crates()?.into_iter().chain(standard_library()?) {
        text += &format!("\n{name}: {licence}\n    {from}\n");
        ensure!(!texts.is_empty(), "{name} comes with no licence text");
        for licence in texts {
            carriers.entry(licence).or_default().push(name.clone());
        }
    }
    for (licence, names) in carriers {
        text += &format!("\n{}\n{}\n\n{licence}\n", "=".repeat(80), names.join(", "));
    }
    Ok(text)
}

/// Normal dependencies only. Those for building and testing are not part of the library.
fn crates() -> Result<Vec<Part>> {
    let mut tree = cargo(&["tree", "-p", "jcsdk", "--locked", "--edges", "normal,no-proc-macro"]);
    for native in &NATIVES {
        tree.args(native.targets.iter().flat_map(|target| ["--target", target]));
    }
    let tree = output(tree.args(["--prefix", "none", "--format", "{p}"]))?;
    let linked: BTreeSet<&str> =
        tree.lines().filter(|line| !line.is_empty()).filter_map(|line| line.split(" (").next()).collect();
    let metadata: Value =
        serde_json::from_str(&output(&mut cargo(&["metadata", "--locked", "--format-version", "1"]))?)?;
    let mut crates = Vec::new();
    for package in metadata["packages"].as_array().context("no packages")? {
        let text = |name: &str| package[name].as_str().unwrap_or_default().to_owned();
        let name = format!("{} v{}", text("name"), text("version"));
        if text("name") == "jcsdk" || !linked.contains(name.as_str()) {
            continue;
        }
        let licence = text("license");
        ensure!(!licence.is_empty(), "{name} names no licence");
        let manifest = text("manifest_path");
        let mut found = BTreeSet::new();
        texts(Path::new(&manifest).parent().context("no folder")?, &mut found)?;
        if found.is_empty() && licence.contains("MIT") {
            let authors = package["authors"].as_array().into_iter().flatten().filter_map(Value::as_str);
            found.insert(mit(&authors.collect::<Vec<_>>().join(", "))?);
        }
        crates.push(Part { name, licence, from: text("repository"), texts: found.into_iter().collect() });
    }
    ensure!(crates.len() + 1 >= linked.len(), "not all linked crates were found");
    crates.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(crates)
}

fn cargo(args: &[&str]) -> Command {
    let mut cargo = workspace::cargo();
    cargo.args(args);
    cargo
}

fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("{command:?} could not be started"))?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

/// The licence files in the folder and in those below it, which are for code that a crate has taken from elsewhere.
fn texts(folder: &Path, texts: &mut BTreeSet<String>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        if path.is_dir() {
            self::texts(&path, texts)?;
        } else if ["LICEN", "COPYING", "NOTICE", "COPYRIGHT"].iter().any(|start| name.starts_with(start)) {
            texts.insert(without_line_ends(&fs::read_to_string(&path)?));
        }
    }
    Ok(())
}

fn without_line_ends(text: &str) -> String {
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// The MIT licence with these authors, for a crate under it that comes without its text.
fn mit(authors: &str) -> Result<String> {
    let text = fs::read_to_string(top().join("LICENSE"))?;
    let lines = text.lines().map(|line| match line.starts_with("Copyright") {
        true => format!("Copyright (c) {authors}"),
        false => line.to_owned(),
    });
    Ok(without_line_ends(&lines.collect::<Vec<_>>().join("\n")))
}

/// What the compiler says about its standard library, and about the crates that are in it on some system. Not every
/// distribution of Rust has the files. The library itself may always be used under the MIT licence.
fn standard_library() -> Result<Vec<Part>> {
    let rust = output(Command::new("rustc").args(["--print", "sysroot"]))?;
    let folder = Path::new(rust.trim()).join("share/doc/rust");
    let mit = mit("The Rust Project Developers")?;
    let mut texts = vec![mit.clone()];
    for name in ["Apache-2.0", "BSD-2-Clause", "Unicode-3.0"] {
        let file = folder.join("licenses").join(name).with_added_extension("txt");
        texts.extend(fs::read_to_string(file).map(|text| without_line_ends(&text)));
    }
    let mut parts = vec![Part {
        name: "The standard library of Rust".to_owned(),
        licence: "(MIT OR Apache-2.0) AND BSD-2-Clause AND Unicode-3.0".to_owned(),
        from: "https://github.com/rust-lang/rust".to_owned(),
        texts,
    }];
    if let Ok(page) = fs::read_to_string(folder.join("COPYRIGHT-library.html")) {
        parts.extend(parts_of_page(&page, &mit));
        ensure!(parts.len() > 1, "the crates of the standard library were not found");
    }
    Ok(parts)
}

fn parts_of_page(page: &str, mit: &str) -> Vec<Part> {
    let between = |text: &str, start: &str, end: &str| {
        let (_, rest) = text.split_once(start)?;
        Some(rest.split_once(end)?.0.to_owned())
    };
    let plain = |text: &str| {
        let quoted =
            [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&"), ("&amp;", "&")];
        without_line_ends(&quoted.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to)))
    };
    let part = |section: &str| {
        let name = section.split_once("</h3>")?.0.rsplit_once(' ')?.1.to_owned();
        let licence = between(section, "<b>License:</b> ", "</p>")?;
        let pages =
            section.split("<pre>").skip(1).filter_map(|text| Some(plain(text.split_once("</pre>")?.0)));
        let mut texts: Vec<_> = pages.collect();
        // It is only for Intel's SGX, for which jcsdk is not built.
        if name.starts_with("fortanix-sgx-abi") {
            return None;
        }
        if texts.is_empty() {
            texts.push(mit.to_owned());
        }
        Some(Part {
            name,
            licence,
            from: "in the standard library of Rust, on some systems".to_owned(),
            texts,
        })
    };
    page.split("<h3>").skip(1).filter_map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_the_standard_library_is_a_list_of_crates_with_licence_texts() {
        let page = "<h1>x</h1>\n<h3>P a-1.0</h3><p><b>License:</b> Zlib</p><pre>\n &#34;AS IS&#34; &#60;b&#62;\n</pre>\
            <pre>two</pre>\n<h3>P b-2.0</h3><p><b>License:</b> MIT</p>";
        let parts = parts_of_page(page, "the MIT text");
        let parts: Vec<_> = parts
            .iter()
            .map(|part| (part.name.as_str(), part.licence.as_str(), part.texts.join("|")))
            .collect();
        assert_eq!(
            parts,
            [("a-1.0", "Zlib", "\"AS IS\" <b>|two".to_owned()), ("b-2.0", "MIT", "the MIT text".to_owned())]
        );
    }
}
