//! A configuration file that sets the options of all attributes, and of retry budgets, while the
//! program runs: feature `config`.
//!
//! A section is a policy and a name: the operation of a function, or the name of a circuit. Keys
//! are spelled as the options, and durations as their literals, in quotation marks.
//!
//! ```toml
//! [default.retry]                    # for every `#[retry]`
//! budget = "all"
//! [retry."orders::jira::issue"]      # for the operation of that name
//! max_retries = 5
//! base_delay = "250ms"
//! [circuit_breaker.jira]
//! failure_threshold = 10
//! [timeout."orders::jira::issue"]
//! enabled = false                    # the layer is not there
//! [bulkhead.db]
//! max_concurrent = 40
//! enforce = false                    # admit all calls, and count those that it would refuse
//! [rate_limit.api]
//! limit = 50
//! [hedge."orders::search"]
//! after = "p99"
//! [fallback."orders::search"]
//! enabled = false
//! [budget.all]
//! ratio = 0.1
//! ```
//!
//! Every policy has `enabled`. A circuit, a bulkhead and a rate limit have `enforce`, too: with
//! `false` they admit all calls, and the statistic `would_refuse` counts those that they would
//! refuse. A bulkhead or a rate limit that is not enforced delays nobody either. A bulkhead that is
//! not enabled still knows the calls that run, so that its limit holds for them when it is enabled
//! again.
//!
//! A fallback that is not enabled lets each error pass and counts nothing. A retry above it asks
//! how long a circuit below it refuses, as without the fallback.
//!
//! Functions that share a bulkhead or a rate limit by its name share the values of its section.
//! `max_wait` alone belongs to each function, so it stands in the section of the operation. `span`
//! of a retry can be switched only where the attribute names it, as in `#[retry(span = false)]`,
//! because a span has a place in the future of the function.
//!
//! [`load`] applies a file and [`watch`] follows one; [`apply`] takes a text. A configuration is
//! applied as a whole or not at all: [`ConfigErrors`] has all its faults, each with its place, in
//! the words of the attributes' compile errors. A later configuration replaces the one before.
//! Write a file under another name and rename it, as Kubernetes does: a writer that stops in the
//! middle leaves a file that may look whole.
//!
//! ```
//! use resilience::{config, retry};
//!
//! #[retry(max_retries = 9, base_delay = 0s, operation = "config_doc.fetch")]
//! fn fetch(calls: &mut u32) -> Result<(), &'static str> {
//!     *calls += 1;
//!     Err("down")
//! }
//!
//! config::apply("[retry.\"config_doc.fetch\"]\nmax_retries = 2")?;
//! let mut calls = 0;
//! assert!(fetch(&mut calls).is_err());
//! assert_eq!(calls, 3);
//! # Ok::<(), config::ConfigErrors>(())
//! ```
//!
//! # Precedence
//!
//! From the strongest to the weakest:
//!
//! 1. the variable `RESILIENCE_OVERRIDES` of the environment, which these functions alone read:
//!    `circuit_breaker.jira.failure_threshold=10; retry."a;b".max_retries=5`. The first part is the
//!    section and the last one the key, and the name lies between them. Values need no quotation
//!    marks,
//! 2. the section of the name,
//! 3. the section of all names, `[default.retry]`,
//! 4. the option of the attribute,
//! 5. its `config = …`,
//! 6. the built-in default.
//!
//! An option that each call computes wins over the file, and the log says so once. A criterion of a
//! circuit (`failure_threshold`, `failure_rate`, `consecutive_failures`) replaces that of the
//! attribute; that of `[default.circuit_breaker]` only where the attribute names none. If a
//! function has several layers of a policy, its section applies to each of them. [`describe`] says
//! which value holds, and where it comes from.
//!
//! # Functions that run later
//!
//! Values that contradict those of a function that has run are faults of the file. A function that
//! runs later keeps its own values for such a section, and an ERROR in the log and the event
//! [`ConfigRefused`](crate::events::EventKind::ConfigRefused) say so once.
//!
//! # Cost
//!
//! A call reads one pointer, and each of its layers finds its settings there in place of an address
//! that the compiler knows: one load and one comparison of a word, whether a file is loaded or not
//! and whether it names the function or not. A function whose option is computed takes a copy of
//! its settings in each call. Values that a file has set stay in memory for the rest of the
//! process, each once.

