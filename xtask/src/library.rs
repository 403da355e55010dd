//! Inspects a shared library for any system: its exports, the libraries that it needs, the folders that it names.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use object::pe::RT_VERSION;
use object::read::NameOrOrdinal;
use object::read::elf::FileHeader as _;
use object::read::pe::{PeFile64, ResourceNameOrId};
use object::{LittleEndian, Object as _, elf};

use crate::abi;

/// The version of glibc in RHEL 8, of 2018.
const GLIBC_MAX: (u32, u32) = (2, 28);

/// Libraries that come with a compiler and not with Windows.
const NOT_IN_WINDOWS: [&str; 6] = ["vcruntime", "msvcp", "libgcc", "libwinpthread", "libunwind", "libc++"];

/// Returns what the library needs. It is an error if the library must not be shipped.
pub fn look_through(bytes: &[u8], folders: &[(PathBuf, String)]) -> Result<String> {
    let file = object::File::parse(bytes)?;
    let mut exports = BTreeSet::new();
    for export in file.exports()? {
        let export = export?;
        let NameOrOrdinal::Name(name) = export.name() else { bail!("it exports a function by number") };
        exports.insert(String::from_utf8_lossy(name).trim_start_matches('_').to_owned());
    }
    let functions = abi::functions()?;
    ensure!(exports == functions, "it exports {exports:?}, and the header has {functions:?}");
    for (folder, _) in folders {
        let folder = folder.to_string_lossy();
        let count = bytes.windows(folder.len()).filter(|part| *part == folder.as_bytes()).count();
        ensure!(count == 0, "it names the folder {folder} {count} times");
    }
    match file.format() {
        object::BinaryFormat::Elf => needs_of_elf(bytes),
        object::BinaryFormat::Pe => needs_of_pe(bytes),
        _ => Ok("for macOS".to_owned()),
    }
}

fn needs_of_elf(bytes: &[u8]) -> Result<String> {
    let header = elf::FileHeader64::<LittleEndian>::parse(bytes)?;
    let sections = header.sections(LittleEndian, bytes)?;
    let mut newest = None;
    if let Some((mut needs, link)) = sections.gnu_verneed(LittleEndian, bytes)? {
        let strings = sections.strings(LittleEndian, bytes, link)?;
        while let Some((_, mut versions)) = needs.next()? {
            while let Some(version) = versions.next()? {
                newest = newest.max(glibc(version.name(LittleEndian, strings)?));
            }
        }
    }
    let Some((major, minor)) = newest else { return Ok("for musl".to_owned()) };
    ensure!((major, minor) <= GLIBC_MAX, "it needs glibc {major}.{minor}, which is too new: build with zig");
    Ok(format!("needs glibc {major}.{minor}"))
}

/// The numbers in a name such as GLIBC_2.17.
fn glibc(name: &[u8]) -> Option<(u32, u32)> {
    let mut numbers = std::str::from_utf8(name).ok()?.strip_prefix("GLIBC_")?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

fn needs_of_pe(bytes: &[u8]) -> Result<String> {
    let file = PeFile64::parse(bytes)?;
    let mut needed = BTreeSet::new();
    let imports = file.import_table()?.context("it imports nothing")?;
    let mut descriptors = imports.descriptors()?;
    while let Some(descriptor) = descriptors.next()? {
        let name = imports.name(descriptor.name.get(LittleEndian))?;
        needed.insert(String::from_utf8_lossy(name).to_lowercase());
    }
    for library in &needed {
        let foreign = NOT_IN_WINDOWS.iter().any(|name| library.starts_with(name));
        ensure!(!foreign, "it needs {library}, which not every Windows has");
    }
    let resources = file.data_directories().resource_directory(file.data(), &file.section_table())?;
    let types = resources.map(|resources| resources.root()).transpose()?;
    let has_version = types.is_some_and(|types| {
        types
            .entries
            .iter()
            .any(|entry| matches!(entry.name_or_id(), ResourceNameOrId::Id(id) if id == RT_VERSION))
    });
    ensure!(has_version, "it has no version resource");
    Ok("needs nothing but Windows".to_owned())
}
