//! The key `budget` in the section of a policy that draws on one.

use super::{budget::RetryBudget, given};
use crate::file::{Key, Kind, SectionValues, Value, Written};

/// The key of a retry.
pub(crate) const BUDGET_OF_RETRIES: Key = Key {
    name: "budget",
    example: "budget = \"jira\"",
    kind: Kind::Own(|_, written| read("retries", written)),
};

/// The key of a hedge.
pub(crate) const BUDGET_OF_HEDGES: Key = Key {
    kind: Kind::Own(|_, written| read("hedges", written)),
    ..BUDGET_OF_RETRIES
};

/// Reads the name of a budget, or the ratio of a budget that the function has alone. `attempts` are
/// the attempts that it limits.
fn read(attempts: &str, written: Written<'_>) -> Result<Value, String> {
    let number = match written {
        Written::Text(name) if name.trim().is_empty() => {
            return Err(
                "`budget` must not be empty: write the name of a budget, as in `budget = \"jira\"`"
                    .to_owned(),
            );
        }
        Written::Text(name) => return Ok(Value::Text(name.to_owned())),
        Written::Whole(number) | Written::Fraction(number) => number,
        Written::Other => {
            return Err(
                "`budget` takes a name or a ratio, as in `budget = \"jira\"` or `budget = 0.2`"
                    .to_owned(),
            );
        }
    };
    let sign = if number.is_negative { "-" } else { "" };
    let text = format!("{sign}{}", number.digits);
    match text.parse() {
        Ok(ratio) if given::is_ratio(ratio) => Ok(Value::Number(ratio)),
        _ => Err(format!(
            "the ratio of a `budget` must be from 0.001 to 1000, not {text}: it says how many {attempts} each call allows, as \
             in `budget = 0.2`"
        )),
    }
}

/// The budget that a section gives the layer of a function.
pub(crate) fn budget_in_file(
    policy: &'static str,
    operation: &'static str,
    values: &SectionValues,
) -> Option<&'static RetryBudget> {
    match &values.entry("budget")?.value {
        Value::Text(name) => Some(given::of_name(name)),
        Value::Number(ratio) => Some(given::of_function(policy, operation, *ratio)),
        _ => None,
    }
}
