//! Simulates the calls of [`paths`] on many cores, and prints a table for `benches/README.md`:
//! `cargo run --release -p resilience-benches --bin cores`. It needs valgrind.
//!
//! The program runs itself under valgrind's lackey, which lists each read and each write of memory.
//! There as many threads as cores make calls, one thread after the other. The simulation then
//! replays what they read and wrote as if they ran at the same time.

mod simulation;
mod threads;
mod trace;

use std::{env, error::Error, hint::black_box, time::Instant};

use resilience_benches::paths;

use crate::{simulation::Cores, trace::Traces};

/// The numbers of cores in the table.
const CORES: [usize; 3] = [2, 16, 128];

/// The nanoseconds between two calls of a thread that does something else, too.
const PAUSE: f64 = 10_000.0;

fn main() -> Result<(), Box<dyn Error>> {
    if let Some(threads) = env::args().nth(1) {
        threads::run(threads.parse()?);
        return Ok(());
    }
    let alone: Vec<_> = paths().iter().map(|path| alone(&*path.call)).collect();
    let transfer = simulation::measured_transfer();
    println!("A line moves from core to core in {transfer:.0} ns, as measured.\n");
    println!(
        "| path | 1 core, measured | lines moved per call on 2, 16 and 128 cores | 2 cores | 16 cores | 128 cores \
         | a call per 10 µs, 128 cores |\n|---|---:|---:|---:|---:|---:|---:|"
    );
    let traces = [
        trace::of_threads(CORES[0])?,
        trace::of_threads(CORES[1])?,
        trace::of_threads(CORES[2])?,
    ];
    for (at, path) in paths().iter().enumerate() {
        let run = |traces: &Traces, pause| Cores::new(&traces[at], alone[at], transfer).run(pause);
        let busy = traces.each_ref().map(|traces| run(traces, 0.0));
        let [on_2, on_16, on_128] = busy.each_ref().map(|outcome| outcome.nanos);
        let [moved_2, moved_16, moved_128] = busy.each_ref().map(|outcome| outcome.moved);
        let calm = run(&traces[2], PAUSE).nanos;
        println!(
            "| {} | {:.1} ns | {moved_2:.1}, {moved_16:.1}, {moved_128:.1} | {on_2:.0} ns \
             | {on_16:.0} ns | {on_128:.0} ns | {calm:.0} ns |",
            path.name, alone[at],
        );
    }
    Ok(())
}

/// The nanoseconds of a call that no other thread disturbs: those of the fastest of many batches.
fn alone(call: &dyn Fn()) -> f64 {
    const BATCH: u32 = 10_000;
    let batch = || {
        let start = Instant::now();
        for _ in 0..BATCH {
            black_box(call)();
        }
        start.elapsed().as_secs_f64() * 1e9 / f64::from(BATCH)
    };
    (0..200).map(|_| batch()).fold(f64::INFINITY, f64::min)
}
