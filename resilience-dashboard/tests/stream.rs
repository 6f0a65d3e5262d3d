//! The stream of changes. It is a process of its own, because each change of the registry reaches
//! every reader.

mod support;

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use resilience::registry;

use crate::support::{CONFIG, Reader, get, json_of, read_only};

#[tokio::test]
async fn the_stream_begins_with_the_snapshot_and_tells_of_each_change() {
    let circuit = registry::get_or_register("router::stream", CONFIG);
    let mut reader = Reader::open(&read_only(), None).await;
    let first = reader.next().await;
    assert_eq!(first.name, "snapshot");
    let circuits = first.data["circuits"].as_array().expect("circuits");
    assert!(
        circuits
            .iter()
            .any(|circuit| circuit["name"] == "router::stream")
    );

    circuit.acquire().expect("closed").success();
    let event = reader
        .change_of("router::stream", |change| change["successes"] == 1)
        .await;
    assert_eq!(event.name, "changes");
    let began = Instant::now();
    circuit.trip();
    reader
        .change_of("router::stream", |change| change["state"] == "open")
        .await;
    // A change of state does not wait for the next tick; a fraction of a second is promised.
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    registry::remove("router::stream");
    loop {
        let event = reader.next().await;
        let removed = event.data["removed"]["circuits"].as_array();
        if removed
            .into_iter()
            .flatten()
            .any(|circuit| circuit["name"] == "router::stream")
        {
            break;
        }
    }
}

#[tokio::test]
async fn a_reader_that_comes_back_misses_nothing() {
    let circuit = registry::get_or_register("router::back", CONFIG);
    let app = read_only();
    let mut other = Reader::open(&app, None).await;
    let mut reader = Reader::open(&app, None).await;
    let last = reader.next().await.id;
    drop(reader);
    circuit.trip();
    other
        .change_of("router::back", |change| change["state"] == "open")
        .await;
    let mut back = Reader::open(&app, Some(&last)).await;
    // The first event is a change already, and no snapshot.
    let event = back
        .change_of("router::back", |change| change["state"] == "open")
        .await;
    assert_eq!(event.name, "changes");
    // Another router numbers its events by itself, so it begins anew.
    let mut stranger = Reader::open(&read_only(), Some(&last)).await;
    assert_eq!(stranger.next().await.name, "snapshot");
    let mut nonsense = Reader::open(&app, Some("nonsense")).await;
    assert_eq!(nonsense.next().await.name, "snapshot");
}

#[tokio::test]
async fn a_hundred_readers_may_follow_and_one_that_leaves_makes_room() {
    let app = read_only();
    let mut readers = Vec::new();
    for _ in 0..100 {
        readers.push(Reader::open(&app, None).await);
    }
    let refused = get(&app, "/events").await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(json_of(refused).await["error"].is_string());
    // The snapshot does not need a place.
    assert_eq!(get(&app, "/").await.status(), StatusCode::OK);
    readers.pop();
    let mut reader = Reader::open(&app, None).await;
    assert_eq!(reader.next().await.name, "snapshot");
}
