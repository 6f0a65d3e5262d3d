//! A client and a server of gRPC with `tonic`: which codes are retried, the server's pushback, and
//! a deadline that goes out with the request and holds in the server.
//!
//! `cargo run -p resilience-example-tonic`

mod price;

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use price::{Price, PriceRequest, Prices, PricesClient, PricesServer};
use resilience::{
    CircuitOpen, RetryEvent, RetryHint, TimedOut, circuit_breaker,
    http::{deadline_from, grpc_pushback, insert_deadline},
    registry, remaining, retry, timeout, with_deadline,
};
use resilience_examples::timeline;
use tokio::net::TcpListener;
use tonic::{
    Code, Request, Status,
    metadata::MetadataMap,
    transport::{Endpoint, Server, server::TcpIncoming},
};

struct Shop {
    prices: PricesClient,
}

#[derive(Debug, thiserror::Error)]
enum ShopError {
    #[error("{}: {}", .0.code(), .0.message())]
    Status(Box<Status>),
    #[error(transparent)]
    TimedOut(#[from] TimedOut),
    #[error(transparent)]
    CircuitOpen(#[from] CircuitOpen),
}

impl From<Status> for ShopError {
    fn from(status: Status) -> Self {
        Self::Status(Box::new(status))
    }
}

impl ShopError {
    fn code(&self) -> Option<Code> {
        match self {
            Self::Status(status) => Some(status.code()),
            _ => None,
        }
    }

    /// `Unavailable` says that the call may be repeated, and `ResourceExhausted` that it may later
    /// on. `Aborted` asks to repeat a whole transaction, and `DeadlineExceeded` is the caller's
    /// deadline.
    fn is_transient(&self) -> bool {
        match self {
            Self::Status(_) => {
                matches!(
                    self.code(),
                    Some(Code::Unavailable | Code::ResourceExhausted)
                )
            }
            Self::TimedOut(_) => true,
            Self::CircuitOpen(_) => false,
        }
    }

    /// Codes that blame the server. The others blame the request, or this client's haste.
    fn is_failure(&self) -> bool {
        match self.code() {
            Some(code) => matches!(
                code,
                Code::Unavailable | Code::Internal | Code::Unknown | Code::DataLoss
            ),
            None => true,
        }
    }

    /// The word of the server: `grpc-retry-pushback-ms`.
    fn pushback(&self) -> RetryHint {
        match self {
            Self::Status(status) => grpc_pushback(&status.metadata().clone().into_headers()),
            _ => RetryHint::Unknown,
        }
    }
}

impl Shop {
    #[retry(max_retries = 3, base_delay = 20ms, retry_if = ShopError::is_transient, delay_hint = ShopError::pushback,
            on_retry = report_retry)]
    #[circuit_breaker(name = "prices", failure_threshold = 5, failure_if = ShopError::is_failure)]
    #[timeout(1s)]
    async fn price(&self, product: &str) -> Result<u32, ShopError> {
        let request = with_deadline_header(PriceRequest {
            product: product.to_owned(),
        });
        Ok(self.prices.price(request).await?.cents)
    }
}

/// The header `grpc-timeout` says how long the answer is waited for. `insert_deadline` reads the
/// timeout around it.
fn with_deadline_header(message: PriceRequest) -> Request<PriceRequest> {
    let mut request = Request::new(message);
    let mut headers = std::mem::take(request.metadata_mut()).into_headers();
    insert_deadline(&mut headers);
    *request.metadata_mut() = MetadataMap::from_headers(headers);
    request
}

fn report_retry<T>(event: &RetryEvent<'_, T, ShopError>) {
    if let Err(error) = event.outcome {
        let retry = format_args!("retry {}", event.attempt);
        timeline::timed(retry, "in", event.delay, error);
    }
}

/// A server of prices, with the answers that it still has to give and the time that each request
/// had.
#[derive(Default)]
struct PriceList {
    answers: Mutex<Vec<Status>>,
    left: Mutex<Vec<Duration>>,
    /// The end of the work that nobody waits for any more.
    stopped: Mutex<Option<Instant>>,
}

impl Prices for PriceList {
    /// The deadline of the caller holds for all that the server does, for 10 s at most.
    async fn price(&self, request: Request<PriceRequest>) -> Result<Price, Status> {
        let headers = request.metadata().clone().into_headers();
        let deadline = deadline_from(&headers, Duration::from_secs(10));
        with_deadline(deadline, self.look_up(&request.get_ref().product)).await
    }
}

