//! A replica while the store can be reached.

use std::{
    cell::{Cell, RefCell},
    future::Future,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::Sender,
    },
    time::{Duration, Instant},
};

use resilience::{
    CircuitBreaker,
    fleet::{ProbeAnswer, ProbeRequest, Trip, Verdict},
};
use tokio::{
    sync::{Notify, mpsc::UnboundedReceiver},
    task::spawn_local,
    time::{MissedTickBehavior, interval, sleep, timeout},
};

use super::{
    adopt::Action,
    apply::Order,
    circuits::Circuits,
    control::Control,
    inbox::Inbox,
    line::{Content, Message},
    settings::Settings,
};
use crate::{
    circuit_id::CircuitId,
    meters::Meters,
    status::{FleetCircuit, FleetStatus},
    store::{
        Answer, Heartbeat, Opening, ProbeVerdict, Push, Reply, Request, Session, StoreError,
        StoreErrorKind, StoredCommand, View,
    },
};

/// The end of the time in which the store can be reached.
pub(super) enum Ended {
    /// The program leaves the fleet.
    Left,
    /// The store cannot be reached any more.
    Lost(StoreErrorKind),
}

/// The limit of the fleet for one request.
const LIMIT: Duration = Duration::from_millis(50);
/// The requests in a row whose failure ends the contact.
const FAILURES: u32 = 3;
/// The time between two polls, which are the net under lost pushes.
const POLL: Duration = Duration::from_secs(1);
/// The time between two signs of life.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// The circuits that one request reads.
const READ_AT_ONCE: usize = 100;
/// The shortest pause of a circuit after a denied probe. The longest is twice as long.
const DENIED: Duration = Duration::from_millis(100);

/// The state of the thread. It is kept while the store cannot be reached.
pub(super) struct Online<S> {
    pub(super) settings: Settings,
    instance: String,
    apply: Sender<Order>,
    dropped: Arc<AtomicU64>,
    pub(super) meters: Meters,
    circuits: RefCell<Circuits>,
    session: RefCell<Option<S>>,
    /// The last point of the log of changes that was read.
    serial: Cell<u64>,
    /// The version of the lists of replicas that was read.
    version: Cell<Option<u64>>,
    is_list_sent: Cell<bool>,
    /// The circuits that came and were not read yet.
    unread: RefCell<Vec<CircuitId>>,
    is_reading: Cell<bool>,
    failures: Cell<u32>,
    lost: Cell<Option<StoreErrorKind>>,
    is_lost: Notify,
    /// The next poll comes at once.
    polls: Notify,
}

impl<S: Session> Online<S> {
    pub(super) fn new(
        settings: Settings,
        apply: Sender<Order>,
        dropped: Arc<AtomicU64>,
        meters: Meters,
    ) -> Rc<Self> {
        Rc::new(Self {
            settings,
            instance: format!("{:016x}", rand::random::<u64>()),
            apply,
            dropped,
            meters,
            circuits: RefCell::default(),
            session: RefCell::new(None),
            serial: Cell::new(0),
            version: Cell::new(None),
            is_list_sent: Cell::new(false),
            unread: RefCell::default(),
            is_reading: Cell::new(false),
            failures: Cell::new(0),
            lost: Cell::new(None),
            is_lost: Notify::new(),
            polls: Notify::new(),
        })
    }

