//! The filters of `#[fallback]`.

/// The error of a call, and whether the fallback answers it.
#[derive(Debug)]
pub struct FailedCall<'e, E> {
    error: &'e E,
    is_answered: bool,
}

impl<'e, E> FailedCall<'e, E> {
    /// The fallback answers every error, unless a filter says no.
    pub fn of(error: &'e E) -> Self {
        Self {
            error,
            is_answered: true,
        }
    }

    /// Applies `on(…)`.
    #[must_use]
    pub fn on(self, matches: impl FnOnce(&E) -> bool) -> Self {
        self.only_if(matches)
    }

    /// Applies `when = …`, which is asked for an error that `on(…)` matches.
    #[must_use]
    pub fn when(self, accepts: impl FnOnce(&E) -> bool) -> Self {
        self.only_if(accepts)
    }

    fn only_if(self, filter: impl FnOnce(&E) -> bool) -> Self {
        Self {
            is_answered: self.is_answered && filter(self.error),
            ..self
        }
    }

    /// True if each filter said yes.
    #[must_use]
    pub fn is_answered(self) -> bool {
        self.is_answered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_is_answered_unless_a_filter_says_no() {
        let answered = |on: bool, when: bool| {
            FailedCall::of(&"down")
                .on(|error| on && *error == "down")
                .when(|error| when && *error == "down")
                .is_answered()
        };
        assert!(FailedCall::of(&"down").is_answered());
        assert!(answered(true, true));
        assert!(!answered(true, false));
        assert!(!answered(false, true));
    }

    #[test]
    fn the_second_filter_is_not_asked_for_what_the_first_one_excludes() {
        let failed = FailedCall::of(&"down").on(|_| false);
        assert!(!failed.when(|_| unreachable!("excluded")).is_answered());
    }
}
