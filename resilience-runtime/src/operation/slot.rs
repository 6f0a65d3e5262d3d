//! The configuration of one layer as a call reads it: one pointer beside the key of its type.
//!
//! A function has layers of several types, and this module knows none of them. A slot keeps the key
//! of the type beside the pointer, so that a call compares one word where a `dyn Any` would call a
//! function through a table to ask for its type.

use std::{marker::PhantomData, ptr, ptr::NonNull, sync::atomic::AtomicU8};

/// Stands for the type `C` by its address: no other key has it.
///
/// The byte makes it take up memory. It is an atomic one, because a constant without such a byte
/// may share its memory with equal ones.
#[derive(Debug)]
pub struct TypeKey<C> {
    _byte: AtomicU8,
    /// The function takes and returns the type, so that the key of a type is no key of its subtypes
    /// and supertypes.
    _type: PhantomData<fn(C) -> C>,
}

impl<C> TypeKey<C> {
    pub(crate) const fn new() -> Self {
        Self {
            _byte: AtomicU8::new(0),
            _type: PhantomData,
        }
    }

    fn address(&'static self) -> *const () {
        ptr::from_ref(self).cast()
    }
}

/// A configuration that a slot may point to.
pub trait InSlot: Sync + 'static {
    /// The key of the type.
    fn key() -> &'static TypeKey<Self>
    where
        Self: Sized;
}

/// The configuration of one layer that holds.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    /// The address of the key of the type, or null for a slot that points to nothing.
    key: *const (),
    /// The same, or null if a call has something to do with the configuration before its first
    /// attempt.
    idle_key: *const (),
    /// Points to a `&'static` value of the type.
    config: NonNull<()>,
}

// SAFETY: A slot gives out nothing but shared references, and its type is `Sync`.
#[expect(unsafe_code, reason = "a slot is a shared reference without its type")]
unsafe impl Send for Slot {}
// SAFETY: As above.
#[expect(unsafe_code, reason = "a slot is a shared reference without its type")]
unsafe impl Sync for Slot {}

impl Slot {
    /// A layer whose configuration no call reads, or which each call computes.
    pub(crate) const EMPTY: Self = Self {
        key: ptr::null(),
        idle_key: ptr::null(),
        config: NonNull::dangling(),
    };

    pub(crate) fn of<C: InSlot>(config: &'static C) -> Self {
        Self {
            key: C::key().address(),
            idle_key: C::key().address(),
            config: NonNull::from(config).cast(),
        }
    }

    /// Notes if a call has something to do with the configuration before its first attempt.
    pub(crate) fn busy_if(mut self, is_busy: bool) -> Self {
        if is_busy {
            self.idle_key = ptr::null();
        }
        self
    }

    /// The configuration, or `other` if the slot has none of that type.
    // There is no `Option` between, because the caller would compare the reference with null.
    #[inline]
    #[expect(
        unsafe_code,
        reason = "the type behind the pointer is known by its key alone"
    )]
    pub(super) fn get_or<C: InSlot>(&self, other: &'static C) -> &'static C {
        if ptr::eq(self.key, C::key().address()) {
            // SAFETY: `of` alone makes a slot with a key, of a `&'static` value of the type of the
            // key. A `TypeKey<C>` at this address is there for ever, and it is no key of another
            // type.
            unsafe { self.config.cast().as_ref() }
        } else {
            other
        }
    }

    /// True if the slot has a configuration of that type, and a call has nothing to do with it
    /// before its first attempt.
    #[inline]
    pub(super) fn is_idle<C: InSlot>(&self) -> bool {
        ptr::eq(self.idle_key, C::key().address())
    }

    /// The configuration if the slot [is idle](Self::is_idle), or `other`.
    // A caller that has asked compares the key only once, which `get_or` would do again.
    #[inline]
    #[expect(
        unsafe_code,
        reason = "the type behind the pointer is known by its key alone"
    )]
    pub(super) fn idle_or<C: InSlot>(&self, other: &'static C) -> &'static C {
        if self.is_idle::<C>() {
            // SAFETY: `of` and `busy_if` alone set this key, to the other one or to null. So the
            // slot was made of a `&'static C`, as in `get_or`.
            unsafe { self.config.cast().as_ref() }
        } else {
            other
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Quiet(u32);

    static QUIET: Quiet = Quiet(7);

    #[derive(Debug, PartialEq)]
    struct Waits(u64);

    impl InSlot for Quiet {
        fn key() -> &'static TypeKey<Self> {
            static KEY: TypeKey<Quiet> = TypeKey::new();
            &KEY
        }
    }

    impl InSlot for Waits {
        fn key() -> &'static TypeKey<Self> {
            static KEY: TypeKey<Waits> = TypeKey::new();
            &KEY
        }
    }

    #[test]
    fn a_slot_gives_out_the_type_that_it_was_made_of() {
        let slot = Slot::of(&QUIET);
        assert_eq!(slot.get_or(&Quiet(0)), &Quiet(7));
        assert_eq!(slot.get_or(&Waits(3)), &Waits(3));
        assert!(slot.is_idle::<Quiet>() && !slot.is_idle::<Waits>());
        assert_eq!(slot.idle_or(&Quiet(0)), &Quiet(7));
        assert_eq!(Slot::EMPTY.get_or(&Quiet(0)), &Quiet(0));
        assert!(!Slot::EMPTY.is_idle::<Quiet>());
        assert_eq!(Slot::EMPTY.idle_or(&Quiet(0)), &Quiet(0));
    }

    #[test]
    fn a_busy_configuration_is_found_by_those_who_begin_the_call() {
        for is_busy in [false, true] {
            let slot = Slot::of(&Waits(1)).busy_if(is_busy);
            assert_eq!(slot.get_or(&Waits(3)), &Waits(1));
            assert_eq!(slot.is_idle::<Waits>(), !is_busy);
            let other = if is_busy { 3 } else { 1 };
            assert_eq!(slot.idle_or(&Waits(3)), &Waits(other));
            assert_eq!(slot.get_or(&QUIET), &QUIET);
        }
    }

    #[test]
    fn another_thread_reads_what_a_slot_points_to() {
        let slot = Slot::of(Box::leak(Box::new(Waits(9))));
        let read = std::thread::spawn(move || slot.get_or(&Waits(3)).0);
        assert_eq!(read.join().expect("no panic"), 9);
    }
}
