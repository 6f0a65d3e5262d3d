//! Arguments that the body may consume and that are read after it: each is replaced by a clone for
//! the body, and set again afterwards.
//!
//! A clone in a new variable would need the argument's name, and nothing else can have the name
//! `self`.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};

use super::cloned::Cloned;
use super::context::Context;

impl Context<'_> {
    /// Binds the arguments' names to what they are converted into. The outermost of the layers that
    /// repeat does it for those inside of it.
    pub(crate) fn conversions(&self, at: usize) -> TokenStream {
        let runtime = &self.runtime;
        let is_outermost = !self.outside(at).any(|layer| layer.repeats);
        let converted = self
            .cloned
            .iter()
            .filter(|cloned| is_outermost && self.is_converted(&cloned.name));
        let conversions = converted.map(|cloned| {
            let Cloned {
                name, cfg, becomes, ..
            } = cloned;
            let is_set_again = self.is_set_again(cloned);
            let mutable = is_set_again.then(|| syn::Token![mut](name.span()));
            let convert = quote_spanned!(name.span()=> .__convert(#name));
            quote! {
                #cfg
                #[allow(clippy::shadow_same, clippy::shadow_reuse)]
                let #mutable #name = #runtime::ConvertIfClone::<#becomes>::new()#convert;
            }
        });
        conversions.collect()
    }

    /// An argument that is named, or that goes to a worker, must be `Clone`. Of the others a body
    /// that only borrows them asks nothing.
    pub(crate) fn must_be_cloned(&self, cloned: &Cloned) -> bool {
        cloned.is_named || self.layers.iter().any(|layer| layer.moves_to_worker)
    }

    /// The original of an argument. A clone takes its place. `trait_of_argument` is the trait of
    /// the runtime that makes the clone, and that refuses a type without clones in the policy's
    /// words.
    pub(crate) fn kept(&self, cloned: &Cloned, trait_of_argument: &str) -> TokenStream {
        let (runtime, name) = (&self.runtime, &cloned.name);
        let (argument, place) = borrows(name);
        if self.must_be_cloned(cloned) {
            let trait_of_argument = format_ident!("{trait_of_argument}");
            let clone = quote!(#runtime::#trait_of_argument::again(#argument));
            quote!(#runtime::keep(#clone, #place))
        } else {
            let lookup = quote!(#runtime::CloneIfPossible::of(#argument));
            quote!(#lookup.__keep(#place))
        }
    }

    /// Sets the argument again. Snapshot: `clone_of_every_argument`.
    pub(crate) fn set_again(&self, cloned: &Cloned, kept: &Ident) -> TokenStream {
        let name = &cloned.name;
        if self.must_be_cloned(cloned) {
            quote!(#name = #kept;)
        } else {
            self.set_again_if_cloned(name, kept)
        }
    }

    /// The compiler takes the branch that does not fit the argument's type for unreachable, so that
    /// it sees a clone set again, and an argument without a clone moved.
    pub(crate) fn set_again_if_cloned(&self, name: &Ident, kept: &Ident) -> TokenStream {
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

/// An assignment under the attributes that say whether the argument exists. An attribute cannot
/// stand on the assignment itself.
pub(crate) fn configured(cfg: &TokenStream, assignment: TokenStream) -> TokenStream {
    if cfg.is_empty() {
        assignment
    } else {
        quote!(#cfg { #assignment })
    }
}

/// `&name` and `&mut name`, at the name: rustc's errors about them have their caret there.
pub(crate) fn borrows(name: &Ident) -> (TokenStream, TokenStream) {
    (
        quote_spanned!(name.span()=> &#name),
        quote_spanned!(name.span()=> &mut #name),
    )
}
