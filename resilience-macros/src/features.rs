//! The features of the crate that change the expansion.

#[derive(Clone, Copy, Default)]
pub(crate) struct Features {
    /// The expansion asks the configuration file for values.
    pub(crate) config: bool,
    /// The body runs in the scope of a test.
    pub(crate) test_util: bool,
}

impl Features {
    /// The features with which the crate is built.
    pub(crate) const OF_CRATE: Self = Self {
        config: cfg!(feature = "config"),
        test_util: cfg!(feature = "test-util"),
    };
}
