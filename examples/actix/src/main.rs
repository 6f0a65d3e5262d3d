//! A service with `actix-web`, whose handlers run on threads with a runtime each and need not be
//! `Send`: the attributes ask for `Send` nowhere. A refusal of a policy is 503 with `Retry-After`.
//!
//! `cargo run -p resilience-example-actix`

use std::{cell::Cell, fmt, io, net::SocketAddr, time::Duration};

use actix_web::{
    App, HttpResponse, HttpServer, ResponseError,
    http::{StatusCode, header::RETRY_AFTER},
    web,
};
use resilience::{CircuitOpen, TimedOut, circuit_breaker, fallback, registry, retry, timeout};
use resilience_examples::{ExchangeRates, Health, http, timeline};

/// The client of one worker. Its `Cell` may not be shared with another thread, and need not be.
struct Rates {
    service: SocketAddr,
    last: Cell<Option<f64>>,
}

#[derive(Debug)]
enum RatesError {
    Io(io::Error),
    TimedOut(TimedOut),
    CircuitOpen(CircuitOpen),
}

impl From<io::Error> for RatesError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<TimedOut> for RatesError {
    fn from(late: TimedOut) -> Self {
        Self::TimedOut(late)
    }
}

impl From<CircuitOpen> for RatesError {
    fn from(open: CircuitOpen) -> Self {
        Self::CircuitOpen(open)
    }
}

impl fmt::Display for RatesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::TimedOut(late) => late.fmt(f),
            Self::CircuitOpen(open) => open.fmt(f),
        }
    }
}

/// The answer of a handler that returns the error.
impl ResponseError for RatesError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Io(_) => StatusCode::BAD_GATEWAY,
            Self::TimedOut(_) => StatusCode::GATEWAY_TIMEOUT,
            Self::CircuitOpen(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut answer = HttpResponse::build(self.status_code());
        if let Self::CircuitOpen(open) = self {
            let wait = open.retry_after().unwrap_or(Duration::from_secs(60));
            answer.insert_header((RETRY_AFTER, wait.as_secs() + 1));
        }
        answer.body(self.to_string())
    }
}

impl Rates {
    #[retry(max_retries = 2, base_delay = 10ms)]
    #[circuit_breaker(name = "rates", failure_threshold = 5)]
    #[timeout(500ms)]
    async fn dollars_per_euro(&self) -> Result<f64, RatesError> {
        let text = http::get(self.service, "/rates/EUR").await?;
        let rate = text.parse().map_err(io::Error::other)?;
        self.last.set(Some(rate));
        Ok(rate)
    }

    /// The last rate that this worker saw, for those who prefer it to none.
    #[fallback(Self::last_rate)]
    async fn estimate(&self) -> Result<f64, RatesError> {
        self.dollars_per_euro().await
    }

    fn last_rate(error: &RatesError, rates: &Self) -> Result<f64, RatesError> {
        let none = || io::Error::other(format!("no rate is known, because {error}")).into();
        rates.last.get().ok_or_else(none)
    }
}

async fn current(rates: web::Data<Rates>) -> Result<String, RatesError> {
    Ok(rates.dollars_per_euro().await?.to_string())
}

async fn estimate(rates: web::Data<Rates>) -> Result<String, RatesError> {
    Ok(rates.estimate().await?.to_string())
}

#[actix_web::main]
async fn main() -> io::Result<()> {
    let mut upstream = ExchangeRates::start();
    let upstream_address = upstream.address();
    // It is called once on the thread of each worker.
    let app = move || {
        let rates = Rates {
            service: upstream_address,
            last: Cell::new(None),
        };
        App::new()
            .app_data(web::Data::new(rates))
            .route("/rates/current", web::get().to(current))
            .route("/rates/estimate", web::get().to(estimate))
    };
    let server = HttpServer::new(app).workers(1).bind(("127.0.0.1", 0))?;
    let service = server.addrs()[0];
    let server = server.disable_signals().run();
    let handle = server.handle();
    actix_web::rt::spawn(server);
    let ask = async |path: &str| {
        let answer = http::get(service, path).await;
        match &answer {
            Ok(rate) => timeline::line(path, rate),
            Err(error) => timeline::line(path, error),
        }
        answer
    };

    timeline::chapter("The exchange rates are there");
    assert_eq!(ask("/rates/current").await?, "1.0871");

    timeline::chapter("They answer two requests of three with 503");
    upstream.set_health(Health::Errors);
    assert_eq!(ask("/rates/current").await?, "1.0871", "the third attempt");

    timeline::chapter("They are down");
    upstream.set_health(Health::Down);
    let errors = [
        ask("/rates/current").await.unwrap_err().to_string(),
        ask("/rates/current").await.unwrap_err().to_string(),
    ];
    assert!(errors[0].contains("502 Bad Gateway"), "{errors:?}");
    assert!(errors[1].contains("503 Service Unavailable"), "{errors:?}");
    assert_eq!(ask("/rates/estimate").await?, "1.0871", "the last one");
    let circuit = registry::stats("rates").expect("it was called");
    timeline::line("circuit", circuit.state);
    assert_eq!(circuit.opened, 1);
    handle.stop(true).await;
    Ok(())
}
