//! The language of the attributes: options behind a name, as the table of an attribute lists them. It knows no policy.

pub(crate) mod duration;
pub(crate) mod entry;
pub(crate) mod list;
pub(crate) mod table;
pub(crate) mod unknown;
pub(crate) mod written;
