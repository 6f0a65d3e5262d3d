//! Those who are told of each rate limit that comes into the registry or goes.

use std::sync::Arc;

use super::handle::RateLimit;
use crate::by_name::{Followers, Following};

/// It is told of each rate limit that comes into the registry, and of each that goes.
///
/// The rate limits of a name with keys are among them, but not the one that keys share beyond
/// [`max_keys`](crate::RateLimitConfig::max_keys). The methods are called in the thread that caused
/// the event, under no lock, and before the first call of the thread passes the limit. They return
/// at once. One that panics breaks no call.
pub trait RateLimitFollower: Send + Sync + 'static {
    /// A rate limit came into the registry.
    fn came(&self, limit: &RateLimit);

    /// The rate limit of a key was forgotten.
    fn went(&self, limit: &RateLimit);
}

static FOLLOWERS: Followers<dyn RateLimitFollower> = Followers::new();

/// Adds a follower. The caller tells it of the rate limits that are there already.
pub(crate) fn begin_to_follow(follower: &Arc<dyn RateLimitFollower>) -> Following {
    FOLLOWERS.begin(follower)
}

/// Tells the followers of a rate limit that came.
pub(super) fn tell_came(limit: &RateLimit) {
    FOLLOWERS.tell(&|follower| follower.came(limit));
}

/// Tells the followers of a rate limit that went.
pub(super) fn tell_went(limit: &RateLimit) {
    FOLLOWERS.tell(&|follower| follower.went(limit));
}
