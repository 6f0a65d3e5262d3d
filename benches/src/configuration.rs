//! The configuration file: a reload that changes every one of 1,000 circuits. The circuits are
//! those of the scenario of the statistics.

use std::cell::Cell;

use resilience::config;

use crate::{Contender, Scenario};

/// Loads a file that names functions of the other scenarios, so that they are measured beside it.
pub(crate) fn load_a_file() {
    let text = "[default.retry]\nmax_retries = 3\n[timeout.\"bench::other\"]\nlimit = \"1s\"\n";
    config::apply(text).unwrap_or_else(|errors| panic!("{errors}"));
}

/// A section for each circuit.
fn file(threshold: u32) -> String {
    let sections = (0..1_000).map(|circuit| {
        format!(
            "[circuit_breaker.\"bench::statistics::{circuit}\"]\nfailure_threshold = {threshold}\n"
        )
    });
    sections.collect()
}

pub(crate) fn scenarios() -> Vec<Scenario> {
    let files = [file(5), file(6)];
    let round = Cell::new(0);
    let reload = move || {
        round.set(1 - round.get());
        let text = &files[round.get()];
        config::apply(text).unwrap_or_else(|errors| panic!("{errors}"))
    };
    vec![Scenario::new(
        "reload of 1,000 circuits, each changed",
        [Contender::sync("ours", reload)],
        [],
    )]
}
