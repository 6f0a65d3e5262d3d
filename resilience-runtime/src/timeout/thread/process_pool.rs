//! The pool of this process.

use std::{
    error::Error,
    fmt, process,
    sync::{Arc, OnceLock},
};

use super::{pool::Pool, pool_state::WorkerStats, worker_config::WorkerConfig};

/// A pool, and the process that its threads belong to.
///
/// A forked child has a copy of its parent's pool, but none of the threads. It must not lock the
/// copy, because another thread of the parent may have held the lock during the fork, and would
/// never release the copy of it. So the child appends a pool of its own.
struct ProcessPool {
    process_id: u32,
    pool: Arc<Pool>,
    after_fork: OnceLock<Box<ProcessPool>>,
}

static FIRST: OnceLock<Box<ProcessPool>> = OnceLock::new();

/// The newest pool, and the place for the next one. The newest pool may belong to a parent process.
fn newest() -> (
    Option<&'static ProcessPool>,
    &'static OnceLock<Box<ProcessPool>>,
) {
    let (mut newest, mut next) = (None, &FIRST);
    while let Some(process_pool) = next.get() {
        newest = Some(&**process_pool);
        next = &process_pool.after_fork;
    }
    (newest, next)
}

/// The pool of this process. The first call starts it with the default configuration.
pub(super) fn process_pool() -> &'static Arc<Pool> {
    let process_id = process::id();
    loop {
        let (newest, next) = newest();
        match newest {
            Some(own) if own.process_id == process_id => return &own.pool,
            parents => {
                let config = parents.map_or(WorkerConfig::new(), |parent| parent.pool.config());
                // If this fails, another thread of this process was first, and its pool is found
                // next.
                let _ = start(next, process_id, config);
            }
        }
    }
}

fn start(
    place: &OnceLock<Box<ProcessPool>>,
    process_id: u32,
    config: WorkerConfig,
) -> Result<(), AlreadyStarted> {
    let started = place.set(Box::new(ProcessPool {
        process_id,
        pool: Pool::new(config),
        after_fork: OnceLock::new(),
    }));
    started.map_err(|_| AlreadyStarted)
}

/// Configures the worker threads of sync timeouts in this process. It must be called once, before
/// the first call of a sync `#[timeout]` function.
///
/// # Errors
///
/// [`AlreadyStarted`] if such a call or another `configure` came first.
pub fn configure(config: WorkerConfig) -> Result<(), AlreadyStarted> {
    let process_id = process::id();
    match newest() {
        (Some(own), _) if own.process_id == process_id => Err(AlreadyStarted),
        (_, next) => start(next, process_id, config),
    }
}

/// The worker threads of sync timeouts in this process, at one moment.
///
/// ```
/// use std::time::Duration;
/// use resilience::TimeoutConfig;
///
/// let sum = TimeoutConfig::new(Duration::from_secs(60)).run_thread(|| 1 + 1);
/// assert_eq!(sum, Ok(2));
///
/// let workers = resilience::worker_stats();
/// assert!(workers.live >= 1 && workers.idle >= 1);
/// assert_eq!(workers.abandoned_running, 0);
/// ```
pub fn worker_stats() -> WorkerStats {
    match newest() {
        (Some(own), _) if own.process_id == process::id() => own.pool.stats(),
        _ => WorkerStats::default(),
    }
}

/// The most worker threads that the process may have.
#[cfg(feature = "metrics")]
pub(crate) fn worker_limit() -> usize {
    let config = newest().0.map(|newest| newest.pool.config());
    config.unwrap_or_default().get_max_workers()
}

/// The worker threads were configured too late: they have been configured or have started before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct AlreadyStarted;

impl fmt::Display for AlreadyStarted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the worker threads of sync timeouts are already configured or started; configure them once, before the \
             first call of a sync `#[timeout]` function",
        )
    }
}

impl Error for AlreadyStarted {}
