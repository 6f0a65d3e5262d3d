//! Sync functions.

use super::*;

#[retry(base_delay = 0s, clone(request))]
fn one(flaky: &Flaky, request: Request) -> Result<Request, Error> {
    take(flaky, request)
}

#[test]
fn a_named_argument_is_consumed_by_each_attempt() {
    let flaky = Flaky::failing(3);
    assert_eq!(one(&flaky, request()), Ok(request()));
    assert_eq!(flaky.calls(), 4);
}

#[retry(base_delay = 0s, clone(..))]
fn all(flaky: Flaky, text: String, number: u32, borrowed: &str) -> Result<String, Error> {
    let answer = take(&flaky, text)? + borrowed + &number.to_string();
    drop(flaky);
    Ok(answer)
}

#[test]
fn two_dots_are_every_owned_argument() {
    let flaky = Flaky::failing(2);
    let answer = all(flaky.clone(), "text".to_owned(), 7, "-");
    assert_eq!(answer.as_deref(), Ok("text-7"));
    assert_eq!(flaky.calls(), 3);
}

#[retry(base_delay = 0s, clone(..))]
fn nothing_owned(flaky: &Flaky) -> Result<u32, Error> {
    flaky.call()
}

#[test]
fn two_dots_may_stand_where_nothing_is_owned() {
    assert_eq!(nothing_owned(&Flaky::failing(1)), Ok(2));
}

#[retry(base_delay = 0s, clone(first, second, rest))]
fn taken_apart(
    flaky: &Flaky,
    (first, Request { text: second }): (String, Request),
    [.., rest]: [String; 2],
) -> Result<[String; 3], Error> {
    take(flaky, [first, second, rest])
}

#[test]
fn an_argument_is_taken_apart_in_the_signature() {
    let owned = |text: &str| text.to_owned();
    let parts = taken_apart(
        &Flaky::failing(1),
        (owned("a"), request()),
        [owned("b"), owned("c")],
    );
    assert_eq!(parts, Ok([owned("a"), owned("text"), owned("c")]));
}

#[retry(base_delay = 0s, clone(..))]
fn changed(flaky: &Flaky, mut texts: Vec<String>) -> Result<Vec<String>, Error> {
    texts.push("more".to_owned());
    take(flaky, texts)
}

#[test]
fn what_an_attempt_changes_the_next_one_does_not_see() {
    let texts = changed(&Flaky::failing(3), Vec::new());
    assert_eq!(texts, Ok(vec!["more".to_owned()]));
}

#[retry(base_delay = 0s, clone(..))]
fn generic<T: Clone, const N: usize>(
    flaky: &Flaky,
    items: [T; N],
    shown: impl ToString + Clone,
) -> Result<(Vec<T>, String), Error> {
    let shown = take(flaky, shown)?.to_string();
    Ok((items.into_iter().collect(), shown))
}

#[test]
fn generic_arguments_are_cloned() {
    let answer = generic(&Flaky::failing(1), [1, 2], 3);
    assert_eq!(answer, Ok((vec![1, 2], "3".to_owned())));
}

/// The argument is not `Clone`, and is therefore borrowed.
struct Connection(Flaky);

#[retry(base_delay = 0s, clone(..))]
fn borrowed<S: AsRef<str>>(
    connection: Connection,
    prefix: S,
    mut count: impl FnMut(),
    text: String,
) -> Result<String, Error> {
    count();
    Ok(prefix.as_ref().to_owned() + &take(&connection.0, text)?)
}

#[test]
fn two_dots_leave_an_argument_that_is_not_clone_where_it_is() {
    let (flaky, mut calls) = (Flaky::failing(2), 0);
    let connection = Connection(flaky.clone());
    let answer = borrowed(connection, "a ", || calls += 1, "text".to_owned());
    assert_eq!(answer.as_deref(), Ok("a text"));
    assert_eq!((flaky.calls(), calls), (3, 3));
}

