//! A command that an operator gives on the dashboard of one replica reaches the others through the
//! store.

#![expect(
    clippy::result_large_err,
    reason = "a hook returns the answer that refuses"
)]

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode, header},
};
use resilience::{CircuitBreaker, registry};
use resilience_dashboard::{Access, Actor, router};
use tower::ServiceExt;

use crate::replicas::{CONFIG, Shared, status_of, until};

async fn post(app: &Router, circuit: &str, command: &str, body: &'static str) -> StatusCode {
    let request = Request::post(format!("/circuits/{circuit}/{command}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body));
    let answer = app.clone().oneshot(request.expect("a request")).await;
    answer.expect("infallible").status()
}

/// Posts until the store takes the command. It has 50 ms, and a machine may be busy for longer.
async fn command(app: &Router, circuit: &str, command: &str, body: &'static str) {
    until("the command is taken", async || {
        let status = post(app, circuit, command, body).await;
        assert!(
            matches!(status, StatusCode::OK | StatusCode::SERVICE_UNAVAILABLE),
            "{status}"
        );
        status == StatusCode::OK
    })
    .await;
}

#[tokio::test]
async fn a_command_of_the_dashboard_reaches_the_other_replicas() {
    let app = router(Access::controlled(|_, _| Ok(Actor::new("ana"))));
    let ways = [true, false].into_iter().flat_map(|by_handle| {
        let stores = Shared::all().into_iter();
        stores.map(move |shared| (by_handle, shared))
    });
    for (at, (by_handle, shared)) in ways.enumerate() {
        let name = format!("dashboard_command_{at}");
        // The dashboard is that of the replica whose circuit is in the registry of this process.
        let here = registry::get_or_register(name.clone(), CONFIG);
        let there = CircuitBreaker::new(name.clone(), CONFIG);
        let builder = |replica| shared.builder().namespace("dashboard").replica(replica);
        let starts = [
            if by_handle {
                builder("here").share_circuit(&here)
            } else {
                builder("here").share([name.clone()])
            },
            builder("there").share_circuit(&there),
        ];
        let mut fleets = Vec::new();
        for start in starts {
            fleets.push(start.start().await.expect("the store is there"));
        }

        let reason = r#"{"reason": "repair", "for": "10m"}"#;
        command(&app, &name, "isolate", reason).await;
        until("both replicas obey", async || {
            here.stats().isolated && there.stats().isolated
        })
        .await;
        let status = status_of(&fleets[1]).await;
        let stored = status.circuits[0].command.as_ref().expect("it holds");
        assert_eq!(
            (&*stored.reason, stored.by.as_deref()),
            ("repair", Some("ana"))
        );
        command(&app, &name, "reset", r#"{"reason": "repaired"}"#).await;
        until("both replicas are free", async || {
            !here.stats().isolated && !there.stats().isolated
        })
        .await;

        let reason = r#"{"reason": "a trial"}"#;
        assert_eq!(
            post(&app, &name, "isolate?only_here=true", reason).await,
            StatusCode::OK
        );
        assert!(here.stats().isolated);
        let status = status_of(&fleets[0]).await;
        let held = status.circuits[0].command.as_ref();
        assert!(held.is_none_or(|command| command.reason != "a trial"));
        assert!(!there.stats().isolated);
    }
}
