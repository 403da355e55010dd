//! Measures how long things take, each beside something comparable in the same run, and writes a table. It has no
//! limits that a figure could exceed.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::powershell::{self, PowerShell};
use crate::program::is_installed;
use crate::workspace::{cargo, succeed, target, top};

/// How many pairs are measured. The two of a pair follow each other, so that a slow moment of the machine affects both.
const PAIRS: usize = 9;

pub fn run() -> Result<()> {
    succeed("the build", cargo().args(["build", "--release", "-p", "jcsdk", "-p", "simulator"]))?;
    let work = work()?;
    let mut table = Table::default();
    calls_from_c(&work, &mut table)?;
    many_from_c(&work, &mut table)?;
    reading_a_journal(&work, &mut table)?;
    match powershell::get() {
        Ok(pwsh) => from_powershell(pwsh, &work, &mut table)?,
        Err(error) => {
            table.note(&format!("The module is not measured, because {error}. {}", powershell::HOW))
        }
    }
    fs::write(top().join("out/bench.txt"), &table.text)?;
    println!("\nwritten to out/bench.txt");
    Ok(())
}

/// Only compiles the C programs, so that they stay in step with the header.
pub fn check() -> Result<()> {
    let work = work()?;
    for name in ["abi", "bare", "curl", "journal"] {
        if name == "curl" && libcurl().is_none() {
            println!("{NO_LIBCURL}");
            continue;
        }
        let mut cc = c_compiler(name);
        cc.args(["-Wall", "-Wextra", "-Werror", "-c", "-o"]).arg(work.join(name).with_extension("o"));
        succeed("the C compiler", &mut cc)?;
    }
    Ok(())
}

fn work() -> Result<PathBuf> {
    let work = top().join("out/bench");
    fs::create_dir_all(&work)?;
    Ok(work)
}

const NO_LIBCURL: &str =
    "libcurl is left out, because pkg-config does not find it (on Debian: libcurl4-openssl-dev).";

const NO_VALGRIND: &str = "Instructions are not counted, because valgrind is not installed.";

/// One call after the other: ours, the least that a C program can do, and libcurl.
fn calls_from_c(work: &Path, table: &mut Table) -> Result<()> {
    let server = Server::start(&[])?;
    let url = server.address("http")?;
    let port = url.rsplit(':').next().unwrap_or_default();
    let ours = (compile("abi", work)?, url);
    let mut peers = vec![("bare C client", (compile("bare", work)?, port))];
    match libcurl() {
        Some(_) => peers.push(("libcurl", (compile("curl", work)?, url))),
        None => table.note(NO_LIBCURL),
    }
    let call = |tool: &[&str], (program, address): &(PathBuf, &str), calls: u32| {
        let mut command = Command::new(tool.first().map_or(program.as_os_str(), OsStr::new));
        if let [_, options @ ..] = tool {
            command.args(options).arg(program);
        }
        command.args([address, "simulator-key", "ok-1"]).arg(calls.to_string());
        command
    };
    for (name, peer) in &peers {
        let mut pairs = Vec::new();
        for _ in 0..PAIRS {
            let theirs = number(&mut call(&[], peer, 5000))?;
            pairs.push((number(&mut call(&[], &ours, 5000))? / 1000.0, theirs / 1000.0));
        }
        table.pairs("a warm call, C ABI", name, "µs", &pairs);
    }
    if !is_installed("valgrind") {
        table.note(NO_VALGRIND);
        return Ok(());
    }
    // Two runs differ only in their number of calls, so that start and end of the program do not count.
    let instructions = |program| -> Result<f64> {
        let count = |calls| instructions(&mut call(&COUNTING, program, calls));
        Ok((count(1100)? - count(100)?) / 1000.0)
    };
    let ours = instructions(&ours)?;
    for (name, peer) in &peers {
        table.pairs("a warm call, C ABI", name, "instr", &[(ours, instructions(peer)?)]);
    }
    Ok(())
}

/// Counts the instructions that a program executes outside the kernel.
const COUNTING: [&str; 4] =
    ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"];

