//! Measures all scenarios, prints them, and writes the table into `benches/README.md`:
//! `cargo run --release -p resilience-benches --bin report`. This takes some four minutes.
//!
//! With an argument it measures and prints only the rows with the argument in their name, without
//! those of allocations and sizes.

mod build;
mod instructions;
mod memory;
mod table;
mod timing;

use std::{env, error::Error, fs, thread};

use resilience_benches::{Goal, scenarios};

use crate::{
    memory::Memory,
    table::{Row, Table},
};

fn main() -> Result<(), Box<dyn Error>> {
    let filter = env::args().nth(1);
    let is_whole = filter.is_none();
    let mut table = Table::new(filter);
    for mut scenario in scenarios() {
        if !table.wants(scenario.name) {
            continue;
        }
        let times = timing::measure(&mut scenario);
        let figures = scenario
            .contenders
            .iter()
            .map(|contender| contender.name().to_owned())
            .zip(times)
            .collect();
        table.push(Row {
            what: scenario.name.to_owned(),
            unit: "ns",
            figures,
            goals: scenario.goals,
        });
    }
    if is_whole {
        instructions(&mut table)?;
        memory(&mut table)?;
    }
    table.measure(
        "stack of a sync function that returns 200 KB",
        "KB",
        vec![Goal::Of("bare", 2.0)],
        || memory::stacks(&["ours", "bare"]),
    )?;
    build::rows(&mut table)?;
    if is_whole {
        table.write(&machine())?;
    }
    Ok(())
}

/// One row for each scenario, without a goal, because the goals are those of the times.
fn instructions(table: &mut Table) -> Result<(), Box<dyn Error>> {
    let counted = instructions::count()?;
    for of_one in counted.chunk_by(|one, next| one.scenario == next.scenario) {
        table.push(Row {
            what: format!("instructions: {}", of_one[0].scenario),
            unit: "",
            figures: of_one
                .iter()
                .map(|counted| (counted.contender.clone(), counted.per_call))
                .collect(),
            goals: vec![],
        });
    }
    Ok(())
}

fn memory(table: &mut Table) -> Result<(), Box<dyn Error>> {
    let memory = Memory::measure()?;
    let without_a_goal = [
        "metrics, update of 1,000 circuits",
        "snapshot of 1,000 circuits",
        "thread::spawn",
        "sync timeout, worker idle",
        "statistics",
    ];
    for scenario in scenarios() {
        let counted = |name: &str| memory.get(&["allocations", scenario.name, name]);
        let figures: Vec<_> = scenario
            .contenders
            .iter()
            .filter_map(|contender| Some((contender.name().to_owned(), counted(contender.name())?)))
            .collect();
        if figures.is_empty() {
            continue;
        }
        let goals = if without_a_goal.contains(&scenario.name) {
            vec![]
        } else {
            vec![Goal::AtMost(0.0)]
        };
        table.push(Row {
            what: format!("allocations: {}", scenario.name),
            unit: "",
            figures,
            goals,
        });
    }
    let get = |key: &[&str]| {
        memory
            .get(key)
            .ok_or_else(|| format!("nothing was measured of {key:?}"))
    };
    for (kind, limit) in [
        ("with a threshold", 512.0),
        ("with a threshold, after traffic", 512.0),
        ("with a threshold, after many transitions", 4096.0),
        ("with a rate", 512.0),
        ("with a rate, after traffic", 512.0),
        ("with a rate, after many transitions", 4096.0),
    ] {
        table.push(Row {
            what: format!("memory of a circuit {kind}"),
            unit: "bytes",
            figures: vec![("ours".to_owned(), get(&["circuit", kind])?)],
            goals: vec![Goal::AtMost(limit)],
        });
    }
    let mut figures = Vec::new();
    for name in ["ours", "plain", "by hand"] {
        figures.push((name.to_owned(), get(&["future", name])?));
    }
    let goals = vec![Goal::Over("plain", 200.0)];
    table.push(Row {
        what: "future of the stack of three".to_owned(),
        unit: "bytes",
        figures,
        goals,
    });
    Ok(())
}

/// The machine of the measurement. Only the ratios hold on other machines.
fn machine() -> String {
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let model = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    let (system, model) = (
        env::consts::OS,
        model.unwrap_or_else(|| env::consts::ARCH.to_owned()),
    );
    format!("{cores} cores, {model}, {system}")
}
