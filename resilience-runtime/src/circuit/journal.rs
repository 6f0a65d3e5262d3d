//! The changes of a circuit's state in their order, and those who are told of them: listeners and
//! waiting futures. The driver keeps the journal under the lock of the machine.

use std::{collections::VecDeque, mem, sync::Arc, time::Duration};

use super::{
    change::Entry,
    history::{KEPT, PastChange},
    listener::Listeners,
    transition::CircuitState,
    waiters::Waiters,
};
use crate::{clock, reports::ReportLimit, sync::Condvar};

/// The most changes that wait to be told. A thread that tells them may be held up for tenths of a
/// second, in which others make thousands. So many wait only if a listener blocks, or if several
/// threads change the circuit without a pause. Their memory must not grow without an end: they take
/// 16 MB.
const MOST_UNTOLD: usize = if cfg!(test) { 100 } else { 1 << 16 };

/// A change that is in the journal and still has to be completed. It is the generation that the
/// change began, so that it fits one register.
#[derive(Clone, Copy, Debug)]
#[must_use = "a change that is not announced holds up the changes behind it"]
pub(super) struct Changed(u32);

/// The answer to a future that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waited {
    /// The circuit came to the state.
    Arrived(CircuitState),
    /// The future is woken when a change comes. The circuit reads the state by itself after this
    /// time, if no change comes.
    Waiting { reads_in: Option<Duration> },
}

/// The changes, and those who are told of them.
#[derive(Debug, Default)]
pub(super) struct Journal {
    pub(super) listeners: Listeners,
    /// The latest changes, the oldest first.
    history: VecDeque<PastChange>,
    /// The latest opening.
    opening: Option<Opening>,
    /// The changes that are still to be told, the oldest first.
    untold: VecDeque<Untold>,
    telling: Telling,
    /// The changes that were not told, because too many waited, since the last report of them.
    lost: u64,
    lost_reports: ReportLimit,
    pub(super) waiters: Waiters,
}

/// An opening, and the text of its error. It is the generation that it began.
#[derive(Debug)]
struct Opening {
    generation: u32,
    last_error: Option<Arc<str>>,
}

/// The thread that tells the changes, and that will tell those that are added meanwhile, too.
#[derive(Debug, Default)]
enum Telling {
    #[default]
    Nobody,
    One,
    /// One thread has told its share. It waits for another one that goes on, and on this condition.
    Offered(Relief),
}

/// The thread that waits here is woken when another one tells the changes in its place.
pub(super) type Relief = Arc<Condvar>;

#[derive(Debug)]
struct Untold {
    entry: Entry,
    /// The thread that made the change has added the text of the error.
    is_complete: bool,
}

impl Journal {
    /// Adds a change behind the others. It is told after [`complete`](Self::complete).
    pub(super) fn add(&mut self, mut entry: Entry) -> Changed {
        let generation = entry.generation;
        if entry.opens() {
            self.opening = Some(Opening {
                generation,
                last_error: None,
            });
        } else if entry.to == CircuitState::Open {
            entry.last_error = self.last_error();
        }
        if !entry.is_computed {
            self.keep(&entry);
        }
        if self.untold.len() >= MOST_UNTOLD {
            self.lose_oldest();
        }
        self.untold.push_back(Untold {
            entry,
            is_complete: false,
        });
        Changed(generation)
    }

    /// Takes out the oldest change that is complete, because the present state matters more to
    /// those who are told. The others are about to be completed, each by a thread of its own.
    fn lose_oldest(&mut self) {
        let oldest = self.untold.iter().position(|untold| untold.is_complete);
        if oldest.and_then(|at| self.untold.remove(at)).is_some() {
            self.lost += 1;
        }
    }

    /// The changes that were not told since the last report, if a report is due.
    pub(super) fn lost_to_report(&mut self) -> Option<u64> {
        if self.lost == 0 {
            return None;
        }
        self.lost_reports.due(clock::now())?;
        Some(mem::take(&mut self.lost))
    }

    /// Keeps a change for the history and for the futures that wait for it.
    fn keep(&mut self, entry: &Entry) {
        self.waiters.arrive(entry.to);
        if self.history.len() == KEPT {
            self.history.pop_front();
        }
        self.history.push_back(PastChange::new(entry));
    }

