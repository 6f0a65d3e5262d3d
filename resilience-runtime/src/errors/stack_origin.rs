//! The origin of an error as the layers of its own stack know it, because the user's error type may
//! lose the mark of a refusal.

use super::refusal::Origin;
use crate::deadline::was_reached;

/// The knowledge of the layers inside about the origin of an error. It is asked for only if there
/// is an error.
pub trait StackOrigin {
    /// Returns the origin of the error. For [`Origin::Body`] the error itself is asked.
    fn of_error(self) -> Origin;
}

/// No layer inside knows more than the error itself.
impl StackOrigin for () {
    #[inline]
    fn of_error(self) -> Origin {
        Origin::Body
    }
}

/// A layer inside has noted the origin.
impl StackOrigin for Origin {
    #[inline]
    fn of_error(self) -> Origin {
        self
    }
}

/// A timeout is inside, and a deadline of the caller may have ended it. Other layers may have noted
/// the origin.
#[derive(Clone, Copy, Debug)]
pub struct AboveTimeout<O>(pub O);

impl<O: StackOrigin> StackOrigin for AboveTimeout<O> {
    #[inline]
    fn of_error(self) -> Origin {
        if was_reached() {
            Origin::Inherited
        } else {
            self.0.of_error()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deadline::Frame;

    #[test]
    fn above_a_timeout_a_deadline_that_was_reached_is_the_origin() {
        assert_eq!(AboveTimeout(()).of_error(), Origin::Body);
        assert_eq!(AboveTimeout(Origin::Refused).of_error(), Origin::Refused);
        let reached = Frame::current().asked_to_end_at(0).enter();
        Frame::note_reached(true);
        assert_eq!(AboveTimeout(()).of_error(), Origin::Inherited);
        assert_eq!(
            AboveTimeout(Origin::NotStarted).of_error(),
            Origin::Inherited
        );
        assert_eq!(Origin::NotStarted.of_error(), Origin::NotStarted);
        drop(reached);
    }
}
