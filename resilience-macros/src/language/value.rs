//! Checks the value of one option: its kind, its range, and the stage of its evaluation.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::{Expr, Ident, Lit, Path, UnOp};

use super::entry::{Arguments, Entry, EntryValue, Filter};
use super::expression::{durations_inside, is_value, plain, refuse_durations};
use super::pattern;
use super::scope::Scope;
use super::stage::{Operators, Stage};
use super::table::Kind;
use crate::errors::Errors;
use crate::source_text::source_text;

/// The expansion's name for the runtime's private module. A value of the expansion names nothing
/// else.
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
    /// The options that say it.
    pub(crate) options: Vec<&'static str>,
}

impl Setting {
    /// A setting that no option says.
    pub(crate) fn generated(setter: &'static str, value: TokenStream) -> Self {
        Self {
            setter,
            source: value.clone(),
            value,
            literal: Literal::Other,
            stage: Stage::Constant,
            options: Vec::new(),
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
    Switch(bool),
    Name(Ident),
    Path(Path),
}

pub(super) fn check(entry: Entry, scope: Scope<'_>, errors: &mut Errors) -> Option<CheckedValue> {
    let expr = match entry.value {
        EntryValue::Arguments(arguments) => return Some(CheckedValue::Arguments(arguments)),
        EntryValue::Pattern(filter) => {
            pattern::check(&filter, entry.spec, scope.function, errors);
            let guard = filter.guard.as_ref();
            if let Some(error) = guard.and_then(|guard| unit_inside(entry.spec.name, guard)) {
                errors.push(error);
            }
            return Some(CheckedValue::Pattern(filter));
        }
        EntryValue::Value(expr) => expr,
    };
    if let Some(error) = unit_inside(entry.spec.name, &expr) {
        errors.push(error);
        return None;
    }
    let check = ValueCheck {
        key: &entry.key,
        name: entry.spec.name,
        example: entry.spec.example,
        expr: plain(&expr),
        scope,
    };
    let checked = match entry.spec.kind {
        Kind::Count { at_least, hint } => check.count(at_least, u32::MAX, hint),
        Kind::CountTo(at_most) => check.count(1, at_most, ""),
        Kind::Duration(zero) => check.duration(zero),
        Kind::DurationOr(words) => check.duration_or(words),
        Kind::Number(rule) => check.number(rule),
        Kind::Flag => check.flag(),
        Kind::Switch => check.switch(),
        Kind::Word(words) => check.word(words),
        Kind::Mode(words) => check.mode(words),
        Kind::Text { hint } => check.text(hint),
        Kind::Function => check.function(),
        Kind::Error => check
            .one_parameter()
            .map(|()| CheckedValue::Expr(expr.clone())),
        Kind::Name { hint } => check.variable(hint),
        Kind::CratePath => check.path(),
        Kind::Value | Kind::Pattern | Kind::Arguments => Ok(CheckedValue::Expr(expr.clone())),
    };
    checked.map_err(|error| errors.push(error)).ok()
}

/// The error for durations with a unit inside of an expression. A literal alone is checked by its
/// kind.
fn unit_inside(name: &str, expr: &Expr) -> Option<syn::Error> {
    let is_alone = match plain(expr) {
        Expr::Lit(_) => true,
        Expr::Unary(unary) => matches!(plain(&unary.expr), Expr::Lit(_)),
        _ => false,
    };
    let literals = durations_inside(&expr.to_token_stream());
    (!is_alone && !literals.is_empty()).then(|| refuse_durations(name, expr, &literals))
}

pub(super) struct ValueCheck<'a> {
    pub(super) key: &'a Ident,
    pub(super) name: &'static str,
    pub(super) example: &'static str,
    pub(super) expr: &'a Expr,
    pub(super) scope: Scope<'a>,
}

pub(super) type Checked = syn::Result<CheckedValue>;

impl ValueCheck<'_> {
    pub(super) fn refuse<T>(&self, message: impl std::fmt::Display) -> syn::Result<T> {
        Err(syn::Error::new_spanned(self.expr, message))
    }

    pub(super) fn setting(
        &self,
        value: TokenStream,
        stage: Stage,
        literal: Literal,
    ) -> CheckedValue {
        let source = self.expr.to_token_stream();
        CheckedValue::Setting(Setting {
            setter: self.name,
            value,
            literal,
            source,
            stage,
            options: vec![self.name],
        })
    }

    /// An expression that is passed as it is, and checked by the setter.
    pub(super) fn expression(&self, operators: Operators) -> CheckedValue {
        let stage = Stage::of(self.expr, operators, self.scope);
        self.setting(self.expr.to_token_stream(), stage, Literal::Unknown)
    }

    /// A literal behind an optional minus.
    pub(super) fn literal(&self) -> Option<(bool, &Lit)> {
        match self.expr {
            Expr::Lit(lit) => Some((false, &lit.lit)),
            Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => match plain(&unary.expr) {
                Expr::Lit(lit) => Some((true, &lit.lit)),
                _ => None,
            },
            _ => None,
        }
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

    /// A name that a `let` can have.
    fn variable(&self, hint: &str) -> Checked {
        let name = match self.expr {
            Expr::Path(path) if path.qself.is_none() => path.path.get_ident(),
            _ => None,
        };
        match name {
            Some(name) if !is_keyword(name) => Ok(CheckedValue::Name(name.clone())),
            _ => self.refuse(format!(
                "`{}` takes a name for a variable of the body, as in `{}`{hint}",
                self.name, self.example
            )),
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

pub(super) fn runtime() -> Ident {
    Ident::new(RUNTIME, Span::call_site())
}

/// True for the keywords that are a path of one segment.
fn is_keyword(name: &Ident) -> bool {
    ["self", "Self", "super", "crate"]
        .iter()
        .any(|keyword| name == keyword)
}