    /// Reads everything once, and gives the first sign of life.
    pub(super) async fn begin(self: &Rc<Self>, session: S) -> Result<(), StoreError> {
        self.failures.set(0);
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
                message = inbox.queue.recv() => match message {
                    None => break Ended::Left,
                    Some(message) => self.handle(message),
                },
                push = pushes.recv() => match push {
                    None | Some(Push::Disconnected) => break Ended::Lost(StoreErrorKind::Connection),
                    Some(Push::Changed { circuit, at }) => self.changed(&circuit, at),
                    Some(Push::Members) => self.spawn(Self::read_members),
                },
                () = self.polls.notified() => self.spawn(Self::poll),
                _ = poll.tick() => self.spawn(Self::poll),
                _ = heartbeat.tick() => self.spawn(Self::send_heartbeat),
            }
        };
        if let Ended::Lost(_) = ended {
            *self.session.borrow_mut() = None;
        }
        ended
    }

    /// Leaves the fleet, and lets all circuits decide alone.
    pub(super) async fn end(&self) {
        for circuit in self.circuits.borrow().by_text.values() {
            if let Some(breaker) = &circuit.breaker {
                breaker.end_coordination();
            }
        }
        let session = self.session.borrow_mut().take();
        if let Some(session) = session {
            let _ = timeout(LIMIT, session.leave(&self.settings.replica)).await;
        }
    }

    fn spawn<F: Future<Output = ()> + 'static>(self: &Rc<Self>, task: impl FnOnce(Rc<Self>) -> F) {
        spawn_local(task(Rc::clone(self)));
    }

    /// Makes a request within the limit of the fleet, and counts its failure.
    async fn ask<T, F>(&self, request: impl FnOnce(S) -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        let session = self.session.borrow().clone();
        let Some(session) = session else {
            return Err(StoreError::new(StoreErrorKind::Connection, NO_STORE));
        };
        let answer = match timeout(LIMIT, request(session)).await {
            Ok(answer) => answer,
            Err(_) => Err(StoreError::new(
                StoreErrorKind::Timeout,
                "the store did not answer within 50 ms",
            )),
        };
        match &answer {
            Ok(_) => self.failures.set(0),
            Err(error) => self.failed(error.kind()),
        }
        answer
    }

    fn failed(&self, cause: StoreErrorKind) {
        let failures = self.failures.get() + 1;
        self.failures.set(failures);
        if failures >= FAILURES || cause == StoreErrorKind::Connection {
            self.lost.set(Some(cause));
            self.is_lost.notify_one();
        } else {
            // The next requests show soon if the store is lost.
            self.polls.notify_one();
        }
    }

    async fn request(&self, id: &CircuitId, request: Request) -> Result<Reply, StoreError> {
        let reply = self
            .ask(|session| async move { session.request(id, &request).await })
            .await?;
        Ok(reply)
    }

    // Messages of circuits.

    fn handle(self: &Rc<Self>, message: Message) {
        let Message { circuit, content } = message;
        match content {
            Content::Tripped(trip) => {
                self.note_trip(&circuit, trip);
                self.spawn(|online| async move { online.vote(circuit).await });
            }
            Content::Asked(request) => {
                self.spawn(|online| async move { online.lease(circuit, request).await });
            }
            Content::Probed(lease, verdict) => {
                self.spawn(|online| async move { online.verdict(circuit, lease, verdict).await });
            }
        }
    }

    fn note_trip(&self, circuit: &CircuitId, trip: Trip) {
        if let Some(circuit) = self.circuits.borrow_mut().get(circuit) {
            circuit.note_trip(trip, Instant::now());
        }
    }

    async fn vote(self: Rc<Self>, id: CircuitId) {
        let known = self.circuits.borrow().users(&id);
        let vote = {
            let mut circuits = self.circuits.borrow_mut();
            circuits
                .get(&id)
                .and_then(|it| it.unsent_vote(Instant::now()))
        };
        let Some(vote) = vote else {
            return;
        };
        let request = Request::Vote {
            replica: Arc::clone(&self.settings.replica),
            quorum: self.settings.quorum,
            counts_for: vote.counts_for,
            known,
            opening: vote.opening,
            epoch: epoch(),
        };
        let Ok(reply) = self.request(&id, request).await else {
            return;
        };
        self.meters.voted();
        if let Some(vote) = self
            .circuits
            .borrow_mut()
            .get(&id)
            .and_then(|it| it.voted.as_mut())
        {
            vote.is_sent = true;
        }
        self.adopt(&id, &reply.view);
        if reply.view.doubt.is_some() && !reply.view.grace.is_zero() {
            // A millisecond more, because the store's clock counts microseconds.
            sleep(reply.view.grace + Duration::from_millis(1)).await;
            self.settle(&id).await;
        }
    }

    async fn settle(self: &Rc<Self>, id: &CircuitId) {
        let request = Request::Settle {
            quorum: self.settings.quorum,
            known: self.circuits.borrow().users(id),
        };
        if let Ok(reply) = self.request(id, request).await {
            self.adopt(id, &reply.view);
        }
    }

    async fn lease(self: Rc<Self>, id: CircuitId, question: ProbeRequest) {
        let lease = rand::random::<u64>();
        let Ok(reply) = self.request(&id, Request::Lease { lease }).await else {
            self.meters.leased("unanswered");
            return;
        };
        self.adopt(&id, &reply.view);
        let (answer, outcome) = match reply.answer {
            Answer::Granted => {
                if let Some(circuit) = self.circuits.borrow_mut().get(&id) {
                    circuit.leases.insert(lease, reply.view.term);
                }
                (ProbeAnswer::granted(lease), "granted")
            }
            Answer::Alone => (ProbeAnswer::Alone, "alone"),
            _ => (ProbeAnswer::denied(pause(&reply.view)), "denied"),
        };
        self.meters.leased(outcome);
        question.answer(answer);
    }

    async fn verdict(self: Rc<Self>, id: CircuitId, lease: u64, verdict: Verdict) {
        let request = {
            let mut circuits = self.circuits.borrow_mut();
            let Some(circuit) = circuits.get(&id) else {
                return;
            };
            let Some(term) = circuit.leases.remove(&lease) else {
                return;
            };
            let verdict = match verdict {
                Verdict::Succeeded => ProbeVerdict::Succeeded,
                Verdict::Failed { open_for, .. } => {
                    ProbeVerdict::Failed(circuit.opening(Some(open_for)))
                }
                _ => ProbeVerdict::Released,
            };
            Request::Verdict {
                term,
                lease,
                verdict,
            }
        };
        if let Ok(reply) = self.request(&id, request).await {
            self.adopt(&id, &reply.view);
        }
    }

    // Views of the store.

    /// Follows a view, and objects to a doubt.
    fn adopt(self: &Rc<Self>, id: &CircuitId, view: &View) {
        let now = Instant::now();
        let mut circuits = self.circuits.borrow_mut();
        let Some(circuit) = circuits.get(id) else {
            return;
        };
        circuit.is_doubted = view.doubt.is_some();
        let actions = circuit.followed.adopt(view, now, rand::random());
        for action in actions {
            let target = circuit.target();
            let order = match (action, &circuit.breaker) {
                (Action::Open(until), Some(breaker)) => {
                    Order::Open(id.clone(), breaker.clone(), until)
                }
                (Action::Close, Some(breaker)) => {
                    circuit.voted = None;
                    Order::Close(id.clone(), breaker.clone())
                }
                (Action::Open(_) | Action::Close, None) => continue,
                (Action::Obey(command), _) => Order::Obey(target, command.command),
                (Action::EndCommand, _) => Order::Reset(target),
                (Action::Restore(request), _) => {
                    let id = id.clone();
                    self.spawn(|online| async move { online.restore(id, request).await });
                    continue;
                }
            };
            let _ = self.apply.send(order);
        }
        if circuit.objects(view, now) {
            let request = Request::Object {
                replica: Arc::clone(&self.settings.replica),
                counts_for: circuit.window(),
            };
            let id = id.clone();
            self.spawn(|online| async move { drop(online.request(&id, request).await) });
        }
    }

    async fn restore(self: Rc<Self>, id: CircuitId, request: Request) {
        if let Ok(reply) = self.request(&id, request).await {
            self.adopt(&id, &reply.view);
        }
    }

    fn changed(self: &Rc<Self>, text: &str, at: u64) {
        let id = {
            let circuits = self.circuits.borrow();
            circuits.by_text.get(text).map(|circuit| circuit.id.clone())
        };
        let Some(id) = id else { return };
        self.spawn(|online| async move {
            if let Ok(reply) = online.request(&id, Request::Read).await {
                #[expect(clippy::cast_precision_loss, reason = "a lag is some milliseconds")]
                online
                    .meters
                    .push_lag(reply.view.at.saturating_sub(at) as f64 / 1e6);
                online.adopt(&id, &reply.view);
            }
        });
    }

    async fn read_all(self: &Rc<Self>, session: &S, ids: &[CircuitId]) -> Result<(), StoreError> {
        let views = session.read(ids).await?;
        for (id, view) in ids.iter().zip(&views) {
            self.adopt(id, view);
        }
        self.vote_unsent();
        Ok(())
    }

    /// Sends the votes that the store does not have, because it could not be reached.
    fn vote_unsent(self: &Rc<Self>) {
        let now = Instant::now();
        let mut circuits = self.circuits.borrow_mut();
        let unsent = circuits.by_text.values_mut().filter_map(|circuit| {
            let is_unsent = !circuit.followed.is_open() && circuit.unsent_vote(now).is_some();
            is_unsent.then(|| circuit.id.clone())
        });
        for id in unsent.collect::<Vec<_>>() {
            self.spawn(|online| async move { online.vote(id).await });
        }
    }

    // Timers.

    async fn poll(self: Rc<Self>) {
        self.sample();
        self.meters.contact(true);
        let serial = self.serial.get();
        let changes = self
            .ask(|session| async move { session.changes(serial).await })
            .await;
        let Ok(changes) = changes else { return };
        self.serial.set(changes.serial);
        let ids = {
            let circuits = self.circuits.borrow();
            match changes.circuits {
                None => circuits.ids(),
                Some(texts) => {
                    let mut ids = circuits.unsettled();
                    ids.append(&mut self.unread.borrow_mut());
                    let known = texts.iter().filter_map(|text| circuits.by_text.get(text));
                    ids.extend(known.map(|circuit| circuit.id.clone()));
                    ids.sort();
                    ids.dedup();
                    ids
                }
            }
        };
        let Ok(views) = self.read_and_adopt(&ids).await else {
            return;
        };
        self.settle_due(&ids, &views).await;
        self.vote_unsent();
        if !self.is_list_sent.get() {
            self.send_heartbeat_now().await;
        }
    }

    /// Counts the votes whose grace is over, because their voters may have lost the store before they
    /// could.
    async fn settle_due(self: &Rc<Self>, ids: &[CircuitId], views: &[View]) {
        let quorum = self.settings.quorum;
        let is_due = |view: &View| {
            view.doubt.is_some()
                && view.grace.is_zero()
                && quorum.is_reached(view.votes, view.objections)
        };
        for (id, _) in ids.iter().zip(views).filter(|(_, view)| is_due(view)) {
            self.settle(id).await;
        }
    }

    /// Reads the circuits, so many at a time as fit the limit of one request, and follows them.
    async fn read_and_adopt(self: &Rc<Self>, ids: &[CircuitId]) -> Result<Vec<View>, StoreError> {
        let mut all = Vec::with_capacity(ids.len());
        for some in ids.chunks(READ_AT_ONCE) {
            let views = self
                .ask(|session| async move { session.read(some).await })
                .await?;
            for (id, view) in some.iter().zip(&views) {
                self.adopt(id, view);
            }
            all.extend(views);
        }
        Ok(all)
    }

    fn sample(&self) {
        let now = Instant::now();
        for circuit in self.circuits.borrow_mut().by_text.values_mut() {
            circuit.sample(now);
        }
    }

    async fn send_heartbeat(self: Rc<Self>) {
        self.send_heartbeat_now().await;
    }

    async fn send_heartbeat_now(self: &Rc<Self>) {
        let online = Rc::clone(self);
        let _ = self
            .ask(|session| async move { online.heartbeat(&session).await })
            .await;
    }

    /// Gives a sign of life. True if another process has the name of this replica.
    async fn heartbeat(self: &Rc<Self>, session: &S) -> Result<bool, StoreError> {
        let mut list = (!self.is_list_sent.replace(true)).then(|| self.circuits.borrow().list());
        let mut is_taken = false;
        for _ in 0..2 {
            let heartbeat = Heartbeat {
                replica: &self.settings.replica,
                instance: &self.instance,
                circuits: list.as_deref(),
            };
            let alive = session.heartbeat(&heartbeat).await;
            let alive = alive.inspect_err(|_| self.is_list_sent.set(false))?;
            is_taken |= alive.is_taken;
            if self.version.replace(Some(alive.version)) != Some(alive.version) {
                let lists = session.members().await?;
                self.circuits.borrow_mut().set_users(&lists);
            }
            if !alive.wants_circuits {
                break;
            }
            list = Some(self.circuits.borrow().list());
        }
        Ok(is_taken)
    }

    async fn read_members(self: Rc<Self>) {
        let lists = self
            .ask(|session| async move { session.members().await })
            .await;
        if let Ok(lists) = lists {
            self.circuits.borrow_mut().set_users(&lists);
        }
    }

    // Orders of the program.

    fn obey(self: &Rc<Self>, order: Control) {
        match order {
            Control::Came(breaker) => {
                self.came(&breaker);
                if !self.is_reading.replace(true) {
                    self.spawn(Self::read_new);
                }
            }
            Control::Command {
                circuit,
                command,
                done,
            } => self.spawn(|online| async move {
                let _ = done.send(online.command(circuit, command).await);
            }),
            Control::Status(answer) => self.spawn(|online| async move {
                let _ = answer.send(online.status().await);
            }),
            order => self.note_offline(order),
        }
    }

    fn came(&self, breaker: &CircuitBreaker) {
        self.is_list_sent.set(false);
        let new = self.circuits.borrow_mut().add(breaker);
        self.unread.borrow_mut().extend(new);
    }

    /// Reads the circuits that came. One task reads all of them, because many may come at once.
    async fn read_new(self: Rc<Self>) {
        loop {
            let new = self.unread.take();
            if new.is_empty() {
                break;
            }
            // A failure is counted, and the next poll reads the rest.
            if self.read_and_adopt(&new).await.is_err() {
                self.unread.borrow_mut().extend(new);
                break;
            }
        }
        self.is_reading.set(false);
    }

    async fn command(
        self: &Rc<Self>,
        id: CircuitId,
        command: StoredCommand,
    ) -> Result<(), StoreError> {
        let opening = {
            let mut circuits = self.circuits.borrow_mut();
            let circuit = circuits.get(&id);
            circuit.map_or(DEFAULT_OPENING, |circuit| circuit.opening(None))
        };
        let request = Request::Command {
            command,
            opening,
            epoch: epoch(),
        };
        let reply = self.request(&id, request).await?;
        self.adopt(&id, &reply.view);
        Ok(())
    }

    async fn status(self: &Rc<Self>) -> Result<FleetStatus, StoreError> {
        let ids = &self.circuits.borrow().ids();
        let lists = self
            .ask(|session| async move { session.members().await })
            .await?;
        let views = self.read_and_adopt(ids).await?;
        let mut circuits = self.circuits.borrow_mut();
        circuits.set_users(&lists);
        let of_circuits = ids
            .iter()
            .zip(&views)
            .map(|(id, view)| FleetCircuit::new(id.name(), id.key(), view, circuits.users(id)));
        Ok(FleetStatus {
            replicas: lists.into_keys().collect(),
            circuits: of_circuits.collect(),
            dropped: self.dropped.load(Ordering::Relaxed),
        })
    }

    // Without the store.

    /// Takes an order that needs no store, and answers the others with an error.
    pub(super) fn note_offline(&self, order: Control) {
        let no_store = || StoreError::new(StoreErrorKind::Connection, NO_STORE);
        match order {
            Control::Came(breaker) => self.came(&breaker),
            Control::Went(breaker) => {
                self.is_list_sent.set(false);
                self.circuits.borrow_mut().remove(&breaker);
            }
            Control::Command { done, .. } => drop(done.send(Err(no_store()))),
            Control::Status(answer) => drop(answer.send(Err(no_store()))),
            Control::NotFollowed(id) => {
                if let Some(circuit) = self.circuits.borrow_mut().get(&id) {
                    circuit.followed.forget_term();
                }
            }
            Control::End => {}
        }
    }

    /// Keeps a vote for the time when the store is there again. The rest is over by then.
    pub(super) fn note_message_offline(&self, message: &Message) {
        if let Content::Tripped(trip) = message.content {
            self.note_trip(&message.circuit, trip);
        }
    }
}

const NO_STORE: &str = "the store of the fleet cannot be reached";

/// The settings of a circuit that this replica does not use.
const DEFAULT_OPENING: Opening = Opening {
    open_for: Duration::from_secs(30),
    lease_for: Duration::from_secs(30),
    probes: 1,
    success_threshold: 2,
};

/// The random number of a new record. Zero stands for no record.
fn epoch() -> u64 {
    rand::random::<u64>().max(1)
}

/// The time after which a circuit asks again.
fn pause(view: &View) -> Duration {
    let jitter = DENIED.mul_f64(1.0 + rand::random::<f64>());
    let left = u64::try_from(view.probes_in).unwrap_or(0);
    Duration::from_micros(left) + jitter
}
