//! The configuration of a timeout.

use std::time::Duration;

use super::error::{Cause, TimedOut};
use super::operation::Operation;
use crate::operation::{self, Count};
use crate::settings::{Rule, rule};

pub(super) const LIMIT: Rule = rule!(
    "limit",
    "must be greater than zero (`Duration::MAX` means no limit)"
);

/// The limit of a call, and the text of its error.
///
/// `#[timeout]` builds it from its options. Its own methods apply the same policy without an
/// attribute: [`run_async`](Self::run_async), [`run_thread`](Self::run_thread),
/// [`run_cooperative`](Self::run_cooperative).
///
/// ```
/// use std::time::Duration;
/// use resilience::TimeoutConfig;
///
/// const QUERY: TimeoutConfig = TimeoutConfig::new(Duration::from_secs(5)).operation("db_query");
///
/// assert_eq!(QUERY.get_limit(), Duration::from_secs(5));
/// assert_eq!(QUERY.get_operation(), Some("db_query"));
/// ```
///
/// A wrong value in a constant does not compile:
///
/// ```compile_fail
/// # use std::time::Duration;
/// # use resilience::TimeoutConfig;
/// const NEVER_ENOUGH: TimeoutConfig = TimeoutConfig::new(Duration::ZERO);
/// # let _ = NEVER_ENOUGH;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeoutConfig {
    limit: Duration,
    operation: Option<Operation>,
    /// The annotated function that the timeout stands on. Its statistics count the expiries,
    /// whatever name a shared configuration brings.
    function: Option<&'static str>,
    message: Option<&'static str>,
    /// The configuration file takes the timeout away.
    #[cfg(feature = "config")]
    is_disabled: bool,
}

impl TimeoutConfig {
    /// A timeout of `limit`, counted from the call. [`Duration::MAX`] means never.
    ///
    /// # Panics
    ///
    /// If `limit` is zero.
    #[must_use]
    #[track_caller]
    pub const fn new(limit: Duration) -> Self {
        Self::at_most(checked(limit))
    }

    /// The constructor for a limit that is computed in a call. Such a limit may be zero, because it
    /// can be the rest of a budget: the body is then polled once.
    #[doc(hidden)]
    #[must_use]
    pub const fn at_most(limit: Duration) -> Self {
        Self {
            limit,
            operation: None,
            function: None,
            message: None,
            #[cfg(feature = "config")]
            is_disabled: false,
        }
    }

    /// Replaces the limit by one that is computed in a call and may be zero.
    #[doc(hidden)]
    #[must_use]
    pub const fn limit_at_most(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Replaces the limit. [`Duration::MAX`] means never.
    ///
    /// # Panics
    ///
    /// If `limit` is zero.
    #[must_use]
    #[track_caller]
    pub const fn limit(mut self, limit: Duration) -> Self {
        self.limit = checked(limit);
        self
    }

    /// The name of the operation, for the error, the log and the [share](crate::workers) of the
    /// worker threads. The attribute gives the module path and the name of the function.
    #[must_use]
    pub const fn operation(mut self, name: &'static str) -> Self {
        self.operation = Some(Operation {
            name,
            is_path: false,
        });
        self
    }

    /// Sets the name that an attribute gives the operation of the annotated function.
    #[doc(hidden)]
    #[must_use]
    pub const fn of_operation(mut self, name: &'static str) -> Self {
        self.function = Some(name);
        self.operation(name)
    }

    /// Sets the path of the annotated function as the name of the operation, unless a name was
    /// given.
    #[doc(hidden)]
    #[must_use]
    pub const fn operation_or(mut self, path: &'static str) -> Self {
        self.function = Some(path);
        if self.operation.is_none() {
            self.operation = Some(Operation {
                name: path,
                is_path: true,
            });
        }
        self
    }

    /// Replaces the text of the error for a call that took too long.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use resilience::TimeoutConfig;
    /// let config = TimeoutConfig::new(Duration::from_secs(5)).message("the query took too long");
    /// assert_eq!(config.get_message(), Some("the query took too long"));
    /// ```
    #[must_use]
    pub const fn message(mut self, text: &'static str) -> Self {
        self.message = Some(text);
        self
    }

    /// The limit.
    pub const fn get_limit(&self) -> Duration {
        self.limit
    }

    /// The name of the operation: the one that was given, or the path of the function under
    /// `#[timeout]`.
    pub const fn get_operation(&self) -> Option<&'static str> {
        match self.operation {
            Some(operation) => Some(operation.name),
            None => None,
        }
    }

