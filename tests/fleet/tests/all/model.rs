//! The scripts of the server do the same as the reference in Rust, for any sequence of requests.

use std::{sync::Arc, time::Duration};

use proptest::{prelude::*, test_runner::TestRunner};
use resilience::events::CommandAction;
use resilience_fleet::{
    CircuitId, Quorum, RedisStore,
    store::{
        FleetStore, Opening, ProbeLease, ProbeVerdict, Reply, Request, Session, SharedCircuit,
        StoredCommand, Term,
    },
};
use resilience_fleet_tests::{clock::clock_goes_back, server::Server};
use tokio::sync::mpsc;

use crate::{
    keys::{assert_acl_is_used, with_acl},
    runtime::runtime,
};

/// A request, and the pause before it. Terms of verdicts and restores are those of the moment,
/// moved.
#[derive(Clone, Debug)]
struct Step {
    pause: u64,
    request: Request,
    moves_term: bool,
    /// The microseconds by which the server's clock goes back before the request.
    goes_back: u64,
}

fn time(longest: u64) -> impl Strategy<Value = Duration> {
    (0..longest).prop_map(Duration::from_micros)
}

fn opening() -> impl Strategy<Value = Opening> {
    (time(4_000), time(6_000), 0..3_u32, 0..3_u32).prop_map(
        |(open_for, lease_for, probes, success_threshold)| Opening {
            open_for,
            lease_for,
            probes,
            success_threshold,
        },
    )
}

fn replica() -> impl Strategy<Value = Arc<str>> {
    prop::sample::select(vec!["a", "b", "c", "d"]).prop_map(Arc::from)
}

fn lease() -> impl Strategy<Value = ProbeLease> {
    let number = prop_oneof![0..4_u64, Just(u64::MAX)];
    (number, replica()).prop_map(|(number, replica)| ProbeLease { number, replica })
}

fn quorum() -> impl Strategy<Value = Quorum> {
    (1..4_u32, 1..=10_u32).prop_map(|(votes, share)| {
        Quorum::new()
            .min_votes(votes)
            .share(f64::from(share) / 10.0)
    })
}

fn command() -> impl Strategy<Value = StoredCommand> {
    let actions = vec![
        CommandAction::Trip,
        CommandAction::Isolate,
        CommandAction::Allow,
        CommandAction::Reset,
    ];
    (
        prop::sample::select(actions),
        ".{0,8}",
        prop::option::of("[a-z ]{1,6}"),
        prop::option::of(time(5_000)),
    )
        .prop_map(|(action, reason, by, lasts)| StoredCommand {
            action,
            reason,
            by,
            lasts,
        })
}

fn verdict() -> impl Strategy<Value = ProbeVerdict> {
    prop_oneof![
        Just(ProbeVerdict::Succeeded),
        Just(ProbeVerdict::Released),
        opening().prop_map(ProbeVerdict::Failed),
    ]
}

fn request() -> impl Strategy<Value = Request> {
    prop_oneof![
        4 => (replica(), quorum(), time(8_000), 0..5_u32, opening(), 1..3_u64).prop_map(
            |(replica, quorum, counts_for, known, opening, epoch)| Request::Vote {
                replica,
                quorum,
                counts_for,
                known,
                opening,
                epoch,
            }
        ),
        2 => (replica(), time(8_000))
            .prop_map(|(replica, counts_for)| Request::Object { replica, counts_for }),
        1 => (quorum(), 0..5_u32).prop_map(|(quorum, known)| Request::Settle { quorum, known }),
        3 => lease().prop_map(|lease| Request::Lease { lease }),
        3 => (lease(), verdict()).prop_map(|(lease, verdict)| Request::Verdict {
            term: Term::default(),
            lease,
            verdict,
        }),
        1 => (command(), opening(), 1..3_u64).prop_map(|(command, opening, epoch)| {
            Request::Command { command, opening, epoch }
        }),
        1 => (prop::option::of(time(4_000)), opening(), prop::option::of((0..9_u64, command())))
            .prop_map(|(open_for, opening, command)| Request::Restore {
                term: Term::default(),
                open_for,
                opening,
                command,
            }),
        1 => Just(Request::Recovered { term: Term::default() }),
        1 => Just(Request::Read),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let goes_back = prop_oneof![9 => Just(0), 1 => 0..4_000_u64, 1 => Just(3_600_000_000)];
    (
        0..2_000_u64,
        request(),
        prop::bool::weighted(0.2),
        goes_back,
    )
        .prop_map(|(pause, request, moves_term, goes_back)| Step {
            pause,
            request,
            moves_term,
            goes_back,
        })
}

fn signed(micros: u64) -> i64 {
    i64::try_from(micros).expect("it is some hours")
}

/// The reply by a clock that is behind by so many microseconds.
fn by_clock(mut reply: Reply, behind: u64) -> Reply {
    reply.view.at -= behind;
    reply.view.doubt = reply.view.doubt.map(|doubt| doubt - behind);
    reply
}

/// The request with the term of the moment.
fn of_now(step: &Step, now: Term) -> Request {
    let mut request = step.request.clone();
    if let Request::Verdict { term, .. }
    | Request::Restore { term, .. }
    | Request::Recovered { term } = &mut request
    {
        let moved = u64::from(step.moves_term);
        *term = Term {
            epoch: now.epoch.max(1),
            generation: now.generation + moved,
        };
    }
    request
}

#[test]
fn the_script_equals_the_reference() {
    let Some(server) = Server::start() else {
        return;
    };
    let runtime = runtime();
    let session = runtime.block_on(async {
        // The user of the README has the permissions for everything that a script does.
        let address = with_acl(&server, "model");
        let store = RedisStore::new(address, "model").expect("an address");
        let (pushes, _kept) = mpsc::unbounded_channel();
        store.connect(pushes).await.expect("the store is there")
    });
    let cases = std::env::var("FLEET_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok());
    let config = ProptestConfig {
        cases: cases.unwrap_or(100),
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let cases_so_far = std::cell::Cell::new(0);
    let steps = prop::collection::vec(step(), 1..30);
    let result = TestRunner::new(config).run(&steps, |steps| {
        let number = cases_so_far.get() + 1;
        cases_so_far.set(number);
        let id = CircuitId::new(&format!("circuit-{number}"), None);
        let mut reference = SharedCircuit::default();
        let mut term = Term::default();
        let mut behind = 0;
        for (at, step) in steps.iter().enumerate() {
            std::thread::sleep(Duration::from_micros(step.pause));
            if step.goes_back > 0 {
                clock_goes_back(&server, &format!("model:{id}"), signed(step.goes_back));
                behind += step.goes_back;
            }
            let request = of_now(step, term);
            let reply = runtime.block_on(session.request(&id, &request));
            let reply =
                reply.map_err(|error| TestCaseError::fail(format!("{request:?}: {error}")))?;
            // The server's clock decides, so the reference gets the moment that the server had.
            let reply = by_clock(reply, behind);
            let expected = reference.request(&request, reply.view.at);
            prop_assert_eq!(&reply, &expected, "step {}: {:?}", at, request);
            term = reply.view.term;
        }
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    assert_acl_is_used(&server);
}
