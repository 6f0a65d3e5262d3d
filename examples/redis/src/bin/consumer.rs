//! A consumer of a queue: a message that fails is retried, and one that fails for good goes to the
//! dead letters with its reason, so that it does not hold up the others. While a dependency is
//! down, nothing is taken from the queue.
//!
//! `cargo run -p resilience-example-redis --bin consumer`, with a `redis-server` on the machine

use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use redis::{Client, RedisError, Value, aio::MultiplexedConnection};
use resilience::{
    CircuitOpen, CircuitState, RetryEvent, TimedOut, circuit_breaker, is_refusal, registry, retry,
    timeout,
};
use resilience_example_redis::RedisServer;
use resilience_examples::timeline;

/// The mail service that the messages are for.
#[derive(Default)]
struct Mail {
    is_down: AtomicBool,
    /// The number of attempts by address.
    attempts: Mutex<HashMap<String, u32>>,
}

#[derive(Debug, thiserror::Error)]
enum MailError {
    #[error("the mail service is busy")]
    Busy,
    #[error("the mail service is down")]
    Down,
    #[error("`{0}` is no address")]
    NoAddress(String),
    #[error(transparent)]
    CircuitOpen(#[from] CircuitOpen),
    #[error(transparent)]
    TimedOut(#[from] TimedOut),
}

impl Mail {
    /// Sends a mail. An address that is wrong stays wrong, and does not blame the service.
    #[retry(max_retries = 3, base_delay = 10ms, abort_on(MailError::NoAddress(_)), on_retry = report_retry)]
    #[circuit_breaker(name = "mail", failure_threshold = 4, recovery_timeout = 200ms, success_threshold = 1,
                      ignore(MailError::NoAddress(_)))]
    #[timeout(1s)]
    async fn send(&self, to: &str) -> Result<(), MailError> {
        let attempt = {
            let mut attempts = self.attempts.lock().unwrap();
            let attempt = attempts.entry(to.to_owned()).or_default();
            *attempt += 1;
            *attempt
        };
        match to {
            _ if self.is_down.load(Ordering::SeqCst) => Err(MailError::Down),
            _ if !to.contains('@') => Err(MailError::NoAddress(to.to_owned())),
            "busy@example.com" if attempt < 3 => Err(MailError::Busy),
            _ => Ok(()),
        }
    }
}

fn report_retry<T>(event: &RetryEvent<'_, T, MailError>) {
    if let Err(error) = event.outcome {
        let retry = format_args!("retry {}", event.attempt);
        timeline::timed(retry, "in", event.delay, error);
    }
}

/// A stream of Redis with a group of consumers. A message stays pending until it is acknowledged,
/// so a consumer that is killed loses none.
struct Queue(MultiplexedConnection);

/// The id of a message and its address.
type Message = (String, String);

/// Streams of messages of fields, each with its name.
type Streams = Vec<(String, Vec<(String, HashMap<String, String>)>)>;

impl Queue {
    async fn open(url: &str) -> Result<Self, RedisError> {
        let client = Client::open(url)?;
        let mut connection = client.get_multiplexed_async_connection().await?;
        redis::cmd("XGROUP")
            .arg(&["CREATE", "mails", "senders", "0", "MKSTREAM"])
            .query_async::<()>(&mut connection)
            .await?;
        Ok(Self(connection))
    }

    async fn add(&mut self, to: &str) -> Result<(), RedisError> {
        let add = ["mails", "*", "to", to];
        redis::cmd("XADD").arg(&add).query_async(&mut self.0).await
    }

