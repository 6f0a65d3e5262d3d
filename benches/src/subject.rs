//! The bodies under the policies. They do as little as possible, so that the figures are those of
//! the policies.

use std::{fmt, future::poll_fn, hint::black_box, mem, task::Poll, time::Duration};

use resilience::{CircuitOpen, TimedOut};

/// Longer than any run, so that no limit and no recovery ends during a measurement.
pub const LONG: Duration = Duration::from_hours(1);

/// The error of a body. It is also the whole error of the peers' bodies, because the peers' error
/// types add their own cases.
#[derive(Clone, Copy, Debug)]
pub struct Failed;

/// The error of an annotated function, written as a user would write it.
#[derive(Debug)]
pub enum Error {
    /// The error of the body.
    Failed,
    /// The error of the circuit.
    Open(CircuitOpen),
    /// The error of the timeout.
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

/// The same error as a `std::error::Error`, which may hold a refusal.
#[derive(Debug)]
pub struct Reported(Error);

impl fmt::Display for Reported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Error::Failed => f.write_str("failed"),
            Error::Open(open) => open.fmt(f),
            Error::Late(late) => late.fmt(f),
        }
    }
}

impl std::error::Error for Reported {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Error::Failed => None,
            Error::Open(open) => open.source(),
            Error::Late(late) => late.source(),
        }
    }
}

impl<E: Into<Error>> From<E> for Reported {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// Succeeds unless `n` is 0. The compiler cannot know the value.
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

/// Does the same, with a failure that the compiler cannot see into, as it cannot see into that of a
/// body that asks another machine. An outcome is then copied together with the place of its error.
///
/// # Errors
/// If `n` is 0.
#[inline]
pub fn answer_or_unknown<E: From<Failed>>(n: u64) -> Result<u64, E> {
    #[cold]
    #[inline(never)]
    fn failed<E: From<Failed>>() -> E {
        black_box(Failed.into())
    }
    if black_box(n) == 0 {
        Err(failed())
    } else {
        Ok(n)
    }
}

/// This body has to be polled twice, like one that waits for another machine.
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

/// This body is pending for `pending_polls` polls, like one that works through a stream of small
/// messages.
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
