//! The licences of the crates that the library is linked from.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::natives::NATIVES;
use crate::top;

const TITLE: &str = "\
jcsdk is linked from the crates below. After their list, each licence text stands once, with the crates that carry it.
";

/// For every system that a package may hold a library of.
pub fn write() -> Result<()> {
    let path = top().join("out/NOTICES.txt");
    fs::create_dir_all(path.parent().context("no folder")?)?;
    fs::write(&path, read()?)?;
    println!("{}", path.display());
    Ok(())
}

struct Crate {
    name: String,
    licence: String,
    repository: String,
    folder: String,
}

pub fn read() -> Result<String> {
    let mut text = TITLE.to_owned();
    let mut carriers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for Crate { name, licence, repository, folder } in linked()? {
        text += &format!("\n{name}: {licence}\n    {repository}\n");
        let texts = texts(Path::new(&folder))?;
        if texts.is_empty() {
            text += "    The crate carries no licence text.\n";
        }
        for licence in texts {
            carriers.entry(licence).or_default().push(name.clone());
        }
    }
    for (licence, crates) in carriers {
        text += &format!("\n{}\n{}\n\n{licence}\n", "=".repeat(80), crates.join(", "));
    }
    Ok(text)
}

/// Normal dependencies only: what builds or tests the library does not come into it.
fn linked() -> Result<Vec<Crate>> {
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
        let folder = text("manifest_path").trim_end_matches("Cargo.toml").to_owned();
        crates.push(Crate { name, licence, repository: text("repository"), folder });
    }
    ensure!(crates.len() + 1 >= linked.len(), "not all linked crates were found");
    crates.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(crates)
}

fn cargo(args: &[&str]) -> Command {
    let mut cargo = crate::cargo();
    cargo.args(args);
    cargo
}

fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("{command:?} could not be started"))?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

/// The crate's own licence files.
fn texts(folder: &Path) -> Result<Vec<String>> {
    let mut texts = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        if path.is_file()
            && ["LICEN", "COPYING", "NOTICE", "COPYRIGHT"].iter().any(|start| name.starts_with(start))
        {
            let text = fs::read_to_string(&path)?;
            texts.insert(text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim().to_owned());
        }
    }
    Ok(texts.into_iter().collect())
}
