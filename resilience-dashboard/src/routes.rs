//! The router.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    middleware,
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use resilience::registry;
use serde::Deserialize;

use crate::{
    access::Access,
    answer::{self, Refusal},
    circuit, command,
    live::{self, Live},
    page::Page,
};

/// The routes of the dashboard, see [the documentation of the crate](crate). They may be nested
/// under any prefix, or merged into an app. Other paths below the prefix belong to the app.
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
    let commands = if access.is_controlled() {
        post(command::answer).with_state(access)
    } else {
        any(no_such_page)
    };
    let mut all = reading.route("/circuits/{circuit}/{action}", commands);
    for path in NO_PAGES {
        all = all.route(path, any(no_such_page));
    }
    all.layer(middleware::map_response(answer::with_common_headers))
}

/// Paths below those of the dashboard that lead nowhere. They are routes and no fallback, because
/// an app that merges the router may have a fallback of its own.
const NO_PAGES: [&str; 5] = [
    "/circuits",
    "/circuits/",
    "/circuits/{circuit}/{action}/{*rest}",
    "/events/{*rest}",
    "/ui/{*rest}",
];

async fn no_such_page() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "there is no such page")
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
