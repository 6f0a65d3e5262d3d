//! The figures of a run, and the rules that they must meet.

use std::time::Duration;

use resilience::{CircuitBreakerStats, CircuitState, worker_stats};

use crate::{
    FAULTS, SLACK, TASKS, THREADS,
    client::{FAILURE_THRESHOLD, LEDGER, LONGEST, RECOVERY},
    ledger::End,
};

pub(crate) struct Report {
    pub(crate) cycles: usize,
    pub(crate) ran: Duration,
    /// The longest time from a fault to the circuit's opening.
    pub(crate) to_open: Duration,
    /// The longest time from the end of a fault to the circuit's closing.
    pub(crate) to_close: Duration,
    /// Megabytes after each cycle.
    pub(crate) memory: Vec<u64>,
    pub(crate) stats: CircuitBreakerStats,
    /// Each transition: from which state, and the failures in the window.
    pub(crate) steps: Vec<(CircuitState, u32)>,
    pub(crate) server_answered: u64,
}

impl Report {
    fn trips(&self) -> impl Iterator<Item = u32> {
        self.steps
            .iter()
            .filter(|(from, _)| *from == CircuitState::Closed)
            .map(|(_, failures)| *failures)
    }

    pub(crate) fn print(&self) {
        let Self {
            cycles,
            ran,
            to_open,
            to_close,
            memory,
            stats,
            ..
        } = self;
        println!(
            "soak: {cycles} cycles of {FAULTS:?} in {ran:.1?}, {TASKS} tasks and {THREADS} threads"
        );
        println!(
            "  calls     {}: {} answered, {} down, {} timed out, {} refused, {} cancelled",
            LEDGER.begun(),
            LEDGER.ended(End::Answered),
            LEDGER.ended(End::Down),
            LEDGER.ended(End::TimedOut),
            LEDGER.ended(End::Refused),
            LEDGER.ended(End::Cancelled),
        );
        println!(
            "  durations 90 % within {:.1?}, 99 % within {:.1?}, longest {:.1?}; at most {LONGEST:?} by the timeouts",
            LEDGER.percentile(90),
            LEDGER.percentile(99),
            LEDGER.longest(),
        );
        println!(
            "  attempts  {}: {} successes, {} failures, {} abandoned, {} late",
            LEDGER.attempts(),
            stats.successes,
            stats.failures,
            stats.abandoned,
            stats.late,
        );
        println!(
            "  circuit   opened {} times, {} of them from closed, at most {to_open:.1?} after the fault; closed {} \
             times, at most {to_close:.1?} after its end (recovery_timeout is {RECOVERY:?})",
            stats.opened,
            self.trips().count(),
            stats.closed,
        );
        println!("  workers   {:?}", worker_stats());
        println!("  memory    {memory:?} MB after each cycle");
    }

    pub(crate) fn check(&self) {
        let Self { stats, memory, .. } = self;
        // No call is lost or ends twice, and the callers, the circuit and the server agree.
        assert_eq!(LEDGER.all_ended(), LEDGER.begun());
        let admitted =
            stats.successes + stats.failures + stats.ignored + stats.abandoned + stats.late;
        // A worker's body that was given up before it began is admitted and no attempt.
        let not_begun = admitted
            .checked_sub(LEDGER.attempts())
            .expect("no body runs without the circuit's leave");
        assert!(not_begun <= stats.failures + stats.late, "{not_begun}");
        assert_eq!(LEDGER.refusals(), stats.refused);
        assert!(LEDGER.ended(End::Answered) <= stats.successes + stats.late);
        assert!(stats.successes <= self.server_answered);
        assert!(LEDGER.ended(End::Answered) > 0 && LEDGER.ended(End::Cancelled) > 0);
        assert_eq!(stats.ignored, 0);

        // No call outlives its timeouts.
        assert!(LEDGER.longest() < LONGEST + SLACK, "{:?}", LEDGER.longest());

        // Every trip from closed is at the threshold, and the listener heard of every transition.
        assert!(self.trips().count() >= self.cycles * FAULTS.len());
        assert!(
            self.trips().all(|failures| failures == FAILURE_THRESHOLD),
            "{:?}",
            self.steps
        );
        assert_eq!(
            u64::try_from(self.steps.len()).ok(),
            Some(stats.opened + stats.half_opened + stats.closed)
        );
        assert!(self.to_open < SLACK && self.to_close < RECOVERY + SLACK);

        // All that was taken is given back.
        assert!(worker_stats().live <= THREADS * 2, "{:?}", worker_stats());
        if let [first, .., last] = memory[..] {
            assert!(last < first + 30, "{memory:?} MB");
        }
    }
}
