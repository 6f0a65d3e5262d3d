//! The admission of an async call: a slot at once, or a place in the queue and a timer.

use std::{
    fmt,
    mem,
    pin::Pin,
    // The standard library's, as in the handle.
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use pin_project_lite::pin_project;
use tokio::time::Sleep;

use super::{
    error::BulkheadFull,
    permit::BulkheadPermit,
    queue::{Ticket, Waiter},
    shared::Shared,
};
use crate::{
    clock::{self, NEVER, create_timer},
    deadline::Frame,
    operation::Operation,
};

/// One call on its way to a slot, and then the holder of the slot.
pub(super) struct Admission<'b> {
    shared: &'b Arc<Shared>,
    /// In nanoseconds.
    max_wait: u64,
    operation: Option<&'static Operation>,
    state: State,
}

enum State {
    /// It was not polled yet.
    New,
    /// It stands in the queue. The box keeps the future small, because few calls wait.
    Waiting(Pin<Box<Wait>>),
    /// It has a slot.
    Admitted,
    /// It was refused, or the slot was handed on.
    Done,
}

pin_project! {
    struct Wait {
        ticket: Ticket,
        since: u64,
        // `None` waits for ever.
        #[pin]
        timer: Option<Sleep>,
    }
}

impl<'b> Admission<'b> {
    #[inline]
    pub(super) fn new(
        shared: &'b Arc<Shared>,
        max_wait: u64,
        operation: Option<&'static Operation>,
    ) -> Self {
        Self {
            shared,
            max_wait,
            operation,
            state: State::New,
        }
    }

    /// True if the call has its slot, which is freed when this is dropped.
    #[inline]
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BulkheadFull>> {
        match self.state {
            State::Admitted => Poll::Ready(Ok(())),
            State::New if self.shared.try_acquire() => {
                self.state = State::Admitted;
                Poll::Ready(Ok(()))
            }
            _ => self.poll_wait(cx),
        }
    }

    #[cold]
    fn poll_wait(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BulkheadFull>> {
        if matches!(self.state, State::New) {
            let max_wait = self.max_wait_here();
            if max_wait == 0 {
                return Poll::Ready(Err(self.refuse(Duration::ZERO)));
            }
            self.begin_to_wait(max_wait, cx);
        }
        let State::Waiting(wait) = &mut self.state else {
            panic!("polled after completion");
        };
        let mut wait = wait.as_mut().project();
        let slots = &self.shared.slots;
        // The slot is asked for before the timer, so that a tie goes to the slot.
        if slots.take_or_wait(*wait.ticket, cx.waker().clone()) {
            self.state = State::Admitted;
            return Poll::Ready(Ok(()));
        }
        let is_over = wait
            .timer
            .as_mut()
            .as_pin_mut()
            .is_some_and(|timer| timer.poll(cx).is_ready());
        if !is_over {
            return Poll::Pending;
        }
        let waited = clock::span(clock::now().saturating_sub(*wait.since));
        if slots.leave(*wait.ticket) {
            self.state = State::Admitted;
            return Poll::Ready(Ok(()));
        }
        Poll::Ready(Err(self.refuse(waited)))
    }

    /// The time that the call waits for, in nanoseconds. A deadline that no timeout enforces ends
    /// the wait, because nothing else would. A timeout drops the call, and its error is the right
    /// one.
    fn max_wait_here(&self) -> u64 {
        match Frame::current().unenforced_deadline() {
            NEVER => self.max_wait,
            deadline => self.max_wait.min(clock::remaining(deadline, clock::now())),
        }
    }

    /// Joins the queue. The timer is made first, because it panics without a runtime.
    fn begin_to_wait(&mut self, max_wait: u64, cx: &Context<'_>) {
        let timer = (max_wait != NEVER).then(|| {
            let name = Shared::name_of(self.operation).unwrap_or(&self.shared.name);
            let wait = clock::span(max_wait);
            create_timer(Some(name), || tokio::time::sleep(wait))
        });
        let since = clock::now();
        let ticket = self.shared.slots.join(Waiter::Task(cx.waker().clone()));
        self.state = State::Waiting(Box::pin(Wait {
            ticket,
            since,
            timer,
        }));
    }

    fn refuse(&mut self, waited: Duration) -> BulkheadFull {
        self.state = State::Done;
        let operation = Shared::name_of(self.operation);
        self.shared.refuse(operation, waited)
    }

    /// Hands the slot on to a permit.
    fn into_permit(mut self) -> BulkheadPermit<'b> {
        self.state = State::Done;
        BulkheadPermit::new(self.shared)
    }
}

impl Drop for Admission<'_> {
    #[inline]
    fn drop(&mut self) {
        match &self.state {
            State::New | State::Done => {}
            State::Admitted => self.shared.release(),
            State::Waiting(wait) => give_up(self.shared, wait.ticket),
        }
    }
}

/// Leaves the queue. A slot that was given in the meantime goes to the next caller.
#[cold]
fn give_up(shared: &Shared, ticket: Ticket) {
    if shared.slots.leave(ticket) {
        shared.release();
    }
}

impl fmt::Debug for Admission<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::New => "new",
            State::Waiting(_) => "waiting",
            State::Admitted => "admitted",
            State::Done => "done",
        };
        f.debug_struct("Admission")
            .field("bulkhead", &&*self.shared.name)
            .field("state", &state)
            .finish_non_exhaustive()
    }
}

/// The future that [`Bulkhead::acquire_async`](crate::Bulkhead::acquire_async) returns.
#[must_use = "futures do nothing unless polled"]
#[derive(Debug)]
pub struct BulkheadAcquire<'b>(Option<Admission<'b>>);

impl<'b> BulkheadAcquire<'b> {
    pub(super) fn new(admission: Admission<'b>) -> Self {
        Self(Some(admission))
    }
}

impl<'b> Future for BulkheadAcquire<'b> {
    type Output = Result<BulkheadPermit<'b>, BulkheadFull>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let admission = self.0.as_mut().expect("polled after completion");
        match admission.poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(admitted) => {
                let admission = mem::take(&mut self.0).expect("it is there");
                Poll::Ready(admitted.map(|()| admission.into_permit()))
            }
        }
    }
}
