//! One call of a task through a circuit.

use std::{
    fmt,
    mem::{self, ManuallyDrop},
    panic::{RefUnwindSafe, UnwindSafe},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use super::{
    admission::Admission, breaker::CircuitBreaker, call_permit::CallPermit, error::CircuitOpen,
    probe_future::ProbeFuture,
};
use crate::{errors::Origin, operation::Operation};

/// One call of a task through a circuit, from its first poll to its record.
pub(super) struct TaskCall<'c, 'o> {
    circuit: &'c CircuitBreaker,
    state: State<'c, 'o>,
}

enum State<'c, 'o> {
    /// The first poll asks the circuit to admit the call.
    Idle {
        operation: &'static Operation,
        origin: Option<&'o mut Origin>,
    },
    Held(Admission),
    /// The call asks the fleet if it may be a probe. It is in a box, because few calls do, and the
    /// drop of the call drops it, because a drop of the state would cost every call.
    Asking(ManuallyDrop<Box<ProbeFuture<'c, 'o>>>),
    /// The circuit refused the call.
    Refused,
    /// The call was recorded.
    Over,
}

impl<'c, 'o> TaskCall<'c, 'o> {
    #[inline]
    pub(super) fn new(circuit: &'c CircuitBreaker, operation: &'static Operation) -> Self {
        let origin = None;
        Self {
            circuit,
            state: State::Idle { operation, origin },
        }
    }

    #[inline]
    pub(super) fn note(&mut self, note: &'o mut Origin) {
        if let State::Idle { origin, .. } = &mut self.state {
            *origin = Some(note);
        }
    }

    /// Asks the circuit to admit the call, unless it has done so already.
    #[inline]
    pub(super) fn begin(&mut self, cx: &mut Context<'_>) -> Poll<Option<CircuitOpen>> {
        match self.state {
            State::Held(_) => Poll::Ready(None),
            _ => self.enter(cx),
        }
    }

    /// Asks for the permit that the call does not have.
    // It is one call out of line, because it is the same for all functions.
    #[inline(never)]
    fn enter(&mut self, cx: &mut Context<'_>) -> Poll<Option<CircuitOpen>> {
        let State::Idle { operation, origin } = &mut self.state else {
            return self.poll_probe(cx);
        };
        let operation = *operation;
        let admitted = self.circuit.admit_task(operation);
        if let Some(origin) = origin {
            **origin = Origin::of_admission(admitted.is_ok());
        }
        match admitted {
            Ok(permit) => {
                self.state = State::Held(permit.into_admission());
                Poll::Ready(None)
            }
            Err(open) if open.asks() => {
                self.ask(operation, open);
                self.poll_probe(cx)
            }
            Err(open) => self.refuse(open),
        }
    }

    #[cold]
    #[inline(never)]
    fn ask(&mut self, operation: &'static Operation, open: CircuitOpen) {
        let origin = match mem::replace(&mut self.state, State::Over) {
            State::Idle { origin, .. } => origin,
            _ => None,
        };
        let probe = ProbeFuture::new(self.circuit.shared(), Some(operation), open, origin);
        self.state = State::Asking(ManuallyDrop::new(Box::new(probe)));
    }

    #[cold]
    #[inline(never)]
    fn poll_probe(&mut self, cx: &mut Context<'_>) -> Poll<Option<CircuitOpen>> {
        let State::Asking(probe) = &mut self.state else {
            polled_again();
        };
        let Poll::Ready(admitted) = Pin::new(&mut ***probe).poll(cx) else {
            return Poll::Pending;
        };
        self.forget_probe();
        match admitted {
            Ok(permit) => {
                self.state = State::Held(permit.into_admission());
                Poll::Ready(None)
            }
            Err(open) => self.refuse(open),
        }
    }

    fn refuse(&mut self, open: CircuitOpen) -> Poll<Option<CircuitOpen>> {
        self.state = State::Refused;
        Poll::Ready(Some(open))
    }

    /// Drops the probe of a call that asks. The call is over then.
    #[cold]
    #[inline(never)]
    fn forget_probe(&mut self) {
        if let State::Asking(probe) = mem::replace(&mut self.state, State::Over) {
            drop(ManuallyDrop::into_inner(probe));
        }
    }

    /// Records that the call succeeded.
    // It is one call out of line, because it is the same for all functions.
    #[inline(never)]
    pub(super) fn succeed(&mut self) {
        if let Some(permit) = self.end() {
            permit.success();
        }
    }

    /// Ends the call without an outcome.
    #[inline(never)]
    pub(super) fn abandon(&mut self) {
        match &self.state {
            State::Held(_) => {
                if let Some(permit) = self.end() {
                    permit.abandon();
                }
            }
            State::Asking(_) => self.forget_probe(),
            State::Idle { .. } | State::Refused | State::Over => {}
        }
    }

    /// Takes the permit of a call that was admitted.
    #[inline]
    pub(super) fn end(&mut self) -> Option<CallPermit<'c>> {
        let State::Held(admission) = self.state else {
            return None;
        };
        self.state = State::Over;
        Some(CallPermit::new(self.circuit.shared(), admission))
    }

    #[inline]
    pub(super) fn has_refused(&self) -> bool {
        matches!(self.state, State::Refused)
    }

    #[inline]
    pub(super) fn refuses_for(&self) -> Option<Duration> {
        self.circuit.refuses_for()
    }
}

#[cold]
#[track_caller]
fn polled_again() -> ! {
    panic!("a call was polled after completion")
}

impl Drop for TaskCall<'_, '_> {
    // A future that is dropped between two polls is a cancelled call, even if its thread unwinds,
    // because that panic is not the future's.
    #[inline(never)]
    fn drop(&mut self) {
        self.abandon();
    }
}

// A panic leaves the note and the circuit as they were: both are written between two calls of the
// user's code.
impl UnwindSafe for TaskCall<'_, '_> {}
impl RefUnwindSafe for TaskCall<'_, '_> {}

impl fmt::Debug for TaskCall<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskCall")
            .field("is_admitted", &matches!(self.state, State::Held(_)))
            .finish_non_exhaustive()
    }
}
