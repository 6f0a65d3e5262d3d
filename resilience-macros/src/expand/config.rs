//! A configuration as a value of the expansion: a const item where it can be, else computed once per call.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens, quote};

use super::Context;
use crate::check::{Setting, Stage};

pub(super) struct Config {
    /// Stands in front of every attempt.
    pub(super) declarations: TokenStream,
    /// When its value is known.
    pub(super) stage: Stage,
    name: Ident,
}

impl Config {
    /// A `&Config` expression.
    pub(super) fn reference(&self) -> TokenStream {
        let name = &self.name;
        match self.stage {
            Stage::Generic => quote!(#name),
            Stage::Constant | Stage::Runtime => quote!(&#name),
        }
    }

    /// A `Config` expression.
    pub(super) fn value(&self) -> TokenStream {
        let name = &self.name;
        match self.stage {
            Stage::Generic => quote!(*#name),
            Stage::Constant | Stage::Runtime => quote!(#name),
        }
    }
}

/// What a configuration starts from, before its settings.
pub(super) struct Start {
    pub(super) value: TokenStream,
    pub(super) stage: Stage,
    /// Without any setting, for constants that must be checked apart from a start that is not constant.
    pub(super) default: Option<TokenStream>,
}

impl Context<'_> {
    /// `ty` is the configuration's name in the runtime crate, `name` what the expansion calls it.
    pub(super) fn config(&self, ty: &str, name: &str, start: &Start, settings: &[Setting]) -> Config {
        let runtime = &self.runtime;
        let ty = Ident::new(ty, Span::call_site());
        let ty = quote!(#runtime::#ty);
        let stage = settings.iter().map(|setting| setting.stage).fold(start.stage, Stage::max);
        let of = |stage: Stage| settings.iter().filter(move |setting| setting.stage == stage);
        let upper = Ident::new(&name.to_uppercase(), Span::call_site());
        let lower = Ident::new(name, Span::mixed_site());

        let constant = self.chain(start.value.clone(), of(Stage::Constant));
        let mut declarations = TokenStream::new();
        let mut value = constant;
        if start.stage == Stage::Constant {
            declarations = quote!(const #upper: #ty = #value;);
            value = upper.to_token_stream();
        } else if let Some(default) = start.default.clone().filter(|_| of(Stage::Constant).next().is_some()) {
            let checked = self.chain(default, of(Stage::Constant));
            declarations = quote!(const _: #ty = #checked;);
        }
        value = self.chain(value, of(Stage::Generic));
        match stage {
            Stage::Constant => Config { declarations, name: upper, stage },
            Stage::Generic => {
                // Promoted, so that a future keeps a reference and no copy.
                declarations.extend(quote!(let #lower: &'static #ty = &const { #value };));
                Config { declarations, name: lower, stage }
            }
            Stage::Runtime => {
                if start.stage < Stage::Runtime && of(Stage::Generic).next().is_some() {
                    value = quote!(const { #value });
                }
                value = self.chain(value, of(Stage::Runtime));
                declarations.extend(quote!(let #lower: #ty = #value;));
                Config { declarations, name: lower, stage }
            }
        }
    }

    /// `value.setter(x).setter(y)`
    fn chain<'s>(&self, value: TokenStream, settings: impl Iterator<Item = &'s Setting>) -> TokenStream {
        settings.fold(value, |value, setting| {
            let call = self.call(setting.setter, setting);
            quote!(#value.#call)
        })
    }

    /// `setter(x)` with the span of what the user wrote: a const panic in the setter points there.
    pub(super) fn call(&self, setter: &str, setting: &Setting) -> TokenStream {
        let mut written = setting.written.clone().into_iter().map(|token| token.span());
        let first = written.next().unwrap_or_else(Span::call_site);
        let last = written.last().unwrap_or(first);
        let setter = Ident::new(setter, first);
        let mut value = Group::new(Delimiter::Parenthesis, setting.value.clone());
        value.set_span(last);
        quote!(#setter #value)
    }
}
