//! A store that notes its requests and fails on demand. It is written against the public interface,
//! as any other store is.

use std::{
    collections::BTreeMap,
    future::pending,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use resilience_fleet::{
    CircuitId, RateLimitId,
    store::{
        Alive, Answer, Changes, FleetStore, Heartbeat, MemoryStore, PermitLease, PermitReply, Push,
        Reply, Request, Session, StoreError, StoreErrorKind, View,
    },
};
use tokio::sync::mpsc::{self, UnboundedSender};

/// A store in memory as one replica sees it.
#[derive(Clone)]
pub(crate) struct Watched {
    inner: MemoryStore,
    notes: Arc<Mutex<Notes>>,
    pub(crate) hears_pushes: bool,
}

#[derive(Default)]
struct Notes {
    requests: Vec<(Instant, String)>,
    /// The failures of the next requests of a name, or of any name.
    failures: Vec<(&'static str, Failure)>,
    /// The channels of the replica.
    pushes: Vec<UnboundedSender<Push>>,
}

#[derive(Clone, Copy)]
pub(crate) enum Failure {
    Error,
    /// The store answers that it is full.
    Refuses,
    Hangs,
    /// The request changes nothing, because it comes too early.
    IsVoid,
    /// The thread of the replica does nothing else for a second.
    Blocks,
}

pub(crate) const ANY: &str = "";

impl Watched {
    pub(crate) fn new(inner: &MemoryStore) -> Self {
        Self {
            inner: inner.clone(),
            notes: Arc::default(),
            hears_pushes: true,
        }
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().expect("no panic")
    }

    pub(crate) fn fail(&self, name: &'static str, failure: Failure, times: usize) {
        let mut notes = self.notes();
        notes.failures.extend(vec![(name, failure); times]);
    }

    pub(crate) fn push(&self, push: &Push) {
        for pushes in &self.notes().pushes {
            let _ = pushes.send(push.clone());
        }
    }

    pub(crate) fn failures(&self) -> usize {
        self.notes().failures.len()
    }

    /// The moments of the requests that begin with the name.
    pub(crate) fn moments(&self, name: &str) -> Vec<Instant> {
        let notes = self.notes();
        let named = notes
            .requests
            .iter()
            .filter(|(_, request)| request.starts_with(name));
        named.map(|(at, _)| *at).collect()
    }

    pub(crate) fn count(&self, name: &str) -> usize {
        self.moments(name).len()
    }

    /// Lets the request of that name fail if its turn has come. False if it has to change nothing.
    async fn pass(&self, name: impl Into<String>) -> Result<bool, StoreError> {
        let name = name.into();
        let failure = {
            let mut notes = self.notes();
            let at = notes
                .failures
                .iter()
                .position(|(failing, _)| name.starts_with(failing));
            notes.requests.push((Instant::now(), name));
            at.map(|at| notes.failures.remove(at).1)
        };
        match failure {
            None => Ok(true),
            Some(Failure::IsVoid) => Ok(false),
            Some(Failure::Error) => {
                let detail = "the test wants it";
                Err(StoreError::new(StoreErrorKind::Timeout, detail))
            }
            Some(Failure::Refuses) => {
                let detail = "the test wants it full";
                Err(StoreError::new(StoreErrorKind::Full, detail))
            }
            Some(Failure::Hangs) => pending().await,
            Some(Failure::Blocks) => {
                std::thread::sleep(Duration::from_secs(1));
                Ok(true)
            }
        }
    }
}

impl FleetStore for Watched {
    type Session = Self;

    async fn connect(&self, pushes: UnboundedSender<Push>) -> Result<Self, StoreError> {
        self.pass("connect").await?;
        self.notes().pushes.push(pushes.clone());
        let pushes = if self.hears_pushes {
            pushes
        } else {
            mpsc::unbounded_channel().0
        };
        self.inner.connect(pushes).await?;
        Ok(self.clone())
    }
}

impl Session for Watched {
    async fn request(&self, circuit: &CircuitId, request: &Request) -> Result<Reply, StoreError> {
        let name = match request {
            Request::Vote { .. } => "vote",
            Request::Object { .. } => "object",
            Request::Settle { .. } => "settle",
            Request::Lease { .. } => "lease",
            Request::Read => "read 1",
            Request::Command { .. } => "command",
            _ => "request",
        };
        if self.pass(name).await? {
            return self.inner.request(circuit, request).await;
        }
        let mut reply = self.inner.request(circuit, &Request::Read).await?;
        reply.answer = Answer::Void;
        Ok(reply)
    }

    async fn read(&self, circuits: &[CircuitId]) -> Result<Vec<View>, StoreError> {
        self.pass(format!("read {}", circuits.len())).await?;
        self.inner.read(circuits).await
    }

    async fn lease_permits(
        &self,
        limit: &RateLimitId,
        request: &PermitLease,
    ) -> Result<PermitReply, StoreError> {
        self.pass("permits").await?;
        self.inner.lease_permits(limit, request).await
    }

    async fn heartbeat(&self, heartbeat: &Heartbeat<'_>) -> Result<Alive, StoreError> {
        let has_list = heartbeat.circuits.is_some();
        let name = if has_list { "list" } else { "heartbeat" };
        self.pass(name).await?;
        self.inner.heartbeat(heartbeat).await
    }

    async fn leave(&self, replica: &str) -> Result<(), StoreError> {
        self.inner.leave(replica).await
    }

    async fn members(&self) -> Result<BTreeMap<String, String>, StoreError> {
        self.pass("members").await?;
        self.inner.members().await
    }

    async fn changes(&self, after: u64) -> Result<Changes, StoreError> {
        self.pass("changes").await?;
        self.inner.changes(after).await
    }
}
