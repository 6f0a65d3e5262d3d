//! The site of an attribute in the user's code.

// The lock is the standard library's, because a static needs a constant constructor.
use std::{mem::ManuallyDrop, sync::OnceLock};

use super::{families::FAMILIES, newest::Newest, site_name::SiteName, table::REGISTRY};
use crate::{
    circuit::{CircuitBreaker, CircuitBreakerConfig, Name},
    operation::Operation,
    scope::here,
};

/// One `#[circuit_breaker]`. It looks its circuit up in the registry once and keeps it until it is
/// removed there.
#[doc(hidden)]
#[derive(Debug)]
pub struct Site {
    name: SiteName,
    // A static is never dropped, but without the `ManuallyDrop` rustc compiles its drop into each
    // crate that declares a site.
    first: ManuallyDrop<OnceLock<CircuitBreaker>>,
    /// The circuits after the first, each found when the one before was removed from the registry.
    /// They stay here, because a call may still hold a reference to one.
    later: ManuallyDrop<OnceLock<Box<Newest<CircuitBreaker>>>>,
}

impl Site {
    /// The site of a circuit with a name of its own.
    #[must_use]
    pub const fn new(name: &'static str, operation: &'static Operation) -> Self {
        Self::at(SiteName::new(Some(name), operation))
    }

    /// A site without a name goes by the operation.
    #[must_use]
    pub const fn unnamed(operation: &'static Operation) -> Self {
        Self::at(SiteName::new(None, operation))
    }

    const fn at(name: SiteName) -> Self {
        Self {
            name,
            first: ManuallyDrop::new(OnceLock::new()),
            later: ManuallyDrop::new(OnceLock::new()),
        }
    }

    /// The circuit. It is registered with `config` on first use, and after a removal.
    #[inline]
    pub fn circuit(&'static self, config: &CircuitBreakerConfig) -> &'static CircuitBreaker {
        let site = here!(self);
        match site.first.get() {
            Some(circuit) if !circuit.is_removed() => circuit,
            first => site.look_up(first, config),
        }
    }

    /// The circuit, for a configuration that each call computes: the circuit takes or reports
    /// another value.
    #[inline]
    pub fn circuit_checked(
        &'static self,
        config: &CircuitBreakerConfig,
    ) -> &'static CircuitBreaker {
        let circuit = self.circuit(config);
        circuit.check(config, self.name.location());
        circuit
    }

    #[inline(never)]
    fn look_up(
        &'static self,
        first: Option<&'static CircuitBreaker>,
        config: &CircuitBreakerConfig,
    ) -> &'static CircuitBreaker {
        match self.later.get().and_then(|later| later.get()) {
            Some(circuit) if !circuit.is_removed() => circuit,
            _ => self.register(first, config),
        }
    }

    #[cold]
    fn register(
        &'static self,
        first: Option<&'static CircuitBreaker>,
        config: &CircuitBreakerConfig,
    ) -> &'static CircuitBreaker {
        self.name.register_operation();
        // The registry is asked outside of `get_or_init`, because other callers would wait there
        // while a clash is logged.
        let (name, location) = (self.name.name(), self.name.location());
        let options = self.name.options(config);
        let circuit =
            REGISTRY.get_or_register_layer(&Name::Static(name), *config, options, location);
        self.name.report_if_shared(circuit.declared_at());
        FAMILIES.report_same_name(name, location);
        match first {
            None => self.first.get_or_init(|| circuit),
            Some(_) => self
                .later
                .get_or_init(|| Box::new(Newest::new()))
                .add(circuit),
        }
    }
}

#[cfg(feature = "test-util")]
impl crate::scope::Own for Site {
    fn unused(&self) -> Self {
        Self::at(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CircuitState, circuit::capture, registry};

    const CONFIG: CircuitBreakerConfig = CircuitBreakerConfig::new();

    /// Declares a site as the expansion does, with an operation of its own.
    macro_rules! site {
        ($site:ident = unnamed $operation:literal) => {
            static $site: Site = {
                static OPERATION: Operation = Operation::new($operation);
                Site::unnamed(&OPERATION)
            };
        };
        ($site:ident = $name:literal) => {
            static $site: Site = {
                static OPERATION: Operation = Operation::new("site::operation");
                Site::new($name, &OPERATION)
            };
        };
    }

    #[test]
    fn it_registers_once_and_is_found_by_name() {
        site!(SITE = "site::found");
        let circuit = SITE.circuit(&CONFIG);
        assert!(std::ptr::eq(circuit, SITE.circuit(&CONFIG)));
        circuit.isolate();
        let stats = registry::stats("site::found").expect("registered");
        assert_eq!(stats.opened, 1);
        let location = stats.declared_at;
        assert_eq!(
            (location.file(), location.line()),
            (file!(), SITE.name.location().line())
        );
    }

    #[test]
    fn sites_of_one_name_share_a_circuit() {
        site!(ONE = "site::shared");
        site!(TWO = "site::shared");
        let events = capture::events(|| {
            ONE.circuit(&CONFIG).isolate();
            TWO.circuit(&CONFIG);
        });
        assert_eq!(TWO.circuit(&CONFIG).stats().opened, 1);
        assert_eq!(
            events.len(),
            2,
            "the command, the isolation, and no clash: {events:?}"
        );
    }

    #[test]
    fn sites_that_share_a_circuit_because_nobody_named_it_are_reported() {
        site!(ONE = unnamed "site::module::get");
        site!(TWO = unnamed "site::module::get");
        let events = capture::events(|| {
            ONE.circuit(&CONFIG);
            TWO.circuit(&CONFIG);
            TWO.circuit(&CONFIG);
        });
        assert_eq!(events.len(), 1, "{events:?}");
        assert!(
            events[0].contains(&format!("shared_at={}", TWO.name.location())),
            "{events:?}"
        );
    }

    #[test]
    fn a_clash_is_reported_once_with_both_places() {
        site!(ONE = "site::clash");
        site!(TWO = "site::clash");
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
            event.contains(&format!("declared_at={}", ONE.name.location())),
            "{event}"
        );
        assert!(
            event.contains(&format!("clashes_at={}", TWO.name.location())),
            "{event}"
        );
        assert_eq!(TWO.circuit(&other).config(), CONFIG, "the first is kept");
    }

