//! Each answer is counted, told to the subscribers, and listed.

use std::sync::{Arc, Mutex};

use resilience::{
    events::{self, EventKind},
    fallback, registry, retry,
};

use super::ApiError;

#[tokio::test]
async fn each_answer_is_counted_and_an_error_that_is_returned_is_not() {
    #[fallback(|_| Ok(1), on(ApiError::Down), operation = "fallback::counted")]
    async fn load(result: Result<u8, ApiError>) -> Result<u8, ApiError> {
        result
    }
    let count = || registry::operation("fallback::counted").map(|stats| stats.fallbacks);
    assert_eq!(load(Ok(2)).await, Ok(2));
    assert_eq!(load(Err(ApiError::Stale)).await, Err(ApiError::Stale));
    assert_eq!(count(), Some(0));
    assert_eq!(load(Err(ApiError::Down)).await, Ok(1));
    assert_eq!(load(Err(ApiError::Down)).await, Ok(1));
    assert_eq!(count(), Some(2));
}

#[test]
fn subscribers_hear_the_error_that_the_answer_replaces() {
    #[fallback(|_| Err(ApiError::Stale), operation = "fallback::told")]
    fn load() -> Result<u8, ApiError> {
        Err(ApiError::Status(503))
    }
    let heard = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&heard);
    let _subscription = events::subscribe(move |event| {
        if let (Some("fallback::told"), EventKind::FellBack { error, .. }) =
            (event.operation, &event.kind)
        {
            told.lock().unwrap().push(error.map(str::to_owned));
        }
    });
    assert_eq!(load(), Err(ApiError::Stale));
    assert_eq!(*heard.lock().unwrap(), [Some("Status(503)".to_owned())]);
}

#[test]
fn the_layer_stands_in_the_description_of_the_stack() {
    #[fallback(|_| Ok(1), operation = "fallback::described")]
    #[retry(max_retries = 0)]
    fn load() -> Result<u8, ApiError> {
        Ok(2)
    }
    assert_eq!(load(), Ok(2));
    let stack = registry::operation("fallback::described").unwrap().stack;
    let policies: Vec<_> = stack.iter().map(|layer| layer.policy).collect();
    assert_eq!(policies, ["fallback", "retry"]);
    assert_eq!(stack[0].settings, []);
}
