//! The configuration of one layer as a call reads it: one pointer whose type is known by a tag.
//!
//! A function has layers of several types, and this module knows none of them. A slot keeps the tag
//! of the type beside the pointer, so that a call compares one byte where a `dyn Any` would call a
//! function through a table.

use std::ptr::NonNull;

/// The types that a slot may point to. Each belongs to one type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Tag {
    /// The slot points to nothing.
    Empty,
    /// The configuration of a retry.
    Retry,
    /// The configuration of a timeout.
    Timeout,
    /// The configuration of a bulkhead.
    Bulkhead,
    /// The configuration of a rate limit.
    RateLimit,
    /// The configuration of a hedge.
    Hedge,
}

/// Beside the tag: a call has something to do with the configuration before its first attempt.
const BUSY: u8 = 1 << 7;

/// A configuration that a slot may point to.
///
/// # Safety
///
/// No other type has the same [`TAG`](Self::TAG), and it is not [`Tag::Empty`].
#[expect(
    unsafe_code,
    reason = "a slot believes the tag, so that a success compares one byte"
)]
pub unsafe trait InSlot: Sync + 'static {
    /// The tag of the type.
    const TAG: Tag;

    /// True if a call has something to do with the configuration before its first attempt.
    fn is_busy(&self) -> bool {
        false
    }
}

/// The configuration of one layer that holds.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    tag: u8,
    /// Points to a `&'static` value of the type that has the tag, or nowhere if there is no tag.
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
        tag: Tag::Empty as u8,
        config: NonNull::dangling(),
    };

    pub(crate) fn of<C: InSlot>(config: &'static C) -> Self {
        let busy = if config.is_busy() { BUSY } else { 0 };
        Self {
            tag: C::TAG as u8 | busy,
            config: NonNull::from(config).cast(),
        }
    }

    /// The configuration, or `other` if the slot has none of that type.
    // There is no `Option` between, because the caller would compare the reference with null.
    #[inline]
    pub(super) fn get_or<C: InSlot>(&self, other: &'static C) -> &'static C {
        if self.tag & !BUSY == C::TAG as u8 {
            self.read()
        } else {
            other
        }
    }

    /// True if the slot has a configuration of that type, and a call has nothing to do with it before
    /// its first attempt.
    #[inline]
    pub(super) fn is_idle<C: InSlot>(&self) -> bool {
        self.tag == C::TAG as u8
    }

    /// Reads the configuration. The caller has compared the tag.
    #[inline]
    #[expect(
        unsafe_code,
        reason = "the type behind the pointer is known by the tag alone"
    )]
    fn read<C: InSlot>(&self) -> &'static C {
        debug_assert_eq!(self.tag & !BUSY, C::TAG as u8);
        // SAFETY: `of` alone makes a slot that is not empty, of a `&'static` value of the type with
        // this tag. No other type has it, as the trait demands.
        unsafe { self.config.cast().as_ref() }
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

    // SAFETY: The test has no other type with this tag.
    #[expect(unsafe_code, reason = "the test has types of its own")]
    unsafe impl InSlot for Quiet {
        const TAG: Tag = Tag::Timeout;
    }

    // SAFETY: The test has no other type with this tag.
    #[expect(unsafe_code, reason = "the test has types of its own")]
    unsafe impl InSlot for Waits {
        const TAG: Tag = Tag::Retry;

        fn is_busy(&self) -> bool {
            self.0 > 0
        }
    }

    #[test]
    fn a_slot_gives_out_the_type_that_it_was_made_of() {
        let slot = Slot::of(&QUIET);
        assert_eq!(slot.get_or(&Quiet(0)), &Quiet(7));
        assert_eq!(slot.get_or(&Waits(3)), &Waits(3));
        assert!(slot.is_idle::<Quiet>() && !slot.is_idle::<Waits>());
        assert_eq!(Slot::EMPTY.get_or(&Quiet(0)), &Quiet(0));
        assert!(!Slot::EMPTY.is_idle::<Quiet>());
    }

    #[test]
    fn a_busy_configuration_is_found_by_those_who_begin_the_call() {
        for (config, is_busy) in [(&Waits(0), false), (&Waits(1), true)] {
            let slot = Slot::of(config);
            assert_eq!(slot.get_or(&Waits(3)), config);
            assert_eq!(slot.is_idle::<Waits>(), !is_busy);
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
