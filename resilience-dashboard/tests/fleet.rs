//! A circuit that a fleet shares: its view in the snapshot and in the stream, and commands to all
//! processes. The fleet is one of the test, because the dashboard knows the interface alone.

#![expect(
    clippy::result_large_err,
    reason = "a hook returns the answer that refuses"
)]

mod support;

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use resilience::{
    CircuitBreaker, Command,
    events::CommandAction,
    fleet::{
        CircuitFollower, CommandFuture, Coordinator, FleetView, ProbeRequest, StoreContact, Trip,
        Verdict, follow_circuits,
    },
    registry,
};
use resilience_dashboard::{Access, Actor, router};
use serde_json::{Value, json};

use crate::support::{CONFIG, Reader, get, json_of, read_only, send};

struct Nobody;

impl Coordinator for Nobody {
    fn tripped(&self, _trip: Trip) {}
    fn asked(&self, _request: ProbeRequest) {}
    fn probed(&self, _lease: u64, _verdict: Verdict) {}
}

/// A circuit of the registry that a fleet shares.
fn shared(name: &'static str) -> (CircuitBreaker, StoreContact) {
    let circuit = registry::get_or_register(name, CONFIG);
    let contact = StoreContact::new("orders-prod");
    contact.restored();
    circuit.coordinate(contact.clone(), Arc::new(Nobody));
    (circuit, contact)
}

fn view() -> FleetView {
    let mut view = FleetView::default();
    (view.replicas, view.votes, view.objections) = (3, 1, 2);
    (view.min_votes, view.share) = (2, 0.5);
    view.probers = vec!["r2".to_owned()];
    view.open_until = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1));
    view
}

fn of_circuit(snapshot: &Value, name: &str) -> Value {
    let circuits = snapshot["circuits"].as_array().expect("circuits");
    let circuit = circuits.iter().find(|circuit| circuit["name"] == name);
    circuit.expect("it is listed")["fleet"].clone()
}

#[tokio::test]
async fn the_snapshot_has_the_view_of_the_fleet() {
    let (circuit, contact) = shared("fleet::shown");
    registry::get_or_register("fleet::alone", CONFIG);
    circuit.show_fleet(view());
    let snapshot = json_of(get(&read_only(), "/").await).await;
    let expected = json!({
        "name": "orders-prod", "store": "connected", "replicas": 3, "votes": 1, "objections": 2,
        "min_votes": 2, "share": 0.5, "probers": ["r2"], "open_until": "1970-01-01T00:00:01.000Z",
    });
    assert_eq!(of_circuit(&snapshot, "fleet::shown"), expected);
    assert_eq!(of_circuit(&snapshot, "fleet::alone"), Value::Null);
    contact.lost("timeout");
    let circuit = json_of(get(&read_only(), "/circuits/fleet::shown").await).await;
    assert_eq!(circuit["fleet"]["store"], "degraded");
}

#[tokio::test]
async fn a_change_of_the_view_is_a_change_of_the_stream() {
    let (circuit, _contact) = shared("fleet::streamed");
    let mut reader = Reader::open(&read_only(), None).await;
    assert_eq!(reader.next().await.name, "snapshot");
    circuit.show_fleet(view());
    loop {
        let event = reader.next().await;
        let changed = event.data["changed"]["circuits"].as_array().cloned();
        let changed = changed.unwrap_or_default().into_iter();
        let mut of_circuit = changed.filter(|circuit| circuit["name"] == "fleet::streamed");
        if let Some(circuit) = of_circuit.next() {
            assert_eq!(circuit["fleet"]["votes"], 1);
            break;
        }
    }
}

/// A fleet that shares the names with `fleet::commanded`, and fails for one of them.
#[derive(Default)]
struct Fleet(Mutex<Vec<String>>);

impl CircuitFollower for Fleet {
    fn came(&self, _circuit: &CircuitBreaker) {}
    fn went(&self, _circuit: &CircuitBreaker) {}

    fn command(
        &self,
        name: &str,
        action: CommandAction,
        command: &Command,
    ) -> Option<CommandFuture> {
        if !name.starts_with("fleet::commanded") {
            return None;
        }
        let by = command.get_by().unwrap_or_default();
        let given = format!("{action} {name} {} {by}", command.get_reason());
        self.0.lock().expect("nothing panics").push(given);
        let is_lost = name.ends_with("_lost");
        Some(Box::pin(async move {
            if is_lost {
                Err("the store cannot be reached".into())
            } else {
                Ok(())
            }
        }))
    }
}

const REASON: &str = r#"{"reason": "repair"}"#;

#[tokio::test]
async fn a_command_goes_to_the_fleet_unless_it_is_for_this_process_alone() {
    let fleet = Arc::new(Fleet::default());
    let follower: Arc<dyn CircuitFollower> = Arc::clone(&fleet) as _;
    let following = follow_circuits(&follower);
    let app = router(Access::controlled(|_, _| Ok(Actor::new("ana"))));
    let names = [
        "fleet::commanded",
        "fleet::commanded_lost",
        "fleet::not_shared",
    ];
    let circuits = names.map(|name| registry::get_or_register(name, CONFIG));
    let post = async |name: &str, query: &str| {
        let request = Request::post(format!("/circuits/{name}/isolate{query}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(REASON));
        let answer = send(&app, request.expect("a request")).await;
        (answer.status(), json_of(answer).await)
    };
    assert_eq!(post(names[0], "").await.0, StatusCode::OK);
    let (status, refusal) = post(names[1], "?only_here=false").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    let error = refusal["error"].as_str().expect("a text");
    assert!(
        error.starts_with("the store cannot be reached, so it is not certain"),
        "{error}"
    );
    assert_eq!(post(names[2], "?token=7").await.0, StatusCode::OK);
    let is_isolated = || circuits.each_ref().map(|circuit| circuit.stats().isolated);
    assert_eq!(
        is_isolated(),
        [false, false, true],
        "the fleet of the test tells nobody"
    );

    assert_eq!(
        post(names[1], "?token=7&only_here=true").await.0,
        StatusCode::OK
    );
    assert_eq!(is_isolated(), [false, true, true]);
    for wrong in ["?only_here", "?only_here=yes"] {
        let (status, refusal) = post(names[0], wrong).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert_eq!(refusal["error"], "`only_here` is true or false");
    }
    let (status, _) = post("fleet::commanded_never_used", "").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let given = fleet.0.lock().expect("nothing panics").clone();
    assert_eq!(
        given,
        [
            "isolate fleet::commanded repair ana",
            "isolate fleet::commanded_lost repair ana"
        ]
    );
    drop(following);
}
