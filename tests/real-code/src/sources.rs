//! The sources of the sample, as cargo fetches them from the registry.

use std::{
    collections::HashMap,
    error::Error,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde::Deserialize;

use crate::{cargo, sample::Sample};

/// The folder of each crate's source, by its name: cargo downloads the dependencies of a package
/// that depends on the whole sample. Starting from this repository's lock file keeps the versions
/// that both have in common.
pub(crate) fn fetch(
    root: &Path,
    samples: &[Sample],
) -> Result<HashMap<String, PathBuf>, Box<dyn Error>> {
    #[derive(Deserialize)]
    struct Metadata {
        packages: Vec<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
        version: String,
        manifest_path: PathBuf,
    }
    let folder = root.join("sources");
    fs::create_dir_all(folder.join("src"))?;
    fs::write(folder.join("src/lib.rs"), "")?;
    fs::copy(repository().join("Cargo.lock"), folder.join("Cargo.lock"))?;
    let mut manifest =
        "[package]\nname = \"sources\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[dependencies]\n"
            .to_owned();
    for sample in samples {
        let Sample {
            name,
            version,
            features,
            ..
        } = sample;
        writeln!(
            manifest,
            "{name} = {{ version = \"={version}\", features = {features:?} }}"
        )?;
    }
    manifest.push_str(&runtime_dependency());
    let manifest_path = folder.join("Cargo.toml");
    fs::write(&manifest_path, manifest)?;
    let output = cargo::command(root)
        .args(["metadata", "--format-version", "1", "--filter-platform"])
        .arg(host()?)
        .arg("--manifest-path")
        .arg(&manifest_path)
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let metadata: Metadata = serde_json::from_slice(&output.stdout)?;
    let mut folders = HashMap::new();
    for package in metadata.packages {
        let wanted = |sample: &&Sample| {
            sample.name == package.name && sample.version == version_without_build(&package.version)
        };
        if let (Some(sample), Some(folder)) =
            (samples.iter().find(wanted), package.manifest_path.parent())
        {
            folders.insert(sample.name.to_owned(), folder.to_owned());
        }
    }
    Ok(folders)
}

/// Copies the crate, makes it a workspace of its own and adds the runtime to what it depends on.
/// Err says why the crate cannot be taken.
pub(crate) fn copy(root: &Path, source: &Path, name: &str) -> Result<PathBuf, Box<dyn Error>> {
    let manifest = fs::read_to_string(source.join("Cargo.toml"))?;
    if !manifest.contains("\nedition = \"20") || manifest.contains("\nedition = \"2015\"") {
        return Err(
            "it is written in the 2015 edition, in which `::resilience` is no crate".into(),
        );
    }
    let folder = root.join("crates").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    copy_folder(source, &folder)?;
    fs::write(folder.join("Cargo.toml"), manifest + &runtime_dependency())?;
    fs::copy(root.join("sources/Cargo.lock"), folder.join("Cargo.lock"))?;
    Ok(folder)
}

/// The Rust files below the folder, in a fixed order.
pub(crate) fn rust_files(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut entries = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()?;
    entries.sort();
    let mut files = Vec::new();
    for path in entries {
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(files)
}

pub(crate) fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// This text is appended to a manifest, so that it becomes a workspace of its own that depends on
/// the runtime.
fn runtime_dependency() -> String {
    let path = repository().join("resilience-runtime");
    let path = path.display();
    format!(
        "\n[workspace]\n[dependencies.resilience]\npackage = \"resilience-runtime\"\npath = '{path}'\n"
    )
}

fn version_without_build(version: &str) -> &str {
    version.split('+').next().unwrap_or(version)
}

fn host() -> Result<String, Box<dyn Error>> {
    let output = Command::new("rustc").arg("-vV").output()?;
    let text = String::from_utf8(output.stdout)?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.ok_or("rustc does not name its host")?.to_owned())
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
