//! What the attributes expand into. No part of the public interface: it changes with every release.

pub use crate::outcome::{FromTimedOut, attempt, call, convert, copy_for_worker, expected, timed_out_into};
pub use crate::retry::{Attempt, Backoff, Retry, backoff, sleep_blocking};
pub use crate::show::{Show, Shown};
pub use crate::timeout::{Elapsed, Timeout};
pub use crate::{Jitter, RetryConfig, Strategy, TimeoutConfig, registry};
pub use core::time::Duration;
pub use core::{concat, mem::drop, module_path};
pub use std::boxed::Box;
pub use std::option::Option::{self, None, Some};
pub use std::result::Result::{self, Err, Ok};
