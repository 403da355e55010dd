//! The ABI: what programs that were compiled against the header depend on. It is read from the header and from the
//! built library, and compared with the record in include/jcsdk.abi.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::build::{self, soname};
use crate::workspace::{succeed, target, top};

/// Texts that only a build for tests contains, which panics on purpose.
const DEFECTS: [&str; 3] = ["panic-here", "panic-there", "a defect for tests"];

const TITLE: &str = "\
# The ABI of Linux on x86-64, one fact a line. Written by `cargo xtask abi`, compared by `cargo xtask abi --check`.
# CONTRIBUTING.md says what may change.
";

pub fn write() -> Result<()> {
    let now = read()?;
    if let Ok(committed) = committed() {
        let lost = lost(&committed, &now);
        ensure!(
            lost.is_empty() || !committed.contains(&format!("soname {}", soname())),
            "existing programs depend on this, so only a new ABI version may change it:\n{}",
            lost.join("\n")
        );
    }
    let lines: Vec<_> = now.into_iter().collect();
    fs::write(path(), format!("{TITLE}{}\n", lines.join("\n"))).context("include/jcsdk.abi was not written")
}

pub fn check() -> Result<()> {
    let (committed, now) = (committed()?, read()?);
    let lost = lost(&committed, &now);
    ensure!(lost.is_empty(), "removed or changed, which breaks existing programs:\n{}", lost.join("\n"));
    let new: Vec<_> = now.difference(&committed).cloned().collect();
    ensure!(
        new.is_empty(),
        "new in the ABI; record it with `cargo xtask abi` and commit the record:\n{}",
        new.join("\n")
    );
    println!("include/jcsdk.abi agrees with the header and the library");
    Ok(())
}

fn path() -> PathBuf {
    top().join("include/jcsdk.abi")
}

fn committed() -> Result<BTreeSet<String>> {
    let text = fs::read_to_string(path()).context("include/jcsdk.abi was not read")?;
    Ok(text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect())
}

fn lost(committed: &BTreeSet<String>, now: &BTreeSet<String>) -> Vec<String> {
    committed.difference(now).cloned().collect()
}

/// The functions that the header declares.
pub fn functions() -> Result<BTreeSet<String>> {
    let header = Header::read(&fs::read_to_string(top().join("include/jcsdk.h"))?);
    Ok(header.functions.iter().filter_map(|prototype| name(prototype)).collect())
}

/// Reads the facts, and checks that the library exports what the header declares.
fn read() -> Result<BTreeSet<String>> {
    let header = Header::read(&fs::read_to_string(top().join("include/jcsdk.h"))?);
    let library = build::release()?.join("libjcsdk.so");

    let symbols: BTreeSet<_> = output(Command::new("nm").args(["-D", "--defined-only"]).arg(&library))?
        .lines()
        .filter_map(|line| line.rsplit(' ').next().map(str::to_owned))
        .collect();
    let functions = functions()?;
    ensure!(symbols == functions, "the library exports {symbols:?}, the header has {functions:?}");

    let dynamic = output(Command::new("readelf").arg("-d").arg(&library))?;
    let soname = soname();
    ensure!(dynamic.contains(&format!("[{soname}]")), "the library's soname is not {soname}");
    ensure!(
        dynamic.contains("NODELETE"),
        "the library is not linked with -z nodelete, so it could be unloaded while its threads run"
    );
    let bytes = fs::read(&library)?;
    for defect in DEFECTS {
        let found = bytes.windows(defect.len()).any(|window| window == defect.as_bytes());
        ensure!(!found, "the release library contains {defect:?}, which is for tests only");
    }

    let mut facts: BTreeSet<_> =
        header.functions.iter().map(|function| format!("function {function}")).collect();
    facts.extend(measure(&header)?);
    facts.insert(format!("soname {soname}"));
    Ok(facts)
}

fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("{command:?} could not be started"))?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

#[derive(Debug, Default, PartialEq)]
struct Header {
    functions: Vec<String>,
    constants: Vec<String>,
    /// Each struct's name, and its fields as they are declared.
    structs: Vec<(String, Vec<String>)>,
}

impl Header {
    /// Reads the C that cbindgen writes, not any C.
    fn read(text: &str) -> Self {
        let mut header = Self::default();
        let mut code = String::new();
        for line in without_comments(text).lines() {
            match line.strip_prefix('#') {
                Some(directive) => header.constants.extend(constant(directive)),
                None => code.extend([line, " "]),
            }
        }
        let code = code.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut rest = code.as_str().trim_start_matches("extern \"C\" {");
        while let Some(end) = rest.find([';', '{']) {
            let head = rest[..end].trim().trim_start_matches("extern \"C\" {").trim();
            if rest[end..].starts_with('{') && head == "typedef struct" {
                let Some((fields, after)) = rest[end + 1..].split_once('}') else { break };
                let Some((name, after)) = after.split_once(';') else { break };
                let fields = fields.split(';').map(str::trim).filter(|field| !field.is_empty());
                header.structs.push((name.trim().to_owned(), fields.map(str::to_owned).collect()));
                rest = after;
                continue;
            }
            if head.contains('(') {
                header.functions.push(head.to_owned());
            }
            rest = &rest[end + 1..];
        }
        header
    }
}

