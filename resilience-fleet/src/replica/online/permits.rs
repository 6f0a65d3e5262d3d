//! The permits of the rate limits: they are leased in batches.

use std::rc::Rc;

use resilience::fleet::PermitRequest;

use super::Online;
use crate::{
    rate_limit_id::RateLimitId,
    status::FleetRateLimit,
    store::{PermitLease, PermitReply, Session, StoreError},
};

impl<S: Session> Online<S> {
    /// Leases permits. A request without an answer is dropped, and the rate limit asks again later.
    pub(super) async fn lease_permits(self: Rc<Self>, id: RateLimitId, request: PermitRequest) {
        let lease = PermitLease {
            wanted: request.permits(),
            spent: request.spent(),
            ..self.rate_limits.reading(&request.config())
        };
        if let Ok(reply) = self.ask_for_permits(&id, lease).await {
            self.meters.permits(reply.granted);
            request.grant(reply.granted, reply.next_in);
        }
    }

    async fn ask_for_permits(
        &self,
        id: &RateLimitId,
        lease: PermitLease,
    ) -> Result<PermitReply, StoreError> {
        self.ask(|session| async move { session.lease_permits(id, &lease).await })
            .await
    }

    /// The rate limits of this replica as the store has them, in their order.
    pub(super) async fn rate_limits_now(&self) -> Result<Vec<FleetRateLimit>, StoreError> {
        let limits = self.rate_limits.all();
        let mut now = Vec::with_capacity(limits.len());
        for (id, limit) in limits {
            let reading = self.rate_limits.reading(&limit.config());
            let reply = self.ask_for_permits(&id, reading).await?;
            now.push(FleetRateLimit::new(&id, &reading, reply.used));
        }
        Ok(now)
    }
}
