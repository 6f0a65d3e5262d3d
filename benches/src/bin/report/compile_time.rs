//! Measures the compile time of the attributes: it makes crates, builds them from nothing and
//! builds them again.

use std::{
    error::Error,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

/// With this many functions, one of them is more than the noise of a build.
const FUNCTIONS: u32 = 100;

const PER_MODULE: usize = 10;

/// Each crate is built this many times, and the fastest build counts.
const BUILDS: usize = 3;

/// The seconds of a clean build of a crate that has nothing but the dependency, with the
/// dependencies of that one.
pub(crate) struct Dependency {
    pub(crate) ours: f64,
    pub(crate) tower: f64,
}

/// The milliseconds of a release build for each function.
pub(crate) struct PerFunction {
    pub(crate) plain: f64,
    pub(crate) ours: f64,
    pub(crate) instrument: f64,
}

pub(crate) fn dependency() -> Result<Dependency, Box<dyn Error>> {
    let projects = [
        Project::new("clean_ours", &ours())?,
        Project::new("clean_tower", TOWER)?,
    ];
    for project in &projects {
        project.write("")?;
        // Downloads do not count as a part of a build.
        project.cargo(&["fetch"])?;
    }
    let [ours, tower] = best(
        &projects
            .each_ref()
            .map(|project| (project, || project.cargo(&["clean"]))),
    )?;
    Ok(Dependency { ours, tower })
}

pub(crate) fn per_function() -> Result<PerFunction, Box<dyn Error>> {
    let kinds = [
        (
            Project::new("functions_ours", &ours())?,
            OUR_ATTRIBUTES,
            OUR_ERROR,
        ),
        (
            Project::new("functions_instrument", TRACING)?,
            "#[tracing::instrument]",
            PLAIN_ERROR,
        ),
        (Project::new("functions_plain", "")?, "", PLAIN_ERROR),
    ];
    let build = |functions: u32| {
        best(&kinds.each_ref().map(|(project, attributes, error)| {
            (project, move || {
                project.write(&functions_of(functions, attributes, error))
            })
        }))
    };
    // The first build also builds the dependencies, but it is not the fastest.
    let (without, with) = (build(0)?, build(FUNCTIONS)?);
    let [ours, instrument, plain] =
        [0, 1, 2].map(|kind| (with[kind] - without[kind]) * 1e3 / f64::from(FUNCTIONS));
    Ok(PerFunction {
        plain,
        ours,
        instrument,
    })
}

/// The seconds of each project's fastest release build. Each project is prepared before each build.
/// The projects take turns, so that other work of the machine disturbs them all alike.
fn best<const N: usize>(
    projects: &[(&Project, impl Fn() -> Result<(), Box<dyn Error>>); N],
) -> Result<[f64; N], Box<dyn Error>> {
    let mut best = [f64::INFINITY; N];
    for _ in 0..BUILDS {
        for ((project, prepare), best) in projects.iter().zip(&mut best) {
            prepare()?;
            let start = Instant::now();
            project.cargo(&["build", "--release"])?;
            *best = best.min(start.elapsed().as_secs_f64());
        }
    }
    Ok(best)
}

const TOWER: &str = r#"tower = "0.5"
tower-resilience-circuitbreaker = "0.14"
tower-resilience-retry = "0.14"
tower-resilience-timelimiter = "0.14""#;

const TRACING: &str = r#"tracing = "0.1""#;

const OUR_ATTRIBUTES: &str =
    "#[resilience::retry] #[resilience::circuit_breaker] #[resilience::timeout(5s)]";

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

/// The source of a library of async functions. Each one awaits two calls. All are boxed, so that
/// they are compiled and none is inlined. They lie in modules, as the functions of a service do, so
/// that rustc compiles the modules in parallel.
fn functions_of(count: u32, attributes: &str, error: &str) -> String {
    let mut source = format!(
        "use std::{{future::Future, pin::Pin}};
        type Futures = Vec<Pin<Box<dyn Future<Output = Result<u64, Error>>>>>;
        {error}
        #[inline(never)] pub async fn get(n: u64) -> Result<u64, Error> {{
            if n == 0 {{ Err(Error::Failed) }} else {{ Ok(n) }}
        }}
        "
    );
    for first in (0..count).step_by(PER_MODULE) {
        let _ = writeln!(source, "pub mod m{first} {{ use super::*;");
        let mut calls = String::new();
        for function in (first..count).take(PER_MODULE) {
            let _ = write!(
                source,
                "{attributes} pub async fn f{function}(n: u64) -> Result<u64, Error> {{
                    let first = get(n + {function}).await?; get(first * 2).await
                }}\n"
            );
            let _ = writeln!(calls, "futures.push(Box::pin(f{function}(n)));");
        }
        let _ = writeln!(
            source,
            "pub fn all(futures: &mut Futures, n: u64) {{ {calls} }} }}"
        );
    }
    source
}

/// A crate outside of the workspace, with a target folder of its own.
struct Project {
    folder: PathBuf,
}

impl Project {
    fn new(name: &str, dependencies: &str) -> Result<Self, Box<dyn Error>> {
        let target = std::env::current_exe()?;
        let target = target
            .ancestors()
            .nth(2)
            .ok_or("the program lies in no target folder")?;
        let folder = target.join("compile_time").join(name);
        fs::create_dir_all(folder.join("src"))?;
        // The crate gets the versions of the rest of the report.
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

    fn cargo(&self, arguments: &[&str]) -> Result<(), Box<dyn Error>> {
        let output = Command::new("cargo")
            .args(arguments)
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", self.folder.join("target"))
            .output()?;
        if output.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into())
        }
    }
}
