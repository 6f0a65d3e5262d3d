//! The lines that all limiters write to the log, with the words of the policy.

/// Writes the function `report` of a policy. `$field` is the log field that has the name, `$one`
/// and `$many` are the words for the limiter.
macro_rules! report_lines {
    ($field:ident, $one:literal, $many:literal) => {
        /// Writes a report about a name to the log.
        #[cold]
        pub(super) fn report<C: std::fmt::Debug>(
            name: &str,
            report: $crate::limiter::Report<'_, C>,
        ) {
            use tracing::{error, info};

            use $crate::{by_name::MOST_VALUES, limiter::Report, errors::ShownKey};

            match report {
                Report::Clash { declared_at, kept, clashes_at, refused } => error!(
                    target: "resilience", $field = name, %declared_at, ?kept, %clashes_at, ?refused,
                    concat!($one, " is configured twice and differently: the first configuration is kept; \
                        give one of the two another `name`, or write the same values")
                ),
                Report::Reconfigured { config } => {
                    info!(target: "resilience", $field = name, ?config, concat!($one, " reconfigured"));
                }
                Report::TakesTurns { declared_at, kept, refused } => error!(
                    target: "resilience", $field = name, %declared_at, ?kept, ?refused,
                    concat!("one source line configures the ", $one, " with values that come back, or with more \
                        than {}: the present one is kept from now on; give each object a ", $one, " of its own \
                        by `key = …`"),
                    MOST_VALUES
                ),
                Report::SharedByDefault { declared_at, shared_at } => error!(
                    target: "resilience", $field = name, %declared_at, %shared_at,
                    concat!("two functions share a ", $one, " because neither is named and their paths are the \
                        same: give each a `name`")
                ),
                Report::TwoKinds { declared_at } => error!(
                    target: "resilience", $field = name, %declared_at,
                    concat!("a ", $one, " without keys and ", $many, " per key have one name, and work apart from \
                        each other: give one another `name`")
                ),
                Report::Full { key, max_keys, overflow } => error!(
                    target: "resilience", $field = name, key = display(ShownKey(key)), max_keys, overflow,
                    concat!("no ", $one, " of the name can be forgotten to make room: this key and other new ones \
                        share the overflow ", $one)
                ),
                Report::LongKey { key, overflow } => error!(
                    target: "resilience", $field = name, key = display(ShownKey(key)), overflow,
                    concat!("the key is longer than 1 KiB: it shares the overflow ", $one)
                ),
            }
        }
    };
}
pub(crate) use report_lines;
