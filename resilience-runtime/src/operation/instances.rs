//! The operations with a name that differs between the instances of a generic, as in
//! `operation = Self::NAME`. One static cannot hold them, so they are found by their name.

use std::{
    panic::Location,
    sync::{PoisonError, RwLock},
};

use super::{Operation, stack::Stack};
use crate::by_name::NameTable;

static INSTANCES: RwLock<NameTable<&'static Operation>> = RwLock::new(NameTable::new());

impl Operation {
    /// The operation of that name, declared at the caller's place if this is its first use. It
    /// stays for the rest of the process: there are as many as the program has instances.
    #[track_caller]
    pub fn of_instance(name: &'static str, stack: fn(&mut Stack)) -> &'static Self {
        let instances = INSTANCES.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(operation) = instances.get(name) {
            return operation;
        }
        drop(instances);
        insert(name, stack, Location::caller())
    }
}

#[cold]
fn insert(
    name: &'static str,
    stack: fn(&mut Stack),
    declared_at: &'static Location<'static>,
) -> &'static Operation {
    let operation = {
        let mut instances = INSTANCES.write().unwrap_or_else(PoisonError::into_inner);
        let new = || -> &'static Operation {
            Box::leak(Box::new(Operation::at(name, stack, declared_at)))
        };
        *instances.get_or_insert_with(name, new)
    };
    // It may tell of the configuration file, and that runs code of others.
    operation.register();
    operation
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_is_one_operation_wherever_it_is_used() {
        let first = Operation::of_instance("instances::one", |_| {});
        let again = Operation::of_instance("instances::one", |_| {});
        assert!(std::ptr::eq(first, again));
        assert_ne!(first.declared_at().line(), line!());
        let other = Operation::of_instance("instances::other", |_| {});
        assert_eq!(
            (first.name(), other.name()),
            ("instances::one", "instances::other")
        );
        assert_eq!(other.declared_at().file(), file!());
    }
}
