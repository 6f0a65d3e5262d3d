//! The limit of a call that runs: its deadline and its timer.

use std::{future::Future, pin::Pin, task::Context, time::Duration};

use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep_until};

use super::{
    call_limit::CallLimit,
    config::TimeoutConfig,
    error::{Cause, TimedOut},
    held_waker::{self, FunctionsId, Polled, WakerId},
};
use crate::clock::{self, NEVER, create_timer};
use crate::deadline::{Entered, Frame};

pin_project! {
    #[derive(Debug)]
    pub(super) struct Progress {
        phase: Phase,
        // The number of polls since the clock was read.
        polls: u8,
        // True if a deadline around the call leaves less time than the configuration does.
        is_inherited: bool,
        // The functions of the waker whose data lies beside the timer.
        waker_functions: FunctionsId,
        // The deadline of the body. If it is inherited, this is the moment of the first poll until
        // that poll ends, because the frame around the call has the deadline then.
        moment: u64,
        // `None` before the body has been pending, and for a limit without end.
        #[pin]
        timer: Option<Timer>,
    }
}

pin_project! {
    #[derive(Debug)]
    struct Timer {
        // The data of the waker with which the timer was polled. If the deadline is inherited, the
        // moment of the first poll, because the user's future is smaller without two places.
        word: u64,
        #[pin]
        sleep: Sleep,
    }
}

impl Progress {
    // Neighbouring bytes differ, because LLVM would make one `memset` of equal ones, and then copy
    // that together with bytes that are not written: 3 ns of a first poll, because the processor
    // waits for a store that a load covers in part.
    #[inline]
    pub(super) const fn unpolled() -> Self {
        Self {
            phase: Phase::Unpolled,
            polls: 0,
            is_inherited: false,
            waker_functions: FunctionsId::UNKNOWN,
            moment: NEVER,
            timer: None,
        }
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase
    }

    /// Enters the frame that a poll of the body runs in. `None` means that the call has ended, and
    /// [`error`](Self::error) tells why.
    // The functions are out of line, because they are the same for all bodies.
    #[inline(never)]
    pub(super) fn enter(self: Pin<&mut Self>, config: &TimeoutConfig) -> Option<Entered> {
        if self.phase != Phase::Unpolled {
            return Some(Frame::enter_dropped_at(self.moment));
        }
        if let Some((entered, deadline)) = Frame::enter_dropped_after(config.get_limit()) {
            *self.project().moment = deadline;
            return Some(entered);
        }
        self.enter_seldom(config)
    }

    #[cold]
    #[inline(never)]
    fn enter_seldom(mut self: Pin<&mut Self>, config: &TimeoutConfig) -> Option<Entered> {
        self.as_mut().begin(config)?;
        Some(Frame::enter_dropped_at(self.deadline()))
    }

    /// Begins the call. `None` means that no time is left.
    fn begin(self: Pin<&mut Self>, config: &TimeoutConfig) -> Option<()> {
        let this = self.project();
        if config.is_disabled() {
            return Some(());
        }
        let (now, outer) = (Frame::clock_now(), Frame::current().unenforced_deadline());
        if outer != NEVER {
            match CallLimit::of(config, now, outer) {
                limit if limit.has_passed() => {
                    *this.phase = Phase::NotBegun;
                    return None;
                }
                CallLimit::Inherited { .. } => {
                    *this.is_inherited = true;
                    *this.moment = now;
                    return Some(());
                }
                CallLimit::Own => {}
            }
        }
        *this.moment = now.saturating_add(clock::nanos(config.get_limit()));
        Some(())
    }

    /// Returns the deadline of a body in its first poll, outside of the body's frame.
    fn deadline(&self) -> u64 {
        if self.is_inherited {
            Frame::current().unenforced_deadline()
        } else {
            self.moment
        }
    }

