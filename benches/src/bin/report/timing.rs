//! Measures nanoseconds per call.

use std::time::Duration;

use resilience_benches::{Batch, Contender, Scenario};

/// A batch is short, so that some batches fall between two interruptions by other programs.
const BATCH: Duration = Duration::from_millis(1);

const ROUNDS: usize = 201;

/// The nanoseconds per call of each contender. The contenders take turns, and so do the places that
/// they are compiled for, so that other work of the machine disturbs them all alike.
pub(crate) fn measure(scenario: &mut Scenario) -> Vec<f64> {
    let batches: Vec<_> = scenario.contenders.iter_mut().map(calibrate).collect();
    let mut samples: Vec<Vec<_>> = batches
        .iter()
        .map(|places| vec![Vec::with_capacity(ROUNDS); places.len()])
        .collect();
    for _ in 0..ROUNDS {
        let contenders = scenario.contenders.iter_mut().zip(&batches);
        for ((contender, batches), samples) in contenders.zip(&mut samples) {
            for (place, (&times, samples)) in batches.iter().zip(samples).enumerate() {
                samples.push(per_call(contender.run_at(place, times), times));
            }
        }
    }
    samples
        .into_iter()
        .map(|places| {
            let reported = places.into_iter().map(|one| reported(one, scenario.batch));
            // The best of the places counts, for each contender.
            reported.fold(f64::INFINITY, f64::min)
        })
        .collect()
}

/// The number of calls that fill a batch, for each place. This also warms the contender up. A
/// number counts if it is enough in three runs, because one run may have been interrupted.
fn calibrate(contender: &mut Contender) -> Vec<u64> {
    let places = 0..contender.places();
    let fills = |place: usize| {
        let mut times = 1;
        while (0..3).any(|_| contender.run_at(place, times) < BATCH) {
            times *= 2;
        }
        times
    };
    places.map(fills).collect()
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
