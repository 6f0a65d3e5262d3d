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

/// The options without a default.
fn required(policy: &Policy) -> &'static str {
    match policy.name() {
        "timeout" => "5s",
        "fallback" => "cached",
        "bulkhead" => "25",
        "rate_limit" => "100, per = 1s",
        "hedge" => "budget = 0.1",
        _ => "",
    }
}
