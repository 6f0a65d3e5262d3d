//! The peer of `tenants`.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::get,
};

use resilience_examples::server::Server;

use super::serve;

/// A search engine with a shard for each tenant, behind one address. One of the shards can be down.
#[derive(Debug)]
pub struct Shards {
    server: Server,
    index: Arc<Index>,
}

#[derive(Debug)]
struct Index {
    broken: &'static str,
    is_broken: AtomicBool,
    requests: Mutex<HashMap<String, u64>>,
}

impl Shards {
    /// Starts it on a free port. The shard of the tenant `broken` is down.
    pub fn start(broken: &'static str) -> Self {
        let index = Arc::new(Index {
            broken,
            is_broken: AtomicBool::new(true),
            requests: Mutex::default(),
        });
        let app = Router::new()
            .route("/search/{tenant}", get(search))
            .with_state(Arc::clone(&index));
        Self {
            server: serve(app),
            index,
        }
    }

    /// Returns the address of the service.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Repairs the shard that is down.
    pub fn repair(&self) {
        self.index.is_broken.store(false, Ordering::Relaxed);
    }

    /// Returns the number of requests for this tenant that arrived so far.
    pub fn requests(&self, tenant: &str) -> u64 {
        let requests = self.index.requests.lock();
        let requests = requests.unwrap_or_else(PoisonError::into_inner);
        requests.get(tenant).copied().unwrap_or_default()
    }
}

async fn search(
    State(index): State<Arc<Index>>,
    Path(tenant): Path<String>,
) -> (StatusCode, String) {
    let is_down = tenant == index.broken && index.is_broken.load(Ordering::Relaxed);
    let answer = format!("3 hits for {tenant}");
    let mut requests = index
        .requests
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    *requests.entry(tenant).or_default() += 1;
    if is_down {
        (StatusCode::SERVICE_UNAVAILABLE, String::new())
    } else {
        (StatusCode::OK, answer)
    }
}
