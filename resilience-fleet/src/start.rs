//! A fleet begins: the constructors of its settings, and its start.

use std::io;

use crate::{
    builder::{FleetBuilder, Store},
    error::FleetError,
    fleet::Fleet,
    redis_store::{Address, RedisStore},
    replica::{self, Settings},
    shared::Shared,
    store::{FleetStore, StoreError, StoreErrorKind},
};

impl Fleet {
    /// Begins the settings of a fleet over one server: `redis://` or, with the feature `tls`,
    /// `rediss://`, with user and password if it has them, as the redis crate takes it.
    pub fn builder(address: impl Into<String>) -> FleetBuilder {
        FleetBuilder::of_redis(Address::Server(address.into()))
    }

    /// Begins the settings of a fleet over the master that these sentinels know by the name. The
    /// master is asked for with the user and the password of the first address.
    pub fn sentinels<A: Into<String>>(
        addresses: impl IntoIterator<Item = A>,
        master: impl Into<String>,
    ) -> FleetBuilder {
        FleetBuilder::of_redis(Address::Sentinels {
            addresses: addresses.into_iter().map(Into::into).collect(),
            master: master.into(),
        })
    }

    /// Begins the settings of a fleet over a cluster, of which these are some nodes.
    pub fn cluster<A: Into<String>>(addresses: impl IntoIterator<Item = A>) -> FleetBuilder {
        FleetBuilder::of_redis(Address::Cluster(
            addresses.into_iter().map(Into::into).collect(),
        ))
    }

    /// Begins the settings of a fleet over another store, such as a
    /// [`MemoryStore`](crate::store::MemoryStore) in tests.
    pub fn with_store(store: impl FleetStore) -> FleetBuilder {
        FleetBuilder::of_store(store)
    }
}

impl FleetBuilder {
    /// Joins the fleet. The circuits are shared until the [`Fleet`] is dropped.
    ///
    /// The work is done by two threads, so that it needs no runtime of the program's and never
    /// waits for its tasks.
    ///
    /// # Errors
    ///
    /// If the store cannot be reached within 2 s, refuses the connection, is too old, or has keys
    /// of a later version; if the namespace or the name of the replica has characters that it may
    /// not have; if no circuit and no rate limit is shared.
    pub async fn start(self) -> Result<Fleet, FleetError> {
        let replica = self.checked_replica()?;
        let shares_none = matches!(&self.shared, Shared::Named(names) if names.is_empty());
        let limits_none = self.shared_rate_limits.is_empty() && self.rate_limits.is_empty();
        let none_by_handle = self.circuits.is_empty() && self.families.is_empty();
        if shares_none && none_by_handle && limits_none {
            return Err(FleetError::nothing_shared());
        }
        let settings = Settings {
            namespace: self.namespace.clone(),
            replica,
            quorum: self.quorum,
            starts_degraded: self.starts_degraded,
            batch_share: self.batch_share,
        };
        let started = match self.store {
            Store::Redis(address) => {
                address.check()?;
                let namespace = self.namespace;
                replica::start(RedisStore { address, namespace }, settings)
            }
            Store::Other(start) => start(settings),
        };
        let (links, is_started) = started.map_err(|error| no_thread(&error))?;
        for circuit in &self.circuits {
            links.join(circuit);
        }
        for limit in &self.rate_limits {
            links.join_rate_limit(limit);
        }
        let mut fleet = Fleet::new(links, self.shared, self.shared_rate_limits, self.circuits);
        for family in &self.families {
            fleet.share_family(family);
        }
        is_started.await.map_err(|_| FleetError::ended())??;
        Ok(fleet)
    }
}

fn no_thread(error: &io::Error) -> FleetError {
    let detail = format!("the operating system gives the fleet no thread: {error}");
    StoreError::new(StoreErrorKind::Connection, detail).into()
}