    /// Looks at the timer after a body that is pending, and returns true if the limit is reached.
    #[inline(never)]
    pub(super) fn has_expired(
        self: Pin<&mut Self>,
        config: &TimeoutConfig,
        cx: &mut Context<'_>,
    ) -> bool {
        // `held_waker` says why the timer need not be polled then.
        if let (Phase::Held, Some(timer)) = (self.phase, &self.timer) {
            let is_same = (timer.word, self.waker_functions) == WakerId::of(cx.waker()).parts();
            if is_same && !timer.sleep.is_elapsed() {
                self.count_poll();
                return false;
            }
        }
        self.poll_timer(config, cx)
    }

    /// Polls the timer after a body that is pending, and returns true if the limit is reached.
    #[inline(never)]
    fn poll_timer(mut self: Pin<&mut Self>, config: &TimeoutConfig, cx: &mut Context<'_>) -> bool {
        let this = self.as_mut().project();
        if matches!(this.phase, Phase::Unpolled | Phase::Late) {
            return self.has_expired_seldom(config, cx);
        }
        let Some(timer) = this.timer.as_pin_mut() else {
            return false;
        };
        let timer = timer.project();
        let waker = WakerId::of(cx.waker());
        let is_ready = if *this.phase == Phase::Inheriting {
            timer.sleep.poll(cx).is_ready()
        } else if waker.is_exact() && (*timer.word, *this.waker_functions) == waker.parts() {
            let polled = held_waker::poll(timer.sleep, cx);
            *this.phase = if polled == Polled::Held {
                Phase::Held
            } else {
                Phase::Waiting
            };
            polled == Polled::Expired
        } else {
            // Only a waker that comes again is worth a second poll.
            (*timer.word, *this.waker_functions) = waker.parts();
            *this.phase = Phase::Waiting;
            timer.sleep.poll(cx).is_ready()
        };
        if is_ready {
            return true;
        }
        self.as_mut().count_poll();
        if self.is_elapsed() {
            self.look_at_clock();
        }
        false
    }

    /// A timer is also pending when the task's cooperative budget is spent, and a body that spends
    /// the budget in every poll would never be timed out. `tokio::time::timeout` polls its timer
    /// outside of the budget, but the means for it are private to tokio's feature `rt`.
    /// `is_elapsed` needs no budget; it stays false for a timer that has never had budget in any
    /// poll, because such a timer is not registered. For that timer the coarse clock is read in one
    /// of sixteen polls.
    #[inline]
    fn count_poll(mut self: Pin<&mut Self>) {
        let polls = self.as_mut().project().polls;
        *polls += 1;
        if *polls == POLLS_PER_CLOCK_READING {
            self.look_at_clock();
        }
    }

    #[inline]
    fn is_elapsed(&self) -> bool {
        let timer = self.timer.as_ref();
        timer.is_some_and(|timer| timer.sleep.is_elapsed())
    }

    /// The end of the first poll, and of the last one. The timer is created here, because a body
    /// that is done at once needs none.
    #[cold]
    #[inline(never)]
    fn has_expired_seldom(
        mut self: Pin<&mut Self>,
        config: &TimeoutConfig,
        cx: &mut Context<'_>,
    ) -> bool {
        if self.phase != Phase::Unpolled || config.get_limit().is_zero() {
            return true;
        }
        let deadline = self.deadline();
        let mut this = self.as_mut().project();
        let (data, functions) = WakerId::of(cx.waker()).parts();
        let word = if *this.is_inherited {
            *this.moment
        } else {
            data
        };
        set_timer(this.timer.as_mut(), deadline, word, config);
        *this.moment = deadline;
        *this.waker_functions = functions;
        *this.phase = if *this.is_inherited {
            Phase::Inheriting
        } else {
            Phase::Waiting
        };
        let Some(timer) = this.timer.as_pin_mut() else {
            return false;
        };
        if timer.project().sleep.poll(cx).is_ready() {
            return true;
        }
        if self.is_elapsed() {
            *self.project().phase = Phase::Late;
        }
        false
    }

