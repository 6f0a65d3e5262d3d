//! The turn of an async call: at once, or after a timer.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use pin_project_lite::pin_project;
use tokio::time::Sleep;

use super::{
    error::RateLimited,
    shared::{Shared, Waiting},
};
use crate::{
    clock::{self, create_timer},
    operation::Operation,
};

/// One call on its way to its turn.
pub(super) struct Turn<'l> {
    shared: &'l Shared,
    /// In nanoseconds.
    max_wait: u64,
    operation: Option<&'static Operation>,
    state: State<'l>,
}

enum State<'l> {
    /// It was not polled yet.
    New,
    /// The turn comes later. The box keeps the future small, because few calls wait.
    Waiting(Pin<Box<Wait<'l>>>),
    /// The turn has come.
    Due,
    /// The call was refused or could not begin to wait, so it must not run when it is polled again.
    Ended,
}

pin_project! {
    struct Wait<'l> {
        #[pin]
        timer: Sleep,
        counted: Waiting<'l>,
    }
}

impl<'l> Turn<'l> {
    #[inline]
    pub(super) fn new(
        shared: &'l Shared,
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

    /// Ready when the turn has come. It stays ready after that.
    #[inline]
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), RateLimited>> {
        if matches!(self.state, State::New) {
            self.state = State::Ended;
            let wait = self.shared.take(self.max_wait, self.operation)?;
            if wait > 0 {
                self.begin_to_wait(clock::span(wait));
            } else {
                self.state = State::Due;
            }
        }
        if let State::Due = self.state {
            return Poll::Ready(Ok(()));
        }
        self.poll_wait(cx)
    }

    #[cold]
    fn poll_wait(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), RateLimited>> {
        let State::Waiting(wait) = &mut self.state else {
            panic!("polled after completion");
        };
        ready!(wait.as_mut().project().timer.poll(cx));
        self.state = State::Due;
        Poll::Ready(Ok(()))
    }

    #[cold]
    fn begin_to_wait(&mut self, wait: Duration) {
        let name = self.operation.map(Operation::name);
        let name = name.unwrap_or(&self.shared.name);
        let timer = create_timer(Some(name), || tokio::time::sleep(wait));
        let counted = self.shared.wait();
        self.state = State::Waiting(Box::pin(Wait { timer, counted }));
    }
}
