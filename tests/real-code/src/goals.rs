//! The numbers that must not get worse.

use crate::{
    refusal::{Kind, Refusal},
    report::Report,
    variant::Variant,
};

/// The percentage of the functions that must be accepted as they are. `#[retry]` without
/// `clone(..)` has no goal, because only the user knows that a moved argument may be cloned.
const ACCEPTED: [(Variant, f64); 4] = [
    (Variant::CircuitBreaker, 99.8),
    (Variant::Timeout, 99.8),
    (Variant::RetryClone, 90.0),
    (Variant::StackClone, 90.0),
];

/// Errors of the compiler that may have their caret under an attribute.
const CARETS: usize = 0;

/// Errors about a moved argument that may leave its name out. The known ones are in functions under
/// `#[tracing::instrument]`: it puts the body into an `async move` block, and rustc does not name
/// what that captures.
const UNNAMED: usize = 8;

/// The goals that are missed, in words.
pub(crate) fn missed(report: &Report) -> Vec<String> {
    let mut missed = Vec::new();
    for (variant, goal) in ACCEPTED {
        let is_cloned = matches!(variant, Variant::RetryClone | Variant::StackClone);
        let accepted =
            report.accepted_percent(variant, |sample| !(is_cloned && sample.is_serializer));
        if accepted < goal {
            missed.push(format!(
                "{variant}: {accepted:.2} % are accepted, the goal is {goal} %"
            ));
        }
    }
    for variant in Variant::ALL {
        let count = |counts: fn(&Refusal) -> bool| {
            report
                .refusals(variant)
                .filter(|found| counts(found))
                .count()
        };
        let carets = count(|refusal| refusal.caret_at_attribute);
        if carets > CARETS {
            missed.push(format!(
                "{variant}: {carets} errors have their caret under an attribute, {CARETS} may"
            ));
        }
        let unnamed = count(|refusal| refusal.kind == Kind::Moved && !refusal.names_argument);
        if unnamed > UNNAMED {
            missed.push(format!(
                "{variant}: {unnamed} errors about a moved argument do not name it, {UNNAMED} may"
            ));
        }
    }
    missed
}
