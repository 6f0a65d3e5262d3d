//! Values that stay for the rest of the process, each with a number. Readers take no lock.

// The primitives are the standard library's, because loom's cannot be statics.
use std::sync::{Mutex, OnceLock, PoisonError};

/// The first part has one value, and each part has twice as many as the one before.
const PARTS: usize = 24;

/// Values by number, from 0. A value never moves and is never dropped.
#[derive(Debug)]
pub(crate) struct Versions<T> {
    parts: [OnceLock<Box<[OnceLock<T>]>>; PARTS],
    length: Mutex<u32>,
}

impl<T> Default for Versions<T> {
    fn default() -> Self {
        Self {
            parts: [const { OnceLock::new() }; PARTS],
            length: Mutex::new(0),
        }
    }
}

impl<T: PartialEq> Versions<T> {
    /// The value with that number.
    pub(crate) fn get(&self, number: u32) -> Option<&T> {
        let (part, at) = place(number);
        self.parts.get(part)?.get()?.get(at)?.get()
    }

    /// The number of an equal value. The value is added if there is none. Beyond 16 million values
    /// the last one stays.
    pub(crate) fn find_or_add(&self, value: T) -> u32 {
        let mut length = self.length.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = (0..*length).find(|number| self.get(*number) == Some(&value)) {
            return known;
        }
        let number = *length;
        let (part, at) = place(number);
        let Some(slot) = self.parts.get(part) else {
            return number.saturating_sub(1);
        };
        let part = slot.get_or_init(|| (0..1_usize << part).map(|_| OnceLock::new()).collect());
        if let Some(slot) = part.get(at) {
            // Only the holder of the lock writes, so the slot is empty.
            let _ = slot.set(value);
        }
        *length += 1;
        number
    }
}

/// The part of a number, and its position in there.
fn place(number: u32) -> (usize, usize) {
    let part = (number + 1).ilog2();
    let at = number + 1 - (1 << part);
    (part as usize, at as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_its_number_and_an_equal_one_the_same() {
        let versions = Versions::default();
        for number in 0..100 {
            assert_eq!(versions.find_or_add(number * 7), number);
        }
        for number in 0..100 {
            assert_eq!(versions.find_or_add(number * 7), number);
            assert_eq!(versions.get(number), Some(&(number * 7)));
        }
        assert_eq!(versions.get(100), None);
    }

    #[test]
    fn threads_that_add_at_the_same_time_agree() {
        let versions = Versions::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for value in 0..50_u32 {
                        let number = versions.find_or_add(value);
                        assert_eq!(versions.get(number), Some(&value));
                    }
                });
            }
        });
        assert_eq!(versions.get(49).is_some(), versions.get(50).is_none());
    }
}
