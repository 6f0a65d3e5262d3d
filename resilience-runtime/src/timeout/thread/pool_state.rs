//! The pool's state machine: it knows the idle workers, and decides if a task gets one. It starts
//! no thread and waits for nothing.

use std::{collections::HashMap, sync::Arc};

use super::worker_config::WorkerConfig;
use crate::timeout::error::Cause;

/// The workers of sync timeouts, at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct WorkerStats {
    /// Worker threads, busy or idle.
    pub live: usize,
    /// Worker threads that wait for a body to run; they end after ten seconds without one, unless
    /// configured otherwise.
    pub idle: usize,
    /// Workers that still run a body after its caller gave up.
    pub abandoned_running: usize,
    /// Calls that got no worker, since the process began.
    pub refused: u64,
}

/// The calls of one operation have one share of the pool together. So have the calls without an
/// operation.
pub(super) type OperationKey = Option<&'static str>;

/// The worker that a task gets.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Assignment<W> {
    Idle(Arc<W>),
    /// The pool has to start a worker with this number. The worker counts as live from now on.
    Spawn(u64),
}

#[derive(Debug)]
pub(super) struct PoolState<W> {
    max_workers: usize,
    max_per_operation: usize,
    /// The worker that became idle last is taken first, because its stack is in the cache, and
    /// because the others then reach their idle timeout.
    idle: Vec<Arc<W>>,
    /// The number of workers that each operation holds. An operation that holds none has no entry.
    busy: HashMap<OperationKey, usize>,
    live: usize,
    spawned: u64,
    abandoned: usize,
    refused: u64,
}

impl<W> PoolState<W> {
    pub(super) fn new(config: WorkerConfig) -> Self {
        Self {
            max_workers: config.get_max_workers(),
            max_per_operation: config.workers_per_operation(),
            idle: Vec::new(),
            busy: HashMap::new(),
            live: 0,
            spawned: 0,
            abandoned: 0,
            refused: 0,
        }
    }

    /// Finds a worker for a task of the operation. The operation holds the worker from now on.
    pub(super) fn assign(&mut self, operation: OperationKey) -> Result<Assignment<W>, Cause> {
        if self.idle.is_empty() && self.live == self.max_workers {
            self.refused += 1;
            return Err(Cause::PoolFull);
        }
        let held = self.busy.get(&operation).copied().unwrap_or(0);
        if held >= self.max_per_operation {
            self.refused += 1;
            return Err(Cause::ShareUsedUp);
        }
        let assignment = self.idle.pop().map_or_else(
            || {
                self.live += 1;
                self.spawned += 1;
                Assignment::Spawn(self.spawned)
            },
            Assignment::Idle,
        );
        self.busy.insert(operation, held + 1);
        Ok(assignment)
    }

    /// The worker that was to be started for the operation could not be.
    pub(super) fn not_spawned(&mut self, operation: OperationKey) {
        self.give_back(operation);
        self.live -= 1;
        self.refused += 1;
    }

    /// The worker is done with a task of the operation and waits for the next one.
    pub(super) fn mark_idle(&mut self, worker: &Arc<W>, operation: OperationKey) {
        self.give_back(operation);
        self.idle.push(Arc::clone(worker));
    }

    /// An idle worker wants to end. Returns whether it may: it may not if a task is already on its
    /// way to it.
    pub(super) fn remove_idle(&mut self, worker: &Arc<W>) -> bool {
        let place = self.idle.iter().position(|idle| Arc::ptr_eq(idle, worker));
        if let Some(place) = place {
            self.idle.remove(place);
            self.live -= 1;
        }
        place.is_some()
    }

    /// A caller gave up on its task.
    pub(super) fn abandon(&mut self) {
        self.abandoned += 1;
    }

    /// The worker is done with a task after the task's caller gave up.
    pub(super) fn mark_idle_after_abandoned(&mut self, worker: &Arc<W>, operation: OperationKey) {
        self.abandoned -= 1;
        self.mark_idle(worker, operation);
    }

