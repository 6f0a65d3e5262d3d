//! Measures the attributes' cost at compile time and in bytes of code. The report writes crates,
//! builds them from nothing, and builds them again.

mod chain;
mod functions;
mod machine_code;
mod project;
mod time;

use std::error::Error;

use resilience_benches::Goal;

use self::functions::{INSTRUMENT, INSTRUMENT_ERR, Kind, PER_MODULE};
use crate::table::Table;

pub(crate) fn rows(table: &mut Table) -> Result<(), Box<dyn Error>> {
    times(table)?;
    table.measure(
        "machine code of a function under three attributes",
        "bytes",
        vec![Goal::Of(INSTRUMENT_ERR, 1.0)],
        || {
            machine_code::per_function(&[
                Kind::three(),
                Kind::instrument_err(),
                Kind::instrument(),
                Kind::retry(),
            ])
        },
    )?;
    table.measure(
        "depth of a chain of functions under three attributes",
        "functions",
        vec![Goal::AtLeast(20.0)],
        || chain::depths(&[Kind::three(), Kind::instrument(), Kind::plain()]),
    )?;
    table.measure(
        "clean release build of the dependency",
        "s",
        vec![Goal::Of("tower-resilience", 0.38)],
        time::clean_build,
    )
}

fn times(table: &mut Table) -> Result<(), Box<dyn Error>> {
    let compared = || [Kind::three(), Kind::instrument(), Kind::plain()];
    let of_instrument = || vec![Goal::Of(INSTRUMENT, 1.0)];
    let build = ["build", "--release"];
    table.measure(
        "release build of a function under three attributes",
        "ms",
        of_instrument(),
        || time::per_function(&compared(), PER_MODULE, &build),
    )?;
    table.measure(
        "release build of a function under three attributes, all in one module",
        "ms",
        of_instrument(),
        || time::per_function(&compared(), time::FUNCTIONS, &build),
    )?;
    table.measure(
        "release build of a function under one attribute",
        "ms",
        vec![],
        || {
            let kinds = [
                Kind::retry(),
                Kind::circuit_breaker(),
                Kind::timeout(),
                Kind::instrument(),
                Kind::plain(),
            ];
            time::per_function(&kinds, PER_MODULE, &build)
        },
    )?;
    table.measure(
        "check of a function under three attributes",
        "ms",
        of_instrument(),
        || time::per_function(&compared(), PER_MODULE, &["check"]),
    )
}
