//! The C tests. The header is compiled alone, and each program of tests/c is run three times, with a simulator of its
//! own each time: plainly, under AddressSanitizer, and under valgrind.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use simulator::{Options, Simulator};

use crate::build;
use crate::compiler::{Compiler, finds_library};
use crate::program::{Ended, finish, is_installed};
use crate::sum::Sum;
use crate::workspace::{succeed, top};

const WARNINGS: [&str; 4] = ["-Wall", "-Wextra", "-Werror", "-pedantic"];

/// Tests of something that only Linux has, or that need Linux to look into the process.
const LINUX_ONLY: [&str; 6] = ["authorities", "ending_threads", "fork", "names", "signals", "threads"];

/// A way to build and run a program.
pub struct Way {
    pub name: &'static str,
    pub compiler: Compiler,
    pub flags: &'static [&'static str],
    pub wrapper: Vec<OsString>,
    pub environment: Vec<(&'static str, OsString)>,
}

impl Way {
    fn of_this_system(name: &'static str, flags: &'static [&'static str], wrapper: &[&str]) -> Self {
        let wrapper = wrapper.iter().map(Into::into).collect();
        Self { name, compiler: Compiler::of_this_system(), flags, wrapper, environment: Vec::new() }
    }
}

fn ways() -> Vec<Way> {
    let plain = Way::of_this_system("plain", &[], &[]);
    if !cfg!(target_os = "linux") {
        return vec![plain];
    }
    let sanitizer = Way::of_this_system(
        "AddressSanitizer",
        &["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"],
        &[],
    );
    let valgrind = Way::of_this_system(
        "valgrind",
        &["-g"],
        &[
            "valgrind",
            "--quiet",
            "--num-callers=40",
            "--child-silent-after-fork=yes",
            "--suppressions=tests/c/valgrind.supp",
            "--error-exitcode=99",
            "--leak-check=full",
            "--errors-for-leak-kinds=definite,indirect",
            "--show-leak-kinds=definite,indirect",
        ],
    );
    vec![plain, sanitizer, valgrind]
}

pub fn run() -> Result<Sum> {
    let mut sum = header()?;
    let sound = build::for_tests("c", &[])?;
    sum.add(programs_in_the_header(&sound)?);
    sum.add(in_all_ways(&sources(cfg!(target_os = "linux"))?, &sound)?);
    Ok(sum)
}

/// Runs one program of tests/c, by its name without `.c`.
pub fn run_one(name: &str) -> Result<()> {
    let source = top().join("tests/c").join(name).with_extension("c");
    ensure!(source.is_file(), "there is no {}", source.display());
    let sum = in_all_ways(&[source], &build::for_tests("c", &[])?)?;
    ensure!(sum.failed == 0, "{} checks failed", sum.failed);
    Ok(())
}

fn in_all_ways(sources: &[PathBuf], sound: &Path) -> Result<Sum> {
    let mut sum = Sum::default();
    let defective = build::for_tests("panic-for-tests", &["--features", "panic-for-tests"])?;
    for way in &ways() {
        if way.name == "valgrind" && !is_installed("valgrind") {
            ensure!(env::var_os("CI").is_none(), "{} is not installed, and CI is set", way.name);
            println!("SKIPPED: {} is not installed, so the C tests were NOT run under it", way.name);
            continue;
        }
        for source in sources {
            let library = if source.ends_with("panic.c") { &defective } else { sound };
            sum.add(program(source, library, way)?);
        }
    }
    Ok(sum)
}

/// Runs all programs but the one that needs a library with defects.
pub fn all(library: &Path, way: &Way, is_linux: bool) -> Result<Sum> {
    let mut sum = Sum::default();
    for source in sources(is_linux)?.iter().filter(|source| !source.ends_with("panic.c")) {
        sum.add(program(source, library, way)?);
    }
    Ok(sum)
}

/// The header compiles without another one before it, in C and in C++.
fn header() -> Result<Sum> {
    let mut sum = Sum::default();
    if cfg!(target_env = "msvc") {
        return Ok(sum); // its compiler has no such option; each C test includes the header
    }
    for (compiler, standard, language) in [("cc", "-std=c99", "c"), ("c++", "-std=c++11", "c++")] {
        let mut compile = Command::new(compiler);
        compile.args([standard, "-x", language, "-fsyntax-only"]).args(WARNINGS);
        compile.arg(top().join("include/jcsdk.h"));
        let ok = compile.status().with_context(|| format!("{compiler} could not be started"))?.success();
        sum.add(Sum::one(ok, &format!("jcsdk.h compiles alone with {standard}"), "see above"));
    }
    Ok(sum)
}

/// The two whole programs in the header's comments compile and work.
fn programs_in_the_header(library: &Path) -> Result<Sum> {
    let header = fs::read_to_string(top().join("include/jcsdk.h"))?;
    let mut sum = Sum::default();
    for (number, start) in header.match_indices(" *   #include <stdio.h>").map(|(start, _)| start).enumerate()
    {
        let lines = header[start..].lines().map(|line| line.strip_prefix(" *   ").unwrap_or_default());
        let end = lines.clone().position(|line| line == "}").context("a program in jcsdk.h has no end")?;
        let binary = library.with_file_name(format!("header-{number}"));
        let source = binary.with_extension("c");
        fs::write(&source, lines.take(end + 1).collect::<Vec<_>>().join("\n") + "\n")?;
        let compiler = Compiler::of_this_system();
        let binary = compiler.program(binary);
        let mut compile = compiler.compile(&source, &binary, Some(library))?;
        succeed("the compilation of a program in the header", &mut compile)?;

        let simulator = Simulator::start(Options { users: 60, ..Options::default() });
        let mut command = Command::new(&binary);
        crate::simulator::configure(&simulator, &mut command);
        command.args((1..=60).map(|n| format!("ok-{n}")));
        finds_library(&mut command, library);
        let Ended { status, output } = finish(&mut command, &binary.with_extension("txt"), |_| ())?;
        let resets = simulator.stats().resets;
        let ok = status.is_some_and(|status| status.success()) && [1, 60].get(number) == Some(&resets);
        sum.add(Sum::one(
            ok,
            &format!("program {} in jcsdk.h", number + 1),
            &format!("{status:?}, {resets} resets\n{output}"),
        ));
    }
    ensure!(sum.passed + sum.failed == 2, "jcsdk.h has two programs at its top");
    Ok(sum)
}

fn sources(is_linux: bool) -> Result<Vec<PathBuf>> {
    let mut sources = Vec::new();
    for entry in fs::read_dir(top().join("tests/c"))? {
        let path = entry?.path();
        let runs =
            is_linux || !LINUX_ONLY.iter().any(|&name| path.file_stem().is_some_and(|stem| stem == name));
        if runs && path.extension().is_some_and(|extension| extension == "c") {
            sources.push(path);
        }
    }
    sources.sort();
    ensure!(!sources.is_empty(), "there is no C test");
    Ok(sources)
}

fn program(source: &Path, library: &Path, way: &Way) -> Result<Sum> {
    let name = source.file_stem().unwrap_or_default().to_string_lossy();
    // Beside the library, where Windows looks for it.
    let binary = way.compiler.program(library.join(format!("{name}-{}", way.name.replace(' ', "-"))));
    // unload.c loads the library at run time.
    let linked = Some(library).filter(|_| name != "unload");
    let mut compile = way.compiler.compile(source, &binary, linked)?;
    compile.args(way.flags);
    succeed(&format!("the compilation of {name}.c"), &mut compile)?;

    let mut ended = run_once(&binary, library, way)?;
    if is_wines_certificate(&ended.output) {
        println!("once more: Wine has refused the simulator's certificate, in {name}.c");
        ended = run_once(&binary, library, way)?;
    }
    Ok(judge(&format!("{name}.c, {}", way.name), &ended))
}

/// Wine 8 now and then rejects a good certificate, and then every certificate of that simulator. The next simulator
/// makes others.
pub fn is_wines_certificate(output: &str) -> bool {
    output
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace(" | ", " ")
        .contains("it could not be verified")
}

fn run_once(binary: &Path, library: &Path, way: &Way) -> Result<Ended> {
    let simulator = Simulator::start(Options::default());
    let mut command = match &way.wrapper[..] {
        [] => Command::new(binary),
        [tool, args @ ..] => {
            let mut command = Command::new(tool);
            command.args(args).arg(binary);
            command
        }
    };
    point_at(&simulator, &mut command);
    finds_library(&mut command, library);
    command.env_remove("RUST_BACKTRACE").env("SIM_FOLDER", library).current_dir(top());
    command.envs(way.environment.iter().map(|(name, value)| (name, value)));
    finish(&mut command, &binary.with_extension("tap"), |_| ())
}

/// Passes the simulator's addresses under names that only the tests read, and nothing that configures the library.
fn point_at(simulator: &Simulator, command: &mut Command) {
    let addresses = simulator.addresses();
    crate::simulator::configure(simulator, command);
    for name in ["JCApiKey", "JCApiUrl", "SSL_CERT_FILE"] {
        command.env_remove(name);
    }
    command
        .env("SIM_HTTP", &addresses.http)
        .env("SIM_HTTPS", &addresses.https)
        .env("SIM_ADMIN", &addresses.admin)
        .env("SIM_CA", &addresses.ca);
}

fn judge(what: &str, Ended { status, output }: &Ended) -> Sum {
    let count = |start| output.lines().filter(|line: &&str| line.starts_with(start)).count() as u32;
    let mut sum = Sum { passed: count("ok - "), failed: count("not ok - ") };
    let fault = match status {
        None => Some("it hung".to_owned()),
        Some(status) if !status.success() && sum.failed == 0 => Some(format!("it ended with {status}")),
        Some(_) if sum.passed + sum.failed == 0 => Some("it checked nothing".to_owned()),
        Some(_) => None,
    };
    sum.failed += u32::from(fault.is_some());
    if sum.failed == 0 {
        println!("ok - {what}: {} checks", sum.passed);
    } else {
        println!("not ok - {what}: {}\n{output}", fault.as_deref().unwrap_or("not all checks passed"));
    }
    sum
}
