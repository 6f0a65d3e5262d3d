use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn opening() -> Opening {
    Opening {
        open_for: Duration::ZERO,
        lease_for: 10 * SECOND,
        probes: 1,
        success_threshold: 2,
    }
}

fn view(epoch: u64, generation: u64) -> View {
    View {
        at: 0,
        term: Term { epoch, generation },
        is_open: false,
        probes_in: 0,
        opening: opening(),
        successes: 0,
        votes: 0,
        objections: 0,
        leases: 0,
        probers: Vec::new(),
        doubt: None,
        grace: Duration::ZERO,
        command: None,
    }
}

/// A circuit that probes after so many seconds, or has been half-open for so long.
fn open(epoch: u64, generation: u64, seconds: i64) -> View {
    View {
        is_open: true,
        probes_in: seconds * 1_000_000,
        ..view(epoch, generation)
    }
}

fn commanded(generation: u64, action: CommandAction, holds: bool) -> View {
    let command = StoredCommand {
        action,
        reason: "x".to_owned(),
        by: None,
        lasts: None,
    };
    View {
        command: Some(CommandView {
            generation,
            holds,
            command,
        }),
        ..view(1, generation)
    }
}

#[test]
fn a_newer_state_is_followed_once() {
    let (mut followed, now) = (Followed::default(), Instant::now());
    assert_eq!(followed.adopt(&view(1, 0), now, 0.0), []);
    let opened = followed.adopt(&open(1, 1, 5), now, 0.0);
    assert_eq!(opened, [Action::Open(now + 5 * SECOND)]);
    assert_eq!(followed.adopt(&open(1, 1, 4), now + SECOND, 0.0), []);
    assert_eq!(followed.adopt(&view(1, 2), now, 0.0), [Action::Close]);
    assert!(!followed.is_open());
}

#[test]
fn the_first_question_is_jittered_by_a_tenth_of_the_recovery() {
    let (mut followed, now) = (Followed::default(), Instant::now());
    let opened = followed.adopt(&open(1, 1, 5), now, 1.0);
    assert_eq!(opened, [Action::Open(now + 6 * SECOND)]);
}

#[test]
fn a_stale_open_is_not_followed_and_a_half_open_one_is() {
    let now = Instant::now();
    let half_open = Followed::default().adopt(&open(1, 1, -10), now, 0.0);
    assert_eq!(half_open, [Action::Open(now)]);
    assert_eq!(Followed::default().adopt(&open(1, 1, -11), now, 0.0), []);
}

#[test]
fn a_state_that_the_store_lost_is_written_again_while_it_holds() {
    let (mut followed, now) = (Followed::default(), Instant::now());
    followed.adopt(&open(1, 3, 5), now, 0.0);
    for lost in [view(0, 0), view(1, 2)] {
        let actions = followed.clone().adopt(&lost, now + SECOND, 0.0);
        let [Action::Restore(Request::Restore { term, open_for, .. })] = &actions[..] else {
            panic!("{actions:?}")
        };
        assert_eq!((term.epoch, term.generation), (1, 3));
        assert_eq!(*open_for, Some(4 * SECOND));
    }
    assert_eq!(followed.adopt(&view(0, 0), now + 5 * SECOND, 0.0), []);
    assert!(!followed.holds(), "it is over, and forgotten");
}

#[test]
fn a_closing_that_the_store_lost_is_written_again() {
    let (mut followed, now) = (Followed::default(), Instant::now());
    followed.adopt(&open(1, 3, 5), now, 0.0);
    followed.adopt(&view(1, 4), now, 0.0);
    // The store is lost with all its data, and a replica that did not hear of the closing comes
    // first.
    assert_eq!(followed.adopt(&view(0, 0), now, 0.0), []);
    let actions = followed.adopt(&open(1, 3, 5), now, 0.0);
    let [Action::Restore(Request::Restore { term, open_for, .. })] = &actions[..] else {
        panic!("{actions:?}")
    };
    assert_eq!((term.generation, *open_for), (4, None));
}

#[test]
fn another_state_of_the_same_term_is_followed() {
    let (mut followed, now) = (Followed::default(), Instant::now());
    followed.adopt(&open(1, 3, 5), now, 0.0);
    // A server without the opening took over, and an operator was faster than the replica.
    let isolated = commanded(3, CommandAction::Isolate, true);
    assert!(matches!(
        followed.adopt(&isolated, now, 0.0)[..],
        [Action::Obey(_)]
    ));
    assert_eq!(followed.adopt(&isolated, now, 0.0), []);
}

#[test]
fn another_record_is_followed_from_its_first_opening_on() {
    let (mut followed, now) = (Followed::default(), Instant::now());
    followed.adopt(&view(1, 7), now, 0.0);
    assert_eq!(followed.adopt(&view(2, 0), now, 0.0), []);
    let opened = followed.adopt(&open(2, 1, 5), now, 0.0);
    assert_eq!(opened, [Action::Open(now + 5 * SECOND)]);
}

#[test]
fn a_command_that_holds_is_obeyed_by_late_replicas_and_a_reset_is_not() {
    let now = Instant::now();
    let obeys = |view: &View| {
        let actions = Followed::default().adopt(view, now, 0.0);
        matches!(actions[..], [Action::Obey(_)])
    };
    assert!(obeys(&commanded(1, CommandAction::Isolate, true)));
    assert!(obeys(&commanded(1, CommandAction::Allow, true)));
    assert!(!obeys(&commanded(1, CommandAction::Reset, false)));
    assert!(
        !obeys(&commanded(1, CommandAction::Isolate, false)),
        "it is over"
    );
}

#[test]
fn a_command_that_another_record_does_not_have_ends() {
    let (mut followed, now) = (Followed::default(), Instant::now());
    followed.adopt(&commanded(1, CommandAction::Isolate, true), now, 0.0);
    assert_eq!(followed.adopt(&view(2, 0), now, 0.0), [Action::EndCommand]);
}

#[test]
fn a_trip_is_followed_by_the_closing_of_its_probes() {
    let (mut followed, now) = (Followed::default(), Instant::now());
    let trip = commanded(1, CommandAction::Trip, true);
    let trip = View {
        is_open: true,
        probes_in: 5_000_000,
        ..trip
    };
    assert!(matches!(
        followed.adopt(&trip, now, 0.0)[..],
        [Action::Obey(_)]
    ));
    let closed = View {
        term: view(1, 2).term,
        ..commanded(1, CommandAction::Trip, false)
    };
    assert_eq!(followed.adopt(&closed, now, 0.0), [Action::Close]);
}
