//! Decides which circuit of a full family makes room for a new key. The decision is pure: it is
//! given the time and the state of the circuits.

use std::{cmp::Reverse, collections::BinaryHeap};

/// The state of one circuit, as far as the decision needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// A call is under way, or a permit is out.
    pub(crate) is_in_use: bool,
    /// The moment at which its last call ended.
    pub(crate) idle_since: u64,
    /// The moment from which it decides as a new circuit does. `None` if only a call or a command
    /// can bring that about.
    pub(crate) fresh_at: Option<u64>,
}

/// The answer about one circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Evictable {
        idle_since: u64,
    },
    /// No earlier than at this moment, unless a command comes.
    NotBefore(u64),
}

impl Standing {
    /// A circuit may be forgotten if it equals a new one and has been idle for `idle`.
    pub(crate) fn judge(self, idle: u64, now: u64) -> Verdict {
        let after_a_call = now.saturating_add(idle);
        let earliest = match self.fresh_at {
            _ if self.is_in_use => after_a_call,
            None => after_a_call,
            Some(fresh_at) => fresh_at.max(self.idle_since.saturating_add(idle)),
        };
        if !self.is_in_use && self.fresh_at.is_some() && earliest <= now {
            Verdict::Evictable {
                idle_since: self.idle_since,
            }
        } else {
            Verdict::NotBefore(earliest)
        }
    }
}

/// The circuits of a family in the order in which they may be forgotten.
///
/// Each circuit is in one of the two heaps. An entry is a lower bound: a call moves its circuit
/// back, and the entry is corrected when it comes to the top. An eviction therefore looks at few
/// circuits, however many there are, and a call touches no list.
#[derive(Debug, Default)]
pub(crate) struct EvictionQueue {
    /// Circuits that are not evictable before a moment.
    waiting: BinaryHeap<Reverse<(u64, u32)>>,
    /// Circuits that were evictable when they were judged, by the end of their last call.
    ready: BinaryHeap<Reverse<(u64, u32)>>,
}

impl EvictionQueue {
    /// Adds a circuit that is not evictable before a moment.
    pub(crate) fn add(&mut self, id: u32, not_before: u64) {
        self.waiting.push(Reverse((not_before, id)));
    }

    /// Takes out the circuit that has been idle the longest among those that are evictable.
    pub(crate) fn take(&mut self, now: u64, judge: impl Fn(u32) -> Verdict) -> Option<u32> {
        while let Some(&Reverse((not_before, id))) = self.waiting.peek() {
            if not_before > now {
                break;
            }
            self.waiting.pop();
            self.put(id, judge(id), now);
        }
        while let Some(Reverse((idle_since, id))) = self.ready.pop() {
            let verdict = judge(id);
            if verdict == (Verdict::Evictable { idle_since }) {
                return Some(id);
            }
            self.put(id, verdict, now);
        }
        None
    }

    fn put(&mut self, id: u32, verdict: Verdict, now: u64) {
        match verdict {
            Verdict::Evictable { idle_since } => self.ready.push(Reverse((idle_since, id))),
            // A moment that has passed would bring the circuit up again at once.
            Verdict::NotBefore(moment) => self.add(id, moment.max(now.saturating_add(1))),
        }
    }

    /// Forgets the bounds, because a command may have made any circuit evictable.
    pub(crate) fn judge_anew(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        self.waiting = waiting
            .into_iter()
            .map(|Reverse((_, id))| Reverse((0, id)))
            .collect();
    }
}
