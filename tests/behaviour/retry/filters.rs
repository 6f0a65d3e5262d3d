//! The errors that are retried, by `retry_on`, `abort_on` and `retry_if`.

use std::cell::Cell;

use resilience::retry;

#[derive(Clone, Debug, PartialEq)]
enum ApiError {
    Busy,
    NotFound,
    Status(u16),
    Other { retryable: bool },
}

impl ApiError {
    fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Busy | Self::Status(500..) | Self::Other { retryable: true }
        )
    }
}

fn is_transient(error: &ApiError) -> bool {
    error.is_transient()
}

use ApiError::{Busy, NotFound, Other, Status};

/// A call that always fails in the same way, and how often it was made.
struct Failing(ApiError, Cell<u32>);

impl Failing {
    fn call(&self) -> Result<(), ApiError> {
        self.1.set(self.1.get() + 1);
        Err(self.0.clone())
    }
}

/// Returns the number of calls of the function that fails with `error`.
fn calls(error: ApiError, function: impl Fn(&Failing) -> Result<(), ApiError>) -> u32 {
    let failing = Failing(error, Cell::new(0));
    assert_eq!(function(&failing).as_ref(), Err(&failing.0));
    failing.1.get()
}

#[test]
fn every_error_is_retried_unless_a_filter_says_otherwise() {
    #[retry(max_retries = 2, base_delay = 0s)]
    fn call(failing: &Failing) -> Result<(), ApiError> {
        failing.call()
    }
    for error in [Busy, NotFound, Status(404), Other { retryable: false }] {
        assert_eq!(calls(error, call), 3);
    }
}

#[test]
fn retry_on_retries_only_what_its_pattern_matches() {
    #[retry(max_retries = 2, base_delay = 0s, retry_on(ApiError::Busy | ApiError::Status(429 | 503)))]
    fn call(failing: &Failing) -> Result<(), ApiError> {
        failing.call()
    }
    assert_eq!(calls(Busy, call), 3);
    assert_eq!(calls(Status(429), call), 3);
    assert_eq!(calls(Status(404), call), 1);
    assert_eq!(calls(NotFound, call), 1);
}

#[test]
fn a_pattern_may_bind_and_be_guarded() {
    #[retry(max_retries = 2, base_delay = 0s, retry_on(ApiError::Status(code) if *code >= 500))]
    fn call(failing: &Failing) -> Result<(), ApiError> {
        failing.call()
    }
    assert_eq!(calls(Status(500), call), 3);
    assert_eq!(calls(Status(499), call), 1);
    assert_eq!(calls(Busy, call), 1);
}

#[test]
fn a_guard_may_use_the_arguments() {
    #[retry(max_retries = 2, base_delay = 0s, retry_on(ApiError::Busy if patient))]
    fn call(failing: &Failing, patient: bool) -> Result<(), ApiError> {
        failing.call()
    }
    assert_eq!(calls(Busy, |failing| call(failing, true)), 3);
    assert_eq!(calls(Busy, |failing| call(failing, false)), 1);
}

#[test]
fn a_pattern_may_match_every_error_or_fields() {
    #[retry(max_retries = 2, base_delay = 0s, retry_on(_))]
    fn every(failing: &Failing) -> Result<(), ApiError> {
        failing.call()
    }
    #[retry(max_retries = 2, base_delay = 0s, retry_on(ApiError::Other { retryable: true, .. }))]
    fn fields(failing: &Failing) -> Result<(), ApiError> {
        failing.call()
    }
    assert_eq!(calls(NotFound, every), 3);
    assert_eq!(calls(Other { retryable: true }, fields), 3);
    assert_eq!(calls(Other { retryable: false }, fields), 1);
}

#[test]
fn abort_on_never_retries_what_its_pattern_matches() {
    #[retry(max_retries = 2, base_delay = 0s, abort_on(ApiError::NotFound | ApiError::Status(400..500)))]
    fn call(failing: &Failing) -> Result<(), ApiError> {
        failing.call()
    }
    assert_eq!(calls(NotFound, call), 1);
    assert_eq!(calls(Status(404), call), 1);
    assert_eq!(calls(Status(500), call), 3);
    assert_eq!(calls(Busy, call), 3);
}

#[test]
fn abort_on_may_be_guarded() {
    #[retry(max_retries = 2, base_delay = 0s, abort_on(ApiError::Status(code) if *code == fatal))]
    fn call(failing: &Failing, fatal: u16) -> Result<(), ApiError> {
        failing.call()
    }
    assert_eq!(calls(Status(401), |failing| call(failing, 401)), 1);
    assert_eq!(calls(Status(401), |failing| call(failing, 403)), 3);
}

#[test]
fn abort_on_wins_over_retry_on() {
    #[retry(max_retries = 2, base_delay = 0s, retry_on(ApiError::Status(_)), abort_on(ApiError::Status(501)))]
    fn call(failing: &Failing) -> Result<(), ApiError> {
        failing.call()
    }
    assert_eq!(calls(Status(500), call), 3);
    assert_eq!(calls(Status(501), call), 1);
}

