//! A sysroot without std's sources for the compiler that checks the cases.
//!
//! rustc prints lines of std's source below a path of std if the component `rust-src` is installed, and the path alone
//! if it is not. The goldens would therefore be right on one of the two machines only, and rust-analyzer installs the
//! component. rustc looks for the sources in its sysroot, so it is given a sysroot that has std's libraries and nothing
//! else.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

/// Makes the sysroot and tells the cargo that trybuild starts to use it.
///
/// Trybuild takes neither flags nor variables for the compiler, but its cargo reads the configuration files of the
/// folders above the project that trybuild generates, and joins the flags there with the flags of trybuild.
pub(crate) fn hide_sources_of_std() -> io::Result<()> {
    let trybuild = target_folder()?.join("tests/trybuild");
    let toolchain = PathBuf::from(output("rustc", &["--print", "sysroot"])?.trim());
    let sysroot = trybuild.join("sysroot").join(version()?);
    link_libraries(&toolchain, &sysroot)?;
    let configuration = format!(
        "[target.'cfg(all())']\nrustflags = ['--sysroot', '{}']\n",
        sysroot.display()
    );
    let file = trybuild.join(".cargo/config.toml");
    fs::create_dir_all(trybuild.join(".cargo"))?;
    fs::write(file, configuration)
}

/// The target folder that trybuild uses: `--target-dir` does not change it, `CARGO_TARGET_DIR` does.
fn target_folder() -> io::Result<PathBuf> {
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let metadata = output(&cargo, &["metadata", "--no-deps", "--format-version=1"])?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    let folder = metadata["target_directory"].as_str();
    Ok(PathBuf::from(folder.ok_or(io::ErrorKind::NotFound)?))
}

/// The compiler's version and commit, because the libraries of one build of the compiler are not those of another.
fn version() -> io::Result<String> {
    let version = output("rustc", &["--verbose", "--version"])?;
    let field = |name| {
        version
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap_or("unknown")
    };
    Ok(format!("{}-{}", field("release: "), field("commit-hash: ")))
}

/// Links `lib/rustlib/<target>/lib` of every installed target, or copies it where the file system cannot link.
fn link_libraries(toolchain: &Path, sysroot: &Path) -> io::Result<()> {
    for target in fs::read_dir(toolchain.join("lib/rustlib"))? {
        let from = target?.path().join("lib");
        if !from.is_dir() {
            continue;
        }
        let to = sysroot.join(from.strip_prefix(toolchain).expect("inside"));
        fs::create_dir_all(&to)?;
        for library in fs::read_dir(from)? {
            let library = library?;
            let copy = to.join(library.file_name());
            if library.file_type()?.is_file() && !copy.exists() {
                link(&library.path(), &copy)?;
            }
        }
    }
    Ok(())
}

/// Links under a name of its own first, so that an interrupted copy is never taken for the whole library.
fn link(from: &Path, to: &Path) -> io::Result<()> {
    if fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    let unfinished = to.with_extension("unfinished");
    fs::copy(from, &unfinished)?;
    fs::rename(unfinished, to)
}

fn output(program: &str, arguments: &[&str]) -> io::Result<String> {
    let output = Command::new(program).args(arguments).output()?;
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr);
        return Err(io::Error::other(format!(
            "{program} {arguments:?}: {error}"
        )));
    }
    String::from_utf8(output.stdout).map_err(io::Error::other)
}
