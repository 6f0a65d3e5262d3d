//! The error of a timeout.

use std::{error::Error, fmt, io, time::Duration};

use super::operation::Operation;
use crate::errors::{NotStarted, Origin, Refusal, RefusalKind};

/// The mark of an inherited expiry.
static INHERITED: Refusal = Refusal::new(
    RefusalKind::Deadline,
    "the deadline of the caller came before the limit",
);

/// A call took longer than its limit, or was not started within it.
///
/// It converts into [`io::Error`] with [`io::ErrorKind::TimedOut`], so that it fits into
/// `io::Result`; and into `Box<dyn Error + Send + Sync>` and `anyhow::Error`, as any error does.
///
/// ```
/// use std::time::Duration;
/// use resilience::TimeoutConfig;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let error = TimeoutConfig::new(Duration::from_secs(5))
///     .operation("db_query")
///     .run_async(std::future::pending::<()>())
///     .await
///     .unwrap_err();
///
/// assert_eq!(error.operation(), "db_query");
/// assert_eq!(error.limit(), Duration::from_secs(5));
/// assert_eq!(error.to_string(), "`db_query` timed out after 5s");
/// # }
/// ```
#[doc(alias = "Elapsed")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimedOut {
    operation: Option<&'static str>,
    /// Nobody gave the operation: it is the path of the function.
    is_path: bool,
    message: Option<&'static str>,
    limit: Duration,
    is_inherited: bool,
    cause: Cause,
}

/// The reason why there is no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// The body began and took too long.
    Expired,
    /// The limit was reached before the body began.
    NotBegun,
    /// The pool has as many workers as it may have, and all are busy.
    PoolFull,
    /// The operation holds as many workers as its share of the pool allows.
    ShareUsedUp,
    /// The operating system gave no new thread.
    NoThread,
}

impl TimedOut {
    pub(super) fn new(
        operation: Option<Operation>,
        message: Option<&'static str>,
        limit: Duration,
        cause: Cause,
    ) -> Self {
        Self {
            operation: operation.map(|operation| operation.name),
            is_path: operation.is_some_and(|operation| operation.is_path),
            message,
            limit,
            is_inherited: false,
            cause,
        }
    }

    /// The same error of a call that an inherited deadline left `left` to.
    pub(super) fn inherited(self, left: Duration) -> Self {
        Self {
            limit: left,
            is_inherited: true,
            ..self
        }
    }

    /// The operation that took too long: the name that was given, else the module path and the name
    /// of the function under `#[timeout]`, else `"operation"`. The error's text shows the last
    /// segment of a path that nobody gave.
    pub fn operation(&self) -> &str {
        self.operation.unwrap_or("operation")
    }

    /// The limit that was reached: the configured one, or the time that an
    /// [inherited](Self::is_inherited) deadline had left when the call began.
    pub fn limit(&self) -> Duration {
        self.limit
    }

    /// True if the limit that ran out was not the timeout's own, but a deadline around the call
    /// that came earlier: one of [`with_deadline`](crate::with_deadline), one that was carried here
    /// by [`inherit`](crate::inherit), or that of a timeout around a sync one.
    ///
    /// An inherited expiry is a [refusal](crate::Refusal) of the kind
    /// [`Deadline`](crate::RefusalKind::Deadline): circuits ignore it, because the service did not
    /// get its time, and retries do not retry it without `retry_refused`.
    pub fn is_inherited(&self) -> bool {
        self.is_inherited
    }

    /// True if the body began to run.
    ///
    /// `false` if an inherited deadline had passed before the call; and in thread mode if the
    /// worker pool was full, the operation's share of it was used up, the system gave no thread, or
    /// the time was over before a worker came to the body. Such a body has done nothing and never
    /// will, so even one with side effects is safe to retry.
    pub fn was_started(&self) -> bool {
        self.cause == Cause::Expired
    }

    /// The reason why the call was not started, if there is one beside the time.
    fn refusal(&self) -> Option<&'static str> {
        match self.cause {
            Cause::NotBegun if self.is_inherited && self.limit.is_zero() => {
                Some("the deadline of its caller had passed")
            }
            Cause::Expired | Cause::NotBegun => None,
            Cause::PoolFull => Some("no worker thread was free"),
            Cause::ShareUsedUp => {
                Some("its other calls hold its whole share of the worker threads")
            }
            Cause::NoThread => Some("no worker thread was free and the system gave no new one"),
        }
    }

    /// The origin of the error. The layers outside of the timeout ask for it, because the user's
    /// error type may lose it.
    #[doc(hidden)]
    pub fn origin(&self) -> Origin {
        match (self.is_inherited, self.was_started()) {
            (true, _) => Origin::Inherited,
            (false, true) => Origin::Body,
            (false, false) => Origin::NotStarted,
        }
    }
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operation = self.operation.map(|name| match name.rsplit_once("::") {
            Some((_, function)) if self.is_path => function,
            _ => name,
        });
        let named = |f: &mut fmt::Formatter<'_>| match operation {
            Some(name) => write!(f, "`{name}`"),
            None => f.write_str("operation"),
        };
        // A call that was not started is not told in the user's message, because that was written
        // for a call that took too long.
        match (self.refusal(), self.message) {
            (Some(refusal), _) => {
                named(f)?;
                write!(f, " was not started: {refusal}")
            }
            (None, Some(message)) => f.write_str(message),
            (None, None) => {
                named(f)?;
                write!(f, " timed out after {:?}", self.limit)?;
                if self.is_inherited {
                    f.write_str(", at the deadline of its caller")?;
                }
                Ok(())
            }
        }
    }
}

