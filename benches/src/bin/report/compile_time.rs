//! What the attributes cost at compile time: crates made for the purpose, built from nothing and built again.

use std::{
    error::Error,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

/// Enough that a function is more than the noise of a build.
const FUNCTIONS: u32 = 100;

/// Builds of one crate; the fastest counts.
const BUILDS: usize = 2;

/// Seconds to build a crate that has only the dependency, from nothing, with what it depends on itself.
pub(crate) struct Dependency {
    pub(crate) ours: f64,
    pub(crate) tower: f64,
}

/// Milliseconds of a release build for each function.
pub(crate) struct PerFunction {
    pub(crate) plain: f64,
    pub(crate) ours: f64,
    pub(crate) instrument: f64,
}

pub(crate) fn dependency() -> Result<Dependency, Box<dyn Error>> {
    let clean = |name, dependencies: &str| -> Result<f64, Box<dyn Error>> {
        let project = Project::new(name, dependencies)?;
        project.write("")?;
        // Downloads are no part of a build.
        project.cargo(&["fetch"])?;
        project.best(|project| project.cargo(&["clean"]))
    };
    Ok(Dependency { ours: clean("clean_ours", &ours())?, tower: clean("clean_tower", TOWER)? })
}

pub(crate) fn per_function() -> Result<PerFunction, Box<dyn Error>> {
    let ours = milliseconds("functions_ours", &ours(), OUR_ATTRIBUTES, OUR_ERROR)?;
    let instrument = milliseconds("functions_instrument", TRACING, "#[tracing::instrument]", PLAIN_ERROR)?;
    let plain = milliseconds("functions_plain", "", "", PLAIN_ERROR)?;
    Ok(PerFunction { plain, ours, instrument })
}

const TOWER: &str = r#"tower = "0.5"
tower-resilience-circuitbreaker = "0.14"
tower-resilience-retry = "0.14"
tower-resilience-timelimiter = "0.14""#;

const TRACING: &str = r#"tracing = "0.1""#;

const OUR_ATTRIBUTES: &str = "#[resilience::retry] #[resilience::circuit_breaker] #[resilience::timeout(5s)]";

const PLAIN_ERROR: &str = "#[derive(Debug)] pub enum Error { Failed }";

const OUR_ERROR: &str = "#[derive(Debug)] pub enum Error { \
     Failed, Open(resilience::CircuitOpen), Late(resilience::TimedOut) }
     impl From<resilience::CircuitOpen> for Error { \
     fn from(open: resilience::CircuitOpen) -> Self { Self::Open(open) } }
     impl From<resilience::TimedOut> for Error { \
     fn from(late: resilience::TimedOut) -> Self { Self::Late(late) } }";

fn ours() -> String {
    let runtime = concat!(env!("CARGO_MANIFEST_DIR"), "/../resilience-runtime");
    format!("resilience = {{ package = \"resilience-runtime\", path = {runtime:?} }}")
}

/// The difference between a crate with the functions and one without, for each of them.
fn milliseconds(name: &str, dependencies: &str, attributes: &str, error: &str) -> Result<f64, Box<dyn Error>> {
    let project = Project::new(name, dependencies)?;
    let touch = |functions: u32| {
        let source = functions_of(functions, attributes, error);
        move |project: &Project| project.write(&source)
    };
    touch(0)(&project)?;
    project.cargo(&["build", "--release"])?;
    let without = project.best(touch(0))?;
    let with = project.best(touch(FUNCTIONS))?;
    Ok((with - without) * 1e3 / f64::from(FUNCTIONS))
}

/// A library of async functions that two more are awaited in, boxed so that all are compiled and none is inlined.
fn functions_of(count: u32, attributes: &str, error: &str) -> String {
    let mut source = format!(
        "use std::{{future::Future, pin::Pin}};
        {error}
        #[inline(never)] pub async fn get(n: u64) -> Result<u64, Error> {{
            if n == 0 {{ Err(Error::Failed) }} else {{ Ok(n) }}
        }}
        "
    );
    let mut calls = String::new();
    for function in 0..count {
        let _ = write!(
            source,
            "{attributes} pub async fn f{function}(n: u64) -> Result<u64, Error> {{
                let first = get(n + {function}).await?; get(first * 2).await
            }}\n"
        );
        let _ = writeln!(calls, "futures.push(Box::pin(f{function}(n)));");
    }
    let _ = write!(
        source,
        "pub fn all(futures: &mut Vec<Pin<Box<dyn Future<Output = Result<u64, Error>>>>>, n: u64) {{
            let _ = (&futures, n); {calls}
        }}"
    );
    source
}

/// A crate outside of the workspace, with a target folder of its own.
struct Project {
    folder: PathBuf,
}

impl Project {
    fn new(name: &str, dependencies: &str) -> Result<Self, Box<dyn Error>> {
        let target = std::env::current_exe()?;
        let target = target.ancestors().nth(2).ok_or("the program lies in no target folder")?;
        let folder = target.join("compile_time").join(name);
        fs::create_dir_all(folder.join("src"))?;
        // The versions that the rest of the report is about.
        let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
        fs::copy(lock, folder.join("Cargo.lock"))?;
        let manifest = format!(
            "[workspace]\n[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[dependencies]\n{dependencies}\n"
        );
        fs::write(folder.join("Cargo.toml"), manifest)?;
        Ok(Self { folder })
    }

    fn write(&self, source: &str) -> Result<(), Box<dyn Error>> {
        Ok(fs::write(self.folder.join("src/lib.rs"), source)?)
    }

    /// The seconds of the fastest release build, each after `prepare`.
    fn best(&self, prepare: impl Fn(&Self) -> Result<(), Box<dyn Error>>) -> Result<f64, Box<dyn Error>> {
        let mut best = f64::INFINITY;
        for _ in 0..BUILDS {
            prepare(self)?;
            let start = Instant::now();
            self.cargo(&["build", "--release"])?;
            best = best.min(start.elapsed().as_secs_f64());
        }
        Ok(best)
    }

    fn cargo(&self, arguments: &[&str]) -> Result<(), Box<dyn Error>> {
        let output = Command::new("cargo")
            .args(arguments)
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", self.folder.join("target"))
            .output()?;
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into()) }
    }
}
