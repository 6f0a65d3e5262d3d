//! The settings of the worker threads.

use std::time::Duration;

/// The number of worker threads of sync timeouts, and their properties. It is the argument of
/// [`configure`](super::workers::configure).
///
/// ```
/// use resilience::workers::WorkerConfig;
/// use std::time::Duration;
///
/// const WORKERS: WorkerConfig = WorkerConfig::new()
///     .max_workers(64)
///     .max_share(0.25)
///     .idle_timeout(Duration::from_secs(60))
///     .stack_size(8 << 20);
/// # let _ = WORKERS;
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[must_use]
pub struct WorkerConfig {
    max_workers: usize,
    max_share: f64,
    idle_timeout: Duration,
    stack_size: Option<usize>,
}

impl WorkerConfig {
    /// Makes the default configuration: 512 workers, half of them for one operation. A worker ends
    /// after ten idle seconds and has the stack of any Rust thread.
    pub const fn new() -> Self {
        Self {
            max_workers: 512,
            max_share: 0.5,
            idle_timeout: Duration::from_secs(10),
            stack_size: None,
        }
    }

    /// Sets the number of workers that may live at once. Default 512. While all of them are busy,
    /// calls are refused.
    ///
    /// # Panics
    ///
    /// If `count` is zero.
    #[track_caller]
    pub const fn max_workers(mut self, count: usize) -> Self {
        assert!(count > 0, "`max_workers` must be at least 1");
        self.max_workers = count;
        self
    }

    /// Sets the share of the workers that the calls of one operation may hold. Default 0.5. Calls
    /// that nobody waits for any more count, too. The calls without an operation have one share
    /// together. One worker is always allowed.
    ///
    /// A dependency that hangs holds a worker with every call. Its share ends that, so that calls
    /// of other dependencies still find workers.
    ///
    /// # Panics
    ///
    /// If `share` is not above 0 and at most 1.
    #[track_caller]
    pub const fn max_share(mut self, share: f64) -> Self {
        assert!(
            share > 0.0 && share <= 1.0,
            "`max_share` must be above 0 and at most 1"
        );
        self.max_share = share;
        self
    }

    /// Sets the idle time of a worker. After it, the worker ends. Default 10 s.
    pub const fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// Sets the stack of each worker in bytes. Without it std decides: 2 MiB, or the environment
    /// variable `RUST_MIN_STACK`.
    pub const fn stack_size(mut self, bytes: usize) -> Self {
        self.stack_size = Some(bytes);
        self
    }

    pub(super) const fn get_max_workers(&self) -> usize {
        self.max_workers
    }

    /// The number of workers that one operation may hold.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the share is positive, and nobody has 2^53 threads"
    )]
    pub(super) fn workers_per_operation(&self) -> usize {
        ((self.max_workers as f64 * self.max_share) as usize).max(1)
    }

    pub(super) const fn get_idle_timeout(&self) -> Duration {
        self.idle_timeout
    }

    pub(super) const fn get_stack_size(&self) -> Option<usize> {
        self.stack_size
    }
}

impl Default for WorkerConfig {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_operation_may_hold_its_share_and_always_one_worker() {
        let workers = |count, share| {
            WorkerConfig::new()
                .max_workers(count)
                .max_share(share)
                .workers_per_operation()
        };
        assert_eq!(WorkerConfig::default().workers_per_operation(), 256);
        assert_eq!(workers(3, 0.5), 1);
        assert_eq!(workers(1, 0.1), 1);
        assert_eq!(workers(10, 1.0), 10);
    }

    #[test]
    #[should_panic(expected = "`max_workers` must be at least 1")]
    fn a_pool_without_workers_panics() {
        let _ = WorkerConfig::new().max_workers(0);
    }

    #[test]
    fn a_share_outside_of_its_range_panics() {
        for share in [0.0, -0.5, 1.1, f64::NAN] {
            let set = std::panic::catch_unwind(|| WorkerConfig::new().max_share(share));
            assert!(set.is_err(), "{share}");
        }
    }
}
