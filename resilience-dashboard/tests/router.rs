//! The router without a browser: its answers and its refusals.

#![expect(
    clippy::result_large_err,
    reason = "a hook returns the answer that refuses"
)]

mod support;

use axum::{
    Router,
    body::{Body, Bytes},
    http::{Request, Response, StatusCode, header},
    response::IntoResponse,
};
use futures_util::{StreamExt, stream};
use resilience::{
    CircuitState, circuit_breaker,
    events::{self, CommandAction, EventKind},
    registry,
};
use resilience_dashboard::{Access, Actor, router};
use serde_json::json;
use tower::ServiceExt;

use crate::support::{CONFIG, get, json_of, read_only, send};

fn controlled() -> Router {
    router(Access::controlled(|request, _| {
        match request
            .headers
            .get("x-user")
            .and_then(|user| user.to_str().ok())
        {
            Some(user) => Ok(Actor::new(user)),
            None => Err((StatusCode::UNAUTHORIZED, "who are you?").into_response()),
        }
    }))
}

/// A command that everything is right about.
fn command(path: &str) -> axum::http::request::Builder {
    Request::post(path)
        .header(header::CONTENT_TYPE, "application/json")
        .header("x-user", "anna")
}

async fn post(app: &Router, path: &str, body: &str) -> Response<Body> {
    let request = command(path).body(Body::from(body.to_owned()));
    send(app, request.expect("a request")).await
}

const REASON: &str = r#"{"reason": "maintenance"}"#;

// Reading

#[circuit_breaker(
    name = "router::used",
    failure_threshold = 3,
    operation = "router.find"
)]
fn find() -> Result<(), std::io::Error> {
    Err(std::io::Error::other("down"))
}

#[tokio::test]
async fn the_snapshot_is_the_registrys() {
    registry::get_or_register("router::snapshot", CONFIG).trip();
    let answer = get(&read_only(), "/").await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/json");
    let snapshot = json_of(answer).await;
    assert_eq!(snapshot["schema"], 1);
    let circuits = snapshot["circuits"].as_array().expect("circuits");
    let shown = circuits
        .iter()
        .find(|circuit| circuit["name"] == "router::snapshot");
    assert_eq!(shown.expect("it is listed")["state"], "open");
}

#[tokio::test]
async fn one_circuit_has_its_history_its_operations_and_its_settings() {
    for _ in 0..3 {
        find().expect_err("it is down");
    }
    let line = registry::stats("router::used")
        .expect("used")
        .declared_at
        .line();
    let circuit = json_of(get(&read_only(), "/circuits/router%3A%3Aused").await).await;
    assert_eq!(
        (&circuit["state"], &circuit["failure_count"]),
        (&json!("open"), &json!(3))
    );
    assert_eq!(circuit["last_error"], "down");
    let operation = &circuit["operations"][0];
    assert_eq!(operation["name"], "router.find");
    assert_eq!(operation["declared_at"]["file"], file!());
    let settings = circuit["settings"].as_array().expect("settings");
    let threshold = settings
        .iter()
        .find(|setting| setting["setting"] == "failure_threshold");
    let threshold = threshold.expect("it is described");
    assert_eq!(threshold["value"], "3");
    assert_eq!(threshold["source"]["line"], line);
    assert_eq!(circuit["history"][0]["reason"], "failures");

    registry::isolate("router::used");
    registry::reset("router::used");
    let circuit = json_of(get(&read_only(), "/circuits/router::used").await).await;
    let states = circuit["history"].as_array().expect("a history").iter();
    let states: Vec<_> = states.map(|past| (&past["from"], &past["to"])).collect();
    let expected = [
        ("closed", "open"),
        ("open", "isolated"),
        ("isolated", "closed"),
    ];
    assert_eq!(
        states,
        expected
            .map(|(from, to)| (json!(from), json!(to)))
            .each_ref()
            .map(|(a, b)| (a, b))
    );
}

#[tokio::test]
async fn a_name_with_keys_has_the_keys_that_are_the_worst_off() {
    let tenants = registry::get_or_register_family("router::tenants", CONFIG);
    for tenant in 0..150 {
        tenants.acquire(tenant).expect("closed").success();
    }
    tenants.circuit(7).trip();
    let shown = json_of(get(&read_only(), "/circuits/router::tenants").await).await;
    assert_eq!((&shown["keys"], &shown["open"]), (&json!(150), &json!(1)));
    let circuits = shown["circuits"].as_array().expect("circuits");
    assert_eq!((circuits.len(), &circuits[0]["key"]), (100, &json!("7")));
}

