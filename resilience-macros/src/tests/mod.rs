//! Tests of the whole: documentation, editors, fuzzing, goldens, snapshots and the user's crate.

mod documentation;
mod editors;
mod fuzz;
mod goldens;
mod sections;
mod shared;
mod snapshots;
mod user_crate;

use crate::policy::spec::Policy;

/// The options without a default, as the documentation writes them, but for the one of that name.
fn required(policy: &Policy, but: &str) -> String {
    let options = policy.table.options.iter();
    let required = options.filter(|spec| spec.default.starts_with("required") && spec.name != but);
    let examples: Vec<_> = required.map(|spec| spec.example).collect();
    examples.join(", ")
}
