//! `#[circuit_breaker]`: the admission, the guarded body, and the record of its outcome.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};

use super::check::CircuitBreakerPlan;
use crate::emit::code::{LayerCode, block};
use crate::emit::context::{Context, declare_origin};
use crate::emit::filter::UserFilter;
use crate::emit::layered::Layer;
use crate::emit::plan::Emit;
use crate::emit::properties::Properties;
use crate::emit::span::local;

impl Context<'_> {
    /// Emits the admission, the guarded body and the record of the outcome.
    ///
    /// - Input:
    ///   `#[circuit_breaker] async fn search(query: &str) -> Result<Vec<Issue>, Error> { … }`
    /// - Output:
    ///   `Layered::new(CircuitLayer::new(__circuit, &__OPERATION, ()), || &(…,), async { … }, …).await`
    /// - Output, if code of the function itself has to run at the refusal or under the permit:
    ///   `let __permit = match CircuitBreaker::admit_task(__circuit, &__OPERATION) { Ok(…) => …, Err(__open) => match CircuitBreaker::probe(…).await { Ok(…) => …, Err(__open) => return … } }; let (__permit, __outcome) = GuardedFuture::new(__permit, async { … }).await; record(__outcome, __permit, …)`
    ///
    /// The snapshots `plain_circuit_breaker` and `circuit_breaker_async` show them whole.
    pub(super) fn circuit_breaker(
        &self,
        at: usize,
        plan: &CircuitBreakerPlan,
        inner: LayerCode,
    ) -> LayerCode {
        let (declarations, circuit) = self.circuit(at, &plan.circuit);
        if let Some(layer) = self.circuit_layer(at, plan, &circuit, &inner) {
            return self.layered(declarations, layer, inner);
        }
        let (permit, outcome) = (local("permit"), local("outcome"));
        let (guarded, recorded) = self.guarded(at, plan, &inner, &permit, &outcome);
        let declare_origin = self.declares_origin(at).then(declare_origin);
        // The label is numbered as the other names of a policy that stands twice, because rustc
        // warns of a label inside of one with the same name.
        let label = format!("'{}", self.item(at, "call"));
        let label = syn::Lifetime::new(&label, Span::mixed_site());
        let leave = if at == 0 {
            quote!(return)
        } else {
            quote!(break #label)
        };
        let admitted = self.admitted(at, plan, &circuit, &leave);
        // The body is in no arm of the match, because the future would keep the matched value for
        // as long as it awaits there.
        let statements = quote! {
            #declare_origin
            let #permit = #admitted;
            #guarded
        };
        let declarations = declarations.and(inner.declarations);
        if at == 0 {
            return LayerCode::value(declarations, statements, recorded);
        }
        LayerCode::value(
            declarations,
            TokenStream::new(),
            quote!(#label: { #statements #recorded }),
        )
    }

    /// Emits the expression that admits the call, and leaves with the answer of a refused one.
    ///
    /// An async call may have to ask the fleet before it is refused. A sync call asks within its
    /// admission.
    fn admitted(
        &self,
        at: usize,
        plan: &CircuitBreakerPlan,
        circuit: &TokenStream,
        leave: &TokenStream,
    ) -> TokenStream {
        let (runtime, operation) = (&self.runtime, self.operation());
        let (permit, open) = (local("permit"), local("open"));
        let handle = Ident::new(plan.circuit.handle_type(), Span::call_site());
        let refusal = self.refusal(at, plan, &open);
        // The origin is noted at admission, so that a refusal further inside is not forgotten.
        let origin = local("origin");
        let is_noted = self.is_asked_for_origin(at);
        let noted = is_noted.then(|| quote!(, &mut #origin));
        let admit = match (self.is_async(), is_noted) {
            (true, true) => quote!(admit_task_noting),
            (true, false) => quote!(admit_task),
            (false, true) => quote!(admit_noting),
            (false, false) => quote!(admit_call),
        };
        let probe = if is_noted {
            quote!(probe_noting)
        } else {
            quote!(probe)
        };
        let refused = if self.is_async() {
            quote! {
                match #runtime::#handle::#probe(#circuit, #operation, #open #noted).await {
                    #runtime::Ok(#permit) => #permit,
                    #runtime::Err(#open) => #leave #refusal,
                }
            }
        } else {
            quote!(#leave #refusal)
        };
        quote! {
            match #runtime::#handle::#admit(#circuit, #operation #noted) {
                #runtime::Ok(#permit) => #permit,
                #runtime::Err(#open) => #refused,
            }
        }
    }

    /// The statements that run the body under the permit, and the expression that records the
    /// outcome.
    fn guarded(
        &self,
        at: usize,
        plan: &CircuitBreakerPlan,
        inner: &LayerCode,
        permit: &Ident,
        outcome: &Ident,
    ) -> (TokenStream, TokenStream) {
        let runtime = &self.runtime;
        let recorded = self.recorded(at, plan, outcome, permit);
        if !self.is_async() {
            let attempt = inner.bound(&quote!(#outcome), |body| self.boundary(body));
            return (attempt, recorded);
        }
        let (future, arms) = inner.as_future_and_arms();
        let judge = arms.map(|arms| quote!(let #outcome = match #outcome { #arms };));
        let guarded = quote!(#runtime::GuardedFuture::new(#permit, #future).await);
        let attempt = quote!(let (#permit, #outcome) = #guarded; #judge);
        (attempt, recorded)
    }

    /// Emits the circuit as a layer, which admits the call and records the outcome. It is `None` if
    /// code of the function itself has to run at the refusal or under the permit.
    fn circuit_layer(
        &self,
        at: usize,
        plan: &CircuitBreakerPlan,
        circuit: &TokenStream,
        inner: &LayerCode,
    ) -> Option<Layer> {
        if !self.is_async()
            || self.is_users_future()
            || self.asks_for_origin(at)
            || plan.fallback.is_some()
            || plan.error.is_some()
            || plan.has_filters()
            || inner.as_future_and_arms().1.is_some()
        {
            return None;
        }
        let (runtime, operation) = (&self.runtime, self.operation());
        let new = if plan.circuit.is_owned() {
            quote!(of_key)
        } else {
            quote!(new)
        };
        let inside = self.told_origin(at).unwrap_or_else(|| quote!(()));
        let of_attempt = quote!(#runtime::CircuitLayer::#new(#circuit, #operation, #inside));
        let origin = local("origin");
        let noting = self
            .is_asked_for_origin(at)
            .then(|| quote!(.noting(&mut #origin)));
        Some(Layer {
            value: quote!(#of_attempt #noting),
            of_attempt,
            conversion: self.conversion("CircuitOpen"),
            alone: None,
        })
    }

    /// The answer of a refused call.
    fn refusal(&self, at: usize, plan: &CircuitBreakerPlan, open: &Ident) -> TokenStream {
        let Some(fallback) = &plan.fallback else {
            return self.error("CircuitOpen", plan.error.as_ref(), open);
        };
        let (runtime, operation) = (&self.runtime, self.operation());
        let note = self.note_origin(at, &quote!(#runtime::Origin::Body));
        let told = quote!(#note #runtime::CircuitOpen::falls_back(&#open, #operation););
        block(&told, self.answer(fallback, open))
    }

    /// Emits the origin of an error as the layers inside know it, if they can know more than the
    /// error itself.
    fn told_origin(&self, at: usize) -> Option<TokenStream> {
        let runtime = &self.runtime;
        let noted = self.asks_for_origin(at).then(|| local("origin"));
        // A timeout on a worker notes the origin of its error itself.
        let is_silent = |inner: &Properties| inner.inherits_deadline && !inner.moves_to_worker;
        match (self.inside(at).any(is_silent), noted) {
            (true, Some(noted)) => Some(quote!(#runtime::AboveTimeout(#noted))),
            (true, None) => Some(quote!(#runtime::AboveTimeout(()))),
            (false, Some(noted)) => Some(noted.into_token_stream()),
            (false, None) => None,
        }
    }

    /// Emits the expression that records the outcome under the permit.
    fn recorded(
        &self,
        at: usize,
        plan: &CircuitBreakerPlan,
        outcome: &Ident,
        permit: &Ident,
    ) -> TokenStream {
        let (runtime, traits) = (&self.runtime, self.traits());
        let filters = [
            UserFilter::pattern("Classified::failure_on", plan.failure_on.as_ref()),
            self.filter(
                "Classified::failure_if",
                plan.failure_if.as_ref(),
                &quote!(bool),
            ),
            self.filter(
                "Classified::failure_if_ok",
                plan.failure_if_ok.as_ref(),
                &quote!(bool),
            ),
            UserFilter::pattern("Classified::ignore_if", plan.ignore.as_ref()),
        ];
        let told = self.told_origin(at);
        let hint = self.filter(
            "Classified::record_hinting",
            plan.recovery_hint.as_ref(),
            &quote!(#runtime::Option<#runtime::Duration>),
        );
        if hint.is_some() || filters.iter().any(Option::is_some) {
            let result = self.outcome(outcome);
            let from_stack = told.as_ref().map(|told| quote!(.from_stack(#told)));
            let classified = quote!(#runtime::Classified::of(#result, #traits)#from_stack);
            let classified = self.filtered(classified, filters);
            let recorded = match hint {
                Some(hint) => self.applied(hint, &quote!(#classified, #permit)),
                None => quote!(#classified.record(#permit)),
            };
            return self.returned(recorded);
        }
        let result = &self.result.tokens;
        let origin = told.unwrap_or_else(|| quote!(()));
        self.call(
            "record",
            Some(&quote!(#result, _, _)),
            quote!(#outcome, #permit, #origin, #traits),
            self.result.error_ends,
        )
    }
}

impl Emit for CircuitBreakerPlan {
    fn emit(&self, context: &Context<'_>, at: usize, inner: LayerCode) -> LayerCode {
        context.circuit_breaker(at, self, inner)
    }
}
