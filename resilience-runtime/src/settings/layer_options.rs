//! The options that stand on an attribute.

/// The options that an attribute names, as the expansion lists them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "config"),
    expect(
        unreachable_pub,
        reason = "with the feature `config` it is in the public trait `Described`"
    )
)]
pub struct LayerOptions {
    /// The options with constant values, separated by spaces.
    pub(crate) constant: &'static str,
    /// The options with values that each call computes.
    pub(crate) computed: &'static str,
}

impl LayerOptions {
    pub(crate) fn has(self, option: &str) -> bool {
        has(self.constant, option) || has(self.computed, option)
    }

    /// True if the attribute has the option with a constant value that the configuration does not
    /// have.
    #[cfg(feature = "config")]
    pub(crate) fn has_apart(self, option: &str) -> bool {
        let mut options = self.constant.split_ascii_whitespace();
        options.any(|has| {
            has.strip_prefix(option)
                .is_some_and(|rest| rest.starts_with('='))
        })
    }

    /// True for an option that each call computes. It wins over the file.
    pub(crate) fn computes(self, option: &str) -> bool {
        has(self.computed, option)
    }
}

fn has(options: &str, option: &str) -> bool {
    let mut options = options.split_ascii_whitespace();
    options.any(|has| has == option)
}
