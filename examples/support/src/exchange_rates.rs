//! The peer of `quickstart`.

use std::{
    fmt, future, io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::net::{TcpListener, TcpStream};

use crate::{http, server::Server};

/// The state of a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Health {
    /// Answers at once.
    #[default]
    Fine,
    /// Answers two requests of three with 503.
    Errors,
    /// Takes requests and never answers.
    Hangs,
    /// Does not listen.
    Down,
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fine => "is fine",
            Self::Errors => "answers two requests of three with 503",
            Self::Hangs => "hangs",
            Self::Down => "is down",
        })
    }
}

/// A service that answers `/rates/EUR` with a rate.
#[derive(Debug)]
pub struct ExchangeRates {
    server: Server,
    desk: Arc<Desk>,
}

#[derive(Debug, Default)]
struct Desk {
    health: Mutex<Health>,
    requests: AtomicUsize,
    /// Those of them that met errors.
    met_errors: AtomicUsize,
}

impl ExchangeRates {
    /// Starts it on a free port, in good health.
    pub fn start() -> Self {
        let desk = Arc::new(Desk::default());
        let server = Server::start({
            let desk = Arc::clone(&desk);
            move |listener| serve(listener, Arc::clone(&desk))
        });
        Self { server, desk }
    }

    /// Returns the address of the service.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Returns the address of the service as the beginning of a URL.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Decides the fate of the requests from now on.
    pub fn set_health(&mut self, health: Health) {
        *self
            .desk
            .health
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = health;
        match health {
            Health::Down => self.server.down(),
            _ => self.server.up(),
        }
    }

    /// Returns the number of requests that arrived so far.
    pub fn requests(&self) -> usize {
        self.desk.requests.load(Ordering::SeqCst)
    }
}

async fn serve(listener: TcpListener, desk: Arc<Desk>) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        let desk = Arc::clone(&desk);
        // A client that hangs up early is no fault of the server.
        tokio::spawn(async move { answer(stream, &desk).await.ok() });
    }
}

async fn answer(mut stream: TcpStream, desk: &Desk) -> io::Result<()> {
    let path = http::read_path(&mut stream).await?;
    desk.requests.fetch_add(1, Ordering::SeqCst);
    let health = *desk.health.lock().unwrap_or_else(PoisonError::into_inner);
    let (status, body) = match health {
        Health::Hangs => future::pending().await,
        Health::Errors if desk.met_errors.fetch_add(1, Ordering::SeqCst) % 3 != 2 => {
            ("503 Service Unavailable", "")
        }
        _ if path == "/rates/EUR" => ("200 OK", "1.0871"),
        _ => ("404 Not Found", ""),
    };
    http::answer(&mut stream, status, body).await
}
