//! The tests for other systems, as far as they run on this machine, and a note for the package of what ran.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use simulator::{Options, Simulator};

use crate::c::{self, Way};
use crate::compiler::Compiler;
use crate::natives::{self, Native, Profile, Recipe};
use crate::program::{Ended, finish, is_installed};
use crate::sum::Sum;
use crate::workspace::{forget_xtask, succeed, target, top};
use crate::{build, install, powershell, wine};

/// The inner error is the reason why a stage cannot run here. Its argument: whether to test what is shipped.
type Stage = fn(bool) -> Result<Result<Sum, String>>;

const STAGES: [(&str, &str, Stage); 5] = [
    ("own", "C on this system", own_c),
    ("musl", "C on musl", musl_c),
    ("windows", "C on Windows", windows_c),
    ("install", "Installed for Windows", windows_install),
    ("module", "The module on Windows", windows_module),
];

/// Tests the libraries that are shipped, or debug builds, which build faster. For Windows it is always the shipped one.
pub fn run(release: bool, only: Option<&str>) -> Result<()> {
    let mut all = Sum::default();
    let wanted = |stage: &str| only.is_none_or(|only| only == stage);
    ensure!(STAGES.iter().any(|(stage, ..)| wanted(stage)), "there is no such stage");
    for (_, name, stage) in STAGES.into_iter().filter(|(stage, ..)| wanted(stage)) {
        println!("\n== {name}");
        match stage(release) {
            Ok(Ok(sum)) => all.add(sum),
            Ok(Err(why)) => println!("LEFT OUT: {why}"),
            Err(error) => all.add(Sum::one(false, name, &format!("{error:#}"))),
        }
    }
    println!("\n{} passed, {} failed", all.passed, all.failed);
    ensure!(all.failed == 0, "not all tests passed");
    Ok(())
}

/// The shipped library of this system. `cargo xtask test` tests the debug build.
fn own_c(release: bool) -> Result<Result<Sum, String>> {
    let host = natives::host()?;
    let native = natives::NATIVES
        .iter()
        .find(|native| native.has(&host))
        .context("the library is not built for this system")?;
    if !release {
        return Ok(Err("`cargo xtask test` tests it".to_owned()));
    }
    let way = Way {
        name: native.rid,
        compiler: Compiler::of_this_system(),
        flags: &[],
        wrapper: Vec::new(),
        environment: Vec::new(),
        is_wine: false,
    };
    programs(native, Profile::Release, &way, cfg!(target_os = "linux")).map(Ok)
}

fn musl_c(release: bool) -> Result<Result<Sum, String>> {
    let processor = if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" };
    let native = natives::find(&format!("linux-musl-{processor}"))?;
    if !cfg!(target_os = "linux") || !is_installed("musl-gcc") {
        return Ok(Err("musl-gcc is not installed (on Debian: musl-tools)".to_owned()));
    }
    if let Err(why) = Recipe::of(native) {
        return Ok(Err(format!("{why:#}")));
    }
    let way = Way {
        name: native.rid,
        compiler: Compiler::Gnu("musl-gcc"),
        // A thread of musl's has a stack of 128 KiB, which is enough for optimized code only.
        flags: if release { &[] } else { &["-Wl,-z,stack-size=1048576"] },
        wrapper: Vec::new(),
        environment: Vec::new(),
        is_wine: false,
    };
    programs(native, if release { Profile::Release } else { Profile::Debug }, &way, true).map(Ok)
}

fn windows_c(_: bool) -> Result<Result<Sum, String>> {
    let native = natives::find("win-x64")?;
    let wine = match wine::find()? {
        Ok(wine) => wine,
        Err(why) => return Ok(Err(why)),
    };
    if let Err(why) = Recipe::of(native) {
        return Ok(Err(format!("{why:#}")));
    }
    let mut environment = wine::prefix(&wine)?;
    environment.extend(wine::share(&staged(native))?);
    let way = Way {
        name: native.rid,
        compiler: Compiler::Gnu("x86_64-w64-mingw32-gcc"),
        flags: &["-D__USE_MINGW_ANSI_STDIO=1"],
        wrapper: vec![wine.into()],
        environment,
        is_wine: true,
    };
    programs(native, Profile::Release, &way, false).map(Ok)
}

