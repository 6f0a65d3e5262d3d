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
//! A sync function enters the span in front of the attempt, and leaves it in front of the wait:
//!
//! ```text
//! let __span = __rt::EnteredAttempt::new(&__retry, &__OPERATION);
//! let __result = …;
//! let __error @ Err(_) = __result else { __rt::EnteredAttempt::succeeded(&__span); … };
//! __rt::EnteredAttempt::failed(&__span, &__error);
//! …                                                    // the decision
//! __rt::EnteredAttempt::leave(__span);
//! ```
//!
//! `snapshots/retry_span.expanded.rs` and
//! `snapshots/retry_span_sync.expanded.rs` show both.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::check::RetryPlan;
use crate::emit::code::LayerCode;
use crate::emit::context::Context;
use crate::emit::span::local;

/// The statements of one attempt.
#[derive(Default)]
pub(super) struct AttemptCode {
    /// Runs the attempt. A variable of the loop is its outcome.
    pub(super) run: TokenStream,
    /// Stands behind the result of the attempt.
    pub(super) ended: TokenStream,
    /// Stands where a success leaves the loop that nothing looks at.
    pub(super) succeeded: TokenStream,
    /// Stands behind the way out of a success that nothing looks at.
    pub(super) failed: TokenStream,
    /// Stands in front of the wait for the next attempt.
    pub(super) left: TokenStream,
}

impl Context<'_> {
    /// Emits an attempt without a span.
    pub(super) fn plain_attempt(&self, outcome: &Ident, inner: &LayerCode) -> AttemptCode {
        AttemptCode {
            run: inner.bound(&quote!(#outcome), |body| self.boundary(body)),
            ..AttemptCode::default()
        }
    }

    /// Emits an attempt in a span of its own.
    pub(super) fn attempt_in_span(
        &self,
        plan: &RetryPlan,
        is_on: bool,
        retry: &Ident,
        outcome: &Ident,
        inner: &LayerCode,
    ) -> AttemptCode {
        let operation = self.operation();
        // The configuration file may switch a span that the attribute names.
        let open = if self.asks_file {
            quote!(in_file(&#retry, #operation, #is_on))
        } else {
            quote!(new(&#retry, #operation))
        };
        if self.is_async() {
            self.async_attempt_in_span(&open, outcome, inner)
        } else {
            self.sync_attempt_in_span(plan, &open, outcome, inner)
        }
    }

    /// The guard of a span is never held while the function awaits, because another task would run
    /// in the span then, and the future would not be `Send`.
    fn async_attempt_in_span(
        &self,
        open: &TokenStream,
        outcome: &Ident,
        inner: &LayerCode,
    ) -> AttemptCode {
        let runtime = &self.runtime;
        let (span, entered, result) = (local("span"), local("entered"), local("result"));
        let attempt = self.future_of_attempt(inner);
        AttemptCode {
            run: quote! {
                let #span = #runtime::AttemptSpan::#open;
                let #outcome = #runtime::AttemptSpan::instrument(&#span, #attempt).await;
            },
            ended: quote! {
                #runtime::AttemptSpan::ended(&#span, &#result);
                let #entered = #runtime::AttemptSpan::enter(&#span);
            },
            ..AttemptCode::default()
        }
    }

    /// A success that nothing looks at is not shown to the span either, because a value that is
    /// borrowed lies in memory and is copied from there.
    fn sync_attempt_in_span(
        &self,
        plan: &RetryPlan,
        open: &TokenStream,
        outcome: &Ident,
        inner: &LayerCode,
    ) -> AttemptCode {
        let runtime = &self.runtime;
        let (span, result, error) = (local("span"), local("result"), local("error"));
        let AttemptCode { run, .. } = self.plain_attempt(outcome, inner);
        let code = AttemptCode {
            run: quote!(let #span = #runtime::EnteredAttempt::#open; #run),
            left: quote!(#runtime::EnteredAttempt::leave(#span);),
            ..AttemptCode::default()
        };
        if plan.is_success_seen() {
            return AttemptCode {
                ended: quote!(#runtime::EnteredAttempt::ended(&#span, &#result);),
                ..code
            };
        }
        AttemptCode {
            succeeded: quote!(#runtime::EnteredAttempt::succeeded(&#span);),
            failed: quote!(#runtime::EnteredAttempt::failed(&#span, &#error);),
            ..code
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
