//! The expansion of `#[bulkhead]`.
//!
//! - Input: `#[bulkhead(25)] async fn query() -> Result<Row, Error> { … }`
//! - Output:
//!   `static __BULKHEAD: BulkheadSite = …; match BulkheadFuture::new(__bulkhead, …, async { … }).await { … }`
//!
//! The snapshots `plain_bulkhead` and `plain_bulkhead_sync` show it whole.

use super::check::BulkheadPlan;
use crate::emit::code::LayerCode;
use crate::emit::context::Context;
use crate::emit::plan::Emit;

impl Emit for BulkheadPlan {
    fn emit(&self, context: &Context<'_>, at: usize, inner: LayerCode) -> LayerCode {
        context.limiter(at, &self.0, inner)
    }
}
