//! The place in the user's code that an attribute stands on.

// Not from `crate::sync`: a static needs a constant constructor.
use std::{panic::Location, sync::OnceLock};

use super::{breaker::CircuitBreaker, config::CircuitBreakerConfig, log, name::Name};
use crate::registry;

/// One `#[circuit_breaker]`: finds its circuit in the registry once and keeps it.
#[doc(hidden)]
#[derive(Debug)]
pub struct Site {
    name: &'static str,
    is_named: bool,
    place: &'static Location<'static>,
    circuit: OnceLock<CircuitBreaker>,
}

impl Site {
    #[track_caller]
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            is_named: true,
            place: Location::caller(),
            circuit: OnceLock::new(),
        }
    }

    /// The name is the function's path: the methods of two types in one module have the same.
    #[track_caller]
    #[must_use]
    pub const fn unnamed(name: &'static str) -> Self {
        Self {
            name,
            is_named: false,
            place: Location::caller(),
            circuit: OnceLock::new(),
        }
    }

    /// The circuit; registers it with `config` on first use.
    #[inline]
    pub fn circuit(&'static self, config: &CircuitBreakerConfig) -> &'static CircuitBreaker {
        match self.circuit.get() {
            Some(circuit) => circuit,
            None => self.register(config),
        }
    }

    /// The same for a configuration that each call computes: one that differs from the registered one is reported.
    #[inline]
    pub fn circuit_checked(
        &'static self,
        config: &CircuitBreakerConfig,
    ) -> &'static CircuitBreaker {
        let circuit = self.circuit(config);
        circuit.check(config, self.place);
        circuit
    }

    #[cold]
    fn register(&'static self, config: &CircuitBreakerConfig) -> &'static CircuitBreaker {
        // Outside `get_or_init`, which would hold other callers up while the clash is logged.
        let circuit = registry::register(Name::Static(self.name), *config, self.place);
        if !self.is_named && circuit.place() != self.place {
            log::shared_by_default(self.name, circuit.place(), self.place);
        }
        self.circuit.get_or_init(|| circuit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::circuit::capture;

    const CONFIG: CircuitBreakerConfig = CircuitBreakerConfig::new();

    #[test]
    fn it_registers_once_and_is_found_by_name() {
        static SITE: Site = Site::new("site::found");
        let circuit = SITE.circuit(&CONFIG);
        assert!(std::ptr::eq(circuit, SITE.circuit(&CONFIG)));
        circuit.isolate();
        let stats = registry::stats("site::found").expect("registered");
        assert_eq!(stats.opened, 1);
        let place = stats.declared_at.expect("a place");
        assert_eq!((place.file(), place.line()), (file!(), SITE.place.line()));
    }

    #[test]
    fn sites_of_one_name_share_a_circuit() {
        static ONE: Site = Site::new("site::shared");
        static TWO: Site = Site::new("site::shared");
        let events = capture::events(|| {
            ONE.circuit(&CONFIG).isolate();
            TWO.circuit(&CONFIG);
        });
        assert_eq!(TWO.circuit(&CONFIG).stats().opened, 1);
        assert_eq!(events.len(), 1, "the isolation, and no clash: {events:?}");
    }

    #[test]
    fn sites_that_share_a_circuit_because_nobody_named_it_are_reported() {
        static ONE: Site = Site::unnamed("site::module::get");
        static TWO: Site = Site::unnamed("site::module::get");
        let events = capture::events(|| {
            ONE.circuit(&CONFIG);
            TWO.circuit(&CONFIG);
            TWO.circuit(&CONFIG);
        });
        assert_eq!(events.len(), 1, "{events:?}");
        assert!(
            events[0].contains(&format!("shared_at={}", TWO.place)),
            "{events:?}"
        );
    }

    #[test]
    fn a_clash_is_reported_once_with_both_places() {
        static ONE: Site = Site::new("site::clash");
        static TWO: Site = Site::new("site::clash");
        let other = CONFIG.failure_threshold(9);
        let events = capture::events(|| {
            ONE.circuit(&CONFIG);
            TWO.circuit(&other);
            TWO.circuit(&other);
            TWO.circuit_checked(&other);
        });
        let [event] = &events[..] else {
            panic!("one event, not {events:?}")
        };
        assert!(event.starts_with("ERROR resilience: "), "{event}");
        assert!(
            event.contains(&format!("declared_at={}", ONE.place)),
            "{event}"
        );
        assert!(
            event.contains(&format!("clashes_at={}", TWO.place)),
            "{event}"
        );
        assert_eq!(TWO.circuit(&other).config(), &CONFIG, "the first is kept");
    }

    #[test]
    fn a_configuration_that_changes_between_calls_is_reported_once() {
        static SITE: Site = Site::new("site::checked");
        let other = CONFIG.failure_threshold(9);
        let events = capture::events(|| {
            SITE.circuit_checked(&CONFIG);
            SITE.circuit_checked(&other);
            SITE.circuit_checked(&other);
        });
        assert_eq!(events.len(), 1, "{events:?}");
        let quiet = capture::events(|| {
            SITE.circuit(&other);
        });
        assert_eq!(quiet, [""; 0]);
    }
}