fn instructions(command: &mut Command) -> Result<f64> {
    let output = command.output().with_context(|| format!("{command:?} could not be started"))?;
    let text = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?} failed: {text}");
    let refs = text.lines().find_map(|line| line.split_once("I refs:").or(line.split_once("I   refs:")));
    let (_, count) = refs.with_context(|| format!("valgrind counted no instructions: {text}"))?;
    count.trim().replace(',', "").parse().context("valgrind's count is not a number")
}

fn many_from_c(work: &Path, table: &mut Table) -> Result<()> {
    let server = Server::start(&["--delay-ms", "50", "--users", "1000"])?;
    let abi = compile("abi", work)?;
    let (mut pairs, mut journals) = (Vec::new(), Vec::new());
    let journal = work.join("journal.jsonl");
    for _ in 0..3 {
        let all = || {
            let mut all = Command::new(&abi);
            all.args([server.address("http")?, "simulator-key", "ok", "1000", "50"]);
            Ok::<_, anyhow::Error>(all)
        };
        let ours = number(&mut all()?)?;
        pairs.push((ours / 1e6, 1000.0));
        let _ = fs::remove_file(&journal);
        journals.push((number(all()?.arg(&journal))? / 1e6, ours / 1e6));
    }
    table.pairs("1000 resets of 50 ms, 50 at once", "the least possible", "ms", &pairs);
    table.pairs("the same with a journal", "without", "ms", &journals);
    Ok(())
}

/// A journal of 100,000 users, each with begin and end.
fn reading_a_journal(work: &Path, table: &mut Table) -> Result<()> {
    let program = compile("journal", work)?;
    let (url, file) = ("http://127.0.0.1:1", work.join("long.jsonl"));
    let line = r#""run":"5f000000000000ab","at":"2026-11-26T01:02:03.456Z","event":"#;
    let mut text = format!("{{\"journal\":1,{line}\"run\",\"program\":\"bench\",\"url\":\"{url}/api\"}}\n");
    for n in 1..=100_000 {
        let user = format!("\"n\":{n},\"userId\":\"5f0c1a2b3c4d5e6f{n:08x}\"");
        text += &format!("{{{line}\"begin\",{user},\"exclusion\":true}}\n");
        text += &format!(
            "{{{line}\"end\",{user},\"outcome\":\"reset\",\"httpStatus\":200,\"attempts\":1,\"elapsedMs\":84}}\n"
        );
    }
    fs::write(&file, text)?;
    let mut pairs = Vec::new();
    for _ in 0..PAIRS {
        let times = numbers(Command::new(&program).args([url, "key"]).arg(&file))?;
        let [library, alone] = times[..] else { anyhow::bail!("benches/c/journal.c printed {times:?}") };
        pairs.push((library / 1e6, alone / 1e6));
    }
    table.pairs("200,000 lines of a journal", "fread of the file", "ms", &pairs);
    Ok(())
}

fn from_powershell(pwsh: &PowerShell, work: &Path, table: &mut Table) -> Result<()> {
    let module = pwsh.build_module("Release")?;
    let empty = empty_module(work)?;
    let import = |cache: &str, path: &Path| {
        number(shell(pwsh, &work.join(cache)).arg("-File").arg(top().join("benches/import.ps1")).arg(path))
    };
    let mut pairs = Vec::new();
    for n in 0..PAIRS + 2 {
        let pair = (import("cache-module", &module)?, import("cache-empty", &empty)?);
        // The first processes write the start-up profile that the later ones use.
        if n >= 2 {
            pairs.push(pair);
        }
    }
    table.pairs("import", "empty module", "ms", &pairs);

    let server = Server::start(&["--users", "1000"])?;
    let mut first = Vec::new();
    let mut piped = Vec::new();
    for n in 0..PAIRS + 2 {
        let mut calls = shell(pwsh, &work.join("cache-calls"));
        server.configure(&mut calls, "https")?;
        let times = numbers(calls.arg("-File").arg(top().join("benches/calls.ps1")).arg(&module))?;
        let [one, two, thousand] = times[..] else { anyhow::bail!("benches/calls.ps1 printed {times:?}") };
        let mut abi = Command::new(compile("abi", work)?);
        server.configure(&mut abi, "https")?;
        let ours = number(abi.args([server.address("https")?, "simulator-key", "ok-1", "1000"]))?;
        if n >= 2 {
            first.push((one, two));
            piped.push((thousand, ours / 1000.0));
        }
    }
    table.pairs("first call, HTTPS", "second call", "ms", &first);
    table.pairs("a piped user of 1000, HTTPS", "a call, C ABI", "µs", &piped);
    Ok(())
}

