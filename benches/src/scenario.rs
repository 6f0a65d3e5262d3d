//! What is compared, and what ours has to reach.

use crate::Contender;

/// The contenders for one thing. The first is ours.
#[derive(Debug)]
pub struct Scenario {
    /// As the table says it.
    pub name: &'static str,
    /// Ours first.
    pub contenders: Vec<Contender>,
    /// Each is a line of the table.
    pub goals: Vec<Goal>,
    /// The batch whose figure is reported.
    pub batch: Batch,
}

/// The batch, of many, whose figure is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batch {
    /// For one thread: the fastest batch was disturbed the least.
    Fastest,
    /// For several threads: in the fastest batch they met the least, so it says nothing about their meeting.
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

    pub(crate) fn on_several_threads(self) -> Self {
        Self {
            batch: Batch::Middle,
            ..self
        }
    }
}

/// What ours has to reach.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    /// At most so many times what that contender takes.
    Of(&'static str, f64),
    /// At most so many times what the best of the others takes.
    OfBest(f64),
    /// At most so many nanoseconds more than that contender takes.
    Over(&'static str, f64),
    /// At most so many nanoseconds.
    AtMost(f64),
}
