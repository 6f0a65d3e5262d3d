//! A replica while the store can be reached.
//!
//! - `contact` makes the requests, and counts those that fail.
//! - `votes` and `probes` send what the circuits of this process tell and ask.
//! - `permits` leases those of the rate limits.
//! - `views` reads what the store has, and lets the circuits follow.
//! - `polls` and `life` are the work of the timers; `poll_state` counts the polls that fail.
//! - `orders` are those of the program.

mod contact;
mod life;
mod orders;
mod permits;
mod poll_state;
mod polls;
mod probes;
mod views;
mod votes;

use std::{
    cell::{Cell, RefCell},
    future::Future,
    rc::Rc,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use tokio::{
    sync::{
        Notify,
        mpsc::{Receiver, UnboundedReceiver},
    },
    task::spawn_local,
    time::{MissedTickBehavior, interval, timeout},
};

use self::poll_state::PollState;
use super::{
    apply::Orders, circuits::Circuits, control::Control, inbox::Inbox, line::Message,
    rate_limits::RateLimits, settings::Settings,
};
use crate::{
    circuit_id::CircuitId,
    meters::Meters,
    store::{Push, Session, StoreError, StoreErrorKind},
};

/// The end of the time in which the store can be reached.
pub(super) enum Ended {
    /// The program leaves the fleet.
    Left,
    /// The store cannot be reached any more.
    Lost(StoreErrorKind),
}

/// A thing that comes from the circuits of this process or from the store.
enum Received {
    Message(Option<Message>),
    Push(Option<Push>),
}

/// The limit of the fleet for one request.
const LIMIT: Duration = Duration::from_millis(50);
/// The time between two polls, which are the net under lost pushes.
const POLL: Duration = Duration::from_secs(1);
/// The most tasks of messages and pushes at the same time. A request takes some milliseconds, so
/// there are never so many unless the store or this thread is slow. Beyond them the messages wait
/// in their queue, which has a bound, too.
const MOST_TASKS: usize = 4_096;
/// The time between two signs of life.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// The state of the thread. It is kept while the store cannot be reached.
pub(super) struct Online<S> {
    pub(super) settings: Settings,
    instance: String,
    apply: Orders,
    dropped: Arc<AtomicU64>,
    pub(super) meters: Meters,
    circuits: RefCell<Circuits>,
    rate_limits: RateLimits,
    session: RefCell<Option<S>>,
    /// The last point of the log of changes that was read.
    serial: Cell<u64>,
    /// The version of the lists of replicas that was read.
    version: Cell<Option<u64>>,
    is_list_sent: Cell<bool>,
    /// The circuits that came and were not read yet.
    unread: RefCell<Vec<CircuitId>>,
    is_reading: Cell<bool>,
    /// The lists of replicas changed, and were not read yet.
    are_members_unread: Cell<bool>,
    is_reading_members: Cell<bool>,
    /// The tasks of messages and pushes.
    tasks: Cell<usize>,
    task_ended: Notify,
    failures: Cell<u32>,
    poll: PollState,
    lost: Cell<Option<StoreErrorKind>>,
    is_lost: Notify,
}

impl<S: Session> Online<S> {
    pub(super) fn new(
        settings: Settings,
        apply: Orders,
        dropped: Arc<AtomicU64>,
        meters: Meters,
        rate_limits: RateLimits,
    ) -> Rc<Self> {
        Rc::new(Self {
            settings,
            instance: format!("{:016x}", rand::random::<u64>()),
            apply,
            dropped,
            meters,
            circuits: RefCell::default(),
            rate_limits,
            session: RefCell::new(None),
            serial: Cell::new(0),
            version: Cell::new(None),
            is_list_sent: Cell::new(false),
            unread: RefCell::default(),
            is_reading: Cell::new(false),
            are_members_unread: Cell::new(false),
            is_reading_members: Cell::new(false),
            tasks: Cell::new(0),
            task_ended: Notify::new(),
            failures: Cell::new(0),
            poll: PollState::default(),
            lost: Cell::new(None),
            is_lost: Notify::new(),
        })
    }

    /// Reads everything once, and gives the first sign of life.
    pub(super) async fn begin(self: &Rc<Self>, session: S) -> Result<(), StoreError> {
        self.failures.set(0);
        self.poll.begin_anew();
        self.lost.set(None);
        // All circuits are read now.
        self.unread.take();
        for circuit in self.circuits.borrow_mut().by_text.values_mut() {
            circuit.forget_sent_vote();
        }
        self.is_list_sent.set(false);
        self.version.set(None);
        let changes = session.changes(u64::MAX).await?;
        self.serial.set(changes.serial);
        *self.session.borrow_mut() = Some(session.clone());
        let is_taken = self.heartbeat(&session).await?;
        if is_taken {
            tracing::warn!(
                target: "resilience",
                fleet = &*self.settings.namespace,
                replica = &*self.settings.replica,
                "another process has the name of this replica: the two have one vote"
            );
        }
        let ids = self.circuits.borrow().ids();
        self.read_all(&session, &ids).await?;
        self.rate_limits.set_leasing(true);
        Ok(())
    }

    /// Serves until the store is lost or the program leaves the fleet.
    pub(super) async fn serve(
        self: &Rc<Self>,
        inbox: &mut Inbox,
        pushes: &mut UnboundedReceiver<Push>,
    ) -> Ended {
        let mut poll = interval(POLL);
        let mut heartbeat = interval(HEARTBEAT);
        for timer in [&mut poll, &mut heartbeat] {
            timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
            timer.tick().await;
        }
        let ended = loop {
            if let Some(cause) = self.lost.take() {
                break Ended::Lost(cause);
            }
            tokio::select! {
                biased;
                () = self.is_lost.notified() => {}
                order = inbox.control.recv() => match order {
                    None | Some(Control::End) => break Ended::Left,
                    Some(order) => self.obey(order),
                },
                // The timers come before the messages, because circuits may send them all the time.
                _ = heartbeat.tick() => self.spawn(Self::send_heartbeat),
                _ = poll.tick() => self.begin_regular_poll(),
                received = self.receive(&mut inbox.queue, pushes) => match received {
                    Received::Message(None) => break Ended::Left,
                    Received::Message(Some(message)) => self.handle(message),
                    Received::Push(None | Some(Push::Disconnected)) => {
                        break Ended::Lost(StoreErrorKind::Connection)
                    }
                    Received::Push(Some(Push::Changed { circuit, at })) => {
                        self.changed(&circuit, at);
                    }
                    Received::Push(Some(Push::Members)) => self.members_changed(),
                },
                () = self.poll.is_wanted.notified() => self.begin_early_poll(),
            }
        };
        if let Ended::Lost(_) = ended {
            *self.session.borrow_mut() = None;
            self.rate_limits.set_leasing(false);
        }
        ended
    }

    /// Waits for a message of this process or for a push of the store. Neither of them can keep the
    /// other one out, because `select!` looks at a random one first.
    async fn receive(
        &self,
        queue: &mut Receiver<Message>,
        pushes: &mut UnboundedReceiver<Push>,
    ) -> Received {
        while !self.has_room() {
            tokio::select! {
                () = self.task_ended.notified() => {}
                push = pushes.recv() => return Received::Push(push),
            }
        }
        tokio::select! {
            message = queue.recv() => Received::Message(message),
            push = pushes.recv() => Received::Push(push),
        }
    }

    /// True if a message or a push may begin another task.
    fn has_room(&self) -> bool {
        self.tasks.get() < MOST_TASKS
    }

    /// Leaves the fleet, and lets all circuits decide alone.
    pub(super) async fn end(&self) {
        for circuit in self.circuits.borrow().by_text.values() {
            if let Some(breaker) = &circuit.breaker {
                breaker.end_coordination();
            }
        }
        for (_, limit) in self.rate_limits.all() {
            limit.end_coordination();
        }
        let session = self.session.borrow_mut().take();
        if let Some(session) = session {
            let _ = timeout(LIMIT, session.leave(&self.settings.replica)).await;
        }
    }

    fn spawn<F: Future<Output = ()> + 'static>(self: &Rc<Self>, task: impl FnOnce(Rc<Self>) -> F) {
        spawn_local(task(Rc::clone(self)));
    }

    /// Does the same for the task of a message or of a push, and counts it.
    fn spawn_counted<F: Future<Output = ()> + 'static>(
        self: &Rc<Self>,
        task: impl FnOnce(Rc<Self>) -> F,
    ) {
        self.tasks.set(self.tasks.get() + 1);
        let counted = Counted(Rc::clone(self));
        let task = task(Rc::clone(self));
        spawn_local(async move {
            let _counted = counted;
            task.await;
        });
    }

    fn handle(self: &Rc<Self>, message: Message) {
        match message {
            Message::Tripped(circuit, trip) => {
                self.note_trip(&circuit, trip);
                self.spawn_counted(|online| async move { online.vote(circuit).await });
            }
            Message::Asked(circuit, request) => {
                self.spawn_counted(|online| async move { online.lease(circuit, request).await });
            }
            Message::Probed(circuit, lease, verdict) => {
                self.spawn_counted(|online| async move {
                    online.verdict(circuit, lease, verdict).await;
                });
            }
            Message::WantsPermits(limit, request) => {
                self.spawn_counted(
                    |online| async move { online.lease_permits(limit, request).await },
                );
            }
        }
    }
}

