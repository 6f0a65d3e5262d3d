//! Loom runs every interleaving of a few threads over the cells of one rate limit.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p resilience-runtime --release --lib loom`

use std::time::Duration;

use loom::thread;

use super::{
    cells::{Answer, Cells},
    rate::Rate,
};

type Shared = loom::sync::Arc<Cells>;

/// Bugs of this kind show with two preemptions. `LOOM_MAX_PREEMPTIONS=3` takes longer.
const PREEMPTIONS: usize = 2;

fn check(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(PREEMPTIONS));
    builder.check(model);
}

fn cells(limit: u32, burst: u32) -> Shared {
    let rate = Rate::new(limit, Duration::from_secs(1), burst);
    Shared::new(Cells::new(rate, 0))
}

fn takes(cells: &Shared, now: u64) -> thread::JoinHandle<bool> {
    let cells = cells.clone();
    thread::spawn(move || cells.take(now, 0) == Answer::Admitted { wait: 0 })
}

fn admitted<const N: usize>(threads: [thread::JoinHandle<bool>; N]) -> usize {
    let admitted = threads.map(|thread| thread.join().expect("no panic"));
    admitted
        .into_iter()
        .filter(|is_admitted| *is_admitted)
        .count()
}

#[test]
fn no_cell_is_taken_twice() {
    check(|| {
        let cells = cells(1, 1);
        assert_eq!(admitted([takes(&cells, 5), takes(&cells, 5)]), 1);
    });
}

#[test]
fn a_base_that_moves_on_loses_no_cell() {
    check(|| {
        // The moment is too far away for the units of a third, so that both calls move the base.
        let (cells, later) = (cells(3, 1), 1 << 60);
        assert_eq!(admitted([takes(&cells, later), takes(&cells, later)]), 1);
        assert!(matches!(cells.take(later, 0), Answer::Refused { .. }));
    });
}

#[test]
fn a_rate_that_changes_beside_calls_admits_as_one_of_the_two() {
    check(|| {
        let cells = cells(1, 1);
        let changing = {
            let cells = cells.clone();
            thread::spawn(move || cells.set_rate(Rate::new(3, Duration::from_secs(1), 2), 5))
        };
        let admitted = admitted([takes(&cells, 5), takes(&cells, 5)]);
        changing.join().expect("no panic");
        // The first burst is one call and the second is two. A call before the change takes a whole
        // second, which is more than the tolerance of the second rate.
        assert!((1..=2).contains(&admitted), "{admitted}");
    });
}

#[test]
fn a_call_beside_two_changes_answers_from_no_place_that_is_half_written() {
    check(|| {
        let (cells, rate) = (cells(1, 1), Rate::new(1, Duration::from_secs(1), 1));
        assert_eq!(cells.take(0, 0), Answer::Admitted { wait: 0 });
        // The cell is over by far. The second change writes the place that the call may be reading,
        // and its base with the word of before would say that the cell has only begun.
        let now = 5_000_000_000;
        let changing = {
            let cells = cells.clone();
            thread::spawn(move || (0..2).for_each(|_| cells.set_rate(rate, now)))
        };
        assert_eq!(admitted([takes(&cells, now)]), 1);
        changing.join().expect("no panic");
    });
}
