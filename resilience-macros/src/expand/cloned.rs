//! The arguments that an attempt may consume: each is replaced by a clone for the attempt, and set again afterwards.
//!
//! A clone in a new variable would have to have the argument's name, which `self` cannot be given.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};

use super::Context;
use crate::check::Cloned;

/// The statements around an attempt.
pub(super) struct Clones {
    /// In front of the attempt.
    pub(super) made: TokenStream,
    /// Behind the attempt, for the arguments that a filter or a hook reads.
    pub(super) put_back_at_once: TokenStream,
    /// Before the next attempt.
    pub(super) put_back: TokenStream,
}

impl Context<'_> {
    /// `retry` is the state of the call, which knows whether another attempt may follow.
    pub(super) fn clones(&self, retry: &Ident) -> Clones {
        let mut clones = Clones {
            made: TokenStream::new(),
            put_back_at_once: TokenStream::new(),
            put_back: TokenStream::new(),
        };
        for (at, cloned) in self.cloned.iter().enumerate() {
            let Cloned { name, cfg, .. } = cloned;
            let kept = format_ident!("__kept_{}", at, span = Span::mixed_site());
            let runtime = &self.runtime;
            let argument = quote_spanned!(name.span()=> &#name);
            if cloned.is_read_later {
                let clone = quote!(#runtime::RetryArgument::again(#argument));
                let original = quote!(#runtime::keep(#clone, &mut #name));
                clones.made.extend(quote!(#cfg let #kept = #original;));
                let set_again = set_again(cfg, name, &quote!(#kept));
                clones.put_back_at_once.extend(set_again);
            } else {
                let clone = quote!(#runtime::RetryArgument::again_unless_last(#argument, &#retry));
                let original = quote!(#runtime::keep_unless_last(#clone, &mut #name));
                clones.made.extend(quote!(#cfg let #kept = #original;));
                let set_again = set_again(cfg, name, &quote!(#runtime::kept(#kept)));
                clones.put_back.extend(set_again);
            }
        }
        clones
    }

    /// Is the argument's place taken by a clone that the attempt may consume?
    pub(super) fn is_cloned(&self, name: &Ident) -> bool {
        self.cloned
            .iter()
            .any(|cloned| cloned.name == *name && !cloned.is_read_later)
    }
}

/// An attribute cannot stand on an assignment.
fn set_again(cfg: &TokenStream, name: &Ident, original: &TokenStream) -> TokenStream {
    if cfg.is_empty() {
        quote!(#name = #original;)
    } else {
        quote!(#cfg { #name = #original; })
    }
}