#[tokio::test]
async fn names_come_percent_encoded_and_unknown_ones_are_404() {
    let name = "a/b?c#d%20 é<>";
    registry::get_or_register(name, CONFIG);
    let path = "/circuits/a%2Fb%3Fc%23d%2520%20%C3%A9%3C%3E";
    assert_eq!(json_of(get(&read_only(), path).await).await["name"], name);
    let unknown = get(&read_only(), "/circuits/router::unknown").await;
    assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
    assert!(registry::get("router::unknown").is_none());
    for path in ["/circuits/%FF", "/nothing", "/circuits/a/b/c"] {
        assert!(
            get(&read_only(), path).await.status().is_client_error(),
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_page_runs_its_own_script_and_nothing_else() {
    let answer = get(&read_only(), "/ui").await;
    assert_eq!(
        answer.headers()[header::CONTENT_TYPE],
        "text/html; charset=utf-8"
    );
    let policy = answer.headers()[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .expect("text");
    assert!(
        policy.starts_with("default-src 'none'; script-src 'sha256-"),
        "{policy}"
    );
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
}

#[tokio::test]
async fn it_may_be_nested_merged_and_given_a_state() {
    let nested = Router::<u32>::new()
        .route("/", axum::routing::get(|| async { "the service" }))
        .fallback(|| async { "the service's own" })
        .with_state(7)
        .nest("/internal/{tenant}/resilience", read_only());
    let answer = get_raw(&nested, "/internal/blue/resilience").await;
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/json");
    registry::get_or_register("router::nested", CONFIG);
    let one = get_raw(&nested, "/internal/blue/resilience/circuits/router::nested").await;
    assert_eq!(json_of(one).await["name"], "router::nested");
    let circuit = "/internal/blue/resilience/circuits/router::nested";
    for path in ["/trip", "/trip/now"] {
        let answer = post(&nested, &format!("{circuit}{path}"), REASON).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
    for path in [
        "/circuits",
        "/circuits/",
        "/circuits/none",
        "/events/x",
        "/ui/x",
    ] {
        let answer = get(&nested, &format!("/internal/blue/resilience{path}")).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        assert!(json_of(answer).await["error"].is_string(), "{path}");
    }
    let merged = Router::new()
        .route("/else", axum::routing::get(|| async { "else" }))
        .fallback(|| async { "the service's own" })
        .merge(read_only());
    assert_eq!(get_raw(&merged, "/ui").await.status(), StatusCode::OK);
    assert_eq!(
        get_raw(&merged, "/elsewhere").await.status(),
        StatusCode::OK
    );
}

async fn get_raw(app: &Router, path: &str) -> Response<Body> {
    let request = Request::get(path).body(Body::empty()).expect("a request");
    app.clone().oneshot(request).await.expect("infallible")
}

// Commands

#[tokio::test]
async fn without_a_hook_there_are_no_commands() {
    registry::get_or_register("router::read_only", CONFIG);
    for action in ["trip", "isolate", "reset", "allow"] {
        let path = format!("/circuits/router::read_only/{action}");
        let answer = post(&read_only(), &path, REASON).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    }
    let state = registry::get("router::read_only").map(|circuit| circuit.state());
    assert_eq!(state, Some(CircuitState::Closed));
}

#[tokio::test]
async fn each_command_answers_with_the_circuit_and_names_reason_and_actor() {
    let circuit = registry::get_or_register("router::commanded", CONFIG);
    let (sender, told) = std::sync::mpsc::channel();
    let subscription = events::subscribe(move |event| {
        if let EventKind::Command {
            circuit: "router::commanded",
            action,
            by,
            reason,
            ..
        } = event.kind
        {
            let text = format!("{action} by {by:?}: {reason:?}");
            sender.send(text).expect("the test listens");
        }
    });
    let cases = [
        ("trip", "open"),
        ("isolate", "isolated"),
        ("allow", "closed"),
        ("reset", "closed"),
    ];
    for (action, state) in cases {
        let body = r#"{"reason": "the vendor repairs it", "for": "5m"}"#;
        let answer = post(
            &controlled(),
            &format!("/circuits/router::commanded/{action}"),
            body,
        )
        .await;
        assert_eq!(answer.status(), StatusCode::OK);
        let shown = json_of(answer).await;
        assert_eq!(
            (&shown["name"], &shown["state"]),
            (&json!("router::commanded"), &json!(state))
        );
        let expected = format!(r#"{action} by Some("anna"): Some("the vendor repairs it")"#);
        assert_eq!(told.try_recv(), Ok(expected));
        let command = circuit.stats().command;
        let holds = command
            .as_ref()
            .is_some_and(|command| command.until.is_some());
        assert_eq!(holds, action != "reset", "{action}: {command:?}");
    }
    drop(subscription);
}

#[tokio::test]
async fn a_command_for_a_name_with_keys_reaches_all_of_them() {
    let shards = registry::get_or_register_family("router::shards", CONFIG);
    shards.acquire(1).expect("closed").success();
    shards.acquire(2).expect("closed").success();
    let answer = post(&controlled(), "/circuits/router::shards/isolate", REASON).await;
    assert_eq!(json_of(answer).await["isolated"], 2);
}

#[tokio::test]
async fn a_wrong_command_is_refused_and_changes_nothing() {
    let circuit = registry::get_or_register("router::refused", CONFIG);
    let trip = "/circuits/router::refused/trip";
    let long = format!(r#"{{"reason": "{}"}}"#, "a".repeat(5_000));
    let bodies = [
        ("", 400),
        ("{", 400),
        ("null", 400),
        ("[]", 400),
        (r#""trip""#, 400),
        ("{}", 400),
        (r#"{"reason": ""}"#, 400),
        (r#"{"reason": " \n"}"#, 400),
        (r#"{"reason": 7}"#, 400),
        (r#"{"reason": null}"#, 400),
        (r#"{"reason": "a", "by": "somebody else"}"#, 400),
        (r#"{"reason": "a", "reason": "b"}"#, 400),
        (r#"{"reason": "a"} trailing"#, 400),
        (r#"{"reason": "a", "for": "0s"}"#, 400),
        (r#"{"reason": "a", "for": "soon"}"#, 400),
        (r#"{"reason": "a", "for": ""}"#, 400),
        (r#"{"reason": "a", "for": 300}"#, 400),
        (r#"{"reason": "a", "for": "-5m"}"#, 400),
        ("\u{feff}{}", 400),
        (long.as_str(), 413),
    ];
    for (body, status) in bodies {
        let answer = post(&controlled(), trip, body).await;
        assert_eq!(answer.status(), status, "{body}");
        assert!(json_of(answer).await["error"].is_string(), "{body}");
    }
    let not_utf_8 = command(trip).body(Body::from(&b"{\"reason\": \"\xff\"}"[..]));
    let answer = send(&controlled(), not_utf_8.expect("a request")).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    for (path, status) in [
        ("/circuits/router::never_made/trip", 404),
        ("/circuits/router::refused/explode", 404),
        ("/circuits/router::refused/Trip", 404),
        ("/circuits/router::refused/trip/now", 404),
    ] {
        assert_eq!(
            post(&controlled(), path, REASON).await.status(),
            status,
            "{path}"
        );
    }
    assert_eq!(
        get(&controlled(), trip).await.status(),
        StatusCode::METHOD_NOT_ALLOWED
    );
    assert!(registry::get("router::never_made").is_none());
    assert_eq!(circuit.stats().opened, 0);
    assert!(registry::history("router::refused").is_empty());
}

#[tokio::test]
async fn other_content_types_and_other_sites_are_refused() {
    let circuit = registry::get_or_register("router::site", CONFIG);
    let path = "/circuits/router::site/trip";
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonx",
        "",
    ] {
        let request = Request::post(path)
            .header("x-user", "anna")
            .header(header::CONTENT_TYPE, content_type)
            .body(Body::from(REASON));
        let answer = send(&controlled(), request.expect("a request")).await;
        assert_eq!(
            answer.status(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "{content_type}"
        );
    }
    for site in ["cross-site", "same-site", "none", ""] {
        let request = command(path)
            .header("sec-fetch-site", site)
            .body(Body::from(REASON));
        let answer = send(&controlled(), request.expect("a request")).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{site}");
    }
    assert_eq!(circuit.stats().opened, 0);
    let request = command(path)
        .header("sec-fetch-site", "same-origin")
        .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
        .body(Body::from(REASON));
    let answer = send(&controlled(), request.expect("a request")).await;
    assert_eq!(answer.status(), StatusCode::OK);
}

#[tokio::test]
async fn the_hook_sees_the_request_and_its_refusal_is_the_answer() {
    let circuit = registry::get_or_register("router::hook", CONFIG);
    let app = router(Access::controlled(|request, action| {
        assert_eq!(request.headers["x-user"], "anna");
        assert_eq!(
            (action.kind(), action.circuit(), action.is_only_here()),
            (CommandAction::Isolate, "router::hook", true)
        );
        Err((StatusCode::IM_A_TEAPOT, [("x-why", "tea")]).into_response())
    }));
    let path = "/circuits/router%3A%3Ahook/isolate?only_here=true";
    let answer = post(&app, path, REASON).await;
    assert_eq!(answer.status(), StatusCode::IM_A_TEAPOT);
    assert_eq!(answer.headers()["x-why"], "tea");
    // Nobody learns by a command which circuits there are.
    let request = Request::post("/circuits/router::nowhere/trip").body(Body::empty());
    let answer = send(&controlled(), request.expect("a request")).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(circuit.stats().opened, 0);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_too_slow_or_breaks_off_is_refused() {
    let circuit = registry::get_or_register("router::slow", CONFIG);
    let path = "/circuits/router::slow/trip";
    let never =
        stream::once(async { Ok::<_, std::io::Error>(Bytes::from("{")) }).chain(stream::pending());
    let request = command(path)
        .body(Body::from_stream(never))
        .expect("a request");
    let answer = send(&controlled(), request).await;
    assert_eq!(answer.status(), StatusCode::REQUEST_TIMEOUT);
    let broken = stream::iter([Ok(Bytes::from(REASON)), Err(std::io::Error::other("reset"))]);
    let request = command(path)
        .body(Body::from_stream(broken))
        .expect("a request");
    let answer = send(&controlled(), request).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert_eq!(circuit.stats().opened, 0);
}
