//! The store over Redis or Valkey.
//!
//! - `circuit.lua` is one step of a circuit, `permits.lua` one of a rate limit, `fleet.lua` the
//!   lists of the whole fleet.
//! - `keys` are the keys of both, and `reply` reads the answers.
//! - `address` is the place of the server, and `connection` the line to it.

mod address;
mod arguments;
mod connection;
mod fault;
mod keys;
mod reply;

use std::{collections::BTreeMap, fmt};

use redis::{Value, aio::ConnectionLike as _};
use tokio::{sync::mpsc::UnboundedSender, task::JoinSet};

pub(crate) use self::address::Address;
use self::{
    connection::{Connection, Scripts},
    fault::store_error,
    keys::{FORMAT, Keys},
};
use crate::{
    circuit_id::CircuitId,
    rate_limit_id::RateLimitId,
    store::{
        ALIVE_FOR, Alive, Changes, FleetStore, Heartbeat, PermitLease, PermitReply, Push, Reply,
        Request, Session, StoreError, StoreErrorKind, View, micros,
    },
};

/// The store of one namespace on a server of Redis or Valkey.
#[derive(Debug)]
pub struct RedisStore {
    pub(crate) address: Address,
    pub(crate) namespace: String,
}

impl RedisStore {
    /// The store of that namespace on one server.
    ///
    /// # Errors
    ///
    /// If the address is wrong.
    pub fn new(
        address: impl Into<String>,
        namespace: impl Into<String>,
    ) -> Result<Self, StoreError> {
        let address = Address::Server(address.into());
        address.check()?;
        let namespace = namespace.into();
        Ok(Self { address, namespace })
    }
}

/// A connection to a [`RedisStore`].
#[derive(Clone)]
pub struct RedisSession {
    connection: Connection,
    keys: Keys,
    scripts: Scripts,
}

impl FleetStore for RedisStore {
    type Session = RedisSession;

    async fn connect(&self, pushes: UnboundedSender<Push>) -> Result<RedisSession, StoreError> {
        let keys = Keys::new(&self.namespace);
        let connection = Connection::open(&self.address, keys.channel(), pushes).await?;
        let session = RedisSession {
            connection,
            keys,
            scripts: Scripts::default(),
        };
        session.check_format().await?;
        Ok(session)
    }
}

impl RedisSession {
    async fn fleet(&self, request: &str, arguments: &[&str]) -> Result<Value, StoreError> {
        let mut all = vec![request, self.keys.channel()];
        all.extend(arguments);
        let keys = self.keys.fleet();
        let mut connection = self.connection.clone();
        self.scripts.fleet.call(&mut connection, &keys, &all).await
    }

    async fn check_format(&self) -> Result<(), StoreError> {
        let present = self.fleet("format", &[&FORMAT.to_string()]).await?;
        let present: u64 = reply::read(&present)?;
        if present > FORMAT {
            let detail = format!(
                "the keys in the store have the format {present} of a later version of resilience-fleet, and this version reads {FORMAT}: choose another namespace, or update"
            );
            return Err(StoreError::new(StoreErrorKind::LaterFormat, detail));
        }
        Ok(())
    }

    async fn note(&self, circuit: &str) -> Result<(), StoreError> {
        self.fleet("note", &[circuit]).await.map(drop)
    }
}

impl Session for RedisSession {
    async fn request(&self, circuit: &CircuitId, request: &Request) -> Result<Reply, StoreError> {
        let text = circuit.to_string();
        let arguments = arguments::of(request, self.keys.channel(), &text);
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let keys = self.keys.circuit(&text);
        let mut connection = self.connection.clone();
        let script = &self.scripts.circuit;
        let value = script.call(&mut connection, &keys, &arguments).await?;
        let reply = reply::reply(&value)?;
        if reply.is_change {
            // The log is the net under lost pushes. The request is made, whatever becomes of the
            // note.
            let _ = self.note(&text).await;
        }
        Ok(reply)
    }

