//! The circuit that a call found by its key.

use std::{sync::Arc, time::Duration};

use super::circuits::Entry;
use crate::{
    circuit::{
        breaker::CircuitBreaker, call_permit::CallPermit, error::CircuitOpen, name::Name,
        permit::OwnedPermit, probe_future::ProbeFuture,
    },
    errors::Origin,
    operation::Operation,
};

/// The circuit of a call. The circuit is not forgotten while the call holds this.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct KeyedCircuit(Found);

#[derive(Clone, Debug)]
enum Found {
    Own(Arc<Entry>),
    /// It is in a box, so that the common case is returned in registers.
    Overflow(Box<Overflow>),
}

#[derive(Clone, Debug)]
struct Overflow {
    circuit: CircuitBreaker,
    /// The name of the overflow circuit, and the key of the caller.
    name: Name,
}

impl KeyedCircuit {
    pub(super) fn own(entry: Arc<Entry>) -> Self {
        Self(Found::Own(entry))
    }

    pub(super) fn shared(circuit: CircuitBreaker, name: Name) -> Self {
        Self(Found::Overflow(Box::new(Overflow { circuit, name })))
    }

    /// The circuit, which may be one that several keys share.
    pub fn circuit(&self) -> &CircuitBreaker {
        match &self.0 {
            Found::Own(entry) => &entry.value,
            Found::Overflow(overflow) => &overflow.circuit,
        }
    }

    /// The refusal with the key of the caller.
    pub fn named(&self, open: CircuitOpen) -> CircuitOpen {
        match &self.0 {
            Found::Own(_) => open,
            Found::Overflow(overflow) => open.of(overflow.name.clone()),
        }
    }

    /// See [`CircuitBreaker::admit_call`].
    ///
    /// # Errors
    /// If the circuit refuses the call; the refusal has the key.
    pub fn admit_call(&self, operation: &'static Operation) -> Result<CallPermit<'_>, CircuitOpen> {
        let permit = self.circuit().admit_call(operation);
        permit.map_err(|open| self.named(open))
    }

    /// See [`CircuitBreaker::admit_noting`].
    ///
    /// # Errors
    /// If the circuit refuses the call; the refusal has the key.
    pub fn admit_noting(
        &self,
        operation: &'static Operation,
        origin: &mut Origin,
    ) -> Result<CallPermit<'_>, CircuitOpen> {
        let permit = self.circuit().admit_noting(operation, origin);
        permit.map_err(|open| self.named(open))
    }

    /// See [`CircuitBreaker::admit_task`].
    ///
    /// # Errors
    /// If the circuit refuses the call; the refusal has the key.
    pub fn admit_task(&self, operation: &'static Operation) -> Result<CallPermit<'_>, CircuitOpen> {
        let permit = self.circuit().admit_task(operation);
        permit.map_err(|open| self.named(open))
    }

    /// See [`CircuitBreaker::admit_task_noting`].
    ///
    /// # Errors
    /// If the circuit refuses the call; the refusal has the key.
    pub fn admit_task_noting(
        &self,
        operation: &'static Operation,
        origin: &mut Origin,
    ) -> Result<CallPermit<'_>, CircuitOpen> {
        let permit = self.circuit().admit_task_noting(operation, origin);
        permit.map_err(|open| self.named(open))
    }

    /// See [`CircuitBreaker::probe`]. The refusal keeps its key.
    #[cold]
    pub fn probe(
        &self,
        operation: &'static Operation,
        open: CircuitOpen,
    ) -> ProbeFuture<'_, 'static> {
        self.circuit().probe(operation, open)
    }

    /// See [`CircuitBreaker::probe_noting`]. The refusal keeps its key.
    #[cold]
    pub fn probe_noting<'c, 'o>(
        &'c self,
        operation: &'static Operation,
        open: CircuitOpen,
        origin: &'o mut Origin,
    ) -> ProbeFuture<'c, 'o> {
        self.circuit().probe_noting(operation, open, origin)
    }

    pub(super) fn acquire_owned(&self) -> Result<OwnedPermit, CircuitOpen> {
        let permit = self.circuit().acquire_owned();
        permit.map_err(|open| self.named(open))
    }

    pub(super) async fn acquire_owned_async(&self) -> Result<OwnedPermit, CircuitOpen> {
        let permit = self.circuit().acquire_owned_async().await;
        permit.map_err(|open| self.named(open))
    }

    /// See [`CircuitBreaker::refuses_for`].
    pub fn refuses_for(&self) -> Option<Duration> {
        self.circuit().refuses_for()
    }

    /// See [`CircuitBreaker::takes_more_load`].
    pub fn takes_more_load(&self) -> bool {
        self.circuit().takes_more_load()
    }

    /// See [`CircuitBreaker::refuses_for_unless`].
    pub fn refuses_for_unless(
        &self,
        is_asked_for: impl FnOnce(CircuitOpen) -> bool,
    ) -> Option<Duration> {
        self.circuit()
            .refuses_for_unless(|open| is_asked_for(self.named(open)))
    }
}
