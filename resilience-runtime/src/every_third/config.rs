use crate::operation::{Described, DescribedSettings};

/// The configuration of `#[every_third]`.
#[derive(Clone, Copy, Debug)]
pub struct EveryThirdConfig {
    pub(super) first: u32,
}

impl EveryThirdConfig {
    /// Refuses the third call first.
    #[must_use]
    pub const fn new() -> Self {
        Self { first: 3 }
    }

    /// Sets the first call that is refused.
    #[must_use]
    pub const fn first(mut self, first: u32) -> Self {
        assert!(first > 0, "`first` must be at least 1");
        self.first = first;
        self
    }
}

impl Described for EveryThirdConfig {
    fn policy(&self) -> &'static str {
        "every_third"
    }

    fn describe(&self, settings: &mut DescribedSettings<'_>) {
        settings.add("first", self.first);
    }
}

impl Default for EveryThirdConfig {
    fn default() -> Self {
        Self::new()
    }
}
