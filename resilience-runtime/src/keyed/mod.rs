//! Values by key, for the policies with `key = …`: the text of a key, its hash, and a bounded map.
//!
//! ```text
//! key_text.rs   the text of a key, by its `Display`
//! key_hash.rs   the hash of a text
//! map.rs        16 shards, each a table (table.rs) under a lock that readers share; keys are added
//!               and forgotten under another lock
//! eviction.rs   decides which value of a full map makes room for a new key
//! rules.rs      the rules of the settings that all of these policies have
//! ```
//!
//! A call that finds its key takes the lock of a shard for a moment, and no other. A value counts
//! as used from its look-up until the end of the call, because the call holds a reference to the
//! entry. No lock is held while the `Display` of a key runs.

mod eviction;
mod key_hash;
mod key_text;
mod map;
mod rules;
mod table;
#[cfg(test)]
mod tests;

pub use self::key_text::{Key, KeyText};
pub(crate) use self::{
    eviction::Standing,
    key_text::Excerpt,
    map::{Changes, Entry, Hashed, KeyedMap, KeyedValue},
    rules::{IDLE, MAX_KEYS},
};
