//! Real faults: a server on loopback that answers, errs, hangs, resets, half-closes, dies and comes
//! back, under hundreds of tasks and threads that call it through all three attributes and one
//! circuit.
//!
//! ```text
//! cargo test -p resilience-real-time-tests --test soak -- --nocapture                       # about ten seconds
//! SOAK_SECONDS=3600 cargo test -p resilience-real-time-tests --release --test soak -- --nocapture
//! ```

mod client;
mod ledger;
mod report;
mod server;

use std::{
    env, fs,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use resilience::{CircuitState, registry, worker_stats};
use tokio::time::{sleep, timeout};

use self::{
    client::{CIRCUIT, Idle, LEDGER, LONGEST, RECOVERY, fetch, fetch_sync},
    ledger::End,
    report::Report,
    server::{Mood, Server},
};

const TASKS: u64 = 200;
const THREADS: usize = 24;
const FAULTS: [Mood; 5] = [
    Mood::Errs,
    Mood::Hangs,
    Mood::Resets,
    Mood::HalfCloses,
    Mood::Dead,
];

/// Between two calls of one caller: the machine should have time to be on time.
const PAUSE: Duration = Duration::from_millis(100);

/// A busy machine may add this to work that takes no time by itself. A call that hangs takes
/// longer.
const SLACK: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak() {
    let seconds = env::var("SOAK_SECONDS").map_or(10, |seconds| {
        seconds.parse().expect("SOAK_SECONDS is a number")
    });
    let server = Arc::new(Server::start().await.expect("a port on loopback"));
    let stop = Arc::new(AtomicBool::new(false));
    let steps = Arc::new(Mutex::new(Vec::new()));

    // Registers the circuit with its own configuration.
    fetch(&Idle::default(), server.address)
        .await
        .expect("it answers");
    let circuit = registry::get(CIRCUIT).expect("registered by the first call");
    circuit.on_transition({
        let steps = Arc::clone(&steps);
        move |step| steps.lock().unwrap().push((step.from, step.failures))
    });
    // A busy machine may need more than one attempt.
    let (attempts, answered) = (LEDGER.attempts(), server.answered());
    assert!(
        (1..=attempts).contains(&answered),
        "{answered} of {attempts}"
    );

    let tasks: Vec<_> = (0..TASKS)
        .map(|number| tokio::spawn(task(number, server.address, Arc::clone(&stop))))
        .collect();
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let (address, stop) = (server.address, Arc::clone(&stop));
            thread::spawn(move || {
                while !stop.load(Ordering::SeqCst) {
                    let begun = Instant::now();
                    LEDGER.call_begins();
                    let end =
                        fetch_sync(address).map_or_else(|fault| fault.end(), |()| End::Answered);
                    LEDGER.call_ended(end, begun.elapsed());
                    thread::sleep(PAUSE);
                }
            })
        })
        .collect();

    let started = Instant::now();
    let mut cycles = 0;
    let mut memory = Vec::new();
    let (mut to_open, mut to_close) = (Duration::ZERO, Duration::ZERO);
    while cycles == 0 || started.elapsed() < Duration::from_secs(seconds) {
        for fault in FAULTS {
            sleep(PAUSE * 3).await;
            server.be(fault);
            to_open = to_open.max(until(CircuitState::Open, fault).await);
            // Probes fail now, and open it again and again.
            sleep(RECOVERY * 2).await;
            server.be(Mood::Answers);
            to_close = to_close.max(until(CircuitState::Closed, fault).await);
        }
        cycles += 1;
        memory.extend(resident_megabytes());
    }
    stop.store(true, Ordering::SeqCst);
    for task in tasks {
        let ended = timeout(LONGEST + SLACK, task).await.expect("no task hangs");
        ended.expect("no task panics");
    }
    for thread in threads {
        thread.join().expect("no thread panics");
    }
    let ran = started.elapsed();
    // An abandoned body looks up every 20 ms.
    let given_up = Instant::now();
    while worker_stats().abandoned_running > 0 {
        assert!(
            given_up.elapsed() < SLACK,
            "a worker hangs: {:?}",
            worker_stats()
        );
        sleep(Duration::from_millis(5)).await;
    }

    // Whatever was the last thing it saw, it is not stuck.
    let healed = Instant::now();
    while fetch(&Idle::default(), server.address).await.is_err() {
        assert!(healed.elapsed() < SLACK, "{:?}", circuit.stats());
        sleep(RECOVERY).await;
    }

    let report = Report {
        cycles,
        ran,
        to_open,
        to_close,
        memory,
        stats: circuit.stats(),
        steps: steps.lock().unwrap().clone(),
        server_answered: server.answered(),
    };
    report.print();
    report.check();
}

/// Calls until told to stop; one in ten is an impatient caller, that drops its calls in the middle.
async fn task(number: u64, address: std::net::SocketAddr, stop: Arc<AtomicBool>) {
    let idle = Idle::default();
    let mut patience = number;
    while !stop.load(Ordering::SeqCst) {
        let begun = Instant::now();
        LEDGER.call_begins();
        let outcome = if number % 10 == 0 {
            // From nothing to more than an attempt may take, in steps that come back late.
            patience = (patience + 79_190) % 300_000;
            timeout(Duration::from_micros(patience), fetch(&idle, address)).await
        } else {
            Ok(fetch(&idle, address).await)
        };
        let end = match outcome {
            Ok(Ok(())) => End::Answered,
            Ok(Err(fault)) => fault.end(),
            Err(_) => End::Cancelled,
        };
        LEDGER.call_ended(end, begun.elapsed());
        sleep(PAUSE).await;
    }
}

/// Returns the time until the circuit is in that state.
async fn until(state: CircuitState, fault: Mood) -> Duration {
    let started = Instant::now();
    while registry::stats(CIRCUIT).is_some_and(|stats| stats.state != state) {
        assert!(
            started.elapsed() < SLACK * 2,
            "not {state} for {fault:?}: {:?}",
            registry::stats(CIRCUIT)
        );
        sleep(Duration::from_millis(1)).await;
    }
    started.elapsed()
}

/// Returns the memory of this process, if the system tells.
fn resident_megabytes() -> Option<u64> {
    let pages = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = pages.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * 4096 / 1_000_000)
}
