//! The timeout of a sync body on a worker thread: the caller leaves at the deadline, the body stays.

use std::{
    any::Any,
    mem,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{Arc, Mutex, PoisonError},
    thread, time,
};

use tokio::time::Instant;

use super::{
    TimedOut, TimeoutConfig, deadline,
    error::Cause,
    job::{Job, Work},
    pool::Pool,
    trace::Trace,
};

impl TimeoutConfig {
    /// Runs `body` on a worker thread, and returns without it when it is not done within the limit.
    ///
    /// The calling thread blocks until then. A body that is left behind goes on: it sees
    /// [`is_abandoned`](crate::is_abandoned) and should end soon, for it holds a worker; its result is dropped on the
    /// worker, its panic becomes an ERROR event of `tracing`. A result that is there at the deadline is taken.
    ///
    /// The body runs in the caller's current span, under its subscriber; what else is local to a thread is the
    /// worker's own. Workers are reused, end after ten seconds without work, and never hold up the end of the process.
    /// There are at most 512 of them: with all of them busy a call is refused at once.
    ///
    /// Inside of another sync timeout the earlier of both deadlines applies. The time is real time, also under
    /// `tokio::time::pause`: a thread cannot be paused.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] when the limit is reached, or when there is no worker to be had;
    /// [`was_started`](TimedOut::was_started) tells whether the body began.
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
        run_on(Pool::of_process(), self, body)
    }
}

fn run_on<T, F>(pool: &Arc<Pool>, config: TimeoutConfig, body: F) -> Result<T, TimedOut>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let order = Order::of(config)?;
    let call = Call(Mutex::new(Content::Body(body)));
    let job = Arc::new(Job::new(order.operation(), order.deadline, call));
    order.run(pool, &(Arc::clone(&job) as Arc<Job>))?;
    match job.work.take() {
        Content::Outcome(Ok(value)) => Ok(value),
        Content::Outcome(Err(panic)) => resume_unwind(panic),
        Content::Body(_) | Content::Nothing => {
            unreachable!("the outcome is kept before it is announced")
        }
    }
}

/// What the call has whatever its body is.
struct Order {
    config: TimeoutConfig,
    deadline: Option<Instant>,
}

impl Order {
    /// With no time left the body would be given up as it begins, so it does not begin.
    fn of(config: TimeoutConfig) -> Result<Self, TimedOut> {
        let config = config.within(deadline::remaining());
        if config.get_limit().is_zero() {
            return Err(TimedOut::new(config, Cause::NotBegun));
        }
        // Real time, as on the worker: here tokio's clock may be paused, and there it is not.
        let deadline = time::Instant::now().checked_add(config.get_limit());
        Ok(Self {
            config,
            deadline: deadline.map(Instant::from_std),
        })
    }

    fn operation(&self) -> &'static str {
        self.config.get_operation().unwrap_or("operation")
    }

    fn run(&self, pool: &Arc<Pool>, job: &Arc<Job>) -> Result<(), TimedOut> {
        pool.run(job)
            .map_err(|cause| TimedOut::new(self.config, cause))
    }
}

/// The mutex is never contended: the job's stage says whose turn it is.
struct Call<F, T>(Mutex<Content<F, T>>);

enum Content<F, T> {
    Body(F),
    Outcome(thread::Result<T>),
    Nothing,
}

impl<F, T> Call<F, T> {
    fn take(&self) -> Content<F, T> {
        self.replace(Content::Nothing)
    }

    fn replace(&self, content: Content<F, T>) -> Content<F, T> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        mem::replace(&mut *held, content)
    }
}

impl<F, T> Work for Call<F, T>
where
    F: FnOnce() -> T + Send,
    T: Send,
{
    fn run(&self, trace: &Trace) {
        let Content::Body(body) = self.take() else {
            return;
        };
        // A subscriber that panics does so to the caller, as it would without the worker.
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let _trace = trace.enter();
            body()
        }));
        self.replace(Content::Outcome(outcome));
    }

    fn discard(&self) -> Option<Box<dyn Any + Send>> {
        match self.take() {
            Content::Outcome(Err(panic)) => Some(panic),
            rest => catch_unwind(AssertUnwindSafe(|| drop(rest))).err(),
        }
    }
}

#[cfg(test)]
mod tests;