/// A program is built from the installed files alone, in each way, and resets users.
fn windows_install(_: bool) -> Result<Result<Sum, String>> {
    let native = natives::find("win-x64")?;
    let wine = match wine::find()? {
        Ok(wine) => wine,
        Err(why) => return Ok(Err(why)),
    };
    if let Err(why) = Recipe::of(native) {
        return Ok(Err(format!("{why:#}")));
    }
    let compiler = "x86_64-w64-mingw32-gcc";
    let source = top().join("xtask/demo/demo.c");
    let folder = target().join("systems/install");
    let _ = fs::remove_dir_all(&folder);
    let prefix = folder.join("prefix");
    install::install(&prefix, Some(native.rid))?;
    let mut sum = Sum::default();
    for way in ["pkg-config", "pkg-config-static", "cmake", "cmake-static"] {
        let tool = way.trim_end_matches("-static");
        if !is_installed(tool) {
            println!("LEFT OUT: {tool} is not installed");
            continue;
        }
        let is_static = way != tool;
        let out = folder.join(way);
        fs::create_dir_all(&out)?;
        let program = if tool == "cmake" {
            let options = ["-DCMAKE_SYSTEM_NAME=Windows", &format!("-DCMAKE_C_COMPILER={compiler}")];
            install::with_cmake(&prefix, &out, is_static, &source, &options)?.with_extension("exe")
        } else {
            let mut compile = Command::new(compiler);
            compile
                .arg(&source)
                .args(install::flags(&prefix, is_static)?)
                .arg("-o")
                .arg(out.join("reset.exe"));
            succeed("the compilation with pkg-config's flags", &mut compile)?;
            out.join("reset.exe")
        };
        if !is_static {
            // Windows looks for the library beside the program.
            fs::copy(prefix.join("bin").join(native.file), program.with_file_name(native.file))?;
        }
        let simulator = Simulator::start(Options::default());
        let mut command = wine::limited(&wine);
        command.arg(&program).envs(wine::prefix(&wine)?);
        crate::simulator::configure(&simulator, &mut command);
        // Old versions of Wine need a workaround to check certificates, and it covers only jcsdk.dll: so plain http.
        command.env("JCApiUrl", &simulator.addresses().http);
        let output = command.output().context("Wine could not be started")?;
        let resets = simulator.stats().resets;
        let why =
            format!("{}, {resets} users reset: {}", output.status, String::from_utf8_lossy(&output.stderr));
        let silent = output.stderr.is_empty();
        let ok = output.status.success() && resets == 3;
        sum.add(Sum::one(ok, &format!("a Windows program built with {way}"), &why));
        sum.add(Sum::one(silent, "the library writes nothing on its stderr", &why));
    }
    sum.add(windows_example(&wine, &prefix, &folder)?);
    Ok(Ok(sum))
}

/// The example in C keeps a journal, and resumes it.
fn windows_example(wine: &Path, prefix: &Path, folder: &Path) -> Result<Sum> {
    let program = folder.join("example.exe");
    let mut compile = Command::new("x86_64-w64-mingw32-gcc");
    compile.args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"]);
    compile.arg(top().join("examples/c/reset.c")).args(install::flags(prefix, true)?);
    succeed("the compilation of the example", compile.arg("-o").arg(&program))?;
    fs::write(folder.join("users"), "ok-2\r\nok-3\r\n")?;
    let simulator = Simulator::start(Options::default());
    let mut sum = Sum::default();
    for (resume, name) in [(None, "keeps a journal"), (Some("--resume"), "resumes it")] {
        let mut command = wine::limited(wine);
        command.arg(&program).args(["--journal", "run.jsonl"]).args(resume).args(["ok-1", "users"]);
        command.current_dir(folder).envs(wine::prefix(wine)?);
        crate::simulator::configure(&simulator, &mut command);
        command.env("JCApiUrl", &simulator.addresses().http);
        let output = command.output().context("Wine could not be started")?;
        let requests = simulator.stats().requests;
        let told = String::from_utf8_lossy(&output.stdout).contains("3 reset, 0 refused");
        let ok = output.status.success() && told && requests == 3;
        let why =
            format!("{}, {requests} requests: {}", output.status, String::from_utf8_lossy(&output.stderr));
        sum.add(Sum::one(ok, &format!("the C example on Windows {name}"), &why));
    }
    Ok(sum)
}

fn programs(native: &Native, profile: Profile, way: &Way, is_linux: bool) -> Result<Sum> {
    let recipe = Recipe::of(native)?;
    let mut built = recipe.build(native, profile)?;
    if profile == Profile::Release {
        built = natives::shipped(native)?;
    }
    let folder = staged(native);
    let _ = fs::remove_dir_all(&folder);
    build::stage(built.parent().context("no folder")?, &folder)?;
    let sum = c::all(&folder, way, is_linux)?;
    if profile == Profile::Release {
        let on = if way.wrapper.is_empty() { env::consts::OS } else { "Windows, under Wine" };
        note(native, &format!("C tests on {on}"), sum)?;
    }
    Ok(sum)
}

