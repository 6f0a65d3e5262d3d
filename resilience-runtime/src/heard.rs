//! Tells if anybody would hear of an event or a span, so that nothing is prepared for nobody.

use tracing::Level;
use tracing::level_filters::{LevelFilter, STATIC_MAX_LEVEL};

/// True if `tracing` is built with its feature `log`: without a subscriber, events and spans are
/// records of the crate `log` then.
///
/// No feature of this crate can tell, so the name `log` does, because `tracing` has it only with
/// the feature. The import in the inner block hides the module of the outer one.
const IS_LOGGED_WITHOUT_SUBSCRIBER: bool = {
    #[allow(dead_code)]
    mod log {
        pub(super) const STATIC_MAX_LEVEL: () = ();
    }
    {
        #[allow(unused_imports, clippy::wildcard_imports)]
        use tracing::*;
        size_of_val(&log::STATIC_MAX_LEVEL) != 0
    }
};

/// True if somebody may hear of what is told at that level. It is a comparison of two numbers,
/// where `tracing` itself also asks the subscriber.
#[inline]
pub(crate) fn may_be_heard(level: Level) -> bool {
    IS_LOGGED_WITHOUT_SUBSCRIBER || level <= STATIC_MAX_LEVEL && level <= LevelFilter::current()
}
