//! The attempts of a call behind its first one.

use std::pin::Pin;

/// The attempts behind the first one, in the order of their start.
///
/// Without any it is one null pointer, so that a call that succeeds at once writes and drops next
/// to nothing.
#[derive(Debug)]
#[expect(
    clippy::box_collection,
    reason = "an empty vector is three words instead of one"
)]
pub(super) struct Hedges<F>(Option<Box<Vec<Pin<Box<F>>>>>);

impl<F> Hedges<F> {
    #[inline]
    pub(super) fn none() -> Self {
        Self(None)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|attempts| attempts.is_empty())
    }

    /// Adds an attempt behind the others.
    #[cold]
    pub(super) fn push(&mut self, attempt: F) {
        self.0.get_or_insert_default().push(Box::pin(attempt));
    }

    /// Returns the attempt with that index.
    pub(super) fn get(&mut self, at: usize) -> Option<Pin<&mut F>> {
        Some(self.0.as_mut()?.get_mut(at)?.as_mut())
    }

    /// Drops the attempt with that index, if there is one.
    pub(super) fn remove(&mut self, at: usize) {
        if let Some(attempts) = self.0.as_mut().filter(|attempts| at < attempts.len()) {
            drop(attempts.remove(at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(hedges: &mut Hedges<u32>) -> Vec<u32> {
        (0..)
            .map_while(|at| hedges.get(at).map(|attempt| *attempt))
            .collect()
    }

    #[test]
    fn attempts_keep_the_order_of_their_start() {
        let mut hedges = Hedges::none();
        assert!(hedges.is_empty());
        hedges.remove(0);
        (2..=4).for_each(|attempt| hedges.push(attempt));
        hedges.remove(1);
        assert_eq!(left(&mut hedges), [2, 4]);
        hedges.remove(2);
        assert_eq!(left(&mut hedges), [2, 4]);
        hedges.remove(0);
        hedges.remove(0);
        assert!(hedges.is_empty());
    }
}