    /// The text that replaces the error's own, if one was given.
    pub const fn get_message(&self) -> Option<&'static str> {
        self.message
    }

    /// The error of a call that reached the limit. Tests of a conversion need it, such as a
    /// `From<TimedOut>`.
    ///
    /// ```
    /// use resilience::TimeoutConfig;
    /// use std::time::Duration;
    ///
    /// let late = TimeoutConfig::new(Duration::from_secs(5)).operation("db_query").timed_out();
    /// assert_eq!(late.to_string(), "`db_query` timed out after 5s");
    /// ```
    #[cold]
    pub fn timed_out(&self) -> TimedOut {
        self.error(Cause::Expired)
    }

    /// True if the configuration file takes the timeout away.
    #[cfg(feature = "config")]
    pub(super) const fn is_disabled(&self) -> bool {
        self.is_disabled
    }

    /// True if the configuration file takes the timeout away: there is no file.
    #[cfg(not(feature = "config"))]
    #[expect(clippy::unused_self, reason = "the feature `config` has a file")]
    pub(super) const fn is_disabled(&self) -> bool {
        false
    }

    /// Takes the timeout away.
    #[cfg(feature = "config")]
    pub(super) const fn disabled(mut self) -> Self {
        self.is_disabled = true;
        self.limit = Duration::MAX;
        self
    }

    /// Counts for the annotated function. A value counts nothing.
    pub(super) fn count(&self, what: Count) {
        if let Some(name) = self.function {
            operation::count(name, what);
        }
    }

    pub(super) fn error(&self, cause: Cause) -> TimedOut {
        TimedOut::new(self.operation, self.message, self.limit, cause)
    }
}

#[track_caller]
const fn checked(limit: Duration) -> Duration {
    LIMIT.require(!limit.is_zero());
    limit
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    #[should_panic(expected = "`limit` must be greater than zero")]
    fn a_zero_limit_panics_in_new() {
        let _ = TimeoutConfig::new(Duration::ZERO);
    }

    #[test]
    #[should_panic(expected = "`limit` must be greater than zero")]
    fn a_zero_limit_panics_in_the_setter() {
        let _ = TimeoutConfig::new(SECOND).limit(Duration::ZERO);
    }

    #[test]
    fn a_computed_limit_may_be_zero() {
        assert!(TimeoutConfig::at_most(Duration::ZERO).get_limit().is_zero());
        assert!(
            TimeoutConfig::new(SECOND)
                .limit_at_most(Duration::ZERO)
                .get_limit()
                .is_zero()
        );
    }

    #[test]
    fn a_given_operation_wins_over_the_functions_name() {
        let named = TimeoutConfig::new(SECOND).operation("db_query");
        assert_eq!(
            named.operation_or("fetch").get_operation(),
            Some("db_query")
        );
        let unnamed = TimeoutConfig::new(SECOND);
        assert_eq!(unnamed.operation_or("fetch").get_operation(), Some("fetch"));
    }

    #[test]
    fn setters_change_their_own_option_only() {
        let config = TimeoutConfig::new(SECOND).operation("a").message("b");
        let longer = config.limit(SECOND * 2);
        assert_eq!(longer.get_limit(), SECOND * 2);
        assert_eq!(longer.limit(SECOND), config);
    }
}
