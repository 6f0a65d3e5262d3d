//! A replica of the fleet: the thread that stands between the circuits of this process and the
//! store.
//!
//! ```text
//!   circuits ──line──▶ queue ──▶ thread (online) ──requests──▶ store
//!      ▲                            │    ▲                       │
//!      └───────── apply thread ◀────┘    └────────pushes─────────┘
//! ```
//!
//! - `links` shares circuits and rate limits, and `line` puts their messages into the bounded
//!   queue.
//! - `online` serves while the store can be reached: it sends votes, objections, leases and
//!   verdicts, reads the circuits that changed, and gives a sign of life.
//! - `adopt` decides over a newer view; `apply` does it on a thread of its own, which gives the
//!   events, too.
//! - `rate_limits` divides the limits among the replicas that are alive.
//! - `circuits` and `samples` are the table of the circuits and their successes.
//! - `backoff` are the pauses while the store cannot be reached.

mod adopt;
mod apply;
mod backoff;
mod circuits;
mod control;
mod inbox;
mod line;
mod links;
mod online;
mod rate_limits;
mod samples;
mod settings;

use std::{
    rc::Rc,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use resilience::fleet::StoreContact;
use tokio::{
    sync::{
        mpsc::{self, UnboundedSender},
        oneshot,
    },
    time::timeout,
};

use self::{
    backoff::Backoff,
    inbox::Inbox,
    line::{QUEUE, Queue},
    online::{Ended, Online},
    rate_limits::RateLimits,
};
pub(crate) use self::{control::Control, links::Links, settings::Settings};
use crate::{
    meters::Meters,
    store::{FleetStore, Push, StoreError, StoreErrorKind},
};

/// Starts the thread. The receiver is told when the store is reached, or why not.
pub(crate) fn start<S: FleetStore>(
    store: S,
    settings: Settings,
) -> std::io::Result<(Links, oneshot::Receiver<Result<(), StoreError>>)> {
    let (queue, queued) = mpsc::channel(QUEUE);
    let (control, orders) = mpsc::unbounded_channel();
    let (started, is_started) = oneshot::channel();
    let links = Links {
        queue: Queue {
            sender: queue,
            dropped: Arc::default(),
            meters: Meters::new(&settings.namespace),
        },
        control: control.clone(),
        contact: StoreContact::new(&*settings.namespace),
        rate_limits: RateLimits::new(settings.batch_share),
    };
    let inbox = Inbox {
        queue: queued,
        control: orders,
    };
    // The thread must not keep its own queue open.
    let contact = links.contact.clone();
    let dropped = Arc::clone(&links.queue.dropped);
    let meters = links.queue.meters.clone();
    let rate_limits = links.rate_limits.clone();
    let appliers = apply::start(control.downgrade())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    thread::Builder::new()
        .name("resilience-fleet".to_owned())
        .spawn(move || {
            let tasks = tokio::task::LocalSet::new();
            let online = Online::new(settings, appliers, dropped, meters, rate_limits);
            tasks.block_on(&runtime, run(store, online, inbox, contact, started));
        })?;
    Ok((links, is_started))
}

/// The limit for a connection, with its first requests.
const CONNECT: Duration = Duration::from_secs(2);

async fn run<S: FleetStore>(
    store: S,
    online: Rc<Online<S::Session>>,
    mut inbox: Inbox,
    contact: StoreContact,
    started: oneshot::Sender<Result<(), StoreError>>,
) {
    let mut started = Some(started);
    let mut backoff = Backoff::new();
    loop {
        let (sender, mut pushes) = mpsc::unbounded_channel();
        let cause = match connect(&store, &online, sender, &mut inbox).await {
            Ok(()) => {
                let connected = Instant::now();
                online.note_contact(&contact, Ok(()));
                if let Some(started) = started.take() {
                    let _ = started.send(Ok(()));
                }
                let ended = online.serve(&mut inbox, &mut pushes).await;
                // A store that soon refuses requests is not asked more often than one that refuses
                // connections.
                if connected.elapsed() >= backoff::LONGEST {
                    backoff = Backoff::new();
                }
                match ended {
                    Ended::Left => break,
                    Ended::Lost(cause) => cause,
                }
            }
            Err(error) => {
                if let Some(started) = started.take() {
                    let may_wait = online.settings.starts_degraded && may_come(error.kind());
                    let kind = error.kind();
                    let _ = started.send(if may_wait { Ok(()) } else { Err(error) });
                    if !may_wait {
                        break;
                    }
                    kind
                } else {
                    error.kind()
                }
            }
        };
        online.note_contact(&contact, Err(cause));
        if wait(backoff.next(rand::random()), &online, &mut inbox).await {
            break;
        }
    }
    contact.left();
    online.end().await;
}

/// True if a store that fails so may work later without a change of the program.
fn may_come(kind: StoreErrorKind) -> bool {
    !matches!(
        kind,
        StoreErrorKind::Address | StoreErrorKind::LaterFormat | StoreErrorKind::TooOld
    )
}

async fn connect<S: FleetStore>(
    store: &S,
    online: &Rc<Online<S::Session>>,
    pushes: UnboundedSender<Push>,
    inbox: &mut Inbox,
) -> Result<(), StoreError> {
    let connect = async {
        let session = store.connect(pushes).await?;
        // The circuits that came before are read with the first requests.
        while let Ok(order) = inbox.control.try_recv() {
            online.note_offline(order);
        }
        online.begin(session).await
    };
    match timeout(CONNECT, connect).await {
        Ok(connected) => connected,
        Err(_) => Err(StoreError::new(
            StoreErrorKind::Timeout,
            "the store did not answer in time",
        )),
    }
}

/// Waits, and answers meanwhile. True if the program leaves the fleet.
async fn wait<S: crate::store::Session>(
    pause: Duration,
    online: &Online<S>,
    inbox: &mut Inbox,
) -> bool {
    let pause = tokio::time::sleep(pause);
    tokio::pin!(pause);
    loop {
        tokio::select! {
            () = &mut pause => return false,
            message = inbox.queue.recv() => match message {
                Some(message) => online.note_message_offline(&message),
                None => return true,
            },
            order = inbox.control.recv() => match order {
                None | Some(Control::End) => return true,
                Some(order) => online.note_offline(order),
            },
        }
    }
}
