//! One option's value: what kind of thing it is, whether it is in range, and when it is evaluated.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Expr, Ident, Lit, Path, UnOp};

use super::stage::{Operators, Stage};
use crate::errors::Errors;
use crate::item::Function;
use crate::parse::{self, Entry, Filter, Kind, Raw};

/// What the expansion calls the runtime's private module, which has all that a value may name.
pub(crate) const RUNTIME: &str = "__rt";

/// A call of one setter of a configuration.
#[derive(Clone)]
pub(crate) struct Setting {
    pub(crate) setter: &'static str,
    /// The value, ready to be passed.
    pub(crate) value: TokenStream,
    pub(crate) literal: Literal,
    /// What the user wrote: where an error of const evaluation points.
    pub(crate) written: TokenStream,
    pub(crate) stage: Stage,
}

impl Setting {
    /// A setting that no option says.
    pub(crate) fn generated(setter: &'static str, text: &str) -> Self {
        let value = quote!(#text);
        Self { setter, written: value.clone(), value, literal: Literal::Other, stage: Stage::Constant }
    }
}

/// What is known of a value while the macro runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Literal {
    Count(u32),
    Duration(Duration),
    Word(&'static str),
    /// A number or a text in range, of which no other rule speaks.
    Other,
    Unknown,
}

impl Literal {
    pub(super) fn duration(self) -> Option<Duration> {
        match self {
            Self::Duration(duration) => Some(duration),
            _ => None,
        }
    }
}

pub(super) enum Value {
    Setting(Setting),
    Pattern(Filter),
    Expr(Expr),
    Word(&'static str),
    Path(Path),
}

pub(super) fn check(entry: Entry, function: &Function, errors: &mut Errors) -> Option<Value> {
    let expr = match entry.value {
        Raw::Pattern(filter) => return Some(Value::Pattern(filter)),
        Raw::Value(expr) => expr,
    };
    let check =
        Check { key: &entry.key, name: entry.spec.name, example: entry.spec.example, expr: plain(&expr), function };
    let checked = match entry.spec.kind {
        Kind::Count { at_least } => check.count(at_least),
        Kind::Duration { zero } => check.duration(zero),
        Kind::Multiplier => {
            check.number(&|number| number >= 1.0, "at least 1: a delay that shrinks hammers the service harder")
        }
        Kind::Rate => {
            check.number(&|number| number > 0.0 && number <= 1.0, "a share of the calls, above 0.0 and at most 1.0")
        }
        Kind::Word(words) => check.word(words),
        Kind::Mode(words) => check.mode(words),
        Kind::Text => check.text(),
        Kind::Function => check.function(),
        Kind::CratePath => check.path(),
        Kind::Value | Kind::Pattern => Ok(Value::Expr(expr.clone())),
    };
    checked.map_err(|error| errors.push(error)).ok()
}

/// Through parentheses and the invisible groups of `macro_rules!`.
fn plain(mut expr: &Expr) -> &Expr {
    loop {
        match expr {
            Expr::Group(group) => expr = &group.expr,
            Expr::Paren(paren) => expr = &paren.expr,
            _ => return expr,
        }
    }
}

struct Check<'a> {
    key: &'a Ident,
    name: &'static str,
    example: &'static str,
    expr: &'a Expr,
    function: &'a Function,
}

type Checked = syn::Result<Value>;

impl Check<'_> {
    fn refuse<T>(&self, message: impl std::fmt::Display) -> syn::Result<T> {
        Err(syn::Error::new_spanned(self.expr, message))
    }

    fn setting(&self, value: TokenStream, stage: Stage, literal: Literal) -> Value {
        let written = self.expr.to_token_stream();
        Value::Setting(Setting { setter: self.name, value, literal, written, stage })
    }

    /// An expression that is passed as it is, and checked by the setter.
    fn expression(&self, operators: Operators) -> Value {
        let stage = Stage::of(self.expr, operators, self.function);
        self.setting(self.expr.to_token_stream(), stage, Literal::Unknown)
    }