    /// Adds the error to the change, so that the change can be told, and returns it.
    pub(super) fn complete(
        &mut self,
        Changed(generation): Changed,
        last_error: Option<&Arc<str>>,
    ) -> Option<Entry> {
        if let Some(opening) = self
            .opening
            .as_mut()
            .filter(|it| it.generation == generation)
        {
            opening.last_error = last_error.cloned();
        }
        // The queue is long if the thread that tells is slow, and the change is near its end.
        let mut newest_first = self.untold.iter_mut().rev();
        let is_it = |untold: &&mut Untold| untold.entry.generation == generation;
        let Untold { entry, is_complete } = newest_first.find(is_it)?;
        entry.add_error(last_error);
        *is_complete = true;
        // The change may have left the history already, if many others followed.
        let mut latest_first = self.history.iter_mut().rev();
        if let Some(kept) = latest_first.find(|change| change.generation == generation) {
            kept.last_error.clone_from(&entry.last_error);
        }
        Some(entry.clone())
    }

    /// Makes the caller the one that tells the changes, unless another thread tells them. A thread
    /// that has told its share is relieved.
    pub(super) fn begin_telling(&mut self) -> bool {
        match mem::replace(&mut self.telling, Telling::One) {
            Telling::Nobody => true,
            Telling::One => false,
            Telling::Offered(relief) => {
                relief.notify_one();
                true
            }
        }
    }

    /// The next change to tell. After `None` the caller is no longer the one that tells them. A
    /// change that is not complete holds up those behind it, and the thread that completes it tells
    /// them.
    pub(super) fn next_to_tell(&mut self) -> Option<Entry> {
        if !self.is_one_due() {
            self.telling = Telling::Nobody;
            return None;
        }
        let next = self.untold.pop_front()?;
        if self.untold.is_empty() {
            // The room is given back, because a circuit seldom changes its state.
            self.untold = VecDeque::new();
        }
        Some(next.entry)
    }

    fn is_one_due(&self) -> bool {
        self.untold.front().is_some_and(|next| next.is_complete)
    }

    /// Offers the rest of the changes to any other thread that changes the circuit. `None` if there
    /// is no rest; then the caller is no longer the one that tells them.
    pub(super) fn offer_rest(&mut self) -> Option<Relief> {
        let relief = self.is_one_due().then(Relief::default);
        self.telling = match &relief {
            Some(relief) => Telling::Offered(Arc::clone(relief)),
            None => Telling::Nobody,
        };
        relief
    }

    /// True if no other thread has taken the offer.
    pub(super) fn is_offered(&self, to: &Relief) -> bool {
        matches!(&self.telling, Telling::Offered(relief) if Arc::ptr_eq(relief, to))
    }

    /// Takes the offer back, unless another thread has taken it. Returns true if the caller is the
    /// one that tells the changes again.
    pub(super) fn take_back(&mut self, offer: &Relief) -> bool {
        let is_offered = self.is_offered(offer);
        if is_offered {
            self.telling = Telling::One;
        }
        is_offered
    }

    /// True if somebody is to be told of changes that still come.
    pub(super) fn has_followers(&self) -> bool {
        !(self.listeners.is_empty() && self.waiters.is_empty())
    }

    /// The latest changes, the oldest first.
    pub(super) fn history(&self) -> impl Iterator<Item = &PastChange> {
        self.history.iter()
    }