    /// The next message: first one that this consumer has and did not acknowledge, then a new one.
    async fn next(&mut self) -> Result<Option<Message>, RedisError> {
        for from in ["0", ">"] {
            let read = [
                "GROUP", "senders", "one", "COUNT", "1", "STREAMS", "mails", from,
            ];
            let read = redis::cmd("XREADGROUP").arg(&read).to_owned();
            let streams: Option<Streams> = read.query_async(&mut self.0).await?;
            let messages = streams.into_iter().flatten().flat_map(|stream| stream.1);
            let mut messages =
                messages.filter_map(|(id, mut fields)| Some((id, fields.remove("to")?)));
            if let Some(message) = messages.next() {
                return Ok(Some(message));
            }
        }
        Ok(None)
    }

    async fn acknowledge(&mut self, (id, _): &Message) -> Result<(), RedisError> {
        let ack = ["mails", "senders", id];
        redis::cmd("XACK").arg(&ack).query_async(&mut self.0).await
    }

    /// Moves a message to the dead letters, in one transaction, so that it is in one of the two
    /// places.
    async fn bury(&mut self, (id, to): &Message, why: &str) -> Result<(), RedisError> {
        redis::pipe()
            .atomic()
            .cmd("XADD")
            .arg(&["mails.dead", "*", "to", to, "why", why])
            .cmd("XACK")
            .arg(&["mails", "senders", id])
            .query_async::<Vec<Value>>(&mut self.0)
            .await?;
        Ok(())
    }

    async fn count(&mut self, stream: &str) -> Result<u32, RedisError> {
        redis::cmd("XLEN")
            .arg(stream)
            .query_async(&mut self.0)
            .await
    }
}

/// Works until the queue is empty, and returns the number of mails that were sent.
async fn consume(queue: &mut Queue, mail: &Mail) -> Result<u32, RedisError> {
    let mut sent = 0;
    while let Some(message) = queue.next().await? {
        match mail.send(&message.1).await {
            Ok(()) => {
                queue.acknowledge(&message).await?;
                timeline::line("sent", &message.1);
                sent += 1;
            }
            // The service is down: that is no fault of the message. It stays pending, and nothing
            // is taken until the circuit probes.
            Err(error) if is_refusal(&error) || matches!(error, MailError::Down) => {
                timeline::line("pause", &error);
                wait_for_mail().await;
            }
            Err(error) => {
                queue.bury(&message, &error.to_string()).await?;
                timeline::line("buried", &error);
            }
        }
    }
    Ok(sent)
}

/// Waits until the circuit lets a call through, if it does not now.
async fn wait_for_mail() {
    if let Some(circuit) = registry::get("mail")
        && circuit.state() == CircuitState::Open
    {
        circuit.wait_for(CircuitState::HalfOpen).await;
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Some(server) = RedisServer::start()? else {
        println!("NOT CHECKED: this machine has no redis-server (apt-get install redis-server)");
        return Ok(());
    };
    let mut queue = Queue::open(&server.url()).await?;
    let mail = Mail::default();

    timeline::chapter("Three messages, one of them with a wrong address");
    for to in ["ann@example.com", "nobody", "busy@example.com"] {
        queue.add(to).await?;
    }
    assert_eq!(consume(&mut queue, &mail).await?, 2);
    assert_eq!(queue.count("mails.dead").await?, 1);
    let attempts = mail.attempts.lock().unwrap().clone();
    assert_eq!((attempts["nobody"], attempts["busy@example.com"]), (1, 3));

    timeline::chapter("The mail service is down for 500 ms, and two messages wait");
    mail.is_down.store(true, Ordering::SeqCst);
    for to in ["bob@example.com", "eve@example.com"] {
        queue.add(to).await?;
    }
    let (sent, ()) = tokio::join!(consume(&mut queue, &mail), async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        mail.is_down.store(false, Ordering::SeqCst);
    });
    assert_eq!(sent?, 2, "none is lost");
    assert_eq!(queue.count("mails.dead").await?, 1, "and none is buried");
    let circuit = registry::stats("mail").expect("it was called");
    println!();
    println!(
        "The circuit opened {} times, and is {}.",
        circuit.opened, circuit.state
    );
    assert_eq!(circuit.state, CircuitState::Closed);
    Ok(())
}
