//! Cores that replay what threads read and wrote.
//!
//! A core holds each line that it has read until another core writes to it. A read of a line that
//! the core does not hold, and a write to a line that another core holds, move the line, which
//! takes the time of a transfer. A line moves to one core after the other, so cores that want the
//! same line wait for each other; who holds it can use it until it has moved. Caches have no end,
//! and a thread that waits for a lock does not spin.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "counts and times of a run are small, and no time is negative"
)]

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, HashSet},
    hint,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Instant,
};

/// A read or a write.
#[derive(Clone, Copy)]
pub(crate) struct Access {
    line: u64,
    pub(crate) is_write: bool,
}

impl Access {
    pub(crate) fn new(address: u64, is_write: bool) -> Self {
        // A line of memory has 64 bytes.
        let line = address / 64;
        Self { line, is_write }
    }
}

/// The accesses of one call.
pub(crate) type Call = Vec<Access>;

/// The figures of a run.
pub(crate) struct Outcome {
    /// The nanoseconds of a call.
    pub(crate) nanos: f64,
    /// The lines that moved for a call.
    pub(crate) moved: f64,
}

/// The calls that each core makes in a run.
const CALLS: usize = 400;

/// A machine of which each core makes the calls of one thread.
pub(crate) struct Cores {
    /// For each core, its calls, with the accesses to lines that others use and somebody writes.
    calls: Vec<Vec<Call>>,
    alone: f64,
    transfer: f64,
    lines: HashMap<u64, Line>,
}

/// A line that several cores use.
#[derive(Default)]
struct Line {
    holders: HashSet<usize>,
    /// The line moves to another core until this moment.
    moves_until: f64,
}

impl Cores {
    /// `alone` are the nanoseconds of a call on one core, and `transfer` those that a line takes
    /// from core to core.
    pub(crate) fn new(calls: &[Vec<Call>], alone: f64, transfer: f64) -> Self {
        let shared = shared(calls);
        let relevant = |call: &Call| {
            let used = call.iter().filter(|access| shared.contains(&access.line));
            used.copied().collect()
        };
        let calls = calls
            .iter()
            .map(|calls| calls.iter().map(relevant).collect());
        Self {
            calls: calls.collect(),
            alone,
            transfer,
            lines: HashMap::new(),
        }
    }

    /// Lets all cores make their calls, each with this pause after a call.
    pub(crate) fn run(mut self, pause: f64) -> Outcome {
        let cores = self.calls.len();
        // The cores do not begin at the same moment, because then a pause would keep them in step.
        let start = |core| pause * core as f64 / cores as f64;
        // A heap needs an order, which fractions have not.
        let picos = |nanos: f64| (nanos * 1e3) as u64;
        let first = |core| Reverse((picos(start(core)), Step::first(core)));
        let mut next: BinaryHeap<_> = (0..cores).map(first).collect();
        let (mut taken, mut moved) = (0.0, 0.0);
        while let Some(Reverse((now, step))) = next.pop() {
            let begin = now as f64 / 1e3;
            let calls = &self.calls[step.core];
            let accesses = &calls[step.call % calls.len()];
            // The work of the call lies behind each access, and before the first, in equal parts.
            let part = self.alone / (accesses.len() + 1) as f64;
            let Some(access) = accesses.get(step.access) else {
                taken += part;
                if let Some(step) = step.next_call() {
                    next.push(Reverse((picos(begin + part + pause), step)));
                }
                continue;
            };
            let line = self.lines.entry(access.line).or_default();
            let (then, step) = if step.has_moved {
                line.arrive(step.core, access.is_write);
                (begin + part, step.next_access())
            } else if line.is_held(step.core, access.is_write) {
                (begin + part, step.next_access())
            } else {
                moved += 1.0;
                (line.ask(begin, self.transfer), step.moved())
            };
            taken += then - begin;
            next.push(Reverse((picos(then), step)));
        }
        let calls = (cores * CALLS) as f64;
        Outcome {
            nanos: taken / calls,
            moved: moved / calls,
        }
    }
}

