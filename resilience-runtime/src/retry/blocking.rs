//! One call of a sync function under a retry that no filter and no hook looks at.
//!
//! The call is a number until an attempt fails, and its [`Retry`] is made then. So a call that
//! succeeds at once keeps nothing in memory for the failure that did not come. `Retry` as a
//! variable of the function from the start took four more instructions and 0.1 ns, and a half more
//! machine code.

use core::marker::PhantomData;
use core::num::NonZeroU64;

use super::config::RetryConfig;
use super::progress::Progress;
use super::state::{self, Retry};
use super::success;
use crate::errors::error_slot::Slot;
use crate::errors::{Traits, View};
use crate::operation::{FileLayer, InForce, Operation};

/// A call that has begun: the moment on the clock, or `UNTIMED` if nobody wants to know how long
/// the call takes, or `FAILED` if there is a [`Retry`] that knows it. It is one number, because a
/// call that succeeds at once looks at nothing else then.
#[derive(Clone, Copy, Debug)]
pub struct Begun(u64);

impl Begun {
    const UNTIMED: u64 = 0;
    const FAILED: u64 = u64::MAX;

    /// Begins a call.
    #[inline]
    #[must_use]
    pub fn new(config: &RetryConfig) -> Self {
        if state::is_timed(config) {
            Self::at(state::moment())
        } else {
            Self(Self::UNTIMED)
        }
    }

    /// Begins a call with the values of the configuration file, and deposits it into the budget
    /// that the file may give it.
    #[inline]
    #[must_use]
    pub fn in_file(
        config: &'static RetryConfig,
        file: InForce,
        layer: usize,
        operation: &Operation,
    ) -> Self {
        #[cfg(feature = "config")]
        if file.is_idle::<RetryConfig>(layer) && !state::is_listened_to() {
            return Self(Self::UNTIMED);
        }
        Self::at(state::begin_in_file(config, file, layer, operation).1)
    }

    /// Neither end of the clock's axis is ever read.
    #[inline]
    fn at(moment: Option<NonZeroU64>) -> Self {
        Self(moment.map_or(Self::UNTIMED, NonZeroU64::get))
    }

    /// Ends a call that succeeded. A success at the first attempt counts nothing.
    #[inline]
    pub fn succeeded<S>(self, retry: &StaticRetry<S>, operation: &Operation) {
        if self.0 != Self::UNTIMED {
            self.record_success(retry.as_ref().map(|retry| &retry.progress), operation);
        }
    }

    #[cold]
    #[inline(never)]
    fn record_success(self, retried: Option<&Progress>, operation: &Operation) {
        let first = Progress::started(NonZeroU64::new(self.0));
        success::succeeded(retried.unwrap_or(&first), operation);
    }

    /// Ends an attempt that has failed. If another attempt is due, the error is dropped, and the
    /// thread is blocked until then. Otherwise the error is left in its place.
    // It returns the new value, because the compiler would compile the body twice if it knew that
    // the value is another one from then on.
    #[cold]
    #[inline(never)]
    #[must_use]
    pub fn failed<E, V: View<E>, S: Default + Slot<E>>(
        self,
        retry: &mut StaticRetry<S>,
        config: &'static RetryConfig,
        failed: &mut FailedWith<E, V, S>,
        operation: &Operation,
    ) -> Self {
        let begin = || Retry::started(config, NonZeroU64::new(self.0));
        let retry = retry.get_or_insert_with(begin);
        retry.judge::<E, V>(&mut failed.error, operation);
        if failed.error.is_none() {
            retry.wait_blocking();
        }
        Self(Self::FAILED)
    }

