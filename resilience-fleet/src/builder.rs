//! The settings of a fleet.

use std::{collections::BTreeSet, fmt, io, sync::Arc};

use resilience::{CircuitBreaker, CircuitBreakerFamily, RateLimit};
use tokio::sync::oneshot;

use crate::{
    error::FleetError,
    quorum::Quorum,
    redis_store::Address,
    replica::{self, Links, Settings},
    shared::Shared,
    store::{FleetStore, StoreError},
};

/// The settings of a [`Fleet`](crate::Fleet). [`start`](Self::start) joins it.
#[must_use = "a fleet is joined by `start`"]
pub struct FleetBuilder {
    pub(crate) store: Store,
    pub(crate) namespace: String,
    pub(crate) replica: Option<String>,
    pub(crate) shared: Shared,
    pub(crate) circuits: Vec<CircuitBreaker>,
    pub(crate) families: Vec<CircuitBreakerFamily>,
    pub(crate) shared_rate_limits: BTreeSet<String>,
    pub(crate) rate_limits: Vec<RateLimit>,
    pub(crate) batch_share: f64,
    pub(crate) quorum: Quorum,
    pub(crate) starts_degraded: bool,
}

pub(crate) enum Store {
    Redis(Address),
    Other(Box<dyn FnOnce(Settings) -> io::Result<Started> + Send>),
}

pub(crate) type Started = (Links, oneshot::Receiver<Result<(), StoreError>>);

impl FleetBuilder {
    pub(crate) fn of_redis(address: Address) -> Self {
        Self::new(Store::Redis(address))
    }

    pub(crate) fn of_store(store: impl FleetStore) -> Self {
        Self::new(Store::Other(Box::new(|settings| {
            replica::start(store, settings)
        })))
    }

    fn new(store: Store) -> Self {
        Self {
            store,
            namespace: "default".to_owned(),
            replica: None,
            shared: Shared::Named(BTreeSet::new()),
            circuits: Vec::new(),
            families: Vec::new(),
            shared_rate_limits: BTreeSet::new(),
            rate_limits: Vec::new(),
            batch_share: 0.2,
            quorum: Quorum::new(),
            starts_degraded: false,
        }
    }

    /// Sets the name of the fleet: replicas with the same namespace share their circuits. Default
    /// `default`.
    ///
    /// It has 1 to 64 letters, digits, `_`, `-` or `.`, and all keys in the store begin with it.
    /// Give each service and each environment a namespace of its own.
    pub fn namespace(self, namespace: impl Into<String>) -> Self {
        let namespace = namespace.into();
        Self { namespace, ..self }
    }

    /// Sets the name of this replica. Default: the host name and a random part.
    ///
    /// Two replicas of one name have one vote, and the second one's start writes a WARN. So does a
    /// replica that starts again within 30 s after a crash.
    pub fn replica(self, replica: impl Into<String>) -> Self {
        let replica = Some(replica.into());
        Self { replica, ..self }
    }

