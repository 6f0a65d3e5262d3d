//! The operation of a stack as a part of the plan. It stands apart from its emission, because the
//! context of all layers holds it.

use crate::language::stage::Stage;
use crate::language::value::Setting;

/// The operation of a stack, as its attributes name it.
#[derive(Default)]
pub(crate) struct OperationPlan {
    /// The first name that an attribute gives. Without one, the name is module path and function
    /// name.
    pub(crate) name: Option<Setting>,
    /// The names of other attributes. They must say the same, and the macro cannot read one of the
    /// two.
    pub(crate) again: Vec<Setting>,
}

impl OperationPlan {
    /// The name differs between the instances of a generic, so that no static can hold it.
    pub(super) fn is_generic(&self) -> bool {
        self.name
            .as_ref()
            .is_some_and(|name| name.stage == Stage::Generic)
    }
}
