//! The native libraries of all systems, each where the package takes it from: out/runtimes/<rid>/native/. Those for
//! which this machine has the tools are built. Those for macOS are only compiled, as a check, where they cannot be
//! linked.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::library;
use crate::program::is_installed;
use crate::workspace::{forget_xtask, succeed, target, top};

pub struct Native {
    /// The name that .NET gives to the system and processor.
    pub rid: &'static str,
    /// Rust's targets: first the one for a build on the system itself, then the one for a build elsewhere.
    pub targets: &'static [&'static str],
    pub file: &'static str,
}

impl Native {
    pub fn has(&self, target: &str) -> bool {
        self.targets.contains(&target)
    }
}

pub const NATIVES: [Native; 8] = [
    Native {
        rid: "win-x64",
        targets: &["x86_64-pc-windows-msvc", "x86_64-pc-windows-gnu"],
        file: "jcsdk.dll",
    },
    Native {
        rid: "win-arm64",
        targets: &["aarch64-pc-windows-msvc", "aarch64-pc-windows-gnullvm"],
        file: "jcsdk.dll",
    },
    Native { rid: "linux-x64", targets: &["x86_64-unknown-linux-gnu"], file: "libjcsdk.so" },
    Native { rid: "linux-arm64", targets: &["aarch64-unknown-linux-gnu"], file: "libjcsdk.so" },
    Native { rid: "linux-musl-x64", targets: &["x86_64-unknown-linux-musl"], file: "libjcsdk.so" },
    Native { rid: "linux-musl-arm64", targets: &["aarch64-unknown-linux-musl"], file: "libjcsdk.so" },
    Native { rid: "osx-x64", targets: &["x86_64-apple-darwin"], file: "libjcsdk.dylib" },
    Native { rid: "osx-arm64", targets: &["aarch64-apple-darwin"], file: "libjcsdk.dylib" },
];

#[derive(Clone, Copy, PartialEq)]
pub enum Profile {
    Debug,
    Release,
}

/// The libraries that this machine can build, or the one that is asked for by its rid.
pub fn run(only: Option<&str>, twice: bool) -> Result<()> {
    let wanted: Vec<_> = NATIVES.iter().filter(|native| only.is_none_or(|rid| rid == native.rid)).collect();
    ensure!(!wanted.is_empty(), "--target is one of {}", NATIVES.map(|native| native.rid).join(", "));
    let mut failed = Vec::new();
    for native in wanted {
        let done = match Recipe::of(native) {
            Ok(recipe) if recipe.not_linked.is_none() => ship(native, &recipe, twice),
            Ok(recipe) => recipe.cargo(top(), &target().join("natives"), "jcsdk", Profile::Debug).and_then(
                |mut check| {
                    succeed("the check", &mut check)?;
                    Ok(format!("compiles; NOT built: {}", recipe.not_linked.unwrap_or_default()))
                },
            ),
            Err(why) if only.is_none() => Ok(format!("NOT built: {why:#}")),
            Err(why) => Err(why),
        };
        match done {
            Ok(what) => println!("{}: {what}", native.rid),
            Err(error) => {
                println!("{}: {error:#}", native.rid);
                failed.push(native.rid);
            }
        }
    }
    ensure!(failed.is_empty(), "not built as they should be: {}", failed.join(", "));
    Ok(())
}

pub fn find(rid: &str) -> Result<&'static Native> {
    NATIVES.iter().find(|native| native.rid == rid).with_context(|| format!("there is no system {rid}"))
}

/// Builds the library that is shipped, and inspects it.
fn ship(native: &Native, recipe: &Recipe, twice: bool) -> Result<String> {
    let built = recipe.build(native, Profile::Release)?;
    let bytes = fs::read(&built)?;
    let facts = library::look_through(&bytes, &recipe.folders(top(), &target())?)?;
    if twice {
        let elsewhere = recipe.build_elsewhere(native)?;
        if bytes != elsewhere {
            let other = built.with_extension("elsewhere");
            fs::write(&other, elsewhere)?;
            bail!("built in another folder, it has other bytes: {} and {}", built.display(), other.display());
        }
    }
    let shipped = place(native);
    fs::create_dir_all(shipped.parent().context("no folder")?)?;
    if fs::read(&shipped).ok().as_ref() != Some(&bytes) {
        // The notes are about the library that was there before.
        let _ = fs::remove_file(notes(native));
        // Writing over a library that a process has loaded would crash that process.
        let _ = fs::remove_file(&shipped);
        fs::write(&shipped, &bytes)?;
    }
    let size = bytes.len() as f64 / 1e6;
    Ok(format!("{size:.1} MB, {facts}{}", if twice { ", the same bytes from another folder" } else { "" }))
}

