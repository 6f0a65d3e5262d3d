//! The router.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use resilience::registry;
use serde::Deserialize;

use crate::{
    access::Access,
    answer, circuit, command,
    live::{self, Live},
    page::Page,
};

/// The routes of the dashboard, see [the documentation of the crate](crate). They may be nested
/// under any prefix.
///
/// ```
/// use axum::Router;
/// use resilience_dashboard::{Access, router};
///
/// # async fn serve() -> std::io::Result<()> {
/// let app = Router::new().nest("/resilience", router(Access::read_only()));
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:9000").await?;
/// axum::serve(listener, app).await
/// # }
/// ```
pub fn router(access: Access) -> Router {
    let page = Page::new(access.is_controlled());
    let live = Arc::new(Live::new());
    let reading = Router::new()
        .route("/", get(snapshot))
        .route("/circuits/{circuit}", get(one_circuit))
        .route("/ui", get(async move || page.answer()))
        .route("/events", get(events).with_state(live));
    let all = if access.is_controlled() {
        let commands = post(command::answer).with_state(access);
        reading.route("/circuits/{circuit}/{action}", commands)
    } else {
        reading
    };
    all.layer(middleware::map_response(answer::with_common_headers))
}

/// The parameters of a path by their names, because a prefix may have parameters, too.
#[derive(Deserialize)]
struct Circuit {
    circuit: String,
}

async fn snapshot() -> Response {
    answer::json(StatusCode::OK, &registry::snapshot())
}

async fn one_circuit(Path(Circuit { circuit: name }): Path<Circuit>) -> Response {
    match circuit::describe(&name) {
        Some(described) => answer::json(StatusCode::OK, &described),
        None => circuit::unknown().into_response(),
    }
}

async fn events(State(live): State<Arc<Live>>, headers: HeaderMap) -> Response {
    live::answer(&live, &headers)
}
