//! Checks the values that are words.

use proc_macro2::Span;
use quote::{ToTokens, quote, quote_spanned};
use syn::{Expr, Ident, Lit, Path};

use super::shared::nearest::nearest;
use super::stage::{Operators, Stage};
use super::table::{WordSetter, Zero};
use super::value::{Checked, CheckedValue, Literal, RUNTIME, Setting, ValueCheck, runtime};
use crate::source_text::source_text;

impl ValueCheck<'_> {
    pub(super) fn word(&self, words: &'static [(&'static str, &'static str)]) -> Checked {
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
                    let shown = lit.to_token_stream().to_string();
                    return self.refuse(self.rules().no_word(words, |(word, _)| word, &shown));
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
        self.refuse(self.rules().other_word(words, |(word, _)| word, &typed))
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

    /// A duration that is not zero, or one of the words.
    pub(super) fn duration_or(&self, words: &'static [WordSetter]) -> Checked {
        let name = self.name;
        let word = |typed: &str| words.iter().find(|it| it.word == typed);
        let typed = match self.expr {
            Expr::Path(path) => path.path.get_ident(),
            Expr::Lit(lit) => match &lit.lit {
                Lit::Str(text) if word(&text.value()).is_some() => {
                    let word = text.value();
                    return self.refuse(format!(
                        "`{name}` takes a word without quotes: write `{name} = {word}`"
                    ));
                }
                _ => None,
            },
            _ => None,
        };
        let Some(typed) = typed else {
            return self.duration(Zero::Refused { instead: "" });
        };
        let text = typed.to_string();
        if let Some(WordSetter { setter, value, .. }) = word(&text) {
            let mut setting = Setting::generated(setter, quote!(#value));
            setting.source = self.expr.to_token_stream();
            setting.options = vec![name];
            return Ok(CheckedValue::Setting(setting));
        }
        let is_like_a_word = text
            .strip_prefix('p')
            .is_some_and(|rest| rest.parse::<f64>().is_ok());
        if is_like_a_word && self.scope.function.argument(typed).is_none() {
            let words: Vec<_> = words.iter().map(|it| format!("`{}`", it.word)).collect();
            return self.refuse(format!(
                "`{typed}` is no {name}: write one of {}, or a duration, as in `{}`",
                words.join(", "),
                self.example
            ));
        }
        self.duration(Zero::Refused { instead: "" })
    }

    pub(super) fn mode(&self, words: &'static [&'static str]) -> Checked {
        let typed = source_text(&self.expr.to_token_stream());
        if let Some(word) = words.iter().find(|word| **word == typed.trim_matches('"')) {
            return Ok(CheckedValue::Word(word));
        }
        let name = self.name;
        self.refuse(match nearest(&typed, words, |word| word) {
            Some(word) => format!("`{typed}` is no {name}; did you mean `{name} = {word}`?"),
            None => {
                let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
                format!("`{typed}` is no {name}: write {}", words.join(" or "))
            }
        })
    }
}
