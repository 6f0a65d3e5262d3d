//! The waker that a timer holds, so that a poll of the timer can be left out.
//!
//! A poll of tokio's timer puts the waker into the timer's entry by two locked instructions, which
//! take two thirds of its time. They change nothing if the entry holds the same waker already and
//! the timer has not fired. So the caller remembers the waker of its last poll, as two numbers, and
//! leaves the poll out if three things hold.
//!
//! 1. The waker has the same numbers. They are the address of its data and that of its table of
//!    functions, which `Waker::will_wake` compares, too. The entry holds a clone of the waker. If
//!    the clone has these numbers as well, it keeps its data alive, so that no other waker can have
//!    got the address meanwhile. With any other waker each poll is made.
//! 2. The timer has not fired. Until then the entry keeps the waker: tokio takes it out only when
//!    the timer fires, is reset or is dropped, and the end of a runtime fires its timers. A timer
//!    fires before it wakes the task, and the wake happens before the poll that it causes, so
//!    `Sleep::is_elapsed` shows it there, and that poll is not left out.
//! 3. The entry has taken the waker for certain. A timer is also pending if the task's cooperative
//!    budget is spent, and then it takes no waker, but wakes the task at once, so that it is polled
//!    again. tokio tells the two apart only with its feature `rt`. [`poll`] tells them apart by the
//!    waker that the entry drops for another one.

use std::{
    cell::Cell,
    future::Future,
    pin::Pin,
    ptr,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};

use tokio::time::Sleep;

/// The address of a waker's data, and that of its table of functions.
///
/// The second one is a distance to a static of this library. It takes half the room of an address,
/// and the user's future has that room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WakerId {
    pub(super) data: u64,
    pub(super) functions: FunctionsId,
}

/// The distance in bytes, or [`UNKNOWN`](Self::UNKNOWN).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FunctionsId(i32);

impl FunctionsId {
    /// Stands for a table that is too far away. No table has the distance zero.
    pub(super) const UNKNOWN: Self = Self(0);
}

/// The static from which the distances are counted.
static ORIGIN: u8 = 0;

impl WakerId {
    #[inline]
    pub(super) fn of(waker: &Waker) -> Self {
        let functions = ptr::from_ref(waker.vtable()).addr();
        let distance = functions.wrapping_sub((&raw const ORIGIN).addr());
        #[expect(clippy::cast_possible_wrap, reason = "a distance has a sign")]
        let distance = i32::try_from(distance as isize);
        Self {
            data: waker.data().addr() as u64,
            functions: distance.map_or(FunctionsId::UNKNOWN, FunctionsId),
        }
    }

    #[inline]
    pub(super) fn parts(self) -> (u64, FunctionsId) {
        (self.data, self.functions)
    }

    /// True if no other waker can have these numbers at the same time.
    pub(super) fn is_exact(self) -> bool {
        self.functions != FunctionsId::UNKNOWN
    }
}

/// The answer of [`poll`].
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Polled {
    Expired,
    /// The timer holds the waker and wakes it when it fires.
    Held,
    /// The timer may have taken no waker. If so, it has woken the task.
    Pending,
}

/// Polls the timer twice, and tells if it holds the waker of `cx` for certain.
///
/// The first waker is a [`Probe`]. If the timer drops that while it is polled with the second one,
/// it has taken both. It takes none if the budget is spent, and a poll that is pending spends no
/// budget. If the timer fires between the two polls, the second one is ready, so nothing is lost
/// with the probe.
pub(super) fn poll(timer: Pin<&mut Sleep>, cx: &mut Context<'_>) -> Polled {
    let kept = PROBE.try_with(Cell::take).ok().flatten();
    let probe = kept.unwrap_or_else(|| Arc::new(Probe));
    let polled = poll_with(&probe, timer, cx);
    if Arc::strong_count(&probe) == 1 {
        // A thread that ends keeps none.
        let _ = PROBE.try_with(|kept| kept.set(Some(probe)));
    }
    polled
}

