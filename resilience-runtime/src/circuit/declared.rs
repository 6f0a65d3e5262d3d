//! The configuration that the program gives a circuit, beside the one that the configuration file
//! makes of it.

// The primitives are the standard library's, because no decision of the circuit depends on them.
use std::sync::{
    OnceLock,
    atomic::{AtomicBool, Ordering},
};

use super::{
    active_config::ActiveConfig, config::CircuitBreakerConfig, file::DeclaredCircuit,
    usage::SharedByKeys,
};
use crate::{by_name::Modes, settings::LayerOptions};

/// The declaration of a circuit. Most circuits have no values of the file and need no memory for
/// it.
#[derive(Debug, Default)]
pub(super) struct Declared(OnceLock<Box<Parts>>);

#[derive(Debug, Default)]
struct Parts {
    options: OnceLock<LayerOptions>,
    base: OnceLock<Base>,
    /// The program called `reconfigure`, and no file has named the circuit since then.
    is_by_hand: AtomicBool,
    is_disabled: AtomicBool,
    is_unenforced: AtomicBool,
}

/// A configuration in words, so that a call compares it without a lock.
#[derive(Debug)]
struct Base {
    active: ActiveConfig,
    bounds: SharedByKeys,
}

impl Base {
    fn new(config: &CircuitBreakerConfig) -> Self {
        let bounds = SharedByKeys::default();
        bounds.store(config);
        Self {
            active: ActiveConfig::new(config),
            bounds,
        }
    }

    fn load(&self) -> CircuitBreakerConfig {
        self.bounds.apply_to(self.active.load())
    }
}

impl Declared {
    fn parts(&self) -> &Parts {
        self.0.get_or_init(Box::default)
    }

    fn base(&self) -> Option<&Base> {
        self.0.get()?.base.get()
    }

    /// Notes the options of the attribute that declared the circuit.
    pub(super) fn set_options(&self, options: LayerOptions) {
        if options != LayerOptions::default() {
            let _ = self.parts().options.set(options);
        }
    }

    /// The circuit as the program declares it. `active` is its configuration.
    pub(super) fn circuit(&self, active: CircuitBreakerConfig, is_keyed: bool) -> DeclaredCircuit {
        let options = self.0.get().and_then(|parts| parts.options.get());
        DeclaredCircuit {
            config: self.base().map_or(active, Base::load),
            options: options.copied().unwrap_or_default(),
            is_keyed,
        }
    }

    /// True if the program declares this configuration, and the active one is another.
    #[inline]
    pub(super) fn is(&self, config: &CircuitBreakerConfig) -> bool {
        self.base()
            .is_some_and(|base| base.active.is(config) && base.bounds.are(config))
    }

    /// True if the active configuration is not the declared one.
    pub(super) fn is_apart(&self) -> bool {
        self.base().is_some()
    }

    /// Keeps the declared configuration apart from now on, unless it is apart already.
    fn keep(&self, config: &CircuitBreakerConfig) {
        self.parts().base.get_or_init(|| Base::new(config));
    }

    /// Keeps the declared configuration apart from the one that the program sets by hand.
    pub(super) fn before_reconfigure(&self, config: &CircuitBreakerConfig) {
        self.keep(config);
        self.set_by_hand(true);
    }

    /// Keeps the declared configuration apart from the one of the file. False if that does not
    /// hold, because the program set another one by hand and the file does not name the circuit.
    pub(super) fn before_file(&self, config: &CircuitBreakerConfig, is_named: bool) -> bool {
        if self.is_by_hand() {
            if !is_named {
                return false;
            }
            self.set_by_hand(false);
        }
        self.keep(config);
        true
    }

    /// Takes another declared configuration.
    pub(super) fn store(&self, config: &CircuitBreakerConfig) {
        let base = self.parts().base.get_or_init(|| Base::new(config));
        base.active.store(config);
        base.bounds.store(config);
    }

    pub(super) fn is_by_hand(&self) -> bool {
        let parts = self.0.get();
        parts.is_some_and(|parts| parts.is_by_hand.load(Ordering::Relaxed))
    }

    fn set_by_hand(&self, is_by_hand: bool) {
        self.parts().is_by_hand.store(is_by_hand, Ordering::Relaxed);
    }

    /// The switches now.
    pub(super) fn modes(&self) -> Modes {
        let is_set = |flag: &AtomicBool| flag.load(Ordering::Relaxed);
        let parts = self.0.get();
        Modes {
            is_enabled: !self.is_disabled(),
            is_enforced: !parts.is_some_and(|parts| is_set(&parts.is_unenforced)),
        }
    }

    #[inline]
    pub(super) fn is_disabled(&self) -> bool {
        let parts = self.0.get();
        parts.is_some_and(|parts| parts.is_disabled.load(Ordering::Relaxed))
    }

    /// Sets the switches, and returns true if they were others.
    pub(super) fn set_modes(&self, modes: Modes) -> bool {
        if self.modes() == modes {
            return false;
        }
        let parts = self.parts();
        parts
            .is_disabled
            .store(!modes.is_enabled, Ordering::Relaxed);
        parts
            .is_unenforced
            .store(!modes.is_enforced, Ordering::Relaxed);
        true
    }
}