/// The place of a core in its calls.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Step {
    core: usize,
    call: usize,
    access: usize,
    /// The core asked for the line of this access, and has it now.
    has_moved: bool,
}

impl Step {
    fn first(core: usize) -> Self {
        Self {
            core,
            call: 0,
            access: 0,
            has_moved: false,
        }
    }

    fn moved(self) -> Self {
        Self {
            has_moved: true,
            ..self
        }
    }

    fn next_access(self) -> Self {
        Self {
            access: self.access + 1,
            has_moved: false,
            ..self
        }
    }

    fn next_call(self) -> Option<Self> {
        let call = self.call + 1;
        let step = Self {
            call,
            ..Self::first(self.core)
        };
        (call < CALLS).then_some(step)
    }
}

impl Line {
    fn is_held(&self, core: usize, is_write: bool) -> bool {
        self.holders.contains(&core) && (!is_write || self.holders.len() == 1)
    }

    /// The moment at which the core that asks now gets the line. Those that hold it keep it until
    /// then.
    fn ask(&mut self, now: f64, transfer: f64) -> f64 {
        self.moves_until = now.max(self.moves_until) + transfer;
        self.moves_until
    }

    fn arrive(&mut self, core: usize, is_write: bool) {
        if is_write {
            self.holders.clear();
        }
        self.holders.insert(core);
    }
}

/// The lines that at least two cores use and at least one writes. All others stay with their cores.
fn shared(calls: &[Vec<Call>]) -> HashSet<u64> {
    let mut users: HashMap<u64, (usize, bool, bool)> = HashMap::new();
    for (core, calls) in calls.iter().enumerate() {
        for access in calls.iter().flatten() {
            let (first, is_shared, is_written) =
                users.entry(access.line).or_insert((core, false, false));
            *is_shared |= *first != core;
            *is_written |= access.is_write;
        }
    }
    let shared = users
        .into_iter()
        .filter(|(_, (_, is_shared, is_written))| *is_shared && *is_written);
    shared.map(|(line, _)| line).collect()
}

/// The nanoseconds that a line takes from one core to another: two threads write to it in turn. It
/// is the least of many runs, because other programs disturb them.
pub(crate) fn measured_transfer() -> f64 {
    const TURNS: u64 = 2_000;
    let run = || {
        let turn = AtomicU64::new(0);
        let write = |mine: u64| {
            for at in (mine..TURNS).step_by(2) {
                while turn.load(Ordering::Acquire) != at {
                    hint::spin_loop();
                }
                turn.store(at + 1, Ordering::Release);
            }
        };
        thread::scope(|scope| {
            scope.spawn(|| write(1));
            let start = Instant::now();
            write(0);
            start.elapsed().as_secs_f64() * 1e9 / TURNS as f64
        })
    };
    (0..100).map(|_| run()).fold(f64::INFINITY, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The figures of as many cores as there are lists of addresses to write to.
    fn writers(addresses: &[u64]) -> Outcome {
        let write = |&address: &u64| vec![vec![Access::new(address, true)]];
        let calls: Vec<_> = addresses.iter().map(write).collect();
        Cores::new(&calls, 10.0, 30.0).run(0.0)
    }

    #[test]
    fn lines_of_one_core_stay_with_it() {
        let outcome = writers(&[0, 64, 128]);
        assert!((outcome.nanos - 10.0).abs() < 0.1, "{}", outcome.nanos);
        assert!(outcome.moved < f64::EPSILON);
    }

    #[test]
    fn cores_that_write_to_one_line_wait_for_each_other() {
        let (two, four) = (writers(&[0, 8]), writers(&[0, 8, 16, 24]));
        assert!(two.moved > 0.1 && two.nanos > 12.0, "{}", two.nanos);
        assert!(four.nanos > 1.5 * two.nanos, "{}", four.nanos);
    }
}
