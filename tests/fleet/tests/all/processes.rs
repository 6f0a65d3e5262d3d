//! Replicas as processes, and a real HTTP service.

use std::{
    sync::atomic::Ordering,
    thread,
    time::{Duration, Instant},
};

use resilience_fleet_tests::server::{Server, signal};

use crate::process::{Process, Service, number, replicas, wait};

#[test]
fn a_stopped_prober_does_not_keep_the_others_from_probing() {
    let Some(server) = Server::start() else {
        return;
    };
    let service = Service::start();
    let mut replicas = replicas(&server, &service, 3);
    service.fail(true);
    wait("open", &replicas, |it| it.first(" open ", 0).is_some());
    signal(replicas[0].child.id(), "STOP");
    service.fail(false);
    let before: Vec<_> = replicas.iter().map(|it| it.lines().len()).collect();
    wait("close", &replicas[1..], |it| {
        it.lines()
            .last()
            .is_some_and(|line| line.contains(" closed "))
    });
    signal(replicas[0].child.id(), "CONT");
    wait("close", &replicas, |it| {
        it.lines()
            .last()
            .is_some_and(|line| line.contains(" closed "))
    });
    assert!(before.iter().all(|lines| *lines > 1));
    for replica in &mut replicas {
        replica.end();
    }
}

/// Five processes, a service that fails and recovers, and a store that comes and goes. `FLEET_SOAK`
/// is its length in seconds.
#[test]
fn soak() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let service = Service::start();
    let mut replicas = replicas(&server, &service, 5);
    let seconds = std::env::var("FLEET_SOAK")
        .ok()
        .and_then(|seconds| seconds.parse().ok());
    let (begun, length) = (Instant::now(), Duration::from_secs(seconds.unwrap_or(12)));
    let mut round = 0_u64;
    while begun.elapsed() < length {
        round += 1;
        service.fail(round % 2 == 1);
        match round % 6 {
            2 => server.kill(),
            3 => server.restart(),
            4 => server.signal("STOP"),
            5 => server.signal("CONT"),
            _ => {}
        }
        thread::sleep(Duration::from_secs(1));
    }
    if round % 6 == 4 {
        server.signal("CONT");
    }
    server.restart();
    service.fail(false);
    wait("close", &replicas, |it| {
        let lines = it.lines();
        let last = lines.iter().rev().find(|line| !line.contains("started"));
        last.is_none_or(|line| line.contains(" closed "))
    });
    let books: Vec<_> = replicas.iter_mut().map(Process::end).collect();
    let mut answered = 0;
    for books in &books {
        assert!(books.ends_with("state=closed"), "{books}");
        assert_eq!(
            number(books, "refused"),
            number(books, "stats_refused"),
            "{books}"
        );
        let ended = number(books, "successes") + number(books, "failures") + number(books, "late");
        // A failure of a probe whose term is over counts as late only.
        assert_eq!(
            number(books, "calls"),
            ended + number(books, "refused"),
            "{books}"
        );
        // A refusal waits for the store for 50 ms at most; ten times that is asserted.
        assert!(number(books, "slowest_refusal_ms") < 500, "{books}");
        answered += ended;
    }
    assert_eq!(
        service.requests.load(Ordering::Relaxed),
        answered,
        "{books:?}"
    );
    let opened = replicas
        .iter()
        .filter(|it| it.first(" open ", 0).is_some())
        .count();
    assert_eq!(opened, replicas.len(), "each of them opened");
}
