//! The ends of the channels that the thread holds.

use tokio::sync::mpsc::{Receiver, UnboundedReceiver};

use super::{control::Control, line::Message};

/// The ends of the channels that the thread holds.
pub(super) struct Inbox {
    pub(super) queue: Receiver<Message>,
    pub(super) control: UnboundedReceiver<Control>,
}
