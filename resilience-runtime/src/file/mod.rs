//! The configuration file as values. This folder knows no policy: each policy lists its keys in a
//! [`SectionSpec`] in its own folder, and `config` has the list of the sections.
//!
//! ```text
//! shared/       the rules of values, which the attributes have, too
//! change.rs     the settings that differ between two configurations
//! key.rs        a key of a section, and the reading of its value
//! contradictions.rs  the values of a section that contradict each other
//! section.rs    the section of a policy: its keys, and the values that a file gives them
//! parse.rs      from the text of a file to its sections
//! overrides.rs  from the text of the environment variable to its sections
//! values.rs     all sections of a file and of the environment, and which of them wins
//! fault.rs      a fault with its place, and the report of all faults
//! current.rs    the values that hold now
//! status.rs     the configuration that was applied last
//! ```

mod change;
mod contradictions;
mod current;
mod fault;
mod key;
mod overrides;
mod parse;
mod section;
mod shared;
mod status;
mod values;

pub use change::ConfigChange;
pub(crate) use change::changes;
pub(crate) use current::{Current, current, replace};
pub use fault::{ConfigErrors, ConfigFault};
pub(crate) use fault::{Document, Faults};
pub(crate) use key::{ENABLED, ENFORCE, Key, Keys, Kind, Value};
pub(crate) use overrides::{OVERRIDES, add_overrides};
pub(crate) use parse::parse;
#[expect(
    unreachable_pub,
    reason = "the trait `Described` is public, and these types are in it"
)]
pub use section::{Contradiction, SectionSpec, SectionValues};
pub(crate) use section::{Exclusive, SectionKind};
#[cfg(feature = "serde")]
pub(crate) use shared::duration::parse as parse_duration;
pub(crate) use shared::nearest::nearest;
pub(crate) use shared::rules::{CountRule, NumberRule, Rules, Written};
pub use status::ConfigStatus;
#[cfg(feature = "metrics")]
pub(crate) use status::reloads;
pub(crate) use status::{note_applied, note_refused, status};
pub(crate) use values::{NamedSection, Values};
