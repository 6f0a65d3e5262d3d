//! The thread that compares snapshots while somebody reads.

use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{self, Receiver, SyncSender},
    },
    thread,
    time::{Duration, Instant, SystemTime},
};

use resilience::{
    events::{self, Event, EventKind, Subscription},
    registry,
};
use serde_json::Value;
use tokio::sync::watch;

use super::{
    changes::Sections,
    message::EventId,
    queue::{self, Cursor, Next, Queue},
};

/// The most readers at the same time.
const MAX_READERS: usize = 100;

/// The times of the thread. Tests shorten them.
#[derive(Clone, Copy, Debug)]
struct Times {
    /// Counts are compared so often.
    tick: Duration,
    /// Changes of state that follow each other so closely are one event.
    pause: Duration,
    /// After so long without another event, a reader gets a heartbeat.
    heartbeat: Duration,
    /// The thread waits for so long for a reader that lost its connection.
    linger: Duration,
}

const TIMES: Times = Times {
    tick: Duration::from_secs(1),
    pause: Duration::from_millis(50),
    heartbeat: Duration::from_secs(15),
    linger: Duration::from_secs(15),
};

/// The readers of one router, and the thread that works for them.
#[derive(Debug)]
pub(crate) struct Hub {
    times: Times,
    take_snapshot: fn() -> Sections,
    state: Mutex<State>,
    /// It changes with each event, which wakes the readers.
    news: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct State {
    readers: usize,
    /// The queue of the thread that runs, if one does.
    queue: Option<Queue>,
}

/// Why somebody may not read.
#[derive(Debug)]
pub(super) enum Refused {
    TooManyReaders,
    NoThread,
}

impl Refused {
    pub(super) fn cause(&self) -> &'static str {
        match self {
            Self::TooManyReaders => "100 readers follow the events already",
            Self::NoThread => "the system has no thread left for the events",
        }
    }
}

impl Hub {
    pub(crate) fn new() -> Self {
        Self::with(TIMES, take_snapshot)
    }

    fn with(times: Times, take_snapshot: fn() -> Sections) -> Self {
        Self {
            times,
            take_snapshot,
            state: Mutex::default(),
            news: watch::Sender::new(()),
        }
    }

    /// Counts another reader, and starts the thread for the first one.
    pub(super) fn join(self: &Arc<Self>, last: Option<EventId>) -> Result<Cursor, Refused> {
        let mut snapshot = None;
        loop {
            let mut state = self.lock();
            if state.readers >= MAX_READERS {
                return Err(Refused::TooManyReaders);
            }
            if state.queue.is_none() {
                let Some(first) = snapshot.take() else {
                    drop(state);
                    // A snapshot looks at each circuit, so no reader and no thread waits for it.
                    snapshot = Some((self.take_snapshot)());
                    continue;
                };
                let started = self.start(&mut state, first);
                started.map_err(|_| Refused::NoThread)?;
            }
            state.readers += 1;
            return Ok(last.map_or(Cursor::Fresh, Cursor::After));
        }
    }

    pub(super) fn leave(&self) {
        self.lock().readers -= 1;
    }

    pub(super) fn news(&self) -> watch::Receiver<()> {
        self.news.subscribe()
    }

    /// The next thing for a reader. `None` if it has everything.
    pub(super) fn next(&self, cursor: &mut Cursor) -> Option<Next> {
        self.lock().queue.as_ref()?.next(cursor)
    }

    fn start(self: &Arc<Self>, state: &mut State, first: Sections) -> io::Result<()> {
        let hub = Arc::clone(self);
        let name = "resilience-dashboard".to_owned();
        let (wake, wakes) = mpsc::sync_channel(1);
        thread::Builder::new().name(name).spawn(move || {
            let subscription = subscribe(wake);
            hub.run(&wakes);
            drop(subscription);
        })?;
        state.queue = Some(Queue::new(run_number(), first));
        Ok(())
    }

    /// Publishes changes until nobody reads any more.
    fn run(&self, wakes: &Receiver<()>) {
        let _ended = Ended(self);
        let mut pause = self.times.pause;
        let mut last_event = Instant::now();
        let mut last_reader = Instant::now();
        loop {
            if wakes.recv_timeout(self.times.tick.max(pause)).is_ok() {
                thread::sleep(pause);
                // A wake that comes from here on may be about a change that the snapshot lacks.
                let _ = wakes.try_recv();
            }
            let began = Instant::now();
            if self.publish(began.duration_since(last_event) >= self.times.heartbeat) {
                last_event = began;
            }
            // With thousands of circuits a snapshot takes longer. The thread then uses at most a
            // tenth of a processor.
            pause = self.times.pause.max(9 * began.elapsed());
            if self.lock().readers > 0 {
                last_reader = Instant::now();
            } else if last_reader.elapsed() >= self.times.linger && self.stop() {
                return;
            }
        }
    }

    /// Adds an event if something changed, or a heartbeat if one is due. Returns true if it did.
    fn publish(&self, is_heartbeat_due: bool) -> bool {
        // Only this thread replaces the queue, so the baseline is still the same below.
        let Some(before) = self.lock().queue.as_ref().map(Queue::baseline) else {
            return false;
        };
        let next = queue::next_event(&before, (self.take_snapshot)(), is_heartbeat_due);
        let Some((event, next)) = next else {
            return false;
        };
        if let Some(queue) = &mut self.lock().queue {
            queue.add(event, next);
        }
        self.news.send_replace(());
        true
    }