    /// A literal behind an optional minus.
    fn literal(&self) -> Option<(bool, &Lit)> {
        match self.expr {
            Expr::Lit(lit) => Some((false, &lit.lit)),
            Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => match plain(&unary.expr) {
                Expr::Lit(lit) => Some((true, &lit.lit)),
                _ => None,
            },
            _ => None,
        }
    }

    fn count(&self, at_least: u32) -> Checked {
        let (name, example) = (self.name, self.example);
        let Some((negative, lit)) = self.literal() else { return Ok(self.expression(Operators::Const)) };
        let Lit::Int(int) = lit else {
            return self.refuse(format!("`{name}` takes a whole number, like `{example}`"));
        };
        if negative {
            return self.refuse(format!("`{name}` cannot be negative; write a whole number, like `{example}`"));
        }
        if !matches!(int.suffix(), "" | "u32") {
            let hint = if parse::duration(&int.to_string()).is_ok() { ", not a duration" } else { " of type `u32`" };
            return self.refuse(format!("`{name}` takes a whole number{hint}; write it as in `{example}`"));
        }
        match int.base10_parse::<u32>() {
            Err(_) => self.refuse(format!("`{name} = {int}` is too large: at most {}", u32::MAX)),
            Ok(count) if count < at_least => {
                let why = match name {
                    "max_attempts" => ": the first call counts too",
                    _ => "",
                };
                self.refuse(format!("`{name}` must be at least {at_least}{why}; write it as in `{example}`"))
            }
            Ok(count) => {
                let value = proc_macro2::Literal::u32_unsuffixed(count);
                Ok(self.setting(value.into_token_stream(), Stage::Constant, Literal::Count(count)))
            }
        }
    }

