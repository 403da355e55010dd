//! Installs what a C or C++ program needs into a folder: header, libraries, pkg-config and CMake files, licences.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use simulator::{Options, Simulator};

use crate::build::{self, SONAME};
use crate::program::is_installed;
use crate::sum::Sum;
use crate::workspace::{succeed, target, top};
use crate::{abi, notices};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What `rustc --print native-static-libs` says.
const SYSTEM_LIBRARIES: &str = "-lgcc_s -lutil -lrt -lpthread -lm -ldl -lc";

const TEMPLATES: [(&str, &str); 3] = [
    ("pkgconfig/jcsdk.pc", include_str!("../install/jcsdk.pc.in")),
    ("cmake/jcsdk/jcsdkConfig.cmake", include_str!("../install/jcsdkConfig.cmake.in")),
    ("cmake/jcsdk/jcsdkConfigVersion.cmake", include_str!("../install/jcsdkConfigVersion.cmake.in")),
];

pub fn install(prefix: &Path) -> Result<()> {
    ensure!(
        cfg!(target_os = "linux"),
        "the installed layout is that of Linux; on other systems take the library from target/release"
    );
    let built = build::release()?;
    let lib = prefix.join("lib");
    fs::create_dir_all(prefix.join("include"))?;
    fs::copy(top().join("include/jcsdk.h"), prefix.join("include/jcsdk.h"))?;
    let file = format!("libjcsdk.so.{VERSION}");
    fs::create_dir_all(&lib)?;
    // The old library is removed first: writing over one that a process has loaded would crash that process.
    for (from, to) in [("libjcsdk.so", file.as_str()), ("libjcsdk.a", "libjcsdk.a")] {
        let _ = fs::remove_file(lib.join(to));
        fs::copy(built.join(from), lib.join(to)).with_context(|| format!("{to} was not installed"))?;
    }
    link(&file, &lib.join(SONAME))?;
    link(SONAME, &lib.join("libjcsdk.so"))?;
    let licences = prefix.join("share/doc/jcsdk");
    fs::create_dir_all(&licences)?;
    fs::copy(top().join("LICENSE"), licences.join("LICENSE"))?;
    fs::write(licences.join("NOTICES.txt"), notices::read()?)?;
    for (path, template) in TEMPLATES {
        let path = lib.join(path);
        fs::create_dir_all(path.parent().context("no folder")?)?;
        let text = template
            .replace("@VERSION@", VERSION)
            .replace("@SONAME@", SONAME)
            .replace("@SYSTEM_LIBRARIES@", SYSTEM_LIBRARIES);
        fs::write(path, text)?;
    }
    Ok(())
}

#[cfg(unix)]
fn link(to: &str, at: &Path) -> Result<()> {
    let _ = fs::remove_file(at);
    Ok(std::os::unix::fs::symlink(to, at)?)
}

#[cfg(not(unix))]
fn link(_: &str, _: &Path) -> Result<()> {
    anyhow::bail!("this system has no symbolic links")
}

/// Installs into a folder for the tests, and returns it.
pub fn for_tests() -> Result<PathBuf> {
    let prefix = target().join("install");
    install(&prefix)?;
    Ok(prefix)
}

/// Builds a C program with each tool from the installed files alone. It then has to reset users.
pub fn run() -> Result<Sum> {
    let prefix = for_tests()?;
    let mut sum = Sum::default();
    for (tool, build) in
        [("pkg-config", pkg_config as fn(&Path, &Path, bool) -> Result<PathBuf>), ("cmake", cmake)]
    {
        if !is_installed(tool) {
            ensure!(env::var_os("CI").is_none(), "{tool} is not installed, and CI is set");
            println!("SKIPPED: {tool} is not installed, so its files were NOT tested");
            continue;
        }
        for is_static in [false, true] {
            let way = format!("{tool}-{}", if is_static { "static" } else { "shared" });
            let out = target().join("install-tests").join(&way);
            let _ = fs::remove_dir_all(&out);
            fs::create_dir_all(&out)?;
            sum.add(resets(&way, &build(&prefix, &out, is_static)?, &prefix)?);
        }
    }
    let recorded = abi::check();
    let why = recorded.as_ref().map_or_else(|error| format!("{error:#}"), |()| String::new());
    sum.add(Sum::one(recorded.is_ok(), "the ABI is the recorded one", &why));
    Ok(sum)
}

fn source() -> PathBuf {
    top().join("examples/c/reset.c")
}

fn pkg_config(prefix: &Path, out: &Path, is_static: bool) -> Result<PathBuf> {
    let mut ask = Command::new("pkg-config");
    ask.env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig")).args(["--cflags", "--libs"]);
    if is_static {
        ask.arg("--static");
    }
    let flags = ask.arg("jcsdk").output().context("pkg-config could not be started")?;
    ensure!(flags.status.success(), "pkg-config: {}", String::from_utf8_lossy(&flags.stderr));
    let mut flags = String::from_utf8(flags.stdout)?;
    if is_static {
        flags = flags.replace("-ljcsdk", "-l:libjcsdk.a");
    }
    let program = out.join("reset");
    let mut compile = Command::new("cc");
    compile.arg(source()).args(flags.split_whitespace()).arg("-o").arg(&program);
    succeed("the compilation with pkg-config's flags", &mut compile)?;
    Ok(program)
}

fn cmake(prefix: &Path, out: &Path, is_static: bool) -> Result<PathBuf> {
    let library = if is_static { "static" } else { "jcsdk" };
    let project = format!(
        "cmake_minimum_required(VERSION 3.13)\nproject(reset C)\nfind_package(jcsdk {VERSION} REQUIRED)\n\
         add_executable(reset {})\ntarget_link_libraries(reset PRIVATE jcsdk::{library})\n",
        source().display()
    );
    fs::write(out.join("CMakeLists.txt"), project)?;
    let build = out.join("build");
    let mut configure = Command::new("cmake");
    configure.arg("-S").arg(out).arg("-B").arg(&build);
    configure.arg(format!("-DCMAKE_PREFIX_PATH={}", prefix.display()));
    succeed("cmake", configure.stdout(Stdio::null()))?;
    succeed("cmake --build", Command::new("cmake").arg("--build").arg(&build).stdout(Stdio::null()))?;
    Ok(build.join("reset"))
}

/// Runs the program, which gets the folder of the shared library if it was linked to that, and no other help.
fn resets(way: &str, program: &Path, prefix: &Path) -> Result<Sum> {
    let simulator = Simulator::start(Options::default());
    let users = target().join("install-tests/users");
    fs::write(&users, "ok-2\nok-3\n")?;
    let mut command = Command::new(program);
    crate::simulator::configure(&simulator, &mut command);
    command.arg("ok-1").arg(&users).env_remove("LD_LIBRARY_PATH");
    if !way.ends_with("static") {
        command.env("LD_LIBRARY_PATH", prefix.join("lib"));
    }
    let output = command.output().context("the program could not be started")?;
    let resets = simulator.stats().resets;
    let why = format!("{}, {resets} users reset: {}", output.status, String::from_utf8_lossy(&output.stderr));
    Ok(Sum::one(output.status.success() && resets == 3, &format!("a program built with {way}"), &why))
}
