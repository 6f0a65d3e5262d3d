//! The times of the layers of one function that contradict each other, in the words of the compile
//! errors.

use std::time::Duration;

use crate::file::Contradiction;

/// A time, and the key of the file that says it. An attribute may say it instead.
type Known = Option<(Duration, Option<&'static str>)>;

/// The times of one layer that can contradict those of another layer.
#[derive(Clone, Copy, Debug, Default)]
pub struct LayerTimes {
    /// The layer ends all that is inside of it after this time.
    pub(crate) limit: Known,
    /// The shortest that the layer's first wait can be.
    pub(crate) first_wait: Known,
    /// The layer begins no wait that would end after this time.
    pub(crate) longest_wait: Known,
    /// The longest time that a call waits in the layer before the layers inside of it begin.
    pub(crate) max_wait: Known,
}

/// A time of the inner layer that does not fit into the limit of the outer one. The second value is
/// true if the fault is at the key of the inner layer. The limits of two timeouts are not compared,
/// because the timeouts of one function have one section.
pub(super) fn beyond_limit(
    outer: &LayerTimes,
    inner: &LayerTimes,
) -> Option<(Contradiction, bool)> {
    let (total, total_key) = outer.limit?;
    let longer = |known: Known| known.filter(|(time, _)| *time > total);
    let ((_, key), message) = if let Some(wait) =
        inner.first_wait.filter(|(wait, _)| *wait >= total)
    {
        let message = format!(
            "nothing is ever retried: the first wait is at least {:?}, and the #[timeout] outside ends it all after \
             {total:?}; lower `base_delay` or raise the limit",
            wait.0
        );
        (wait, message)
    } else if let Some(wait) = longer(inner.max_wait) {
        let message = format!(
            "`max_wait` of {:?} can never be reached: the #[timeout] outside ends it all after {total:?}; lower `max_wait` or \
             raise the limit",
            wait.0
        );
        (wait, message)
    } else {
        let budget = longer(inner.longest_wait)?;
        let message = format!(
            "`max_elapsed` of {:?} can never be reached: the #[timeout] outside ends it all after {total:?}; lower \
             `max_elapsed` or raise the limit",
            budget.0
        );
        (budget, message)
    };
    let (key, is_inner) = match (key, total_key) {
        (Some(key), _) => (key, true),
        (None, Some(key)) => (key, false),
        (None, None) => return None,
    };
    Some((Contradiction::new(key, message), is_inner))
}