fn poll_with(probe: &Arc<Probe>, mut timer: Pin<&mut Sleep>, cx: &mut Context<'_>) -> Polled {
    let is_taken = {
        let waker = Waker::from(Arc::clone(probe));
        if timer
            .as_mut()
            .poll(&mut Context::from_waker(&waker))
            .is_ready()
        {
            return Polled::Expired;
        }
        Arc::strong_count(probe) > 2
    };
    let waker = cx.waker();
    let is_kept_alive = WakerId::of(&waker.clone()) == WakerId::of(waker);
    match timer.poll(cx) {
        Poll::Ready(()) => Polled::Expired,
        Poll::Pending if is_taken && is_kept_alive && Arc::strong_count(probe) == 1 => Polled::Held,
        Poll::Pending => Polled::Pending,
    }
}

thread_local! {
    /// The probe of the thread, of which nobody else has a clone. A timer may have kept a clone of
    /// the last one, and then there is a new one.
    static PROBE: Cell<Option<Arc<Probe>>> = const { Cell::new(None) };
}

/// A waker that wakes nobody. Its clones are counted.
struct Probe;

impl Wake for Probe {
    fn wake(self: Arc<Self>) {}
    fn wake_by_ref(self: &Arc<Self>) {}
}

#[cfg(test)]
mod tests {
    use std::{
        future::poll_fn,
        pin::pin,
        task::{RawWaker, RawWakerVTable},
        time::Duration,
    };

    use tokio::time::{advance, sleep};

    use super::*;

    const LIMIT: Duration = Duration::from_secs(5);

    struct Nobody;

    impl Wake for Nobody {
        fn wake(self: Arc<Self>) {}
    }

    #[test]
    fn a_waker_is_told_from_the_others_by_its_data_and_its_functions() {
        let first = Waker::from(Arc::new(Nobody));
        let second = Waker::from(Arc::new(Nobody));
        let id = WakerId::of(&first);
        assert!(id.is_exact());
        assert_eq!(WakerId::of(&first.clone()), id);
        assert_ne!(WakerId::of(&second), id);
    }

    #[tokio::test(start_paused = true)]
    async fn a_timer_holds_the_waker_unless_the_budget_is_spent() {
        let waker = Arc::new(Nobody);
        let mut timer = pin!(sleep(LIMIT));
        let polled = poll_fn(|_| {
            let waker = Waker::from(Arc::clone(&waker));
            Poll::Ready(poll(timer.as_mut(), &mut Context::from_waker(&waker)))
        });
        assert_eq!(polled.await, Polled::Held);
        assert_eq!(Arc::strong_count(&waker), 2);
        let polled = poll_fn(|cx| {
            while pin!(tokio::task::consume_budget()).poll(cx).is_ready() {}
            Poll::Ready(poll(timer.as_mut(), cx))
        });
        assert_eq!(polled.await, Polled::Pending);
        assert_eq!(Arc::strong_count(&waker), 2);
        advance(LIMIT).await;
        assert_eq!(Arc::strong_count(&waker), 1);
        let polled = poll_fn(|cx| Poll::Ready(poll(timer.as_mut(), cx)));
        assert_eq!(polled.await, Polled::Expired);
    }

    /// The data of such a waker may lie on the stack, where that of another waker lies later.
    #[tokio::test(start_paused = true)]
    async fn a_waker_whose_clones_have_other_data_is_not_held() {
        static TABLE: RawWakerVTable = RawWakerVTable::new(
            |data| RawWaker::new(data.wrapping_byte_add(1), &TABLE),
            |_| {},
            |_| {},
            |_| {},
        );
        // SAFETY: no function touches the data.
        #[expect(unsafe_code, reason = "no safe waker clones itself in that way")]
        let waker = unsafe { Waker::new(ptr::null(), &TABLE) };
        let mut timer = pin!(sleep(LIMIT));
        let mut cx = Context::from_waker(&waker);
        assert_eq!(poll(timer.as_mut(), &mut cx), Polled::Pending);
        assert_eq!(poll(timer.as_mut(), &mut cx), Polled::Pending);
    }

    #[tokio::test(start_paused = true)]
    async fn a_timer_that_was_never_polled_with_budget_holds_no_waker() {
        let mut timer = pin!(sleep(LIMIT));
        let polled = poll_fn(|cx| {
            while pin!(tokio::task::consume_budget()).poll(cx).is_ready() {}
            Poll::Ready([poll(timer.as_mut(), cx), poll(timer.as_mut(), cx)])
        });
        assert_eq!(polled.await, [Polled::Pending, Polled::Pending]);
    }
}
