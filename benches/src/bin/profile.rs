//! Runs one contender alone, for `perf` and callgrind: `profile SCENARIO CONTENDER CALLS`.

use std::env;

use resilience_benches::scenarios;

fn main() {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [scenario, contender, calls] = &arguments[..] else {
        eprintln!(
            "usage: profile SCENARIO CONTENDER CALLS, with names as they stand in benches/README.md"
        );
        std::process::exit(2);
    };
    let calls: u32 = calls.parse().expect("CALLS is a number");
    let mut scenarios = scenarios();
    let scenario = scenarios
        .iter_mut()
        .find(|known| known.name == scenario)
        .expect("SCENARIO is in the table");
    let contender = scenario
        .contenders
        .iter_mut()
        .find(|known| known.name() == contender)
        .expect("CONTENDER is in it");
    let taken = contender.run(calls.into());
    println!(
        "{:.2} ns per call",
        taken.as_secs_f64() * 1e9 / f64::from(calls)
    );
}
