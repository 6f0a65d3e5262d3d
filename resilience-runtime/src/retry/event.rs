//! The event that an `on_retry` hook is told.

use core::any::type_name;
use core::fmt;
use core::time::Duration;

/// An attempt failed and there will be another one. `#[retry(on_retry = …)]` passes this event to
/// its function, once before each wait.
///
/// ```
/// use resilience::RetryEvent;
///
/// fn count_retries<T, E: std::fmt::Display>(event: &RetryEvent<'_, T, E>) {
///     if let Err(error) = event.outcome {
///         println!("{}: attempt {} failed: {error}; again in {:?}", event.operation, event.attempt, event.delay);
///     }
/// }
/// # let _: fn(&RetryEvent<'_, (), String>) = count_retries;
/// ```
#[non_exhaustive]
pub struct RetryEvent<'a, T, E> {
    /// The module path and the name of the function, or the name that a value was given.
    pub operation: &'a str,
    /// The number of the attempt that has just failed, from 1.
    pub attempt: u32,
    /// The number of attempts that there may be, the first one included.
    pub max_attempts: u32,
    /// The wait before the next attempt. It is zero if there is none.
    pub delay: Duration,
    /// The time that all attempts and waits took so far.
    pub elapsed: Duration,
    /// The outcome of the attempt: an error, or a value that `retry_if_ok` asks to try again.
    pub outcome: Result<&'a T, &'a E>,
}

// The impl is written by hand, because a derive would demand the same of `T` and `E`, although the
// event only refers to them.
impl<T, E> Clone for RetryEvent<'_, T, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, E> Copy for RetryEvent<'_, T, E> {}

/// Prints the type of the outcome instead of the outcome, because nothing is demanded of the type.
impl<T, E> fmt::Debug for RetryEvent<'_, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (variant, type_name) = match self.outcome {
            Ok(_) => ("Ok", type_name::<T>()),
            Err(_) => ("Err", type_name::<E>()),
        };
        f.debug_struct("RetryEvent")
            .field("operation", &self.operation)
            .field("attempt", &self.attempt)
            .field("max_attempts", &self.max_attempts)
            .field("delay", &self.delay)
            .field("elapsed", &self.elapsed)
            .field("outcome", &format_args!("{variant}({type_name})"))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_copied_and_printed_whatever_it_refers_to() {
        struct Opaque;
        let event = RetryEvent::<(), Opaque> {
            operation: "fetch",
            attempt: 2,
            max_attempts: 4,
            delay: Duration::from_millis(50),
            elapsed: Duration::from_secs(1),
            outcome: Err(&Opaque),
        };
        let copy = event;
        assert_eq!(
            format!("{event:?}"),
            format!(
                "RetryEvent {{ operation: \"fetch\", attempt: 2, max_attempts: 4, delay: 50ms, elapsed: 1s, outcome: Err({}) }}",
                type_name::<Opaque>()
            )
        );
        let accepted = RetryEvent {
            outcome: Ok(&()),
            ..copy
        };
        assert!(format!("{accepted:?}").ends_with("outcome: Ok(()) }"));
    }
}
