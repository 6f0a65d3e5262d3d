//! The rules of `#[fallback]`: an answer, and the arguments that it uses.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::Expr;

use super::options::ANSWER;
use crate::emit::answer::{AnswerFunction, AnswerWords};
use crate::emit::plan::PlannedLayer;
use crate::emit::properties::Properties;
use crate::errors::Errors;
use crate::function::used_arguments::UsedArguments;
use crate::language::entry::{Arguments, Entry, EntryValue, Filter};
use crate::language::expression::plain;
use crate::language::values::Values;
use crate::policy::clone;
use crate::policy::spec::{CheckedLayer, LiteralValues, Surroundings};

const WORDS: AnswerWords = AnswerWords {
    path: "the path of a fallback",
    parameter: "error",
};

pub(super) struct FallbackPlan {
    pub(super) answer: AnswerFunction,
    pub(super) on: Option<Filter>,
    pub(super) when: Option<Expr>,
    /// The arguments that the answer and the filters use.
    pub(super) used: UsedArguments,
}

pub(super) fn check(
    values: &mut Values<'_>,
    surroundings: Surroundings<'_>,
    errors: &mut Errors,
) -> CheckedLayer {
    if values.key(ANSWER).is_none() && !values.incomplete {
        errors.at(
            &values.anchor,
            "#[fallback] needs an answer, as in `#[fallback(cached_answer)]`",
        );
    }
    let answer = values.take_expr(ANSWER);
    let (on, when) = (values.take_pattern("on"), values.take_expr("when"));
    let used = used_by(answer.as_ref(), when.as_ref(), on.as_ref());
    let arguments = values.take_arguments("clone");
    if let Some(arguments) = &arguments {
        unused_clones(arguments, &used, surroundings, errors);
    }
    let mut cloned = clone::check(arguments, surroundings, errors);
    cloned.retain(|cloned| used.has(&cloned.name));
    let answer = answer
        .and_then(|answer| AnswerFunction::check(answer, surroundings.function, WORDS, errors));
    let plan = FallbackPlan {
        // An answer that is missing is an error, so the plan is not emitted.
        answer: answer
            .unwrap_or_else(|| AnswerFunction::Closure(Expr::Verbatim(TokenStream::new()))),
        on,
        when,
        used: used.clone(),
    };
    CheckedLayer {
        layer: PlannedLayer {
            properties: Properties {
                policy: "fallback",
                used_after: used,
                answers: true,
                ..Properties::default()
            },
            emitter: Box::new(plan),
        },
        literals: LiteralValues::default(),
        cloned,
    }
}

/// The arguments that a fallback with these options uses: a path is called with all of them, and a
/// closure names those that it uses.
pub(super) fn used_arguments(entries: &[Entry]) -> UsedArguments {
    let entry = |name: &str| entries.iter().find(|entry| entry.spec.name == name);
    let expr = |name: &str| match &entry(name)?.value {
        EntryValue::Value(expr) => Some(plain(expr)),
        _ => None,
    };
    let on = entry("on").and_then(|entry| match &entry.value {
        EntryValue::Pattern(filter) => Some(filter),
        _ => None,
    });
    used_by(expr(ANSWER), expr("when"), on)
}

fn used_by(answer: Option<&Expr>, when: Option<&Expr>, on: Option<&Filter>) -> UsedArguments {
    match answer {
        Some(answer @ Expr::Closure(_)) => {
            let guard = on.and_then(|filter| filter.guard.as_ref());
            let expressions = [Some(answer), when, guard].into_iter().flatten();
            UsedArguments::In(expressions.map(ToTokens::to_token_stream).collect())
        }
        Some(_) => UsedArguments::All,
        None => UsedArguments::None,
    }
}

/// Refuses a clone that nobody would look at.
fn unused_clones(
    arguments: &Arguments,
    used: &UsedArguments,
    Surroundings { function, .. }: Surroundings<'_>,
    errors: &mut Errors,
) {
    let (Arguments::Named(names), UsedArguments::In(_)) = (arguments, used) else {
        return;
    };
    let is_argument = |name: &syn::Ident| name == "self" || function.argument(name).is_some();
    for name in names
        .iter()
        .filter(|name| is_argument(name) && !used.has(name))
    {
        errors.at(
            name,
            format!(
                "the fallback does not use `{name}`, so the body may consume it without a clone: remove `{name}` from `clone`"
            ),
        );
    }
}
