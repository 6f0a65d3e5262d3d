//! The toolchain says the same of an annotated function as of the bare one: the warnings of rustc
//! and clippy, and what source-based coverage counts. Each test writes packages and has cargo build
//! them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

mod coverage;
mod lints;

/// The attributes by which a source of this folder replaces `//@ sync` and `//@ async`.
struct Policies {
    name: &'static str,
    sync: &'static str,
    asynchronous: &'static str,
}

const BARE: Policies = Policies {
    name: "bare",
    sync: "",
    asynchronous: "",
};

const ANNOTATED: [Policies; 6] = [
    Policies {
        name: "retried",
        sync: "#[resilience::retry]",
        asynchronous: "#[resilience::retry]",
    },
    Policies {
        name: "guarded",
        sync: "#[resilience::circuit_breaker]",
        asynchronous: "#[resilience::circuit_breaker]",
    },
    Policies {
        name: "timed",
        sync: "#[resilience::timeout(1h, mode = cooperative)]",
        asynchronous: "#[resilience::timeout(1h)]",
    },
    Policies {
        name: "stacked",
        sync: "#[resilience::retry] #[resilience::circuit_breaker] #[resilience::timeout(1h, mode = cooperative)]",
        asynchronous: "#[resilience::retry] #[resilience::circuit_breaker] #[resilience::timeout(1h)]",
    },
    Policies {
        name: "keyed",
        sync: "#[resilience::retry] #[resilience::circuit_breaker(key = module_path!())]",
        asynchronous: "#[resilience::retry] #[resilience::circuit_breaker(key = module_path!())]",
    },
    Policies {
        name: "repeated",
        sync: "#[resilience::retry] #[resilience::circuit_breaker(name = \"outer\")] #[resilience::retry] \
               #[resilience::circuit_breaker(name = \"inner\")] #[resilience::timeout(1h, mode = cooperative)]",
        asynchronous: "#[resilience::timeout(2h)] #[resilience::retry] #[resilience::circuit_breaker(name = \"outer\")] \
                       #[resilience::circuit_breaker(name = \"inner\")] #[resilience::timeout(1h)]",
    },
];

/// A package of this source, under the build folder.
fn package(test: &str, policies: &Policies, source: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(test)
        .join(policies.name);
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let runtime = workspace.join("resilience-runtime");
    let manifest = format!(
        "[package]\nname = \"{}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n\
         resilience = {{ package = \"resilience-runtime\", path = '{}' }}\n\n[workspace]\n",
        policies.name,
        runtime.display()
    );
    let annotated = source
        .replace("//@ sync", policies.sync)
        .replace("//@ async", policies.asynchronous);
    fs::create_dir_all(folder.join("src")).expect("writable");
    fs::write(folder.join("Cargo.toml"), manifest).expect("writable");
    fs::write(folder.join("src/lib.rs"), annotated).expect("writable");
    fs::copy(workspace.join("Cargo.lock"), folder.join("Cargo.lock")).expect("a lock file");
    folder
}

/// Runs cargo in the package. All packages of a test share a build folder.
fn cargo(package: &Path, arguments: &[&str]) -> Output {
    let target = package.parent().expect("the test's folder").join("target");
    Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(package)
        .env("CARGO_TARGET_DIR", target)
        .env_remove("RUSTFLAGS")
        .env_remove("CLIPPY_ARGS")
        .output()
        .expect("cargo runs")
}
