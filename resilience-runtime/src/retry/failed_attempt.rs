//! The judgement of a failed attempt that no filter and no hook looks at.

use super::config::RetryConfig;
use super::ended_attempt::EndedAttempt;
use super::review::is_last;
use super::state::Retry;
use crate::errors::Origin;
use crate::errors::error_slot::Slot;
use crate::errors::{Traits, View};
use crate::operation::Operation;
use core::borrow::Borrow;
use core::convert::Infallible;
use core::time::Duration;

// The usual ends of an attempt that has failed are one call out of line, because the code of each
// function with a retry contains one.
impl<C: Borrow<RetryConfig>, S> Retry<C, S> {
    /// Ends an attempt that has failed, without filters. `None` means that another attempt is due,
    /// and `Some` is the error that the call ends with.
    ///
    /// # Panics
    ///
    /// If the attempt has succeeded.
    #[inline]
    pub fn failed<T, E, V: View<E>>(
        &mut self,
        _: Traits<V, S>,
        outcome: Result<T, E>,
        operation: &Operation,
    ) -> Option<Result<T, E>>
    where
        S: Slot<E>,
    {
        if V::HOLDS_REFUSALS {
            return self.failed_or_refused::<T, E, V>(outcome, operation);
        }
        // An error that is not kept stays where it is. If a call returned it, a success would be
        // copied together with the room for it (measured: 4 ns). It is copied only if the call
        // ends.
        match outcome {
            Err(error) => {
                if self.gives_up::<E, V>(&error, operation) {
                    Some(Err(error))
                } else {
                    None
                }
            }
            Ok(_) => unreachable!("a success has left"),
        }
    }

    /// Does the same as [`failed`](Self::failed) for a sync function, which keeps an error in
    /// place.
    // The compiler would not inline it by itself where several functions use it, and the outcome
    // would lie in memory then (a success took 3 more instructions).
    #[expect(clippy::inline_always, reason = "measured, see above")]
    #[inline(always)]
    pub fn failed_blocking<T, E, V: View<E>, Other: Slot<E, Blocking = S>>(
        &mut self,
        _: Traits<V, Other>,
        outcome: Result<T, E>,
        operation: &Operation,
    ) -> Option<Result<T, E>>
    where
        S: Slot<E>,
    {
        if V::HOLDS_REFUSALS {
            return self.failed_or_refused::<T, E, V>(outcome, operation);
        }
        // The error is taken out of the outcome, because an outcome whose address is passed on lies
        // in memory, and a success is then written there, too.
        match outcome {
            Err(error) => self.error_blocking::<E, V>(error, operation).map(Err),
            Ok(_) => unreachable!("a success has left"),
        }
    }

    /// Returns the error if the call ends with it.
    // It is not `#[cold]`, because the compiler then puts each success into memory.
    #[inline(never)]
    fn error_blocking<E, V: View<E>>(&mut self, error: E, operation: &Operation) -> Option<E> {
        // The error is copied only if the call ends, because it was just written in pieces, and a
        // copy waits for them.
        if self.gives_up::<E, V>(&error, operation) {
            Some(error)
        } else {
            None
        }
    }

    #[cold]
    #[inline(never)]
    fn failed_or_refused<T, E, V: View<E>>(
        &mut self,
        outcome: Result<T, E>,
        operation: &Operation,
    ) -> Option<Result<T, E>>
    where
        S: Slot<E>,
    {
        EndedAttempt::failed(self, Traits::<V, S>::new(), outcome).last(operation)
    }

    #[cold]
    #[inline(never)]
    fn gives_up<E, V: View<E>>(&mut self, error: &E, operation: &Operation) -> bool {
        let (config, progress) = (self.config.borrow(), &mut self.progress);
        is_last(config, progress, operation, V::show(error))
    }

    /// Drops the error of an attempt if another one is due.
    pub(super) fn judge<E, V: View<E>>(&mut self, error: &mut Option<E>, operation: &Operation)
    where
        S: Slot<E>,
    {
        if V::HOLDS_REFUSALS {
            let failed = error.take().map(Err::<Infallible, _>);
            let last = failed.and_then(|it| self.failed_or_refused::<_, E, V>(it, operation));
            *error = last.and_then(Result::err);
        } else if error
            .as_ref()
            .is_some_and(|it| !self.gives_up::<E, V>(it, operation))
        {
            *error = None;
        }
    }

    /// Does the same as [`failed`](Self::failed) above a layer that may refuse. `origin` is the
    /// origin of the error as the layers of the own stack know it, and `refuses_for` returns the
    /// time for which the layer with this handle is certain to refuse.
    #[cold]
    #[inline(never)]
    pub fn failed_in_stack<T, E, V: View<E>, H>(
        &mut self,
        traits: Traits<V, S>,
        outcome: Result<T, E>,
        origin: &mut Origin,
        (refuses_for, handle): (impl FnOnce(H) -> Option<Duration>, H),
        operation: &Operation,
    ) -> Option<Result<T, E>>
    where
        S: Slot<E>,
    {
        EndedAttempt::failed(self, traits, outcome)
            .from_stack(origin)
            .refused_for(refuses_for(handle))
            .last(operation)
    }

    /// Does the same as [`failed_in_stack`](Self::failed_in_stack) for a sync function.
    #[cold]
    #[inline(never)]
    pub fn failed_in_stack_blocking<T, E, V: View<E>, Other: Slot<E, Blocking = S>, H>(
        &mut self,
        _: Traits<V, Other>,
        outcome: Result<T, E>,
        origin: &mut Origin,
        refusal: (impl FnOnce(H) -> Option<Duration>, H),
        operation: &Operation,
    ) -> Option<Result<T, E>>
    where
        S: Slot<E>,
    {
        self.failed_in_stack(Traits::<V, S>::new(), outcome, origin, refusal, operation)
    }
}
