//! Replicas as processes, and the HTTP service that they call.

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

use resilience_fleet_tests::server::Server;

/// A service over HTTP that can fail. It counts its requests.
pub(crate) struct Service {
    address: String,
    fails: Arc<AtomicBool>,
    pub(crate) requests: Arc<AtomicU64>,
}

impl Service {
    pub(crate) fn start() -> Self {
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

    pub(crate) fn fail(&self, fails: bool) {
        self.fails.store(fails, Ordering::Relaxed);
    }
}

/// A replica as a process. Its lines are kept.
pub(crate) struct Process {
    pub(crate) child: Child,
    input: Option<ChildStdin>,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Process {
    /// Starts a replica with environment variables of its own.
    pub(crate) fn start(
        address: &str,
        name: &str,
        service: &Service,
        variables: &[(&str, &str)],
    ) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_replica"))
            .args([address, "processes", name, &service.address])
            .envs(variables.iter().copied())
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

    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().expect("no panic").clone()
    }

    /// The first moment at which it came to the state, after its first lines.
    pub(crate) fn first(&self, state: &str, after: usize) -> Option<u128> {
        let lines = self.lines();
        let line = lines
            .get(after..)?
            .iter()
            .find(|line| line.contains(state))?;
        line.split(' ').next()?.parse().ok()
    }

    /// Ends the process and returns a number of its books.
    pub(crate) fn end(&mut self) -> String {
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

pub(crate) fn number(books: &str, name: &str) -> u64 {
    let field = books
        .split(' ')
        .find_map(|field| field.strip_prefix(name)?.strip_prefix('='));
    field
        .and_then(|value| value.parse().ok())
        .unwrap_or_else(|| panic!("no {name} in {books}"))
}

pub(crate) fn wait(what: &str, processes: &[Process], condition: impl Fn(&Process) -> bool) {
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

pub(crate) fn replicas(server: &Server, service: &Service, number: usize) -> Vec<Process> {
    let names = (0..number).map(|at| format!("p{at}"));
    let replicas: Vec<_> = names
        .map(|name| Process::start(&server.address(), &name, service, &[]))
        .collect();
    wait("start", &replicas, |it| it.first("started", 0).is_some());
    replicas
}