    /// The text of the error that opened the circuit last; `None` if no error did.
    pub(super) fn last_error(&self) -> Option<Arc<str>> {
        self.opening.as_ref()?.last_error.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::circuit::transition::TransitionReason;

    fn entry(generation: u32, to: CircuitState) -> Entry {
        Entry {
            at: SystemTime::UNIX_EPOCH,
            generation,
            from: CircuitState::Closed,
            to,
            was_isolated: false,
            isolated: false,
            is_computed: false,
            reason: TransitionReason::Failures,
            failures: 0,
            failure_rate: None,
            retry_after: None,
            last_error: None,
            command: None,
            tells_command: false,
        }
    }

    fn opening(generation: u32) -> Entry {
        entry(generation, CircuitState::Open)
    }

    fn told(journal: &mut Journal) -> Vec<u32> {
        assert!(journal.begin_telling());
        let mut told = Vec::new();
        while let Some(entry) = journal.next_to_tell() {
            told.push(entry.generation);
        }
        told
    }

    #[test]
    fn changes_are_told_in_the_order_in_which_they_were_made() {
        let mut journal = Journal::default();
        let [one, two, four] = [1, 2, 4].map(|generation| journal.add(opening(generation)));
        journal.complete(two, None);
        assert_eq!(
            told(&mut journal),
            [0_u32; 0],
            "the first holds up the others"
        );
        journal.complete(one, Some(&"down".into()));
        assert_eq!(told(&mut journal), [1, 2]);
        journal.complete(four, None);
        assert_eq!(told(&mut journal), [4]);
        assert_eq!(told(&mut journal), [0_u32; 0]);
    }

    #[test]
    fn one_thread_at_a_time_tells_and_takes_those_that_come_meanwhile() {
        let mut journal = Journal::default();
        let first = journal.add(opening(1));
        journal.complete(first, None);
        assert!(journal.begin_telling());
        assert_eq!(
            journal.next_to_tell().map(|entry| entry.generation),
            Some(1)
        );
        let second = journal.add(opening(2));
        journal.complete(second, None);
        assert!(!journal.begin_telling());
        assert_eq!(
            journal.next_to_tell().map(|entry| entry.generation),
            Some(2)
        );
        assert!(journal.next_to_tell().is_none());
        assert!(journal.begin_telling());
    }

    #[test]
    fn a_thread_that_has_told_its_share_is_relieved_by_one_that_comes() {
        let mut journal = Journal::default();
        for generation in 1..=3 {
            let changed = journal.add(opening(generation));
            journal.complete(changed, None);
        }
        assert!(journal.begin_telling() && journal.next_to_tell().is_some());
        let offer = journal.offer_rest().expect("two are left");
        assert!(journal.is_offered(&offer) && journal.take_back(&offer));
        assert!(!journal.begin_telling(), "nobody came, so it goes on");

        let offer = journal.offer_rest().expect("two are left");
        assert_eq!(told(&mut journal), [2, 3], "another one tells the rest");
        assert!(!journal.is_offered(&offer) && !journal.take_back(&offer));
        assert!(journal.offer_rest().is_none(), "nothing is left");
        assert!(journal.begin_telling());
    }

    #[test]
    fn of_too_many_changes_the_oldest_that_is_complete_is_lost() {
        let mut journal = Journal::default();
        let held_up = journal.add(opening(1));
        let last = u32::try_from(MOST_UNTOLD + 2).expect("it is small in tests");
        for generation in 2..=last {
            let changed = journal.add(opening(generation));
            assert!(journal.complete(changed, None).is_some());
        }
        assert_eq!(journal.untold.len(), MOST_UNTOLD);
        assert_eq!(journal.lost_to_report(), Some(2));
        assert!(journal.complete(held_up, None).is_some(), "it is there");
        let expected: Vec<_> = (1..=last)
            .filter(|generation| ![2, 3].contains(generation))
            .collect();
        assert_eq!(told(&mut journal), expected);
        assert_eq!(journal.lost_to_report(), None);
    }

    #[test]
    fn the_changes_that_wait_take_16_megabytes_at_most() {
        assert!(
            size_of::<Untold>() * (1 << 16) <= 16 << 20,
            "{}",
            size_of::<Untold>()
        );
    }

    #[test]
    fn the_error_of_a_change_is_in_the_history_and_in_what_is_told() {
        let mut journal = Journal::default();
        let changed = journal.add(opening(1));
        let completed = journal
            .complete(changed, Some(&"down".into()))
            .expect("it is there");
        assert_eq!(completed.last_error.as_deref(), Some("down"));
        let kept: Vec<_> = journal
            .history()
            .map(|entry| entry.last_error.as_deref())
            .collect();
        assert_eq!(kept, [Some("down")]);
        let _ = journal.add(entry(2, CircuitState::HalfOpen));
        assert_eq!(journal.last_error().as_deref(), Some("down"));
        let _ = journal.add(opening(3));
        assert_eq!(journal.last_error(), None, "no error made the latest one");
    }

    #[test]
    fn the_history_keeps_the_latest_32() {
        let mut journal = Journal::default();
        for generation in 1..=40 {
            let changed = journal.add(opening(generation));
            journal.complete(changed, None);
        }
        let kept: Vec<_> = journal.history().map(|entry| entry.generation).collect();
        assert_eq!(kept, (9..=40).collect::<Vec<_>>());
        assert_eq!(told(&mut journal), (1..=40).collect::<Vec<_>>());
    }
}