/// A module whose script has one empty function.
fn empty_module(work: &Path) -> Result<PathBuf> {
    let folder = work.join("Empty");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("Empty.psm1"), "function Get-Nothing { }\n")?;
    let manifest = folder.join("Empty.psd1");
    let text = "@{ RootModule = 'Empty.psm1'; ModuleVersion = '1.0'; FunctionsToExport = 'Get-Nothing' }\n";
    fs::write(&manifest, text)?;
    Ok(manifest)
}

/// A PowerShell with a cache folder of its own, because its start-up profile depends on the work done before.
fn shell(pwsh: &PowerShell, cache: &Path) -> Command {
    let mut shell = pwsh.command();
    shell.env("XDG_CACHE_HOME", cache);
    shell
}

fn c_compiler(name: &str) -> Command {
    let mut cc = Command::new("cc");
    cc.args(["-O2", "-std=c99", "-I"]).arg(top().join("include"));
    cc.arg(top().join(format!("benches/c/{name}.c")));
    cc
}

fn compile(name: &str, work: &Path) -> Result<PathBuf> {
    let program = work.join(name);
    let mut cc = c_compiler(name);
    cc.arg("-o").arg(&program);
    if name == "curl" {
        cc.args(libcurl().unwrap_or_default());
    } else {
        cc.arg(target().join("release/libjcsdk.a")).args(["-lpthread", "-ldl", "-lm", "-lgcc_s"]);
    }
    succeed("the C compiler", &mut cc)?;
    Ok(program)
}

/// What the compiler needs to be told to use libcurl; none where it is not installed for compiling.
fn libcurl() -> Option<Vec<String>> {
    let output = Command::new("pkg-config").args(["--cflags", "--libs", "libcurl"]).output().ok()?;
    let flags = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| flags.split_whitespace().map(str::to_owned).collect())
}

fn number(command: &mut Command) -> Result<f64> {
    numbers(command)?.pop().context("nothing was measured")
}

fn numbers(command: &mut Command) -> Result<Vec<f64>> {
    let output = command.stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "{command:?} failed ({})", output.status);
    let text = String::from_utf8(output.stdout)?;
    text.lines().map(|line| line.trim().parse().with_context(|| format!("not a number: {line}"))).collect()
}

/// The simulator as a process of its own, so that it takes no time of the measured one.
struct Server {
    child: Child,
    addresses: Value,
}

impl Server {
    fn start(args: &[&str]) -> Result<Self> {
        let program = target().join("release").join(format!("simulator{}", std::env::consts::EXE_SUFFIX));
        let mut child =
            Command::new(program).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no output")?).read_line(&mut line)?;
        Ok(Self { child, addresses: serde_json::from_str(&line)? })
    }

    fn address(&self, name: &str) -> Result<&str> {
        self.addresses[name].as_str().with_context(|| format!("the simulator has no {name}"))
    }

    fn configure(&self, command: &mut Command, name: &str) -> Result<()> {
        command
            .env("JCApiKey", "simulator-key")
            .env("JCApiUrl", self.address(name)?)
            .env("SSL_CERT_FILE", self.address("ca")?);
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

#[derive(Default)]
struct Table {
    text: String,
}

impl Table {
    /// Adds a row of medians. The ratio is the median of the pairs' ratios.
    fn pairs(&mut self, what: &str, peer: &str, unit: &str, pairs: &[(f64, f64)]) {
        let ours = median(pairs.iter().map(|pair| pair.0).collect());
        let theirs = median(pairs.iter().map(|pair| pair.1).collect());
        let ratio = median(pairs.iter().map(|pair| pair.0 / pair.1).collect());
        let row = format!(
            "{what:<34} {ours:>9.1} {unit:<5} {peer:<20} {theirs:>9.1} {unit:<5} ratio {ratio:>5.2}  of {} pairs",
            pairs.len()
        );
        self.note(&row);
    }

    fn note(&mut self, line: &str) {
        println!("{line}");
        let _ = writeln!(self.text, "{line}");
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
