//! The whole function: the layers around the user's body. One attribute takes the whole stack, so
//! the nesting is made here: the last layer stands around the body, the first one around all.
//!
//! Input:
//! `#[retry] #[circuit_breaker] #[timeout(1s)] async fn fetch(url: &str) -> Result<String, Error> { get(url).await }`.
//! Output: the same function, with the runtime imported as `__rt`, the declarations of all layers,
//! and their code around the body. Snapshot: `plain_stack`.

use proc_macro2::{Delimiter, Group, Ident, TokenStream};
use quote::{ToTokens, format_ident, quote};

use super::code::{Declarations, LayerCode, labelled};
use super::context::Context;
use super::marker;
use super::plan::Plan;
use super::result::ResultType;
use super::span::{SpanEnds, braces, keyword, local, pipes};
use crate::features::Features;
use crate::function::form::{AsyncBlock, Form};
use crate::function::item::Function;
use crate::language::value::RUNTIME;

pub(crate) fn function(function: &Function, plan: &Plan, features: Features) -> TokenStream {
    let context = Context {
        function,
        form: &plan.form,
        runtime: format_ident!("{RUNTIME}"),
        layers: plan.layers.iter().map(|layer| &layer.properties).collect(),
        parameters: plan.form.parameters(function),
        cloned: &plan.cloned,
        read_later: &plan.read_later,
        operation: &plan.operation,
        asks_file: features.config,
        is_scoped: features.test_util,
        result: ResultType::of(function, &plan.form),
    };
    let mut code = context.in_scope(context.body());
    for (at, layer) in plan.layers.iter().enumerate().rev() {
        code = layer.emitter.emit(&context, at, code);
    }
    // The operation stands beside the configurations, because it describes them.
    let operation = context.declares_operation(&code.declarations, &plan.taken);
    let values = std::mem::take(&mut code.declarations.values);
    let look_ups = std::mem::take(&mut code.declarations.look_ups);
    code.declarations.values = quote!(#operation #values #look_ups);
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
    // With a span of the expansion on the outer braces, rustc's `dead_code` takes the function for
    // generated.
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
    fn future(&self, code: &LayerCode, boxed: bool, block: Option<&AsyncBlock>) -> TokenStream {
        let body = &self.function.body;
        let (values, borrows) = (&code.declarations.values, &code.declarations.borrows);
        let (constructed, returned) = (self.constructed(), code.returned());
        let contents = match block {
            Some(block) => {
                let moves = self.moves(block);
                quote!(#moves #values #borrows #returned)
            }
            // The values too are computed when the function is called, so that the future borrows
            // no more than it does without the attributes.
            None if constructed.is_some() => quote!(#borrows #returned),
            None => quote!(#values #borrows #returned),
        };
        let front = constructed.map(|constructed| quote!(#values #constructed));
        let Some(block) = block else {
            let contents = braces(body, contents);
            let keyword = keyword("async", body);
            let future = self.boxed(
                quote!(#keyword move #contents),
                boxed,
                SpanEnds::around(body),
            );
            return quote!(#front return #future;);
        };
        // A lone async block has no `return` in front, and the emitted block stands in its place.
        let ends = SpanEnds::of(&body.stream());
        let (keyword, contents) = (ends.name("async"), braces(&block.body, contents));
        self.boxed(quote!(#keyword move #contents), boxed, ends)
    }

    fn boxed(&self, future: TokenStream, boxed: bool, ends: SpanEnds) -> TokenStream {
        if boxed {
            self.call("FutureBox::pin", None, future, ends)
        } else {
            future
        }
    }

    /// The innermost code: the user's body behind a boundary, so that `return` and `?` leave the
    /// attempt and no more.
    fn body(&self) -> LayerCode {
        let body = &self.function.body;
        let future = match self.form {
            Form::Sync => return LayerCode::body(self.rebound(body)),
            Form::Async => self.attempt(body),
            Form::Future {
                block: Some(block), ..
            } => self.attempt(&block.body),
            Form::Future { block: None, .. } if self.is_called_once() => {
                local("future").into_token_stream()
            }
            Form::Future { block: None, .. } => self.construction(),
        };
        LayerCode::future(Declarations::default(), future)
    }

    /// Runs the body of a function that makes its future by more than an async block.
    fn construction(&self) -> TokenStream {
        let body = &self.function.body;
        let (runtime, returned, pipes) = (&self.runtime, &self.result.returned, pipes(body));
        let body = self.rebound(body);
        quote!(#runtime::attempt(#pipes -> #returned #body))
    }

    /// The future of such a function, made when the function is called, as without the attributes:
    /// only a retry has to make it again.
    fn constructed(&self) -> Option<TokenStream> {
        let is_made = self.is_users_future() && self.is_called_once();
        is_made.then(|| {
            let (future, construction) = (local("future"), self.construction());
            quote!(let #future = #construction;)
        })
    }

    /// A fresh async block, without `move`: it borrows the arguments (rust-lang/rust#62958), and
    /// its type is not general over lifetimes as that of an async closure would be
    /// (rust-lang/rust#134997). The return that is never reached tells the body its type.
    fn attempt(&self, body: &Group) -> TokenStream {
        let place = body;
        let keyword = keyword("async", body);
        let (borrows, rebinds, body) = (
            self.unique_borrows(),
            self.rebinds(),
            // The user's body may have a label of its own, and a short name could be that one.
            labelled("'__resilience_body", body),
        );
        let expected = self.never_reached(&self.handed_over());
        let block = braces(place, quote!(#expected #borrows #rebinds #body));
        quote!(#keyword #block)
    }

    /// A return that is never reached. It tells the body what is expected of it, and what it owns.
    pub(crate) fn never_reached(&self, owned: &TokenStream) -> TokenStream {
        let expected = self.call(
            "Fallible::expected",
            Some(&self.result.tokens),
            TokenStream::new(),
            self.result.ends,
        );
        quote!(let _: u8 = if false { #owned return #expected } else { 0 };)
    }

    /// The outcome as the `Result` that it is.
    pub(crate) fn outcome(&self, outcome: &Ident) -> TokenStream {
        self.call(
            "Fallible::into_result",
            Some(&self.result.tokens),
            quote!(#outcome),
            self.result.ends,
        )
    }

    /// A `Result` as the outcome that the function returns.
    pub(crate) fn returned(&self, result: TokenStream) -> TokenStream {
        self.call(
            "Fallible::from_result",
            Some(&self.result.tokens),
            result,
            self.result.ends,
        )
    }

    /// Emits a sync body as a closure. It is passed on as an `FnOnce`, so that it may return a
    /// reborrow of a `&mut` argument (tokio-rs/tracing#2857).
    pub(crate) fn boundary(&self, body: &Group) -> TokenStream {
        let (runtime, closure) = (&self.runtime, self.closure_around(body));
        quote!(#runtime::attempt(#closure))
    }

    /// Emits a sync body as a closure.
    pub(super) fn closure_around(&self, body: &Group) -> TokenStream {
        let (result, pipes) = (&self.result.tokens, pipes(body));
        quote!(#pipes -> #result #body)
    }
}
