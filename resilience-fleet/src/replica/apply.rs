//! A thread of its own makes the changes of circuits and gives the events of the fleet, because
//! both call the listeners of the program, and a listener that blocks must not hold up the requests
//! to the store.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use resilience::{
    CircuitBreaker, CircuitBreakerFamily, Command, events::CommandAction, fleet::StoreContact,
    registry,
};
use tokio::sync::mpsc::WeakUnboundedSender;

use super::control::Control;
use crate::{circuit_id::CircuitId, store::StoredCommand};

/// The circuit of an order.
#[derive(Clone, Debug)]
pub(super) enum Target {
    Circuit(CircuitBreaker),
    /// All circuits of a name with keys in the registry.
    Family(CircuitId),
    /// All circuits of a family that is not in the registry.
    OwnFamily(CircuitBreakerFamily),
}

/// A change of a circuit, or an event of the fleet.
#[derive(Debug)]
pub(super) enum Order {
    Open(CircuitId, CircuitBreaker, Instant),
    Close(CircuitId, CircuitBreaker),
    Obey(Target, StoredCommand),
    Reset(Target),
    TellLost(StoreContact, &'static str),
    TellRestored(StoreContact),
}

/// The orders that wait for a listener that blocks, beyond which no change of a circuit is ordered.
pub(super) const MOST_ORDERS: usize = 4_096;

/// The end of the queue that the thread of the replica has.
#[derive(Debug)]
pub(super) struct Orders {
    sender: Sender<Order>,
    waiting: Arc<AtomicUsize>,
}

/// The end of the queue that the thread of the changes has.
#[derive(Debug)]
pub(super) struct OrdersToApply {
    receiver: Receiver<Order>,
    waiting: Arc<AtomicUsize>,
}

impl Orders {
    pub(super) fn new() -> (Self, OrdersToApply) {
        let (sender, receiver) = channel();
        let waiting = Arc::<AtomicUsize>::default();
        let to_apply = OrdersToApply {
            receiver,
            waiting: Arc::clone(&waiting),
        };
        (Self { sender, waiting }, to_apply)
    }

    /// True if the changes of a circuit may be ordered.
    pub(super) fn have_room(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) < MOST_ORDERS
    }

    pub(super) fn send(&self, order: Order) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let _ = self.sender.send(order);
    }
}

#[cfg(test)]
impl OrdersToApply {
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

impl Iterator for OrdersToApply {
    type Item = Order;

    fn next(&mut self) -> Option<Order> {
        let order = self.receiver.recv().ok()?;
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        Some(order)
    }
}

/// Starts the thread. It ends when the sender is dropped.
pub(super) fn start(control: WeakUnboundedSender<Control>) -> std::io::Result<Orders> {
    let (sender, orders) = Orders::new();
    let name = "resilience-fleet-apply".to_owned();
    thread::Builder::new()
        .name(name)
        .spawn(move || run(orders, &control))?;
    Ok(sender)
}

fn run(orders: OrdersToApply, control: &WeakUnboundedSender<Control>) {
    for order in orders {
        let (circuit, is_followed) = match order {
            Order::Open(circuit, breaker, until) => {
                let left = until.saturating_duration_since(Instant::now());
                (circuit, breaker.follow_open(left))
            }
            Order::Close(circuit, breaker) => (circuit, breaker.follow_closed()),
            Order::Obey(target, command) => {
                obey(&target, &command);
                continue;
            }
            Order::Reset(target) => {
                let reason = "the command to the fleet ended";
                give(&target, CommandAction::Reset, Command::new(reason));
                continue;
            }
            Order::TellLost(contact, cause) => {
                contact.tell_lost(cause);
                continue;
            }
            Order::TellRestored(contact) => {
                contact.tell_restored();
                continue;
            }
        };
        if !is_followed && let Some(control) = control.upgrade() {
            let _ = control.send(Control::NotFollowed(circuit));
        }
    }
}

fn obey(target: &Target, stored: &StoredCommand) {
    let mut command = Command::new(&stored.reason);
    if let Some(by) = &stored.by {
        command = command.by(by);
    }
    if let Some(lasts) = stored.lasts {
        // A trip of a zero time would never be open.
        command = command.for_(lasts.max(Duration::from_millis(1)));
    }
    give(target, stored.action, command);
}

fn give(target: &Target, action: CommandAction, command: Command) {
    match target {
        Target::Circuit(breaker) => match action {
            CommandAction::Trip => breaker.trip_with(command),
            CommandAction::Isolate => breaker.isolate_with(command),
            CommandAction::Allow => breaker.allow_with(command),
            _ => breaker.reset_with(command),
        },
        Target::OwnFamily(family) => match action {
            CommandAction::Trip => family.trip_with(command),
            CommandAction::Isolate => family.isolate_with(command),
            CommandAction::Allow => family.allow_with(command),
            _ => family.reset_with(command),
        },
        Target::Family(circuit) => {
            let name = circuit.name();
            match action {
                CommandAction::Trip => registry::trip_with(name, command),
                CommandAction::Isolate => registry::isolate_with(name, command),
                CommandAction::Allow => registry::allow_with(name, command),
                _ => registry::reset_with(name, command),
            };
        }
    }
}
