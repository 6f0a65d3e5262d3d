//! The circuits and rate limits of the registry, for those who follow them.

use std::sync::Arc;

use super::{families::FAMILIES, table::REGISTRY};
use crate::{
    by_name::Following,
    circuit::{self, CircuitFollower},
    limiter::Registered as _,
    rate_limit::{self, RateLimit, RateLimitFollower},
};

/// Tells `follower` of all circuits that are in the registry, then of each that comes or goes,
/// until the returned value is dropped.
///
/// A circuit that comes in the meantime may be told twice. This is for a package that coordinates
/// circuits, see [`fleet`](crate::fleet).
pub fn follow_circuits(follower: &Arc<dyn CircuitFollower>) -> Following {
    let following = circuit::begin_to_follow(follower);
    let mut circuits = REGISTRY.handles();
    for family in FAMILIES.handles() {
        circuits.extend(family.handles_and_overflow());
    }
    for circuit in circuits {
        follower.came(&circuit);
    }
    following
}

/// Tells `follower` of all rate limits that are in the registry, then of each that comes or goes,
/// until the returned value is dropped.
///
/// A rate limit that comes in the meantime may be told twice. This is for a package that shares
/// rate limits, see [`fleet`](crate::fleet).
pub fn follow_rate_limits(follower: &Arc<dyn RateLimitFollower>) -> Following {
    let following = rate_limit::begin_to_follow(follower);
    // The limit that keys share beyond `max_keys` is not told of, because it has other keys in each
    // process.
    for limit in RateLimit::names().handles() {
        follower.came(&limit);
    }
    following
}

#[cfg(test)]
mod tests {
    use std::{sync::Mutex, time::Duration};

    use super::*;
    use crate::{
        RateLimitConfig, keyed::KeyText, operation::Operation,
        rate_limit::expansion::RateLimitSite, registry,
    };

    /// Notes what it is told of the limits with its names.
    #[derive(Default)]
    struct Notes(Mutex<Vec<String>>);

    impl Notes {
        fn note(&self, what: &str, limit: &RateLimit) {
            if limit.name().starts_with("followed_") {
                let note = format!("{what} {} {:?}", limit.name(), limit.key());
                self.0.lock().expect("nothing panics").push(note);
            }
        }

        fn take(&self) -> Vec<String> {
            std::mem::take(&mut self.0.lock().expect("nothing panics"))
        }
    }

    impl RateLimitFollower for Notes {
        fn came(&self, limit: &RateLimit) {
            self.note("came", limit);
        }

        fn went(&self, limit: &RateLimit) {
            self.note("went", limit);
        }
    }

    #[test]
    fn a_follower_is_told_of_each_rate_limit_once_and_of_keys_that_come_and_go() {
        const CONFIG: RateLimitConfig = RateLimitConfig::new(5, Duration::from_nanos(1))
            .max_keys(1)
            .idle(Duration::from_nanos(1));
        static OPERATION: Operation = Operation::new("registry::follow");
        static SITE: RateLimitSite = RateLimitSite::new("followed_keys", &OPERATION);
        let register = |name| registry::get_or_register_rate_limit(name, CONFIG);
        register("followed_before");
        // A follower once took a name that ends in `{*}` for the limit that keys share.
        register("followed_before{*}");
        let notes = Arc::new(Notes::default());
        let following = follow_rate_limits(&(Arc::clone(&notes) as Arc<dyn RateLimitFollower>));
        let before = ["came followed_before None", "came followed_before{*} None"];
        assert_eq!(notes.take(), before);
        register("followed_later");
        register("followed_later");
        assert_eq!(notes.take(), ["came followed_later None"]);
        SITE.of_key(&CONFIG, KeyText::Text("a"));
        assert_eq!(notes.take(), ["came followed_keys Some(\"a\")"]);
        std::thread::sleep(Duration::from_millis(1));
        SITE.of_key(&CONFIG, KeyText::Text("b"));
        let told = [
            "went followed_keys Some(\"a\")",
            "came followed_keys Some(\"b\")",
        ];
        assert_eq!(notes.take(), told);
        drop(following);
        register("followed_too_late");
        assert!(notes.take().is_empty());
    }
}
