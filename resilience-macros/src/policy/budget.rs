//! The option `budget`: a name, a ratio, or a reference to a static budget.

use proc_macro2::{Ident, Literal as LiteralToken, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Expr, ExprLit, Lit, LitStr, UnOp};

use crate::emit::context::Context;
use crate::errors::Errors;
use crate::language::expression::plain;
use crate::language::stage::Stage;
use crate::language::value::{Literal, Setting};
use crate::language::values::{ConfigPlan, Values};
use crate::source_text::source_text;

/// A budget, as the expansion makes it.
pub(super) enum Budget {
    /// The budget of the process with this name.
    ProcessWide(LitStr),
    /// A budget of the function alone.
    Ratio(LiteralToken),
    /// `&'static RetryBudget`, and the stage at which it is known.
    Given(Expr, Stage),
}

const RATIO: std::ops::RangeInclusive<f64> = 0.001..=1_000.0;

/// Checks the option. `attempts` are the attempts that the budget limits, for messages.
pub(super) fn check(
    values: &mut Values<'_>,
    attempts: &str,
    errors: &mut Errors,
) -> Option<Budget> {
    let expr = values.take_expr("budget")?;
    let stage = values.stage(&expr);
    let (is_negative, lit) = match plain(&expr) {
        Expr::Lit(ExprLit { lit, .. }) => (false, lit),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => match plain(&unary.expr) {
            Expr::Lit(ExprLit { lit, .. }) => (true, lit),
            _ => return Some(Budget::Given(expr, stage)),
        },
        _ => return Some(Budget::Given(expr, stage)),
    };
    let number = match lit {
        Lit::Str(name) if !is_negative => return named(name, errors),
        Lit::Int(int) if matches!(int.suffix(), "" | "f64") => int.base10_parse::<f64>(),
        Lit::Float(float) if matches!(float.suffix(), "" | "f64") => float.base10_parse::<f64>(),
        _ => {
            errors.at(
                &expr,
                "`budget` takes a name, a ratio or a reference to a static budget, as in `budget = \"jira\"`, `budget = 0.2` or \
                 `budget = &BUDGET`",
            );
            return None;
        }
    };
    match number.map(|number| if is_negative { -number } else { number }) {
        Ok(ratio) if RATIO.contains(&ratio) => {
            Some(Budget::Ratio(LiteralToken::f64_unsuffixed(ratio)))
        }
        _ => {
            let text = source_text(&expr.to_token_stream());
            errors.at(
                &expr,
                format!(
                    "the ratio of a `budget` must be from 0.001 to 1000, not {text}: it says how many {attempts} each call allows, \
                     as in `budget = 0.2`"
                ),
            );
            None
        }
    }
}

fn named(name: &LitStr, errors: &mut Errors) -> Option<Budget> {
    if name.value().trim().is_empty() {
        errors.at(
            name,
            "`budget` must not be empty: write the name of a budget, as in `budget = \"jira\"`",
        );
        return None;
    }
    Some(Budget::ProcessWide(name.clone()))
}

/// The declaration of a budget, and the reference to it.
pub(super) struct BudgetCode {
    /// Declares the budget, if the expansion makes it.
    pub(super) declaration: TokenStream,
    pub(super) value: TokenStream,
    pub(super) stage: Stage,
    /// True if the user wrote the reference.
    pub(super) is_given: bool,
}

impl Budget {
    /// Emits the budget. `name` is that of the static, which differs between policies.
    pub(super) fn code(&self, context: &Context<'_>, at: usize, name: &str) -> BudgetCode {
        let runtime = &context.runtime;
        let item = Ident::new(&context.item(at, name).to_uppercase(), Span::call_site());
        let new = match self {
            Self::Given(expr, stage) => {
                return BudgetCode {
                    declaration: TokenStream::new(),
                    value: expr.to_token_stream(),
                    stage: *stage,
                    is_given: true,
                };
            }
            Self::ProcessWide(name) => quote!(process_wide(#name)),
            Self::Ratio(ratio) => quote!(new().ratio(#ratio)),
        };
        BudgetCode {
            declaration: quote!(static #item: #runtime::RetryBudget = #runtime::RetryBudget::#new;),
            value: quote!(&#item),
            stage: Stage::Constant,
            is_given: false,
        }
    }

    /// Adds the budget to the configuration, and returns the declaration of a budget that the
    /// expansion makes.
    pub(super) fn emit(
        &self,
        context: &Context<'_>,
        at: usize,
        name: &str,
        config: &mut ConfigPlan,
    ) -> TokenStream {
        let code = self.code(context, at, name);
        // The budget is set at run time beside a value that is no constant item, because the
        // expansion then checks the constant settings in one, and that must not refer to a static
        // with atomics.
        let start = config.base.as_ref().map(|(_, stage)| *stage);
        let is_start_later = start.is_some_and(|stage| stage != Stage::Constant);
        let mut settings = config.settings.iter();
        let stage = if is_start_later || settings.any(|setting| setting.stage == Stage::Generic) {
            Stage::Runtime
        } else {
            code.stage
        };
        config.settings.push(Setting {
            setter: "budget",
            source: code.value.clone(),
            literal: if code.is_given {
                Literal::Unknown
            } else {
                Literal::Other
            },
            value: code.value,
            stage,
            options: vec!["budget"],
        });
        code.declaration
    }

    /// The budget as it is written, to tell if two layers draw on the same one. A budget of one
    /// layer alone is no other layer's.
    pub(super) fn shared_name(&self) -> Option<String> {
        match self {
            Self::ProcessWide(name) => Some(source_text(&name.to_token_stream())),
            Self::Given(expr, _) => Some(source_text(&expr.to_token_stream())),
            Self::Ratio(_) => None,
        }
    }
}