/// Where the package takes the library from.
pub fn place(native: &Native) -> PathBuf {
    top().join("out/runtimes").join(native.rid).join("native").join(native.file)
}

/// A file with a line for each test run of the library. It lies beside the library's folder, which is packed whole.
pub fn notes(native: &Native) -> PathBuf {
    top().join("out/runtimes").join(native.rid).join("tested.txt")
}

/// The library as it is shipped, built now.
pub fn shipped(native: &Native) -> Result<PathBuf> {
    ship(native, &Recipe::of(native)?, false)?;
    Ok(place(native))
}

/// How this machine builds for a system.
pub struct Recipe {
    pub target: &'static str,
    /// The target's standard library is built from its sources, by the cargo that `JCSDK_STD_CARGO` names.
    std_cargo: Option<PathBuf>,
    /// Builds with cargo-zigbuild, which has zig as C compiler and linker.
    zig: bool,
    /// Why it is only compiled, as a check, and not linked.
    not_linked: Option<&'static str>,
}

impl Recipe {
    /// The error says what this machine lacks.
    pub fn of(native: &Native) -> Result<Self> {
        let mut why = Vec::new();
        for &target in native.targets {
            match Self::with(target) {
                Ok(recipe) => return Ok(recipe),
                Err(error) => why.push(format!("{target}: {error}")),
            }
        }
        bail!(why.join("; "))
    }

    fn with(target: &'static str) -> Result<Self> {
        let (zig, not_linked) = if target == host()?
            && !(target.contains("linux") && is_installed("cargo-zigbuild"))
        {
            (false, None)
        } else if target.ends_with("windows-msvc") || (target.contains("apple") && cfg!(target_os = "macos"))
        {
            ensure!(target.contains(env::consts::OS), "it is for Windows itself");
            (false, None)
        } else if target.ends_with("windows-gnu") {
            ensure!(is_installed("x86_64-w64-mingw32-gcc"), "there is no x86_64-w64-mingw32-gcc");
            (false, None)
        } else {
            ensure!(is_installed("cargo-zigbuild"), "there is no cargo-zigbuild");
            let why = if target.contains("apple") {
                Some("to link it takes Apple's frameworks")
            } else {
                target
                    .ends_with("gnullvm")
                    .then_some("with zig it would export every symbol, not just the header's")
            };
            (true, why)
        };
        let std_cargo = if has_std(target)? {
            None
        } else {
            let cargo = env::var_os("JCSDK_STD_CARGO").filter(|cargo| !cargo.is_empty());
            let cargo = cargo.with_context(|| {
                format!(
                    "there is no standard library for it: rustup target add {target}, or set JCSDK_STD_CARGO"
                )
            })?;
            Some(PathBuf::from(cargo))
        };
        Ok(Self { target, std_cargo, zig, not_linked })
    }

    /// Builds into a folder of its own, which later builds use again.
    pub fn build(&self, native: &Native, profile: Profile) -> Result<PathBuf> {
        self.build_in(native, top(), &target().join("natives"), profile)
    }

    /// The simulator as a program of that system, for the module's tests there.
    pub fn simulator(&self) -> Result<PathBuf> {
        let target = target().join("natives");
        let mut build = self.cargo(top(), &target, "simulator", Profile::Debug)?;
        succeed("the simulator's build", &mut build)?;
        let name = if self.target.contains("windows") { "simulator.exe" } else { "simulator" };
        Ok(self.folder(&target, Profile::Debug).join(name))
    }

    fn build_in(&self, native: &Native, top: &Path, target: &Path, profile: Profile) -> Result<PathBuf> {
        succeed("the build", &mut self.cargo(top, target, "jcsdk", profile)?)?;
        Ok(self.folder(target, profile).join(native.file))
    }

    /// Where cargo puts what it builds.
    pub fn folder(&self, target: &Path, profile: Profile) -> PathBuf {
        target.join(self.target).join(if profile == Profile::Release { "release" } else { "debug" })
    }

    /// Builds in other folders and returns the library's bytes.
    fn build_elsewhere(&self, native: &Native) -> Result<Vec<u8>> {
        let elsewhere = env::temp_dir().join(format!("jcsdk-elsewhere-{}", std::process::id()));
        copy_sources(top(), &elsewhere)?;
        let target = elsewhere.join("target");
        let bytes = self
            .build_in(native, &elsewhere, &target, Profile::Release)
            .and_then(|built| Ok(fs::read(built)?));
        fs::remove_dir_all(&elsewhere)?;
        bytes
    }

