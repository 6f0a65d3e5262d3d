//! The loop of attempts that are one future each, from the wait before an attempt to the decision
//! after it.
//!
//! Input: the plan of the retry, and the layers below it. The output is, in short:
//!
//! ```text
//! let mut __retry = __rt::StackRetry::new(&__RETRY);
//! loop {
//!     let __circuit = …;
//!     let __ended = __rt::AttemptFuture::new(&mut __retry, …, the layers, …, async { … }, …).await;
//!     if let Some(__outcome) = __ended { break __outcome; }
//! }
//! ```
//!
//! `snapshots/plain_stack.expanded.rs` shows it whole.

use proc_macro2::TokenStream;
use quote::quote;

use super::check::RetryPlan;
use crate::emit::code::{LayerCode, Layered};
use crate::emit::config::Config;
use crate::emit::context::Context;
use crate::emit::span::local;

impl Context<'_> {
    /// Emits an attempt as one future. It is `None` if code of the function itself has to run
    /// between the wait and the decision, or if not all layers inside are part of the attempt.
    ///
    /// A clone for the attempt is such code: the attempt owns it, so it would be made before the
    /// wait, and each call that waits would hold its argument twice.
    pub(super) fn attempt_future(
        &self,
        at: usize,
        plan: &RetryPlan,
        inner: &LayerCode,
    ) -> Option<TokenStream> {
        let Layered {
            layers_of_attempt,
            is_better_alone,
            count,
            conversions,
            body,
            ..
        } = inner.as_layered()?;
        let has_span = plan.span.is_some_and(|on| on || self.asks_file);
        if *is_better_alone
            || *count != self.inside(at).count()
            || has_span
            || plan.is_seen()
            || !self.cloned.is_empty()
            || self.is_asked_for_origin(at)
        {
            return None;
        }
        let (runtime, operation) = (&self.runtime, self.operation());
        let (retry, outcome) = (local("retry"), local("outcome"));
        let inspected = self.inspected(quote!(#outcome), "__traits_in_stack");
        Some(quote! {
            #runtime::AttemptFuture::new(
                &mut #retry,
                || #operation,
                #layers_of_attempt,
                || &#conversions,
                #body,
                |#outcome| #inspected
            )
        })
    }

    /// Emits the statements that begin a call, and the loop around the attempt. An attempt looks
    /// its circuits up itself, because variables for them would be part of the user's future.
    pub(super) fn loop_of_futures(
        &self,
        at: usize,
        plan: &RetryPlan,
        config: &Config,
        attempt: &TokenStream,
        look_ups: &TokenStream,
    ) -> (TokenStream, TokenStream) {
        let runtime = &self.runtime;
        let (retry, outcome, ended) = (local("retry"), local("outcome"), local("ended"));
        let kind = quote!(StackRetry);
        let number = self.attempt_variable(plan, &kind, &retry);
        let numbered = self.numbered_run(&kind, &retry);
        let value = quote! {
            loop {
                #look_ups
                #number
                #numbered
                let #ended = #attempt.await;
                if let #runtime::Some(#outcome) = #ended {
                    break #outcome;
                }
            }
        };
        (self.begun_retry(at, plan, &kind, &retry, config), value)
    }
}
