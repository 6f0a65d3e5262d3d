//! The plan → tokens. One attribute takes the whole stack, so the nesting is made here: the last layer stands around
//! the body, the first one around all.

mod argument;
mod circuit_breaker;
mod cloned;
mod code;
mod config;
mod filter;
mod marker;
mod result;
mod retry;
mod span;
mod timeout;

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};

use crate::check::{Cloned, Form, Hoisted, LayerPlan, Mode, Plan, RUNTIME};
use crate::function::item::Function;
use crate::function::parameter::Parameter;
use code::{Code, Declarations, labelled};
use span::{Ends, braces, keyword, pipes};

pub(crate) use marker::{errors, is_expanded, is_taken, seen_too_late, taken};

/// What every layer needs to know of its surroundings.
struct Context<'p> {
    function: &'p Function,
    form: &'p Form,
    /// What the runtime's private module is called inside the function.
    runtime: Ident,
    layers: &'p [LayerPlan],
    /// The arguments, by their names where the policies stand.
    parameters: Vec<Parameter<'p>>,
    /// The arguments that are cloned because an attempt may consume them.
    cloned: &'p [Cloned],
    /// The expressions that are evaluated after an attempt.
    read_later: &'p TokenStream,
    /// The function's outcome type, `impl Trait` erased.
    result: result::ResultType,
}

