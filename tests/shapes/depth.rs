//! Annotated async functions may call each other to some depth within rustc's recursion limit of
//! 128, even if the future has to be `Send`. The guide's page `limits` names the limit and the
//! cure.

use resilience::{circuit_breaker, retry, timeout};

macro_rules! chain {
    ($function:ident) => {
        #[retry]
        #[circuit_breaker]
        #[timeout(1s)]
        async fn $function(text: &str) -> std::io::Result<usize> {
            tokio::task::yield_now().await;
            Ok(text.len())
        }
    };
    ($function:ident $next:ident $($rest:ident)*) => {
        #[retry]
        #[circuit_breaker]
        #[timeout(1s)]
        async fn $function(text: &str) -> std::io::Result<usize> {
            let own = text.to_owned();
            $next(&own).await
        }
        chain!($next $($rest)*);
    };
}

chain!(f10 f9 f8 f7 f6 f5 f4 f3 f2 f1);

#[tokio::test]
async fn ten_levels_of_three_attributes_can_be_spawned_within_the_default_recursion_limit() {
    let length = tokio::spawn(f10("text")).await.expect("no panic");
    assert_eq!(length.expect("no error"), 4);
}
