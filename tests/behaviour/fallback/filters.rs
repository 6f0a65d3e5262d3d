//! `on(…)` and `when = …` choose the errors that are answered.

use std::cell::Cell;

use resilience::fallback;

use super::ApiError;

impl ApiError {
    fn is_server_error(&self) -> bool {
        matches!(self, Self::Status(500..))
    }
}

#[test]
fn only_errors_that_match_are_answered() {
    #[fallback(|_| Ok(7), on(ApiError::Down | ApiError::Status(503)))]
    fn load(error: ApiError) -> Result<u8, ApiError> {
        Err(error)
    }
    assert_eq!(load(ApiError::Down), Ok(7));
    assert_eq!(load(ApiError::Status(503)), Ok(7));
    assert_eq!(load(ApiError::Status(404)), Err(ApiError::Status(404)));
}

#[test]
fn a_guard_may_use_the_arguments() {
    #[fallback(|_| Ok(7), on(ApiError::Status(code) if *code == expected))]
    fn load(expected: u32, code: u32) -> Result<u8, ApiError> {
        Err(ApiError::Status(code))
    }
    assert_eq!(load(1, 1), Ok(7));
    assert_eq!(load(1, 2), Err(ApiError::Status(2)));
}

#[tokio::test]
async fn only_errors_that_the_function_accepts_are_answered() {
    #[fallback(|_| Ok(7), when = ApiError::is_server_error)]
    async fn load(code: u32) -> Result<u8, ApiError> {
        Err(ApiError::Status(code))
    }
    assert_eq!(load(500).await, Ok(7));
    assert_eq!(load(404).await, Err(ApiError::Status(404)));
}

#[test]
fn both_must_agree() {
    #[fallback(|_| Ok(7), when = ApiError::is_server_error, on(ApiError::Status(_)))]
    fn load(error: ApiError) -> Result<u8, ApiError> {
        Err(error)
    }
    assert_eq!(load(ApiError::Status(503)), Ok(7));
    assert_eq!(load(ApiError::Status(404)), Err(ApiError::Status(404)));
    assert_eq!(load(ApiError::Down), Err(ApiError::Down));
}

#[test]
fn the_function_is_asked_only_for_an_error_that_the_pattern_matches() {
    #[fallback(|_| Ok(7), when = |_| { asked.set(asked.get() + 1); true }, on(ApiError::Status(_)))]
    fn load(error: ApiError, asked: &Cell<u32>) -> Result<u8, ApiError> {
        Err(error)
    }
    let asked = Cell::new(0);
    assert_eq!(load(ApiError::Down, &asked), Err(ApiError::Down));
    assert_eq!(asked.get(), 0);
    assert_eq!(load(ApiError::Status(503), &asked), Ok(7));
    assert_eq!(asked.get(), 1);
}

#[test]
fn a_filter_reads_an_argument_that_the_body_consumed() {
    #[fallback(|_| Ok(0), when = |_| text.len() == 4, clone(text))]
    fn load(text: String) -> Result<usize, ApiError> {
        drop(text);
        Err(ApiError::Down)
    }
    assert_eq!(load("four".into()), Ok(0));
    assert_eq!(load("three".into()), Err(ApiError::Down));
}

#[test]
fn a_guard_reads_an_argument_that_the_body_consumed() {
    #[fallback(|_| Ok(0), on(ApiError::Down if text.len() == 4), clone(text))]
    fn load(text: String) -> Result<usize, ApiError> {
        drop(text);
        Err(ApiError::Down)
    }
    assert_eq!(load("four".into()), Ok(0));
    assert_eq!(load("three".into()), Err(ApiError::Down));
}
