//! Builds and runs the examples as a user would, against a simulator that says which requests arrived.

mod journal;

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use simulator::{Options, Simulator};

use crate::compiler::finds_library;
use crate::fetch::is_offline;
use crate::program::{Ended, finish, is_installed};
use crate::sum::Sum;
use crate::workspace::{cargo, succeed, target, top};
use crate::{install, powershell};

struct Example {
    name: &'static str,
    /// The programs that it needs. PowerShell is not among them, because it is looked for in its own way.
    tools: &'static [&'static str],
    /// Builds the program and returns the command line that runs it.
    make: fn(&Places) -> Result<Vec<OsString>>,
    /// Whether it takes a user and a file of users. Otherwise it takes only a user.
    does_all: bool,
}

const EXAMPLES: [Example; 7] = [
    Example { name: "c", tools: &["cc", "pkg-config"], make: c, does_all: true },
    Example { name: "cpp", tools: &["c++", "pkg-config"], make: cpp, does_all: false },
    Example { name: "csharp", tools: &[], make: csharp, does_all: true },
    Example { name: "python", tools: &["python3"], make: python, does_all: true },
    Example { name: "node", tools: &["node", "npm"], make: node, does_all: false },
    Example { name: "go", tools: &["go", "pkg-config"], make: go, does_all: false },
    Example { name: "rust", tools: &[], make: rust, does_all: false },
];

/// Enough users that a batch is full before all are pushed.
const USERS: usize = 60;

struct Places {
    source: PathBuf,
    /// Where the library is installed.
    prefix: PathBuf,
    /// Where the example is built and run.
    out: PathBuf,
}

pub fn run() -> Result<Sum> {
    let prefix = install::for_tests()?;
    let mut sum = Sum::default();
    for example in &EXAMPLES {
        let places = Places {
            source: top().join("examples").join(example.name),
            prefix: prefix.clone(),
            out: target().join("examples").join(example.name),
        };
        fs::create_dir_all(&places.out)?;
        if let Some(missing) = missing(example, &places)? {
            println!("SKIPPED: {missing} is missing, so examples/{} was NOT run", example.name);
            continue;
        }
        match (example.make)(&places) {
            Ok(call) => sum.add(tests(example, &call, &places).context(example.name)?),
            Err(error) => sum.add(Sum::one(false, example.name, &format!("{error:#}"))),
        }
    }
    Ok(sum)
}

fn missing(example: &Example, places: &Places) -> Result<Option<&'static str>> {
    if let Some(tool) = example.tools.iter().find(|tool| !is_installed(tool)) {
        return Ok(Some(tool));
    }
    Ok(match example.name {
        "csharp" if powershell::get().is_err() => Some("PowerShell"),
        "node" if !fetch_koffi(places)? => Some("koffi (npm could not fetch it)"),
        _ => None,
    })
}

/// Installs into a copy of the example, so that no packages are put among the sources.
fn fetch_koffi(places: &Places) -> Result<bool> {
    for file in ["package.json", "package-lock.json", "reset.js"] {
        fs::copy(places.source.join(file), places.out.join(file))?;
    }
    if places.out.join("node_modules/koffi").exists() {
        return Ok(true);
    }
    if is_offline() {
        return Ok(false);
    }
    let npm = ["ci", "--silent", "--no-audit", "--no-fund"];
    Ok(Command::new("npm").args(npm).current_dir(&places.out).status()?.success())
}

fn compiled(compiler: &str, standard: &str, source: PathBuf, places: &Places) -> Result<Vec<OsString>> {
    let mut ask = Command::new("pkg-config");
    ask.args(["--cflags", "--libs", "jcsdk"]).env("PKG_CONFIG_PATH", places.prefix.join("lib/pkgconfig"));
    let flags = String::from_utf8(ask.output()?.stdout)?;
    let program = places.out.join("reset");
    let mut compile = Command::new(compiler);
    compile.args([standard, "-Wall", "-Wextra", "-Werror", "-pedantic"]).arg(source);
    compile.args(flags.split_whitespace()).arg("-o").arg(&program);
    succeed("the compilation", &mut compile)?;
    Ok(vec![program.into()])
}