    /// Notes if the deadline has passed. The body may have been refused the budget as well although
    /// its result is ready, so it gets one more poll. The timer wakes the task for that poll: at
    /// once if the budget is spent, and otherwise at its next tick.
    #[cold]
    #[inline(never)]
    fn look_at_clock(self: Pin<&mut Self>) {
        let is_late = self.is_elapsed() || self.moment <= clock::coarse_now();
        let this = self.project();
        *this.polls = 0;
        if is_late {
            *this.phase = Phase::Late;
        }
    }

    /// Returns the error of a call that has ended.
    #[cold]
    pub(super) fn error(&self, config: &TimeoutConfig) -> TimedOut {
        if self.phase == Phase::NotBegun {
            let left = Duration::ZERO;
            return CallLimit::Inherited { left }.error(config, Cause::NotBegun);
        }
        // A call under an inherited deadline has begun, so its first poll has made the timer.
        let limit = match &self.timer {
            Some(timer) if self.is_inherited => {
                let left = clock::remaining(self.moment, timer.word);
                CallLimit::Inherited {
                    left: clock::span(left),
                }
            }
            _ => CallLimit::Own,
        };
        limit.error(config, Cause::Expired)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Unpolled = 1,
    /// The deadline around the call had passed before it began.
    NotBegun,
    /// The body has been pending.
    Waiting,
    /// The same, and the timer holds the waker.
    Held,
    /// The body has been pending, under an inherited deadline.
    Inheriting,
    /// The deadline has passed, and the body gets one more poll.
    Late,
}

/// The clock is read once in so many polls, because a reading costs as much as the rest of a poll.
pub(super) const POLLS_PER_CLOCK_READING: u8 = 16;

// A deadline that never comes gets no timer.
#[inline(never)]
fn set_timer(mut timer: Pin<&mut Option<Timer>>, deadline: u64, word: u64, config: &TimeoutConfig) {
    let at = (deadline != NEVER).then(|| clock::instant(deadline));
    timer.set(at.map(|at| Timer {
        word,
        sleep: create_timer(config.get_operation(), || sleep_until(at)),
    }));
}

#[cfg(test)]
mod tests {
    use std::{
        future::{pending, poll_fn},
        iter,
        pin::pin,
        sync::{
            Arc,
            atomic::{AtomicBool, Ordering},
        },
        task::{Poll, Wake, Waker},
    };

    use tokio::{
        task::{consume_budget, yield_now},
        time::{Instant, advance},
    };

    use super::{super::limited::Limited, *};

    const LIMIT: Duration = Duration::from_secs(5);
    const TICK: Duration = Duration::from_millis(1);

    fn endless() -> Limited<impl Future<Output = ()>, TimeoutConfig> {
        Limited::new(TimeoutConfig::new(LIMIT), pending())
    }

