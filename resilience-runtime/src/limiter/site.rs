//! The site of an attribute in the user's code.

use std::{
    fmt,
    panic::Location,
    // The lock is the standard library's, because a static needs a constant constructor.
    sync::OnceLock,
};

use super::{found::KeyedLimiter, named::Named, names::Registered, report::Report};
use crate::{keyed::KeyText, operation::Operation, scope::here, settings::LayerOptions};

/// One attribute that limits calls. It looks its limiter up once, because a limiter stays
/// registered.
#[doc(hidden)]
#[expect(
    private_bounds,
    reason = "the expansion names the type, and only our policies implement the trait"
)]
pub struct LimiterSite<L: Registered> {
    /// `None` if nobody named the limiter. It goes by the name of the operation then.
    name: Option<&'static str>,
    operation: &'static Operation,
    named: OnceLock<&'static Named<L>>,
    /// The limiter without a key. It stands here, so that a call finds it by one step.
    single: OnceLock<L>,
}

#[expect(
    private_bounds,
    reason = "the expansion names the type, and only our policies implement the trait"
)]
impl<L: Registered> LimiterSite<L> {
    /// The site of a limiter with a name of its own.
    #[must_use]
    pub const fn new(name: &'static str, operation: &'static Operation) -> Self {
        Self::at(Some(name), operation)
    }

    /// A site without a name goes by the operation. The methods of two types in one module have the
    /// same path.
    #[must_use]
    pub const fn unnamed(operation: &'static Operation) -> Self {
        Self::at(None, operation)
    }

    const fn at(name: Option<&'static str>, operation: &'static Operation) -> Self {
        Self {
            name,
            operation,
            named: OnceLock::new(),
            single: OnceLock::new(),
        }
    }

    /// The limiter. It is registered with `config` on first use.
    #[inline]
    pub fn single(&'static self, config: &L::Config) -> &'static L {
        let site = here!(self);
        match site.single.get() {
            Some(limiter) => limiter,
            None => site.look_up(config),
        }
    }

    /// The limiter, for a configuration that each call computes: the name takes or reports another
    /// value.
    pub fn single_checked(&'static self, config: &L::Config) -> &'static L {
        self.check(config);
        self.single(config)
    }

    /// The limiter of the key. The name is registered with `config` on first use.
    #[inline]
    pub fn of_key(&'static self, config: &L::Config, key: KeyText<'_>) -> KeyedLimiter<L> {
        self.named(config).of_key(key)
    }

    /// The limiter of the key, for a configuration that each call computes.
    pub fn of_key_checked(&'static self, config: &L::Config, key: KeyText<'_>) -> KeyedLimiter<L> {
        self.check(config);
        self.of_key(config, key)
    }

    /// The limiter, for a name that differs between the instances of a generic.
    #[track_caller]
    pub fn of_name(name: &'static str, config: &L::Config) -> L {
        L::names().handle(name, config, Location::caller())
    }

    /// The limiter of the key, for a name that differs between the instances of a generic.
    #[track_caller]
    pub fn key_of_name(
        name: &'static str,
        config: &L::Config,
        key: KeyText<'_>,
    ) -> KeyedLimiter<L> {
        let location = Location::caller();
        let options = LayerOptions {
            constant: "key",
            computed: "",
        };
        L::names()
            .get_or_register(name, config, options, location)
            .of_key(key)
    }

    fn check(&'static self, config: &L::Config) {
        self.named(config)
            .check(config, self.operation.declared_at());
    }

    #[cold]
    fn look_up(&'static self, config: &L::Config) -> &'static L {
        let limiter = self.named(config).single(config);
        self.single.get_or_init(|| limiter.clone())
    }

    #[inline]
    fn named(&'static self, config: &L::Config) -> &'static Named<L> {
        let site = here!(self);
        match site.named.get() {
            Some(named) => named,
            None => site.register(config),
        }
    }

    #[cold]
    fn register(&'static self, config: &L::Config) -> &'static Named<L> {
        self.operation.register();
        // The registry is asked outside of `get_or_init`, because other callers would wait there
        // while a clash is logged.
        let name = self.name.unwrap_or(self.operation.name());
        let location = self.operation.declared_at();
        let options = self.operation.options_of(config, name);
        let named = L::names().get_or_register(name, config, options, location);
        if self.name.is_none() && named.declared_at() != location {
            let shared = Report::SharedByDefault {
                declared_at: named.declared_at(),
                shared_at: location,
            };
            L::report(name, shared);
        }
        self.named.get_or_init(|| named)
    }
}

#[cfg(feature = "test-util")]
impl<L: Registered> crate::scope::Own for LimiterSite<L> {
    fn unused(&self) -> Self {
        Self::at(self.name, self.operation)
    }
}

impl<L: Registered> fmt::Debug for LimiterSite<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LimiterSite")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
