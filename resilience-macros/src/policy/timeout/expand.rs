//! `#[timeout]`: the deadline around an async body, or around a sync one on a worker thread or in
//! place.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use super::check::{Mode, TimeoutPlan};
use crate::emit::argument::mutable_still;
use crate::emit::code::{Declarations, LayerCode, block, large_error_allowed};
use crate::emit::config::{Config, ConfigStart};
use crate::emit::context::{Context, declare_origin};
use crate::emit::layered::Layer;
use crate::emit::plan::Emit;
use crate::emit::span::{SpanEnds, local, pipes};
use crate::function::parameter::Parameter;
use crate::language::stage::Stage;
use crate::language::value::{Literal, Setting};

impl Context<'_> {
    /// Emits a timeout.
    ///
    /// - Input: `#[timeout(5s)] async fn query() -> Result<Row, Error> { … }`
    /// - Output:
    ///   `const __TIMEOUT: TimeoutConfig = …; Limited::with_error(&__TIMEOUT, |__late| …, async { … }).await`
    ///
    /// The snapshots `plain_timeout`, `timeout_cooperative` and `timeout_thread` show it whole.
    pub(super) fn timeout(&self, at: usize, plan: &TimeoutPlan, inner: LayerCode) -> LayerCode {
        let config = self.in_file(at, "TimeoutConfig", self.timeout_config(at, plan));
        let runtime = &self.runtime;
        let (outcome, late) = (local("outcome"), local("late"));
        let notes_inside = self.notes_origin_inside(at);
        let is_threaded = !self.is_async() && plan.mode == Mode::Thread;
        let note = if is_threaded {
            self.note_origin(at, &quote!(#runtime::TimedOut::origin(&#late)))
        } else if notes_inside {
            self.note_origin(at, &quote!(#runtime::Origin::Body))
        } else {
            TokenStream::new()
        };
        // If the expiry only has to be converted, the future does it. The code that awaits the
        // future then does not have to tell two kinds of error apart.
        if self.is_async()
            && plan.error.is_none()
            && note.is_empty()
            && !self.is_users_future()
            && inner.as_future_and_arms().1.is_none()
        {
            let layer = self.timeout_layer(&config, &inner, &late);
            return self.layered(config.into_declarations(), layer, inner);
        }
        let error = self.error("TimedOut", plan.error.as_ref(), &late);
        let expired = block(&note, error);
        let expired = quote!(#runtime::Err(#late) => #expired,);

        if self.is_async() {
            let (reference, future) = (config.reference(), inner.as_future());
            let timed = quote!(#runtime::Limited::new(#reference, #future));
            let arms = quote!(#runtime::Ok(#outcome) => #outcome, #expired);
            return LayerCode::matched(
                config.into_declarations().and(inner.declarations),
                timed,
                arms,
            );
        }
        match plan.mode {
            Mode::Thread => self.threaded(at, config, inner, &expired, notes_inside),
            Mode::Cooperative => self.cooperative(config, inner, &expired),
        }
    }

    /// Emits the timeout as a layer. Alone around a body it is a future of its own, because that
    /// takes fewer instructions: a timeout has nothing to do when its body has ended.
    fn timeout_layer(&self, config: &Config, inner: &LayerCode, late: &Ident) -> Layer {
        let (runtime, reference) = (&self.runtime, config.reference());
        let value = quote!(#runtime::TimeoutLayer::new(#reference));
        let alone = inner.as_layered().is_none().then(|| {
            // The conversion is written as a closure, because rustc checks a function by its name
            // at the `.await` as well, and would report a missing conversion twice.
            let (error, future) = (self.converted("TimedOut", late), inner.as_future());
            quote!(#runtime::Limited::with_error(#reference, |#late| #error, #future))
        });
        Layer {
            of_attempt: value.clone(),
            value,
            conversion: self.conversion("TimedOut"),
            alone,
        }
    }

    /// Emits a timeout around a body that runs in place.
    ///
    /// - Input:
    ///   `#[timeout(5s, mode = cooperative)] fn query(key: &str) -> Result<Row, Error> { … }`
    /// - Output:
    ///   `let __timed = TimeoutConfig::run_cooperative(__TIMEOUT, || -> … { … }); match __timed { … }`
    ///
    /// The snapshot `timeout_cooperative` shows it whole.
    fn cooperative(&self, config: Config, inner: LayerCode, expired: &TokenStream) -> LayerCode {
        let (runtime, result, config_value) = (&self.runtime, &self.result.tokens, config.value());
        let (block, pipes) = (inner.block(&TokenStream::new()), pipes(&self.function.body));
        let (allow, timed, outcome) = (large_error_allowed(), local("timed"), local("outcome"));
        let run = quote!(#runtime::TimeoutConfig::run_cooperative(#config_value, #pipes -> #result #block));
        let value = quote! {
            match #timed {
                #runtime::Ok(#outcome) => #outcome,
                #expired
            }
        };
        LayerCode::value(
            config.into_declarations().and(inner.declarations),
            quote!(#allow let #timed = #run;),
            value,
        )
    }

    /// True if a layer inside notes where its errors come from.
    fn notes_origin_inside(&self, at: usize) -> bool {
        self.inside(at)
            .any(|layer| layer.refuses || layer.moves_to_worker)
    }

    /// Emits a timeout on a worker thread.
    ///
    /// - Input: `#[timeout(5s)] fn query(key: String) -> Result<Row, Error> { … }`
    /// - Output:
    ///   `let __timed = TimeoutConfig::run_thread(__TIMEOUT, move || -> … { … }); match __timed { … }`
    ///
    /// Everything inside moves to the worker: the whole arguments, and the values that the inner
    /// layers borrow from them. The snapshot `timeout_thread` shows it whole.
    fn threaded(
        &self,
        at: usize,
        config: Config,
        mut inner: LayerCode,
        expired: &TokenStream,
        notes_inside: bool,
    ) -> LayerCode {
        let (runtime, result, config_value) = (&self.runtime, &self.result.tokens, config.value());
        let (outcome, origin, origin_inside) =
            (local("outcome"), local("origin"), local("origin_inside"));
        let is_retried = self.outside(at).any(|layer| layer.repeats);
        let mut within = std::mem::take(&mut inner.declarations);
        // The values that the inner layers borrow from arguments move to the worker.
        let borrows = std::mem::take(&mut within.borrows);
        let handles = if is_retried {
            within.owned.as_slice()
        } else {
            &[]
        };
        let (mutable, copies) = self.copies(at, handles);
        let note = if notes_inside {
            self.note_origin(at, &quote!(#origin_inside))
        } else {
            TokenStream::new()
        };
        let held = self.held();
        // The closure has the span of the body, because rustc shows it when a captured value cannot
        // be sent.
        let worker = quote_spanned!(self.function.body.span()=> move ||);
        let (worker_body, finished) = if note.is_empty() {
            let block = inner.block(&quote!(#held #borrows));
            (quote!(#worker -> #result #block), quote!(#outcome))
        } else {
            // The worker has its own variable for the origin, and returns it with the outcome.
            let attempt = inner.bound(&quote!(#outcome: #result), |body| self.boundary(body));
            let declare = declare_origin();
            (
                quote!(#worker { #held #declare #borrows #attempt (#outcome, #origin) }),
                quote!((#outcome, #origin_inside)),
            )
        };
        let finish = block(&note, quote!(#outcome));
        let run = self.call(
            "TimeoutConfig::run_thread",
            None,
            quote!(#config_value, #worker_body),
            self.result.ends,
        );
        let (allow, timed) = (large_error_allowed(), local("timed"));
        let value = quote! {
            match #timed {
                #runtime::Ok(#finished) => #finish,
                #expired
            }
        };
        let declarations = Declarations::values(mutable)
            .and(config.into_declarations())
            .and(within);
        let statements = quote!(#copies #allow let #timed = #run;);
        LayerCode::value(declarations, statements, value)
    }

    /// Emits `let _ = &argument;` for each argument, so that the whole argument moves to the worker
    /// and lives as long as the body. A closure captures only the fields that it uses, and the
    /// rest, a lock perhaps, would be dropped with the call. An argument that the body does not
    /// name is left to rustc's `unused_variables`, unless its name begins with `_`.
    fn held(&self) -> TokenStream {
        let held = self.given_to_worker().map(|parameter| {
            let (attrs, name) = (parameter.attributes(), &parameter.name);
            let allow = name
                .to_string()
                .starts_with('_')
                .then(|| quote!(#[allow(clippy::used_underscore_binding)]));
            quote!(#attrs #allow let _ = &#name;)
        });
        held.collect()
    }

    /// Emits clones of handles, and of the arguments that a layer outside needs again. Each worker
    /// needs its own, because an abandoned body keeps its arguments. The clones have the arguments'
    /// names and attributes, so that lints see them as arguments.
    fn copies(&self, at: usize, handles: &[Ident]) -> (TokenStream, TokenStream) {
        let runtime = &self.runtime;
        let (mut mutable, mut copies) = (TokenStream::new(), TokenStream::new());
        for parameter in self
            .given_to_worker()
            .filter(|parameter| !self.is_cloned(&parameter.name))
            .filter(|parameter| {
                self.outside(at)
                    .any(|layer| layer.used_after.has(&parameter.name))
            })
        {
            let (attrs, name) = (parameter.attributes(), &parameter.name);
            let borrowed = quote_spanned!(name.span()=> &#name);
            if name == "self" {
                let ends = SpanEnds::of(&name.to_token_stream());
                let assert = self.call("assert_worker_receiver", None, borrowed, ends);
                copies.extend(quote!(#assert;));
                continue;
            }
            let is_mutable = parameter.is_mutable && self.mutable_reference(parameter).is_none();
            let mutability = is_mutable.then(|| syn::Token![mut](name.span()));
            if is_mutable {
                let still = mutable_still(name);
                mutable.extend(quote!(#attrs #still));
            }
            copies.extend(quote! {
                #attrs
                #[allow(clippy::shadow_reuse)]
                let #mutability #name = #runtime::WorkerArgument::copy(#borrowed);
            });
        }
        copies.extend(quote!(#(let #handles = #runtime::Clone::clone(&#handles);)*));
        (mutable, copies)
    }

    /// The arguments that move to the worker: those that the body names, and those with a name that
    /// begins with `_`, because it says that they are only held. The others are left to rustc's
    /// `unused_variables`.
    fn given_to_worker(&self) -> impl Iterator<Item = &Parameter<'_>> {
        self.parameters.iter().filter(|parameter| {
            let name = parameter.name.to_string();
            name.starts_with('_') || self.function.body_names(&name)
        })
    }

    /// The limit as a `Duration`. A constant or a variable may be a whole configuration by mistake.
    /// The runtime's `Limit` refuses that and names the right option.
    fn checked_limit(&self, limit: &Setting) -> TokenStream {
        let is_path = syn::parse2::<syn::ExprPath>(limit.source.clone()).is_ok();
        if limit.literal != Literal::Unknown || !is_path {
            return limit.value.clone();
        }
        let ends = SpanEnds::of(&limit.source);
        let (value, duration) = (
            self.call("Limit::new", None, limit.value.clone(), ends),
            ends.name("__duration"),
        );
        ends.locate(quote!(#value.#duration()))
    }

    fn timeout_config(&self, at: usize, plan: &TimeoutPlan) -> Config {
        let mut settings: Vec<Setting> = plan.config.settings.clone();
        if plan.config.base.is_some() {
            settings.extend(plan.limit.clone().map(|limit| match limit.stage {
                Stage::Runtime => Setting {
                    setter: "limit_at_most",
                    ..limit
                },
                _ => limit,
            }));
        }
        settings.push(self.operation_name("of_operation", "operation_or"));
        let item = self.item(at, "timeout");
        let start = self.config_start(plan);
        let mut config = self.config("TimeoutConfig", &item, &start, &settings);
        if plan.mode == Mode::Cooperative {
            config.description.constant.push("mode=cooperative");
        }
        config
    }

    /// The value that the configuration starts from: the user's, or one of the limit alone.
    fn config_start(&self, plan: &TimeoutPlan) -> ConfigStart {
        let runtime = &self.runtime;
        // It stands for a configuration that each call computes, in the description of the stack.
        let endless = || quote!(#runtime::TimeoutConfig::at_most(#runtime::Duration::MAX));
        match (&plan.config.base, &plan.limit) {
            (Some(base), _) => ConfigStart::of_user(base, endless()),
            (None, Some(limit)) => {
                // A limit that is computed in the call may be zero, because it can be the rest of a
                // budget.
                let constructor = if limit.stage == Stage::Runtime {
                    "TimeoutConfig::at_most"
                } else {
                    "TimeoutConfig::new"
                };
                let ends = SpanEnds::of(&limit.source);
                ConfigStart {
                    value: self.call(constructor, None, self.checked_limit(limit), ends),
                    stage: limit.stage,
                    ends: None,
                    option: Some("limit"),
                    default: Some(endless()),
                    is_static: false,
                }
            }
            // The check refuses a timeout without a limit.
            (None, None) => ConfigStart::of_constant(TokenStream::new()),
        }
    }
}

impl Emit for TimeoutPlan {
    fn emit(&self, context: &Context<'_>, at: usize, inner: LayerCode) -> LayerCode {
        context.timeout(at, self, inner)
    }
}
