//! The service whose dashboard is looked at.

use axum::Router;
use tokio::net::TcpListener;

/// Serves the router below `/resilience` on a free port. Returns the address of its root, without
/// the prefix.
pub async fn serve(dashboard: Router) -> String {
    serve_at(Router::new().nest("/resilience", dashboard)).await
}

/// Serves the router on a free port, and returns its address.
pub async fn serve_at(app: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}")
}
