//! The loop of a sync function that its configuration alone decides on: `#[retry]` without a
//! filter, a hook, a budget, a clone or a span, above no layer that may refuse.
//!
//! Input: `#[retry] fn fetch(url: &str) -> Result<String, Error> { get(url) }`. Output, in short:
//!
//! ```text
//! let mut __begun = __rt::Begun::new(&__RETRY);
//! let mut __retry = None;                              // made by the first failure
//! loop {
//!     let __outcome = …;
//!     let __error @ Err(_) = …into_result(__outcome) else { break …succeeded(…) };
//!     let mut __failed = __rt::FailedWith::of(…, __error);
//!     __begun = __rt::Begun::failed(__begun, &mut __retry, &__RETRY, &mut __failed, …);
//!     if __rt::FailedWith::is_last(&__failed) { break …given_up(…) }
//! }
//! ```
//!
//! `snapshots/plain_retry_sync.expanded.rs` shows it whole. It is apart from the loop of all other
//! functions, because a call that succeeds at once is faster in it; see the runtime's
//! `retry/blocking.rs`.

use proc_macro2::TokenStream;
use quote::quote;

use super::check::RetryPlan;
use crate::emit::code::LayerCode;
use crate::emit::config::Config;
use crate::emit::context::Context;
use crate::emit::span::local;
use crate::language::stage::Stage;

impl Context<'_> {
    /// True if nothing but the configuration decides on another attempt, and nothing else knows of
    /// the attempts.
    pub(super) fn is_plain(&self, at: usize, plan: &RetryPlan, config: &Config) -> bool {
        let is_configured =
            config.stage == Stage::Constant && plan.budget.is_none() && !plan.config.is_static;
        let is_decided_on = plan.is_seen() || self.is_above_refusals(at);
        let is_known_of = plan.span.is_some_and(|on| on || self.asks_file)
            || plan.attempt.is_some()
            || self.is_scoped;
        let is_plain = is_configured && !is_decided_on && !is_known_of;
        is_plain && !self.is_async() && self.cloned.is_empty()
    }

    /// Emits the statements that begin a call, and the loop.
    pub(super) fn plain_loop(
        &self,
        at: usize,
        config: &Config,
        inner: &LayerCode,
    ) -> (TokenStream, TokenStream) {
        let (runtime, operation) = (&self.runtime, self.operation());
        let (begun, retry, outcome) = (local("begun"), local("retry"), local("outcome"));
        let (result, error, failed) = (local("result"), local("error"), local("failed"));
        let run = self.plain_attempt(&outcome, inner).run;
        let into_result = self.outcome(&outcome);
        let leave = self
            .leave_with_value(&quote!(#runtime::Begun::succeeded(#begun, &#retry, #operation);));
        let file = config.constant_reference().zip(self.file_of_layer(at));
        let (new, judge, settings) = match file {
            None => {
                let config = config.reference();
                (quote!(new(#config)), "Begun::failed", config)
            }
            Some((config, file)) => {
                let new = quote!(in_file(#config, #file, #operation));
                (new, "Begun::failed_in_file", quote!((#config, #file)))
            }
        };
        let traits = local("traits");
        let inspected = self.inspected(quote!(&#error), "__traits");
        // An unmet lifetime bound of the error type is shown there, once.
        let at_error = self.result.error_ends;
        let of = self.call("FailedWith::of", None, quote!(#traits, #error), at_error);
        let arguments = quote!(#begun, &mut #retry, #settings, &mut #failed, #operation);
        let judged = self.call(judge, None, arguments, at_error);
        let given_up = self.given_up(&quote!(#runtime::FailedWith::last(#failed)));
        let value = quote! {
            loop {
                #run
                let #result = #into_result;
                #leave
                let #traits = #inspected;
                let mut #failed = #of;
                #begun = #judged;
                if #runtime::FailedWith::is_last(&#failed) { break #given_up }
            }
        };
        let begun = quote! {
            let mut #begun = #runtime::Begun::#new;
            let mut #retry = #runtime::None;
        };
        (begun, value)
    }
}
