//! The places in which a retry keeps an error between two attempts, because the call ends with it
//! if a layer refuses a later attempt. The lookup of the error's traits chooses the place.
//!
//! A call whose attempts are one future each keeps its notes in the same place, because the user's
//! future would be larger with another one.

use std::sync::{Mutex, PoisonError};

/// A place for one error.
pub trait Slot<E> {
    /// The place in a sync function.
    type Blocking: Slot<E> + Default;

    /// Puts an error into the place. An error that is there is dropped.
    fn put(&mut self, error: E);

    /// Takes the error out.
    fn take(&mut self) -> Option<E>;
}

/// A place with room for the notes `N` of a call.
pub trait NotesSlot<N> {
    /// Returns the notes, if there are any.
    fn notes(&self) -> Option<&N>;

    /// Returns the notes. The first ones are the default.
    fn notes_mut(&mut self) -> &mut N;
}

/// A place of an async function, whose type can have room for notes.
pub trait AsyncSlot<E>: Slot<E> {
    /// The place with room for the notes `N`.
    type With<N: Default>: Slot<E> + NotesSlot<N> + Default;
}

/// The error lies in place. This is for sync functions, because their memory is the stack.
impl<E> Slot<E> for Option<E> {
    type Blocking = Self;

    fn put(&mut self, error: E) {
        *self = Some(error);
    }

    fn take(&mut self) -> Option<E> {
        Option::take(self)
    }
}

/// The error lies in a box, so that the future of an async function stays small. The mutex keeps
/// the future `Sync` and `UnwindSafe` with every error that is `Send`.
#[derive(Debug)]
pub struct Boxed<E, N = ()>(Option<Box<Between<E, N>>>);

/// The things that a call keeps between two attempts.
#[derive(Debug)]
struct Between<E, N> {
    error: Option<Mutex<E>>,
    notes: N,
}

impl<E, N: Default> Boxed<E, N> {
    fn between(&mut self) -> &mut Between<E, N> {
        self.0.get_or_insert_with(|| {
            Box::new(Between {
                error: None,
                notes: N::default(),
            })
        })
    }
}

impl<E, N> Default for Boxed<E, N> {
    #[inline]
    fn default() -> Self {
        Self(None)
    }
}

impl<E, N> Drop for Boxed<E, N> {
    #[inline]
    fn drop(&mut self) {
        if let Some(kept) = self.0.take() {
            discard(kept);
        }
    }
}

/// It is out of line, because each function under an async retry drops its place in several ways,
/// and nearly always without an error.
#[cold]
#[inline(never)]
fn discard<E, N>(kept: Box<Between<E, N>>) {
    drop(kept);
}

impl<E, N: Default> Slot<E> for Boxed<E, N> {
    type Blocking = Option<E>;

    fn put(&mut self, error: E) {
        self.between().error = Some(Mutex::new(error));
    }

    fn take(&mut self) -> Option<E> {
        let error = self.0.as_mut()?.error.take()?;
        Some(error.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<E, N: Default> NotesSlot<N> for Boxed<E, N> {
    #[inline]
    fn notes(&self) -> Option<&N> {
        self.0.as_ref().map(|between| &between.notes)
    }

    fn notes_mut(&mut self) -> &mut N {
        &mut self.between().notes
    }
}

impl<E> AsyncSlot<E> for Boxed<E> {
    type With<N: Default> = Boxed<E, N>;
}

/// The error is dropped. This is for the future of an async function with an error that is not
/// `Send`, because the future would not be `Send` either.
#[derive(Debug, Default)]
pub struct NotSent<N = ()>(Option<Box<N>>);

impl<E, N> Slot<E> for NotSent<N> {
    type Blocking = Option<E>;

    fn put(&mut self, error: E) {
        drop(error);
    }

    fn take(&mut self) -> Option<E> {
        None
    }
}

impl<N: Default> NotesSlot<N> for NotSent<N> {
    #[inline]
    fn notes(&self) -> Option<&N> {
        self.0.as_deref()
    }

    fn notes_mut(&mut self) -> &mut N {
        self.0.get_or_insert_with(Box::default)
    }
}

impl<E> AsyncSlot<E> for NotSent {
    type With<N: Default> = NotSent<N>;
}

/// The error is dropped, because no layer can refuse a later attempt: no error of the type holds a
/// refusal, and the stack has no circuit below the retry. So a success has no place to drop.
#[derive(Debug, Default)]
pub struct Nowhere;

impl<E> Slot<E> for Nowhere {
    type Blocking = Self;

    fn put(&mut self, error: E) {
        drop(error);
    }

    fn take(&mut self) -> Option<E> {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{RefUnwindSafe, UnwindSafe};

    use super::*;

    #[test]
    fn a_sync_function_keeps_an_error_in_place() {
        fn size<S: Slot<u32>>() -> usize {
            size_of::<S::Blocking>()
        }
        assert_eq!(size::<Boxed<u32>>(), size_of::<Option<u32>>());
        assert_eq!(size::<NotSent>(), size_of::<Option<u32>>());
        assert_eq!(size::<Nowhere>(), 0);
    }

    #[test]
    fn a_slot_has_room_for_the_newest() {
        fn newest<S: Slot<u32> + Default>() -> [Option<u32>; 3] {
            let mut slot = S::default();
            let before = slot.take();
            slot.put(1);
            slot.put(2);
            [before, slot.take(), slot.take()]
        }
        assert_eq!(newest::<Option<u32>>(), [None, Some(2), None]);
        assert_eq!(newest::<Boxed<u32>>(), [None, Some(2), None]);
        assert_eq!(newest::<NotSent>(), [None, None, None]);
        assert_eq!(newest::<Nowhere>(), [None, None, None]);
    }

    #[test]
    fn a_box_is_small_and_takes_no_auto_trait_away() {
        fn carried<T: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe>() {}
        carried::<Boxed<std::cell::Cell<u8>>>();
        carried::<Boxed<std::io::Error>>();
        assert_eq!(size_of::<Boxed<[u8; 100]>>(), size_of::<usize>());
    }
}
