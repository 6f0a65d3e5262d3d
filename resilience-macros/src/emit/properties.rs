//! The properties by which the layers of a stack know each other. They do not know each other's
//! policies.

use syn::Expr;

use crate::function::used_arguments::UsedArguments;

/// The properties of one layer.
#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "properties are independent of each other"
)]
pub(crate) struct Properties {
    /// The name of the attribute.
    pub(crate) policy: &'static str,
    /// The layer may run the layers inside of it more than once.
    pub(crate) repeats: bool,
    /// The layer may run the layers inside of it several times at once.
    pub(crate) is_concurrent: bool,
    /// The layer numbers the runs of the body.
    pub(crate) numbers_runs: bool,
    /// The budget that the layer draws on, as it is written.
    pub(crate) budget: Option<String>,
    /// The handle that says if the layers outside may add load.
    pub(crate) load: Option<LoadHandle>,
    /// The arguments that the layer uses after the layers inside of it have run.
    pub(crate) used_after: UsedArguments,
    /// The layer may answer an error from inside of it by a success.
    pub(crate) answers: bool,
    /// The layer may refuse a call.
    pub(crate) refuses: bool,
    /// A refusal of the layer that can be known before the call, unless the layer answers a refusal
    /// itself.
    pub(crate) foreseen: Option<ForeseenRefusal>,
    /// The layer treats a refusal from inside of it in another way than an error of the body.
    pub(crate) spares_refusals: bool,
    /// The layer does not count a timeout as a failure if the body never began.
    pub(crate) spares_unstarted: bool,
    /// A deadline of the caller may end the layer before its own limit does. Its error is a refusal
    /// then.
    pub(crate) inherits_deadline: bool,
    /// The layers inside of the layer run on another thread.
    pub(crate) moves_to_worker: bool,
}

/// A handle that a layer outside asks, before it adds load.
pub(crate) struct LoadHandle {
    /// The variable that holds the handle, without the number that a repeated policy adds.
    pub(crate) handle: &'static str,
    /// The variable is the handle itself and no reference to it.
    pub(crate) is_owned: bool,
    /// The handle's type in the runtime. It has the function `takes_more_load`.
    pub(crate) ty: &'static str,
}

/// A refusal that a layer outside can foresee: it asks the handle for how long the layer is certain
/// to refuse.
pub(crate) struct ForeseenRefusal {
    /// The variable that holds the layer's handle, without the number that a repeated policy adds.
    pub(crate) handle: &'static str,
    /// The variable is the handle itself and no reference to it.
    pub(crate) is_owned: bool,
    /// The handle's type in the runtime. It has the functions `refuses_for` and
    /// `refuses_for_unless`.
    pub(crate) ty: &'static str,
    /// The runtime's error type for a refusal.
    pub(crate) given: &'static str,
    /// `error = …` of the layer.
    pub(crate) error: Option<Expr>,
    /// The handle borrows from no argument, so that a layer outside of a worker can name it, too.
    pub(crate) is_static: bool,
}
