//! Fifty processes call a service that is dead for a while, in virtual time, and each of them has a
//! retry budget.

use std::{cell::Cell, time::Duration};

use resilience::{Jitter, RetryBudget, RetryConfig};
use tokio::{task::LocalSet, time::sleep};

const PROCESSES: u32 = 50;
/// Calls that each process makes per second.
const RATE: u32 = 10;
const RATIO: f64 = 0.2;
const MIN_PER_SECOND: u32 = 1;
const WINDOW: Duration = Duration::from_secs(10);

/// The calls of the processes and the attempts that arrive at the service, since the last reading.
#[derive(Default)]
struct Load {
    is_dead: Cell<bool>,
    calls: Cell<u32>,
    attempts: Cell<u32>,
}

impl Load {
    fn attempt(&self) -> Result<(), ()> {
        self.attempts.set(self.attempts.get() + 1);
        if self.is_dead.get() { Err(()) } else { Ok(()) }
    }

    /// Attempts per call since the last reading.
    fn amplification(&self) -> f64 {
        f64::from(self.attempts.take()) / f64::from(self.calls.take())
    }
}

/// A process's configuration. Budgets are statics, so the test leaks one for each process.
fn config() -> RetryConfig {
    let budget = RetryBudget::new()
        .ratio(RATIO)
        .window(WINDOW)
        .min_per_second(MIN_PER_SECOND);
    RetryConfig::new()
        .max_retries(3)
        .base_delay(Duration::from_millis(20))
        .jitter(Jitter::Full)
        .budget(Box::leak(Box::new(budget)))
}

async fn process(load: &'static Load) {
    let config = config();
    loop {
        load.calls.set(load.calls.get() + 1);
        let call = config.run_async(move || async move { load.attempt() });
        tokio::task::spawn_local(async move { call.operation("storm").await });
        sleep(Duration::from_secs(1) / RATE).await;
    }
}

#[tokio::test(start_paused = true)]
async fn retries_of_all_processes_stay_within_their_budgets() {
    let load: &'static Load = Box::leak(Box::default());
    let bound = 1.0 + RATIO + f64::from(MIN_PER_SECOND) / f64::from(RATE);
    let set = LocalSet::new();
    for _ in 0..PROCESSES {
        set.spawn_local(process(load));
    }
    set.run_until(async {
        sleep(2 * WINDOW).await;
        assert!((load.amplification() - 1.0).abs() < 0.001, "all is well");

        load.is_dead.set(true);
        // The calls of the time before allow retries for one window. The bound holds for a window
        // and not for a second, because a process may use its retries at once.
        sleep(WINDOW).await;
        load.amplification();
        sleep(20 * WINDOW).await;
        let dead = load.amplification();
        // The time that is measured may begin and end with the retries of a window.
        assert!(
            dead <= bound + (bound - 1.0) / 20.0,
            "{dead}, and not {bound}"
        );
        assert!(dead > 1.0 + RATIO, "the budget is used: {dead}");

        load.is_dead.set(false);
        sleep(WINDOW).await;
        load.amplification();
        sleep(WINDOW).await;
        let after = load.amplification();
        assert!(
            (after - 1.0).abs() < 0.001,
            "one window after the recovery: {after}"
        );
    })
    .await;
}
