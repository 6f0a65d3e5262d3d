//! The injections that wait for a run of a body.

use std::{
    any::{Any, type_name},
    collections::{BTreeMap, VecDeque},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Something that a run does instead of the body.
#[derive(Clone)]
pub(crate) enum Injected {
    /// It returns an error.
    Error(Given<dyn Fn() -> Box<dyn Any> + Send + Sync>),
    /// It returns a value. The function is called once.
    Value(Given<Mutex<Option<MakeValue>>>),
    /// It panics with the message.
    Panic(Arc<str>),
}

type MakeValue = Box<dyn FnOnce() -> Box<dyn Any> + Send>;

/// A function that makes a value of a type.
pub(crate) struct Given<F: ?Sized> {
    /// The name of the type.
    pub(super) type_name: &'static str,
    pub(super) make: Arc<F>,
}

impl<F: ?Sized> Clone for Given<F> {
    fn clone(&self) -> Self {
        Self {
            type_name: self.type_name,
            make: Arc::clone(&self.make),
        }
    }
}

impl Injected {
    pub(crate) fn error<E: 'static>(make: impl Fn() -> E + Send + Sync + 'static) -> Self {
        Self::Error(Given {
            type_name: type_name::<E>(),
            make: Arc::new(move || Box::new(make())),
        })
    }

    pub(crate) fn value<T: 'static>(make: impl FnOnce() -> T + Send + 'static) -> Self {
        let make: MakeValue = Box::new(move || Box::new(make()));
        Self::Value(Given {
            type_name: type_name::<T>(),
            make: Arc::new(Mutex::new(Some(make))),
        })
    }

    pub(crate) fn panic(message: &str) -> Self {
        Self::Panic(message.into())
    }
}

/// The injections for one operation, in the order in which the runs take them.
#[derive(Default)]
struct Waiting {
    delays: VecDeque<Duration>,
    instead: VecDeque<(Injected, u32)>,
}

/// The injections of a scope, and the mistakes that its test made with them.
#[derive(Default)]
pub(crate) struct Injections {
    waiting: Mutex<BTreeMap<String, Waiting>>,
    mistakes: Mutex<Vec<String>>,
}

impl Injections {
    /// Adds an injection for the next `times` runs of the operation.
    pub(crate) fn add(&self, operation: &str, injected: Injected, times: u32) {
        if times > 0 {
            let mut waiting = self.lock();
            let waiting = waiting.entry(operation.to_owned()).or_default();
            waiting.instead.push_back((injected, times));
        }
    }

    /// Adds a delay for the next run of the operation.
    pub(crate) fn add_delay(&self, operation: &str, delay: Duration) {
        let mut waiting = self.lock();
        let waiting = waiting.entry(operation.to_owned()).or_default();
        waiting.delays.push_back(delay);
    }

    /// Takes the delay of a run that begins.
    pub(super) fn take_delay(&self, operation: &str) -> Option<Duration> {
        self.lock().get_mut(operation)?.delays.pop_front()
    }

    /// Takes the injection of a run that begins.
    pub(super) fn take(&self, operation: &str) -> Option<Injected> {
        let mut waiting = self.lock();
        let instead = &mut waiting.get_mut(operation)?.instead;
        let (injected, times) = instead.front_mut()?;
        *times -= 1;
        if *times > 0 {
            return Some(injected.clone());
        }
        instead.pop_front().map(|(injected, _)| injected)
    }

    /// Notes a mistake, so that the test fails although the panic ended in another task.
    pub(super) fn note_mistake(&self, mistake: &str) {
        let mut mistakes = self.mistakes.lock().unwrap_or_else(PoisonError::into_inner);
        mistakes.push(mistake.to_owned());
    }

    pub(crate) fn mistakes(&self) -> Vec<String> {
        let mistakes = self.mistakes.lock().unwrap_or_else(PoisonError::into_inner);
        mistakes.clone()
    }

    /// Says which injections no run has taken, one text for each operation.
    pub(crate) fn unused(&self) -> Vec<String> {
        let waiting = self.lock();
        waiting
            .iter()
            .filter_map(|(operation, waiting)| {
                let parts = waiting.parts();
                (!parts.is_empty()).then(|| format!("`{operation}`: {}", parts.join(", ")))
            })
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Waiting>> {
        // Nothing panics under the lock.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// The number of the injections of each kind, with the function that adds it.
    fn parts(&self) -> Vec<String> {
        let of_kind = |kind: &str| -> u32 {
            let same = self
                .instead
                .iter()
                .filter(|(injected, _)| injected.kind() == kind);
            same.map(|(_, times)| times).sum()
        };
        let delays = u32::try_from(self.delays.len()).unwrap_or(u32::MAX);
        let counts = ["fail_next", "answer_next", "panic_next"].map(|kind| (kind, of_kind(kind)));
        let counts = counts.into_iter().chain([("delay_next", delays)]);
        counts
            .filter(|(_, count)| *count > 0)
            .map(|(kind, count)| format!("{count} of `{kind}`"))
            .collect()
    }
}

impl Injected {
    fn kind(&self) -> &'static str {
        match self {
            Self::Error(_) => "fail_next",
            Self::Value(_) => "answer_next",
            Self::Panic(_) => "panic_next",
        }
    }
}

// The functions inside are left out, because no function is `Debug`.
impl fmt::Debug for Injections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Injections").finish_non_exhaustive()
    }
}