    fn give_back(&mut self, operation: OperationKey) {
        if let Some(held) = self.busy.get_mut(&operation) {
            *held -= 1;
            if *held == 0 {
                self.busy.remove(&operation);
            }
        }
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

    fn state<W>(max_workers: usize) -> PoolState<W> {
        PoolState::new(WorkerConfig::new().max_workers(max_workers).max_share(1.0))
    }

    fn spawn(state: &mut PoolState<u64>, operation: OperationKey) -> Arc<u64> {
        match state.assign(operation) {
            Ok(Assignment::Spawn(number)) => Arc::new(number),
            other => panic!("expected a new worker, got {other:?}"),
        }
    }

    #[test]
    fn the_worker_that_came_last_goes_first() {
        let mut state = state(2);
        let (first, second) = (spawn(&mut state, None), spawn(&mut state, None));
        state.mark_idle(&first, None);
        state.mark_idle(&second, None);
        assert_eq!(state.assign(None), Ok(Assignment::Idle(second)));
        assert_eq!(state.assign(None), Ok(Assignment::Idle(first)));
    }

    #[test]
    fn with_all_workers_busy_it_refuses() {
        let mut state = state(1);
        let worker = spawn(&mut state, None);
        assert_eq!(state.assign(None), Err(Cause::PoolFull));
        state.mark_idle(&worker, None);
        assert_eq!(state.assign(None), Ok(Assignment::Idle(worker)));
        assert_eq!(state.stats().refused, 1);
    }

    #[test]
    fn an_operation_gets_no_more_than_its_share_and_the_others_theirs() {
        let mut state = PoolState::new(WorkerConfig::new().max_workers(4));
        let first = spawn(&mut state, Some("hangs"));
        spawn(&mut state, Some("hangs"));
        assert_eq!(state.assign(Some("hangs")), Err(Cause::ShareUsedUp));
        let unnamed = spawn(&mut state, None);
        let healthy = spawn(&mut state, Some("healthy"));
        state.mark_idle(&unnamed, None);
        state.mark_idle(&healthy, Some("healthy"));
        assert_eq!(
            state.assign(Some("hangs")),
            Err(Cause::ShareUsedUp),
            "not even an idle worker"
        );
        state.mark_idle(&first, Some("hangs"));
        assert_eq!(state.assign(Some("hangs")), Ok(Assignment::Idle(first)));
        assert_eq!(state.stats().refused, 2);
    }

    #[test]
    fn an_operation_that_holds_no_worker_takes_no_memory() {
        let mut state = state(2);
        let worker = spawn(&mut state, Some("once"));
        state.mark_idle(&worker, Some("once"));
        assert!(state.busy.is_empty());
    }

    #[test]
    fn a_worker_that_could_not_be_started_leaves_its_place_free() {
        let mut state = PoolState::<u64>::new(WorkerConfig::new().max_workers(1));
        assert_eq!(state.assign(None), Ok(Assignment::Spawn(1)));
        state.not_spawned(None);
        assert_eq!(state.assign(None), Ok(Assignment::Spawn(2)));
        assert_eq!(state.stats().refused, 1);
    }

    #[test]
    fn an_idle_worker_may_end_but_not_with_a_task_on_its_way() {
        let mut state = state(1);
        let worker = spawn(&mut state, None);
        state.mark_idle(&worker, None);
        assert_eq!(
            state.assign(None),
            Ok(Assignment::Idle(Arc::clone(&worker)))
        );
        assert!(!state.remove_idle(&worker));
        state.mark_idle(&worker, None);
        assert!(state.remove_idle(&worker));
        assert_eq!(state.stats().live, 0);
    }

    #[test]
    fn the_statistics_follow_an_abandoned_body_to_its_end() {
        let mut state = state(2);
        let (first, second) = (spawn(&mut state, None), spawn(&mut state, None));
        state.mark_idle(&first, None);
        state.abandon();
        let running = WorkerStats {
            live: 2,
            idle: 1,
            abandoned_running: 1,
            refused: 0,
        };
        assert_eq!(state.stats(), running);
        state.mark_idle_after_abandoned(&second, None);
        let done = WorkerStats {
            live: 2,
            idle: 2,
            abandoned_running: 0,
            refused: 0,
        };
        assert_eq!(state.stats(), done);
    }
}
