//! The arguments that an attempt may consume: each is replaced by a clone for the attempt, and set
//! again afterwards.
//!
//! A clone in a new variable would need the argument's name, and nothing else can have the name
//! `self`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

use crate::emit::cloned::Cloned;
use crate::emit::context::Context;
use crate::emit::kept::{borrows, configured};

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
            let cfg = &cloned.cfg;
            let kept = format_ident!("__kept_{}", at, span = Span::mixed_site());
            let original = if cloned.is_read_later {
                self.kept(cloned, "RetryArgument")
            } else {
                self.kept_unless_last(cloned, retry)
            };
            clones.made.extend(quote!(#cfg let #kept = #original;));
            let set_again = if cloned.is_read_later {
                self.set_again(cloned, &kept)
            } else {
                self.set_again_unless_last(cloned, &kept)
            };
            let set_again = configured(cfg, set_again);
            if cloned.is_read_later {
                clones.put_back_at_once.extend(set_again);
            } else {
                clones.put_back.extend(set_again);
            }
        }
        clones
    }

    /// The original of an argument that nothing reads later. A clone takes its place if another
    /// attempt may follow.
    fn kept_unless_last(&self, cloned: &Cloned, retry: &Ident) -> TokenStream {
        let (runtime, name) = (&self.runtime, &cloned.name);
        let (argument, place) = borrows(name);
        if self.must_be_cloned(cloned) {
            let clone = quote!(#runtime::RetryArgument::again_unless_last(#argument, &#retry));
            quote!(#runtime::keep_unless_last(#clone, #place))
        } else {
            let lookup = quote!(#runtime::CloneIfPossible::of(#argument));
            quote!(#lookup.__keep_unless_last(#place, &#retry))
        }
    }

    fn set_again_unless_last(&self, cloned: &Cloned, kept: &Ident) -> TokenStream {
        let (runtime, name) = (&self.runtime, &cloned.name);
        if self.must_be_cloned(cloned) {
            quote!(#name = #runtime::kept(#kept);)
        } else {
            self.set_again_if_cloned(name, kept)
        }
    }
}
