//! The scope that a thread runs in.

use std::{
    any::{Any, TypeId},
    cell::RefCell,
    collections::HashMap,
    marker::PhantomData,
    sync::{Mutex, PoisonError},
};

/// The key of a value of a scope: its type, and the address of the static that it replaces. Two
/// statics have two addresses, and a static may have the address of its first field.
type Key = (TypeId, usize);

/// The address as a part of the key.
pub(super) fn address_of<T>(of: &T) -> usize {
    std::ptr::from_ref(of).addr()
}

/// The values of one scope.
///
/// It stays in memory until the process ends, because circuits and the like are used by `'static`
/// references, and tasks that the test has started may go on after it.
#[derive(Debug, Default)]
pub(crate) struct ScopeState {
    values: Mutex<HashMap<Key, &'static (dyn Any + Send + Sync)>>,
}

impl ScopeState {
    pub(crate) fn new() -> &'static Self {
        Box::leak(Box::default())
    }

    /// Returns the value of that type that the scope has only one of.
    pub(crate) fn value<T: Default + Send + Sync + 'static>(&self) -> &'static T {
        self.value_of(0, T::default)
    }

    /// Returns the value of the static at the address; at first `make` makes it.
    pub(super) fn value_of<T: Send + Sync + 'static>(
        &self,
        address: usize,
        make: impl FnOnce() -> T,
    ) -> &'static T {
        let key = (TypeId::of::<T>(), address);
        if let Some(value) = self.find(key) {
            return value;
        }
        // It is made outside of the lock, because it may ask for other values of the scope.
        let value = make();
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        let value = match values.get(&key) {
            Some(faster) => *faster,
            None => {
                let own: &'static T = Box::leak(Box::new(value));
                // The value is its own, too, because one function may ask for it on behalf of
                // another.
                values.insert((key.0, address_of(own)), own);
                values.insert(key, own);
                own
            }
        };
        drop(values);
        value.downcast_ref().expect("the key has the type")
    }

    /// Returns the value of the static at the address, if the scope has one.
    pub(super) fn get<T: Send + Sync + 'static>(&self, address: usize) -> Option<&'static T> {
        self.find((TypeId::of::<T>(), address))
    }

    fn find<T: 'static>(&self, key: Key) -> Option<&'static T> {
        let values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        let value = *values.get(&key)?;
        drop(values);
        value.downcast_ref()
    }

    /// Makes the scope the current one of this thread until the returned guard is dropped.
    pub(crate) fn enter(&'static self) -> Entered {
        SCOPES.with(|scopes| scopes.borrow_mut().push(self));
        Entered {
            scope: self,
            _not_send: PhantomData,
        }
    }
}

thread_local! {
    /// The scopes that this thread runs in, the innermost last.
    static SCOPES: RefCell<Vec<&'static ScopeState>> = const { RefCell::new(Vec::new()) };
}

/// Returns the innermost scope of the code that runs on this thread.
pub(crate) fn current() -> Option<&'static ScopeState> {
    // The destructors of a thread that ends are in no scope.
    let innermost = SCOPES.try_with(|scopes| scopes.borrow().last().copied());
    innermost.ok().flatten()
}

/// The time in which a scope is the current one.
#[derive(Debug)]
#[must_use = "the scope is left when this is dropped"]
pub(crate) struct Entered {
    scope: &'static ScopeState,
    // The guard must be dropped on the thread that it was made on, because it changes that thread's
    // scopes.
    _not_send: PhantomData<*const ()>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        let _ = SCOPES.try_with(|scopes| {
            let mut scopes = scopes.borrow_mut();
            // Guards may be dropped in another order than they were made in.
            let is_mine = |scope: &&ScopeState| std::ptr::eq(*scope, self.scope);
            if let Some(at) = scopes.iter().rposition(is_mine) {
                scopes.remove(at);
            }
        });
    }
}

/// The scope of some code, which is carried to another task or thread.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Carried(Option<&'static ScopeState>);

impl Carried {
    pub(crate) fn captured() -> Self {
        Self(current())
    }

    /// Enters the scope. Without one, the code stays where it is.
    pub(crate) fn enter(self) -> Option<Entered> {
        self.0.map(ScopeState::enter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_current(scope: &'static ScopeState) -> bool {
        current().is_some_and(|current| std::ptr::eq(current, scope))
    }

    #[test]
    fn the_innermost_scope_is_the_current_one_in_whatever_order_they_are_left() {
        let [one, two] = [ScopeState::new(), ScopeState::new()];
        assert!(current().is_none());
        let first = one.enter();
        let second = two.enter();
        assert!(is_current(two));
        drop(first);
        assert!(is_current(two), "it was entered later");
        drop(second);
        assert!(current().is_none());
    }

    #[test]
    fn another_thread_is_in_no_scope_unless_it_is_carried_there() {
        let scope = ScopeState::new();
        let _entered = scope.enter();
        let carried = Carried::captured();
        std::thread::spawn(move || {
            assert!(current().is_none());
            let _entered = carried.enter();
            assert!(is_current(scope));
        })
        .join()
        .expect("no panic");
    }

    #[test]
    fn values_of_one_address_differ_by_their_type() {
        let scope = ScopeState::new();
        assert_eq!(*scope.value_of(1, || 7_u8), 7);
        assert_eq!(*scope.value_of(1, || 9_u16), 9);
        assert_eq!(*scope.value_of(1, || 8_u8), 7, "it is made once");
        assert_eq!(scope.get::<u8>(1), Some(&7));
        assert_eq!(scope.get::<u8>(2), None);
    }
}
