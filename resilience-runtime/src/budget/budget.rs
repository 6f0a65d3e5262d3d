//! The budget as users write it: its settings, and the counts that it uses.

use super::counts::Counts;
use super::settings::{Settings, WINDOW};
use super::stats::RetryBudgetStats;
use super::{log, named};
use crate::scope::here;
use core::time::Duration;
use std::sync::OnceLock;

/// A limit for the retries that a process adds to its calls: each call allows `ratio` retries, and
/// calls and retries count for a window of time.
///
/// Without a budget, a service that fails gets every call as often as `max_retries` says, and the
/// retries keep it down. With a ratio of 0.2 it gets at most 1.2 times the calls, whatever
/// `max_retries` is. When the budget is exhausted, a failed call ends with its error as if no
/// attempts were left.
///
/// ```
/// use resilience::{RetryBudget, retry};
///
/// static MAIL: RetryBudget = RetryBudget::new().ratio(0.1).name("mail");
///
/// #[retry(budget = &MAIL)]
/// fn send(text: &str) -> Result<(), String> {
///     # let _ = text;
///     Ok(())
/// }
///
/// send("hello").unwrap();
/// assert_eq!((MAIL.stats().calls, MAIL.stats().retries), (1, 0));
/// ```
///
/// Several functions may share a budget. `#[retry(budget = "mail")]` uses the process-wide budget
/// of that name, and [`registry::register_budget`](crate::registry::register_budget) gives it other
/// settings than the defaults.
///
/// Two references are equal if they are to one budget.
///
/// The model is Finagle's: <https://twitter.github.io/finagle/guide/Clients.html#retries>. A share
/// of the calls is better than a number of retries, because it grows with the service.
#[derive(Debug)]
pub struct RetryBudget {
    settings: Settings,
    name: Option<&'static str>,
    /// True if the budget shares the counts of all budgets with its name.
    is_process_wide: bool,
    /// They are found or made at the first use, because a static needs a constant constructor.
    counts: OnceLock<&'static Counts>,
}

impl RetryBudget {
    /// Makes a budget with the defaults: a ratio of 0.2, a window of 10 s, and at least one retry a
    /// second.
    pub const fn new() -> Self {
        Self {
            settings: Settings::DEFAULT,
            name: None,
            is_process_wide: false,
            counts: OnceLock::new(),
        }
    }

    /// The budget of the process with that name, for `budget = "name"`.
    #[doc(hidden)]
    pub const fn process_wide(name: &'static str) -> Self {
        Self {
            settings: Settings::DEFAULT,
            name: Some(name),
            is_process_wide: true,
            counts: OnceLock::new(),
        }
    }

    /// Sets how many retries each call allows. Default 0.2, so that five calls allow one retry. The
    /// ratio is counted in thousandths.
    ///
    /// # Panics
    ///
    /// If `ratio` is below 0.001, above 1000 or not a number. In a `static` that is an error of the
    /// compiler.
    #[track_caller]
    #[must_use]
    pub const fn ratio(mut self, ratio: f64) -> Self {
        self.settings.ratio = Settings::thousandths(ratio);
        self
    }

    /// Sets for how long calls and retries count. Default 10 s. It is divided into ten slices, and
    /// a call leaves with its slice: it counts for at least the window, and at most a tenth longer.
    ///
    /// # Panics
    ///
    /// If `window` is shorter than 1 second or longer than 10 minutes.
    #[track_caller]
    #[must_use]
    pub const fn window(mut self, window: Duration) -> Self {
        WINDOW.require(Settings::is_window(window));
        self.settings.window = window;
        self
    }

    /// Sets how many retries a second are allowed without any call. Default 1, for processes that
    /// have few calls; 0 is allowed.
    #[must_use]
    pub const fn min_per_second(mut self, retries: u32) -> Self {
        self.settings.min_per_second = retries;
        self
    }

    /// Sets the name of a static budget in logs, metrics and
    /// [`registry::budget`](crate::registry::budget). Without a name it is called by the operation
    /// that used it first.
    #[must_use]
    pub const fn name(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    /// The text that two references to one budget have in common.
    #[cfg(feature = "config")]
    pub(crate) fn identity(&self) -> String {
        match self.name.filter(|_| self.is_process_wide) {
            Some(name) => name.to_owned(),
            None => format!("{self:p}"),
        }
    }

    /// Reads the counts. Calls go on while they are read.
    pub fn stats(&self) -> RetryBudgetStats {
        #[cfg(feature = "test-util")]
        let budget = crate::scope::Own::here_if_used(self);
        #[cfg(not(feature = "test-util"))]
        let budget = self;
        match budget.counts.get() {
            Some(counts) => counts.stats(),
            None => RetryBudgetStats::unused(self.name.unwrap_or_default(), &self.settings),
        }
    }

    /// Makes a budget of these settings known by a name. False if another budget has the name.
    pub(crate) fn register(&self, name: &str) -> bool {
        named::register(name, self.settings)
    }

    /// Deposits the ratio for a call that begins now. It takes no lock.
    #[inline]
    pub(crate) fn deposit(&'static self, operation: &'static str) {
        self.used_by(operation).deposit();
    }

    /// Makes the budget known by its name, before the call is deposited.
    #[inline]
    pub(crate) fn note_use(&'static self, operation: impl FnOnce() -> &'static str) {
        let budget = here!(self);
        if budget.counts.get().is_none() {
            budget.first_use(operation());
        }
    }

    /// Returns the counts. The first use makes the budget known by its name.
    #[inline]
    fn used_by(&'static self, operation: &'static str) -> &'static Counts {
        let budget = here!(self);
        match budget.counts.get() {
            Some(counts) => counts,
            None => budget.first_use(operation),
        }
    }

