//! Checks the values that are numbers: counts, durations, rates and multipliers, and flags.

use proc_macro2::Literal as LiteralToken;
use quote::{ToTokens, quote};
use syn::{Expr, Lit};

use super::duration;
use super::stage::{Operators, Stage};
use super::table::{NumberRule, Zero};
use super::value::{Checked, CheckedValue, Literal, ValueCheck, runtime};

impl ValueCheck<'_> {
    pub(super) fn count(&self, at_least: u32, at_most: u32, hint: &str) -> Checked {
        let (name, example) = (self.name, self.example);
        let Some((negative, lit)) = self.literal() else {
            return Ok(self.expression(Operators::Const));
        };
        let (digits, instead_of) = match lit {
            Lit::Int(int) if matches!(int.suffix(), "" | "u32") => {
                (int.base10_digits().to_owned(), "")
            }
            Lit::Int(int) if duration::parse(&int.to_string()).is_ok() => {
                (int.base10_digits().to_owned(), ", not a duration")
            }
            Lit::Int(int) => (int.base10_digits().to_owned(), " of type `u32`"),
            Lit::Float(float) => (
                float
                    .base10_digits()
                    .split('.')
                    .next()
                    .unwrap_or_default()
                    .to_owned(),
                ", not a fraction",
            ),
            Lit::Str(text) => (text.value(), ", not a text"),
            _ => (String::new(), ""),
        };
        let count = digits.parse::<u32>();
        if !matches!(lit, Lit::Int(_)) || !instead_of.is_empty() {
            return self.refuse(match count {
                Ok(count) if (at_least..=at_most).contains(&count) && !negative => {
                    format!("`{name}` takes a whole number{instead_of}: write `{name} = {count}`")
                }
                _ => format!("`{name}` takes a whole number{instead_of}, as in `{example}`"),
            });
        }
        if negative {
            let hint = if at_least == 0 { hint } else { "" };
            return self.refuse(format!(
                "`{name}` cannot be negative: the least is `{name} = {at_least}`{hint}"
            ));
        }
        match count {
            Err(_) if at_most < u32::MAX => self.above(at_most, &digits),
            Ok(count) if count > at_most => self.above(at_most, &digits),
            Err(_) => self.refuse(format!(
                "`{name} = {digits}` is too large: the most is {}, `u32::MAX`",
                u32::MAX
            )),
            Ok(count) if count < at_least => {
                self.refuse(format!(
                    "`{name}` must be at least {at_least}, not {count}{hint}; write it as in `{example}`"
                ))
            }
            Ok(count) => {
                let value = LiteralToken::u32_unsuffixed(count);
                Ok(self.setting(
                    value.into_token_stream(),
                    Stage::Constant,
                    Literal::Count(count),
                ))
            }
        }
    }

    fn above(&self, at_most: u32, digits: &str) -> Checked {
        self.refuse(format!(
            "`{name}` must be at most {at_most}, not {digits}: write `{name} = {at_most}`",
            name = self.name
        ))
    }

    pub(super) fn duration(&self, zero: Zero) -> Checked {
        let name = self.name;
        let Some((negative, lit)) = self.literal() else {
            return Ok(self.expression(Operators::RunTime));
        };
        let text = match lit {
            Lit::Str(text) => text.value(),
            Lit::Int(int) => int.to_string(),
            Lit::Float(float) => float.to_string(),
            _ => {
                return self.refuse(format!(
                    "`{name}` takes a duration, as in `{}`",
                    self.example
                ));
            }
        };
        let duration = match duration::parse(&text) {
            Ok(duration) => duration,
            Err(message) => return self.refuse(message),
        };
        if negative {
            return self.refuse(format!(
                "`{name}` cannot be negative: write it as in `{}`",
                self.example
            ));
        }
        if let (true, Zero::Refused { instead }) = (duration.is_zero(), zero) {
            return self.refuse(match instead {
                "" => format!(
                    "`{name}` must be longer than zero: write it as in `{}`",
                    self.example
                ),
                instead => format!("`{name}` must be longer than zero: {instead}"),
            });
        }
        let seconds = LiteralToken::u64_unsuffixed(duration.as_secs());
        let nanos = LiteralToken::u32_unsuffixed(duration.subsec_nanos());
        let runtime = runtime();
        let value = quote!(#runtime::Duration::new(#seconds, #nanos));
        Ok(self.setting(value, Stage::Constant, Literal::Duration(duration)))
    }

    pub(super) fn number(&self, rule: &NumberRule) -> Checked {
        let (name, example) = (self.name, self.example);
        let Some((negative, lit)) = self.literal() else {
            return Ok(self.expression(Operators::Const));
        };
        let text = match lit {
            Lit::Int(int) if matches!(int.suffix(), "" | "f64") => int.base10_digits().to_owned(),
            Lit::Float(float) if matches!(float.suffix(), "" | "f64") => {
                float.base10_digits().to_owned()
            }
            Lit::Str(text) => {
                let nearest = self.nearest(rule, &text.value());
                return self.refuse(format!(
                    "`{name}` takes a number, not a text: write `{nearest}`"
                ));
            }
            _ => return self.refuse(format!("`{name}` takes a number, as in `{example}`")),
        };
        match text
            .parse::<f64>()
            .map(|number| if negative { -number } else { number })
        {
            Ok(number) if number.is_finite() && (rule.allows)(number) => {
                let value = LiteralToken::f64_unsuffixed(number);
                Ok(self.setting(value.into_token_stream(), Stage::Constant, Literal::Other))
            }
            _ => {
                let sign = if negative { "-" } else { "" };
                let nearest = if negative {
                    example.to_owned()
                } else {
                    self.nearest(rule, &text)
                };
                self.refuse(format!(
                    "`{name}` must be {}, not {sign}{text}{}: write `{nearest}`",
                    rule.range, rule.reason
                ))
            }
        }
    }

    /// Returns the option with the number that was probably meant, or otherwise as in the
    /// documentation.
    fn nearest(&self, rule: &NumberRule, text: &str) -> String {
        (rule.nearest)(text).map_or_else(
            || self.example.to_owned(),
            |nearest| format!("{} = {nearest}", self.name),
        )
    }

    pub(super) fn flag(&self) -> Checked {
        match self.expr {
            Expr::Lit(syn::ExprLit {
                lit: Lit::Bool(flag),
                ..
            }) => Ok(self.setting(flag.to_token_stream(), Stage::Constant, Literal::Other)),
            Expr::Lit(_) => self.refuse_as_flag(),
            _ => Ok(self.expression(Operators::Const)),
        }
    }

    pub(super) fn switch(&self) -> Checked {
        match self.expr {
            Expr::Lit(syn::ExprLit {
                lit: Lit::Bool(flag),
                ..
            }) => Ok(CheckedValue::Switch(flag.value)),
            Expr::Lit(_) => self.refuse_as_flag(),
            _ => self.refuse(format!(
                "`{}` takes the word `true` or `false` and no expression, because the attribute writes other code for each: write `{}`",
                self.name, self.example
            )),
        }
    }

    fn refuse_as_flag(&self) -> Checked {
        self.refuse(format!(
            "`{}` takes `true` or `false`: write `{}`",
            self.name, self.example
        ))
    }
}