#[test]
fn abort_on_wins_over_retry_if() {
    #[retry(max_retries = 2, base_delay = 0s, abort_on(ApiError::Busy), retry_if = is_transient)]
    fn call(failing: &Failing) -> Result<(), ApiError> {
        failing.call()
    }
    assert_eq!(calls(Busy, call), 1);
    assert_eq!(calls(Status(500), call), 3);
}

#[test]
fn retry_if_may_be_a_path() {
    #[retry(max_retries = 2, base_delay = 0s, retry_if = is_transient)]
    fn function(failing: &Failing) -> Result<(), ApiError> {
        failing.call()
    }
    #[retry(max_retries = 2, base_delay = 0s, retry_if = ApiError::is_transient)]
    fn method(failing: &Failing) -> Result<(), ApiError> {
        failing.call()
    }
    for call in [function, method] {
        assert_eq!(calls(Busy, call), 3);
        assert_eq!(calls(NotFound, call), 1);
    }
}

#[test]
fn retry_if_may_be_an_associated_function() {
    struct Client(Failing);
    impl Client {
        fn is_worth_it(error: &ApiError) -> bool {
            *error == Busy
        }

        #[retry(max_retries = 2, base_delay = 0s, retry_if = Self::is_worth_it)]
        fn call(&self) -> Result<(), ApiError> {
            self.0.call()
        }
    }
    let client = Client(Failing(Busy, Cell::new(0)));
    assert_eq!(client.call(), Err(Busy));
    assert_eq!(client.0.1.get(), 3);
}

#[test]
fn retry_if_may_be_a_closure_that_uses_the_arguments() {
    #[retry(max_retries = 2, base_delay = 0s, retry_if = |error| retryable.contains(error))]
    fn call(failing: &Failing, retryable: &[ApiError]) -> Result<(), ApiError> {
        failing.call()
    }
    assert_eq!(
        calls(Status(503), |failing| call(failing, &[Busy, Status(503)])),
        3
    );
    assert_eq!(calls(Status(503), |failing| call(failing, &[Busy])), 1);
}

#[test]
fn a_closure_needs_no_type_to_call_methods_on_the_error() {
    #[retry(max_retries = 2, base_delay = 0s, retry_if = |error| !error.is_transient())]
    fn call(failing: &Failing) -> Result<(), ApiError> {
        failing.call()
    }
    assert_eq!(calls(Status(400), call), 3);
    assert_eq!(calls(Status(500), call), 1);
}

#[test]
fn a_closure_may_use_the_receiver() {
    struct Client {
        patient: bool,
    }
    impl Client {
        #[retry(max_retries = 2, base_delay = 0s, retry_if = |_| self.patient)]
        fn call(&self, failing: &Failing) -> Result<(), ApiError> {
            failing.call()
        }
    }
    assert_eq!(
        calls(Busy, |failing| Client { patient: true }.call(failing)),
        3
    );
    assert_eq!(
        calls(Busy, |failing| Client { patient: false }.call(failing)),
        1
    );
}

#[test]
fn retry_on_and_retry_if_must_both_agree() {
    #[retry(
        max_retries = 2,
        base_delay = 0s,
        retry_on(ApiError::Status(_) | ApiError::NotFound),
        retry_if = is_transient
    )]
    fn call(failing: &Failing) -> Result<(), ApiError> {
        failing.call()
    }
    assert_eq!(calls(Status(500), call), 3);
    assert_eq!(calls(Status(400), call), 1, "only `retry_on` agrees");
    assert_eq!(calls(Busy, call), 1, "only `retry_if` agrees");
}

