//! Nanoseconds per call.

use std::time::Duration;

use resilience_benches::{Batch, Contender, Scenario};

/// Short, so that some of them fall between two interruptions by other programs.
const BATCH: Duration = Duration::from_millis(1);

const ROUNDS: usize = 201;

/// Nanoseconds per call of each contender. They take turns, so that what the machine does meanwhile meets them all.
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

/// How many calls fill a batch. Warms up on the way. One run may have been interrupted, three hardly.
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
