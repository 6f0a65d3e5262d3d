//! Admission, the guarded body, the verdict; and the answer when the circuit refuses.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Expr, ReceiverKind, Type};

use super::code::{Code, block};
use super::filter::UserFilter;
use super::span::Ends;
use super::{Context, local};
use crate::check::{Circuit, CircuitBreakerPlan, Fallback, Form, Stage};
use crate::item::ungroup;

impl Context<'_> {
    pub(super) fn circuit_breaker(&self, at: usize, plan: &CircuitBreakerPlan, inner: Code) -> Code {
        let (declarations, circuit) = self.circuit(at, &plan.circuit);
        let runtime = &self.runtime;
        let (permit, outcome, open) = (local("permit"), local("outcome"), local("open"));

        let result = self.outcome(&outcome);
        let verdict = self.filtered(
            quote!(#runtime::Verdict::of(#result)),
            [
                UserFilter::pattern("Verdict::failure_if", plan.failure_on.as_ref()),
                UserFilter::function("Verdict::failure_if", plan.failure_if.as_ref()),
                UserFilter::function("Verdict::failure_if_ok", plan.failure_if_ok.as_ref()),
                UserFilter::pattern("Verdict::ignore_if", plan.ignore.as_ref()),
            ],
        );
        let guarded = if self.is_async() {
            let future = inner.as_future();
            quote!(let (#permit, #outcome) = #runtime::Permit::watch(#permit, #future).await;)
        } else {
            let attempt = inner.expression(|body| self.boundary(body));
            quote!(let #outcome = #attempt;)
        };
        let refusal = match &plan.fallback {
            Some(fallback) => {
                let note = self.note_refused(at, &quote!(false));
                let answer = self.fallback(fallback, &open);
                block(&note, answer)
            }
            None => {
                let note = self.note_refused(at, &quote!(true));
                let error = self.error("open_into", plan.error.as_ref(), &open);
                block(&note, error)
            }
        };
        // Noted at admission, so that a refusal further inside is not forgotten.
        let admitted = self.note_refused(at, &quote!(false));
        let value = quote! {
            match #runtime::CircuitBreaker::acquire(#circuit) {
                #runtime::Ok(#permit) => {
                    #admitted
                    #guarded
                    #verdict.record(#permit)
                }
                #runtime::Err(#open) => #refusal,
            }
        };
        Code::value([declarations, inner.declarations], TokenStream::new(), value)
    }

    /// What must be declared, and a `&CircuitBreaker` expression.
    fn circuit(&self, at: usize, circuit: &Circuit) -> (TokenStream, TokenStream) {
        let runtime = &self.runtime;
        let item = self.item(at, "circuit");
        let local = Ident::new(&item, Span::mixed_site());
        let (name, config) = match circuit {
            Circuit::Given(breaker) => {
                return (quote!(let #local: &#runtime::CircuitBreaker = #breaker;), local.into_token_stream());
            }
            Circuit::Named { name, config } => (name, config),
        };
        let config = self.policy_config("CircuitBreakerConfig", &self.item(at, "circuit_config"), config);
        let (reference, config_value, stage) = (config.reference(), config.value(), config.stage);
        let mut declarations = config.declarations;
        let function = self.function.name();
        let (value, name_stage) = match name {
            Some(name) => (name.value.clone(), name.stage),
            None => (quote!(#runtime::concat!(#runtime::module_path!(), "::", #function)), Stage::Constant),
        };
        if name_stage == Stage::Constant {
            let site = Ident::new(&item.to_uppercase(), Span::call_site());
            declarations.extend(quote!(static #site: #runtime::Site = #runtime::Site::new(#value);));
            let circuit = if stage == Stage::Runtime { quote!(circuit_checked) } else { quote!(circuit) };
            declarations.extend(quote!(let #local = #runtime::Site::#circuit(&#site, #reference);));
            return (declarations, local.into_token_stream());
        }
        // A name that differs between the instances of a generic cannot be kept in one static.
        declarations.extend(quote!(let #local = #runtime::registry::get_or_register(#value, #config_value);));
        (declarations, quote!(&#local))
    }

    fn fallback(&self, fallback: &Fallback, open: &Ident) -> TokenStream {
        let runtime = &self.runtime;
        let answer = match fallback {
            Fallback::Closure(closure) => quote!(#runtime::call(#closure, &#open)),
            Fallback::Path(path) => {
                let function = if matches!(path, Expr::Path(_)) { quote!(#path) } else { quote!((#path)) };
                let arguments = self.receiver().into_iter().chain(self.arguments());
                quote!(#function(&#open #(, #arguments)*))
            }
        };
        if !self.is_async() {
            return answer;
        }
        let (Fallback::Closure(written) | Fallback::Path(written)) = fallback;
        let result = &self.result.tokens;
        let future = self.call("answer", Some(&quote!(#result, _, _)), answer, Ends::of(&written.to_token_stream()));
        quote!(#future.await)
    }

    /// The receiver as a reference, or as it is when it is one.
    fn receiver(&self) -> Option<TokenStream> {
        let receiver = self.function.receiver()?;
        let token = &receiver.self_token;
        let moved = match self.form {
            Form::Future { block: Some(block), .. } => block.receiver.as_ref(),
            _ => None,
        };
        let name = moved.map_or_else(|| token.to_token_stream(), ToTokens::to_token_stream);
        Some(match &receiver.kind {
            ReceiverKind::Reference(_, _, Some(_)) => quote!(&mut *#name),
            ReceiverKind::Reference(..) => name,
            ReceiverKind::Typed(_, ty) => passed(&name, ty),
            _ => quote!(&#name),
        })
    }

    fn arguments(&self) -> impl Iterator<Item = TokenStream> {
        self.function.arguments().filter_map(|argument| match &*argument.pat {
            syn::Pat::Ident(name) => Some(passed(&name.ident.to_token_stream(), &argument.ty)),
            _ => None,
        })
    }
}

/// Owned arguments by reference, references as they are.
fn passed(name: &TokenStream, ty: &Type) -> TokenStream {
    match ungroup(ty) {
        Type::Reference(reference) if reference.mutability.is_some() => quote!(&mut *#name),
        Type::Reference(_) => name.clone(),
        _ => quote!(&#name),
    }
}