    /// The command that builds, or compiles, the library of these sources.
    fn cargo(&self, top: &Path, target: &Path, package: &str, profile: Profile) -> Result<Command> {
        let cargo = self.std_cargo.clone().unwrap_or_else(|| env!("CARGO").into());
        let mut command = if self.zig { Command::new("cargo-zigbuild") } else { Command::new(&cargo) };
        command.current_dir(top).env("CARGO_TARGET_DIR", target);
        forget_xtask(&mut command);
        // Otherwise rustup would choose a toolchain for each crate.
        command.env("CARGO", &cargo).env("RUSTC", self.rustc());
        command.arg(match (self.zig, self.not_linked) {
            (_, Some(_)) => "check",
            (true, None) => "zigbuild",
            (false, None) => "build",
        });
        // zig can link for glibc 2.17, of 2012, so that the library loads on old systems too.
        let glibc = if self.zig && self.target.ends_with("linux-gnu") { ".2.17" } else { "" };
        command.args(["--quiet", "-p", package, "--target", &format!("{}{glibc}", self.target)]);
        if profile == Profile::Release {
            command.arg("--release");
        }
        if self.std_cargo.is_some() {
            command.arg("-Zbuild-std=std,panic_unwind").env("RUSTC_BOOTSTRAP", "1");
            // rustup has set these for its own toolchain.
            for name in ["RUSTUP_TOOLCHAIN", "RUSTC_WRAPPER", "LD_LIBRARY_PATH"] {
                command.env_remove(name);
            }
        }
        let folders = if profile == Profile::Release { self.folders(top, target)? } else { Vec::new() };
        command
            .env("CARGO_ENCODED_RUSTFLAGS", self.rust_flags(&folders).join("\u{1f}"))
            .env_remove("RUSTFLAGS");
        let maps = folders.iter().map(|(from, to)| format!("-ffile-prefix-map={}={to}", from.display()));
        if !self.target.ends_with("msvc") {
            command.env("CC_SHELL_ESCAPED_FLAGS", "1");
            command.env(
                format!("CFLAGS_{}", self.target.replace('-', "_")),
                maps.map(|map| format!("'{map}'")).collect::<Vec<_>>().join(" "),
            );
        }
        Ok(command)
    }

    fn rustc(&self) -> PathBuf {
        let rustc = format!("rustc{}", env::consts::EXE_SUFFIX);
        self.std_cargo.as_ref().unwrap_or(&PathBuf::from(env!("CARGO"))).with_file_name(rustc)
    }

    fn rust_flags(&self, folders: &[(PathBuf, String)]) -> Vec<String> {
        let mut flags: Vec<_> =
            folders.iter().map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display())).collect();
        if self.target.ends_with("musl") {
            flags.push("-Ctarget-feature=-crt-static".to_owned()); // a shared library needs the system's C library
        }
        if self.target.ends_with("msvc") {
            flags.push("-Ctarget-feature=+crt-static".to_owned()); // vcruntime140.dll is not on every Windows
        }
        flags
    }

    /// The build's folders, and what the shipped library names in their place. The last one that fits is used.
    fn folders(&self, top: &Path, target: &Path) -> Result<Vec<(PathBuf, String)>> {
        let mut folders =
            vec![(top.to_owned(), "/jcsdk".to_owned()), (target.to_owned(), "/target".to_owned())];
        let home = env::var_os("CARGO_HOME").map(PathBuf::from);
        let home =
            home.or_else(|| env::home_dir().map(|home| home.join(".cargo"))).context("no home folder")?;
        for registry in fs::read_dir(home.join("registry/src"))? {
            folders.push((registry?.path(), "/registry".to_owned()));
        }
        let sysroot = output(Command::new(self.rustc()).args(["--print", "sysroot"]))?;
        let std = Path::new(&sysroot).join("lib/rustlib/src/rust");
        folders.extend(fs::canonicalize(&std).map(|real| (real, "/rust".to_owned())));
        folders.push((std, "/rust".to_owned()));
        Ok(folders)
    }
}

/// Whether the toolchain that runs this has the target's standard library.
fn has_std(target: &str) -> Result<bool> {
    let libraries = output(Command::new(rustc()).args(["--print", "target-libdir", "--target", target]))?;
    let Ok(mut files) = fs::read_dir(libraries) else { return Ok(false) };
    Ok(files.any(|file| file.is_ok_and(|file| file.file_name().to_string_lossy().starts_with("libstd-"))))
}

pub fn host() -> Result<String> {
    let version = output(Command::new(rustc()).arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc names no host")?.to_owned())
}

fn rustc() -> PathBuf {
    Path::new(env!("CARGO")).with_file_name(format!("rustc{}", env::consts::EXE_SUFFIX))
}

fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("{command:?} could not be started"))?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// Copies the sources, without build outputs and git's own folder.
fn copy_sources(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        if ["target", "out", ".git", "node_modules"].iter().any(|&built| name == built) {
            continue;
        }
        let to = to.join(&name);
        if entry.file_type()?.is_dir() {
            copy_sources(&entry.path(), &to)?;
        } else {
            fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}
