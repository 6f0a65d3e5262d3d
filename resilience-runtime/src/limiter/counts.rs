//! The counts of one limiter, or of all limiters of a name.

/// The counts of calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Now.
    pub(crate) in_use: u64,
    /// Now.
    pub(crate) waiting: u64,
    /// Since the start, as the following ones.
    pub(crate) admitted: u64,
    pub(crate) refused: u64,
    pub(crate) would_refuse: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, other: Self) {
        self.in_use += other.in_use;
        self.waiting += other.waiting;
        self.admitted += other.admitted;
        self.refused += other.refused;
        self.would_refuse += other.would_refuse;
    }
}

/// The numbers of a name with keys.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct KeyCounts {
    pub(crate) keys: u64,
    pub(crate) overflow: u64,
    pub(crate) evicted: u64,
}

/// All numbers of a name.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Totals {
    pub(crate) keys: KeyCounts,
    /// The sum over all limiters, those of forgotten keys included.
    pub(crate) counts: Counts,
}

impl Totals {
    /// The numbers of one limiter.
    pub(crate) fn of(counts: Counts) -> Self {
        Self {
            keys: KeyCounts::default(),
            counts,
        }
    }
}
