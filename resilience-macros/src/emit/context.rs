//! The surroundings of a layer: the function, and the properties of the other layers.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::cloned::Cloned;
use super::operation_plan::OperationPlan;
use super::properties::Properties;
use super::result::ResultType;
use super::span::local;
use crate::function::form::{AsyncBlock, Form};
use crate::function::item::Function;
use crate::function::parameter::Parameter;
use crate::language::value::RUNTIME;

pub(crate) struct Context<'p> {
    pub(crate) function: &'p Function,
    pub(crate) form: &'p Form,
    /// The name of the runtime's private module inside of the function.
    pub(crate) runtime: Ident,
    /// The layers, the top one first.
    pub(crate) layers: Vec<&'p Properties>,
    /// The arguments, by their names in the code of the policies.
    pub(crate) parameters: Vec<Parameter<'p>>,
    /// The arguments that are cloned because an attempt may consume them.
    pub(crate) cloned: &'p [Cloned],
    /// The expressions that are evaluated after an attempt.
    pub(crate) read_later: &'p TokenStream,
    pub(crate) operation: &'p OperationPlan,
    /// True if the configuration file can set values, because the feature `config` is on.
    pub(crate) asks_file: bool,
    /// True if the body runs in the scope of a test, because the feature `test-util` is on.
    pub(crate) is_scoped: bool,
    /// The function's outcome type, with `_` for each `impl Trait`.
    pub(crate) result: ResultType,
}

impl Context<'_> {
    pub(crate) fn is_async(&self) -> bool {
        self.form.is_async()
    }

    pub(crate) fn async_block(&self) -> Option<&AsyncBlock> {
        self.form.async_block()
    }

    /// True if the innermost future is of a type of the user's. Making it and dropping it may do
    /// something, where an async block has done nothing before it is polled, and has dropped all
    /// that it had when it is done.
    pub(crate) fn is_users_future(&self) -> bool {
        matches!(self.form, Form::Future { block: None, .. })
    }

    /// True if the body may run several times at once.
    pub(crate) fn is_concurrent(&self) -> bool {
        self.layers.iter().any(|layer| layer.is_concurrent)
    }

    /// True if a layer uses the argument after the body has run.
    pub(crate) fn is_needed_again(&self, name: &Ident) -> bool {
        self.layers.iter().any(|layer| layer.used_after.has(name))
    }

    /// True if the body runs once, and no layer needs an argument after it.
    pub(crate) fn is_called_once(&self) -> bool {
        let is_repeated = self.layers.iter().any(|layer| layer.repeats);
        let mut parameters = self.parameters.iter();
        !is_repeated && !parameters.any(|parameter| self.is_needed_again(&parameter.name))
    }

    /// True if a clone that the attempt may consume takes the argument's place.
    pub(crate) fn is_cloned(&self, name: &Ident) -> bool {
        self.cloned
            .iter()
            .any(|cloned| cloned.name == *name && !cloned.is_read_later)
    }

    /// True if the argument's name is bound to what the argument is converted into.
    pub(crate) fn is_converted(&self, name: &Ident) -> bool {
        let is_on_worker = self.layers.iter().any(|layer| layer.moves_to_worker);
        let mut cloned = self.cloned.iter();
        !is_on_worker && cloned.any(|cloned| cloned.name == *name && cloned.becomes.is_some())
    }

    /// A name for a declaration at the top of the function, numbered if the stack repeats the
    /// policy.
    pub(crate) fn item(&self, at: usize, name: &str) -> String {
        let policy = |at: usize| self.layers.get(at).map(|layer| layer.policy);
        let same = (0..self.layers.len()).filter(|other| policy(*other) == policy(at));
        if same.count() > 1 {
            format!("__{name}_{at}")
        } else {
            format!("__{name}")
        }
    }

    pub(crate) fn outside(&self, at: usize) -> impl Iterator<Item = &Properties> {
        self.layers.iter().take(at).copied()
    }

    pub(crate) fn inside(&self, at: usize) -> impl Iterator<Item = &Properties> {
        self.layers.iter().skip(at + 1).copied()
    }

    /// True if the layer must be told by the layers inside of it where their errors come from,
    /// because the error type may lose it.
    pub(crate) fn asks_for_origin(&self, at: usize) -> bool {
        self.layers.get(at).is_some_and(|layer| {
            self.inside(at).any(|inner| {
                (layer.spares_refusals && inner.refuses)
                    || (layer.spares_unstarted && inner.moves_to_worker)
            })
        })
    }

    /// True if an error of the layers inside may be a timeout that a deadline of the caller ended.
    pub(crate) fn is_above_timeout(&self, at: usize) -> bool {
        self.inside(at).any(|inner| inner.inherits_deadline)
    }

    pub(crate) fn is_asked_for_origin(&self, at: usize) -> bool {
        (0..at).any(|outer| self.asks_for_origin(outer))
    }

    /// True for the outermost of the layers that ask.
    pub(crate) fn declares_origin(&self, at: usize) -> bool {
        self.asks_for_origin(at) && !self.is_asked_for_origin(at)
    }

    /// Notes, inside of the layer at `at`, where its error comes from; nothing if no layer outside
    /// asks.
    pub(crate) fn note_origin(&self, at: usize, origin: &TokenStream) -> TokenStream {
        if self.is_asked_for_origin(at) {
            let variable = local("origin");
            quote!(#variable = #origin;)
        } else {
            TokenStream::new()
        }
    }
}

/// Declares the place where the error of the last attempt comes from.
pub(crate) fn declare_origin() -> TokenStream {
    let (origin, runtime) = (local("origin"), format_ident!("{RUNTIME}"));
    quote!(let mut #origin = #runtime::Origin::Body;)
}
