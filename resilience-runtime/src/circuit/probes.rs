//! The slots of a half-open circuit.

use std::collections::{BTreeMap, BTreeSet};

use super::admission::TICKETS;

/// The calls that run as probes. Each has the moment of its admission, so that a call that never
/// ends cannot keep its slot.
#[derive(Debug, Default)]
pub(super) struct Probes {
    slots: Slots<u32>,
    next: u32,
    streak: u32,
}

impl Probes {
    /// Takes a slot and returns its ticket, if one is free or was held for at least `lease`.
    pub(super) fn admit(&mut self, now: u64, limit: u32, lease: u64) -> Option<u32> {
        if self.admits_at(limit, lease) > now {
            return None;
        }
        if self.is_full(limit) {
            self.slots.remove_oldest();
        }
        let ticket = self.next;
        self.next = (self.next + 1) % TICKETS;
        self.slots.insert(ticket, now);
        Some(ticket)
    }

    /// Counts one more success in a row and returns how many they are. The first failure ends
    /// probing, and the row with it.
    pub(super) fn succeed(&mut self) -> u32 {
        self.streak = self.streak.saturating_add(1);
        self.streak
    }

    /// Frees the slot of that ticket. A slot that was reclaimed already belongs to another call.
    pub(super) fn give_back(&mut self, ticket: u32) {
        self.slots.remove(ticket);
    }

    /// A probe is admitted at this moment at the latest: 0 while a slot is free.
    pub(super) fn admits_at(&self, limit: u32, lease: u64) -> u64 {
        match self.slots.oldest() {
            Some(admitted) if self.is_full(limit) => admitted.saturating_add(lease),
            _ => 0,
        }
    }

    fn is_full(&self, limit: u32) -> bool {
        // Tickets repeat after so many, and a ticket must name one slot.
        self.slots.len() >= limit.min(TICKETS - 1) as usize
    }
}

/// The moment of admission of each ticket that holds a slot.
///
/// Every operation takes a number of steps that grows with the logarithm of the number of slots,
/// because a circuit may have thousands of them and its lock is held meanwhile.
#[derive(Debug)]
struct Slots<T> {
    admitted: BTreeMap<T, u64>,
    /// The same pairs, oldest first. Of two of the same moment the lower ticket is reclaimed first.
    by_age: BTreeSet<(u64, T)>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self {
            admitted: BTreeMap::new(),
            by_age: BTreeSet::new(),
        }
    }
}

impl<T: Ord + Copy> Slots<T> {
    fn insert(&mut self, ticket: T, now: u64) {
        self.admitted.insert(ticket, now);
        self.by_age.insert((now, ticket));
    }

    fn remove(&mut self, ticket: T) {
        if let Some(admitted) = self.admitted.remove(&ticket) {
            self.by_age.remove(&(admitted, ticket));
        }
    }

    fn remove_oldest(&mut self) {
        if let Some((_, ticket)) = self.by_age.pop_first() {
            self.admitted.remove(&ticket);
        }
    }

    fn oldest(&self) -> Option<u64> {
        self.by_age.first().map(|&(admitted, _)| admitted)
    }

    fn len(&self) -> usize {
        self.admitted.len()
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, cmp::Ordering};

    use super::*;
    use crate::clock::NEVER;

    #[test]
    fn as_many_run_at_once_as_there_are_slots() {
        let mut probes = Probes::default();
        let first = probes.admit(1, 2, 100).expect("a free slot");
        assert!(probes.admit(1, 2, 100).is_some());
        assert_eq!(probes.admit(1, 2, 100), None);
        probes.give_back(first);
        assert!(probes.admit(2, 2, 100).is_some());
    }

    #[test]
    fn the_oldest_slot_is_reclaimed_once_its_lease_is_over() {
        let mut probes = Probes::default();
        let stuck = probes.admit(10, 2, 100).expect("a free slot");
        probes.admit(50, 2, 100).expect("a free slot");
        assert_eq!(probes.admits_at(2, 100), 110);
        assert_eq!(probes.admit(109, 2, 100), None);
        assert!(probes.admit(110, 2, 100).is_some());
        // The stuck call gives back a slot that is another call's by now.
        probes.give_back(stuck);
        assert_eq!(probes.admit(111, 2, 100), None);
    }

