//! A store within one process.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::mpsc::UnboundedSender;

use super::{
    circuit::{SharedCircuit, micros},
    contract::{Alive, Changes, FleetStore, Heartbeat, Push, Session},
    error::{StoreError, StoreErrorKind},
    permits::{PermitLease, PermitReply, SharedPermits},
    request::Request,
    view::{Reply, View},
};
use crate::{circuit_id::CircuitId, rate_limit_id::RateLimitId};

/// A store that the fleets of one process share, for tests.
///
/// It makes the decisions of the Redis store without a server. Clones are the same store.
///
/// ```
/// use resilience_fleet::{Fleet, store::MemoryStore};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), resilience_fleet::FleetError> {
/// let store = MemoryStore::new();
/// let one = Fleet::with_store(store.clone()).replica("one").share_all().start().await?;
/// let two = Fleet::with_store(store).replica("two").share_all().start().await?;
/// assert_eq!(two.status().await?.replicas, ["one", "two"]);
/// # drop(one);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct MemoryStore {
    inner: Arc<Mutex<Inner>>,
}

struct Inner {
    begun: Instant,
    is_cut: bool,
    circuits: BTreeMap<String, SharedCircuit>,
    permits: BTreeMap<String, SharedPermits>,
    members: BTreeMap<String, Member>,
    version: u64,
    /// The circuits that changed, in the order of their changes.
    log: Vec<String>,
    subscribers: Vec<UnboundedSender<Push>>,
}

struct Member {
    instance: String,
    circuits: String,
    until: u64,
}

impl Default for Inner {
    fn default() -> Self {
        Self {
            begun: Instant::now(),
            is_cut: false,
            circuits: BTreeMap::new(),
            permits: BTreeMap::new(),
            members: BTreeMap::new(),
            version: 0,
            log: Vec::new(),
            subscribers: Vec::new(),
        }
    }
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes all requests fail, or lets them succeed again.
    pub fn cut(&self, is_cut: bool) {
        let mut inner = self.lock();
        inner.is_cut = is_cut;
        if is_cut {
            for subscriber in inner.subscribers.drain(..) {
                let _ = subscriber.send(Push::Disconnected);
            }
        }
    }

    /// Forgets everything, as a store without persistence does when it is started anew.
    pub fn clear(&self) {
        let mut inner = self.lock();
        inner.circuits.clear();
        inner.permits.clear();
        inner.members.clear();
        inner.log.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reach(&self) -> Result<MutexGuard<'_, Inner>, StoreError> {
        let inner = self.lock();
        if inner.is_cut {
            return Err(StoreError::new(
                StoreErrorKind::Connection,
                "the store is cut off",
            ));
        }
        Ok(inner)
    }
}

impl Inner {
    fn now(&self) -> u64 {
        // A moment is never 0, which the records use for "none".
        1_000_000 + micros(self.begun.elapsed())
    }

    fn push(&mut self, push: &Push) {
        self.subscribers
            .retain(|subscriber| subscriber.send(push.clone()).is_ok());
    }

    fn member_changed(&mut self) {
        self.version += 1;
        self.push(&Push::Members);
    }
}

impl FleetStore for MemoryStore {
    type Session = Self;

    async fn connect(&self, pushes: UnboundedSender<Push>) -> Result<Self, StoreError> {
        self.reach()?.subscribers.push(pushes);
        Ok(self.clone())
    }
}

impl Session for MemoryStore {
    async fn request(&self, circuit: &CircuitId, request: &Request) -> Result<Reply, StoreError> {
        let mut inner = self.reach()?;
        let now = inner.now();
        let text = circuit.to_string();
        let shared = inner.circuits.entry(text.clone()).or_default();
        let reply = shared.request(request, now);
        if reply.is_change {
            inner.log.push(text.clone());
            inner.push(&Push::Changed {
                circuit: text,
                at: now,
            });
        }
        Ok(reply)
    }

    async fn read(&self, circuits: &[CircuitId]) -> Result<Vec<View>, StoreError> {
        let mut views = Vec::with_capacity(circuits.len());
        for circuit in circuits {
            views.push(self.request(circuit, &Request::Read).await?.view);
        }
        Ok(views)
    }

    async fn lease_permits(
        &self,
        limit: &RateLimitId,
        request: &PermitLease,
    ) -> Result<PermitReply, StoreError> {
        let mut inner = self.reach()?;
        let now = inner.now();
        let permits = inner.permits.entry(limit.to_string()).or_default();
        Ok(permits.request(request, now))
    }

    async fn heartbeat(&self, heartbeat: &Heartbeat<'_>) -> Result<Alive, StoreError> {
        let mut inner = self.reach()?;
        let now = inner.now();
        let before = inner.members.len();
        inner.members.retain(|_, member| now < member.until);
        let mut is_changed = inner.members.len() != before;
        let until = now + micros(ALIVE_FOR);
        let known = inner.members.get(heartbeat.replica);
        let is_taken = known.is_some_and(|member| member.instance != heartbeat.instance);
        let list = known.map(|member| member.circuits.clone());
        let new = heartbeat.circuits.map(str::to_owned);
        is_changed |= new.is_some() && new != list;
        let circuits = new.or(list);
        if let Some(circuits) = &circuits {
            let member = Member {
                instance: heartbeat.instance.to_owned(),
                circuits: circuits.clone(),
                until,
            };
            inner.members.insert(heartbeat.replica.to_owned(), member);
        }
        if is_changed {
            inner.member_changed();
        }
        Ok(Alive {
            version: inner.version,
            is_taken,
            wants_circuits: circuits.is_none(),
        })
    }

    async fn leave(&self, replica: &str) -> Result<(), StoreError> {
        let mut inner = self.reach()?;
        if inner.members.remove(replica).is_some() {
            inner.member_changed();
        }
        Ok(())
    }

    async fn members(&self) -> Result<BTreeMap<String, String>, StoreError> {
        let inner = self.reach()?;
        let members = inner.members.iter();
        Ok(members
            .map(|(name, member)| (name.clone(), member.circuits.clone()))
            .collect())
    }

    async fn changes(&self, after: u64) -> Result<Changes, StoreError> {
        let inner = self.reach()?;
        let after = usize::try_from(after).unwrap_or(usize::MAX);
        Ok(Changes {
            serial: inner.log.len() as u64,
            circuits: inner.log.get(after..).map(<[String]>::to_vec),
        })
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

/// The time after its last sign of life for which a replica counts as alive.
pub(crate) const ALIVE_FOR: Duration = Duration::from_secs(30);
