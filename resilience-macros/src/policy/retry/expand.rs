//! The loop of `#[retry]`: each round runs a fresh attempt, and the runtime's `EndedAttempt`
//! decides on another one.
//!
//! Input: the plan of the retry, and the code of the layers below it. The output is, in short:
//!
//! ```text
//! let mut __retry = __rt::Retry::new(&__RETRY);
//! loop {
//!     if __rt::Retry::is_retried(&__retry) { __rt::Retry::wait(&__retry, …).await; }
//!     let __outcome = …;                           // the layers below
//!     let __result = …into_result(__outcome);
//!     let __error @ Err(_) = __result else { break …succeeded(…) };
//!     let __traits = __rt::Inspect::of(&__error).__traits();
//!     let __last = __rt::EndedAttempt::failed(&mut __retry, __traits, __error)…;   // the filters, then the decision
//!     let None = __last else { break …given_up(__last) };
//! }
//! ```
//!
//! A sync function waits at the end of the loop. The attempts of most stacks with a circuit are one
//! future each (`attempt_future.rs`).
//!
//! `snapshots/plain_retry.expanded.rs` shows it whole, `snapshots/retry_sync.expanded.rs` with
//! filters and a hook, and `snapshots/stack.expanded.rs` above a circuit.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use super::attempt_span::AttemptCode;
use super::check::RetryPlan;
use super::clones::Clones;
use crate::emit::code::{Declarations, LayerCode};
use crate::emit::config::Config;
use crate::emit::context::{Context, declare_origin};
use crate::emit::filter::UserFilter;
use crate::emit::plan::Emit;
use crate::emit::properties::ForeseenRefusal;
use crate::emit::span::SpanEnds;
use crate::emit::span::local;

/// The statements from an attempt's result to the decision on it.
struct Judgement {
    /// The name of the result.
    result_name: Ident,
    /// Leaves the loop with a success, unless a filter or a hook looks at it, and inspects the type
    /// of the error.
    leave: TokenStream,
    /// Evaluates to the result that the call ends with, or to `None` if another attempt is due.
    next: TokenStream,
}

