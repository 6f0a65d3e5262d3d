//! The keys of a fleet.
//!
//! All keys of one circuit have one hash tag, and so have those of the whole fleet, because a
//! script in a cluster reaches the keys of one slot only.

use std::sync::Arc;

/// The version of the keys and of their content.
pub(super) const FORMAT: u64 = 1;

/// The keys of one namespace. It needs no escape.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    namespace: Arc<str>,
    channel: Arc<str>,
}

impl Keys {
    pub(super) fn new(namespace: &str) -> Self {
        Self {
            namespace: namespace.into(),
            channel: format!("{{{namespace}}}:{FORMAT}:changes").into(),
        }
    }

    /// The channel on which the store tells of changes.
    pub(super) fn channel(&self) -> &str {
        &self.channel
    }

    /// The keys of the circuit with that text: record, votes, objections and leases.
    pub(super) fn circuit(&self, circuit: &str) -> [String; 4] {
        let tag = format!("{{{}:{circuit}}}:{FORMAT}", self.namespace);
        ["record", "votes", "objections", "leases"].map(|part| format!("{tag}:{part}"))
    }

    /// The key of the permits of the rate limit with that text.
    pub(super) fn permits(&self, limit: &str) -> String {
        format!("{{{}:{limit}}}:{FORMAT}:permits", self.namespace)
    }

    /// The keys of the whole fleet, in the order of the script.
    pub(super) fn fleet(&self) -> [String; 6] {
        let tag = format!("{{{}}}", self.namespace);
        let key = |part| format!("{tag}:{FORMAT}:{part}");
        [
            key("alive"),
            key("members"),
            key("version"),
            key("serial"),
            key("log"),
            // All versions find it.
            format!("{tag}:format"),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circuit_has_one_hash_tag_and_the_fleet_has_one() {
        let keys = Keys::new("orders-prod");
        assert_eq!(keys.circuit("jira")[0], "{orders-prod:jira}:1:record");
        let all_have = |keys: &[String], tag: &str| keys.iter().all(|key| key.starts_with(tag));
        let tag = "{orders-prod:hosts:a%3A80}:1:";
        assert!(all_have(&keys.circuit("hosts:a%3A80"), tag));
        assert!(all_have(&[keys.permits("hosts:a%3A80")], tag));
        assert!(all_have(&keys.fleet(), "{orders-prod}:"));
        assert_eq!(keys.channel(), "{orders-prod}:1:changes");
    }
}
