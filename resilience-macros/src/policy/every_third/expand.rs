//! The expansion of `#[every_third]`.
//!
//! - Input: `#[every_third] async fn fetch() -> Result<String, Error> { … }`
//! - Output:
//!   `static __EVERY_THIRD: EveryThird = EveryThird::new(); if let Err(…) = EveryThird::admit(…) { return …; } …`

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};

use super::check::EveryThirdPlan;
use crate::emit::code::LayerCode;
use crate::emit::context::Context;
use crate::emit::plan::Emit;
use crate::emit::span::local;

impl Emit for EveryThirdPlan {
    fn emit(&self, context: &Context<'_>, at: usize, inner: LayerCode) -> LayerCode {
        let runtime = &context.runtime;
        let item = context.item(at, "every_third");
        let config =
            context.policy_config("EveryThirdConfig", &format!("{item}_config"), &self.config);
        let counter = Ident::new(&item.to_uppercase(), Span::call_site());
        let (refused, outcome) = (local("refused"), local("outcome"));
        let reference = config.reference();
        let mut declarations = config.into_declarations();
        declarations
            .values
            .extend(quote!(static #counter: #runtime::EveryThird = #runtime::EveryThird::new();));

        let label = syn::Lifetime::new(&format!("'{item}"), Span::mixed_site());
        let error = context.error("ThirdCall", self.error.as_ref(), &refused);
        let note_refused = context.note_origin(at, &quote!(#runtime::Origin::Refused));
        let note_body = context.note_origin(at, &quote!(#runtime::Origin::Body));
        let attempt = inner.bound(&outcome.to_token_stream(), |body| context.boundary(body));
        let value = quote! {
            #label: {
                if let #runtime::Err(#refused) = #runtime::EveryThird::admit(&#counter, #reference) {
                    #note_refused
                    break #label #error;
                }
                #note_body
                #attempt
                #outcome
            }
        };
        let declarations = declarations.and(inner.declarations);
        LayerCode::value(declarations, TokenStream::new(), value)
    }
}
