//! A C compiler, for this system or for another, and where a program finds the library.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::workspace::top;

pub enum Compiler {
    /// Called as gcc is.
    Gnu(&'static str),
    Msvc,
}

impl Compiler {
    pub fn of_this_system() -> Self {
        if cfg!(target_env = "msvc") { Self::Msvc } else { Self::Gnu("cc") }
    }

    /// Compiles a C11 program, with every warning of gcc or clang an error. The folder is that of a library to link.
    pub fn compile(&self, source: &Path, program: &Path, library: Option<&Path>) -> Result<Command> {
        let include = top().join("include");
        let mut command = match self {
            Self::Gnu(compiler) => {
                let mut command = Command::new(compiler);
                command.args(["-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-pedantic"]);
                command.arg("-I").arg(include).arg(source).arg("-o").arg(program);
                if let Some(library) = library {
                    command.arg("-L").arg(library).arg("-ljcsdk");
                }
                let is_mingw = compiler.contains("mingw");
                command.args(if is_mingw { &["-lws2_32"][..] } else { &["-pthread", "-ldl"] });
                command
            }
            Self::Msvc => {
                let mut command = msvc()?;
                command.args(["/nologo", "/std:c11", "/utf-8", "/W3", "/D_CRT_SECURE_NO_WARNINGS", "/I"]);
                command.arg(include).arg(source).arg(joined("/Fe:", program));
                command.arg(joined("/Fo:", &program.with_extension("obj"))).args(["/link", "ws2_32.lib"]);
                command.args(library.map(|library| library.join("jcsdk.lib")));
                command
            }
        };
        command.current_dir(top());
        Ok(command)
    }

    /// The path of a program that is compiled, with the system's extension.
    pub fn program(&self, path: PathBuf) -> PathBuf {
        match self {
            Self::Gnu(compiler) if !compiler.contains("mingw") => path,
            _ => path.with_extension("exe"),
        }
    }
}

fn joined(option: &str, path: &Path) -> OsString {
    [OsStr::new(option), path.as_os_str()].into_iter().collect()
}

#[cfg(windows)]
fn msvc() -> Result<Command> {
    find_msvc_tools::find(env::consts::ARCH, "cl.exe").context("Visual Studio's C compiler was not found")
}

#[cfg(not(windows))]
fn msvc() -> Result<Command> {
    None.context("Visual Studio's C compiler is on Windows only")
}

/// The program finds the library in this folder.
pub fn finds_library(command: &mut Command, folder: &Path) {
    let variable = if cfg!(windows) {
        "PATH"
    } else if cfg!(target_os = "macos") {
        "DYLD_LIBRARY_PATH"
    } else {
        "LD_LIBRARY_PATH"
    };
    let others = env::var_os(variable).filter(|_| cfg!(windows));
    let folders = [folder.to_owned()].into_iter().chain(others.iter().flat_map(env::split_paths));
    command.env(variable, env::join_paths(folders).unwrap_or_else(|_| folder.into()));
}
