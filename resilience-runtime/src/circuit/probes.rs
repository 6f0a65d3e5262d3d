//! The slots of a half-open circuit.

use super::pass::TICKETS;

/// Calls under way as probes, each with its admission, so that one that never ends cannot keep its slot.
#[derive(Debug, Default)]
pub(super) struct Probes {
    /// In the order of admission, which decides between two of the same moment.
    slots: Vec<Slot>,
    next: u32,
    streak: u32,
}

#[derive(Debug)]
struct Slot {
    ticket: u32,
    admitted: u64,
}

impl Probes {
    /// Takes a slot and returns its ticket, if one is free or was held for at least `lease`.
    pub(super) fn admit(&mut self, now: u64, limit: u32, lease: u64) -> Option<u32> {
        if self.admits_at(limit, lease) > now {
            return None;
        }
        if self.is_full(limit) {
            let oldest = self.oldest()?;
            self.slots.remove(oldest);
        }
        let ticket = self.next;
        self.next = (self.next + 1) % TICKETS;
        let admitted = now;
        self.slots.push(Slot { ticket, admitted });
        Some(ticket)
    }

    /// One more success in a row: how many are they now? The first failure ends probing, and the row with it.
    pub(super) fn succeed(&mut self) -> u32 {
        self.streak = self.streak.saturating_add(1);
        self.streak
    }

    /// Frees the slot of that ticket. One that was reclaimed already is another call's by now.
    pub(super) fn give_back(&mut self, ticket: u32) {
        if let Some(slot) = self.slots.iter().position(|slot| slot.ticket == ticket) {
            self.slots.remove(slot);
        }
    }

    /// From when on a probe is admitted at the latest: 0 while a slot is free.
    pub(super) fn admits_at(&self, limit: u32, lease: u64) -> u64 {
        match self.oldest() {
            Some(oldest) if self.is_full(limit) => {
                self.slots[oldest].admitted.saturating_add(lease)
            }
            _ => 0,
        }
    }

    fn is_full(&self, limit: u32) -> bool {
        self.slots.len() >= limit as usize
    }

    fn oldest(&self) -> Option<usize> {
        (0..self.slots.len()).min_by_key(|&slot| self.slots[slot].admitted)
    }
}

#[cfg(test)]
mod tests {
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
        // The stuck call gives back a slot that is another's by now.
        probes.give_back(stuck);
        assert_eq!(probes.admit(111, 2, 100), None);
    }

    #[test]
    fn slots_of_the_same_moment_are_reclaimed_in_the_order_of_admission() {
        let mut probes = Probes::default();
        let [first, second, third] = [0; 3].map(|_| probes.admit(10, 3, 100).expect("a free slot"));
        let tickets = |probes: &Probes| {
            probes
                .slots
                .iter()
                .map(|slot| slot.ticket)
                .collect::<Vec<_>>()
        };
        let fourth = probes.admit(110, 3, 100).expect("the first is reclaimed");
        assert!(!tickets(&probes).contains(&first));
        let fifth = probes.admit(110, 3, 100).expect("the second is reclaimed");
        assert!(!tickets(&probes).contains(&second));
        assert_eq!(tickets(&probes), [third, fourth, fifth]);
    }

    #[test]
    fn a_lease_for_ever_is_never_over() {
        let mut probes = Probes::default();
        probes.admit(10, 1, NEVER).expect("a free slot");
        assert_eq!(probes.admits_at(1, NEVER), NEVER);
        assert_eq!(probes.admit(NEVER - 1, 1, NEVER), None);
    }
}