    async fn read(&self, circuits: &[CircuitId]) -> Result<Vec<View>, StoreError> {
        let mut views = Vec::with_capacity(circuits.len());
        // Few circuits are read at a time, so that a pipeline holds up no probe for long.
        for some in circuits.chunks(READ_AT_ONCE) {
            views.extend(self.read_some(some).await?);
        }
        Ok(views)
    }

    async fn lease_permits(
        &self,
        limit: &RateLimitId,
        request: &PermitLease,
    ) -> Result<PermitReply, StoreError> {
        let arguments = [
            request.limit.to_string(),
            micros(request.per).max(1).to_string(),
            request.burst.to_string(),
            request.wanted.to_string(),
            request.spent.to_string(),
        ];
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let keys = [self.keys.permits(&limit.to_string())];
        let mut connection = self.connection.clone();
        let script = &self.scripts.permits;
        let value = script.call(&mut connection, &keys, &arguments).await?;
        reply::permits(&value)
    }

    async fn heartbeat(&self, heartbeat: &Heartbeat<'_>) -> Result<Alive, StoreError> {
        let alive_for = micros(ALIVE_FOR).to_string();
        let circuits = heartbeat.circuits.unwrap_or("-");
        let arguments = [heartbeat.replica, heartbeat.instance, circuits, &alive_for];
        let value = self.fleet("heartbeat", &arguments).await?;
        let (version, is_taken, wants_circuits) = reply::read(&value)?;
        Ok(Alive {
            version,
            is_taken,
            wants_circuits,
        })
    }

    async fn leave(&self, replica: &str) -> Result<(), StoreError> {
        self.fleet("leave", &[replica]).await.map(drop)
    }

    async fn members(&self) -> Result<BTreeMap<String, String>, StoreError> {
        reply::read(&self.fleet("members", &[]).await?)
    }

    async fn changes(&self, after: u64) -> Result<Changes, StoreError> {
        let value = self.fleet("changes", &[&after.to_string()]).await?;
        reply::changes(&value)
    }
}

impl fmt::Debug for RedisSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisSession")
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

/// The number of circuits that one pipeline reads.
const READ_AT_ONCE: usize = 100;

impl RedisSession {
    async fn read_some(&self, circuits: &[CircuitId]) -> Result<Vec<View>, StoreError> {
        if self.connection.is_cluster() {
            return self.read_each(circuits).await;
        }
        let mut connection = self.connection.clone();
        let mut pipeline = redis::pipe();
        for circuit in circuits {
            let text = circuit.to_string();
            let arguments = arguments::of(&Request::Read, self.keys.channel(), &text);
            let keys = self.keys.circuit(&text);
            pipeline.add_command(self.scripts.circuit.by_hash(&keys, &arguments));
        }
        let values = connection
            .req_packed_commands(&pipeline, 0, circuits.len())
            .await;
        match values {
            Ok(values)
                if values
                    .iter()
                    .all(|value| !matches!(value, Value::ServerError(_))) =>
            {
                let replies = values.iter().map(reply::reply);
                replies.map(|reply| reply.map(|reply| reply.view)).collect()
            }
            Err(error) if !fault::may_lack_script(&error) => Err(store_error(&error)),
            // One of them lacks the script: each is read by itself, which loads it.
            Ok(_) | Err(_) => self.read_each(circuits).await,
        }
    }

    /// Reads each circuit by a request of its own, all at once. In a cluster each lies in another
    /// slot, and a pipeline has one slot only.
    async fn read_each(&self, circuits: &[CircuitId]) -> Result<Vec<View>, StoreError> {
        let mut reads = JoinSet::new();
        for (at, circuit) in circuits.iter().enumerate() {
            let (session, circuit) = (self.clone(), circuit.clone());
            reads.spawn(async move { (at, session.request(&circuit, &Request::Read).await) });
        }
        let mut views = vec![None; circuits.len()];
        while let Some(read) = reads.join_next().await {
            let (at, reply) = read.map_err(|_| no_answer())?;
            views[at] = Some(reply?.view);
        }
        views
            .into_iter()
            .map(|view| view.ok_or_else(no_answer))
            .collect()
    }
}

fn no_answer() -> StoreError {
    let detail = "a circuit was not read, because its task ended early";
    StoreError::new(StoreErrorKind::Protocol, detail)
}