impl Error for TimedOut {
    /// The mark of a refusal, if the expiry [is inherited](TimedOut::is_inherited); another mark,
    /// if the body never began: circuits ignore both errors wherever they are held.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self.origin() {
            Origin::Inherited => Some(&INHERITED),
            Origin::NotStarted => Some(&NotStarted),
            Origin::Body | Origin::Refused => None,
        }
    }
}

impl From<TimedOut> for io::Error {
    fn from(error: TimedOut) -> Self {
        Self::new(io::ErrorKind::TimedOut, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TimeoutConfig;

    const CONFIG: TimeoutConfig = TimeoutConfig::new(Duration::from_millis(1500));

    #[test]
    fn the_text_names_the_operation_and_the_limit() {
        let named = CONFIG.operation("db_query").timed_out();
        assert_eq!(named.to_string(), "`db_query` timed out after 1.5s");
        let unnamed = CONFIG.timed_out();
        assert_eq!(unnamed.to_string(), "operation timed out after 1.5s");
        assert_eq!(unnamed.operation(), "operation");
    }

    #[test]
    fn a_message_replaces_the_text() {
        let error = CONFIG.operation("db_query").message("too slow").timed_out();
        assert_eq!(error.to_string(), "too slow");
        assert_eq!(error.operation(), "db_query");
        assert!(error.was_started());
    }

    #[test]
    fn a_full_pool_says_so_whatever_the_message() {
        let config = CONFIG.operation("db_query").message("too slow");
        let full = config.error(Cause::PoolFull);
        assert_eq!(
            full.to_string(),
            "`db_query` was not started: no worker thread was free"
        );
        let share_used_up = config.error(Cause::ShareUsedUp);
        assert_eq!(
            share_used_up.to_string(),
            "`db_query` was not started: its other calls hold its whole share of the worker threads"
        );
    }

    #[test]
    fn a_body_that_never_began_was_not_started_for_whatever_reason() {
        for (cause, was_started) in [
            (Cause::Expired, true),
            (Cause::NotBegun, false),
            (Cause::PoolFull, false),
            (Cause::ShareUsedUp, false),
            (Cause::NoThread, false),
        ] {
            assert_eq!(CONFIG.error(cause).was_started(), was_started, "{cause:?}");
        }
    }

    #[test]
    fn an_inherited_expiry_is_a_refusal_and_says_what_was_left() {
        let left = Duration::from_millis(80);
        let expired = CONFIG.operation("db_query").timed_out().inherited(left);
        assert!(expired.is_inherited() && expired.was_started());
        assert_eq!(expired.limit(), left);
        assert_eq!(
            expired.to_string(),
            "`db_query` timed out after 80ms, at the deadline of its caller"
        );
        let refusal = Refusal::of(&expired).expect("it carries the mark");
        assert_eq!(refusal.kind(), RefusalKind::Deadline);
        assert!(!CONFIG.timed_out().is_inherited());
        assert!(Refusal::of(&CONFIG.timed_out()).is_none());
    }

    #[test]
    fn a_call_after_the_deadline_of_its_caller_says_so_whatever_the_message() {
        let config = CONFIG.operation("db_query").message("too slow");
        let refused = config.error(Cause::NotBegun).inherited(Duration::ZERO);
        assert!(refused.is_inherited() && !refused.was_started());
        assert_eq!(
            refused.to_string(),
            "`db_query` was not started: the deadline of its caller had passed"
        );
        // The mark of the refusal wins over the one of a body that never began.
        assert!(Refusal::of(&refused).is_some());
    }

    #[test]
    fn it_becomes_an_io_error_that_still_holds_it() {
        let error = CONFIG.operation("db_query").timed_out();
        let io = io::Error::from(error.clone());
        assert_eq!(io.kind(), io::ErrorKind::TimedOut);
        let inner = io
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<TimedOut>());
        assert_eq!(inner, Some(&error));
    }

    #[test]
    fn it_is_an_error_anyone_can_carry_and_small() {
        fn carried<E: Error + Clone + Send + Sync + 'static>() {}
        carried::<TimedOut>();
        assert!(size_of::<TimedOut>() <= 56);
    }
}
