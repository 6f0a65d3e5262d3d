//! The names that every expansion uses, whatever policies it has. Each policy lists the others in
//! its own `expansion` module, and [`__private`](crate::__private) has them all.

pub use core::clone::Clone;
pub use core::convert::From;
pub use core::pin::{Pin, pin};
pub use core::primitive::str;
pub use core::time::Duration;
pub use core::{concat, module_path};
pub use std::option::Option::{self, None, Some};
pub use std::result::Result::{Err, Ok};

pub use crate::answer::{Answer, Answered, Same};
pub use crate::body::{FutureBox, attempt, call, take};
pub use crate::budget::RetryBudget;
pub use crate::errors::{AboveTimeout, Inspect, Origin};
pub use crate::fallible::{Fallible, failed, failed_by, failed_with};
pub use crate::function::{FallbackFunction, Limit, OptionFunction, Passing};
pub use crate::keyed::{Key, KeyText};
pub use crate::layers::{Layered, Nested};
pub use crate::limiter::call_limit;
#[cfg(feature = "config")]
pub use crate::operation::{Configured, FileValues, InSlot, LayerTimes, Slot, TypeKey};
pub use crate::operation::{
    Described, DescribedSettings, FileLayer, InForce, Layer, Operation, Stack,
};
pub use crate::registry::{self, keyed_site::KeyedSite, site::Site};

/// True if a call asks the configuration file for values. The tests of sizes look at it, because
/// another package of the workspace may turn the feature `config` on.
pub const ASKS_FILE: bool = cfg!(feature = "config");

/// True if the body of a function is in the scope of a test. The tests of sizes look at it for the
/// same reason.
pub const IS_SCOPED: bool = cfg!(feature = "test-util");