    /// Does the same as [`failed`](Self::failed) with the values of the configuration file.
    #[cold]
    #[inline(never)]
    #[must_use]
    pub fn failed_in_file<E, V: View<E>, S: Default + Slot<E>>(
        self,
        retry: &mut StaticRetry<S>,
        (config, file, layer): (&'static RetryConfig, InForce, usize),
        failed: &mut FailedWith<E, V, S>,
        operation: &Operation,
    ) -> Self {
        let config = FileLayer::in_file(config, file, layer);
        self.failed(retry, config, failed, operation)
    }
}

/// The state of a call between its attempts, from the first failure on.
type StaticRetry<S> = Option<Retry<&'static RetryConfig, S>>;

/// The place of the error of an attempt, until it is judged. `V` inspects the error, and `S` is the
/// place of the last error that was retried.
#[derive(Debug)]
pub struct FailedWith<E, V, S> {
    error: Option<E>,
    traits: PhantomData<(V, S)>,
}

impl<E, V, S> FailedWith<E, V, S> {
    /// Takes the error out of the outcome, because an outcome whose address is passed on lies in
    /// memory, and a success is then written there, too.
    ///
    /// # Panics
    ///
    /// If the attempt has succeeded.
    // The compiler would not inline it by itself where an attempt fails, and the error would be
    // copied once more.
    #[expect(clippy::inline_always, reason = "measured, see above")]
    #[inline(always)]
    pub fn of<T, Other: Slot<E, Blocking = S>>(_: Traits<V, Other>, outcome: Result<T, E>) -> Self {
        match outcome {
            Err(error) => Self {
                error: Some(error),
                traits: PhantomData,
            },
            Ok(_) => unreachable!("a success has left"),
        }
    }

    /// True if the call ends with the error.
    #[inline]
    pub fn is_last(&self) -> bool {
        self.error.is_some()
    }

    /// The result that the call ends with, if it does.
    #[inline]
    pub fn last<T>(self) -> Option<Result<T, E>> {
        self.error.map(Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CircuitOpen;
    use crate::errors::Inspect;
    use core::time::Duration;

    const CONFIG: RetryConfig = RetryConfig::new().max_retries(1).base_delay(Duration::ZERO);

    #[test]
    fn the_first_failure_makes_the_state_and_the_last_one_leaves_its_error() {
        static OPERATION: Operation = Operation::new("blocking::last");
        let (mut begun, mut retry) = (Begun::new(&CONFIG), None);
        for (attempt, is_last) in [(1, false), (2, true)] {
            let outcome = Err::<(), _>(attempt);
            let traits = Inspect::of(&outcome).__traits();
            let mut failed = FailedWith::of(traits, outcome);
            begun = begun.failed(&mut retry, &CONFIG, &mut failed, &OPERATION);
            assert_eq!(failed.is_last(), is_last, "attempt {attempt}");
            assert_eq!(failed.last::<()>(), is_last.then_some(Err(attempt)));
        }
        assert_eq!(begun.0, Begun::FAILED);
        assert!(retry.is_some_and(|retry| retry.progress.attempt() == 2));
    }

    #[test]
    fn an_error_that_may_be_a_refusal_is_kept_for_the_next_one() {
        #[derive(Debug)]
        enum Error {
            Failed,
            Open(CircuitOpen),
        }
        impl core::fmt::Display for Error {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                match self {
                    Self::Failed => f.write_str("failed"),
                    Self::Open(open) => open.fmt(f),
                }
            }
        }
        impl core::error::Error for Error {
            fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
                match self {
                    Self::Failed => None,
                    Self::Open(open) => Some(open),
                }
            }
        }
        static OPERATION: Operation = Operation::new("blocking::refused");
        let refusal = crate::CircuitBreaker::new("blocking", crate::CircuitBreakerConfig::new());
        refusal.trip();
        let refusal = refusal.acquire().expect_err("it is open");
        let (mut begun, mut retry) = (Begun::new(&CONFIG), None);
        let mut ends = Vec::new();
        for error in [Error::Failed, Error::Open(refusal)] {
            let outcome = Err::<(), _>(error);
            let traits = Inspect::of(&outcome).__traits();
            let mut failed = FailedWith::of(traits, outcome);
            begun = begun.failed(&mut retry, &CONFIG, &mut failed, &OPERATION);
            ends.push(failed.last::<()>());
        }
        assert!(
            matches!(ends[..], [None, Some(Err(Error::Failed))]),
            "{ends:?}"
        );
    }
}