pub(crate) fn function(function: &Function, plan: &Plan) -> TokenStream {
    let context = Context {
        function,
        form: &plan.form,
        runtime: format_ident!("{RUNTIME}"),
        layers: &plan.layers,
        parameters: plan.form.parameters(function),
        cloned: &plan.cloned,
        read_later: &plan.read_later,
        result: result::ResultType::of(function, &plan.form),
    };
    let mut code = context.body();
    for (at, layer) in plan.layers.iter().enumerate().rev() {
        code = match layer {
            LayerPlan::Retry(layer) => context.retry(at, layer, code),
            LayerPlan::CircuitBreaker(layer) => context.circuit_breaker(at, layer, code),
            LayerPlan::Timeout(layer) => context.timeout(at, layer, code),
        };
    }
    let taken = marker::taken(&plan.taken);
    let mutable = context.mutable_still();
    let attempts = match &plan.form {
        Form::Sync | Form::Async => {
            let (values, borrows) = (&code.declarations.values, &code.declarations.borrows);
            let returned = code.returned();
            quote!(#values #borrows #returned)
        }
        Form::Future { boxed, block, .. } => context.future(&code, *boxed, block.as_ref()),
    };
    // With a span of the expansion on the outer braces, rustc's `dead_code` takes the function for generated.
    let (path, alias) = (&plan.runtime, &context.runtime);
    let mut body = Group::new(
        Delimiter::Brace,
        quote!(use #path::__private as #alias; #taken #mutable #attempts),
    );
    body.set_span(function.body.span());
    let (attrs, head) = (&function.attrs, context.head());
    quote!(#(#attrs)* #head #body)
}

impl Context<'_> {
    /// The future that a function returns without being async.
    fn future(&self, code: &Code, boxed: bool, block: Option<&Hoisted>) -> TokenStream {
        let body = &self.function.body;
        let (values, borrows) = (&code.declarations.values, &code.declarations.borrows);
        let (constructed, returned) = (self.constructed(), code.returned());
        let contents = match block {
            Some(block) => {
                let moves = self.moves(block);
                quote!(#moves #values #borrows #returned)
            }
            // The values too are computed when the function is called, so that the future borrows no more than it did.
            None if constructed.is_some() => quote!(#borrows #returned),
            None => quote!(#values #borrows #returned),
        };
        let front = constructed.map(|constructed| quote!(#values #constructed));
        let Some(block) = block else {
            let contents = braces(body, contents);
            let keyword = keyword("async", body);
            let future = self.boxed(quote!(#keyword move #contents), boxed, Ends::around(body));
            return quote!(#front return #future;);
        };
        // A lone async block has no `return` in front, and what is emitted stands in its place.
        let ends = Ends::of(&body.stream());
        let (keyword, contents) = (ends.name("async"), braces(&block.body, contents));
        self.boxed(quote!(#keyword move #contents), boxed, ends)
    }

    fn boxed(&self, future: TokenStream, boxed: bool, ends: Ends) -> TokenStream {
        if boxed {
            self.call("FutureBox::pin", None, future, ends)
        } else {
            future
        }
    }

    /// The innermost code: the user's body behind a boundary, so that `return` and `?` leave the attempt and no more.
    fn body(&self) -> Code {
        let body = &self.function.body;
        let future = match self.form {
            Form::Sync => return Code::body(self.rebound(body)),
            Form::Async => self.attempt(body),
            Form::Future {
                block: Some(block), ..
            } => self.attempt(&block.body),
            Form::Future { block: None, .. } if self.is_called_once() => {
                local("future").into_token_stream()
            }
            Form::Future { block: None, .. } => self.construction(),
        };
        Code::future(Declarations::default(), future)
    }

    /// Runs the body of a function that makes its future by more than an async block.
    fn construction(&self) -> TokenStream {
        let body = &self.function.body;
        let (runtime, returned, pipes) = (&self.runtime, &self.result.returned, pipes(body));
        let body = self.rebound(body);
        quote!(#runtime::attempt(#pipes -> #returned #body))
    }

    /// The future of such a function, made when it is called, as without us: only a retry has to make it again.
    fn constructed(&self) -> Option<TokenStream> {
        let is_made = self.is_users_future() && self.is_called_once();
        is_made.then(|| {
            let (future, construction) = (local("future"), self.construction());
            quote!(let #future = #construction;)
        })
    }

    /// Is the innermost future of a type of the user's? Making it and dropping it may do something, where an async block has
    /// done nothing before it is polled, and has dropped all that it had when it is done.
    fn is_users_future(&self) -> bool {
        matches!(self.form, Form::Future { block: None, .. })
    }

    fn is_called_once(&self) -> bool {
        !self
            .layers
            .iter()
            .any(|layer| matches!(layer, LayerPlan::Retry(_)))
    }

    /// A fresh async block, without `move`: it borrows the arguments (rust-lang/rust#62958), and its type is not
    /// general over lifetimes as an async closure's would be (rust-lang/rust#134997). The return that is never reached
    /// tells the body what is expected of it.
    fn attempt(&self, body: &Group) -> TokenStream {
        let place = body;
        let result = &self.result.tokens;
        let expected = self.call(
            "Fallible::expected",
            Some(result),
            TokenStream::new(),
            self.result.ends,
        );
        let keyword = keyword("async", body);
        let (borrows, rebinds, body) = (
            self.unique_borrows(),
            self.rebinds(),
            labelled("'__resilience_body", body),
        );
        let handed_over = self.handed_over();
        let expected = quote!(let _: u8 = if false { #handed_over return #expected } else { 0 };);
        let block = braces(place, quote!(#expected #borrows #rebinds #body));
        quote!(#keyword #block)
    }

    /// The outcome as the `Result` that it is.
    fn outcome(&self, outcome: &Ident) -> TokenStream {
        self.call(
            "Fallible::into_result",
            Some(&self.result.tokens),
            quote!(#outcome),
            self.result.ends,
        )
    }

    /// A `Result` as the outcome that the function returns.
    fn returned(&self, result: TokenStream) -> TokenStream {
        self.call(
            "Fallible::from_result",
            Some(&self.result.tokens),
            result,
            self.result.ends,
        )
    }

    fn is_async(&self) -> bool {
        self.form.is_async()
    }

    /// A name for what stands once per layer at the top of the function; numbered if the stack repeats the policy.
    fn item(&self, at: usize, name: &str) -> String {
        let kind = |layer: &LayerPlan| std::mem::discriminant(layer);
        let repeats = self
            .layers
            .iter()
            .filter(|layer| {
                self.layers
                    .get(at)
                    .is_some_and(|this| kind(this) == kind(layer))
            })
            .count()
            > 1;
        if repeats {
            format!("__{name}_{at}")
        } else {
            format!("__{name}")
        }
    }

    /// Does a layer of this kind stand outside the layer at `at`?
    fn has_outside(&self, at: usize, kind: impl Fn(&LayerPlan) -> bool) -> bool {
        self.layers.iter().take(at).any(kind)
    }

    fn has_inside(&self, at: usize, kind: impl Fn(&LayerPlan) -> bool) -> bool {
        self.layers.iter().skip(at + 1).any(kind)
    }

    /// True if the layer must be told by the layers inside where their errors come from, because the error type may lose it:
    /// a retry does not retry the refusal of an open circuit, and a circuit ignores refusals and bodies that never began.
    fn asks_for_origin(&self, at: usize) -> bool {
        let is_circuit = |layer: &LayerPlan| matches!(layer, LayerPlan::CircuitBreaker(_));
        match self.layers.get(at) {
            Some(LayerPlan::Retry(_)) => self.has_inside(at, is_circuit),
            Some(LayerPlan::CircuitBreaker(_)) => {
                self.has_inside(at, |layer| is_circuit(layer) || self.is_threaded(layer))
            }
            Some(LayerPlan::Timeout(_)) | None => false,
        }
    }

    fn is_asked_for_origin(&self, at: usize) -> bool {
        (0..at).any(|outer| self.asks_for_origin(outer))
    }

    /// True for the outermost of the layers that ask.
    fn declares_origin(&self, at: usize) -> bool {
        self.asks_for_origin(at) && !self.is_asked_for_origin(at)
    }

    /// True for a timeout whose body runs on a worker.
    fn is_threaded(&self, layer: &LayerPlan) -> bool {
        !self.is_async()
            && matches!(layer, LayerPlan::Timeout(timeout) if timeout.mode == Mode::Thread)
    }

    /// Notes, inside the layer at `at`, where its error comes from; nothing if no layer outside asks.
    fn note_origin(&self, at: usize, origin: &TokenStream) -> TokenStream {
        if self.is_asked_for_origin(at) {
            let flag = local("origin");
            quote!(#flag = #origin;)
        } else {
            TokenStream::new()
        }
    }

    /// The error of a policy, of the type `given`, as the function's own through `From`. An error type that cannot hold it
    /// is refused in the words of a trait of ours, but a type parameter in rustc's, which say the bound that is missing.
    fn converted(&self, given: &str, value: &Ident) -> TokenStream {
        let ends = self.result.error_ends;
        if self.result.is_error_generic {
            let (runtime, given) = (ends.name(&self.runtime.to_string()), ends.name(given));
            // rustc points at the argument, so it has a name that stands where the error type does.
            let named = ends.name("__given");
            let parameters = quote!(#runtime::#given);
            let call = self.trait_call("From", &parameters, "from", quote!(#named), ends);
            return ends
                .block(quote!(let #named = #value; #call))
                .into_token_stream();
        }
        self.call(&format!("From{given}::from"), None, quote!(#value), ends)
    }

    /// The same, or through what `error =` says.
    fn error(&self, given: &str, error: Option<&syn::Expr>, value: &Ident) -> TokenStream {
        let result = &self.result.tokens;
        let Some(error) = error else {
            let converted = self.converted(given, value);
            return self.call("failed", Some(result), converted, self.result.ends);
        };
        let ends = Ends::of(&error.to_token_stream());
        let value = ends.place(quote!(#value));
        match error {
            // What a closure is given must be known before it is read.
            syn::Expr::Closure(_) => self.call(
                "failed_by",
                Some(&quote!(#result, _)),
                quote!(#value, #error),
                ends,
            ),
            _ => self.call(
                "failed_with",
                Some(&quote!(#result, _, _)),
                quote!(#value, #error),
                ends,
            ),
        }
    }
}

/// A local of the expansion, hidden from the user's code.
fn local(name: &str) -> Ident {
    format_ident!("__{}", name, span = Span::mixed_site())
}

/// Declares where the error of the last attempt comes from.
fn declare_origin() -> TokenStream {
    let (origin, runtime) = (local("origin"), format_ident!("{RUNTIME}"));
    quote!(let mut #origin = #runtime::Origin::Body;)
}