    /// Withdraws one retry or hedge. False if the budget does not allow it.
    #[cold]
    pub(crate) fn withdraw(&'static self, operation: &'static str) -> bool {
        // It may be the first use, if a layer outside has deposited the call into the budget of the
        // same name.
        self.used_by(operation).withdraw(operation)
    }

    /// The operation is the name of a budget that has none.
    #[cold]
    fn first_use(&self, operation: &'static str) -> &'static Counts {
        let name = self.name.unwrap_or(operation);
        let mut is_taken = false;
        let counts = self.counts.get_or_init(|| {
            if self.is_process_wide {
                return named::find_or_create(name, self.settings);
            }
            let (counts, is_new) = named::create(name, self.settings);
            is_taken = !is_new;
            counts
        });
        // The log runs code of others, and that must not wait for the counts.
        if is_taken {
            log::name_taken(counts.name());
        }
        counts
    }
}

#[cfg(feature = "test-util")]
impl crate::scope::Own for RetryBudget {
    fn unused(&self) -> Self {
        Self {
            counts: OnceLock::new(),
            ..*self
        }
    }
}

/// A budget is its counts, so it equals itself only.
impl PartialEq for RetryBudget {
    fn eq(&self, other: &Self) -> bool {
        core::ptr::eq(self, other)
    }
}

impl Eq for RetryBudget {}

impl Default for RetryBudget {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn calls_allow_retries_and_both_leave_the_window() {
        static BUDGET: RetryBudget = RetryBudget::new().ratio(0.5).min_per_second(0);
        for _ in 0..4 {
            BUDGET.deposit("budget::calls");
        }
        assert_eq!(BUDGET.stats().available, 2);
        let granted = [(); 3].map(|()| BUDGET.withdraw("budget::calls"));
        assert_eq!(granted, [true, true, false]);
        let stats = BUDGET.stats();
        assert_eq!((stats.calls, stats.retries, stats.refused), (4, 2, 1));
        assert_eq!(
            stats.name, "budget::calls",
            "the operation that used it first"
        );
        tokio::time::advance(Duration::from_secs(12)).await;
        let later = BUDGET.stats();
        let window = (
            later.window_calls,
            later.window_retries,
            later.window_refused,
        );
        assert_eq!(window, (0, 0, 0));
        assert_eq!((later.calls, later.retries, later.refused), (4, 2, 1));
        assert!(!BUDGET.withdraw("budget::calls"), "the calls are too old");
    }

    #[test]
    fn a_budget_is_found_by_its_name_when_it_is_used() {
        static BUDGET: RetryBudget = RetryBudget::new().name("budget::named");
        static SHARED: RetryBudget = RetryBudget::process_wide("budget::named");
        assert_eq!(named::stats("budget::named"), None);
        BUDGET.deposit("fetch");
        SHARED.deposit("fetch");
        let stats = named::stats("budget::named").expect("it is used");
        assert_eq!(stats.calls, 2, "the two share the counts");
        assert!(!RetryBudget::new().register("budget::named"));
    }

    #[test]
    fn a_registered_budget_gives_its_settings_to_the_name() {
        static SHARED: RetryBudget = RetryBudget::process_wide("budget::registered");
        assert!(
            RetryBudget::new()
                .min_per_second(7)
                .register("budget::registered")
        );
        SHARED.deposit("fetch");
        assert_eq!(SHARED.stats().available, 70);
    }

    #[test]
    fn the_second_static_of_a_name_counts_for_itself() {
        static FIRST: RetryBudget = RetryBudget::new().name("budget::twice");
        static SECOND: RetryBudget = RetryBudget::new().name("budget::twice");
        FIRST.deposit("fetch");
        SECOND.deposit("fetch");
        SECOND.deposit("fetch");
        assert_eq!((FIRST.stats().calls, SECOND.stats().calls), (1, 2));
        let found = named::stats("budget::twice").expect("it is used");
        assert_eq!(found.calls, 1);
    }
}
