//! Runs each contender twice within [`counted`], for the report, which runs this program under
//! callgrind. It prints a line for each contender: its scenario, its name and the calls of the
//! first run, separated by tabs.
//!
//! Callgrind writes a file of counts whenever `counted` returns. The second run makes twice as many
//! calls, so the difference of the two counts is that of the calls alone.

use std::{hint::black_box, time::Duration};

use resilience_benches::{Batch, Contender, scenarios};

/// The calls of the first run. More of them change no figure.
const CALLS: u64 = 1_000;

/// A call that takes longer than this waits for a timer or for another thread, so its instructions
/// say nothing.
const LONGEST: Duration = Duration::from_millis(5);

fn main() {
    for scenario in &mut scenarios() {
        if scenario.batch == Batch::Middle {
            continue;
        }
        for contender in &mut scenario.contenders {
            contender.run(1);
            if contender.run(1) > LONGEST {
                continue;
            }
            // Memory is allocated and windows are filled before anything is counted.
            contender.run(CALLS);
            counted(contender, CALLS);
            counted(contender, 2 * CALLS);
            println!("{}\t{}\t{CALLS}", scenario.name, contender.name());
        }
    }
}

/// The report names this function to callgrind. The function must do something after the run,
/// because callgrind does not notice the return of a function that ends with a jump.
#[inline(never)]
fn counted(contender: &mut Contender, calls: u64) {
    black_box(contender.run(calls));
}
