//! What the policies are put around: as little as possible, so that the figures are theirs.

use std::{future::poll_fn, hint::black_box, mem, task::Poll, time::Duration};

use resilience::{CircuitOpen, TimedOut};

/// Longer than any run: no limit and no recovery ends while it is measured.
pub const LONG: Duration = Duration::from_hours(1);

/// How a body fails. Also the whole error of the peers, whose own error types bring in the rest.
#[derive(Clone, Copy, Debug)]
pub struct Failed;

/// The error of an annotated function, as a user would write it.
#[derive(Debug)]
pub enum Error {
    /// The body's own.
    Failed,
    /// The circuit's.
    Open(CircuitOpen),
    /// The timeout's.
    Late(TimedOut),
}

impl From<Failed> for Error {
    fn from(Failed: Failed) -> Self {
        Self::Failed
    }
}

impl From<CircuitOpen> for Error {
    fn from(open: CircuitOpen) -> Self {
        Self::Open(open)
    }
}

impl From<TimedOut> for Error {
    fn from(late: TimedOut) -> Self {
        Self::Late(late)
    }
}

/// Succeeds unless `n` is 0, which the compiler cannot know.
///
/// # Errors
/// If `n` is 0.
#[inline]
pub fn answer<E: From<Failed>>(n: u64) -> Result<u64, E> {
    if black_box(n) == 0 {
        Err(Failed.into())
    } else {
        Ok(n)
    }
}

/// Has to be polled twice, like a body that waits for another machine.
///
/// # Errors
/// If `n` is 0.
pub async fn answer_later<E: From<Failed>>(n: u64) -> Result<u64, E> {
    let mut asked = false;
    poll_fn(|_| {
        if mem::replace(&mut asked, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    answer(n)
}

/// Is pending for so many polls, like a body that works through a stream of small messages.
///
/// # Errors
/// If `n` is 0.
pub async fn answer_after<E: From<Failed>>(pending_polls: u32, n: u64) -> Result<u64, E> {
    let mut left = pending_polls;
    poll_fn(|_| match left.checked_sub(1) {
        None => Poll::Ready(()),
        Some(rest) => {
            left = rest;
            Poll::Pending
        }
    })
    .await;
    answer(n)
}
