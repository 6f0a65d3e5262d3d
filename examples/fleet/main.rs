//! Three replicas as processes share the circuit of one service over Redis.
//!
//! The example starts a Redis, a service over HTTP and the replicas. The service fails for all of
//! them, recovers, and then fails for one replica only. Each replica prints when its circuit
//! changes and when it probes. It ends by itself.
//!
//! `cargo run -p resilience-example-fleet`

use std::{
    env, error, io,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use resilience::{CircuitBreakerConfig, CircuitState, circuit_breaker, registry};
use resilience_fleet::Fleet;

type Result<T> = std::result::Result<T, Box<dyn error::Error>>;

/// Calls the service once, under the circuit that all replicas share.
#[circuit_breaker(name = "billing", failure_threshold = 5, recovery_timeout = 2s)]
fn bill(service: &str, replica: &str) -> io::Result<()> {
    if registry::get("billing").is_some_and(|it| it.state() == CircuitState::HalfOpen) {
        println!("  {replica} probes");
    }
    let mut stream = TcpStream::connect(service)?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    // One write, because the service reads once.
    let request = format!("GET /bill HTTP/1.0\r\nx-replica: {replica}\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    if answer.starts_with("HTTP/1.0 200") {
        Ok(())
    } else {
        Err(io::Error::other("billing is broken"))
    }
}

/// A replica: it joins the fleet and calls the service until its standard input ends.
async fn replica(address: &str, name: &str, service: &str) -> Result<()> {
    let config = CircuitBreakerConfig::new()
        .failure_threshold(5)
        .recovery_timeout(Duration::from_secs(2));
    let circuit = registry::get_or_register("billing", config);
    let _fleet = Fleet::builder(address)
        .namespace("example")
        .replica(name)
        .share(["billing"])
        .start()
        .await?;
    let begun = Instant::now();
    let replica = name.to_owned();
    circuit.on_transition(move |change| {
        let after = begun.elapsed().as_secs_f64();
        println!(
            "  {replica} is {} because of {} ({after:.2} s)",
            change.to, change.reason
        );
    });
    let ends = thread::spawn(|| io::stdin().read_to_end(&mut Vec::new()));
    while !ends.is_finished() {
        let _ = bill(service, name);
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// The service works, fails for all, or fails for the third replica.
const WORKS: u8 = 0;
const FAILS: u8 = 1;
const FAILS_FOR_ONE: u8 = 2;

/// Starts the service, and returns its address and its mode.
fn service() -> io::Result<(String, Arc<AtomicU8>)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?.to_string();
    let mode = Arc::new(AtomicU8::new(WORKS));
    let of_thread = Arc::clone(&mode);
    thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let mut request = [0; 1_024];
            let length = client.read(&mut request).unwrap_or(0);
            let is_third = String::from_utf8_lossy(&request[..length]).contains("replica-3");
            let fails = match of_thread.load(Ordering::Relaxed) {
                WORKS => false,
                FAILS => true,
                _ => is_third,
            };
            let status = if fails {
                "500 Internal Server Error"
            } else {
                "200 OK"
            };
            let _ = write!(client, "HTTP/1.0 {status}\r\n\r\n");
        }
    });
    Ok((address, mode))
}

/// A process of the example. It is killed when this is dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a Redis on a free port. `None` if there is no `redis-server`.
fn redis() -> io::Result<Option<(Process, String)>> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let process = Command::new("redis-server")
        .args([
            "--port",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
        ])
        .stdout(Stdio::null())
        .spawn();
    let process = match process {
        Ok(process) => Process(process),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        if begun.elapsed() > Duration::from_secs(20) {
            return Err(io::Error::other("redis-server does not answer"));
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(Some((process, format!("redis://127.0.0.1:{port}"))))
}

fn show() -> Result<()> {
    let Some((_redis, address)) = redis()? else {
        println!(
            "There is no redis-server here, so there is nothing to show. Debian's package redis-server has it."
        );
        return Ok(());
    };
    let (service, mode) = service()?;
    let mut replicas = Vec::new();
    for name in ["replica-1", "replica-2", "replica-3"] {
        let child = Command::new(env::current_exe()?)
            .args(["replica", &address, name, &service])
            .stdin(Stdio::piped())
            .spawn()?;
        replicas.push(Process(child));
    }
    let show = |text: &str, next: u8, seconds: u64| {
        println!("{text}");
        mode.store(next, Ordering::Relaxed);
        thread::sleep(Duration::from_secs(seconds));
    };
    show("Three replicas call billing, which works.", WORKS, 2);
    show(
        "Billing fails for all: they vote, and all open. One probes at a time.",
        FAILS,
        4,
    );
    show(
        "Billing works again: two probes succeed, and all close.",
        WORKS,
        4,
    );
    show(
        "Billing fails for replica-3 only: the others object, and it is open alone.",
        FAILS_FOR_ONE,
        3,
    );
    for replica in &mut replicas {
        drop(replica.0.stdin.take());
        replica.0.wait()?;
    }
    println!("The replicas have left the fleet.");
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    match &arguments[..] {
        [mode, address, name, service] if mode == "replica" => {
            replica(address, name, service).await
        }
        _ => show(),
    }
}
