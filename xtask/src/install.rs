//! Installs what a C or C++ program needs into a folder: header, libraries, pkg-config and CMake files, licences.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use simulator::{Options, Simulator};

use crate::build;
use crate::compiler::finds_library;
use crate::natives::{self, Profile, Recipe};
use crate::program::is_installed;
use crate::sum::Sum;
use crate::workspace::{succeed, target, top};
use crate::{abi, notices};

const VERSION: &str = env!("CARGO_PKG_VERSION");

const TEMPLATES: [(&str, &str); 3] = [
    ("pkgconfig/jcsdk.pc", include_str!("../install/jcsdk.pc.in")),
    ("cmake/jcsdk/jcsdkConfig.cmake", include_str!("../install/jcsdkConfig.cmake.in")),
    ("cmake/jcsdk/jcsdkConfigVersion.cmake", include_str!("../install/jcsdkConfigVersion.cmake.in")),
];

/// Installs the library for this system, or for the one with this rid as `cargo xtask natives` builds it.
pub fn install(prefix: &Path, rid: Option<&str>) -> Result<()> {
    let (built, layout) = match rid {
        None => (build::release()?, Layout::of(&natives::host()?)?),
        Some(rid) => {
            let native = natives::find(rid)?;
            let recipe = Recipe::of(native)?;
            natives::shipped(native)?;
            (recipe.folder(&target().join("natives"), Profile::Release), Layout::of(recipe.target)?)
        }
    };
    let lib = prefix.join("lib");
    fs::create_dir_all(prefix.join("include"))?;
    fs::copy(top().join("include/jcsdk.h"), prefix.join("include/jcsdk.h"))?;
    for (from, to) in &layout.files {
        let to = prefix.join(to);
        fs::create_dir_all(to.parent().context("no folder")?)?;
        // The old library is removed first: writing over one that a process has loaded would crash that process.
        let _ = fs::remove_file(&to);
        fs::copy(built.join(from), &to).with_context(|| format!("{} was not installed", to.display()))?;
    }
    for (to, at) in &layout.links {
        link(to, &lib.join(at))?;
    }
    let licences = prefix.join("share/doc/jcsdk");
    fs::create_dir_all(&licences)?;
    fs::copy(top().join("LICENSE"), licences.join("LICENSE"))?;
    fs::write(licences.join("NOTICES.txt"), notices::read()?)?;
    for (path, template) in TEMPLATES {
        let path = lib.join(path);
        fs::create_dir_all(path.parent().context("no folder")?)?;
        let text = template
            .replace("@VERSION@", VERSION)
            .replace("@SHARED@", &layout.shared)
            .replace("@LINKED_AS@", &layout.linked_as)
            .replace("@STATIC@", layout.static_library)
            .replace("@SYSTEM_LIBRARIES@", layout.system_libraries);
        fs::write(path, text)?;
    }
    Ok(())
}

