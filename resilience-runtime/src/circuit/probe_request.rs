//! The question of a call that would be a probe, and the call that waits for the answer.

use std::{
    fmt,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
    time::{Duration, Instant},
};

/// The question whether a call may be a probe.
///
/// A request that is dropped is answered, too: the call is refused, and the next one asks again.
#[must_use = "a request that is dropped refuses its call"]
pub struct ProbeRequest {
    exchange: Arc<Exchange>,
}

/// The answer to a [`ProbeRequest`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProbeAnswer {
    /// The call is a probe under this lease. The outcome is told to
    /// [`Coordinator::probed`](crate::fleet::Coordinator::probed).
    #[non_exhaustive]
    Granted {
        /// A number that the coordinator chooses. It is given back with the outcome.
        lease: u64,
    },
    /// The call is refused, and no other call of this circuit asks before this time is over.
    #[non_exhaustive]
    Denied {
        /// The pause.
        pause: Duration,
    },
    /// The other processes have nothing to do with this open time: the circuit probes by its own
    /// settings until it is closed or open again.
    Alone,
}

impl ProbeAnswer {
    /// The answer that grants the lease.
    pub const fn granted(lease: u64) -> Self {
        Self::Granted { lease }
    }

    /// The answer that refuses, for this time.
    pub const fn denied(pause: Duration) -> Self {
        Self::Denied { pause }
    }
}

impl ProbeRequest {
    /// The time within which a request must be answered or dropped. A sync call that waits is
    /// refused then.
    pub const TIMEOUT: Duration = Duration::from_millis(50);

    /// Answers the call. It may have given up; then a lease is given back as
    /// [`Released`](crate::fleet::Verdict::Released).
    pub fn answer(self, answer: ProbeAnswer) {
        self.exchange.reply(Reply::Answered(answer));
    }

    /// True if the call still waits.
    pub fn is_waiting(&self) -> bool {
        matches!(*self.exchange.lock(), State::Waiting(_))
    }
}

impl Drop for ProbeRequest {
    fn drop(&mut self) {
        // It changes nothing if the request was answered.
        self.exchange.reply(Reply::Unanswered);
    }
}

impl fmt::Debug for ProbeRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProbeRequest")
            .field("is_waiting", &self.is_waiting())
            .finish_non_exhaustive()
    }
}

/// The end of a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    Answered(ProbeAnswer),
    Unanswered,
}

impl Reply {
    /// The lease that the reply grants.
    pub(super) fn lease(self) -> Option<u64> {
        match self {
            Self::Answered(ProbeAnswer::Granted { lease }) => Some(lease),
            Self::Answered(_) | Self::Unanswered => None,
        }
    }
}

#[derive(Debug)]
enum State {
    Waiting(Option<Waker>),
    Replied(Reply),
    /// The call took the reply, or gave up.
    Over,
}

#[derive(Debug)]
struct Exchange {
    state: Mutex<State>,
    replied: Condvar,
    /// Gives back the lease of an answer that nobody takes.
    unclaimed: UnclaimedLease,
}

/// Gives back a lease that no call takes.
pub(super) struct UnclaimedLease(pub(super) Box<dyn Fn(u64) + Send + Sync>);

impl fmt::Debug for UnclaimedLease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UnclaimedLease")
    }
}

impl Exchange {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reply(&self, reply: Reply) {
        let mut state = self.lock();
        let waker = match &mut *state {
            State::Waiting(waker) => waker.take(),
            State::Replied(_) => return,
            State::Over => {
                drop(state);
                if let Some(lease) = reply.lease() {
                    (self.unclaimed.0)(lease);
                }
                return;
            }
        };
        *state = State::Replied(reply);
        drop(state);
        self.replied.notify_one();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Takes the reply, or ends the wait without one.
    fn end(&self) -> Reply {
        // The waker is dropped without the lock, because it is other people's code.
        let ended = std::mem::replace(&mut *self.lock(), State::Over);
        match ended {
            State::Replied(reply) => reply,
            State::Waiting(_) | State::Over => Reply::Unanswered,
        }
    }
}

/// The wait of a call for the answer. Dropped, it gives up, and gives back the lease that came.
#[derive(Debug)]
pub(super) struct ProbeWait {
    exchange: Arc<Exchange>,
}

/// The question of a call whether it may be a probe, and the generation that it was asked in.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) generation: u32,
    pub(super) wait: ProbeWait,
}

/// Makes a request and the wait for its answer.
pub(super) fn ask(unclaimed: UnclaimedLease) -> (ProbeRequest, ProbeWait) {
    let exchange = Arc::new(Exchange {
        state: Mutex::new(State::Waiting(None)),
        replied: Condvar::new(),
        unclaimed,
    });
    let wait = ProbeWait {
        exchange: Arc::clone(&exchange),
    };
    (ProbeRequest { exchange }, wait)
}

impl ProbeWait {
    /// Blocks the thread until the answer comes, at most [`ProbeRequest::TIMEOUT`].
    pub(super) fn block(&self) -> Reply {
        let deadline = Instant::now() + ProbeRequest::TIMEOUT;
        let mut state = self.exchange.lock();
        while let State::Waiting(_) = *state {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let waited = self.exchange.replied.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(state);
        self.exchange.end()
    }

    pub(super) fn poll(&self, waker: &Waker) -> Poll<Reply> {
        // Wakers are cloned and dropped outside of the lock, because they are other people's code.
        let mut waker = Some(waker.clone());
        let mut state = self.exchange.lock();
        if let State::Waiting(kept) = &mut *state {
            std::mem::swap(kept, &mut waker);
            drop(state);
            return Poll::Pending;
        }
        drop(state);
        Poll::Ready(self.exchange.end())
    }
}

impl Drop for ProbeWait {
    fn drop(&mut self) {
        if let Some(lease) = self.exchange.end().lease() {
            (self.exchange.unclaimed.0)(lease);
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::{
        sync::{OnceLock, Weak, atomic},
        task::Wake,
    };

    use super::*;

    /// A waker that looks, when it is dropped, if the lock of the question is free.
    #[derive(Default)]
    struct Looks {
        exchange: OnceLock<Weak<Exchange>>,
        is_free: Arc<atomic::AtomicBool>,
    }

    impl Wake for Looks {
        fn wake(self: Arc<Self>) {}
    }

    impl Drop for Looks {
        fn drop(&mut self) {
            let exchange = self.exchange.get().and_then(Weak::upgrade);
            let is_free = exchange.is_some_and(|exchange| exchange.state.try_lock().is_ok());
            self.is_free.store(is_free, atomic::Ordering::Relaxed);
        }
    }

    #[test]
    fn a_call_that_gives_up_drops_its_waker_without_the_lock() {
        let (_request, wait) = ask(UnclaimedLease(Box::new(|_| ())));
        let looks = Looks::default();
        let is_free = Arc::clone(&looks.is_free);
        looks
            .exchange
            .get_or_init(|| Arc::downgrade(&wait.exchange));
        let waker = Waker::from(Arc::new(looks));
        assert!(wait.poll(&waker).is_pending());
        drop(waker);
        drop(wait);
        assert!(is_free.load(atomic::Ordering::Relaxed));
    }
}
