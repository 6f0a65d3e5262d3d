//! The reports about a name that the log tells.

use std::panic::Location;

/// Something about a name that the log tells.
pub(crate) enum Report<'r, C> {
    /// Two source lines configure one name differently.
    Clash {
        declared_at: &'r Location<'r>,
        kept: &'r C,
        clashes_at: &'r Location<'r>,
        refused: &'r C,
    },
    /// The limiters of the name took another configuration.
    Reconfigured { config: &'r C },
    /// One source line has two values in turns.
    TakesTurns {
        declared_at: &'r Location<'r>,
        kept: &'r C,
        refused: &'r C,
    },
    /// Two functions share a limiter, because nobody named it and their paths are the same.
    SharedByDefault {
        declared_at: &'r Location<'r>,
        shared_at: &'r Location<'r>,
    },
    /// A limiter without keys and limiters per key have one name.
    TwoKinds { declared_at: &'r Location<'r> },
    /// No key can be forgotten to make room for this one.
    Full {
        key: &'r str,
        max_keys: u32,
        overflow: u64,
    },
    /// The key is longer than 1 KiB.
    LongKey { key: &'r str, overflow: u64 },
}