impl Context<'_> {
    /// Emits the loop of attempts.
    ///
    /// - Input:
    ///   `#[retry(max_retries = 3)] async fn fetch(url: &str) -> Result<String, Error> { get(url).await }`
    /// - Output:
    ///   `let mut __retry = Retry::new(&__RETRY); loop { if Retry::is_retried(&__retry) { Retry::wait(&__retry, …).await; } let __outcome = …; … break …; }`
    ///
    /// The snapshots `plain_retry` and `plain_retry_sync` show it whole.
    pub(super) fn retry(&self, at: usize, plan: &RetryPlan, inner: LayerCode) -> LayerCode {
        let (budget, config) = self.budget_and_config(at, plan);
        let mut inner = inner;
        let (begun, value) = if let Some(attempt) = self.attempt_future(at, plan, &inner) {
            let look_ups = std::mem::take(&mut inner.declarations.look_ups);
            self.loop_of_futures(at, plan, &config, &attempt, &look_ups)
        } else if self.is_plain(at, plan, &config) {
            self.plain_loop(at, &config, &inner)
        } else {
            self.retry_loop(at, plan, &config, &inner)
        };
        LayerCode::value(
            Declarations::values(budget.unwrap_or_default())
                .and(config.into_declarations())
                .and(inner.declarations),
            begun,
            value,
        )
    }

    /// Emits the statements that begin a call, and the loop.
    fn retry_loop(
        &self,
        at: usize,
        plan: &RetryPlan,
        config: &Config,
        inner: &LayerCode,
    ) -> (TokenStream, TokenStream) {
        let runtime = &self.runtime;
        let (retry, outcome, last) = (local("retry"), local("outcome"), local("last"));
        let result = self.outcome(&outcome);
        let attempt = match plan.span.filter(|on| *on || self.asks_file) {
            Some(on) => self.attempt_in_span(plan, on, &retry, &outcome, inner),
            None => self.plain_attempt(&outcome, inner),
        };
        let Judgement {
            leave,
            result_name,
            next,
        } = self.judgement(at, plan, &retry, &attempt);
        let given_up = self.given_up(&quote!(#last));

        let AttemptCode {
            run, ended, left, ..
        } = &attempt;
        let (waited, blocked) = self.waits(&retry);
        let Clones {
            converted,
            made,
            put_back_at_once,
            put_back,
        } = self.clones(at, &retry);
        let origin = self.declares_origin(at).then(declare_origin);
        let kind = quote!(Retry);
        let begun = self.begun_retry(at, plan, &kind, &retry, config);
        let number = self.attempt_variable(plan, &kind, &retry);
        let numbered = self.numbered_run(&kind, &retry);
        let value = quote! {
            loop {
                #waited
                #number
                #numbered
                #made
                #run
                #put_back_at_once
                let #result_name = #result;
                #ended
                #leave
                let #last = #next;
                let #runtime::None = #last else { break #given_up };
                #put_back
                #left
                #blocked
            }
        };
        (quote!(#converted #origin #begun), value)
    }

    /// Emits the outcome of the function from the result that the call ends with.
    pub(super) fn given_up(&self, last: &TokenStream) -> TokenStream {
        let (ends, ty) = (self.result.ends, Some(&self.result.tokens));
        self.call("Fallible::given_up", ty, quote!(#last), ends)
    }

    /// Emits the wait of an async function, which stands at the head of the loop, and that of a
    /// sync function, which stands at its end.
    fn waits(&self, retry: &Ident) -> (Option<TokenStream>, Option<TokenStream>) {
        let (runtime, operation) = (&self.runtime, self.operation());
        if self.is_async() {
            // A call that succeeds at once would store a wait of no length into its future.
            let waited = quote! {
                if #runtime::Retry::is_retried(&#retry) {
                    #runtime::Retry::wait(&#retry, #operation).await;
                }
            };
            (Some(waited), None)
        } else {
            (None, Some(quote!(#runtime::Retry::wait_blocking(&#retry);)))
        }
    }

    /// Emits the budget, if there is one, and the configuration. The span is no part of the
    /// configuration, and its description has it.
    pub(super) fn budget_and_config(
        &self,
        at: usize,
        plan: &RetryPlan,
    ) -> (Option<TokenStream>, Config) {
        let mut config = plan.config.clone();
        let budget = plan.budget.as_ref();
        let budget = budget.map(|budget| budget.emit(self, at, "budget", &mut config));
        let config = self.policy_config("RetryConfig", &self.item(at, "retry"), &config);
        let mut config = self.in_file(at, "RetryConfig", config);
        let span = plan
            .span
            .map(|on| if on { "span=true" } else { "span=false" });
        config.description.constant.extend(span);
        (budget, config)
    }

    /// Declares the body's variable for its attempt. `kind` is the type of the call.
    pub(super) fn attempt_variable(
        &self,
        plan: &RetryPlan,
        kind: &TokenStream,
        retry: &Ident,
    ) -> Option<TokenStream> {
        let (runtime, name) = (&self.runtime, plan.attempt.as_ref()?);
        Some(quote!(let #name = #runtime::#kind::attempt(&#retry);))
    }

    /// Emits the statements in front of the loop, which begin a call of the type `kind`.
    pub(super) fn begun_retry(
        &self,
        at: usize,
        plan: &RetryPlan,
        kind: &TokenStream,
        retry: &Ident,
        config: &Config,
    ) -> TokenStream {
        let (runtime, operation) = (&self.runtime, self.operation());
        // A configuration of the user's may have a budget, too.
        let may_have_budget = plan.config.is_static;
        let constant = config.constant_reference().filter(|_| !may_have_budget);
        if let (Some(constant), Some(file), None) =
            (constant, self.file_of_layer(at), &plan.on_retry)
        {
            let begun = quote!(#runtime::#kind::in_file(#constant, #file, #operation));
            return quote!(let mut #retry = #begun;);
        }
        // A hook is told how long the call took.
        let new = if plan.on_retry.is_some() {
            quote!(timed)
        } else {
            quote!(new)
        };
        // The configuration file may give a budget to any retry.
        let deposits = may_have_budget || self.asks_file;
        let deposit = deposits.then(|| quote!(#runtime::#kind::deposit(&#retry, #operation);));
        let config = config.reference();
        quote!(let mut #retry = #runtime::#kind::#new(#config); #deposit)
    }

    /// Emits the statements from an attempt's result to the decision on it.
    fn judgement(
        &self,
        at: usize,
        plan: &RetryPlan,
        retry: &Ident,
        attempt: &AttemptCode,
    ) -> Judgement {
        let (result, error) = (local("result"), local("error"));
        // A success leaves before the attempt is judged, so that the value is moved once. Only
        // `retry_if_ok` and `on_retry` look at it.
        let is_success_seen = plan.is_success_seen();
        let judged = if is_success_seen { &result } else { &error };
        let next = self
            .usual_judgement(at, plan, retry, judged)
            .unwrap_or_else(|| self.filtered_judgement(at, plan, retry, judged));
        let leave = (!is_success_seen).then(|| self.leave(retry, attempt));
        let lookup = if self.asks_for_origin(at) || self.is_above_timeout(at) {
            "__traits_in_stack"
        } else {
            "__traits"
        };
        let (traits, inspected) = (local("traits"), self.inspected(quote!(&#judged), lookup));
        Judgement {
            leave: quote!(#leave let #traits = #inspected;),
            result_name: result,
            next,
        }
    }

    /// Emits the decision on a failed attempt as one call. It is `None` if the attribute has a
    /// filter or a hook, or if the stack is an unusual one.
    fn usual_judgement(
        &self,
        at: usize,
        plan: &RetryPlan,
        retry: &Ident,
        error: &Ident,
    ) -> Option<TokenStream> {
        if plan.is_seen() {
            return None;
        }
        let mut refusals = self.foreseen_refusals(at);
        let (ends, stacked) = match (refusals.next(), refusals.next()) {
            (None, _) if !self.is_above_refusals(at) => {
                (["Retry::failed", "Retry::failed_blocking"], None)
            }
            (Some(refusal), None) if refusal.is_certain() && self.asks_for_origin(at) => {
                let origin = local("origin");
                let (runtime, (ty, handle)) = (&self.runtime, self.refusing_handle(&refusal));
                let ends = ["Retry::failed_in_stack", "Retry::failed_in_stack_blocking"];
                let refuses_for = quote!((#runtime::#ty::refuses_for, #handle));
                (ends, Some(quote!(&mut #origin, #refuses_for,)))
            }
            _ => return None,
        };
        let [awaited, blocking] = ends;
        let end = if self.is_async() { awaited } else { blocking };
        let (traits, operation) = (local("traits"), self.operation());
        let arguments = quote!(&mut #retry, #traits, #error, #stacked #operation);
        // An unmet lifetime bound of the error type is shown there, once.
        Some(self.call(end, None, arguments, self.result.error_ends))
    }

    /// True if an error of the layers inside may be a refusal, or the expiry of a deadline.
    pub(super) fn is_above_refusals(&self, at: usize) -> bool {
        let is_foreseen = self.foreseen_refusals(at).next().is_some();
        is_foreseen || self.asks_for_origin(at) || self.is_above_timeout(at)
    }

    /// Emits the decision on an attempt by way of the user's filters and hook.
    fn filtered_judgement(
        &self,
        at: usize,
        plan: &RetryPlan,
        retry: &Ident,
        judged: &Ident,
    ) -> TokenStream {
        let is_success_seen = plan.is_success_seen();
        let judge = match (is_success_seen, self.is_async()) {
            (false, true) => "EndedAttempt::failed",
            (false, false) => "EndedAttempt::failed_blocking",
            (true, true) => "EndedAttempt::after",
            (true, false) => "EndedAttempt::after_blocking",
        };
        let (traits, operation) = (local("traits"), self.operation());
        // An unmet lifetime bound of the error type is shown there, once.
        let at_error = self.result.error_ends;
        let arguments = quote!(&mut #retry, #traits, #judged);
        let ended = self.call(judge, None, arguments, at_error);
        let ended = self.judged(at, plan, ended);
        if let Some(hook) = &plan.on_retry {
            let ends = SpanEnds::of(&hook.to_token_stream());
            let hook = self.closure(hook, &quote!(()));
            let arguments = quote!(#ended, #operation, #hook);
            return self.call("EndedAttempt::next_telling", None, arguments, ends);
        }
        let decide = at_error.name(if is_success_seen { "next" } else { "last" });
        let decided = quote_spanned!(at_error.span()=> .#decide(#operation));
        quote!(#ended #decided)
    }

    /// Emits the way out of the loop for a success that nothing looks at.
    fn leave(&self, retry: &Ident, attempt: &AttemptCode) -> TokenStream {
        let AttemptCode {
            succeeded: noted,
            failed,
            ..
        } = attempt;
        let (runtime, operation) = (&self.runtime, self.operation());
        let succeeded = quote!(#noted #runtime::Retry::succeeded(&#retry, #operation););
        let leave = self.leave_with_value(&succeeded);
        quote!(#leave #failed)
    }

    /// Emits the statement by which a success leaves the loop after the statements `succeeded`.
    pub(super) fn leave_with_value(&self, succeeded: &TokenStream) -> TokenStream {
        let runtime = &self.runtime;
        let (result, error, value) = (local("result"), local("error"), local("value"));
        let (ends, ty) = (self.result.ends, Some(&self.result.tokens));
        let taken = self.call("Fallible::value", ty, quote!(#result), ends);
        let outcome = self.call("Fallible::of_value", ty, quote!(#value), ends);
        // The value alone is kept over the call between the two. A result would be copied through
        // memory as a whole (measured: 6 ns), also if one function did all three.
        quote! {
            let #error @ #runtime::Err(_) = #result else {
                let #value = #taken;
                #succeeded
                break #outcome
            };
        }
    }

    /// Puts the user's filters around an ended attempt.
    fn judged(&self, at: usize, plan: &RetryPlan, mut ended: TokenStream) -> TokenStream {
        if self.asks_for_origin(at) {
            let origin = local("origin");
            let from_stack =
                quote_spanned!(self.result.error_ends.span()=> .from_stack(&mut #origin));
            ended = quote!(#ended #from_stack);
        } else if self.is_above_timeout(at) {
            let above = quote_spanned!(self.result.error_ends.span()=> .above_timeout());
            ended = quote!(#ended #above);
        }
        let filters = [
            UserFilter::pattern("EndedAttempt::retry_on", plan.retry_on.as_ref()),
            self.filter(
                "EndedAttempt::retry_if",
                plan.retry_if.as_ref(),
                &quote!(bool),
            ),
            self.filter(
                "EndedAttempt::retry_if_ok",
                plan.retry_if_ok.as_ref(),
                &quote!(bool),
            ),
            UserFilter::pattern("EndedAttempt::abort_if", plan.abort_on.as_ref()),
            self.hint("EndedAttempt::delay_hint", plan.delay_hint.as_ref()),
        ];
        let ended = self.filtered(ended, filters);
        let refusals = self.foreseen_refusals(at);
        refusals.fold(ended, |ended, refusal| {
            let wait = self.wait_for(&refusal, plan);
            let refused_for = quote_spanned!(self.result.error_ends.span()=> .refused_for(#wait));
            quote!(#ended #refused_for)
        })
    }

    /// Asks for how long the refusal is certain to come back to the retry. A layer that answers it
    /// lets it pass only while the configuration file takes that layer away.
    fn wait_for(&self, refusal: &RefusalBelow<'_>, retry: &RetryPlan) -> TokenStream {
        let (runtime, wait) = (&self.runtime, self.certain_refusal(refusal, retry));
        if refusal.is_certain() {
            return wait;
        }
        let answering = refusal.answered_by.iter();
        let files = answering.filter_map(|at| self.file_of_layer(*at));
        quote!(if #(#runtime::Fallback::is_disabled(#files))&&* { #wait } else { #runtime::None })
    }

    /// Asks the layer how long it is certain to refuse. It is `None` if the retry asks for its
    /// refusals.
    fn certain_refusal(&self, below: &RefusalBelow<'_>, retry: &RetryPlan) -> TokenStream {
        let runtime = &self.runtime;
        let (ty, handle) = self.refusing_handle(below);
        let Some(retry_on) = UserFilter::pattern("asks_for", retry.retry_on.as_ref()) else {
            return quote!(#runtime::#ty::refuses_for(#handle));
        };
        // The pattern is shown the error that the refusal would be.
        let open = local("open");
        let refusal = below.refusal;
        let error = self.error(refusal.given, refusal.error.as_ref(), &open);
        let asks = self.filtered(error, [Some(retry_on)]);
        quote!(#runtime::#ty::refuses_for_unless(#handle, |#open| #asks))
    }

    /// Returns the type of the handle of the layer that refuses, and a reference to the handle.
    fn refusing_handle(&self, below: &RefusalBelow<'_>) -> (Ident, TokenStream) {
        let refusal = below.refusal;
        let ty = Ident::new(refusal.ty, Span::call_site());
        let handle = Ident::new(&self.item(below.at, refusal.handle), Span::mixed_site());
        let borrow = refusal.is_owned.then(|| quote!(&));
        (ty, quote!(#borrow #handle))
    }

    /// Returns the refusals below a retry that can be foreseen. A layer that answers errors answers
    /// the refusals below it, too, unless a configuration file can take it away. A handle that
    /// borrows from an argument moves to a worker together with the argument, and the retry cannot
    /// name it then.
    fn foreseen_refusals(&self, at: usize) -> impl Iterator<Item = RefusalBelow<'_>> {
        let mut is_on_worker = false;
        let mut answered_by = Vec::new();
        let inside = self.layers.iter().enumerate().skip(at + 1);
        let inside = inside.take_while(|(_, layer)| self.asks_file || !layer.answers);
        inside.filter_map(move |(at, layer)| {
            is_on_worker |= layer.moves_to_worker;
            answered_by.extend(layer.answers.then_some(at));
            let refusal = layer.foreseen.as_ref()?;
            let is_static = refusal.is_static && self.is_operation_static();
            (!is_on_worker || is_static).then(|| RefusalBelow {
                at,
                refusal,
                answered_by: answered_by.clone(),
            })
        })
    }
}

/// A refusal below a retry that can be foreseen.
struct RefusalBelow<'p> {
    /// The position of the layer that refuses.
    at: usize,
    refusal: &'p ForeseenRefusal,
    /// The positions of the layers between the two that answer errors.
    answered_by: Vec<usize>,
}

impl RefusalBelow<'_> {
    /// True if no layer answers the refusal before the retry sees it.
    fn is_certain(&self) -> bool {
        self.answered_by.is_empty()
    }
}

impl Emit for RetryPlan {
    fn emit(&self, context: &Context<'_>, at: usize, inner: LayerCode) -> LayerCode {
        context.retry(at, self, inner)
    }
}
