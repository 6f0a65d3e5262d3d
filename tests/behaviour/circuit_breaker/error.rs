//! A refusal becomes the function's own error.

use std::error::Error;
use std::io;

use resilience::{CircuitBreakerConfig, CircuitOpen, circuit_breaker, registry};

/// Every function here has the circuit of this name, and it always refuses.
const NAME: &str = "error::isolated";
const TEXT: &str = "circuit `error::isolated` is isolated";

fn isolate() {
    registry::get_or_register(NAME, CircuitBreakerConfig::new()).isolate();
}

#[derive(Debug, PartialEq)]
enum Plain {
    Down,
    Unavailable,
    Circuit(CircuitOpen),
    Text(String),
}

impl Plain {
    fn of(open: CircuitOpen) -> Self {
        Self::Text(open.to_string())
    }

    fn quiet(code: u8) -> Self {
        Self::Text(code.to_string())
    }
}

#[tokio::test]
async fn it_converts_through_from() {
    struct Own(String);
    impl From<CircuitOpen> for Own {
        fn from(open: CircuitOpen) -> Self {
            Self(open.name().to_owned())
        }
    }
    isolate();
    #[circuit_breaker(name = NAME)]
    fn own() -> Result<(), Own> {
        Ok(())
    }
    #[circuit_breaker(name = NAME)]
    async fn refusal() -> Result<(), CircuitOpen> {
        Ok(())
    }
    assert!(own().is_err_and(|error| error.0 == NAME));
    let open = refusal().await.unwrap_err();
    assert_eq!((open.name(), open.retry_after()), (NAME, None));
}

#[tokio::test]
async fn it_fits_into_the_errors_of_others_without_glue() {
    isolate();
    #[circuit_breaker(name = NAME)]
    async fn io() -> io::Result<()> {
        Ok(())
    }
    #[circuit_breaker(name = NAME)]
    async fn boxed() -> Result<(), Box<dyn Error + Send + Sync>> {
        Ok(())
    }
    #[circuit_breaker(name = NAME)]
    fn boxed_sync() -> Result<(), Box<dyn Error>> {
        Ok(())
    }
    #[circuit_breaker(name = NAME)]
    fn anyhow() -> anyhow::Result<()> {
        Ok(())
    }
    let io = io().await.unwrap_err();
    assert_eq!(
        (io.kind(), io.to_string().as_str()),
        (io::ErrorKind::Other, TEXT)
    );
    assert!(
        io.get_ref()
            .is_some_and(<dyn Error + Send + Sync>::is::<CircuitOpen>)
    );
    assert!(boxed().await.is_err_and(|error| error.is::<CircuitOpen>()));
    assert!(boxed_sync().is_err_and(|error| error.is::<CircuitOpen>()));
    assert!(anyhow().is_err_and(|error| {
        error
            .downcast_ref::<CircuitOpen>()
            .is_some_and(|open| open.name() == NAME)
    }));
}

#[tokio::test]
async fn error_may_be_a_function_a_variant_or_a_closure() {
    isolate();
    #[circuit_breaker(name = NAME, error = Plain::of)]
    fn function() -> Result<(), Plain> {
        Err(Plain::Down)
    }
    #[circuit_breaker(name = NAME, error = Plain::Circuit)]
    async fn variant() -> Result<(), Plain> {
        Err(Plain::Down)
    }
    #[circuit_breaker(name = NAME, error = |open| Plain::Text(format!("{}/{query}", open.name())))]
    async fn closure(query: &str) -> Result<(), Plain> {
        let _ = query;
        Err(Plain::Down)
    }
    #[circuit_breaker(name = NAME, error = |_| Plain::Unavailable)]
    fn heedless() -> Result<(), Plain> {
        Err(Plain::Down)
    }
    assert_eq!(function(), Err(Plain::Text(TEXT.to_owned())));
    let Err(Plain::Circuit(open)) = variant().await else {
        panic!("the variant")
    };
    assert_eq!(open.name(), NAME);
    assert_eq!(
        closure("q").await,
        Err(Plain::Text(String::from("error::isolated/q")))
    );
    assert_eq!(heedless(), Err(Plain::Unavailable));
}

#[tokio::test]
async fn error_may_be_an_error() {
    isolate();
    #[circuit_breaker(name = NAME, error = Plain::Unavailable)]
    fn unit_variant() -> Result<(), Plain> {
        Err(Plain::Down)
    }
    #[circuit_breaker(name = NAME, error = Plain::quiet(code))]
    async fn call(code: u8) -> Result<(), Plain> {
        let _ = code;
        Err(Plain::Down)
    }
    #[circuit_breaker(name = NAME, error = "unavailable")]
    fn text() -> Result<(), &'static str> {
        Err("down")
    }
    assert_eq!(unit_variant(), Err(Plain::Unavailable));
    assert_eq!(call(7).await, Err(Plain::Text(String::from("7"))));
    assert_eq!(text(), Err("unavailable"));
}

#[test]
fn error_is_made_for_refusals_only() {
    #[circuit_breaker(name = "error::refusals_only", failure_threshold = 1, error = made())]
    fn call(made: &dyn Fn() -> Plain) -> Result<(), Plain> {
        Err(Plain::Down)
    }
    let count = std::cell::Cell::new(0);
    let made = || {
        count.set(count.get() + 1);
        Plain::Unavailable
    };
    assert_eq!((call(&made), count.get()), (Err(Plain::Down), 0));
    assert_eq!((call(&made), count.get()), (Err(Plain::Unavailable), 1));
}

#[test]
fn an_alias_of_result_is_a_result() {
    type Answer<T> = Result<T, Plain>;
    isolate();
    #[circuit_breaker(name = NAME, error = Plain::Unavailable)]
    fn call() -> Answer<u8> {
        Ok(1)
    }
    assert_eq!(call(), Err(Plain::Unavailable));
}
