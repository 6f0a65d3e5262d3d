//! Replicas as processes, and a real HTTP service.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use resilience_fleet_tests::server::{Server, signal};

/// A service over HTTP that can fail. It counts its requests.
struct Service {
    address: String,
    fails: Arc<AtomicBool>,
    requests: Arc<AtomicU64>,
}

impl Service {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let (fails, requests) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let of_thread = (Arc::clone(&fails), Arc::clone(&requests));
        thread::spawn(move || {
            for mut client in listener.incoming().flatten() {
                let (fails, requests) = &of_thread;
                let _ = client.read(&mut [0; 1_024]);
                requests.fetch_add(1, Ordering::Relaxed);
                let status = if fails.load(Ordering::Relaxed) {
                    "500 No"
                } else {
                    "200 OK"
                };
                let _ = write!(client, "HTTP/1.0 {status}\r\n\r\n");
            }
        });
        Self {
            address,
            fails,
            requests,
        }
    }

    fn fail(&self, fails: bool) {
        self.fails.store(fails, Ordering::Relaxed);
    }
}

/// A replica as a process. Its lines are kept.
struct Process {
    child: Child,
    input: Option<ChildStdin>,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Process {
    fn start(server: &Server, name: &str, service: &Service) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_replica"))
            .args([&server.address(), "processes", name, &service.address])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the replica starts");
        let lines = Arc::<Mutex<Vec<String>>>::default();
        let (output, kept) = (child.stdout.take().expect("piped"), Arc::clone(&lines));
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                kept.lock().expect("no panic").push(line);
            }
        });
        let input = child.stdin.take();
        Self {
            child,
            input,
            lines,
        }
    }

    fn lines(&self) -> Vec<String> {
        self.lines.lock().expect("no panic").clone()
    }

    /// The first moment at which it came to the state, after its first lines.
    fn first(&self, state: &str, after: usize) -> Option<u128> {
        let lines = self.lines();
        let line = lines
            .get(after..)?
            .iter()
            .find(|line| line.contains(state))?;
        line.split(' ').next()?.parse().ok()
    }

    /// Ends the process and returns a number of its books.
    fn end(&mut self) -> String {
        drop(self.input.take());
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(20) {
            if let Some(books) = self.lines().iter().find(|line| line.starts_with("books")) {
                return books.clone();
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("the replica does not end: {:?}", self.lines());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn number(books: &str, name: &str) -> u64 {
    let field = books
        .split(' ')
        .find_map(|field| field.strip_prefix(name)?.strip_prefix('='));
    field
        .and_then(|value| value.parse().ok())
        .unwrap_or_else(|| panic!("no {name} in {books}"))
}

fn wait(what: &str, processes: &[Process], condition: impl Fn(&Process) -> bool) {
    let begun = Instant::now();
    while !processes.iter().all(&condition) {
        let lines: Vec<_> = processes.iter().map(Process::lines).collect();
        assert!(
            begun.elapsed() < Duration::from_secs(40),
            "not all {what}: {lines:?}"
        );
        thread::sleep(Duration::from_millis(5));
    }
}

fn replicas(server: &Server, service: &Service, number: usize) -> Vec<Process> {
    let names = (0..number).map(|at| format!("p{at}"));
    let replicas: Vec<_> = names
        .map(|name| Process::start(server, &name, service))
        .collect();
    wait("start", &replicas, |it| it.first("started", 0).is_some());
    replicas
}

#[test]
fn a_stopped_prober_does_not_keep_the_others_from_probing() {
    let Some(server) = Server::start() else {
        return;
    };
    let service = Service::start();
    let mut replicas = replicas(&server, &service, 3);
    service.fail(true);
    wait("open", &replicas, |it| it.first(" open ", 0).is_some());
    signal(replicas[0].child.id(), "STOP");
    service.fail(false);
    let before: Vec<_> = replicas.iter().map(|it| it.lines().len()).collect();
    wait("close", &replicas[1..], |it| {
        it.lines()
            .last()
            .is_some_and(|line| line.contains(" closed "))
    });
    signal(replicas[0].child.id(), "CONT");
    wait("close", &replicas, |it| {
        it.lines()
            .last()
            .is_some_and(|line| line.contains(" closed "))
    });
    assert!(before.iter().all(|lines| *lines > 1));
    for replica in &mut replicas {
        replica.end();
    }
}

/// Five processes, a service that fails and recovers, and a store that comes and goes. `FLEET_SOAK` is its
/// length in seconds.
#[test]
fn soak() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let service = Service::start();
    let mut replicas = replicas(&server, &service, 5);
    let seconds = std::env::var("FLEET_SOAK")
        .ok()
        .and_then(|seconds| seconds.parse().ok());
    let (begun, length) = (Instant::now(), Duration::from_secs(seconds.unwrap_or(12)));
    let mut round = 0_u64;
    while begun.elapsed() < length {
        round += 1;
        service.fail(round % 2 == 1);
        match round % 6 {
            2 => server.kill(),
            3 => server.restart(),
            4 => server.signal("STOP"),
            5 => server.signal("CONT"),
            _ => {}
        }
        thread::sleep(Duration::from_secs(1));
    }
    if round % 6 == 4 {
        server.signal("CONT");
    }
    server.restart();
    service.fail(false);
    wait("close", &replicas, |it| {
        let lines = it.lines();
        let last = lines.iter().rev().find(|line| !line.contains("started"));
        last.is_none_or(|line| line.contains(" closed "))
    });
    let books: Vec<_> = replicas.iter_mut().map(Process::end).collect();
    let mut answered = 0;
    for books in &books {
        assert!(books.ends_with("state=closed"), "{books}");
        assert_eq!(
            number(books, "refused"),
            number(books, "stats_refused"),
            "{books}"
        );
        let ended = number(books, "successes") + number(books, "failures") + number(books, "late");
        // A failure of a probe whose term is over counts as late only.
        assert_eq!(
            number(books, "calls"),
            ended + number(books, "refused"),
            "{books}"
        );
        // A refusal waits for the store for 50 ms at most; ten times that is asserted.
        assert!(number(books, "slowest_refusal_ms") < 500, "{books}");
        answered += ended;
    }
    assert_eq!(
        service.requests.load(Ordering::Relaxed),
        answered,
        "{books:?}"
    );
    let opened = replicas
        .iter()
        .filter(|it| it.first(" open ", 0).is_some())
        .count();
    assert_eq!(opened, replicas.len(), "each of them opened");
}