fn without_comments(text: &str) -> String {
    let mut code = String::new();
    let mut rest = text;
    while let Some((before, comment)) = rest.split_once("/*") {
        code.push_str(before);
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    code.push_str(rest);
    code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The constant's name, if it is a number.
fn constant(directive: &str) -> Option<String> {
    let (name, value) = directive.strip_prefix("define ")?.split_once(' ')?;
    (!value.starts_with('{')).then(|| name.to_owned())
}

/// The function's name in its prototype.
fn name(prototype: &str) -> Option<String> {
    prototype.split('(').next()?.rsplit([' ', '*']).next().map(str::to_owned)
}

/// Has the compiler say the values of the constants and the layout of the structs.
fn measure(header: &Header) -> Result<Vec<String>> {
    let mut probe = String::from("#include <stdio.h>\n#include \"jcsdk.h\"\nint main(void) {\n");
    for constant in &header.constants {
        probe += &format!("printf(\"constant {constant} = %lld\\n\", (long long){constant});\n");
    }
    for (name, fields) in &header.structs {
        probe += &format!("printf(\"struct {name}: %zu bytes\\n\", sizeof({name}));\n");
        for declaration in fields {
            let Some(field) = declaration.rsplit([' ', '*']).next() else {
                bail!("this field is not understood: {declaration}")
            };
            probe += &format!(
                "printf(\"field {name}: {declaration}, %zu bytes at %zu\\n\", sizeof((({name} *)0)->{field}), offsetof({name}, {field}));\n"
            );
        }
    }
    probe += "return 0; }\n";
    let (source, program) = (target().join("abi.c"), target().join("abi"));
    fs::write(&source, probe)?;
    compile(&source, &program)?;
    Ok(output(&mut Command::new(program))?.lines().map(str::to_owned).collect())
}

fn compile(source: &Path, program: &Path) -> Result<()> {
    let mut compile = Command::new("cc");
    compile.arg("-I").arg(top().join("include")).arg(source).arg("-o").arg(program);
    succeed("the compilation of the program that measures the header", &mut compile)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "/* a;b(c) */\n#ifndef H\n#define H\n#define INIT {NULL, 0}\n#define JC_OK 0\n\
        typedef struct o o;\ntypedef struct {\n  /** why; */\n  char *ptr;\n  size_t len;\n} b;\n\
        #ifdef __cplusplus\nextern \"C\" {\n#endif // __cplusplus\n/** f(x); */\nint f(const char *a,\n      int b);\n\
        const char *g(void);\n#ifdef __cplusplus\n}  // extern \"C\"\n#endif\n#endif\n";

    #[test]
    fn a_header_is_functions_constants_and_structs() {
        let header = Header::read(TEXT);
        assert_eq!(header.functions, ["int f(const char *a, int b)", "const char *g(void)"]);
        assert_eq!(header.constants, ["JC_OK"]);
        assert_eq!(header.structs, [("b".to_owned(), vec!["char *ptr".to_owned(), "size_t len".to_owned()])]);
        assert_eq!(name(&header.functions[1]).as_deref(), Some("g"));
    }

    /// Places that repeat the ABI's number and are not made from it.
    #[test]
    fn every_place_names_the_same_version() {
        const LOADER: &str = "powershell/JumpCloudApiSdkV1/Interop/Native/NativeLoader.cs";
        for (path, before, after) in [
            ("tests/c/system.h", "\"libjcsdk.so.", "\""),
            ("tests/c/system.h", "\"libjcsdk.", ".dylib\""),
            ("examples/node/reset.js", "\"libjcsdk.so.", "\""),
            ("examples/python/reset.py", "\"libjcsdk.so.", "\""),
            (LOADER, "const uint AbiVersion = ", ";"),
        ] {
            let text = fs::read_to_string(top().join(path)).unwrap();
            let wanted = format!("{before}{}{after}", build::abi::JC_ABI_VERSION);
            assert!(text.contains(&wanted), "{path} does not have {wanted}");
        }
    }

    #[test]
    fn what_changes_or_goes_is_lost_and_what_is_new_is_not() {
        let set = |lines: &[&str]| lines.iter().map(|line| line.to_string()).collect::<BTreeSet<_>>();
        let committed = set(&["constant JC_OK = 0", "struct jc_buf: 24 bytes", "function int f(void)"]);
        for (now, lost_lines) in [
            (
                set(&["constant JC_OK = 1", "struct jc_buf: 24 bytes", "function int f(void)"]),
                vec!["constant JC_OK = 0"],
            ),
            (
                set(&["constant JC_OK = 0", "struct jc_buf: 32 bytes", "function int f(void)"]),
                vec!["struct jc_buf: 24 bytes"],
            ),
            (set(&["constant JC_OK = 0", "struct jc_buf: 24 bytes"]), vec!["function int f(void)"]),
            (committed.iter().cloned().chain(["function int g(void)".into()]).collect(), vec![]),
        ] {
            assert_eq!(lost(&committed, &now), lost_lines);
        }
    }
}
