//! The paused clock of a runtime.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Waker},
    time::Duration,
};

use tokio::{
    runtime::{Builder, Runtime},
    time::advance,
};

/// A runtime of this thread alone, whose time passes only where a test lets it.
pub(crate) fn paused() -> Runtime {
    Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime")
}

/// Polls the future up to `polls` times, with a tick in between, and tells `before` the number of
/// each poll. Returns true if the future was done by then.
pub(crate) async fn poll_up_to<F: Future + ?Sized>(
    mut future: Pin<&mut F>,
    polls: u32,
    tick: Duration,
    mut before: impl FnMut(u32),
) -> bool {
    for poll in 0..polls {
        before(poll);
        let mut context = Context::from_waker(Waker::noop());
        if future.as_mut().poll(&mut context).is_ready() {
            return true;
        }
        advance(tick).await;
    }
    false
}