trait Emit {
    fn emit(self, flaky: &Flaky, text: String) -> Result<String, Error>;
}

impl Emit for &mut Vec<String> {
    #[retry(base_delay = 0s, clone(..))]
    fn emit(self, flaky: &Flaky, text: String) -> Result<String, Error> {
        self.push(text.clone());
        take(flaky, text)
    }
}

#[test]
fn two_dots_leave_a_receiver_that_is_a_mutable_reference_where_it_is() {
    let mut emitted = Vec::new();
    let answer = (&mut emitted).emit(&Flaky::failing(2), "text".to_owned());
    assert_eq!(answer.as_deref(), Ok("text"));
    assert_eq!(emitted, ["text", "text", "text"]);
}

trait Twice: Clone {}

impl Twice for String {}

#[retry(base_delay = 0s, clone(..))]
fn clone_by_a_supertrait<T: Twice>(flaky: &Flaky, argument: T) -> Result<T, Error> {
    take(flaky, argument)
}

#[test]
fn two_dots_find_a_clone_that_another_bound_brings() {
    let answer = clone_by_a_supertrait(&Flaky::failing(1), "text".to_owned());
    assert_eq!(answer.as_deref(), Ok("text"));
}

#[retry(base_delay = 0s, clone(..), retry_if = |_| !prefix.0.is_empty() && !text.is_empty())]
fn read_later_beside_borrowed(
    flaky: &Flaky,
    prefix: Prefix,
    text: String,
) -> Result<String, Error> {
    Ok(prefix.0.to_owned() + &take(flaky, text)?)
}

struct Prefix(&'static str);

#[test]
fn a_filter_reads_what_two_dots_cloned_and_what_they_left() {
    let answer = read_later_beside_borrowed(&Flaky::failing(2), Prefix("a "), "text".to_owned());
    assert_eq!(answer.as_deref(), Ok("a text"));
}

#[retry(base_delay = 0s, clone(..))]
#[allow(unused_variables)]
fn with_cfg(
    flaky: &Flaky,
    #[cfg(not(test))] missing: NoSuchType,
    #[cfg(test)] request: Request,
) -> Result<Request, Error> {
    #[cfg(not(test))]
    drop(missing);
    take(flaky, request)
}

#[test]
fn an_argument_that_is_configured_away_is_not_cloned() {
    assert_eq!(with_cfg(&Flaky::failing(1), request()), Ok(request()));
}

#[retry(base_delay = 0s, clone(..))]
#[circuit_breaker(name = "consumed_arguments::stack")]
#[timeout(5s, mode = cooperative)]
fn stack(flaky: &Flaky, request: Request) -> Result<Request, Error> {
    take(flaky, request)
}

#[test]
fn every_layer_of_a_stack_hands_the_argument_on() {
    assert_eq!(stack(&Flaky::failing(2), request()), Ok(request()));
}

#[retry(base_delay = 0s, max_retries = 1)]
#[timeout(5s, mode = cooperative)]
#[retry(base_delay = 0s, max_retries = 1, clone(request))]
fn twice(flaky: &Flaky, request: Request) -> Result<Request, Error> {
    take(flaky, request)
}

#[test]
fn an_outer_retry_clones_what_the_inner_one_consumes() {
    let flaky = Flaky::failing(3);
    assert_eq!(twice(&flaky, request()), Ok(request()));
    assert_eq!(flaky.calls(), 4);
}

#[retry(base_delay = 0s, clone(request), retry_if = |_| request.text == "text")]
fn read_later(flaky: &Flaky, request: Request) -> Result<Request, Error> {
    take(flaky, request)
}

#[test]
fn a_filter_may_read_a_consumed_argument() {
    assert_eq!(read_later(&Flaky::failing(3), request()), Ok(request()));
    assert_eq!(read_later(&Flaky::failing(4), request()), Err(Error::Down));
}
