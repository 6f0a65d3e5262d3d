//! A cache in Redis before a slow source. When Redis is killed, the callers get their answers from
//! the source, and an open circuit keeps them from waiting for the cache.
//!
//! `cargo run -p resilience-example-redis --bin redis_cache`, with a `redis-server` on the machine

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use redis::{AsyncConnectionConfig, Client, RedisError, RetryMethod, aio::MultiplexedConnection};
use resilience::{
    CircuitOpen, CircuitState, TimedOut, circuit_breaker, fallback, registry, retry, timeout,
};
use resilience_example_redis::RedisServer;
use resilience_examples::timeline;
use tokio::sync::Mutex;

struct Profiles {
    client: Client,
    /// The connection, until it breaks.
    connection: Mutex<Option<MultiplexedConnection>>,
    /// The number of times that the slow source was asked.
    looked_up: AtomicU32,
}

#[derive(Debug, thiserror::Error)]
enum CacheError {
    #[error("redis: {0}")]
    Redis(#[from] RedisError),
    #[error(transparent)]
    CircuitOpen(#[from] CircuitOpen),
    #[error(transparent)]
    TimedOut(#[from] TimedOut),
}

impl CacheError {
    /// The client knows which of its errors a second attempt can mend. A command that was cut off
    /// may have been done, so only commands that may be done twice are retried: `GET` and `SET`
    /// are, `INCR` is not.
    fn is_transient(&self) -> bool {
        match self {
            Self::Redis(error) => !matches!(error.retry_method(), RetryMethod::NoRetry),
            Self::TimedOut(_) => true,
            Self::CircuitOpen(_) => false,
        }
    }
}

impl Profiles {
    fn new(url: &str) -> Result<Self, RedisError> {
        Ok(Self {
            client: Client::open(url)?,
            connection: Mutex::default(),
            looked_up: AtomicU32::new(0),
        })
    }

    /// A profile, from the cache or from its source.
    async fn profile(&self, user: &str) -> String {
        if let Ok(Some(profile)) = self.cached(user).await {
            return profile;
        }
        let profile = self.look_up(user);
        // A cache that cannot be written to is no reason to fail.
        let _ = self.remember(user, &profile).await;
        profile
    }

    /// A cache that fails has nothing. The fallback is counted, so that operators see it.
    #[fallback(|_| Ok(None), on(CacheError::Redis(_) | CacheError::TimedOut(_) | CacheError::CircuitOpen(_)))]
    #[retry(max_retries = 1, base_delay = 5ms, retry_if = CacheError::is_transient)]
    #[circuit_breaker(name = "cache", failure_threshold = 4, recovery_timeout = 300ms, success_threshold = 1)]
    #[timeout(1s)]
    async fn cached(&self, user: &str) -> Result<Option<String>, CacheError> {
        let mut connection = self.connection().await?;
        let read = redis::cmd("GET")
            .arg(user)
            .query_async(&mut connection)
            .await;
        Ok(self.checked(read).await?)
    }

    #[circuit_breaker(name = "cache", failure_threshold = 4, recovery_timeout = 300ms, success_threshold = 1)]
    #[timeout(1s)]
    async fn remember(&self, user: &str, profile: &str) -> Result<(), CacheError> {
        let mut connection = self.connection().await?;
        let set = redis::cmd("SET")
            .arg(user)
            .arg(profile)
            .arg("EX")
            .arg(60)
            .to_owned();
        let written = set.query_async(&mut connection).await;
        Ok(self.checked(written).await?)
    }

    /// The connection that all calls share, or a new one. The limits of time are in the attributes.
    async fn connection(&self) -> Result<MultiplexedConnection, RedisError> {
        let mut connection = self.connection.lock().await;
        if let Some(connection) = &*connection {
            return Ok(connection.clone());
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None);
        let new = self
            .client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        Ok(connection.insert(new).clone())
    }

    /// Forgets the connection if the error says that it is broken, so that the next attempt
    /// connects.
    async fn checked<T>(&self, result: Result<T, RedisError>) -> Result<T, RedisError> {
        if let Err(error) = &result
            && error.is_unrecoverable_error()
        {
            *self.connection.lock().await = None;
        }
        result
    }

    fn look_up(&self, user: &str) -> String {
        self.looked_up.fetch_add(1, Ordering::SeqCst);
        format!("{user} likes chairs")
    }

    /// Asks for a profile, and says how long that took and where it came from.
    async fn show(&self) -> bool {
        let (before, asked) = (self.looked_up.load(Ordering::SeqCst), Instant::now());
        let profile = self.profile("Ann").await;
        let is_cached = self.looked_up.load(Ordering::SeqCst) == before;
        let source = if is_cached { "cache" } else { "source" };
        timeline::timed(source, "took", asked.elapsed(), &profile);
        assert_eq!(profile, "Ann likes chairs", "the callers notice nothing");
        is_cached
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Some(mut server) = RedisServer::start()? else {
        println!("NOT CHECKED: this machine has no redis-server (apt-get install redis-server)");
        return Ok(());
    };
    let profiles = Profiles::new(&server.url())?;

    timeline::chapter("Redis is fine");
    assert!(!profiles.show().await, "the cache is empty");
    assert!(profiles.show().await);

    timeline::chapter("Redis is killed");
    server.kill()?;
    for _ in 0..5 {
        assert!(!profiles.show().await);
    }
    let circuit = registry::get("cache").expect("it was called");
    timeline::line("circuit", circuit.state());
    assert_eq!(circuit.state(), CircuitState::Open);

    timeline::chapter("Redis is back");
    server.up()?;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(profiles.show().await, "the cache still has its entry");
    timeline::line("circuit", circuit.state());
    assert_eq!(circuit.state(), CircuitState::Closed);
    Ok(())
}