/// Ends the count of a task when it is dropped, so that a panic ends it, too.
struct Counted<S>(Rc<Online<S>>);

impl<S> Drop for Counted<S> {
    fn drop(&mut self) {
        let Online {
            tasks, task_ended, ..
        } = &*self.0;
        tasks.set(tasks.get() - 1);
        task_ended.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::{
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use resilience::{CircuitBreaker, CircuitBreakerConfig, events::CommandAction, fleet::Verdict};
    use tokio::sync::mpsc;

    use super::*;
    use crate::{
        quorum::Quorum,
        replica::apply::{MOST_ORDERS, OrdersToApply},
        store::{CommandView, MemoryStore, Opening, StoredCommand, Term, View},
    };

    fn online() -> (Rc<Online<MemoryStore>>, OrdersToApply) {
        let settings = Settings {
            namespace: "test".to_owned(),
            replica: "r".into(),
            quorum: Quorum::new(),
            starts_degraded: false,
            batch_share: 0.2,
        };
        let (orders, to_apply) = Orders::new();
        let online = Online::new(
            settings,
            orders,
            Arc::default(),
            Meters::new("test"),
            RateLimits::new(0.2),
        );
        (online, to_apply)
    }

    /// The queue of the messages has a bound, and the tasks that they begin once had none.
    #[test]
    fn messages_wait_in_their_queue_while_there_are_too_many_tasks() {
        let (online, _to_apply) = online();
        let (send, mut queue) = mpsc::channel(1);
        let (push, mut pushes) = mpsc::unbounded_channel();
        let id = CircuitId::new("jira", None);
        let message = Message::Probed(id, 7, Verdict::Released);
        send.try_send(message).expect("there is room");

        online.tasks.set(MOST_TASKS);
        let last = Counted(Rc::clone(&online));
        let mut cx = Context::from_waker(Waker::noop());
        let mut poll = || {
            let received = pin!(online.receive(&mut queue, &mut pushes));
            received.poll(&mut cx)
        };
        assert!(poll().is_pending());
        push.send(Push::Members).expect("it is open");
        let is_push = |polled| matches!(polled, Poll::Ready(Received::Push(Some(_))));
        assert!(is_push(poll()), "the store is heard");
        drop(last);
        let polled = poll();
        assert!(matches!(polled, Poll::Ready(Received::Message(Some(_)))));
    }

    fn isolated(generation: u64) -> View {
        let command = StoredCommand {
            action: CommandAction::Isolate,
            reason: "maintenance".to_owned(),
            by: None,
            lasts: None,
        };
        View {
            at: 0,
            term: Term {
                epoch: 1,
                generation,
            },
            is_open: false,
            probes_in: 0,
            opening: Opening {
                open_for: Duration::ZERO,
                lease_for: HEARTBEAT,
                probes: 1,
                success_threshold: 2,
            },
            successes: 0,
            votes: 0,
            objections: 0,
            leases: 0,
            probers: Vec::new(),
            doubt: None,
            grace: Duration::ZERO,
            command: Some(CommandView {
                generation,
                holds: true,
                command,
            }),
        }
    }

    /// The changes that wait for a listener that blocks once had no bound.
    #[test]
    fn a_circuit_follows_later_while_too_many_changes_wait_for_a_listener() {
        let (online, mut to_apply) = online();
        let breaker = CircuitBreaker::new("jira", CircuitBreakerConfig::new());
        let id = CircuitId::new("jira", None);
        online.came(&breaker);
        let last = MOST_ORDERS as u64 + 10;
        for generation in 1..=last {
            online.adopt(&id, &isolated(generation));
        }
        assert!(online.circuits.borrow().unsettled().contains(&id));
        let waiting = to_apply.by_ref().take(MOST_ORDERS).count();
        assert_eq!(waiting, MOST_ORDERS);
        assert_eq!(to_apply.waiting(), 0);

        online.adopt(&id, &isolated(last));
        assert_eq!(to_apply.waiting(), 1, "it follows the latest state");
        let is_held_up = |circuits: &Circuits| circuits.by_text["jira"].is_held_up;
        assert!(!is_held_up(&online.circuits.borrow()));
    }
}
