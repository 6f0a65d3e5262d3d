//! A scenario: the contenders that are compared, and the goals that ours has to reach.

use crate::Contender;

/// The contenders that do the same work.
#[derive(Debug)]
pub struct Scenario {
    /// The name in the table.
    pub name: &'static str,
    /// The contenders. The first one is ours.
    pub contenders: Vec<Contender>,
    /// The goals. Each one is a line of the table.
    pub goals: Vec<Goal>,
    /// The batch for the report.
    pub batch: Batch,
}

/// The batch, of many, that the report takes its figure from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batch {
    /// The fastest batch, for one thread, because it was disturbed the least.
    Fastest,
    /// The middle batch, for several threads. In the fastest batch the threads met the least, and
    /// their meeting is measured.
    Middle,
}

impl Scenario {
    pub(crate) fn new(
        name: &'static str,
        contenders: impl IntoIterator<Item = Contender>,
        goals: impl IntoIterator<Item = Goal>,
    ) -> Self {
        Self {
            name,
            contenders: contenders.into_iter().collect(),
            goals: goals.into_iter().collect(),
            batch: Batch::Fastest,
        }
    }

    /// Joins a scenario that is compiled for several places.
    pub(crate) fn in_places<const COUNT: usize>(places: [Self; COUNT]) -> Self {
        let joined = places.into_iter().reduce(|mut joined, place| {
            for (contender, other) in joined.contenders.iter_mut().zip(place.contenders) {
                contender.add_places(other);
            }
            joined
        });
        joined.expect("there is a place")
    }

    pub(crate) fn on_several_threads(self) -> Self {
        Self {
            batch: Batch::Middle,
            ..self
        }
    }
}

/// A goal that ours has to reach.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    /// At most this many times the figure of that contender.
    Of(&'static str, f64),
    /// At most this many times the figure of the best other contender.
    OfBest(f64),
    /// At most this many nanoseconds more than that contender.
    Over(&'static str, f64),
    /// Over the first contender, at most this share of what the second one is over it. The first is
    /// the plain call, and the second the peer.
    ShareOver(&'static str, &'static str, f64),
    /// At most this figure.
    AtMost(f64),
    /// At least this figure.
    AtLeast(f64),
}
