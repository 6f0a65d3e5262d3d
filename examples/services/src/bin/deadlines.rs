//! Three services in a chain. The caller of the first one waits for 1 s, and each service passes
//! on how much of that is left, so that the work of the last one stops when nobody waits for it.
//!
//! `cargo run -p resilience-example-services --bin deadlines`

use std::{
    net::Ipv4Addr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{Router, extract::State, http::HeaderMap, routing::get};
use reqwest::StatusCode;
use resilience::{
    TimedOut,
    http::{deadline_from, insert_deadline},
    inherit, remaining, timeout, with_deadline,
};
use resilience_example_services::timeline;
use tokio::{net::TcpListener, time::sleep};

/// A service never takes longer than this, whatever its caller says.
const CEILING: Duration = Duration::from_secs(30);

/// One of the services. Its address is `url`, and it asks the one at `next`.
struct Service {
    name: &'static str,
    next: Option<String>,
    http: reqwest::Client,
    work: Arc<Work>,
}

/// The work of the services, which the program checks in the end.
#[derive(Default)]
struct Work {
    /// The time that each service had, in the order in which they were asked.
    left: Mutex<Vec<Duration>>,
    rows: AtomicU32,
    /// The end of the last service's work, if it was not done.
    stopped: Mutex<Option<(Instant, TimedOut)>>,
}

impl Work {
    /// Waits for the end of the last service's work, which comes soon after the deadline.
    async fn end(&self) -> (Instant, TimedOut) {
        loop {
            if let Some(end) = lock(&self.stopped).clone() {
                return end;
            }
            sleep(Duration::from_millis(5)).await;
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum ServiceError {
    #[error(transparent)]
    TimedOut(#[from] TimedOut),
    #[error("request failed: {0}")]
    Http(#[from] reqwest::Error),
    #[error("the task failed: {0}")]
    Task(#[from] tokio::task::JoinError),
}

/// The entry of every service: the deadline of the request holds for all that it does.
async fn handle(State(service): State<Arc<Service>>, headers: HeaderMap) -> (StatusCode, String) {
    let deadline = deadline_from(&headers, CEILING);
    match with_deadline(deadline, service.answer()).await {
        Ok(text) => (StatusCode::OK, text),
        Err(error) => (StatusCode::GATEWAY_TIMEOUT, error.to_string()),
    }
}

impl Service {
    #[timeout(10s)]
    async fn answer(&self) -> Result<String, ServiceError> {
        let left = remaining().unwrap_or(CEILING);
        timeline::timed(self.name, "has", left, "left");
        lock(&self.work.left).push(left);
        match &self.next {
            Some(next) => self.ask(next).await,
            // The work goes on in a task of its own, which does not end when the caller hangs up.
            None => Ok(tokio::spawn(inherit(read_rows(Arc::clone(&self.work)))).await??),
        }
    }

    async fn ask(&self, url: &str) -> Result<String, ServiceError> {
        let mut headers = HeaderMap::new();
        insert_deadline(&mut headers);
        let request = self.http.get(url).headers(headers);
        Ok(request.send().await?.error_for_status()?.text().await?)
    }
}

/// Reads a row every 50 ms.
async fn read_rows(work: Arc<Work>) -> Result<String, TimedOut> {
    #[timeout(5s)]
    async fn read(work: &Work) -> Result<String, TimedOut> {
        while work.rows.load(Ordering::Relaxed) < 60 {
            sleep(Duration::from_millis(50)).await;
            work.rows.fetch_add(1, Ordering::Relaxed);
        }
        Ok("60 rows".to_owned())
    }
    let outcome = read(&work).await;
    if let Err(late) = &outcome {
        timeline::line("stock", late);
        *lock(&work.stopped) = Some((Instant::now(), late.clone()));
    }
    outcome
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().expect("no thread panics")
}

/// Starts a service and returns its address.
async fn start(
    name: &'static str,
    next: Option<String>,
    http: &reqwest::Client,
    work: &Arc<Work>,
) -> Result<String, std::io::Error> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    let service = Service {
        name,
        next,
        http: http.clone(),
        work: Arc::clone(work),
    };
    let app = Router::new()
        .route("/", get(handle))
        .with_state(Arc::new(service));
    tokio::spawn(async { axum::serve(listener, app).await });
    Ok(url)
}

/// Starts the three services, and returns the address of the first one.
async fn start_chain(
    http: &reqwest::Client,
    work: &Arc<Work>,
) -> Result<String, Box<dyn std::error::Error>> {
    let stock = start("stock", None, http, work).await?;
    let orders = start("orders", Some(stock), http, work).await?;
    Ok(start("gateway", Some(orders), http, work).await?)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let http = reqwest::Client::builder().no_proxy().build()?;

    timeline::chapter("A caller that does not say how long it waits:");
    let work = Arc::new(Work::default());
    let gateway = start_chain(&http, &work).await?;
    let response = http.get(&gateway).send().await?;
    assert_eq!(response.status(), StatusCode::OK);
    timeline::line("caller", response.text().await?);

    timeline::chapter("A caller that waits for 1 s:");
    let work = Arc::new(Work::default());
    let gateway = start_chain(&http, &work).await?;
    let asked = Instant::now();
    let response = http.get(&gateway).header("grpc-timeout", "1S").send();
    let status = response.await?.status();
    let answered = asked.elapsed();
    timeline::timed("caller", "waited", answered, status);
    assert_eq!(status, StatusCode::GATEWAY_TIMEOUT);

    // The caller has its answer. Nothing works on for it.
    let (at, late) = work.end().await;
    let rows = work.rows.load(Ordering::Relaxed);
    sleep(Duration::from_millis(200)).await;
    assert_eq!(work.rows.load(Ordering::Relaxed), rows, "no row is read");
    assert!(rows < 60, "the work is not done");

    let left = lock(&work.left).clone();
    assert_eq!(left.len(), 3);
    assert!(left[0] <= Duration::from_secs(1), "{left:?}");
    assert!(left[0] > left[1] && left[1] > left[2], "{left:?}");
    assert!(late.is_inherited(), "its own limit is 5 s");
    let stopped = at - asked;

    println!();
    println!("{rows} of 60 rows were read, and none after {stopped:.0?}.");
    Ok(())
}
