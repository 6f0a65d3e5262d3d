//! The expansion of `#[rate_limit]`.
//!
//! - Input: `#[rate_limit(100, per = 1s)] async fn query() -> Result<Row, Error> { … }`
//! - Output:
//!   `static __RATE_LIMIT: RateLimitSite = …; match RateLimitFuture::new(__rate_limit, …, async { … }).await { … }`
//!
//! The snapshots `plain_rate_limit` and `plain_rate_limit_sync` show it whole.

use super::check::RateLimitPlan;
use crate::emit::code::LayerCode;
use crate::emit::context::Context;
use crate::emit::plan::Emit;

impl Emit for RateLimitPlan {
    fn emit(&self, context: &Context<'_>, at: usize, inner: LayerCode) -> LayerCode {
        context.limiter(at, &self.0, inner)
    }
}
