//! `TimeoutConfig::run_thread`: from the caller's body to a task and back.

use std::{
    any::Any,
    mem,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time,
};

use tokio::time::Instant;

use super::{
    caller_trace::CallerTrace,
    pool::Pool,
    process_pool::process_pool,
    task::{Task, TaskBody},
};
use crate::{
    clock,
    deadline::Frame,
    events::{self, EventKind},
    operation::Count,
    timeout::{
        call_limit::CallLimit,
        config::TimeoutConfig,
        error::{Cause, TimedOut},
    },
    unwind::discard,
};

impl TimeoutConfig {
    /// Runs `body` on a worker thread, and returns an error when it is not done within the limit.
    ///
    /// The calling thread blocks until then. An abandoned body goes on. It can ask
    /// [`is_abandoned`](crate::is_abandoned) and should end soon, because it holds a worker. Its
    /// result is dropped on the worker, and its panic becomes an ERROR event of `tracing`. A result
    /// that is ready at the deadline is taken.
    ///
    /// The body runs in the caller's current span, under its subscriber; every other thread-local
    /// is the worker's own. Workers are reused, end after ten seconds without work, and never hold
    /// up the end of the process. There are at most 512 of them, and one operation holds at most
    /// half of them: a call beyond that is refused at once. See [`workers`](crate::workers) for
    /// these numbers, the stack and the fork of a process.
    ///
    /// Inside of another deadline the earlier one applies; if that has passed already, the body
    /// does not run. The time is real time even under `tokio::time::pause`, because a thread cannot
    /// be paused.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] when the limit is reached, or when there is no worker for the call.
    /// [`was_started`](TimedOut::was_started) is true if the body began.
    ///
    /// # Panics
    ///
    /// With the body's own panic.
    ///
    /// ```
    /// use std::time::Duration;
    /// use resilience::TimeoutConfig;
    ///
    /// let limit = TimeoutConfig::new(Duration::from_millis(50)).operation("legacy_call");
    /// let (_keep, never) = std::sync::mpsc::channel::<()>();
    ///
    /// let error = limit.run_thread(move || never.recv()).unwrap_err();
    /// assert_eq!(error.to_string(), "`legacy_call` timed out after 50ms");
    /// ```
    pub fn run_thread<T>(self, body: impl FnOnce() -> T + Send + 'static) -> Result<T, TimedOut>
    where
        T: Send + 'static,
    {
        run_on(process_pool(), self, body)
    }
}

fn run_on<T, F>(pool: &Arc<Pool>, config: TimeoutConfig, body: F) -> Result<T, TimedOut>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    if config.is_disabled() {
        return Ok(body());
    }
    let call = Call::begin(config)?;
    let slot = BodySlot(Mutex::new(BodyOrOutcome::Body(body)));
    let task = Arc::new(Task::new(
        config.get_operation(),
        call.limit.length(&call.config),
        call.deadline,
        slot,
    ));
    call.run(pool, &(Arc::clone(&task) as Arc<Task>))?;
    match task.slot.take() {
        // The error of a timeout inside that was ended by this call's deadline is not handed on,
        // because chance would decide whether it or the caller is first.
        BodyOrOutcome::Value(_) if task.is_overrun() => Err(call.error(Cause::Expired)),
        BodyOrOutcome::Value(value) => Ok(value),
        BodyOrOutcome::Panic(panic) => resume_unwind(panic),
        BodyOrOutcome::Body(_) | BodyOrOutcome::Empty => {
            unreachable!("the outcome is kept before the task is finished")
        }
    }
}

/// The part of a call that does not depend on the types of its body, so that it is compiled once.
struct Call {
    config: TimeoutConfig,
    limit: CallLimit,
    deadline: Option<Instant>,
}

impl Call {
    /// With no time left the body would be abandoned as it starts, so it does not start.
    fn begin(config: TimeoutConfig) -> Result<Self, TimedOut> {
        let limit = CallLimit::of(&config, clock::now(), Frame::current().deadline());
        let length = limit.length(&config);
        if length.is_zero() {
            return Err(limit.error(&config, Cause::NotBegun));
        }
        // The wait is in real time, as on the worker, because tokio's clock may be paused on this
        // thread and is not paused on that one.
        let deadline = time::Instant::now().checked_add(length);
        Ok(Self {
            config,
            limit,
            deadline: deadline.map(Instant::from_std),
        })
    }

    fn run(&self, pool: &Arc<Pool>, task: &Arc<Task>) -> Result<(), TimedOut> {
        pool.run(task).map_err(|cause| {
            let error = self.error(cause);
            if error.was_started() {
                // The caller leaves, and the body goes on.
                self.config.count(Count::AbandonedBody);
                self.emit(EventKind::Abandoned);
            }
            error
        })
    }

    fn error(&self, cause: Cause) -> TimedOut {
        match cause {
            Cause::Expired | Cause::NotBegun => self.limit.error(&self.config, cause),
            // The reason is not the time.
            Cause::PoolFull | Cause::ShareUsedUp | Cause::NoThread => {
                self.emit(EventKind::WorkersExhausted);
                self.config.error(cause)
            }
        }
    }

    fn emit(&self, kind: EventKind<'static>) {
        events::emit(self.config.get_operation(), || kind);
    }
}

/// The mutex is never contended, because the task's stage gives the slot to the caller or to the
/// worker.
struct BodySlot<F, T>(Mutex<BodyOrOutcome<F, T>>);

enum BodyOrOutcome<F, T> {
    Body(F),
    Value(T),
    Panic(Box<dyn Any + Send>),
    Empty,
}

impl<F, T> BodySlot<F, T> {
    fn take(&self) -> BodyOrOutcome<F, T> {
        mem::replace(&mut *self.lock(), BodyOrOutcome::Empty)
    }

    fn replace(&self, new: BodyOrOutcome<F, T>) -> BodyOrOutcome<F, T> {
        mem::replace(&mut *self.lock(), new)
    }

    fn lock(&self) -> MutexGuard<'_, BodyOrOutcome<F, T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F, T> TaskBody for BodySlot<F, T>
where
    F: FnOnce() -> T + Send,
    T: Send,
{
    fn run_body(&self, trace: &CallerTrace) {
        let BodyOrOutcome::Body(body) = self.take() else {
            return;
        };
        // The value is stored inside of the closure, because `catch_unwind` would copy it several
        // times in a debug build, and a large value would overflow the worker's stack.
        let unwound = catch_unwind(AssertUnwindSafe(|| {
            let _trace = trace.enter();
            // Rust evaluates the right side first, so the lock is not held while the body runs.
            *self.lock() = BodyOrOutcome::Value(body());
        }));
        // A panic of the caller's subscriber is a panic of the call, as it would be without the
        // worker. The subscriber may panic when the trace is left, with the value already stored.
        if let Err(panic) = unwound {
            discard(self.replace(BodyOrOutcome::Panic(panic)));
        }
    }

    fn discard(&self) -> Option<Box<dyn Any + Send>> {
        match self.take() {
            BodyOrOutcome::Panic(panic) => Some(panic),
            rest => catch_unwind(AssertUnwindSafe(|| drop(rest))).err(),
        }
    }
}

#[cfg(test)]
mod tests;
