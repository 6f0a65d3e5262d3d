//! An option that the attribute does not have: a word of another library, or a misspelt one of
//! ours.

use proc_macro2::TokenStream;
use syn::Ident;

use super::shared::nearest::nearest;
use super::table::{Absent, Family, OptionSpec, Table};

/// The error for an option that no attribute, or only another one, has. The message uses `value`,
/// if that can be meant.
pub(super) fn unknown(
    table: &Table,
    family: &Family,
    key: &Ident,
    value: &TokenStream,
) -> syn::Error {
    let typed = key.to_string();
    let message = if let Some(absent) = absent(table, &typed) {
        format!("{table} has no option `{typed}`; {}", absent.instead)
    } else if let Some(spec) = foreign(table, &typed) {
        let ours = spec.spelt(&typed, value);
        format!(
            "{table} has no option `{typed}`; here it is called `{}`: write `{ours}`",
            spec.name
        )
    } else if let Some(spec) = near(table, &typed) {
        format!(
            "{table} has no option `{typed}`; did you mean `{}`?",
            spec.spelt(&typed, value)
        )
    } else if let Some((other, spec)) = sibling(table, family, &typed) {
        let (name, ours) = (other.name, spec.spelt(&typed, value));
        format!(
            "{table} has no option `{typed}`, which belongs to {other}: write `#[{name}({ours})]`"
        )
    } else {
        let names: Vec<_> = table
            .options
            .iter()
            .map(|spec| format!("`{}`", spec.name))
            .collect();
        format!(
            "{table} has no option `{typed}`; its options are {}",
            names.join(", ")
        )
    };
    syn::Error::new_spanned(key, message)
}

/// True if the error for `typed` says what to write instead.
pub(super) fn is_told(table: &Table, family: &Family, typed: &str) -> bool {
    absent(table, typed).is_some()
        || foreign(table, typed).is_some()
        || near(table, typed).is_some()
        || sibling(table, family, typed).is_some()
}

/// The words about a feature that does not exist here.
fn absent(table: &Table, typed: &str) -> Option<&'static Absent> {
    let mut names = table.absent.iter();
    names.find(|absent| absent.names.contains(&typed))
}

/// The option that has this name in another library.
fn foreign(table: &Table, typed: &str) -> Option<&'static OptionSpec> {
    let mut names = table.foreign.iter();
    let foreign = names.find(|foreign| foreign.names.contains(&typed))?;
    table.find(foreign.ours)
}

/// The option of which `typed` is a misspelling.
fn near(table: &Table, typed: &str) -> Option<&'static OptionSpec> {
    nearest(typed, table.options, |spec: &OptionSpec| spec.name)
}

/// The option that another attribute of the family has.
fn sibling<'f>(
    table: &Table,
    family: &'f Family,
    typed: &str,
) -> Option<(&'f Table, &'static OptionSpec)> {
    let mut others = family.iter().filter(|other| other.name != table.name);
    others.find_map(|other| Some((*other, other.find(typed)?)))
}

#[cfg(test)]
mod tests {
    use super::unknown;
    use crate::policy::spec::Policy;
    use crate::policy::{self, family, policies};

    fn message(policy: &Policy, key: &str, value: &str) -> String {
        let key: syn::Ident = syn::parse_str(key)
            .unwrap_or_else(|_| proc_macro2::Ident::new_raw(key, proc_macro2::Span::call_site()));
        unknown(
            policy.table,
            &family(),
            &key,
            &value.parse().expect("lexes"),
        )
        .to_string()
    }

    #[test]
    fn every_other_librarys_name_leads_to_ours() {
        for table in family() {
            for foreign in table.foreign {
                let ours = foreign.ours;
                assert!(table.find(ours).is_some(), "{table} has no `{ours}`");
            }
            let foreign = table.foreign.iter().flat_map(|foreign| foreign.names);
            let absent = table.absent.iter().flat_map(|absent| absent.names);
            let mut names: Vec<_> = foreign.chain(absent).collect();
            names.sort();
            for pair in names.windows(2) {
                assert_ne!(pair[0], pair[1], "{table} has a name more than once");
            }
            for name in names {
                assert!(table.find(name).is_none(), "{table} has `{name}` itself");
            }
        }
    }

