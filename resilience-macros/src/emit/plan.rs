//! The plan of a stack. Everything in it is checked.

use proc_macro2::TokenStream;
use syn::Path;

use super::cloned::Cloned;
use super::code::LayerCode;
use super::context::Context;
use super::operation_plan::OperationPlan;
use super::properties::Properties;
use crate::function::form::Form;

pub(crate) struct Plan {
    /// The form of the function: sync, async, or a function that returns a future.
    pub(crate) form: Form,
    /// The layers, the top one first.
    pub(crate) layers: Vec<PlannedLayer>,
    /// The arguments that the body may consume. Each retry of the stack clones all of them,
    /// whichever retry names them, because the last attempt of an inner retry consumes the
    /// original, and the next attempt of the outer one needs it again.
    pub(crate) cloned: Vec<Cloned>,
    /// The expressions that are evaluated after an attempt.
    pub(crate) read_later: TokenStream,
    pub(crate) operation: OperationPlan,
    /// The paths of the attributes that were taken off the function.
    pub(crate) taken: Vec<Path>,
    /// The runtime crate.
    pub(crate) runtime: Path,
}

/// One layer, as its policy planned it.
pub(crate) struct PlannedLayer {
    pub(crate) properties: Properties,
    pub(crate) emitter: Box<dyn Emit>,
}

/// A policy's plan for one layer, as code.
pub(crate) trait Emit {
    /// Puts the layer at position `at` around the code of the layers inside of it.
    fn emit(&self, context: &Context<'_>, at: usize, inner: LayerCode) -> LayerCode;
}