    /// Ends the queue if still nobody reads. Returns true if it did.
    fn stop(&self) -> bool {
        let mut state = self.lock();
        let is_unused = state.readers == 0;
        if is_unused {
            state.queue = None;
        }
        is_unused
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Frees the place for another thread if this one panics.
struct Ended<'a>(&'a Hub);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.lock().queue = None;
        }
    }
}

fn take_snapshot() -> Sections {
    match serde_json::to_value(registry::snapshot()) {
        Ok(Value::Object(sections)) => sections,
        _ => Sections::new(),
    }
}

/// A number that another run does not have, also not in another process at the same address.
fn run_number() -> u64 {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since_1970.map_or(0, |time| {
        u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
    })
}

/// Wakes the thread for events that should be seen at once. The others are seen with the counts.
fn subscribe(wake: SyncSender<()>) -> Subscription {
    events::subscribe(move |event: &Event<'_>| {
        let is_urgent = matches!(
            event.kind,
            EventKind::StateChanged { .. }
                | EventKind::Command { .. }
                | EventKind::Registered { .. }
        );
        if is_urgent {
            // A wake that waits already is enough.
            let _ = wake.try_send(());
        }
    })
}

#[cfg(test)]
mod tests {
    use std::sync::{
        OnceLock, TryLockError,
        atomic::{AtomicU32, Ordering},
    };

    use super::{super::reader::Reader, *};

    /// The longest wait for the thread, which needs some milliseconds.
    const LONGEST_WAIT: Duration = Duration::from_secs(60);

    fn quick() -> Arc<Hub> {
        Arc::new(Hub::with(QUICK, take_snapshot))
    }

    const QUICK: Times = Times {
        tick: Duration::from_millis(5),
        pause: Duration::from_millis(1),
        heartbeat: Duration::from_millis(50),
        linger: Duration::from_millis(50),
    };

    async fn text(reader: &mut Reader) -> String {
        let event = tokio::time::timeout(LONGEST_WAIT, reader.next()).await;
        let event = event.expect("an event in time");
        String::from_utf8(event.to_vec()).expect("UTF-8")
    }

    #[tokio::test]
    async fn a_reader_gets_heartbeats_while_nothing_changes() {
        let mut reader = Reader::join(&quick(), None).expect("there is room");
        assert!(text(&mut reader).await.contains("event: snapshot"));
        // Other tests may change something meanwhile.
        while !text(&mut reader).await.contains("event: heartbeat") {}
    }

    #[tokio::test]
    async fn the_thread_ends_with_the_last_reader_and_starts_with_the_next_one() {
        let hub = quick();
        assert!(hub.lock().queue.is_none(), "nobody reads yet");
        let mut reader = Reader::join(&hub, None).expect("there is room");
        let first = text(&mut reader).await;
        drop(reader);
        let began = Instant::now();
        while hub.lock().queue.is_some() {
            assert!(began.elapsed() < LONGEST_WAIT, "the thread ends");
            thread::sleep(Duration::from_millis(5));
        }
        let id = first.lines().find_map(|line| line.strip_prefix("id: "));
        let mut reader = Reader::join(&hub, id).expect("there is room");
        let second = text(&mut reader).await;
        assert!(second.contains("event: snapshot"), "{second}");
        let other = second.lines().find_map(|line| line.strip_prefix("id: "));
        assert_ne!(id, other, "another run has other numbers");
    }

    /// A snapshot of thousands of circuits takes long, and everybody who reads needs the lock.
    #[tokio::test]
    async fn no_snapshot_is_taken_under_the_lock() {
        static HUB: OnceLock<Arc<Hub>> = OnceLock::new();
        static TAKEN: AtomicU32 = AtomicU32::new(0);
        fn watched() -> Sections {
            TAKEN.fetch_add(1, Ordering::Relaxed);
            let hub = HUB.get().expect("it is there");
            let began = Instant::now();
            // Another thread may hold the lock for a moment.
            while let Err(TryLockError::WouldBlock) = hub.state.try_lock() {
                assert!(
                    began.elapsed() < LONGEST_WAIT,
                    "the lock is held for the snapshot"
                );
                thread::yield_now();
            }
            take_snapshot()
        }
        let hub = HUB.get_or_init(|| Arc::new(Hub::with(QUICK, watched)));
        let mut reader = Reader::join(hub, None).expect("there is room");
        assert!(text(&mut reader).await.contains("event: snapshot"));
        let began = Instant::now();
        while TAKEN.load(Ordering::Relaxed) < 3 {
            assert!(began.elapsed() < LONGEST_WAIT, "no more snapshots");
            thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn a_thread_that_panics_makes_room_for_another_one() {
        let hub = quick();
        hub.lock().queue = Some(Queue::new(1, Sections::new()));
        let panics = thread::scope(|scope| {
            let thread = scope.spawn(|| {
                let _ended = Ended(&hub);
                panic!("a mistake");
            });
            thread.join().is_err()
        });
        assert!(panics && hub.lock().queue.is_none());
    }
}