    fn duration(&self, zero: bool) -> Checked {
        let name = self.name;
        let Some((negative, lit)) = self.literal() else { return Ok(self.expression(Operators::RunTime)) };
        let text = match lit {
            Lit::Str(text) => text.value(),
            Lit::Int(int) => int.to_string(),
            Lit::Float(float) => float.to_string(),
            _ => return self.refuse(format!("`{name}` takes a duration, like `{}`", self.example)),
        };
        if negative {
            return self.refuse(format!("`{name}` cannot be negative; write a duration, like `{}`", self.example));
        }
        let duration = match parse::duration(&text) {
            Ok(duration) => duration,
            Err(message) => return self.refuse(message),
        };
        if duration.is_zero() && !zero {
            return self.refuse(format!("`{name}` must be longer than zero; write it as in `{}`", self.example));
        }
        let seconds = proc_macro2::Literal::u64_unsuffixed(duration.as_secs());
        let nanos = proc_macro2::Literal::u32_unsuffixed(duration.subsec_nanos());
        let runtime = runtime();
        let value = quote!(#runtime::Duration::new(#seconds, #nanos));
        Ok(self.setting(value, Stage::Constant, Literal::Duration(duration)))
    }

    fn number(&self, allowed: &dyn Fn(f64) -> bool, rule: &str) -> Checked {
        let (name, example) = (self.name, self.example);
        let Some((negative, lit)) = self.literal() else { return Ok(self.expression(Operators::Const)) };
        let parsed = match lit {
            Lit::Int(int) if matches!(int.suffix(), "" | "f64") => int.base10_digits().parse::<f64>(),
            Lit::Float(float) if matches!(float.suffix(), "" | "f64") => float.base10_digits().parse::<f64>(),
            _ => return self.refuse(format!("`{name}` takes a number, like `{example}`")),
        };
        let number = parsed.map(|number| if negative { -number } else { number });
        match number {
            Ok(number) if number.is_finite() && allowed(number) => {
                let value = proc_macro2::Literal::f64_unsuffixed(number);
                Ok(self.setting(value.into_token_stream(), Stage::Constant, Literal::Other))
            }
            _ => self.refuse(format!("`{name}` must be {rule}; write it as in `{example}`")),
        }
    }

    fn word(&self, words: &'static [(&'static str, &'static str)]) -> Checked {
        let written = match self.expr {
            Expr::Path(path) => path.path.get_ident().map(ToString::to_string),
            Expr::Lit(lit) => match &lit.lit {
                Lit::Bool(flag) => Some(flag.value.to_string()),
                lit => {
                    return self.refuse(format!(
                        "`{}` takes one of {}, not `{}`",
                        self.name,
                        one_of(words),
                        lit.to_token_stream()
                    ));
                }
            },
            _ => None,
        };
        let Some(written) = written else { return Ok(self.word_expression(words)) };
        if let Some((_, constant)) = words.iter().find(|(word, _)| *word == written) {
            let path: Path = syn::parse_str(constant)?;
            let word = constant.rsplit("::").next().unwrap_or(constant);
            let runtime = runtime();
            return Ok(self.setting(quote!(#runtime::#path), Stage::Constant, Literal::Word(word)));
        }
        let is_constant = !written.chars().any(char::is_lowercase);
        let ident = Ident::new(&written, Span::call_site());
        if is_constant || self.function.argument(&ident).is_some() {
            return Ok(self.word_expression(words));
        }
        self.refuse(format!("`{written}` is no {}: it is one of {}", self.name, one_of(words)))
    }

    /// An expression of the words' type; where a flag is one of the words, `bool` will do too.
    fn word_expression(&self, words: &[(&str, &'static str)]) -> Value {
        let is_variant = matches!(self.expr, Expr::Path(path) if path.path.segments.len() > 1)
            && Stage::of(self.expr, Operators::RunTime, self.function) == Stage::Constant;
        match words.iter().find(|(word, _)| *word == "true").and_then(|(_, constant)| constant.split("::").next()) {
            Some(ty) if !is_variant => {
                let (runtime, ty, expr) = (runtime(), Ident::new(ty, Span::call_site()), self.expr);
                self.setting(quote!(#runtime::#ty::from(#expr)), Stage::Runtime, Literal::Unknown)
            }
            _ => self.expression(Operators::RunTime),
        }
    }

    fn mode(&self, words: &'static [&'static str]) -> Checked {
        let written = self.expr.to_token_stream().to_string();
        match words.iter().find(|word| **word == written.trim_matches('"')) {
            Some(word) => Ok(Value::Word(word)),
            None => {
                self.refuse(format!("`{}` is `thread` or `cooperative`, written as in `{}`", self.name, self.example))
            }
        }
    }

    fn text(&self) -> Checked {
        match self.literal() {
            Some((false, Lit::Str(text))) if text.value().trim().is_empty() => {
                self.refuse(format!("`{}` must not be empty; write it as in `{}`", self.name, self.example))
            }
            Some((false, Lit::Str(_))) => {
                Ok(self.setting(self.expr.to_token_stream(), Stage::Constant, Literal::Other))
            }
            Some(_) => self.refuse(format!("`{}` takes a string, like `{}`", self.name, self.example)),
            // `concat!("jira", "-v2")`: a macro that is not constant is rustc's error.
            None if matches!(self.expr, Expr::Macro(_)) => {
                Ok(self.setting(self.expr.to_token_stream(), Stage::Constant, Literal::Unknown))
            }
            None => match Stage::of(self.expr, Operators::RunTime, self.function) {
                Stage::Runtime => self.refuse(format!(
                    "`{}` takes a constant: a string or an upper-case path, like `{}`",
                    self.name, self.example
                )),
                _ => Ok(self.expression(Operators::RunTime)),
            },
        }
    }

    fn function(&self) -> Checked {
        match self.expr {
            Expr::Lit(_) => {
                self.refuse(format!("`{}` takes a function or a closure, like `{}`", self.name, self.example))
            }
            expr => Ok(Value::Expr(expr.clone())),
        }
    }

    fn path(&self) -> Checked {
        match self.expr {
            Expr::Path(path) if path.qself.is_none() => Ok(Value::Path(path.path.clone())),
            _ => Err(syn::Error::new_spanned(
                self.expr,
                format!("`{}` takes the path of the runtime crate, like `{}`", self.key, self.example),
            )),
        }
    }
}

fn runtime() -> Ident {
    Ident::new(RUNTIME, Span::call_site())
}

fn one_of(words: &[(&str, &str)]) -> String {
    let words: Vec<_> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
    words.join(", ")
}
