use super::*;

const SECOND: u64 = 1_000_000;
const START: u64 = 1_000 * SECOND;

fn opening() -> Opening {
    Opening {
        open_for: Duration::from_secs(10),
        lease_for: Duration::from_secs(5),
        probes: 1,
        success_threshold: 2,
    }
}

fn vote(replica: &str, known: u32) -> Request {
    Request::Vote {
        replica: replica.into(),
        quorum: Quorum::new(),
        counts_for: Duration::from_secs(60),
        known,
        opening: opening(),
        epoch: 7,
    }
}

fn object(replica: &str) -> Request {
    Request::Object {
        replica: replica.into(),
        counts_for: Duration::from_secs(60),
    }
}

fn lease_of(number: u64) -> ProbeLease {
    let replica = if number == 1 { "a" } else { "b" }.into();
    ProbeLease { number, replica }
}

fn opened() -> SharedCircuit {
    let mut circuit = SharedCircuit::default();
    circuit.request(&vote("a", 2), START);
    assert!(circuit.request(&vote("b", 2), START).view.is_open);
    circuit
}

#[test]
fn votes_of_one_replica_count_once() {
    let mut circuit = SharedCircuit::default();
    for _ in 0..5 {
        let reply = circuit.request(&vote("a", 1), START + SECOND);
        assert_eq!((reply.view.votes, reply.view.is_open), (1, false));
    }
}

#[test]
fn the_grace_gives_the_others_time_to_object() {
    let mut circuit = SharedCircuit::default();
    circuit.request(&vote("a", 9), START);
    let reply = circuit.request(&vote("b", 9), START + 1);
    assert!(!reply.view.is_open);
    assert_eq!(reply.view.grace, Duration::from_micros(GRACE - 1));
    let settle = Request::Settle {
        quorum: Quorum::new(),
        known: 9,
    };
    assert!(!circuit.request(&settle, START + GRACE - 1).view.is_open);
    let mut objected = circuit.clone();
    for replica in ["c", "d", "e"] {
        objected.request(&object(replica), START + 2);
    }
    assert!(circuit.request(&settle, START + GRACE).view.is_open);
    assert!(!objected.request(&settle, START + GRACE).view.is_open);
    let third = objected.request(&vote("c", 9), START + GRACE);
    assert!(third.view.is_open, "three against two");
}

#[test]
fn an_objection_without_a_vote_is_void() {
    let mut circuit = SharedCircuit::default();
    let reply = circuit.request(&object("a"), START);
    assert_eq!((reply.answer, reply.view.objections), (Answer::Void, 0));
}

#[test]
fn leases_end_by_themselves_and_verdicts_are_fenced() {
    let mut circuit = opened();
    let now = START + 10 * SECOND;
    let lease = |number| Request::Lease {
        lease: lease_of(number),
    };
    let answer =
        |circuit: &mut SharedCircuit, request: &Request, now| circuit.request(request, now).answer;
    assert_eq!(answer(&mut circuit, &lease(1), now - 1), Answer::Denied);
    assert_eq!(answer(&mut circuit, &lease(1), now), Answer::Granted);
    assert_eq!(answer(&mut circuit, &lease(2), now), Answer::Denied);
    assert_eq!(
        answer(&mut circuit, &lease(2), now + 5 * SECOND),
        Answer::Granted
    );
    let verdict = |generation, number| Request::Verdict {
        term: Term {
            epoch: 7,
            generation,
        },
        lease: lease_of(number),
        verdict: ProbeVerdict::Succeeded,
    };
    assert_eq!(answer(&mut circuit, &verdict(0, 2), now), Answer::Void);
    assert_eq!(circuit.request(&verdict(1, 1), now).view.successes, 1);
    let closed = circuit.request(&verdict(1, 2), now);
    assert!(!closed.view.is_open && closed.is_change);
    assert_eq!(closed.view.term.generation, 2);
    assert_eq!(answer(&mut circuit, &verdict(1, 2), now), Answer::Void);
    assert_eq!(answer(&mut circuit, &lease(3), now), Answer::Alone);
}

#[test]
fn times_are_cut_so_that_numbers_stay_exact() {
    assert_eq!(micros(Duration::MAX), LONGEST);
    assert_eq!(micros(Duration::from_millis(3)), 3_000);
}

#[test]
fn a_clock_that_goes_back_prolongs_nothing_beyond_its_own_time() {
    const HOUR: u64 = 3_600_000_000;
    let mut circuit = SharedCircuit::default();
    let (begun, second) = (9 * HOUR, 1_000_000);
    circuit.request(&vote("a", 2), begun);
    circuit.request(&object("c"), begun + second / 10);
    // Another server takes over, whose clock is an hour behind.
    let late = begun - HOUR;
    let view = circuit.request(&Request::Read, late).view;
    assert_eq!((view.votes, view.objections), (1, 1));
    assert!(view.grace <= Duration::from_micros(GRACE), "{view:?}");
    let view = circuit.request(&vote("b", 2), late + second).view;
    assert!(view.is_open);
    let until = view.probes_in;
    // A second hour is lost while the circuit is open.
    let late = late - HOUR;
    let view = circuit.request(&Request::Read, late).view;
    assert!(view.is_open && view.probes_in <= until, "{view:?}");
    let lease = Request::Lease { lease: lease_of(1) };
    let half_open = late + u64::try_from(until).expect("it is positive");
    let reply = circuit.request(&lease, half_open);
    assert_eq!(reply.answer, Answer::Granted);
    // A third one while a probe runs.
    let late = half_open - HOUR;
    let view = circuit.request(&Request::Read, late).view;
    assert_eq!((view.leases, &view.probers[..]), (1, &["a".to_owned()][..]));
    let lease_for = micros(opening().lease_for);
    let reply = circuit.request(&Request::Lease { lease: lease_of(2) }, late + lease_for);
    assert_eq!(reply.answer, Answer::Granted, "the first lease is over");
}
