//! A list that lends its newest element without a lock.

use std::sync::{
    Mutex, OnceLock, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

/// A list that grows only, and lends its newest element.
///
/// The elements stay where they are, so a reader may keep the reference while others are added.
/// Segment n has room for 2ⁿ elements.
#[derive(Debug)]
pub(super) struct Newest<T> {
    segments: [OnceLock<Box<[OnceLock<T>]>>; usize::BITS as usize - 1],
    /// The number of elements. It is stored after the element.
    length: AtomicUsize,
    adding: Mutex<()>,
}

impl<T> Newest<T> {
    pub(super) fn new() -> Self {
        Self {
            segments: [const { OnceLock::new() }; usize::BITS as usize - 1],
            length: AtomicUsize::new(0),
            adding: Mutex::new(()),
        }
    }

    pub(super) fn get(&self) -> Option<&T> {
        let (segment, index) = position(self.length.load(Ordering::Acquire).checked_sub(1)?);
        self.segments.get(segment)?.get()?.get(index)?.get()
    }

    /// Adds an element and returns it.
    pub(super) fn add(&self, element: T) -> &T {
        let _adding = self.adding.lock().unwrap_or_else(PoisonError::into_inner);
        let length = self.length.load(Ordering::Relaxed);
        let (segment, index) = position(length);
        let room = || (0..1_usize << segment).map(|_| OnceLock::new()).collect();
        let added = self.segments[segment].get_or_init(room)[index].get_or_init(|| element);
        self.length.store(length + 1, Ordering::Release);
        added
    }
}

/// The segment of an element and its index there: 0 is in segment 0, 1 and 2 are in segment 1.
fn position(index: usize) -> (usize, usize) {
    let segment = (index + 1).ilog2();
    (segment as usize, index + 1 - (1 << segment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_element_has_a_place_of_its_own() {
        let list = Newest::new();
        assert_eq!(list.get(), None);
        let added: Vec<_> = (0..100).map(|element| list.add(element)).collect();
        assert_eq!(
            added,
            (0..100).collect::<Vec<_>>().iter().collect::<Vec<_>>()
        );
        assert_eq!(list.get(), Some(&99));
        assert_eq!(
            [0, 1, 2, 3, 6].map(position),
            [(0, 0), (1, 0), (1, 1), (2, 0), (2, 3)]
        );
    }

    #[test]
    fn threads_that_add_at_once_lose_no_element() {
        let list = Newest::new();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let list = &list;
                scope.spawn(move || {
                    for element in 0..100 {
                        assert_eq!(*list.add((thread, element)), (thread, element));
                        assert!(list.get().is_some());
                    }
                });
            }
        });
        assert_eq!(list.length.into_inner(), 400);
    }
}
