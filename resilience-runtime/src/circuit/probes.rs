//! The slots of a half-open circuit.

use std::mem;

use super::admission::{ASK, TICKETS};

/// The calls that run as probes. Each has the moment of its admission, so that a call that never
/// ends cannot keep its slot.
#[derive(Debug, Default)]
pub(super) struct Probes {
    slots: Slots,
    streak: u32,
    led: Led,
}

/// The part that other processes have in the probes.
#[derive(Debug, Default)]
struct Led {
    /// No call asks before this moment, because one has asked, or because the answer said so.
    asks_at: u64,
    /// The others left this half-open time to the circuit.
    is_alone: bool,
    /// The tickets that have a lease.
    leases: Vec<(u32, u64)>,
}

/// The nanoseconds for which a question holds up the next one if no answer comes. It is twice the
/// longest wait of a call.
const UNANSWERED: u64 = 100_000_000;

impl Probes {
    /// Takes a slot and returns its ticket, if one is free or was held for at least `lease`.
    pub(super) fn admit(&mut self, now: u64, limit: u32, lease: u64) -> Option<u32> {
        if self.admits_at(limit, lease) > now {
            return None;
        }
        if self.is_full(limit) {
            self.slots.remove_oldest();
        }
        Some(self.slots.insert(now))
    }

    /// Returns [`ASK`] if a slot is free and no other call has asked, or a ticket if the others
    /// left the probes to this circuit.
    pub(super) fn ask(&mut self, now: u64, limit: u32, lease: u64) -> Option<u32> {
        if self.led.is_alone {
            return self.admit(now, limit, lease);
        }
        if self.admits_at(limit, lease) > now {
            return None;
        }
        self.led.asks_at = now.saturating_add(UNANSWERED);
        Some(ASK)
    }

    /// Takes a slot under a lease that other processes granted.
    pub(super) fn admit_leased(&mut self, now: u64, limit: u32, granted: u64) -> u32 {
        // Those who granted it counted the probes, so the oldest one here is over for them.
        if self.is_full(limit) {
            self.slots.remove_oldest();
        }
        let ticket = self.slots.insert(now);
        self.led.leases.retain(|(held, _)| *held != ticket);
        self.led.leases.push((ticket, granted));
        self.led.asks_at = 0;
        ticket
    }

    /// Notes that no call asks before this moment.
    pub(super) fn ask_not_before(&mut self, moment: u64) {
        self.led.asks_at = moment;
    }

    /// Notes that the others leave the probes to this circuit.
    pub(super) fn leave_alone(&mut self) {
        self.led.asks_at = 0;
        self.led.is_alone = true;
    }

    /// Takes the lease of a ticket, if it has one.
    pub(super) fn take_lease(&mut self, ticket: u32) -> Option<u64> {
        let leases = &mut self.led.leases;
        let at = leases.iter().position(|(held, _)| *held == ticket)?;
        Some(leases.swap_remove(at).1)
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
            _ => self.led.asks_at,
        }
    }

    fn is_full(&self, limit: u32) -> bool {
        // Tickets repeat after so many, and a ticket must name one slot.
        self.slots.len() >= limit.min(TICKETS - 1) as usize
    }
}

/// The tickets that hold a slot, in the order in which they lose it: the earliest admission first,
/// and of two of the same moment the one that was admitted first.
///
/// An operation takes a few steps, however many slots there are, because a circuit may have
/// thousands of them and its lock is held meanwhile.
#[derive(Debug, Default)]
struct Slots {
    /// A ticket lies at its number modulo the length, which is a power of two.
    places: Vec<Place>,
    /// The places of the first and of the last ticket of the order, or [`NOWHERE`].
    oldest: u32,
    newest: u32,
    held: u32,
    next_ticket: u32,
}

/// A place is free, or holds a ticket and is linked to its neighbours in the order.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// [`NOWHERE`] if the place is free.
    ticket: u32,
    older: u32,
    newer: u32,
    admitted: u64,
}

/// This is no ticket and no place, because there are fewer of both.
const NOWHERE: u32 = u32::MAX;

const FREE: Place = Place {
    ticket: NOWHERE,
    older: NOWHERE,
    newer: NOWHERE,
    admitted: 0,
};

impl Slots {
    /// Adds a ticket and returns it. Tickets are numbered in order, but a number with a place that
    /// is taken is left out: a call that ends late must not give back the slot of another one.
    fn insert(&mut self, now: u64) -> u32 {
        self.make_room();
        while self.place(self.next_ticket).ticket != NOWHERE {
            step();
            self.next_ticket = (self.next_ticket + 1) % TICKETS;
        }
        let ticket = self.next_ticket;
        self.next_ticket = (ticket + 1) % TICKETS;
        self.link(ticket, now);
        ticket
    }

    fn remove(&mut self, ticket: u32) {
        if self.held == 0 || self.place(ticket).ticket != ticket {
            return;
        }
        let Place { older, newer, .. } = mem::replace(self.place(ticket), FREE);
        match older {
            NOWHERE => self.oldest = newer,
            older => self.place(older).newer = newer,
        }
        match newer {
            NOWHERE => self.newest = older,
            newer => self.place(newer).older = older,
        }
        self.held -= 1;
    }

    fn remove_oldest(&mut self) {
        if self.held > 0 {
            let oldest = self.oldest;
            let ticket = self.place(oldest).ticket;
            self.remove(ticket);
        }
    }

    fn oldest(&self) -> Option<u64> {
        let oldest = self.places.get(self.oldest as usize)?;
        (self.held > 0).then_some(oldest.admitted)
    }

    fn len(&self) -> usize {
        self.held as usize
    }

