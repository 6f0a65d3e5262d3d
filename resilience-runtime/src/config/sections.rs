//! The sections of the configuration file, one row each, with the things that take their values.

use crate::file::{Faults, SectionSpec, SectionValues, Values};
use crate::limiter::Registered;
#[cfg(feature = "metrics")]
use crate::metrics;
use crate::operation::{Hold, ResolvedSetting};
use crate::{
    budget,
    bulkhead::{self, Bulkhead},
    circuit, fallback, hedge, limiter,
    rate_limit::{self, RateLimit},
    registry, retry, timeout,
};

/// The sections, in the order of the documentation.
pub(super) static SECTIONS: &[&SectionSpec] = &[
    &retry::FILE,
    &circuit::file::FILE,
    &timeout::FILE,
    &bulkhead::file::FILE,
    &fallback::file::FILE,
    &rate_limit::file::FILE,
    &hedge::file::FILE,
    &budget::FILE,
    #[cfg(feature = "metrics")]
    &metrics::file::FILE,
];

/// Things that functions share by a name, such as circuits. They take the values themselves.
pub(super) struct Shared {
    /// Checks the values against all things that there are. The result lets the values hold.
    pub(super) prepare: fn(&Values, &mut Faults) -> Hold,
    /// The settings of the thing with that name.
    pub(super) describe: fn(&str) -> Vec<ResolvedSetting>,
    /// True if a thing has the name and uses the section.
    pub(super) is_used: fn(&str, &SectionValues) -> bool,
    pub(super) section: &'static SectionSpec,
}

/// The shared things, in the order in which they take their values.
pub(super) static SHARED: &[Shared] = &[
    Shared {
        prepare: registry::file::prepare,
        describe: registry::file::describe,
        is_used: |name, _| registry::file::is_used(name),
        section: &circuit::file::FILE,
    },
    limiters::<Bulkhead>(&bulkhead::file::FILE),
    limiters::<RateLimit>(&rate_limit::file::FILE),
    Shared {
        prepare: |_, _| {
            Box::new(|values| {
                budget::hold(values);
                Box::new(|| ())
            })
        },
        describe: budget::describe,
        is_used: |name, _| budget::is_used(name),
        section: &budget::FILE,
    },
    #[cfg(feature = "metrics")]
    Shared {
        prepare: |_, _| {
            Box::new(|values| {
                metrics::file::hold(values);
                Box::new(|| ())
            })
        },
        describe: |_| Vec::new(),
        is_used: |_, _| true,
        section: &metrics::file::FILE,
    },
];

/// The limiters of a policy.
const fn limiters<L: Registered>(section: &'static SectionSpec) -> Shared {
    Shared {
        prepare: limiter::file::prepare::<L>,
        describe: limiter::file::describe::<L>,
        is_used: limiter::file::is_used::<L>,
        section,
    }
}
