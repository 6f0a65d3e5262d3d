//! The connection to the store, and the scripts that it runs.

use std::sync::Arc;

use redis::{
    Cmd, ErrorKind, Pipeline, PushInfo, PushKind, RedisFuture, RedisResult, Script,
    ServerErrorKind, Value,
    aio::{ConnectionLike, MultiplexedConnection},
    cluster_async::ClusterConnection,
};
use tokio::sync::mpsc::UnboundedSender;

use super::{
    address::{Address, FoundClient, settings},
    fault::{store_error, tls_error},
};
use crate::store::{Push, StoreError};

/// A connection to one server, or to a cluster. Clones are the same connection.
#[derive(Clone)]
pub(super) enum Connection {
    Server(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Connection {
    /// Connects, and subscribes to the channel.
    pub(super) async fn open(
        address: &Address,
        channel: &str,
        pushes: UnboundedSender<Push>,
    ) -> Result<Self, StoreError> {
        let sender = move |info: PushInfo| match push(&info) {
            Some(push) => pushes.send(push).map_err(drop),
            None => Ok(()),
        };
        let connection = match address.client().await? {
            FoundClient::Server(client) => Self::server(&client, sender, channel).await,
            FoundClient::Cluster(builder) => {
                Self::cluster(builder.push_sender(sender), channel).await
            }
        };
        connection.map_err(|error| {
            if address.has_tls() {
                tls_error(&error)
            } else {
                store_error(&error)
            }
        })
    }

    pub(super) fn is_cluster(&self) -> bool {
        matches!(self, Self::Cluster(_))
    }

    async fn server(
        client: &redis::Client,
        sender: impl Fn(PushInfo) -> Result<(), ()> + Send + Sync + 'static,
        channel: &str,
    ) -> RedisResult<Self> {
        let settings = settings().set_push_sender(sender);
        let mut connection = client
            .get_multiplexed_async_connection_with_config(&settings)
            .await?;
        connection.subscribe(channel).await?;
        Ok(Self::Server(connection))
    }

    async fn cluster(
        builder: redis::cluster::ClusterClientBuilder,
        channel: &str,
    ) -> RedisResult<Self> {
        let mut connection = builder.build()?.get_async_connection().await?;
        connection.subscribe(channel).await?;
        Ok(Self::Cluster(connection))
    }
}

/// The notice of a push of the server.
fn push(info: &PushInfo) -> Option<Push> {
    match info.kind {
        PushKind::Disconnection => Some(Push::Disconnected),
        PushKind::Message => match info.data.get(1)? {
            Value::BulkString(text) if text.is_empty() => Some(Push::Members),
            Value::BulkString(text) => {
                let (circuit, at) = std::str::from_utf8(text).ok()?.split_once(' ')?;
                Some(Push::Changed {
                    circuit: circuit.to_owned(),
                    at: at.parse().ok()?,
                })
            }
            _ => None,
        },
        _ => None,
    }
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::Server(connection) => connection.req_packed_command(command),
            Self::Cluster(connection) => connection.req_packed_command(command),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::Server(connection) => connection.req_packed_commands(pipeline, offset, count),
            Self::Cluster(connection) => connection.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::Server(connection) => connection.get_db(),
            Self::Cluster(connection) => connection.get_db(),
        }
    }
}

/// The scripts of the store.
#[derive(Clone)]
pub(super) struct Scripts {
    pub(super) circuit: StoredScript,
    pub(super) fleet: StoredScript,
    pub(super) permits: StoredScript,
}

impl Default for Scripts {
    fn default() -> Self {
        Self {
            circuit: StoredScript::new(include_str!("circuit.lua")),
            fleet: StoredScript::new(include_str!("fleet.lua")),
            permits: StoredScript::new(include_str!("permits.lua")),
        }
    }
}

/// A script that the server keeps by its hash.
#[derive(Clone)]
pub(super) struct StoredScript {
    code: &'static str,
    hash: Arc<str>,
}

impl StoredScript {
    fn new(code: &'static str) -> Self {
        let hash = Script::new(code).get_hash().into();
        Self { code, hash }
    }

    /// The command that runs the script, if the server has it.
    pub(super) fn by_hash(&self, keys: &[String], arguments: &[impl AsRef<str>]) -> Cmd {
        command("EVALSHA", &self.hash, keys, arguments)
    }

    /// Runs the script, and sends its code if the server has lost it.
    pub(super) async fn call(
        &self,
        connection: &mut Connection,
        keys: &[String],
        arguments: &[&str],
    ) -> Result<Value, StoreError> {
        let by_hash = self.by_hash(keys, arguments);
        let mut value = answer(connection, &by_hash).await;
        if value.as_ref().is_err_and(is_lost) {
            let whole = command("EVAL", self.code, keys, arguments);
            value = answer(connection, &whole).await;
        }
        value.map_err(|error| store_error(&error))
    }
}

/// The answer to a command. An error of the server is a value to the redis crate.
async fn answer(connection: &mut Connection, command: &Cmd) -> RedisResult<Value> {
    let value = connection.req_packed_command(command).await;
    value.and_then(Value::extract_error)
}

fn is_lost(error: &redis::RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}

fn command(name: &str, script: &str, keys: &[String], arguments: &[impl AsRef<str>]) -> Cmd {
    let mut command = redis::cmd(name);
    command.arg(script).arg(keys.len()).arg(keys);
    for argument in arguments {
        command.arg(argument.as_ref());
    }
    command
}
