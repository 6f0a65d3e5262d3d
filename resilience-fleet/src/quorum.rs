//! The rule for the votes of replicas that open a circuit for all.

/// The rule for the votes of replicas that open a circuit for all of them.
///
/// A replica votes when its own circuit opens. A replica that is closed, and counted at least three
/// successes within the last `failure_window`, objects. Replicas without calls are silent. The
/// circuit opens for all when there are at least [`min_votes`](Self::min_votes) votes, and they are
/// at least the [`share`](Self::share) of votes and objections.
///
/// ```
/// use resilience_fleet::Quorum;
///
/// let quorum = Quorum::new().min_votes(3).share(0.6);
/// assert_eq!((quorum.get_min_votes(), quorum.get_share()), (3, 0.6));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quorum {
    min_votes: u32,
    share: f64,
}

impl Quorum {
    /// At least 2 votes, and half of votes and objections.
    pub const fn new() -> Self {
        Self {
            min_votes: 2,
            share: 0.5,
        }
    }

    /// Sets the number of replicas that have to vote. Default 2.
    ///
    /// With 1, a single replica whose own network is broken opens the circuit for all replicas,
    /// unless others object within the grace of 250 ms. A replica without calls cannot object, so
    /// at night one bad replica is enough. Choose it for a fleet of one or two replicas only.
    ///
    /// # Panics
    ///
    /// If the number is zero.
    #[must_use]
    pub const fn min_votes(self, votes: u32) -> Self {
        assert!(votes > 0, "`min_votes` must be at least 1, like 2");
        Self {
            min_votes: votes,
            ..self
        }
    }

    /// Sets the share of votes among votes and objections, above 0 and at most 1. Default 0.5.
    ///
    /// # Panics
    ///
    /// If the share is not above 0 and at most 1.
    #[must_use]
    pub const fn share(self, share: f64) -> Self {
        assert!(
            share > 0.0 && share <= 1.0,
            "`share` must be above 0 and at most 1, like 0.5"
        );
        Self { share, ..self }
    }

    /// Returns the number of replicas that have to vote.
    pub const fn get_min_votes(&self) -> u32 {
        self.min_votes
    }

    /// Returns the share.
    pub const fn get_share(&self) -> f64 {
        self.share
    }

    /// True if so many votes against so many objections open the circuit.
    pub(crate) fn is_reached(&self, votes: u32, objections: u32) -> bool {
        let all = f64::from(votes) + f64::from(objections);
        votes >= self.min_votes && f64::from(votes) >= self.share * all
    }
}

impl Default for Quorum {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edge_of_the_quorum_is_reached() {
        let quorum = Quorum::new();
        assert!(!quorum.is_reached(1, 0));
        assert!(quorum.is_reached(2, 0));
        assert!(quorum.is_reached(2, 2));
        assert!(!quorum.is_reached(2, 3));
        assert!(!Quorum::new().share(1.0).is_reached(9, 1));
        assert!(Quorum::new().min_votes(1).is_reached(1, 1));
    }

    #[test]
    #[should_panic(expected = "`min_votes` must be at least 1")]
    fn no_votes_are_no_quorum() {
        let _ = Quorum::new().min_votes(0);
    }

    #[test]
    #[should_panic(expected = "`share` must be above 0")]
    fn no_share_is_no_quorum() {
        let _ = Quorum::new().share(0.0);
    }
}
