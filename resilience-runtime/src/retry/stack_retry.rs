//! One call under retry whose attempts are one future each.

use super::backoff::Wait;
use super::config::RetryConfig;
use super::number::Attempt;
use super::progress::{Progress, Started};
use super::schedule::Schedule;
use super::state::Retry;
use crate::errors::error_slot::{NotesSlot, Slot};
use crate::errors::{Origin, Traits, View};
use crate::operation::{InForce, Operation};
use crate::scoped_body::BodyRun;
use core::convert::Infallible;
use core::mem;
use core::task::{Context, Poll, ready};
use core::time::Duration;

/// One call under retry whose attempts are one future each. `K` is the place of the last error that
/// was retried.
///
/// It is smaller than [`Retry`], and lies in the user's future. The state between two attempts lies
/// in the box of the last error, which only a call that is retried has.
#[derive(Debug)]
pub struct StackRetry<'c, K> {
    config: &'c RetryConfig,
    started: Started,
    kept: K,
}

/// The state of a call that is retried.
#[derive(Debug, Default)]
pub struct Retried {
    schedule: Option<Schedule>,
    pause: Pause,
}

/// The wait before a retry.
#[derive(Default)]
enum Pause {
    /// The wait begins with the next poll.
    #[default]
    Due,
    /// The call waits.
    Begun(Wait),
    /// The attempt runs.
    Over,
}

impl<'c, K: Default> StackRetry<'c, K> {
    /// Begins a call, as [`Retry::new`] does.
    #[inline]
    pub fn new(config: &'c RetryConfig) -> Self {
        Self::begun(&Retry::new(config))
    }

    #[inline]
    fn begun(call: &Retry<&'c RetryConfig, ()>) -> Self {
        Self {
            config: call.config,
            started: call.progress.started,
            kept: K::default(),
        }
    }
}

impl<K: Default> StackRetry<'static, K> {
    /// Begins a call, as [`Retry::in_file`] does.
    #[inline]
    pub fn in_file(
        config: &'static RetryConfig,
        file: InForce,
        layer: usize,
        operation: &Operation,
    ) -> Self {
        Self::begun(&Retry::in_file(config, file, layer, operation))
    }
}

impl<'c, K: NotesSlot<Retried>> StackRetry<'c, K> {
    /// Deposits the call into the budget, if the configuration has one.
    #[inline]
    pub fn deposit(&self, operation: &Operation) {
        self.call().deposit(operation);
    }

    /// Returns the attempt that begins now, for its body.
    #[inline]
    pub fn attempt(&self) -> Attempt {
        self.call().attempt()
    }

    /// Returns the run of the body that begins now, for the scope of a test.
    #[inline]
    pub fn body_run(&self) -> BodyRun {
        self.call().body_run()
    }

    /// Returns the call without its last error.
    #[inline]
    fn call(&self) -> Retry<&'c RetryConfig, ()> {
        let schedule = self.kept.notes().and_then(|retried| retried.schedule);
        Retry {
            config: self.config,
            progress: Progress::new(self.started, schedule),
            kept: (),
        }
    }

    #[inline]
    pub(super) fn is_retried(&self) -> bool {
        self.kept.notes().is_some()
    }

    // The functions below do not know the body, so they are compiled once for all functions under
    // the same layers.

    /// Waits until a retry is due.
    #[cold]
    #[inline(never)]
    pub(super) fn poll_wait(&mut self, operation: &Operation, cx: &mut Context<'_>) -> Poll<()> {
        let call = self.call();
        let pause = &mut self.kept.notes_mut().pause;
        if let Pause::Due = pause {
            let wait = call.wait(operation).into_wait();
            *pause = wait.map_or(Pause::Over, Pause::Begun);
        }
        if let Pause::Begun(wait) = pause {
            ready!(wait.as_mut().poll(cx));
            *pause = Pause::Over;
        }
        Poll::Ready(())
    }

    /// Ends a call that succeeded. A success at the first attempt counts nothing.
    #[inline]
    pub(super) fn succeeded(&self, operation: &Operation) {
        if self.started.is_success_noted() {
            self.record_success(operation);
        }
    }

    #[cold]
    #[inline(never)]
    fn record_success(&self, operation: &Operation) {
        self.call().succeeded(operation);
    }

    /// Ends an attempt that has failed. Returns the error that the call ends with, or `None` if
    /// another attempt is due.
    pub(super) fn failed<E, V: View<E>, H>(
        &mut self,
        error: E,
        origin: &mut Origin,
        refusal: (impl FnOnce(H) -> Option<Duration>, H),
        operation: &Operation,
    ) -> Option<E>
    where
        K: Slot<E> + Default,
    {
        let mut call = Retry {
            config: self.config,
            progress: self.call().progress,
            kept: mem::take(&mut self.kept),
        };
        let failed = Err::<Infallible, E>(error);
        let traits = Traits::<V, K>::new();
        let last = call.failed_in_stack(traits, failed, origin, refusal, operation);
        let Retry { progress, kept, .. } = call;
        self.started = progress.started;
        self.kept = kept;
        if let Some(Err(error)) = last {
            return Some(error);
        }
        *self.kept.notes_mut() = Retried {
            schedule: progress.retried().copied(),
            pause: Pause::Due,
        };
        None
    }
}

impl core::fmt::Debug for Pause {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Due => "Due",
            Self::Begun(_) => "Begun",
            Self::Over => "Over",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::errors::error_slot::{AsyncSlot, Boxed};

    #[test]
    fn the_state_in_the_users_future_is_three_words() {
        type Kept = <Boxed<u8> as AsyncSlot<u8>>::With<Retried>;
        assert_eq!(size_of::<StackRetry<'_, Kept>>(), 3 * size_of::<u64>());
    }
}