fn c(places: &Places) -> Result<Vec<OsString>> {
    compiled("cc", "-std=c99", places.source.join("reset.c"), places)
}

fn cpp(places: &Places) -> Result<Vec<OsString>> {
    compiled("c++", "-std=c++11", places.source.join("reset.cpp"), places)
}

/// Compiled and run inside PowerShell, which needs no .NET SDK.
fn csharp(places: &Places) -> Result<Vec<OsString>> {
    let mut command = powershell::get()?.command();
    command.arg("-File").arg(places.source.join("run.ps1"));
    let mut call: Vec<OsString> = vec!["env".into()];
    for (name, value) in command.get_envs() {
        call.push([name, "=".as_ref(), value.unwrap_or_default()].into_iter().collect());
    }
    call.push(command.get_program().to_owned());
    call.extend(command.get_args().map(ToOwned::to_owned));
    Ok(call)
}

fn python(places: &Places) -> Result<Vec<OsString>> {
    Ok(vec!["python3".into(), places.source.join("reset.py").into()])
}

fn node(places: &Places) -> Result<Vec<OsString>> {
    Ok(vec!["node".into(), places.out.join("reset.js").into()])
}

fn go(places: &Places) -> Result<Vec<OsString>> {
    let program = places.out.join("reset");
    let mut build = Command::new("go");
    build.args(["build", "-o"]).arg(&program).arg(".").current_dir(&places.source);
    build
        .env("PKG_CONFIG_PATH", places.prefix.join("lib/pkgconfig"))
        .env("GOCACHE", places.out.join("cache"));
    succeed("go build", &mut build)?;
    Ok(vec![program.into()])
}

/// Builds in a folder of its own. In the same one, the builds with and without the C ABI would replace each other.
fn rust(places: &Places) -> Result<Vec<OsString>> {
    let mut build = cargo();
    build.args(["build", "--quiet", "-p", "reset-example", "--target-dir"]).arg(&places.out);
    succeed("cargo build", &mut build)?;
    Ok(vec![places.out.join("debug/reset-example").into()])
}

/// One run of an example, with a simulator of its own.
struct Run<'a> {
    call: &'a [OsString],
    places: &'a Places,
    simulator: Simulator,
}

impl<'a> Run<'a> {
    fn new(call: &'a [OsString], places: &'a Places) -> Self {
        Self { call, places, simulator: Simulator::start(Options { users: USERS, ..Options::default() }) }
    }

    fn go(
        &self,
        arguments: &[&str],
        adjust: impl FnOnce(&mut Command),
        meanwhile: impl FnMut(u32),
    ) -> Result<Ended> {
        let mut command = Command::new(&self.call[0]);
        crate::simulator::configure(&self.simulator, &mut command);
        command.args(&self.call[1..]).args(arguments).current_dir(&self.places.out);
        command.env("JCSDK_LIBRARY", install::shared(&self.places.prefix)?);
        finds_library(&mut command, &install::loaded_from(&self.places.prefix));
        adjust(&mut command);
        finish(&mut command, &self.places.out.join("output"), meanwhile)
    }

    /// Sends Ctrl+C once, when it is time.
    fn interrupted(&self, arguments: &[&str], is_time: impl Fn() -> bool) -> Result<Ended> {
        let mut sent = false;
        let interrupt = |id: u32| {
            if !sent && is_time() {
                let mut kill = Command::new("kill");
                kill.args(["-INT", &id.to_string()]);
                sent = kill.status().is_ok_and(|status| status.success());
            }
        };
        let ended = self.go(arguments, |_| (), interrupt)?;
        ensure!(sent, "it ended before it was interrupted:\n{}", ended.output);
        Ok(ended)
    }

    fn judge(&self, what: &str, ended: &Ended, code: i32, says: &str, arrived: Option<usize>) -> Sum {
        let stats = self.simulator.stats();
        let once = stats.by_id.values().all(|&count| count == 1);
        let ok = arrived.is_none_or(|arrived| stats.requests == arrived) && once;
        let why = format!("{} requests, wanted {arrived:?}, each user once: {once}", stats.requests);
        judged(what, ended, code, says, ok, &why)
    }
}

