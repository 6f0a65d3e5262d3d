//! Retry budgets by name.

use std::borrow::Cow;

use super::name_taken::NameTaken;
use crate::budget::{self, RetryBudget, RetryBudgetStats};

/// The statistics of the retry budget of that name, if a function has used it or
/// [`register_budget`] made it.
///
/// ```
/// # use resilience::registry;
/// assert!(registry::budget("never_used").is_none());
/// ```
pub fn budget(name: &str) -> Option<RetryBudgetStats> {
    budget::stats(name)
}

/// Gives the process-wide budget of that name other settings than the defaults.
///
/// `#[retry(budget = "jira")]` makes its budget at the first call, so this belongs into the start
/// of the program. It also makes the budget visible in the statistics before that call.
///
/// # Errors
/// If there is a budget of that name already.
///
/// ```
/// use resilience::{RetryBudget, registry};
///
/// registry::register_budget("jira", RetryBudget::new().ratio(0.1))?;
/// assert_eq!(registry::budget("jira").map(|stats| stats.ratio), Some(0.1));
/// # Ok::<(), registry::NameTaken>(())
/// ```
#[expect(
    clippy::needless_pass_by_value,
    reason = "the budget that is passed is of no use afterwards"
)]
pub fn register_budget(
    name: impl Into<Cow<'static, str>>,
    budget: RetryBudget,
) -> Result<(), NameTaken> {
    let name = name.into();
    if budget.register(&name) {
        Ok(())
    } else {
        Err(NameTaken::budget(name.into_owned()))
    }
}
