//! Which workers there are: the pool's state machine. It starts no thread and waits for nothing.

use std::sync::Arc;

/// The workers of sync timeouts, at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkerStats {
    /// Worker threads, busy or idle.
    pub live: usize,
    /// Worker threads that wait for a body to run; they end after some ten seconds of it.
    pub idle: usize,
    /// Workers held by a body whose caller gave up.
    pub abandoned_running: usize,
    /// Calls that got no worker, since the process began.
    pub refused: u64,
}

/// How a body gets its worker.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Assignment<W> {
    Idle(Arc<W>),
    /// A new worker with this number, which the roster counts as live from here on.
    Hire(u64),
    Full,
}

#[derive(Debug)]
pub(super) struct Roster<W> {
    capacity: usize,
    /// The last to come is the first to go: its stack is warm, and the others get old enough to leave.
    idle: Vec<Arc<W>>,
    live: usize,
    hired: u64,
    abandoned: usize,
    refused: u64,
}

impl<W> Roster<W> {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            idle: Vec::new(),
            live: 0,
            hired: 0,
            abandoned: 0,
            refused: 0,
        }
    }

    pub(super) fn assign(&mut self) -> Assignment<W> {
        if let Some(worker) = self.idle.pop() {
            return Assignment::Idle(worker);
        }
        if self.live == self.capacity {
            self.refused += 1;
            return Assignment::Full;
        }
        self.live += 1;
        self.hired += 1;
        Assignment::Hire(self.hired)
    }

    /// The worker to be hired did not come to be.
    pub(super) fn not_hired(&mut self) {
        self.live -= 1;
        self.refused += 1;
    }

    /// A worker is done and waits for its next body.
    pub(super) fn rest(&mut self, worker: &Arc<W>) {
        self.idle.push(Arc::clone(worker));
    }

    /// An idle worker wants to end. It may not if a body is already on its way to it.
    pub(super) fn leave(&mut self, worker: &Arc<W>) -> bool {
        let place = self.idle.iter().position(|idle| Arc::ptr_eq(idle, worker));
        if let Some(place) = place {
            self.idle.remove(place);
            self.live -= 1;
        }
        place.is_some()
    }

    /// A caller gave up on a body.
    pub(super) fn abandon(&mut self) {
        self.abandoned += 1;
    }

    /// A worker is done with a body its caller gave up on.
    pub(super) fn rest_from_abandoned(&mut self, worker: &Arc<W>) {
        self.abandoned -= 1;
        self.rest(worker);
    }

    pub(super) fn stats(&self) -> WorkerStats {
        WorkerStats {
            live: self.live,
            idle: self.idle.len(),
            abandoned_running: self.abandoned,
            refused: self.refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hire(roster: &mut Roster<u64>) -> Arc<u64> {
        match roster.assign() {
            Assignment::Hire(number) => Arc::new(number),
            other => panic!("expected a new worker, got {other:?}"),
        }
    }

    #[test]
    fn the_worker_that_came_last_goes_first() {
        let mut roster = Roster::new(2);
        let (first, second) = (hire(&mut roster), hire(&mut roster));
        roster.rest(&first);
        roster.rest(&second);
        assert_eq!(roster.assign(), Assignment::Idle(second));
        assert_eq!(roster.assign(), Assignment::Idle(first));
    }

    #[test]
    fn at_capacity_with_none_idle_it_refuses() {
        let mut roster = Roster::new(1);
        let worker = hire(&mut roster);
        assert_eq!(roster.assign(), Assignment::Full);
        roster.rest(&worker);
        assert_eq!(roster.assign(), Assignment::Idle(worker));
        assert_eq!(roster.stats().refused, 1);
    }

    #[test]
    fn a_worker_that_did_not_come_to_be_leaves_its_place_free() {
        let mut roster = Roster::<u64>::new(1);
        assert_eq!(roster.assign(), Assignment::Hire(1));
        roster.not_hired();
        assert_eq!(roster.assign(), Assignment::Hire(2));
        assert_eq!(roster.stats().refused, 1);
    }

    #[test]
    fn an_idle_worker_leaves_and_one_with_a_body_on_its_way_stays() {
        let mut roster = Roster::new(1);
        let worker = hire(&mut roster);
        roster.rest(&worker);
        assert_eq!(roster.assign(), Assignment::Idle(Arc::clone(&worker)));
        assert!(!roster.leave(&worker));
        roster.rest(&worker);
        assert!(roster.leave(&worker));
        assert_eq!(roster.stats().live, 0);
    }

    #[test]
    fn the_statistics_follow_an_abandoned_body_to_its_end() {
        let mut roster = Roster::new(2);
        let (first, second) = (hire(&mut roster), hire(&mut roster));
        roster.rest(&first);
        roster.abandon();
        let running = WorkerStats {
            live: 2,
            idle: 1,
            abandoned_running: 1,
            refused: 0,
        };
        assert_eq!(roster.stats(), running);
        roster.rest_from_abandoned(&second);
        let done = WorkerStats {
            live: 2,
            idle: 2,
            abandoned_running: 0,
            refused: 0,
        };
        assert_eq!(roster.stats(), done);
    }
}
