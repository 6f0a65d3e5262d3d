//! The forms of values that have no form of their own in serde: seconds, times, words and places.

use std::{
    fmt,
    panic::Location,
    time::{Duration, SystemTime},
};

use serde::{Serialize, Serializer, ser::SerializeStruct};

/// A duration in seconds.
pub(crate) struct Seconds(pub(crate) Duration);

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0.as_secs_f64())
    }
}

pub(crate) fn seconds<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    Seconds(*time).serialize(serializer)
}

/// The contact to the store of a fleet, in a word.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference to the field"
)]
pub(crate) fn store<S: Serializer>(is_degraded: &bool, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(store_word(*is_degraded))
}

pub(crate) fn store_word(is_degraded: bool) -> &'static str {
    if is_degraded { "degraded" } else { "connected" }
}

/// The file and the line of a place.
pub(crate) struct Place(pub(crate) &'static Location<'static>);

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut place = serializer.serialize_struct("Location", 2)?;
        place.serialize_field("file", self.0.file())?;
        place.serialize_field("line", &self.0.line())?;
        place.end()
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference to the field"
)]
pub(crate) fn place<S: Serializer>(
    at: &&'static Location<'static>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    Place(at).serialize(serializer)
}

/// A value whose form is its `Display`.
pub(crate) struct Text<'a, T>(pub(crate) &'a T);

impl<T: fmt::Display> Serialize for Text<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self.0)
    }
}

/// A time as RFC 3339 in UTC, with milliseconds. A clock before 1970 is shown as its begin, because
/// the format of `humantime` ends there.
pub(crate) struct Rfc3339(pub(crate) SystemTime);

impl Serialize for Rfc3339 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let at = self.0.max(SystemTime::UNIX_EPOCH);
        serializer.collect_str(&humantime::format_rfc3339_millis(at))
    }
}

pub(crate) fn rfc3339<S: Serializer>(at: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    Rfc3339(*at).serialize(serializer)
}
