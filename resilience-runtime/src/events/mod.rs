//! The events of the process: what its retries, circuits and timeouts went through.
//!
//! ```
//! use std::sync::mpsc;
//! use resilience::events::{self, Event, EventKind};
//! use resilience::{CircuitBreaker, CircuitBreakerConfig};
//!
//! let (sender, receiver) = mpsc::channel();
//! let subscription = events::subscribe(move |event: &Event| {
//!     if let EventKind::StateChanged { circuit: "events_doc", to, reason, .. } = event.kind {
//!         sender.send(format!("{to} because of {reason}")).unwrap();
//!     }
//! });
//!
//! CircuitBreaker::new("events_doc", CircuitBreakerConfig::new()).trip();
//! assert_eq!(receiver.try_recv().unwrap(), "open because of command");
//! drop(subscription);
//! ```
//!
//! - Each cause gives one event. A call that succeeds at the first attempt gives none, so it costs
//!   the same with and without subscribers.
//! - Listeners run in the thread of the call, in the order of their subscriptions, under no lock of
//!   this library. A listener may call circuits, subscribe others, and end its own subscription.
//! - A listener that panics breaks no call. The others are told
//!   [`ListenerPanicked`](EventKind::ListenerPanicked).
//! - A listener that blocks delays the call that it is told of. After more than 10 ms the others
//!   are told [`ListenerSlow`](EventKind::ListenerSlow). Long work belongs to another thread or
//!   task, behind a channel.
//! - A listener is told of the events that it causes, too, within the event that it handles. After
//!   16 events within each other the next one is not told, and the log says so.

mod event;
mod gave_up;
mod guard;
mod log;
#[cfg(all(test, loom))]
mod loom_models;
mod subscription;
mod table;
mod tell;

pub use self::{
    event::{CommandAction, Event, EventKind},
    gave_up::GaveUpReason,
    subscription::{Subscription, subscribe},
};
pub(crate) use self::{
    guard::{Fault, call_listener},
    tell::{emit, emit_at, emit_fault, emit_with_error, is_subscribed},
};