    /// The names in a cell of a table: `max_attempts` of `RetryConfig(max_attempts=3)`.
    fn python_names(cell: &str) -> Vec<&str> {
        let (before_last, _) = cell.rsplit_once('=').unwrap_or_default();
        let names = before_last.split('=').map(|before| {
            let start = before.rfind(|c: char| !(c.is_ascii_lowercase() || c == '_'));
            &before[start.map_or(0, |at| at + 1)..]
        });
        names.filter(|name| !name.is_empty()).collect()
    }

    #[test]
    fn the_names_of_the_python_decorators_lead_to_what_the_guide_says() {
        let page = include_str!("../../../resilience-runtime/src/guide/from_python.md");
        let (_, section) = page
            .split_once("# How are the options called?")
            .expect("the section");
        let table = section.lines().skip_while(|line| !line.starts_with("|---"));
        let rows = table.skip(1).take_while(|line| line.starts_with('|'));
        let mut names = 0;
        for row in rows {
            let (theirs, ours) = row[1..].split_once(" | ").expect("two columns");
            for name in python_names(theirs) {
                names += 1;
                let is_told = policies().any(|policy| {
                    let mut options = policy.table.options.iter();
                    let message = message(policy, name, "");
                    policy.table.find(name).is_some()
                        || options.any(|spec| {
                            let is_meant = ours.contains(&format!("`{}", spec.name))
                                || (spec.name == "limit" && ours.contains("#[timeout("));
                            is_meant && message.contains(&format!("`{}`: write", spec.name))
                        })
                });
                assert!(is_told, "`{name}` leads to nothing of {ours}");
            }
        }
        assert!(names > 15, "the table has {names} names");
    }

    #[test]
    fn the_value_that_was_written_is_kept_if_it_can_be_meant() {
        for (policy, key, value, ours) in [
            (&policy::retry::RETRY, "retries", "7", "`max_retries = 7`"),
            (
                &policy::retry::RETRY,
                "wait",
                "250ms",
                "`base_delay = 250ms`",
            ),
            (&policy::retry::RETRY, "wait", "250", "`base_delay = 1s`"),
            (
                &policy::retry::RETRY,
                "backoff",
                "linear",
                "`strategy = linear`",
            ),
            (
                &policy::retry::RETRY,
                "backoff",
                "fibonacci",
                "`strategy = exponential`",
            ),
            (
                &policy::retry::RETRY,
                "retryable_exceptions",
                "ApiError::Busy",
                "`retry_on(ApiError::Busy)`",
            ),
            (
                &policy::retry::RETRY,
                "when",
                "|error| error.is_busy()",
                "`retry_if = |error| error.is_busy()`",
            ),
            (
                &policy::retry::RETRY,
                "max_retry_",
                "7",
                "did you mean `max_retries = 7`?",
            ),
            (
                &policy::circuit_breaker::CIRCUIT_BREAKER,
                "failure_rate_threshold",
                "50",
                "`failure_rate = 0.5`",
            ),
            (
                &policy::circuit_breaker::CIRCUIT_BREAKER,
                "reset_timeout",
                "10s",
                "`recovery_timeout = 10s`",
            ),
            (
                &policy::circuit_breaker::CIRCUIT_BREAKER,
                "max_retries",
                "7",
                "`#[retry(max_retries = 7)]`",
            ),
            (
                &policy::timeout::TIMEOUT,
                "timeout_ms",
                "500",
                "`limit = 500ms`",
            ),
            (
                &policy::timeout::TIMEOUT,
                "timeout_seconds",
                "5",
                "`limit = 5s`",
            ),
            (
                &policy::timeout::TIMEOUT,
                "duration",
                "\"2m\"",
                "`limit = \"2m\"`",
            ),
        ] {
            let message = message(policy, key, value);
            assert!(
                message.contains(ours),
                "{policy} `{key} = {value}`: {message}"
            );
        }
    }
}
