//! The arguments that an attempt may consume: each is replaced by a clone for the attempt, and set
//! again afterwards.
//!
//! A clone in a new variable would need the argument's name, and nothing else can have the name
//! `self`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};

use crate::emit::cloned::Cloned;
use crate::emit::context::Context;

/// The statements around an attempt.
pub(crate) struct Clones {
    /// In front of the first attempt, once per call.
    pub(crate) converted: TokenStream,
    /// In front of the attempt.
    pub(crate) made: TokenStream,
    /// Behind the attempt, for the arguments that a filter or a hook reads.
    pub(crate) put_back_at_once: TokenStream,
    /// Before the next attempt.
    pub(crate) put_back: TokenStream,
}

impl Context<'_> {
    /// `retry` is the state of the call: it knows whether another attempt may follow. `at` is the
    /// retry's place in the stack.
    pub(crate) fn clones(&self, at: usize, retry: &Ident) -> Clones {
        let mut clones = Clones {
            converted: self.conversions(at),
            made: TokenStream::new(),
            put_back_at_once: TokenStream::new(),
            put_back: TokenStream::new(),
        };
        for (at, cloned) in self.cloned.iter().enumerate() {
            let Cloned { name, cfg, .. } = cloned;
            let kept = format_ident!("__kept_{}", at, span = Span::mixed_site());
            let original = if self.must_be_cloned(cloned) {
                self.kept(cloned, retry)
            } else {
                self.kept_if_possible(cloned, retry)
            };
            clones.made.extend(quote!(#cfg let #kept = #original;));
            let set_again = if self.must_be_cloned(cloned) {
                self.set_again(cloned, &kept)
            } else {
                self.set_again_if_cloned(name, &kept)
            };
            // An attribute cannot stand on an assignment.
            let set_again = if cfg.is_empty() {
                set_again
            } else {
                quote!(#cfg { #set_again })
            };
            if cloned.is_read_later {
                clones.put_back_at_once.extend(set_again);
            } else {
                clones.put_back.extend(set_again);
            }
        }
        clones
    }

    /// Binds the arguments' names to what they are converted into. The outermost retry does it for
    /// those inside of it.
    fn conversions(&self, at: usize) -> TokenStream {
        let runtime = &self.runtime;
        let is_outermost = !self.outside(at).any(|layer| layer.repeats);
        let converted = self
            .cloned
            .iter()
            .filter(|cloned| is_outermost && self.is_converted(&cloned.name));
        let conversions = converted.map(
            |Cloned {
                 name, cfg, becomes, ..
             }| {
                let mutable = syn::Token![mut](name.span());
                let convert = quote_spanned!(name.span()=> .__convert(#name));
                quote! {
                    #cfg
                    #[allow(clippy::shadow_same, clippy::shadow_reuse)]
                    let #mutable #name = #runtime::ConvertIfClone::<#becomes>::new()#convert;
                }
            },
        );
        conversions.collect()
    }

    /// An argument that is named, or that goes to a worker, must be `Clone`. Of the others a body
    /// that only borrows them asks nothing.
    fn must_be_cloned(&self, cloned: &Cloned) -> bool {
        cloned.is_named || self.layers.iter().any(|layer| layer.moves_to_worker)
    }

    /// The original of an argument. A clone takes its place.
    fn kept(&self, cloned: &Cloned, retry: &Ident) -> TokenStream {
        let (runtime, name) = (&self.runtime, &cloned.name);
        let (argument, place) = borrows(name);
        if cloned.is_read_later {
            let clone = quote!(#runtime::RetryArgument::again(#argument));
            quote!(#runtime::keep(#clone, #place))
        } else {
            let clone = quote!(#runtime::RetryArgument::again_unless_last(#argument, &#retry));
            quote!(#runtime::keep_unless_last(#clone, #place))
        }
    }

    fn set_again(&self, cloned: &Cloned, kept: &Ident) -> TokenStream {
        let (runtime, name) = (&self.runtime, &cloned.name);
        if cloned.is_read_later {
            quote!(#name = #kept;)
        } else {
            quote!(#name = #runtime::kept(#kept);)
        }
    }

    /// The same for an argument that stays in its place if it cannot be cloned. Snapshot:
    /// `clone_of_every_argument`.
    fn kept_if_possible(&self, cloned: &Cloned, retry: &Ident) -> TokenStream {
        let (runtime, name) = (&self.runtime, &cloned.name);
        let (argument, place) = borrows(name);
        let lookup = quote!(#runtime::CloneIfPossible::of(#argument));
        if cloned.is_read_later {
            quote!(#lookup.__keep(#place))
        } else {
            quote!(#lookup.__keep_unless_last(#place, &#retry))
        }
    }

    /// The compiler takes the branch that does not fit the argument's type for unreachable, so that
    /// it sees a clone set again, and an argument without a clone moved.
    fn set_again_if_cloned(&self, name: &Ident, kept: &Ident) -> TokenStream {
        let runtime = &self.runtime;
        // The last statement of the second branch is what rustc 1.85 calls unreachable. Without it,
        // that is the whole loop, which is outside of the allowance.
        quote! {
            #[allow(unreachable_code)]
            if #runtime::Kept::is_cloned(&#kept) {
                #runtime::Kept::in_cloned_branch(&#kept);
                #name = #runtime::Kept::original(#kept);
            } else {
                #runtime::Kept::in_place_branch(&#kept);
                let _ = &#kept;
            }
        }
    }
}

/// `&name` and `&mut name`, at the name: rustc's errors about them have their caret there.
fn borrows(name: &Ident) -> (TokenStream, TokenStream) {
    (
        quote_spanned!(name.span()=> &#name),
        quote_spanned!(name.span()=> &mut #name),
    )
}
