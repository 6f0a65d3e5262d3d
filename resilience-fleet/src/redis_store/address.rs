//! The place of the store.

use std::{fmt, time::Duration};

use redis::{
    AsyncConnectionConfig, Client, ConnectionInfo, IntoConnectionInfo, ProtocolVersion,
    RedisResult,
    cluster::ClusterClient,
    sentinel::{SentinelClient, SentinelNodeConnectionInfo, SentinelServerType},
};

use super::fault::store_error;
use crate::store::{StoreError, StoreErrorKind};

/// The place of a server, of the sentinels that know it, or of the nodes of a cluster.
pub(crate) enum Address {
    Server(String),
    Sentinels {
        addresses: Vec<String>,
        master: String,
    },
    Cluster(Vec<String>),
}

/// An address holds a password, so it is never shown.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Server(_) => "Server",
            Self::Sentinels { .. } => "Sentinels",
            Self::Cluster(_) => "Cluster",
        })
    }
}

/// The limit for the connection itself. No call waits for it.
const CONNECT: Duration = Duration::from_secs(1);

/// The address with RESP3, which brings pushes over the connection of the requests.
fn resp3(address: &str) -> Result<ConnectionInfo, StoreError> {
    if address.starts_with("rediss://") && !cfg!(feature = "tls") {
        let detail =
            "an address that begins with rediss:// needs the feature `tls` of resilience-fleet";
        return Err(StoreError::new(StoreErrorKind::Address, detail));
    }
    #[cfg(feature = "tls")]
    choose_cryptography();
    let info = address
        .into_connection_info()
        .map_err(|_| wrong_address())?;
    let settings = info.redis_settings().clone();
    let settings = settings
        .set_protocol(ProtocolVersion::RESP3)
        .set_skip_set_lib_name();
    Ok(info.set_redis_settings(settings))
}

/// Chooses the cryptography of rustls, unless the program has chosen one. Without a choice rustls
/// panics.
#[cfg(feature = "tls")]
fn choose_cryptography() {
    use rustls::crypto::{CryptoProvider, ring};
    if CryptoProvider::get_default().is_none() {
        // Another thread may be faster, and its choice is as good.
        let _ = ring::default_provider().install_default();
    }
}

/// The text of the redis crate may repeat the address with its password.
fn wrong_address() -> StoreError {
    let detail = "the address is wrong: it must be like redis://127.0.0.1:6379 or rediss://user:password@host:6379";
    StoreError::new(StoreErrorKind::Address, detail)
}

/// The settings of a connection to one server. The fleet has its own limit for each request.
pub(super) fn settings() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT))
        .set_response_timeout(Some(CONNECT))
}

/// A client of one server, or of a cluster.
pub(super) enum FoundClient {
    Server(Box<Client>),
    Cluster(Box<redis::cluster::ClusterClientBuilder>),
}

impl Address {
    /// Checks the form of the address without a connection.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        let addresses = self.addresses();
        if addresses.is_empty() {
            return Err(wrong_address());
        }
        addresses
            .iter()
            .try_for_each(|address| resp3(address).map(drop))
    }

    fn addresses(&self) -> &[String] {
        match self {
            Self::Server(address) => std::slice::from_ref(address),
            Self::Sentinels { addresses, .. } | Self::Cluster(addresses) => addresses,
        }
    }

    /// True if the connections have TLS.
    pub(super) fn has_tls(&self) -> bool {
        self.addresses()
            .iter()
            .any(|address| address.starts_with("rediss://"))
    }

    /// Finds the server. Sentinels are asked anew each time, because the master may have changed.
    pub(super) async fn client(&self) -> Result<FoundClient, StoreError> {
        match self {
            Self::Server(address) => Ok(server(Client::open(resp3(address)?))?),
            Self::Sentinels { addresses, master } => {
                let infos = infos(addresses)?;
                // The master has the user and the password of the first sentinel's address.
                let settings = infos.first().ok_or_else(wrong_address)?;
                let node = SentinelNodeConnectionInfo::default()
                    .set_redis_connection_info(settings.redis_settings().clone());
                let (master, kind) = (master.clone(), SentinelServerType::Master);
                let sentinels = SentinelClient::build(infos, master, Some(node), kind);
                let mut sentinels = sentinels.map_err(|error| store_error(&error))?;
                Ok(server(sentinels.async_get_client().await)?)
            }
            Self::Cluster(addresses) => {
                let builder = ClusterClient::builder(infos(addresses)?)
                    .use_protocol(ProtocolVersion::RESP3)
                    .connection_timeout(CONNECT)
                    .response_timeout(CONNECT);
                Ok(FoundClient::Cluster(Box::new(builder)))
            }
        }
    }
}

fn infos(addresses: &[String]) -> Result<Vec<ConnectionInfo>, StoreError> {
    addresses.iter().map(|address| resp3(address)).collect()
}

fn server(client: RedisResult<Client>) -> Result<FoundClient, StoreError> {
    let client = client.map_err(|error| store_error(&error))?;
    Ok(FoundClient::Server(Box::new(client)))
}

#[cfg(all(test, not(feature = "tls")))]
mod tests {
    use super::*;

    #[test]
    fn an_address_with_tls_needs_the_feature() {
        let address = Address::Server("rediss://127.0.0.1:1".to_owned());
        let error = address.check().expect_err("the feature is off");
        assert_eq!(error.kind(), StoreErrorKind::Address);
        assert!(error.to_string().contains("the feature `tls`"), "{error}");
    }
}
