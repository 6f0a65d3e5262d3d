//! The errors of the redis crate as errors of a store.

use redis::{ErrorKind, RedisError, ServerErrorKind};

use crate::store::{StoreError, StoreErrorKind};

/// The error in our words. The text of the server is part of it, and no address and no password is.
pub(super) fn store_error(error: &RedisError) -> StoreError {
    let detail = error.detail().unwrap_or_default();
    let (kind, words) = match error.kind() {
        ErrorKind::RESP3NotSupported => (
            StoreErrorKind::TooOld,
            "the server does not know RESP3: it must be Redis 6 or newer, or Valkey",
        ),
        ErrorKind::AuthenticationFailed => (
            StoreErrorKind::Authentication,
            "the server refuses the user name or the password",
        ),
        ErrorKind::InvalidClientConfig => (StoreErrorKind::Address, "the address is wrong"),
        ErrorKind::Server(ServerErrorKind::NoPerm) => (
            StoreErrorKind::Permission,
            "the user of the store lacks a permission, see the ACL in the README of resilience-fleet",
        ),
        ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown) => (
            StoreErrorKind::NotWritable,
            "the server is a replica, which takes no writes",
        ),
        ErrorKind::Server(
            ServerErrorKind::BusyLoading
            | ServerErrorKind::ClusterDown
            | ServerErrorKind::TryAgain
            | ServerErrorKind::Moved
            | ServerErrorKind::Ask,
        ) => (StoreErrorKind::NotWritable, "the server is not ready"),
        _ if error.is_timeout() => (StoreErrorKind::Timeout, "the server did not answer in time"),
        _ => by_text(error),
    };
    StoreError::new(kind, joined(words, detail))
}

/// The error of a connection with TLS, in words that name the likely fault.
pub(super) fn tls_error(error: &RedisError) -> StoreError {
    // The errors of rustls are known by their text only.
    let text = error.to_string();
    let words = if text.contains("certificate") {
        "the certificate of the server is not one that this machine trusts"
    } else if text.contains("corrupt message") || error.is_timeout() {
        "the server does not speak TLS: its address must begin with redis:// if the server has no TLS"
    } else {
        return store_error(error);
    };
    StoreError::new(StoreErrorKind::Connection, joined(words, &text))
}

/// Errors that the redis crate knows by their text only.
fn by_text(error: &RedisError) -> (StoreErrorKind, &'static str) {
    match error.code() {
        Some("NOAUTH") => (
            StoreErrorKind::Authentication,
            "the server wants a password, and the address has none",
        ),
        Some("WRONGPASS") => (
            StoreErrorKind::Authentication,
            "the server refuses the user name or the password",
        ),
        Some("OOM") => (StoreErrorKind::Full, "the server is full"),
        Some("MISCONF" | "NOREPLICAS") => (
            StoreErrorKind::NotWritable,
            "the server takes no writes now",
        ),
        Some("NOPROTO") => (
            StoreErrorKind::TooOld,
            "the server does not know RESP3: it must be Redis 6 or newer, or Valkey",
        ),
        _ if error.is_connection_refusal() => {
            (StoreErrorKind::Connection, "the server cannot be reached")
        }
        _ if error.is_connection_dropped() => (
            StoreErrorKind::Connection,
            "the server ended the connection: a server with TLS does so if the address begins with redis:// and not with rediss://",
        ),
        _ if error.is_io_error() => (StoreErrorKind::Connection, "the server cannot be reached"),
        _ => (StoreErrorKind::Protocol, "the server answers with an error"),
    }
}

fn joined(words: &str, detail: &str) -> String {
    if detail.is_empty() {
        words.to_owned()
    } else {
        format!("{words}: {detail}")
    }
}

/// True if a pipeline failed with this because the server has lost a script.
pub(super) fn may_lack_script(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) || error.code() == Some("NOSCRIPT")
}
