//! The callers: the same request sync and async, under all three attributes, through one circuit.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{Arc, LazyLock},
    time::Duration,
};

use resilience::{
    CircuitBreakerConfig, CircuitOpen, TimedOut, circuit_breaker, is_abandoned, retry, timeout,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt},
    sync::Mutex,
};

use crate::ledger::{End, Ledger};

pub(crate) const CIRCUIT: &str = "soak";
pub(crate) const FAILURE_THRESHOLD: u32 = 20;
pub(crate) const RECOVERY: Duration = Duration::from_millis(300);
const CONFIG: CircuitBreakerConfig = CircuitBreakerConfig::new()
    .failure_threshold(FAILURE_THRESHOLD)
    .failure_window(Duration::from_secs(5))
    .recovery_timeout(RECOVERY)
    .success_threshold(3)
    .half_open_max_calls(2);

const LIMIT: Duration = Duration::from_millis(250);
/// Three attempts and two waits of at most 40 ms.
pub(crate) const LONGEST: Duration = Duration::from_millis(3 * 250 + 2 * 40);

/// It is shared with `From`, because `From` has no other way to it.
pub(crate) static LEDGER: LazyLock<Arc<Ledger>> = LazyLock::new(Arc::default);

#[derive(Debug)]
pub(crate) enum Fault {
    Io(#[expect(dead_code, reason = "shown by Debug")] io::Error),
    Status(#[expect(dead_code, reason = "shown by Debug")] String),
    /// The answer to another request.
    Mixed {
        asked: u64,
        answered: String,
    },
    TimedOut,
    Refused,
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<TimedOut> for Fault {
    fn from(_: TimedOut) -> Self {
        Self::TimedOut
    }
}

impl From<CircuitOpen> for Fault {
    fn from(_: CircuitOpen) -> Self {
        LEDGER.refused();
        Self::Refused
    }
}

impl Fault {
    /// # Panics
    ///
    /// If it is one that must never be.
    pub(crate) fn end(&self) -> End {
        match self {
            Self::Io(_) | Self::Status(_) => End::Down,
            Self::TimedOut => End::TimedOut,
            Self::Refused => End::Refused,
            Self::Mixed { asked, answered } => panic!("asked {asked}, answered {answered}"),
        }
    }
}

/// A connection is taken for a request and put back after its answer only, so that a call that is
/// dropped takes it along, and no later call can read its answer.
#[derive(Default)]
pub(crate) struct Idle(Mutex<Option<tokio::io::BufReader<tokio::net::TcpStream>>>);

#[retry(max_retries = 2, base_delay = 10ms, max_delay = 40ms)]
#[circuit_breaker(name = CIRCUIT, config = CONFIG)]
#[timeout(LIMIT)]
pub(crate) async fn fetch(idle: &Idle, server: SocketAddr) -> Result<(), Fault> {
    let id = LEDGER.attempt_begins();
    let kept = idle.0.lock().await.take();
    let mut stream = match kept {
        Some(stream) => stream,
        None => tokio::io::BufReader::new(tokio::net::TcpStream::connect(server).await?),
    };
    stream.write_all(request(id).as_bytes()).await?;
    let mut head = Vec::new();
    let mut line = String::new();
    while stream.read_line(&mut line).await? > 0 && line != "\r\n" {
        head.push(std::mem::take(&mut line));
    }
    let mut body = vec![0; length(&head)?];
    stream.read_exact(&mut body).await?;
    check(id, &head, body)?;
    *idle.0.lock().await = Some(stream);
    Ok(())
}

#[retry(max_retries = 2, base_delay = 10ms, max_delay = 40ms)]
#[circuit_breaker(name = CIRCUIT, config = CONFIG)]
#[timeout(LIMIT)]
pub(crate) fn fetch_sync(server: SocketAddr) -> Result<(), Fault> {
    let id = LEDGER.attempt_begins();
    let stream = TcpStream::connect(server)?;
    stream.set_read_timeout(Some(Duration::from_millis(20)))?;
    (&stream).write_all(request(id).as_bytes())?;
    let mut stream = BufReader::new(Patient(stream));
    let mut head = Vec::new();
    let mut line = String::new();
    while stream.read_line(&mut line)? > 0 && line != "\r\n" {
        head.push(std::mem::take(&mut line));
    }
    let mut body = vec![0; length(&head)?];
    stream.read_exact(&mut body)?;
    check(id, &head, body)
}

/// Waits for data until nobody waits for it, as a body that may be abandoned should.
struct Patient(TcpStream);

impl Read for Patient {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && !is_abandoned() => {}
                read => return read,
            }
        }
    }
}

fn request(id: u64) -> String {
    format!("GET /{id} HTTP/1.1\r\nhost: localhost\r\n\r\n")
}

fn length(head: &[String]) -> io::Result<usize> {
    head.iter()
        .find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok())
        .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

fn check(id: u64, head: &[String], body: Vec<u8>) -> Result<(), Fault> {
    if !head[0].starts_with("HTTP/1.1 200 ") {
        return Err(Fault::Status(head[0].clone()));
    }
    let answered = String::from_utf8(body).map_err(io::Error::other)?;
    if answered == id.to_string() {
        Ok(())
    } else {
        Err(Fault::Mixed {
            asked: id,
            answered,
        })
    }
}
