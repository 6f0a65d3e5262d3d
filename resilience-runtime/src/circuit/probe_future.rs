//! The future of an async call that asks other processes if it may be a probe.

use std::{
    fmt, mem,
    panic::{RefUnwindSafe, UnwindSafe},
    pin::Pin,
    task::{Context, Poll, ready},
};

use super::{call_permit::CallPermit, error::CircuitOpen, probe_request::Question, shared::Shared};
use crate::{errors::Origin, operation::Operation};

/// Returns a refusal at once, unless the refusal says that the call has to ask other processes.
/// Then it asks them, and waits for their answer.
#[doc(hidden)]
#[must_use = "futures do nothing unless polled"]
pub struct ProbeFuture<'c, 'o>(State<'c, 'o>);

enum State<'c, 'o> {
    Refused(CircuitOpen),
    /// It is in a box, because each async function has room for this future, and few calls ask.
    Asking(Box<Call<'c, 'o>>),
    Over,
}

struct Call<'c, 'o> {
    circuit: &'c Shared,
    caller: Option<&'static Operation>,
    open: CircuitOpen,
    /// `None` if the circuit lost its line to the others.
    question: Option<Question>,
    /// The note for a layer outside that asks for the origin of errors.
    origin: Option<&'o mut Origin>,
}

impl<'c, 'o> ProbeFuture<'c, 'o> {
    #[inline]
    pub(super) fn new(
        circuit: &'c Shared,
        caller: Option<&'static Operation>,
        open: CircuitOpen,
        origin: Option<&'o mut Origin>,
    ) -> Self {
        if open.asks() {
            Self::ask(circuit, caller, open, origin)
        } else {
            Self(State::Refused(open))
        }
    }

    #[cold]
    #[inline(never)]
    fn ask(
        circuit: &'c Shared,
        caller: Option<&'static Operation>,
        open: CircuitOpen,
        origin: Option<&'o mut Origin>,
    ) -> Self {
        Self(State::Asking(Box::new(Call {
            circuit,
            caller,
            question: circuit.ask_others(open.asks_in()),
            open,
            origin,
        })))
    }
}

impl<'c> Call<'c, '_> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<CallPermit<'c>, CircuitOpen>> {
        let circuit = self.circuit;
        let decision = match &self.question {
            None => circuit.enter_anew(),
            Some(question) => {
                let reply = ready!(question.wait.poll(cx.waker()));
                circuit.answered(question, reply)
            }
        };
        let decision = circuit.decided_late(decision, self.caller);
        if let Some(origin) = &mut self.origin {
            **origin = Origin::of_admission(decision.is_ok());
        }
        Poll::Ready(match decision {
            Ok(admission) => Ok(CallPermit::new(circuit, admission)),
            Err(refused) => Err(self.open.after_question(refused)),
        })
    }
}

impl<'c> Future for ProbeFuture<'c, '_> {
    type Output = Result<CallPermit<'c>, CircuitOpen>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let output = match &mut self.0 {
            State::Asking(call) => ready!(call.poll(cx)),
            state => match mem::replace(state, State::Over) {
                State::Refused(open) => Err(open),
                State::Asking(_) | State::Over => panic!("polled after completion"),
            },
        };
        self.0 = State::Over;
        Poll::Ready(output)
    }
}

// Only a waker that is cloned can panic in a poll, and the question is whole then. Without these
// traits no future under a circuit would be unwind safe.
impl UnwindSafe for ProbeFuture<'_, '_> {}
impl RefUnwindSafe for ProbeFuture<'_, '_> {}

impl fmt::Debug for ProbeFuture<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProbeFuture")
            .field("is_asking", &matches!(self.0, State::Asking(_)))
            .finish_non_exhaustive()
    }
}
