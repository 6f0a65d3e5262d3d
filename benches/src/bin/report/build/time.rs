//! Measures the time of builds.

use std::{error::Error, time::Instant};

use super::{
    functions::Kind,
    project::{Project, ours},
};

/// With this many functions, one of them is more than the noise of a build.
pub(crate) const FUNCTIONS: usize = 100;

/// Each crate is built this many times, and the fastest build counts.
const BUILDS: usize = 3;

const TOWER: &str = r#"tower = "0.5"
tower-resilience-circuitbreaker = "0.14"
tower-resilience-retry = "0.14"
tower-resilience-timelimiter = "0.14""#;

/// The milliseconds that a command of cargo takes for each function of a kind.
pub(crate) fn per_function(
    kinds: &[Kind],
    per_module: usize,
    command: &[&str],
) -> Result<Vec<(String, f64)>, Box<dyn Error>> {
    let projects = kinds
        .iter()
        .map(|kind| Project::new(kind.folder, &kind.dependencies))
        .collect::<Result<Vec<_>, _>>()?;
    let seconds = |functions: u32| {
        best(&projects, command, |at, project| {
            project.write("lib.rs", &kinds[at].library(functions, per_module))
        })
    };
    // The first build also builds the dependencies, but it is not the fastest.
    let functions = u32::try_from(FUNCTIONS)?;
    let (without, with) = (seconds(0)?, seconds(functions)?);
    let figures = kinds.iter().zip(with.iter().zip(without));
    Ok(figures
        .map(|(kind, (with, without))| {
            let milliseconds = (with - without) * 1e3 / f64::from(functions);
            (kind.name.to_owned(), milliseconds)
        })
        .collect())
}

/// The seconds of a clean build of a crate that has nothing but the dependency, with the
/// dependencies of that one.
pub(crate) fn clean_build() -> Result<Vec<(String, f64)>, Box<dyn Error>> {
    let projects = [
        Project::alone("clean_ours", &ours())?,
        Project::alone("clean_tower", TOWER)?,
    ];
    for project in &projects {
        project.write("lib.rs", "")?;
        // Downloads do not count as a part of a build.
        project.cargo(&["fetch"])?;
    }
    let seconds = best(&projects, &["build", "--release"], |_, project| {
        project.cargo(&["clean"])
    })?;
    let names = ["ours", "tower-resilience"].map(String::from);
    Ok(names.into_iter().zip(seconds).collect())
}

/// The seconds of each project's fastest run of a command. Each project is prepared before each
/// run. The projects take turns, so that other work of the machine disturbs them all alike.
fn best(
    projects: &[Project],
    command: &[&str],
    prepare: impl Fn(usize, &Project) -> Result<(), Box<dyn Error>>,
) -> Result<Vec<f64>, Box<dyn Error>> {
    let mut best = vec![f64::INFINITY; projects.len()];
    for _ in 0..BUILDS {
        for (at, (project, best)) in projects.iter().zip(&mut best).enumerate() {
            prepare(at, project)?;
            let start = Instant::now();
            project.cargo(command)?;
            *best = best.min(start.elapsed().as_secs_f64());
        }
    }
    Ok(best)
}
