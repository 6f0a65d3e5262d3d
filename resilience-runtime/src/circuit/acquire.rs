//! The permits of async code, and of code that may not wait.

use super::{
    admission::Admission,
    breaker::CircuitBreaker,
    error::CircuitOpen,
    permit::{OwnedPermit, Permit},
    probe_future::ProbeFuture,
};
use crate::sync::Arc;

/// # Permits without blocking
impl CircuitBreaker {
    /// Does the same as [`acquire`](Self::acquire) for async code.
    ///
    /// The circuit decides at the first poll. Only a call that would be a probe of a circuit that a
    /// [fleet](crate::fleet) coordinates waits, for at most 50 ms. A future that is dropped while
    /// it waits gives its probe slot back.
    ///
    /// # Errors
    /// If the circuit is open, or half-open with all its probe slots taken.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), resilience::CircuitOpen> {
    /// use resilience::{CircuitBreaker, CircuitBreakerConfig};
    ///
    /// let breaker = CircuitBreaker::new("queue", CircuitBreakerConfig::new());
    /// breaker.acquire_async().await?.success();
    /// # Ok(())
    /// # }
    /// ```
    pub async fn acquire_async(&self) -> Result<Permit<'_>, CircuitOpen> {
        let admission = self.admit_async().await?;
        Ok(Permit::new(self.shared(), admission))
    }

    /// Does the same as [`acquire_async`](Self::acquire_async), and returns a permit that may move
    /// into a task or a struct.
    ///
    /// # Errors
    /// If the circuit is open, or half-open with all its probe slots taken.
    pub async fn acquire_owned_async(&self) -> Result<OwnedPermit, CircuitOpen> {
        let admission = self.admit_async().await?;
        Ok(OwnedPermit::new(Arc::clone(self.shared()), admission))
    }

    /// Does the same as [`acquire`](Self::acquire), and never waits: a call that would have to ask
    /// a [fleet](crate::fleet) is refused.
    ///
    /// A circuit that a fleet coordinates needs other calls than these to probe, because these do
    /// not ask.
    ///
    /// # Errors
    /// If the circuit is open, or half-open with all its probe slots taken, or if the call has to
    /// ask.
    ///
    /// ```
    /// use resilience::{CircuitBreaker, CircuitBreakerConfig};
    ///
    /// let breaker = CircuitBreaker::new("queue", CircuitBreakerConfig::new());
    /// breaker.try_acquire()?.success();
    /// # Ok::<(), resilience::CircuitOpen>(())
    /// ```
    pub fn try_acquire(&self) -> Result<Permit<'_>, CircuitOpen> {
        let admission = self.shared().admit_at_once()?;
        Ok(Permit::new(self.shared(), admission))
    }

    /// Does the same as [`try_acquire`](Self::try_acquire), and returns a permit that may move into
    /// a task or a struct.
    ///
    /// # Errors
    /// If the circuit is open, or half-open with all its probe slots taken, or if the call has to
    /// ask.
    pub fn try_acquire_owned(&self) -> Result<OwnedPermit, CircuitOpen> {
        let admission = self.shared().admit_at_once()?;
        Ok(OwnedPermit::new(Arc::clone(self.shared()), admission))
    }

    /// Admits a call, and asks the other processes without blocking if it has to.
    async fn admit_async(&self) -> Result<Admission, CircuitOpen> {
        match self.shared().admit_task(None) {
            Err(open) if open.asks() => {
                let probe = ProbeFuture::new(self.shared(), None, open, None);
                Ok(probe.await?.into_admission())
            }
            decision => decision,
        }
    }
}
