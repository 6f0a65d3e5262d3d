//! Checks the value of one option: its kind, its range, and the stage of its evaluation.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Expr, Ident, Lit, Path, UnOp};

use super::duration;
use super::entry::{Arguments, Entry, EntryValue, Filter};
use super::expression::{duration_inside, inside, is_value, plain};
use super::pattern;
use super::scope::Scope;
use super::stage::{Operators, Stage};
use super::table::{Kind, NumberRule, Zero};
use super::unknown::nearest;
use crate::errors::Errors;
use crate::source_text::source_text;

/// The expansion's name for the runtime's private module. A value of the expansion names nothing else.
pub(crate) const RUNTIME: &str = "__rt";

/// A call of one setter of a configuration.
#[derive(Clone)]
pub(crate) struct Setting {
    pub(crate) setter: &'static str,
    /// The value, ready to be passed.
    pub(crate) value: TokenStream,
    pub(crate) literal: Literal,
    /// The user's tokens, because an error of const evaluation points there.
    pub(crate) source: TokenStream,
    pub(crate) stage: Stage,
}

impl Setting {
    /// A setting that no option says.
    pub(crate) fn generated(setter: &'static str, text: &str) -> Self {
        let value = quote!(#text);
        Self {
            setter,
            source: value.clone(),
            value,
            literal: Literal::Other,
            stage: Stage::Constant,
        }
    }
}

/// The value of an option, as far as the macro knows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Literal {
    Count(u32),
    Duration(Duration),
    Word(&'static str),
    /// A number or a text in range. No other rule asks for it.
    Other,
    Unknown,
}

impl Literal {
    pub(crate) fn duration(self) -> Option<Duration> {
        match self {
            Self::Duration(duration) => Some(duration),
            _ => None,
        }
    }
}

pub(super) enum CheckedValue {
    Setting(Setting),
    Pattern(Filter),
    Arguments(Arguments),
    Expr(Expr),
    Word(&'static str),
    Path(Path),
}

pub(super) fn check(entry: Entry, scope: Scope<'_>, errors: &mut Errors) -> Option<CheckedValue> {
    let expr = match entry.value {
        EntryValue::Arguments(arguments) => return Some(CheckedValue::Arguments(arguments)),
        EntryValue::Pattern(filter) => {
            pattern::check(&filter, entry.spec, scope.function, errors);
            return Some(CheckedValue::Pattern(filter));
        }
        EntryValue::Value(expr) => expr,
    };
    let check = ValueCheck {
        key: &entry.key,
        name: entry.spec.name,
        example: entry.spec.example,
        expr: plain(&expr),
        scope,
    };
    let checked = match entry.spec.kind {
        Kind::Count { at_least, hint } => check.count(at_least, hint),
        Kind::Duration(zero) => check.duration(zero),
        Kind::Number(rule) => check.number(rule),
        Kind::Flag => check.flag(),
        Kind::Word(words) => check.word(words),
        Kind::Mode(words) => check.mode(words),
        Kind::Text { hint } => check.text(hint),
        Kind::Function => check.function(),
        Kind::Error => check
            .one_parameter()
            .map(|()| CheckedValue::Expr(expr.clone())),
        Kind::CratePath => check.path(),
        Kind::Value | Kind::Pattern | Kind::Arguments => Ok(CheckedValue::Expr(expr.clone())),
    };
    checked.map_err(|error| errors.push(error)).ok()
}

struct ValueCheck<'a> {
    key: &'a Ident,
    name: &'static str,
    example: &'static str,
    expr: &'a Expr,
    scope: Scope<'a>,
}

type Checked = syn::Result<CheckedValue>;

impl ValueCheck<'_> {
    fn refuse<T>(&self, message: impl std::fmt::Display) -> syn::Result<T> {
        Err(syn::Error::new_spanned(self.expr, message))
    }

    fn setting(&self, value: TokenStream, stage: Stage, literal: Literal) -> CheckedValue {
        let source = self.expr.to_token_stream();
        CheckedValue::Setting(Setting {
            setter: self.name,
            value,
            literal,
            source,
            stage,
        })
    }