    #[test]
    fn a_value_that_changes_at_the_same_line_is_taken() {
        site!(SITE = "site::changes");
        let other = CONFIG.failure_threshold(9);
        let events = capture::events(|| {
            SITE.circuit_checked(&CONFIG)
                .acquire()
                .expect("closed")
                .failure();
            SITE.circuit_checked(&other);
            SITE.circuit_checked(&other);
        });
        let [event] = &events[..] else {
            panic!("one event, not {events:?}")
        };
        assert!(
            event.starts_with(
                "INFO resilience: message=circuit reconfigured circuit=\"site::changes\""
            ),
            "{event}"
        );
        let circuit = SITE.circuit(&other);
        assert_eq!(circuit.config(), other);
        assert_eq!(circuit.stats().failure_count, 1, "it keeps what it counted");
    }

    #[test]
    fn two_objects_at_one_line_reconfigured_the_circuit_in_turns() {
        site!(SITE = "site::turns");
        let [one, two] = [CONFIG.failure_threshold(1), CONFIG.failure_threshold(2)];
        let events = capture::events(|| {
            for _ in 0..3 {
                SITE.circuit_checked(&one);
                SITE.circuit_checked(&two);
            }
        });
        let [taken, turns] = &events[..] else {
            panic!("two events, not {events:?}")
        };
        assert!(taken.contains("circuit reconfigured"), "{taken}");
        assert!(
            turns.starts_with("ERROR resilience: ")
                && turns.contains(
                    "from now on; give each object a circuit of its own by `key = …` or `breaker = …`"
                ),
            "{turns}"
        );
        assert_eq!(SITE.circuit(&one).config(), two, "the present one stays");
        SITE.circuit_checked(&CONFIG);
        assert_eq!(SITE.circuit(&one).config(), two, "from then on");
    }

    #[test]
    fn what_reconfigure_set_by_hand_is_not_changed_by_the_line() {
        site!(SITE = "site::by_hand");
        let [by_hand, later] = [CONFIG.failure_threshold(7), CONFIG.failure_threshold(8)];
        let circuit = SITE.circuit_checked(&CONFIG);
        circuit.reconfigure(by_hand);
        let events = capture::events(|| {
            SITE.circuit_checked(&CONFIG);
            SITE.circuit_checked(&later);
        });
        assert_eq!(events, [""; 0]);
        assert_eq!(circuit.config(), by_hand);
    }

    #[test]
    fn after_a_removal_every_site_of_the_name_finds_the_new_circuit() {
        site!(ONE = "site::removed");
        site!(TWO = "site::removed");
        for round in 0..5 {
            let circuit = ONE.circuit(&CONFIG);
            assert_eq!(circuit.state(), CircuitState::Closed, "round {round}");
            circuit.trip();
            assert!(TWO.circuit(&CONFIG).is_same(circuit));
            assert!(std::ptr::eq(ONE.circuit(&CONFIG), circuit), "it is kept");
            let removed = registry::remove("site::removed").expect("registered");
            assert!(removed.is_same(circuit));
            assert_eq!(circuit.stats().opened, 1, "the handle works on");
        }
        assert!(registry::get("site::removed").is_none());
    }

    #[test]
    fn a_circuit_that_is_registered_again_is_found_again() {
        site!(SITE = "site::again");
        let first = SITE.circuit(&CONFIG);
        let removed = registry::remove("site::again").expect("registered");
        assert_eq!(registry::register(removed), Ok(()));
        assert!(SITE.circuit(&CONFIG).is_same(first));
        registry::remove("site::again");
        let by_hand = CircuitBreaker::new("site::again", CONFIG);
        assert_eq!(registry::register(by_hand.clone()), Ok(()));
        assert!(SITE.circuit(&CONFIG).is_same(&by_hand));
    }
}