/// Where the files lie on one system.
struct Layout {
    /// The name in the build's folder, and the path below the prefix.
    files: Vec<(&'static str, String)>,
    /// What each link points to, and its name in lib.
    links: Vec<(String, String)>,
    shared: String,
    /// The property by which CMake links the shared one.
    linked_as: String,
    static_library: &'static str,
    /// What `rustc --print native-static-libs` says.
    system_libraries: &'static str,
}

impl Layout {
    fn of(target: &str) -> Result<Self> {
        let shared = if target.contains("linux") {
            format!("lib/libjcsdk.so.{VERSION}")
        } else if target.contains("apple") {
            format!("lib/{}", build::dylib())
        } else {
            "bin/jcsdk.dll".to_owned()
        };
        let to = |path: &str| path.to_owned();
        let (soname, dylib) = (build::soname(), build::dylib());
        let import = |library: &str| format!("IMPORTED_IMPLIB \"${{_jcsdk_prefix}}/lib/{library}\"");
        Ok(if target.contains("linux") {
            Self {
                files: vec![("libjcsdk.so", shared.clone()), ("libjcsdk.a", to("lib/libjcsdk.a"))],
                links: vec![
                    (format!("libjcsdk.so.{VERSION}"), soname.clone()),
                    (soname.clone(), to("libjcsdk.so")),
                ],
                shared,
                linked_as: format!("IMPORTED_SONAME \"{soname}\""),
                static_library: "libjcsdk.a",
                system_libraries: "-lgcc_s -lutil -lrt -lpthread -lm -ldl -lc",
            }
        } else if target.contains("apple") {
            Self {
                files: vec![("libjcsdk.dylib", shared.clone()), ("libjcsdk.a", to("lib/libjcsdk.a"))],
                links: vec![(dylib.clone(), to("libjcsdk.dylib"))],
                shared,
                linked_as: format!("IMPORTED_SONAME \"@rpath/{dylib}\""),
                static_library: "libjcsdk.a",
                system_libraries: "-framework Security -framework CoreFoundation -liconv -lSystem -lc -lm",
            }
        } else if target.ends_with("windows-gnu") {
            Self {
                files: vec![
                    ("jcsdk.dll", shared.clone()),
                    ("libjcsdk.dll.a", to("lib/libjcsdk.dll.a")),
                    ("libjcsdk.a", to("lib/libjcsdk.a")),
                ],
                links: Vec::new(),
                shared,
                linked_as: import("libjcsdk.dll.a"),
                static_library: "libjcsdk.a",
                system_libraries: "-lws2_32 -lcrypt32 -lbcrypt -ladvapi32 -luserenv -lntdll -lkernel32",
            }
        } else if target.ends_with("windows-msvc") {
            Self {
                files: vec![
                    ("jcsdk.dll", shared.clone()),
                    ("jcsdk.dll.lib", to("lib/jcsdk.lib")),
                    ("jcsdk.lib", to("lib/jcsdk_static.lib")),
                ],
                links: Vec::new(),
                shared,
                linked_as: import("jcsdk.lib"),
                static_library: "jcsdk_static.lib",
                system_libraries: "ws2_32 crypt32 bcrypt advapi32 userenv ntdll kernel32",
            }
        } else {
            bail!("there is no installed layout for {target}")
        })
    }
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

/// Where a program finds what is installed at run time.
pub fn loaded_from(prefix: &Path) -> PathBuf {
    prefix.join(if cfg!(windows) { "bin" } else { "lib" })
}

/// The shared library of this system, for programs that load it by its path.
pub fn shared(prefix: &Path) -> Result<PathBuf> {
    Ok(prefix.join(Layout::of(&natives::host()?)?.shared))
}

/// Installs into a folder for the tests, and returns it.
pub fn for_tests() -> Result<PathBuf> {
    let prefix = target().join("install");
    install(&prefix, None)?;
    Ok(prefix)
}

/// Builds a C program with each tool from the installed files alone. It then has to reset users.
pub fn run() -> Result<Sum> {
    let prefix = for_tests()?;
    let mut sum = Sum::default();
    for (tool, build) in
        [("pkg-config", pkg_config as fn(&Path, &Path, bool) -> Result<PathBuf>), ("cmake", cmake)]
    {
        if cfg!(target_env = "msvc") && tool == "pkg-config" {
            println!("SKIPPED: Visual Studio's compiler does not take what pkg-config says");
            continue;
        }
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
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        println!("SKIPPED: the ABI is recorded for Linux on x86-64 only");
        return Ok(sum);
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
    let program = out.join("reset");
    let mut compile = Command::new("cc");
    compile.arg(source()).args(flags(prefix, is_static)?).arg("-o").arg(&program);
    succeed("the compilation with pkg-config's flags", &mut compile)?;
    Ok(program)
}

/// The compiler's flags according to pkg-config.
pub fn flags(prefix: &Path, is_static: bool) -> Result<Vec<String>> {
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
    Ok(flags.split_whitespace().map(str::to_owned).collect())
}

fn cmake(prefix: &Path, out: &Path, is_static: bool) -> Result<PathBuf> {
    with_cmake(prefix, out, is_static, &source(), &[])
}

/// Builds the one source with what the installed files tell CMake.
pub fn with_cmake(
    prefix: &Path,
    out: &Path,
    is_static: bool,
    source: &Path,
    options: &[&str],
) -> Result<PathBuf> {
    let library = if is_static { "static" } else { "jcsdk" };
    let project = format!(
        "cmake_minimum_required(VERSION 3.13)\nproject(reset C)\nfind_package(jcsdk {VERSION} REQUIRED)\n\
         add_executable(reset \"{}\")\ntarget_link_libraries(reset PRIVATE jcsdk::{library})\n",
        source.display().to_string().replace('\\', "/")
    );
    fs::write(out.join("CMakeLists.txt"), project)?;
    let build = out.join("build");
    let mut configure = Command::new("cmake");
    configure.arg("-S").arg(out).arg("-B").arg(&build).args(options);
    configure.arg(format!("-DCMAKE_PREFIX_PATH={}", prefix.display()));
    configure.args([
        "-DCMAKE_BUILD_TYPE=Release".to_owned(),
        format!("-DCMAKE_RUNTIME_OUTPUT_DIRECTORY_RELEASE={}", build.display()),
    ]);
    succeed("cmake", configure.stdout(Stdio::null()))?;
    let mut make = Command::new("cmake");
    make.arg("--build").arg(&build).args(["--config", "Release"]);
    succeed("cmake --build", make.stdout(Stdio::null()))?;
    Ok(build.join(format!("reset{}", env::consts::EXE_SUFFIX)))
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
        finds_library(&mut command, &loaded_from(prefix));
    }
    let output = command.output().context("the program could not be started")?;
    let resets = simulator.stats().resets;
    let why = format!("{}, {resets} users reset: {}", output.status, String::from_utf8_lossy(&output.stderr));
    Ok(Sum::one(output.status.success() && resets == 3, &format!("a program built with {way}"), &why))
}
