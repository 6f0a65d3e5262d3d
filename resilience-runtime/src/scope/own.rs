//! The value that a scope has in place of one of the process.

use std::{fmt, ops::Deref, sync::OnceLock};

use super::current::{address_of, current};

/// A static of the expansion, of which each scope has its own.
pub(crate) trait Own: Sized + Send + Sync + 'static {
    /// Makes an equal value that has seen no call yet.
    fn unused(&self) -> Self;

    /// Returns the value of the current scope. Outside of a scope it is the static itself.
    fn here(&'static self) -> &'static Self {
        match current() {
            None => self,
            Some(scope) => scope.value_of(address_of(self), || self.unused()),
        }
    }

    /// Does the same as [`here`](Self::here) for a value that may stand on the stack. One that the
    /// scope has not used is itself.
    fn here_if_used(&self) -> &Self {
        let own = current().and_then(|scope| scope.get(address_of(self)));
        own.unwrap_or(self)
    }
}

/// A static of this crate, of which each scope has its own.
pub(crate) struct PerScope<T> {
    of_process: OnceLock<T>,
    make: fn() -> T,
}

impl<T> PerScope<T> {
    pub(crate) const fn new(make: fn() -> T) -> Self {
        Self {
            of_process: OnceLock::new(),
            make,
        }
    }
}

impl<T: Send + Sync + 'static> Deref for PerScope<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match current() {
            None => self.of_process.get_or_init(self.make),
            Some(scope) => scope.value_of(address_of(self), self.make),
        }
    }
}

impl<T> fmt::Debug for PerScope<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PerScope").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::scope::ScopeState;

    static NUMBER: PerScope<AtomicU32> = PerScope::new(|| AtomicU32::new(0));

    #[derive(Debug)]
    struct Site(u8, OnceLock<u8>);

    impl Own for Site {
        fn unused(&self) -> Self {
            Self(self.0, OnceLock::new())
        }
    }

    #[test]
    fn each_scope_counts_for_itself() {
        let next = || NUMBER.fetch_add(1, Ordering::Relaxed);
        let scope = ScopeState::new();
        assert_eq!((next(), next()), (0, 1));
        {
            let _entered = scope.enter();
            assert_eq!(next(), 0);
            let _nested = ScopeState::new().enter();
            assert_eq!(next(), 0);
        }
        assert_eq!(next(), 2);
        let _entered = scope.enter();
        assert_eq!(next(), 1, "a scope that is entered again goes on");
    }

    #[test]
    fn a_site_of_a_scope_is_unused_at_first_and_then_the_same() {
        static SITE: Site = Site(7, OnceLock::new());
        SITE.here().1.get_or_init(|| 1);
        let _entered = ScopeState::new().enter();
        assert_eq!(SITE.here_if_used().1.get(), Some(&1));
        let own = SITE.here();
        assert_eq!((own.0, own.1.get()), (7, None));
        assert!(std::ptr::eq(own, SITE.here()));
        assert!(std::ptr::eq(own, SITE.here_if_used()));
        assert!(std::ptr::eq(own, own.here()), "it is its own");
    }
}
