//! One run of a body in a scope.

use std::{
    any::{Any, type_name},
    sync::PoisonError,
    time::Duration,
};

use super::{
    attempts::{Attempts, Outcome},
    body_run::BodyRun,
    injectable::{Injectable, Take},
    injections::{Injected, Injections},
};
use crate::{
    errors::{View, excerpt},
    fallible::Fallible,
    scope::{ScopeState, current},
};

/// A run that is noted in its scope. Unless it is ended, it stays unfinished.
#[derive(Debug)]
pub(super) struct Run {
    scope: &'static ScopeState,
    operation: &'static str,
    place: usize,
}

impl Run {
    /// Begins a run in the current scope. Outside of one there is none.
    pub(super) fn begin(operation: &'static str, run: BodyRun) -> Option<Self> {
        let scope = current()?;
        let place = scope.value::<Attempts>().begin(operation, run);
        Some(Self {
            scope,
            operation,
            place,
        })
    }

    fn injections(&self) -> &'static Injections {
        self.scope.value()
    }

    pub(super) fn operation(&self) -> &'static str {
        self.operation
    }

    /// Takes the delay that is injected into the run.
    pub(super) fn take_delay(&self) -> Option<Duration> {
        self.injections().take_delay(self.operation)
    }

    /// Returns the outcome that is injected instead of the body.
    ///
    /// # Panics
    ///
    /// If a panic is injected, or a value of another type than that of the function.
    pub(super) fn injected<R: Fallible>(&self, injectable: &Injectable<R>) -> Option<R> {
        Some(match self.injections().take(self.operation)? {
            Injected::Error(given) => {
                let error = (given.make)();
                let (take, ty) = (injectable.error, type_name::<R::Error>());
                self.taken(take, error, ["an error", "fail_next", given.type_name, ty])
            }
            Injected::Value(given) => {
                // The function is called outside of the lock.
                let make = given
                    .make
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .take();
                let make = make.expect("it is taken once");
                let (take, ty) = (injectable.value, type_name::<R::Value>());
                self.taken(
                    take,
                    make(),
                    ["a value", "answer_next", given.type_name, ty],
                )
            }
            // A message that is a `String` is shown as that of `panic!`.
            Injected::Panic(message) => {
                self.end(Outcome::Panicked);
                std::panic::panic_any(message.to_string())
            }
        })
    }

    fn taken<R>(
        &self,
        take: Option<Take<R>>,
        value: Box<dyn Any>,
        [what, function, given, ty]: [&str; 4],
    ) -> R {
        let operation = self.operation;
        let mistake = match take.map(|take| take(value)) {
            Some(Ok(outcome)) => return outcome,
            Some(Err(_)) => {
                format!(
                    "`{function}` has {what} of type `{given}`, and `{operation}` returns `{ty}`"
                )
            }
            None => format!(
                "`{function}` cannot give {what} to `{operation}`: its type `{ty}` is written with a lifetime or a type \
                 parameter, so it is not known to be `'static`"
            ),
        };
        self.injections().note_mistake(&mistake);
        self.end(Outcome::Panicked);
        // The panic is told at the end of the scope, too, because it may end in another task.
        panic!("{mistake}")
    }

    pub(super) fn end(&self, outcome: Outcome) {
        let attempts: &Attempts = self.scope.value();
        attempts.end(self.operation, self.place, outcome);
    }

    /// Ends the run with an outcome of the body.
    pub(super) fn end_with<R: Fallible, V: View<R::Error>>(&self, outcome: &R) {
        self.end(match outcome.as_error() {
            None => Outcome::Succeeded,
            Some(error) => Outcome::Failed(excerpt(V::show(error))),
        });
    }
}

/// Notes that the body panics, if it does.
#[derive(Debug)]
pub(super) struct PanicGuard<'r>(pub(super) Option<&'r Run>);

impl Drop for PanicGuard<'_> {
    fn drop(&mut self) {
        if let Some(run) = self.0 {
            run.end(Outcome::Panicked);
        }
    }
}