#[test]
fn each_error_is_judged_anew() {
    #[retry(max_retries = 5, base_delay = 0s, retry_on(ApiError::Busy))]
    fn call(errors: &[ApiError], calls: &Cell<usize>) -> Result<(), ApiError> {
        calls.set(calls.get() + 1);
        Err(errors[calls.get() - 1].clone())
    }
    let calls = Cell::new(0);
    assert_eq!(call(&[Busy, Busy, NotFound, Busy], &calls), Err(NotFound));
    assert_eq!(calls.get(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_async_function_takes_every_filter() {
    #[retry(
        max_retries = 2,
        retry_on(ApiError::Status(_) | ApiError::Busy if patient),
        abort_on(ApiError::Status(501)),
        retry_if = |error| error != spared,
    )]
    async fn call(failing: &Failing, patient: bool, spared: &ApiError) -> Result<(), ApiError> {
        failing.call()
    }
    for (error, patient, expected) in [
        (Busy, true, 3),
        (Status(500), true, 3),
        (Busy, false, 1),
        (NotFound, true, 1),
        (Status(501), true, 1),
        (Status(503), true, 1),
    ] {
        let failing = Failing(error, Cell::new(0));
        assert_eq!(
            call(&failing, patient, &Status(503)).await.as_ref(),
            Err(&failing.0)
        );
        assert_eq!(failing.1.get(), expected, "{:?}, {patient}", failing.0);
    }
}

/// Counts a call and fails it with `of`.
fn made<E>(calls: &Cell<u32>, of: E) -> Result<(), E> {
    calls.set(calls.get() + 1);
    Err(of)
}

#[test]
fn a_function_may_take_what_a_reference_to_the_error_converts_to() {
    fn is_busy(text: &str) -> bool {
        text == "busy"
    }
    fn is_reset(error: &(dyn std::error::Error + 'static)) -> bool {
        error.to_string() == "reset"
    }
    fn is_short<T: std::fmt::Display>(error: &T) -> bool {
        error.to_string().len() < 6
    }
    static IS_BUSY: fn(&str) -> bool = is_busy;

    #[retry(max_retries = 1, base_delay = 0s, retry_if = is_busy)]
    fn dereferenced(calls: &Cell<u32>, text: &str) -> Result<(), String> {
        made(calls, text.to_owned())
    }
    #[retry(max_retries = 1, base_delay = 0s, retry_if = is_reset)]
    fn as_an_error(calls: &Cell<u32>, text: &'static str) -> std::io::Result<()> {
        made(calls, std::io::Error::other(text))
    }
    #[allow(
        clippy::box_collection,
        reason = "the error derefs to a type that is no error"
    )]
    #[retry(max_retries = 1, base_delay = 0s, retry_if = is_short)]
    fn generic(calls: &Cell<u32>, text: &str) -> Result<(), Box<String>> {
        made(calls, Box::new(text.to_owned()))
    }
    #[retry(max_retries = 1, base_delay = 0s, retry_if = IS_BUSY)]
    fn pointer(calls: &Cell<u32>, text: &str) -> Result<(), String> {
        made(calls, text.to_owned())
    }
    #[retry(max_retries = 1, base_delay = 0s, retry_if = wanted)]
    fn argument(
        calls: &Cell<u32>,
        text: &str,
        wanted: impl Fn(&String) -> bool,
    ) -> Result<(), String> {
        made(calls, text.to_owned())
    }

    for (text, expected) in [("busy", [2, 1, 2, 2, 2]), ("reset", [1, 2, 2, 1, 1])] {
        let calls = Cell::new(0);
        let counts = [
            dereferenced(&calls, text).map_or_else(|_| calls.take(), |()| 0),
            as_an_error(&calls, text).map_or_else(|_| calls.take(), |()| 0),
            generic(&calls, text).map_or_else(|_| calls.take(), |()| 0),
            pointer(&calls, text).map_or_else(|_| calls.take(), |()| 0),
            argument(&calls, text, |text| text == "busy").map_or_else(|_| calls.take(), |()| 0),
        ];
        assert_eq!(counts, expected, "{text}");
    }
}

#[test]
fn a_constant_or_a_text_is_a_pattern_of_the_error_itself() {
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct Code(u16);
    impl Code {
        const BUSY: Self = Self(503);
        const DOWN: Self = Self(502);
    }
    const GONE: Code = Code(410);

    #[retry(max_retries = 1, base_delay = 0s, retry_on(Code::BUSY | Code::DOWN | GONE), abort_on(GONE))]
    fn by_constant(calls: &Cell<u32>, code: Code) -> Result<(), Code> {
        made(calls, code)
    }
    #[retry(max_retries = 1, base_delay = 0s, retry_on(&(Code::BUSY | Code::DOWN)))]
    fn by_reference(calls: &Cell<u32>, code: Code) -> Result<(), Code> {
        made(calls, code)
    }
    #[retry(max_retries = 1, base_delay = 0s, retry_on(Code::BUSY if calls.get() == 1))]
    fn with_guard(calls: &Cell<u32>, code: Code) -> Result<(), Code> {
        made(calls, code)
    }
    #[retry(max_retries = 1, base_delay = 0s, retry_on("busy" | "down"))]
    fn by_text(calls: &Cell<u32>, text: &'static str) -> Result<(), &'static str> {
        made(calls, text)
    }
    // Inside of a larger pattern a constant is of the type of its place.
    #[retry(max_retries = 1, base_delay = 0s, retry_on(Some(Code::BUSY)))]
    fn inside(calls: &Cell<u32>, code: Code) -> Result<(), Option<Code>> {
        made(calls, Some(code))
    }

    let calls = Cell::new(0);
    for (code, expected) in [(Code::BUSY, 2), (Code::DOWN, 1)] {
        assert_eq!(inside(&calls, code), Err(Some(code)));
        assert_eq!(calls.take(), expected, "{code:?}");
    }
    let count = |result: Result<(), Code>| {
        assert!(result.is_err());
        calls.take()
    };
    for (code, expected) in [
        (Code::BUSY, [2, 2, 2]),
        (Code::DOWN, [2, 2, 1]),
        (GONE, [1, 1, 1]),
        (Code(404), [1, 1, 1]),
    ] {
        let counts = [
            count(by_constant(&calls, code)),
            count(by_reference(&calls, code)),
            count(with_guard(&calls, code)),
        ];
        assert_eq!(counts, expected, "{code:?}");
    }
    for (text, expected) in [("busy", 2), ("down", 2), ("gone", 1)] {
        assert_eq!(by_text(&calls, text), Err(text));
        assert_eq!(calls.take(), expected, "{text}");
    }
}
