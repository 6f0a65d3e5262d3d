//! The things that functions share by name: the name, the static that keeps the way to the thing,
//! and the text of a key.
//!
//! - Input: `#[circuit_breaker(name = NAME, key = tenant)]`
//! - Output: `const __CIRCUIT_NAME: &str = …;`, `KeyedSite::new(__CIRCUIT_NAME, &__OPERATION)` and
//!   `Key::of(&tenant).__text()`
//!
//! Snapshot: `circuit_per_key`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::Expr;

use super::config::Config;
use super::context::Context;
use super::span::SpanEnds;
use crate::language::stage::Stage;
use crate::language::value::{Literal, Setting};

impl Context<'_> {
    /// The name of a shared thing. One that is not a literal is a constant of the expansion,
    /// because it is used twice, and a mistake in it is one error.
    pub(crate) fn shared_name(
        &self,
        at: usize,
        thing: &str,
        name: &Setting,
        config: &mut Config,
    ) -> Setting {
        let mut name = name.clone();
        if name.literal == Literal::Unknown && name.stage == Stage::Constant {
            let runtime = &self.runtime;
            let item = self.static_name(at, &format!("{thing}_name"));
            let text = self.text(&name);
            let declaration = quote!(const #item: &#runtime::str = #text;);
            config.declarations.extend(declaration);
            name.value = item.into_token_stream();
        }
        config.description.add_name(&name);
        name
    }

    /// The constructor of the site of a thing whose name is constant, or the name.
    pub(crate) fn site_or_name(&self, name: Option<&Setting>) -> SiteOrName {
        let (runtime, operation) = (&self.runtime, self.operation());
        let is_static = name.is_none_or(|name| name.stage == Stage::Constant);
        if is_static && self.is_operation_static() {
            return SiteOrName::Site(match name {
                Some(Setting { value, .. }) => quote!(new(#value, #operation)),
                None => quote!(unnamed(#operation)),
            });
        }
        // A name that differs between the instances of a generic cannot be kept in one static.
        SiteOrName::Name(match name {
            Some(Setting { value, .. }) => value.clone(),
            None => quote!(#runtime::Operation::name(#operation)),
        })
    }

    /// The text of a key. The key is shown if it has no `Display`.
    pub(crate) fn key_text(&self, key: &Expr) -> TokenStream {
        let ends = SpanEnds::of(&key.to_token_stream());
        let (borrow, text) = (ends.locate(quote!(&)), ends.name("__text"));
        // `&a + b` is another thing than `&(a + b)`.
        let is_operand = !matches!(
            key,
            Expr::Assign(_) | Expr::Binary(_) | Expr::Cast(_) | Expr::Closure(_) | Expr::Range(_)
        );
        let key = if is_operand {
            quote!(#key)
        } else {
            quote!((#key))
        };
        let of = self.call("Key::of", None, quote!(#borrow #key), ends);
        quote_spanned!(ends.span()=> #of.#text())
    }

    /// The name of a static or a constant of the layer.
    pub(crate) fn static_name(&self, at: usize, name: &str) -> Ident {
        Ident::new(&self.item(at, name).to_uppercase(), Span::call_site())
    }
}

/// The way to a shared thing.
pub(crate) enum SiteOrName {
    /// The constructor of a site, which a static keeps.
    Site(TokenStream),
    Name(TokenStream),
}

/// The function of a site that returns the thing. One static serves all instances of a generic, and
/// their configurations may differ.
pub(crate) fn checked(function: &str, config: &Config) -> Ident {
    if config.stage == Stage::Constant {
        Ident::new(function, Span::call_site())
    } else {
        format_ident!("{function}_checked")
    }
}