/// The folder of the test programs and their library.
fn staged(native: &Native) -> PathBuf {
    target().join("systems").join(native.rid)
}

/// The module's tests in PowerShell for Windows, as `JCSDK_PWSH_WINDOWS` starts it; the simulator is a Windows program.
fn windows_module(_: bool) -> Result<Result<Sum, String>> {
    let native = natives::find("win-x64")?;
    let Some(pwsh) = env::var_os("JCSDK_PWSH_WINDOWS").filter(|pwsh| !pwsh.is_empty()) else {
        return Ok(Err("JCSDK_PWSH_WINDOWS names no PowerShell for Windows".to_owned()));
    };
    let recipe = match Recipe::of(native) {
        Ok(recipe) => recipe,
        Err(why) => return Ok(Err(format!("{why:#}"))),
    };
    let own = match powershell::get() {
        Ok(own) => own,
        Err(why) => return Ok(Err(format!("the module cannot be built: {why}. {}", powershell::HOW))),
    };
    let module = own.build_module("Debug")?;
    let library = natives::shipped(native)?;
    let simulator = recipe.simulator()?;
    let folder = target().join("systems/module");
    let prefix = target().join("wine-powershell");
    let _ = fs::remove_dir_all(&folder);
    let stage = folder.join("JumpCloudApiSdkV1").join(env!("CARGO_PKG_VERSION"));
    copy_module(module.parent().context("no folder")?, &stage)?;
    let native_folder = stage.join("runtimes").join(native.rid).join("native");
    fs::create_dir_all(&native_folder)?;
    fs::copy(library, native_folder.join(native.file))?;

    crate::notices::write()?;
    let tests = top().join("tests/powershell");
    let mut sum = Sum::default();
    // Each file in a process of its own, so that the others still run if one hangs under Wine.
    for file in files(&tests, ".Tests.ps1")? {
        let mut pester = Command::new(&pwsh);
        forget_xtask(&mut pester);
        pester.args(["-NoProfile", "-NonInteractive"]);
        pester.env("POWERSHELL_TELEMETRY_OPTOUT", "1").env("POWERSHELL_UPDATECHECK", "Off");
        pester.arg("-File").arg(wine::path(&tests.join("run.ps1")));
        pester.arg(wine::path(&tests.join(&file))).current_dir(top());
        pester.env("JCSDK_MODULE", wine::path(&stage)).env("JCSDK_SIMULATOR", wine::path(&simulator));
        pester.env("JCSDK_NOTICES", wine::path(&top().join("out/NOTICES.txt")));
        pester.env("JCSDK_WINE", "1").env("WINEPREFIX", &prefix).env_remove("PWSH");
        let output = folder.join(format!("{file}.txt"));
        let ended = wine::twice_at_most(true, &file, || finish(&mut pester, &output, |_| ()))?;
        sum.add(judge(&file, &ended));
        // Ends simulators whose test has died.
        wine::stop(&prefix);
    }
    note(native, "the module's tests on Windows, under Wine", sum)?;
    Ok(Ok(sum))
}

fn judge(file: &str, Ended { status, output }: &Ended) -> Sum {
    let counts = output.lines().filter_map(crate::test::pester_line).next_back();
    let sum = match counts {
        Some(sum) if status.is_some() => sum,
        _ => Sum { passed: 0, failed: 1 },
    };
    if sum.failed == 0 && sum.passed > 0 {
        println!("ok - {file}: {} tests", sum.passed);
        return sum;
    }
    println!("not ok - {file}: {status:?}\n{output}");
    Sum { failed: sum.failed.max(1), ..sum }
}

/// The names of the files in the folder that end with `end`.
fn files(folder: &Path, end: &str) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.retain(|name| name.ends_with(end));
    names.sort();
    Ok(names)
}

/// Copies the module, without the libraries of other systems.
fn copy_module(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), target)?;
        } else if entry.file_name() != "runtimes" {
            copy_module(&entry.path(), &target)?;
        }
    }
    Ok(())
}

/// Notes for the package what ran with the file that it packs. A line about the same tests is replaced.
fn note(native: &Native, what: &str, sum: Sum) -> Result<()> {
    let file = natives::notes(native);
    let before = fs::read_to_string(&file).unwrap_or_default();
    let others = before.lines().filter(|line| !line.starts_with(what)).map(|line| format!("{line}\n"));
    let line = format!("{what}: {} passed, {} failed\n", sum.passed, sum.failed);
    Ok(fs::write(file, others.chain([line]).collect::<String>())?)
}