    /// A task that somebody else polls.
    #[derive(Default)]
    struct Task {
        is_woken: AtomicBool,
    }

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            self.is_woken.store(true, Ordering::Relaxed);
        }
    }

    impl Task {
        fn poll<F: Future>(self: &Arc<Self>, future: Pin<&mut F>) -> Poll<F::Output> {
            self.is_woken.store(false, Ordering::Relaxed);
            let waker = Waker::from(Arc::clone(self));
            future.poll(&mut Context::from_waker(&waker))
        }

        /// Polls the future in a task whose budget is spent.
        async fn poll_without_budget<F: Future>(
            self: &Arc<Self>,
            mut future: Pin<&mut F>,
        ) -> Poll<F::Output> {
            poll_fn(|cx| {
                while pin!(consume_budget()).poll(cx).is_ready() {}
                Poll::Ready(self.poll(future.as_mut()))
            })
            .await
        }

        fn was_woken(&self) -> bool {
            self.is_woken.load(Ordering::Relaxed)
        }

        /// The wakers of the task that somebody holds.
        fn held(self: &Arc<Self>) -> usize {
            Arc::strong_count(self) - 1
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_waker_that_comes_again_is_not_taken_again_and_is_woken_at_the_limit() {
        let task = Arc::new(Task::default());
        let mut call = pin!(endless());
        for polls in 0..100 {
            assert!(task.poll(call.as_mut()).is_pending());
            let expected = if polls < 1 {
                Phase::Waiting
            } else {
                Phase::Held
            };
            let shown = format!("{:?}", &*call);
            assert!(shown.contains(&format!("{expected:?}")), "{polls}: {shown}");
        }
        assert_eq!(task.held(), 1);
        advance(LIMIT.saturating_sub(TICK)).await;
        assert!(task.poll(call.as_mut()).is_pending());
        assert!(!task.was_woken());
        advance(TICK).await;
        assert!(task.was_woken());
        assert!(task.poll(call.as_mut()).is_ready());
    }

    #[tokio::test(start_paused = true)]
    async fn of_wakers_that_change_at_each_poll_the_last_one_is_woken() {
        let tasks: Vec<_> = iter::repeat_with(|| Arc::new(Task::default()))
            .take(3)
            .collect();
        let mut call = pin!(endless());
        for task in tasks.iter().cycle().take(100) {
            assert!(task.poll(call.as_mut()).is_pending());
            assert_eq!(task.held(), 1);
        }
        advance(LIMIT).await;
        let woken: Vec<_> = tasks.iter().map(|task| task.was_woken()).collect();
        assert_eq!(woken, [true, false, false]);
    }

    /// The task is gone and another one lies in its place, so that their wakers are equal.
    fn reborn(task: Arc<Task>) -> Option<Arc<Task>> {
        let place = Arc::as_ptr(&task);
        assert_eq!(task.held(), 0);
        drop(task);
        let mut others = Vec::new();
        (0..1_000).find_map(|_| {
            let other = Arc::new(Task::default());
            let is_in_place = Arc::as_ptr(&other) == place;
            others.push(Arc::clone(&other));
            is_in_place.then_some(other)
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_waker_at_the_address_of_an_earlier_one_is_woken() {
        // The timer has never held the earlier waker, or it holds another one since.
        for was_held in [false, true] {
            let earlier = Arc::new(Task::default());
            let mut call = pin!(endless());
            if was_held {
                for _ in 0..3 {
                    assert!(earlier.poll(call.as_mut()).is_pending());
                }
                let other = Arc::new(Task::default());
                assert!(other.poll(call.as_mut()).is_pending());
            } else {
                let polled = earlier.poll_without_budget(call.as_mut());
                assert!(polled.await.is_pending());
                yield_now().await;
            }
            // An allocator that does not give the place away again leaves nothing to test.
            let Some(later) = reborn(earlier) else {
                continue;
            };
            for _ in 0..2 {
                assert!(later.poll(call.as_mut()).is_pending());
            }
            advance(LIMIT).await;
            assert!(later.was_woken());
        }
    }

    // An executor polls a future when its waker was woken, so that a poll that is pending has to
    // leave behind a waker that somebody wakes.
    #[tokio::test(start_paused = true)]
    async fn after_each_order_of_wakers_and_budgets_the_last_waker_is_woken_at_the_limit() {
        const POLLS: u32 = 5;
        let tasks = [(), ()].map(|()| Arc::new(Task::default()));
        for order in 0..4_usize.pow(POLLS) {
            let steps: Vec<_> = (0..POLLS)
                .map(|step| order / 4_usize.pow(step) % 4)
                .collect();
            let mut call = pin!(endless());
            let start = Instant::now();
            for step in &steps {
                let task = &tasks[step / 2];
                let polled = if step % 2 == 0 {
                    task.poll(call.as_mut())
                } else {
                    task.poll_without_budget(call.as_mut()).await
                };
                assert!(polled.is_pending());
                yield_now().await;
            }
            let last = &tasks[steps.last().expect("there were polls") / 2];
            if last.was_woken() {
                assert!(last.poll(call.as_mut()).is_pending());
            }
            assert!(!last.was_woken());
            advance(LIMIT).await;
            assert!(last.was_woken(), "{order:b}");
            assert!(last.poll(call).is_ready());
            assert_eq!(start.elapsed(), LIMIT);
        }
    }
}
