//! The limiter that a call found by its key.

use std::{fmt, sync::Arc};

use super::{limiter::Limiter, value::Keyed};
use crate::{by_name::Name, keyed::Entry};

/// The limiter of a call with a key. The key is not forgotten while the call holds this.
#[doc(hidden)]
#[expect(
    private_bounds,
    reason = "the expansion names the type, and only our policies implement the trait"
)]
pub struct KeyedLimiter<L: Limiter>(Found<L>);

enum Found<L: Limiter> {
    Own(Arc<Entry<Keyed<L>>>),
    /// It is in a box, so that the common case is returned in registers.
    Overflow(Box<Overflow<L>>),
}

struct Overflow<L> {
    limiter: L,
    /// The name of the overflow limiter, and the key of the caller.
    name: Name,
}

#[expect(
    private_bounds,
    reason = "the expansion names the type, and only our policies implement the trait"
)]
impl<L: Limiter> KeyedLimiter<L> {
    pub(super) fn own(entry: Arc<Entry<Keyed<L>>>) -> Self {
        Self(Found::Own(entry))
    }

    pub(super) fn shared(limiter: L, name: Name) -> Self {
        Self(Found::Overflow(Box::new(Overflow { limiter, name })))
    }

    /// The limiter, which may be one that several keys share.
    #[inline]
    pub fn limiter(&self) -> &L {
        match &self.0 {
            Found::Own(entry) => &entry.value.0,
            Found::Overflow(overflow) => &overflow.limiter,
        }
    }

    /// The refusal with the key of the caller.
    pub fn named(&self, refusal: L::Refusal) -> L::Refusal {
        match &self.0 {
            Found::Own(_) => refusal,
            // Several keys share the limiter, and its own refusal has none of their names.
            Found::Overflow(overflow) => L::refusal_of(refusal, overflow.name.clone()),
        }
    }
}

// A derive would ask for `Clone` of the parts, and the parts are references.
impl<L: Limiter> Clone for KeyedLimiter<L> {
    fn clone(&self) -> Self {
        match &self.0 {
            Found::Own(entry) => Self::own(Arc::clone(entry)),
            Found::Overflow(overflow) => {
                Self::shared(overflow.limiter.clone(), overflow.name.clone())
            }
        }
    }
}

impl<L: Limiter> fmt::Debug for KeyedLimiter<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeyedLimiter").field(self.limiter()).finish()
    }
}