    /// Puts a ticket in its place and in the order. It goes to the end of the order, unless a call
    /// with a later reading of the clock has overtaken it on the way to the lock.
    fn link(&mut self, ticket: u32, admitted: u64) {
        let mut older = if self.held == 0 { NOWHERE } else { self.newest };
        let mut newer = NOWHERE;
        while older != NOWHERE && self.place(older).admitted > admitted {
            step();
            newer = older;
            older = self.place(older).older;
        }
        let at = self.number_of_place(ticket);
        *self.place(ticket) = Place {
            ticket,
            older,
            newer,
            admitted,
        };
        match older {
            NOWHERE => self.oldest = at,
            older => self.place(older).newer = at,
        }
        match newer {
            NOWHERE => self.newest = at,
            newer => self.place(newer).older = at,
        }
        self.held += 1;
    }

    /// Keeps half of the places free, so that a free one is found soon.
    fn make_room(&mut self) {
        let len = self.places.len();
        if self.len() < len.div_ceil(2) || len == TICKETS as usize {
            return;
        }
        let longer = vec![FREE; (len * 2).max(2)];
        let places = mem::replace(&mut self.places, longer);
        let (held, mut next) = (mem::take(&mut self.held), self.oldest);
        for _ in 0..held {
            let place = places[next as usize];
            self.link(place.ticket, place.admitted);
            next = place.newer;
        }
    }

    fn number_of_place(&self, ticket: u32) -> u32 {
        // It fits, because there are at most as many places as tickets.
        let last = u32::try_from(self.places.len() - 1).unwrap_or(NOWHERE);
        ticket & last
    }

    /// Returns the place of a ticket, or the place of that number.
    fn place(&mut self, ticket: u32) -> &mut Place {
        let number = self.number_of_place(ticket);
        &mut self.places[number as usize]
    }
}

/// A step of a loop, for the test that counts them.
#[cfg(not(test))]
fn step() {}

#[cfg(test)]
use self::tests::step;

#[cfg(test)]
mod tests {
    use std::cell::Cell;

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
        let holds = |probes: &mut Probes, ticket| probes.slots.place(ticket).ticket == ticket;
        let fourth = probes.admit(110, 3, 100).expect("the first is reclaimed");
        assert!(!holds(&mut probes, first));
        let fifth = probes.admit(110, 3, 100).expect("the second is reclaimed");
        assert!(!holds(&mut probes, second));
        assert!([third, fourth, fifth].map(|ticket| holds(&mut probes, ticket)) == [true; 3]);
    }

    #[test]
    fn a_lease_for_ever_is_never_over() {
        let mut probes = Probes::default();
        probes.admit(10, 1, NEVER).expect("a free slot");
        assert_eq!(probes.admits_at(1, NEVER), NEVER);
        assert_eq!(probes.admit(NEVER - 1, 1, NEVER), None);
    }

    thread_local! {
        static STEPS: Cell<u32> = const { Cell::new(0) };
    }

    pub(super) fn step() {
        STEPS.set(STEPS.get() + 1);
    }

    #[test]
    fn each_probe_of_many_looked_at_all_of_them() {
        // Miri would take minutes for the rest.
        const SLOTS: u32 = if cfg!(miri) { 100 } else { 10_000 };
        let mut slots = Slots::default();
        let mut tickets = Vec::new();
        let steps = |act: &mut dyn FnMut()| {
            STEPS.set(0);
            act();
            STEPS.get() / SLOTS
        };
        // All are of one moment, so that their order decides alone.
        let admit = steps(&mut || (0..SLOTS).for_each(|_| tickets.push(slots.insert(7))));
        assert_eq!(slots.len(), SLOTS as usize);
        // The first calls hang, so their places are in the way of each round of tickets.
        let behind_hanging = steps(&mut || {
            for _ in 0..20 {
                for ticket in tickets.iter_mut().skip(SLOTS as usize / 2) {
                    slots.remove(*ticket);
                    *ticket = slots.insert(7);
                }
            }
        });
        let reclaim = steps(&mut || {
            for ticket in &mut tickets {
                assert_eq!(slots.oldest(), Some(7));
                slots.remove_oldest();
                *ticket = slots.insert(7);
            }
        });
        let give_back = steps(&mut || tickets.iter().for_each(|ticket| slots.remove(*ticket)));
        assert_eq!(slots.len(), 0);
        for (operation, steps) in [
            ("admit", admit),
            ("reclaim", reclaim),
            ("give back", give_back),
            ("ten rounds behind hanging calls", behind_hanging / 10),
        ] {
            assert!(steps < 4, "{operation} takes {steps} steps");
        }
    }

    #[test]
    fn one_hanging_probe_takes_no_memory_from_the_others() {
        let mut probes = Probes::default();
        let hanging = probes.admit(1, 3, NEVER).expect("a free slot");
        for now in 2..10_000 {
            let ticket = probes.admit(now, 3, NEVER).expect("a free slot");
            assert_ne!(ticket, hanging);
            probes.give_back(ticket);
        }
        assert!(probes.slots.places.len() <= 8);
        assert_eq!(probes.admits_at(1, 100), 101);
    }

    #[test]
    fn tickets_begin_anew_past_one_that_is_held() {
        let mut slots = Slots::default();
        let first = slots.insert(1);
        slots.next_ticket = TICKETS - 1;
        assert_eq!(slots.insert(2), TICKETS - 1);
        let next = slots.insert(3);
        assert!(next != first && next < 8, "{next}");
        slots.remove(first);
        assert_eq!(slots.oldest(), Some(2));
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
                    let place = probes.slots.place(ticket);
                    assert_eq!(
                        (place.ticket, place.admitted),
                        (ticket, admitted),
                        "seed {seed}"
                    );
                }
            }
        }
    }
}
