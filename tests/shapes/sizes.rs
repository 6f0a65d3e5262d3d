//! The attributes add to a future's size only the state that a layer must remember, and never a
//! second copy of the body.

use resilience::{circuit_breaker, retry, timeout};

use crate::{Error, Flaky};

/// A body that holds 1 KB across an await.
macro_rules! sized {
    ($($(#[$policy:meta])* $name:ident)*) => { $(
        $(#[$policy])*
        async fn $name(flaky: &Flaky) -> Result<u32, Error> {
            let held = [1_u8; 1024];
            let answer = flaky.call_async().await;
            std::hint::black_box(&held);
            answer
        }
    )* };
}

sized! {
    bare

    #[retry(base_delay = 1s)]
    retried

    #[circuit_breaker]
    guarded

    #[timeout(1s)]
    timed

    #[retry(base_delay = 1s)]
    #[circuit_breaker]
    #[timeout(1s)]
    stacked

    #[timeout(1m)]
    #[retry(base_delay = 1s)]
    #[circuit_breaker]
    #[timeout(1s)]
    stacked_twice_timed
}

async fn bare_with_arguments(flaky: &Flaky, payload: [u8; 1024]) -> Result<u32, Error> {
    let answer = flaky.call_async().await;
    std::hint::black_box(&payload);
    answer
}

#[retry(base_delay = 1s)]
#[circuit_breaker]
#[timeout(1s)]
async fn stacked_with_arguments(flaky: &Flaky, payload: [u8; 1024]) -> Result<u32, Error> {
    let answer = flaky.call_async().await;
    std::hint::black_box(&payload);
    answer
}

fn added<A, B>(policies: &A, bare: &B) -> usize {
    size_of_val(policies).saturating_sub(size_of_val(bare))
}

/// A call refers to the values of a configuration file, with the feature `config`.
fn file() -> usize {
    usize::from(resilience::__private::ASKS_FILE) * size_of::<usize>()
}

/// The body is in the scope of a test, with the feature `test-util`.
fn scope() -> usize {
    usize::from(resilience::__private::IS_SCOPED) * 128
}

#[test]
fn a_stack_of_three_adds_at_most_256_bytes_to_a_kilobyte() {
    let flaky = Flaky::default();
    assert!(
        size_of_val(&bare(&flaky)) >= 1024,
        "the body is what it is said to be"
    );
    let added = added(&stacked(&flaky), &bare(&flaky));
    // The tests are built with the feature `metrics`, and with it a retry remembers when its
    // attempt was due.
    let due_at = size_of::<u64>();
    assert!(added <= 256 + due_at + file() + scope(), "{added} bytes");
}

#[test]
fn one_attribute_adds_less() {
    let flaky = Flaky::default();
    let bare = bare(&flaky);
    let added = [
        added(&retried(&flaky), &bare),
        added(&guarded(&flaky), &bare),
        added(&timed(&flaky), &bare),
    ];
    let most = 192 + scope();
    assert!(added.iter().all(|bytes| *bytes <= most), "{added:?} bytes");
}

#[test]
fn a_fourth_layer_adds_its_own_and_no_more() {
    let flaky = Flaky::default();
    let added = added(&stacked_twice_timed(&flaky), &stacked(&flaky));
    assert!(added <= 160, "{added} bytes");
}

#[test]
fn arguments_are_borrowed_by_the_attempts_and_not_copied() {
    let flaky = Flaky::default();
    let added = added(
        &stacked_with_arguments(&flaky, [0; 1024]),
        &bare_with_arguments(&flaky, [0; 1024]),
    );
    // The stack's own, and a reference to each.
    assert!(
        added <= 256 + 2 * size_of::<usize>() + file() + scope(),
        "{added} bytes"
    );
}