    /// An expression that is passed as it is, and checked by the setter.
    fn expression(&self, operators: Operators) -> CheckedValue {
        let stage = Stage::of(self.expr, operators, self.scope);
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

    fn count(&self, at_least: u32, hint: &str) -> Checked {
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
                Ok(count) if count >= at_least && !negative => {
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
                let value = proc_macro2::Literal::u32_unsuffixed(count);
                Ok(self.setting(
                    value.into_token_stream(),
                    Stage::Constant,
                    Literal::Count(count),
                ))
            }
        }
    }

    fn duration(&self, zero: Zero) -> Checked {
        let name = self.name;
        let Some((negative, lit)) = self.literal() else {
            return match duration_inside(self.expr) {
                Some(literal) => {
                    let message = inside(name, self.expr, literal);
                    Err(syn::Error::new_spanned(literal, message))
                }
                None => Ok(self.expression(Operators::RunTime)),
            };
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
        let seconds = proc_macro2::Literal::u64_unsuffixed(duration.as_secs());
        let nanos = proc_macro2::Literal::u32_unsuffixed(duration.subsec_nanos());
        let runtime = runtime();
        let value = quote!(#runtime::Duration::new(#seconds, #nanos));
        Ok(self.setting(value, Stage::Constant, Literal::Duration(duration)))
    }

    fn number(&self, rule: &NumberRule) -> Checked {
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
                let value = proc_macro2::Literal::f64_unsuffixed(number);
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

    /// The option with the number that was probably meant, else as in the documentation.
    fn nearest(&self, rule: &NumberRule, text: &str) -> String {
        (rule.nearest)(text).map_or_else(
            || self.example.to_owned(),
            |nearest| format!("{} = {nearest}", self.name),
        )
    }

    fn flag(&self) -> Checked {
        match self.expr {
            Expr::Lit(syn::ExprLit {
                lit: Lit::Bool(flag),
                ..
            }) => Ok(self.setting(flag.to_token_stream(), Stage::Constant, Literal::Other)),
            Expr::Lit(_) => self.refuse(format!(
                "`{}` takes `true` or `false`: write `{}`",
                self.name, self.example
            )),
            _ => Ok(self.expression(Operators::Const)),
        }
    }

    fn word(&self, words: &'static [(&'static str, &'static str)]) -> Checked {
        let typed = match self.expr {
            Expr::Path(path) => path.path.get_ident().map(ToString::to_string),
            Expr::Lit(lit) => match &lit.lit {
                Lit::Bool(flag) => Some(flag.value.to_string()),
                Lit::Str(text) if words.iter().any(|(word, _)| *word == text.value()) => {
                    let (name, word) = (self.name, text.value());
                    return self.refuse(format!(
                        "`{name}` takes a word without quotes: write `{name} = {word}`"
                    ));
                }
                lit => {
                    let shown = lit.to_token_stream();
                    return self.refuse(format!(
                        "`{}` is one of {}, not `{shown}`",
                        self.name,
                        one_of(words)
                    ));
                }
            },
            _ => None,
        };
        let Some(typed) = typed else {
            return Ok(self.word_expression(words));
        };
        if let Some((_, constant)) = words.iter().find(|(word, _)| *word == typed) {
            let path: Path = syn::parse_str(constant)?;
            let word = constant.rsplit("::").next().unwrap_or(constant);
            let runtime = runtime();
            return Ok(self.setting(
                quote!(#runtime::#path),
                Stage::Constant,
                Literal::Word(word),
            ));
        }
        let is_constant = !typed.chars().any(char::is_lowercase);
        let is_argument = matches!(self.expr, Expr::Path(path)
            if path.path.get_ident().is_some_and(|name| self.scope.function.argument(name).is_some()));
        if is_constant || is_argument {
            return Ok(self.word_expression(words));
        }
        let name = self.name;
        self.refuse(match nearest(&typed, words, |(word, _)| word) {
            Some((word, _)) => format!("`{typed}` is no {name}; did you mean `{name} = {word}`?"),
            None => format!("`{typed}` is no {name}: it is one of {}", one_of(words)),
        })
    }

    /// An expression of the words' type; where a flag is one of the words, `bool` will do too.
    fn word_expression(&self, words: &[(&str, &'static str)]) -> CheckedValue {
        let is_variant = matches!(self.expr, Expr::Path(path) if path.path.segments.len() > 1)
            && Stage::of(self.expr, Operators::RunTime, self.scope) == Stage::Constant;
        match words
            .iter()
            .find(|(word, _)| *word == "true")
            .and_then(|(_, constant)| constant.split("::").next())
        {
            Some(ty) if !is_variant => {
                // The call stands where the user's value does, because that may be of another type.
                let expr = self.expr;
                let first = expr.to_token_stream().into_iter().next();
                let span = first.map_or_else(Span::call_site, |token| {
                    Span::call_site().located_at(token.span())
                });
                let (runtime, ty) = (Ident::new(RUNTIME, span), Ident::new(ty, span));
                self.setting(
                    quote_spanned!(span=> #runtime::#ty::from(#expr)),
                    Stage::Runtime,
                    Literal::Unknown,
                )
            }
            _ => self.expression(Operators::RunTime),
        }
    }

    fn mode(&self, words: &'static [&'static str]) -> Checked {
        let typed = source_text(&self.expr.to_token_stream());
        if let Some(word) = words.iter().find(|word| **word == typed.trim_matches('"')) {
            return Ok(CheckedValue::Word(word));
        }
        let name = self.name;
        self.refuse(match nearest(&typed, words, |word| word) {
            Some(word) => format!("`{typed}` is no {name}; did you mean `{name} = {word}`?"),
            None => {
                let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
                format!("`{typed}` is no {name}: it is {}", words.join(" or "))
            }
        })
    }

    fn text(&self, hint: &str) -> Checked {
        match self.literal() {
            Some((false, Lit::Str(text))) if text.value().trim().is_empty() => {
                self.refuse(format!("`{}` must not be empty: write it as in `{}`", self.name, self.example))
            }
            Some((false, Lit::Str(_))) => {
                Ok(self.setting(self.expr.to_token_stream(), Stage::Constant, Literal::Other))
            }
            Some(_) => self.refuse(format!("`{}` takes a text in quotes, as in `{}`", self.name, self.example)),
            // `concat!("jira", "-v2")`: any other macro that is not constant is rustc's error.
            None if matches!(self.expr, Expr::Macro(call) if !call.mac.path.is_ident("format")) => {
                Ok(self.setting(self.expr.to_token_stream(), Stage::Constant, Literal::Unknown))
            }
            None => match Stage::of(self.expr, Operators::RunTime, self.scope) {
                Stage::Runtime => self.refuse(format!(
                    "`{}` is fixed when the program is compiled: a text in quotes or the path of a constant, as in `{}`{}",
                    self.name, self.example, hint
                )),
                _ => Ok(self.expression(Operators::RunTime)),
            },
        }
    }

    fn function(&self) -> Checked {
        match self.expr {
            Expr::Lit(_) => self.refuse(format!(
                "`{}` takes a function or a closure, as in `{}`",
                self.name, self.example
            )),
            expr if is_value(expr) => self.refuse(format!(
                "`{name}` takes a function or a closure, and this is a value: write `{name} = |_| {value}`",
                name = self.name,
                value = source_text(&expr.to_token_stream())
            )),
            expr => self.one_parameter().map(|()| CheckedValue::Expr(expr.clone())),
        }
    }

    /// A closure gets one argument, whatever the option is.
    fn one_parameter(&self) -> syn::Result<()> {
        match self.expr {
            Expr::Closure(closure) if closure.inputs.len() != 1 => {
                let parameter = closure.inputs.first().map_or_else(
                    || "_".to_owned(),
                    |first| source_text(&first.to_token_stream()),
                );
                self.refuse(format!(
                    "the closure of `{name}` takes one parameter: write `{name} = |{parameter}| …`; it may use the function's \
                     arguments by their names",
                    name = self.name
                ))
            }
            _ => Ok(()),
        }
    }

    fn path(&self) -> Checked {
        match self.expr {
            Expr::Path(path) if path.qself.is_none() => Ok(CheckedValue::Path(path.path.clone())),
            _ => Err(syn::Error::new_spanned(
                self.expr,
                format!(
                    "`{}` takes the path of the runtime crate, as in `{}`",
                    self.key, self.example
                ),
            )),
        }
    }
}

fn runtime() -> Ident {
    Ident::new(RUNTIME, Span::call_site())
}

/// The words, without the flags that mean the same as one of them.
fn one_of(words: &[(&str, &str)]) -> String {
    let words = words
        .iter()
        .map(|(word, _)| *word)
        .filter(|word| !matches!(*word, "true" | "false"));
    let words: Vec<_> = words.map(|word| format!("`{word}`")).collect();
    words.join(", ")
}
