//! The filters and hooks of a retry that is used as a value.

use super::event::RetryEvent;
use super::hint::RetryHint;

/// The filters and hooks of a retry, each around those that were added before it.
#[doc(hidden)]
pub trait Hooks<T, E> {
    /// True if one of them is told how long the call took.
    const IS_TOLD: bool = false;

    /// True if all of them want the error to be retried.
    fn retry_if(&mut self, error: &E) -> bool;

    /// True if one of them wants the value to be tried again.
    fn retry_if_ok(&mut self, value: &T) -> bool;

    /// Returns the delay that the error asks for.
    fn delay_hint(&mut self, error: &E) -> RetryHint;

    /// Tells the hooks of a retry.
    fn on_retry(&mut self, event: &RetryEvent<'_, T, E>);
}

/// There are no hooks, so every error is retried and no value.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct NoHooks;

impl<T, E> Hooks<T, E> for NoHooks {
    #[inline]
    fn retry_if(&mut self, _: &E) -> bool {
        true
    }

    #[inline]
    fn retry_if_ok(&mut self, _: &T) -> bool {
        false
    }

    #[inline]
    fn delay_hint(&mut self, _: &E) -> RetryHint {
        RetryHint::Unknown
    }

    #[inline]
    fn on_retry(&mut self, _: &RetryEvent<'_, T, E>) {}
}

/// Defines a function together with the hooks that were added before it. The names in brackets are
/// the methods that only those older hooks answer.
macro_rules! hooks {
    ($(
        $(#[$doc:meta])*
        $hook:ident $([$returned:ident: $($into:tt)*])? ($bound:ident: $($function:tt)*)
        { $($own:tt)* } [$($other:ident)*]
    )*) => { $(
        $(#[$doc])*
        #[doc(hidden)]
        #[derive(Clone, Copy, Debug)]
        pub struct $hook<F, H>(pub(super) F, pub(super) H);

        impl<T, E, $($returned,)? F: $bound $($function)*, H: Hooks<T, E>> Hooks<T, E> for $hook<F, H>
        $(where $returned: $($into)*)?
        {
            $($own)*
            $(hooks!(@ $other);)*
        }
    )* };
    (@ is_told) => {
        const IS_TOLD: bool = H::IS_TOLD;
    };
    (@ retry_if) => {
        #[inline]
        fn retry_if(&mut self, error: &E) -> bool {
            self.1.retry_if(error)
        }
    };
    (@ retry_if_ok) => {
        #[inline]
        fn retry_if_ok(&mut self, value: &T) -> bool {
            self.1.retry_if_ok(value)
        }
    };
    (@ delay_hint) => {
        #[inline]
        fn delay_hint(&mut self, error: &E) -> RetryHint {
            self.1.delay_hint(error)
        }
    };
    (@ on_retry) => {
        #[inline]
        fn on_retry(&mut self, event: &RetryEvent<'_, T, E>) {
            self.1.on_retry(event);
        }
    };
}

hooks! {
    /// Only errors that the function accepts are retried.
    RetryIf(FnMut: (&E) -> bool) {
        #[inline]
        fn retry_if(&mut self, error: &E) -> bool {
            self.1.retry_if(error) && (self.0)(error)
        }
    } [is_told retry_if_ok delay_hint on_retry]

    /// Errors that the function accepts are not retried.
    AbortIf(FnMut: (&E) -> bool) {
        #[inline]
        fn retry_if(&mut self, error: &E) -> bool {
            self.1.retry_if(error) && !(self.0)(error)
        }
    } [is_told retry_if_ok delay_hint on_retry]

    /// Values that the function accepts are tried again.
    RetryIfOk(FnMut: (&T) -> bool) {
        #[inline]
        fn retry_if_ok(&mut self, value: &T) -> bool {
            self.1.retry_if_ok(value) || (self.0)(value)
        }
    } [is_told retry_if delay_hint on_retry]

    /// The error says how long to wait. The hint that was added first wins.
    DelayHint[R: Into<RetryHint>](FnMut: (&E) -> R) {
        #[inline]
        fn delay_hint(&mut self, error: &E) -> RetryHint {
            match self.1.delay_hint(error) {
                RetryHint::Unknown => (self.0)(error).into(),
                hint => hint,
            }
        }
    } [is_told retry_if retry_if_ok on_retry]

    /// The function is told of each retry.
    OnRetry(FnMut: (&RetryEvent<'_, T, E>)) {
        const IS_TOLD: bool = true;

        #[inline]
        fn on_retry(&mut self, event: &RetryEvent<'_, T, E>) {
            self.1.on_retry(event);
            (self.0)(event);
        }
    } [retry_if retry_if_ok delay_hint]
}