mod describe;
mod load;
mod names;
mod read;
mod sections;
mod watch;

use std::{path::Path, time::Duration};

pub use self::{load::Applied, watch::Watch};
pub use crate::file::{ConfigChange, ConfigErrors, ConfigFault, ConfigStatus};
use crate::operation::ResolvedSetting;

/// Applies a file. It replaces the configuration before.
///
/// # Errors
/// All faults of the file and of `RESILIENCE_OVERRIDES`; nothing is applied then. A file that
/// cannot be read, that is no UTF-8 or that is larger than 1 MiB is a fault.
pub fn load(path: impl AsRef<Path>) -> Result<Applied, ConfigErrors> {
    let path = path.as_ref();
    let (text, _) = read::read(path).map_err(load::refused)?;
    load::apply(&path.to_string_lossy(), text)
}

/// Applies a file, and applies it again whenever its content changes, until the [`Watch`] is
/// dropped.
///
/// Each `interval`, of at least 10 ms, the file is asked for its path behind all links, its inode,
/// its size and its time. That works with the files that Kubernetes mounts, too. A content with
/// faults changes nothing: the log has one ERROR and the subscribers one
/// [`ConfigRefused`](crate::events::EventKind::ConfigRefused), and the next content is tried again.
///
/// With the feature `test-util`, a watch that begins in a test's scope belongs to that scope, with
/// all that it applies later; two scopes may watch one file.
///
/// # Errors
/// The faults of the present content; an interval that is too short; a file that is watched
/// already, also by another path; a thread that the system does not start. Nothing is applied then.
///
/// ```no_run
/// use std::time::Duration;
///
/// let watch = resilience::config::watch("resilience.toml", Duration::from_secs(5))?;
/// # Ok::<(), resilience::config::ConfigErrors>(())
/// ```
pub fn watch(path: impl AsRef<Path>, interval: Duration) -> Result<Watch, ConfigErrors> {
    watch::watch(path.as_ref(), interval)
}

/// Applies a text as [`load`] applies a file. Faults call it `apply`.
///
/// # Errors
/// All faults of the text and of `RESILIENCE_OVERRIDES`; nothing is applied then.
///
/// ```
/// use resilience::config;
///
/// let applied = config::apply("[retry.apply_doc]\nmax_retries = 5")?;
/// assert_eq!(applied.changes[0].to_string(), "retry.apply_doc.max_retries: none -> 5");
///
/// let errors = config::apply("[retry.apply_doc]\nmax_retires = 5").unwrap_err();
/// assert_eq!(errors.faults()[0].nearest.as_deref(), Some("max_retries"));
/// # Ok::<(), config::ConfigErrors>(())
/// ```
pub fn apply(text: &str) -> Result<Applied, ConfigErrors> {
    load::apply("apply", text.to_owned())
}

/// The settings of the functions and of the shared things with that name, each with its value and
/// the place that the value comes from. It is empty for a name that nothing has used yet.
pub fn describe(name: &str) -> Vec<ResolvedSetting> {
    describe::describe(name)
}

/// The names of sections that nothing has used yet, sorted. A minute after a configuration was
/// applied, the log has one WARN for each of its unused sections.
pub fn unused() -> Vec<String> {
    names::unused()
}

/// Makes the name of any other section an error from now on.
///
/// # Errors
/// The sections of the configuration that holds now whose names are not expected. They go on to
/// hold.
pub fn expect(names: &[&str]) -> Result<(), ConfigErrors> {
    names::expect(names)
}

#[cfg(test)]
mod tests;