impl PriceList {
    async fn look_up(&self, product: &str) -> Result<Price, Status> {
        self.left.lock().unwrap().extend(remaining());
        if let Some(status) = self.answers.lock().unwrap().pop() {
            return Err(status);
        }
        match product {
            "chair" => Ok(Price { cents: 4900 }),
            "table" => Ok(self.ask_the_factory().await?),
            _ => Err(Status::not_found("there is no such product")),
        }
    }

    /// The factory takes a minute, and an answer would be of use for 5 s.
    async fn ask_the_factory(&self) -> Result<Price, Status> {
        #[timeout(5s)]
        async fn ask() -> Result<Price, TimedOut> {
            tokio::time::sleep(Duration::from_secs(60)).await;
            Ok(Price { cents: 19900 })
        }
        // The deadline ends the work, or the client that hangs up does.
        let _noted = NoteEnd(&self.stopped);
        ask()
            .await
            .map_err(|late| Status::deadline_exceeded(late.to_string()))
    }

    /// The next answers, the last one first.
    fn will_answer(&self, answers: Vec<Status>) {
        *self.answers.lock().unwrap() = answers;
        self.left.lock().unwrap().clear();
    }

    async fn end_of_work(&self) -> Instant {
        loop {
            if let Some(end) = *self.stopped.lock().unwrap() {
                return end;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn requests(&self) -> usize {
        self.left.lock().unwrap().len()
    }
}

/// Notes the moment at which it is dropped.
struct NoteEnd<'s>(&'s Mutex<Option<Instant>>);

impl Drop for NoteEnd<'_> {
    fn drop(&mut self) {
        *self.0.lock().unwrap() = Some(Instant::now());
    }
}

/// An answer with a pushback.
fn pushback(code: Code, millis: &'static str) -> Status {
    let mut metadata = MetadataMap::new();
    metadata.insert("grpc-retry-pushback-ms", millis.parse().expect("a number"));
    Status::with_metadata(code, "too much to do", metadata)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let list = Arc::new(PriceList::default());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let server = Server::builder().add_service(PricesServer(Arc::clone(&list)));
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
    let channel = Endpoint::from_shared(url)?.connect().await?;
    let shop = Shop {
        prices: PricesClient::new(channel),
    };

    timeline::chapter("Unavailable, and then well");
    list.will_answer(vec![Status::unavailable("the replica moves")]);
    let cents = shop.price("chair").await?;
    timeline::line("client", format_args!("a chair costs {cents} cents"));
    assert_eq!((cents, list.requests()), (4900, 2));
    let left = list.left.lock().unwrap()[0];
    timeline::timed("server", "has", left, "for its answer");
    assert!(left <= Duration::from_secs(1), "the client waits for 1 s");

    timeline::chapter("ResourceExhausted, with a pushback of 300 ms");
    list.will_answer(vec![pushback(Code::ResourceExhausted, "300")]);
    let asked = Instant::now();
    shop.price("chair").await?;
    assert!(asked.elapsed() >= Duration::from_millis(300));

    timeline::chapter("Unavailable, with a pushback of -1, which is never");
    list.will_answer(vec![pushback(Code::Unavailable, "-1")]);
    let error = shop.price("chair").await.unwrap_err();
    timeline::line("client", &error);
    assert_eq!(
        (error.code(), list.requests()),
        (Some(Code::Unavailable), 1)
    );

    timeline::chapter("NotFound");
    list.will_answer(vec![]);
    let error = shop.price("moon").await.unwrap_err();
    timeline::line("client", &error);
    assert_eq!((error.code(), list.requests()), (Some(Code::NotFound), 1));

    timeline::chapter("The server has 1 s, and its own limit is 5 s");
    list.will_answer(vec![]);
    let asked = Instant::now();
    let error = once(&shop, "table").await.unwrap_err();
    timeline::timed("client", "waited", asked.elapsed(), &error);
    let worked = list.end_of_work().await - asked;
    timeline::timed("server", "worked", worked, "and no longer");
    assert!(worked < Duration::from_secs(4), "{worked:?}");

    let circuit = registry::stats("prices").expect("it was called");
    println!();
    println!(
        "{} successes and {} failures",
        circuit.successes, circuit.failures
    );
    assert_eq!((circuit.successes, circuit.failures), (4, 2));
    Ok(())
}

/// Asks without a retry, so that one request is seen.
#[timeout(1s)]
async fn once(shop: &Shop, product: &str) -> Result<u32, ShopError> {
    let request = with_deadline_header(PriceRequest {
        product: product.to_owned(),
    });
    Ok(shop.prices.price(request).await?.cents)
}