    /// Shares the circuits of these names, also those that come into the registry later. A name
    /// with `key` shares each key by itself.
    pub fn share<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        if let Shared::Named(shared) = &mut self.shared {
            shared.extend(names.into_iter().map(Into::into));
        }
        self
    }

    /// Shares all circuits of the registry, also those that come later.
    pub fn share_all(self) -> Self {
        let shared = Shared::All;
        Self { shared, ..self }
    }

    /// Shares a circuit by its handle. The registry may have it, too, but need not.
    ///
    /// A command by name reaches the fleet for a circuit of the registry, as one of the dashboard
    /// does. For the circuit of a key it does not, because a name with keys has one command for all
    /// of them: name it in [`share`](Self::share).
    pub fn share_circuit(mut self, circuit: &CircuitBreaker) -> Self {
        self.circuits.push(circuit.clone());
        self
    }

    /// Shares the circuits of a family that is not in the registry, each key by itself. A family of
    /// the registry is shared by its name, see [`share`](Self::share).
    pub fn share_family(mut self, family: &CircuitBreakerFamily) -> Self {
        self.families.push(family.clone());
        self
    }

    /// Makes the rate limits of these names limits of all replicas together, also those that come
    /// into the registry later. A name with `key` limits each key by itself.
    ///
    /// Without it, each replica has the whole limit. [`share_all`](Self::share_all) shares no rate
    /// limit, because it would be a lower limit for each replica.
    ///
    /// Each replica leases permits in batches before it needs them, so that no call waits for the
    /// store. In any time all replicas together admit at most a batch for each replica, and one
    /// more, above the limit and its burst. See [`batch_share`](Self::batch_share).
    pub fn share_rate_limits<N: Into<String>>(
        mut self,
        names: impl IntoIterator<Item = N>,
    ) -> Self {
        self.shared_rate_limits
            .extend(names.into_iter().map(Into::into));
        self
    }

    /// Does the same for a rate limit that is not in the registry.
    pub fn share_rate_limit(mut self, limit: &RateLimit) -> Self {
        self.rate_limits.push(limit.clone());
        self
    }

    /// Sets the share of the burst of a rate limit that the batches of all replicas have together,
    /// above 0 and at most 1. Default 0.2: with a burst of 100 and 5 replicas a batch has 4 calls.
    ///
    /// A batch has at least 2 calls. If the calls of 100 ms at the rate of the limit are more than
    /// the burst, it is a share of them. A larger batch makes fewer requests, and lets a single
    /// replica begin a burst sooner; a smaller one keeps closer to the limit.
    ///
    /// # Panics
    ///
    /// If the share is not above 0 and at most 1.
    pub fn batch_share(self, share: f64) -> Self {
        assert!(
            share > 0.0 && share <= 1.0,
            "`batch_share` must be above 0 and at most 1, like 0.2"
        );
        let batch_share = share;
        Self {
            batch_share,
            ..self
        }
    }

    /// Sets the rule for votes that open a circuit for all. Default: at least 2 votes, and half of
    /// votes and objections. All replicas should have the same.
    pub fn quorum(self, quorum: Quorum) -> Self {
        Self { quorum, ..self }
    }

    /// Lets [`start`](Self::start) succeed without the store. Until the store comes, each circuit
    /// decides alone. Default false.
    ///
    /// A wrong address, a server that is too old and keys of a later version are errors even then,
    /// because no waiting heals them.
    pub fn start_degraded(self, starts_degraded: bool) -> Self {
        Self {
            starts_degraded,
            ..self
        }
    }

    pub(crate) fn checked_replica(&self) -> Result<Arc<str>, FleetError> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
        let namespace = &self.namespace;
        if !(1..=64).contains(&namespace.len()) || !namespace.bytes().all(is_plain) {
            return Err(FleetError::namespace(namespace));
        }
        let replica = self.replica.clone().unwrap_or_else(default_replica);
        let is_long = !(1..=128).contains(&replica.len());
        if is_long || replica.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(FleetError::replica(&replica));
        }
        Ok(replica.into())
    }
}

/// The host name and a random part.
fn default_replica() -> String {
    let host = std::fs::read_to_string("/etc/hostname").ok();
    let host = host.or_else(|| std::env::var("HOSTNAME").ok());
    let host = host.or_else(|| std::env::var("COMPUTERNAME").ok());
    let host = host.unwrap_or_default();
    let host: String = host
        .trim()
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c))
        .take(64)
        .collect();
    let host = if host.is_empty() {
        "replica".to_owned()
    } else {
        host
    };
    format!("{host}-{:08x}", rand::random::<u32>())
}

impl fmt::Debug for FleetBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FleetBuilder")
            .field("namespace", &self.namespace)
            .field("replica", &self.replica)
            .field("shared", &self.shared)
            .finish_non_exhaustive()
    }
}
