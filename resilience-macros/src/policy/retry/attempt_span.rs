//! The span of each attempt, which `span = true` asks for.
//!
//! Input:
//! `#[retry(span = true)] async fn fetch(url: &str) -> Result<String, Error> { get(url).await }`.
//! Output: in each round of the loop, in short:
//!
//! ```text
//! let __span = __rt::AttemptSpan::new(&__retry, &__OPERATION);
//! let __outcome = __rt::AttemptSpan::instrument(&__span, …).await;
//! let __result = …;
//! __rt::AttemptSpan::ended(&__span, &__result);
//! let __entered = __rt::AttemptSpan::enter(&__span);   // until the wait, for the decision
//! ```
//!
//! A sync function enters the span in front of the attempt. `snapshots/retry_span.expanded.rs` and
//! `snapshots/retry_span_sync.expanded.rs` show both.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use crate::emit::code::LayerCode;
use crate::emit::context::Context;
use crate::emit::span::local;

/// The statements of one attempt.
pub(super) struct AttemptCode {
    /// Runs the attempt. A variable of the loop is its outcome.
    pub(super) run: TokenStream,
    /// Stands behind the result of the attempt.
    pub(super) ended: TokenStream,
}

impl Context<'_> {
    /// Emits an attempt without a span.
    pub(super) fn plain_attempt(&self, outcome: &Ident, inner: &LayerCode) -> AttemptCode {
        AttemptCode {
            run: inner.bound(&quote!(#outcome), |body| self.boundary(body)),
            ended: TokenStream::new(),
        }
    }

    /// Emits an attempt in a span of its own. The guard of a span is never held while the function
    /// awaits, because another task would run in the span then, and the future would not be `Send`.
    pub(super) fn attempt_in_span(
        &self,
        is_on: bool,
        retry: &Ident,
        outcome: &Ident,
        result: &Ident,
        inner: &LayerCode,
    ) -> AttemptCode {
        let (runtime, operation) = (&self.runtime, self.operation());
        let (span, entered) = (local("span"), local("entered"));
        // The configuration file may switch a span that the attribute names.
        let open = if self.asks_file {
            quote!(in_file(&#retry, #operation, #is_on))
        } else {
            quote!(new(&#retry, #operation))
        };
        let open = quote!(let #span = #runtime::AttemptSpan::#open;);
        let enter = quote!(let #entered = #runtime::AttemptSpan::enter(&#span););
        let ended = quote!(#runtime::AttemptSpan::ended(&#span, &#result););
        if self.is_async() {
            let attempt = self.future_of_attempt(inner);
            AttemptCode {
                run: quote!(#open let #outcome = #runtime::AttemptSpan::instrument(&#span, #attempt).await;),
                ended: quote!(#ended #enter),
            }
        } else {
            let AttemptCode { run, .. } = self.plain_attempt(outcome, inner);
            AttemptCode {
                run: quote!(#open #enter #run),
                ended,
            }
        }
    }

    /// Emits the attempt as one future. Code of the user's that makes a future runs in the first
    /// poll, so that it lies in the span, too.
    fn future_of_attempt(&self, inner: &LayerCode) -> TokenStream {
        if self.is_users_future() {
            let attempt = inner.expression(|body| self.boundary(body));
            quote!(async { #attempt })
        } else {
            inner.as_future()
        }
    }
}