    #[test]
    fn slots_of_the_same_moment_are_reclaimed_in_the_order_of_admission() {
        let mut probes = Probes::default();
        let [first, second, third] = [0; 3].map(|_| probes.admit(10, 3, 100).expect("a free slot"));
        let holds = |probes: &Probes, ticket| probes.slots.admitted.contains_key(&ticket);
        let fourth = probes.admit(110, 3, 100).expect("the first is reclaimed");
        assert!(!holds(&probes, first));
        let fifth = probes.admit(110, 3, 100).expect("the second is reclaimed");
        assert!(!holds(&probes, second));
        assert!([third, fourth, fifth].map(|ticket| holds(&probes, ticket)) == [true; 3]);
    }

    #[test]
    fn a_lease_for_ever_is_never_over() {
        let mut probes = Probes::default();
        probes.admit(10, 1, NEVER).expect("a free slot");
        assert_eq!(probes.admits_at(1, NEVER), NEVER);
        assert_eq!(probes.admit(NEVER - 1, 1, NEVER), None);
    }

    thread_local! {
        static COMPARISONS: Cell<u64> = const { Cell::new(0) };
    }

    /// A ticket that counts how often one is compared.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct Counted(u32);

    impl Ord for Counted {
        fn cmp(&self, other: &Self) -> Ordering {
            COMPARISONS.set(COMPARISONS.get() + 1);
            self.0.cmp(&other.0)
        }
    }

    impl PartialOrd for Counted {
        fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
            Some(self.cmp(other))
        }
    }

    #[test]
    fn each_probe_of_many_looked_at_all_of_them() {
        // Miri would take minutes for the rest.
        const SLOTS: u32 = if cfg!(miri) { 100 } else { 10_000 };
        let mut slots = Slots::default();
        let steps = |act: &mut dyn FnMut()| {
            COMPARISONS.set(0);
            act();
            COMPARISONS.get() / u64::from(SLOTS)
        };
        // All of one moment, so that the tickets decide every comparison.
        let admit = steps(&mut || (0..SLOTS).for_each(|ticket| slots.insert(Counted(ticket), 7)));
        assert_eq!(slots.len(), SLOTS as usize);
        let reclaim = steps(&mut || {
            for ticket in SLOTS..SLOTS * 2 {
                assert_eq!(slots.oldest(), Some(7));
                slots.remove_oldest();
                slots.insert(Counted(ticket), 7);
            }
        });
        let give_back =
            steps(&mut || (SLOTS..SLOTS * 2).for_each(|ticket| slots.remove(Counted(ticket))));
        assert_eq!(slots.len(), 0);
        for (operation, steps) in [
            ("admit", admit),
            ("reclaim", reclaim),
            ("give back", give_back),
        ] {
            assert!((1..200).contains(&steps), "{operation} takes {steps} steps");
        }
    }

    /// Numbers below `below` that look random and are the same in each run.
    fn numbers(seed: u64, below: u64) -> impl Iterator<Item = u64> {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        std::iter::repeat_with(move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 16) % below
        })
    }

    #[test]
    fn slots_are_reclaimed_and_given_back_as_from_a_list() {
        const LEASE: u64 = 20;
        for seed in 1..=1_000 {
            let limit = 1 + u32::try_from(seed % 4).expect("below 4");
            let mut probes = Probes::default();
            let mut list: Vec<(u64, u32)> = Vec::new();
            let mut tickets = Vec::new();
            // The clock reading of a thread may be older than the reading of the thread before it.
            let moments = numbers(seed, 50);
            let mut choices = numbers(seed + 1_000, 8);
            for (step, now) in moments.take(100).enumerate() {
                let now = now + step as u64 / 4;
                let given_back = choices.next().and_then(|which| usize::try_from(which).ok());
                if let Some(&ticket) = given_back.and_then(|which| tickets.get(which)) {
                    probes.give_back(ticket);
                    list.retain(|&(_, held)| held != ticket);
                }
                let oldest = list.iter().min().copied();
                let is_full = list.len() >= limit as usize;
                let reclaims = oldest.filter(|&(admitted, _)| is_full && admitted + LEASE <= now);
                let admitted = probes.admit(now, limit, LEASE);
                assert_eq!(
                    admitted.is_some(),
                    !is_full || reclaims.is_some(),
                    "seed {seed}"
                );
                if let Some(ticket) = admitted {
                    list.retain(|&slot| Some(slot) != reclaims);
                    list.push((now, ticket));
                    tickets.insert(0, ticket);
                }
                assert_eq!(probes.slots.len(), list.len(), "seed {seed}");
                for &(admitted, ticket) in &list {
                    assert_eq!(
                        probes.slots.admitted.get(&ticket),
                        Some(&admitted),
                        "seed {seed}"
                    );
                }
            }
        }
    }
}
