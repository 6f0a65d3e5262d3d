//! Measures nanoseconds per call.

use std::time::Duration;

use resilience_benches::{Batch, Contender, Scenario};

/// A batch is short, so that some batches fall between two interruptions by other programs.
const BATCH: Duration = Duration::from_millis(1);

const ROUNDS: usize = 201;

/// The nanoseconds per call of each contender. The contenders take turns, so that other work of the
/// machine disturbs them all alike.
pub(crate) fn measure(scenario: &mut Scenario) -> Vec<f64> {
    let batches: Vec<u64> = scenario.contenders.iter_mut().map(calibrate).collect();
    let mut samples = vec![Vec::with_capacity(ROUNDS); batches.len()];
    for _ in 0..ROUNDS {
        for ((contender, &times), samples) in scenario
            .contenders
            .iter_mut()
            .zip(&batches)
            .zip(&mut samples)
        {
            samples.push(per_call(contender.run(times), times));
        }
    }
    samples
        .into_iter()
        .map(|samples| reported(samples, scenario.batch))
        .collect()
}

/// The number of calls that fill a batch. This also warms the contender up. A number counts if it
/// is enough in three runs, because one run may have been interrupted.
fn calibrate(contender: &mut Contender) -> u64 {
    let mut times = 1;
    while (0..3).any(|_| contender.run(times) < BATCH) {
        times *= 2;
    }
    times
}

#[expect(clippy::cast_precision_loss, reason = "counts of calls are small")]
fn per_call(taken: Duration, times: u64) -> f64 {
    taken.as_secs_f64() * 1e9 / times as f64
}

fn reported(mut samples: Vec<f64>, batch: Batch) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[match batch {
        Batch::Fastest => 0,
        Batch::Middle => samples.len() / 2,
    }]
}
