//! Finds out how many async functions may await each other in a chain.

use std::error::Error;

use super::{functions::Kind, project::Project};

/// No kind of functions reaches this depth within rustc's recursion limit of 128.
const TOO_DEEP: u32 = 64;

/// The depth of the longest chain of each kind that rustc accepts.
pub(crate) fn depths(kinds: &[Kind]) -> Result<Vec<(String, f64)>, Box<dyn Error>> {
    let depth = |kind: &Kind| Ok((kind.name.to_owned(), f64::from(depth(kind)?)));
    kinds.iter().map(depth).collect()
}

fn depth(kind: &Kind) -> Result<u32, Box<dyn Error>> {
    let project = Project::new(&format!("chain_{}", kind.folder), &kind.dependencies)?;
    let build = |depth| {
        project.write("lib.rs", &kind.chain(depth))?;
        project.cargo(&["build", "--release"])
    };
    // An error of a chain that is short enough is a mistake of the report.
    build(1)?;
    let (mut accepted, mut refused) = (1, TOO_DEEP);
    while refused - accepted > 1 {
        let depth = accepted.midpoint(refused);
        match build(depth) {
            Ok(()) => accepted = depth,
            Err(error) if error.to_string().contains("recursion limit") => refused = depth,
            Err(error) if error.to_string().contains("overflow") => refused = depth,
            Err(error) => return Err(error),
        }
    }
    Ok(accepted)
}
