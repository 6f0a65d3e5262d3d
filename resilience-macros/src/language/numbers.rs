//! Checks the values that are numbers: counts, durations, rates and multipliers, and flags.

use proc_macro2::Literal as LiteralToken;
use quote::{ToTokens, quote};
use syn::{Expr, Lit};

use super::shared::rules::{CountRule, NumberRule, Rules, Written, WrittenNumber};
use super::stage::{Operators, Stage};
use super::table::Zero;
use super::value::{Checked, CheckedValue, Literal, ValueCheck, runtime};

/// The parts of a literal, as the rules look at them.
struct Parts {
    kind: PartsKind,
    is_negative: bool,
    digits: String,
    suffix: String,
    source: String,
}

enum PartsKind {
    Whole,
    Fraction,
    Text,
    Other,
}

impl Parts {
    fn of(is_negative: bool, lit: &Lit) -> Self {
        let (kind, digits, suffix, source) = match lit {
            Lit::Int(int) => (
                PartsKind::Whole,
                int.base10_digits().to_owned(),
                int.suffix().to_owned(),
                int.to_string(),
            ),
            Lit::Float(float) => (
                PartsKind::Fraction,
                float.base10_digits().to_owned(),
                float.suffix().to_owned(),
                float.to_string(),
            ),
            Lit::Str(text) => (PartsKind::Text, String::new(), String::new(), text.value()),
            _ => (
                PartsKind::Other,
                String::new(),
                String::new(),
                String::new(),
            ),
        };
        Self {
            kind,
            is_negative,
            digits,
            suffix,
            source,
        }
    }

    fn written(&self) -> Written<'_> {
        let number = WrittenNumber {
            is_negative: self.is_negative,
            digits: &self.digits,
            suffix: &self.suffix,
            source: &self.source,
        };
        match self.kind {
            PartsKind::Whole => Written::Whole(number),
            PartsKind::Fraction => Written::Fraction(number),
            PartsKind::Text => Written::Text(&self.source),
            PartsKind::Other => Written::Other,
        }
    }
}

impl ValueCheck<'_> {
    /// The rules of the shared words, for this option.
    pub(super) fn rules(&self) -> Rules<'_> {
        Rules {
            name: self.name,
            example: self.example,
            quote: "",
        }
    }

    /// The literal, or `None` for an expression.
    fn parts(&self) -> Option<Parts> {
        let (is_negative, lit) = self.literal()?;
        Some(Parts::of(is_negative, lit))
    }

    pub(super) fn count(&self, at_least: u32, at_most: u32, hint: &str) -> Checked {
        let Some(parts) = self.parts() else {
            return Ok(self.expression(Operators::Const));
        };
        let rule = CountRule {
            at_least,
            at_most,
            hint,
        };
        match self.rules().count(rule, parts.written()) {
            Ok(count) => {
                let value = LiteralToken::u32_unsuffixed(count);
                Ok(self.setting(
                    value.into_token_stream(),
                    Stage::Constant,
                    Literal::Count(count),
                ))
            }
            Err(message) => self.refuse(message),
        }
    }

    pub(super) fn duration(&self, zero: Zero) -> Checked {
        let Some(parts) = self.parts() else {
            return Ok(self.expression(Operators::RunTime));
        };
        let instead = match zero {
            Zero::Allowed => None,
            Zero::Refused { instead } => Some(instead),
        };
        let duration = match self.rules().time(instead, parts.written()) {
            Ok(duration) => duration,
            Err(message) => return self.refuse(message),
        };
        let seconds = LiteralToken::u64_unsuffixed(duration.as_secs());
        let nanos = LiteralToken::u32_unsuffixed(duration.subsec_nanos());
        let runtime = runtime();
        let value = quote!(#runtime::Duration::new(#seconds, #nanos));
        Ok(self.setting(value, Stage::Constant, Literal::Duration(duration)))
    }

    pub(super) fn number(&self, rule: NumberRule) -> Checked {
        let Some(parts) = self.parts() else {
            return Ok(self.expression(Operators::Const));
        };
        match self.rules().number(rule, parts.written()) {
            Ok(number) => {
                let value = LiteralToken::f64_unsuffixed(number);
                Ok(self.setting(value.into_token_stream(), Stage::Constant, Literal::Other))
            }
            Err(message) => self.refuse(message),
        }
    }

    pub(super) fn flag(&self) -> Checked {
        match self.expr {
            Expr::Lit(syn::ExprLit {
                lit: Lit::Bool(flag),
                ..
            }) => Ok(self.setting(flag.to_token_stream(), Stage::Constant, Literal::Other)),
            Expr::Lit(_) => self.refuse(self.rules().no_flag()),
            _ => Ok(self.expression(Operators::Const)),
        }
    }

    pub(super) fn switch(&self) -> Checked {
        match self.expr {
            Expr::Lit(syn::ExprLit {
                lit: Lit::Bool(flag),
                ..
            }) => Ok(CheckedValue::Switch(flag.value)),
            Expr::Lit(_) => self.refuse(self.rules().no_flag()),
            _ => self.refuse(format!(
                "`{}` takes the word `true` or `false` and no expression, because the attribute writes other code for each: write `{}`",
                self.name, self.example
            )),
        }
    }
}