/// `ok` and `why`: whether the right requests arrived, and what did arrive.
fn judged(what: &str, ended: &Ended, code: i32, says: &str, ok: bool, why: &str) -> Sum {
    let ok = ok && ended.status.and_then(|status| status.code()) == Some(code) && ended.output.contains(says);
    let why = format!("{:?}, wanted {code} and {says:?}; {why}\n{}", ended.status, ended.output);
    Sum::one(ok, what, &why)
}

fn tests(example: &Example, call: &[OsString], places: &Places) -> Result<Sum> {
    let name = example.name;
    let mut sum = Sum::default();
    // The file has a byte order mark, blanks around the ids, blank lines and both kinds of line end, which all examples
    // must accept.
    let all: String = (2..=USERS).map(|n| format!(" ok-{n}\t\r\n\n")).collect();
    let all = format!("\u{feff}{all}");
    let users =
        places.out.join("users").into_os_string().into_string().ok().context("a path that is not UTF-8")?;
    let arguments = |id| if example.does_all { vec![id, users.as_str()] } else { vec![id] };
    let (arrive, done) = if example.does_all { (USERS, "60 reset, 0 refused") } else { (1, "ok-1") };

    fs::write(&users, &all)?;
    let run = Run::new(call, places);
    let ended = run.go(&arguments("ok-1"), |_| (), |_| ())?;
    sum.add(run.judge(&format!("{name} resets"), &ended, 0, done, Some(arrive)));

    let run = Run::new(call, places);
    let ended = run.go(&arguments("nobody"), |_| (), |_| ())?;
    sum.add(run.judge(
        &format!("{name} tells who was not reset, and why"),
        &ended,
        1,
        "User 'nobody' was not reset",
        Some(arrive),
    ));

    let run = Run::new(call, places);
    let ended = run.go(&arguments("ok-1"), |command| _ = command.env_remove("JCApiKey"), |_| ())?;
    sum.add(run.judge(&format!("{name} without a key sends nothing"), &ended, 2, "JCApiKey", Some(0)));

    if example.does_all {
        fs::write(&users, format!("{all}nobody\n.."))?;
        let run = Run::new(call, places);
        let ended = run.go(&arguments("ok-1"), |_| (), |_| ())?;
        sum.add(run.judge(
            &format!("{name} goes on after a failure"),
            &ended,
            1,
            "60 reset, 1 refused, 0 unknown, 0 cancelled, 1 invalid",
            Some(USERS + 1),
        ));
        let names: String = (2..=USERS).map(|n| format!("ok-{n}@example.com\n")).collect();
        fs::write(&users, names)?;
        let run = Run::new(call, places);
        let ended = run.go(&[&["--name"][..], &arguments("OK-1")].concat(), |_| (), |_| ())?;
        let requests = Some(2 * USERS);
        sum.add(run.judge(&format!("{name} takes names"), &ended, 0, "60 reset, 0 refused", requests));
        fs::write(&users, format!("nobody\n{all}.."))?;
        sum.add(interrupted(name, call, places, &arguments("ok-1"))?);
        sum.add(journal::tests(name, call, places)?);
    }
    Ok(sum)
}

/// Stopped while it waits for a user's answer.
fn interrupted(name: &str, call: &[OsString], places: &Places, arguments: &[&str]) -> Result<Sum> {
    let run = Run::new(call, places);
    run.simulator.set_faults("ok-5", serde_json::json!([{ "never": true }]))?;
    let ended = run.interrupted(arguments, || run.simulator.stats().by_id.contains_key("ok-5"))?;
    let sum = run.judge(&format!("{name} stops at Ctrl+C"), &ended, 130, "unknown", None);
    let told = !ended.output.contains(" 0 unknown");
    Ok(if told { sum } else { Sum::one(false, &format!("{name} stops at Ctrl+C"), &ended.output) })
}
