//! The circuits that a replica shares.

use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, Instant, SystemTime},
};

use resilience::{
    CircuitBreaker, CircuitBreakerFamily, CircuitState,
    fleet::{FleetView, Trip},
};

use super::{adopt::Followed, apply::Target, samples::Samples};
use crate::{
    circuit_id::CircuitId,
    quorum::Quorum,
    store::{Opening, Request, Term, View},
};

/// A circuit of this process, or the name of circuits with keys.
#[derive(Debug)]
pub(super) struct Circuit {
    pub(super) id: CircuitId,
    /// `None` for a name with keys, which has commands only.
    pub(super) breaker: Option<CircuitBreaker>,
    /// For a name with keys whose circuits are not in the registry.
    family: Option<CircuitBreakerFamily>,
    pub(super) followed: Followed,
    samples: Samples,
    /// The view that operators see.
    shown: FleetView,
    /// The doubt that the replica objected to, and the moment at which it did.
    objected: Option<(u64, Instant)>,
    /// The store has votes for the circuit.
    pub(super) is_doubted: bool,
    /// The circuit could not follow the store, because too many changes wait for a listener.
    pub(super) is_held_up: bool,
    /// The opening that the replica voted for, until the circuit closes.
    pub(super) voted: Option<Vote>,
    /// The term in which the circuit is half-open for the fleet and closed in this process, and its
    /// successes when that was seen first.
    apart: Option<(Term, u64)>,
    /// The terms that granted the leases of this process.
    pub(super) leases: HashMap<u64, Term>,
}

/// An opening by the circuit's own decision.
#[derive(Clone, Copy, Debug)]
pub(super) struct Vote {
    trip: Trip,
    at: Instant,
    /// The store has the vote.
    pub(super) is_sent: bool,
}

/// A vote that the store has to get.
#[derive(Clone, Copy, Debug)]
pub(super) struct UnsentVote {
    pub(super) opening: Opening,
    /// The rest of the failure window after the trip.
    pub(super) counts_for: Duration,
}

/// The successes that a replica must have counted to object.
const SUCCESSES: u64 = 3;

impl Circuit {
    fn new(id: CircuitId) -> Self {
        Self {
            id,
            breaker: None,
            family: None,
            followed: Followed::default(),
            samples: Samples::default(),
            shown: FleetView::default(),
            objected: None,
            is_doubted: false,
            is_held_up: false,
            voted: None,
            apart: None,
            leases: HashMap::new(),
        }
    }

    pub(super) fn target(&self) -> Target {
        match (&self.breaker, &self.family) {
            (Some(breaker), _) => Target::Circuit(breaker.clone()),
            (None, Some(family)) => Target::OwnFamily(family.clone()),
            (None, None) => Target::Family(self.id.clone()),
        }
    }

    /// The time for which votes and objections count.
    pub(super) fn window(&self) -> Duration {
        let breaker = self.breaker.as_ref();
        breaker.map_or(Duration::from_secs(60), |breaker| {
            breaker.config().get_failure_window()
        })
    }

    /// The settings with which the circuit opens for all.
    pub(super) fn opening(&self, open_for: Option<Duration>) -> Opening {
        let config = self
            .breaker
            .as_ref()
            .map(CircuitBreaker::config)
            .unwrap_or_default();
        Opening {
            open_for: open_for.unwrap_or(config.get_recovery_timeout()),
            lease_for: config.get_recovery_timeout(),
            probes: config.get_half_open_max_calls(),
            success_threshold: config.get_success_threshold(),
        }
    }

    /// Shows operators the circuit as the store has it.
    pub(super) fn show(&mut self, view: &View, quorum: Quorum, replicas: u32) {
        let Some(breaker) = &self.breaker else {
            return;
        };
        let open_for = u64::try_from(view.probes_in).ok().filter(|left| *left > 0);
        self.shown.replicas = replicas;
        self.shown.votes = view.votes;
        self.shown.objections = view.objections;
        self.shown.min_votes = quorum.get_min_votes();
        self.shown.share = quorum.get_share();
        self.shown.probers.clone_from(&view.probers);
        self.shown.open_until =
            open_for.and_then(|left| SystemTime::now().checked_add(Duration::from_micros(left)));
        breaker.show_fleet(self.shown.clone());
    }

    /// Shows operators another number of replicas that use the circuit.
    fn show_replicas(&mut self, replicas: u32) {
        if let Some(breaker) = self
            .breaker
            .as_ref()
            .filter(|_| self.shown.replicas != replicas)
        {
            self.shown.replicas = replicas;
            breaker.show_fleet(self.shown.clone());
        }
    }

    /// Reads the counter of successes.
    pub(super) fn sample(&mut self, now: Instant) {
        if let Some(breaker) = &self.breaker {
            let window = breaker.config().get_failure_window();
            self.samples.add(now, breaker.stats().successes, window);
        }
    }

    pub(super) fn note_trip(&mut self, trip: Trip, now: Instant) {
        self.voted = Some(Vote {
            trip,
            at: now,
            is_sent: false,
        });
    }

    /// The vote that the store does not have, unless its time is over. The open time is the rest of
    /// it.
    pub(super) fn unsent_vote(&mut self, now: Instant) -> Option<UnsentVote> {
        let vote = self.voted?;
        let state = self.breaker.as_ref()?.state();
        if state == CircuitState::Closed {
            self.voted = None;
            return None;
        }
        if vote.is_sent {
            return None;
        }
        let age = now.saturating_duration_since(vote.at);
        let counts_for = self.window().saturating_sub(age);
        let open_for = vote.trip.open_for.saturating_sub(age);
        (!counts_for.is_zero()).then(|| UnsentVote {
            opening: self.opening(Some(open_for)),
            counts_for,
        })
    }

    /// Makes the vote be sent again, because the store may have lost it.
    pub(super) fn forget_sent_vote(&mut self) {
        if let Some(vote) = &mut self.voted {
            vote.is_sent = false;
        }
    }

    /// Makes the replica object again, because the store may not have its objection.
    pub(super) fn forget_objection(&mut self) {
        self.objected = None;
    }

    /// True if the replica has to object to the doubt, now or again.
    pub(super) fn objects(&mut self, view: &View, now: Instant) -> bool {
        let Some((doubt, breaker)) = view.doubt.zip(self.breaker.as_ref()) else {
            return false;
        };
        let again_after = self.window() / 2;
        let is_known = self.objected.is_some_and(|(known, at)| {
            known == doubt && now.saturating_duration_since(at) < again_after
        });
        if is_known || view.is_open || breaker.state() != CircuitState::Closed {
            return false;
        }
        let successes = breaker.stats().successes;
        if self.samples.within_window(successes) < SUCCESSES {
            return false;
        }
        self.objected = Some((doubt, now));
        true
    }

    /// Notes the lease of a probe. Those of another term are forgotten, because a verdict of theirs
    /// changes nothing, and one that was lost would leave its lease here for ever.
    pub(super) fn note_lease(&mut self, lease: u64, term: Term) {
        self.leases.retain(|_, granted| *granted == term);
        self.leases.insert(lease, term);
    }

    /// The request that closes the circuit for all. It is half-open for the fleet and closed in
    /// this process, because it closed by itself while the store was lost, and it has succeeded
    /// since this was seen as often as probes have to.
    pub(super) fn recovered(&mut self, view: &View) -> Option<Request> {
        let breaker = self.breaker.as_ref()?;
        let is_apart = view.is_open && view.probes_in <= 0;
        if !is_apart || breaker.state() != CircuitState::Closed {
            self.apart = None;
            return None;
        }
        let successes = breaker.stats().successes;
        let since = match self.apart {
            Some((term, since)) if term == view.term => since,
            _ => successes,
        };
        self.apart = Some((view.term, since));
        let needed = u64::from(view.opening.success_threshold.max(1));
        (successes.saturating_sub(since) >= needed)
            .then_some(Request::Recovered { term: view.term })
    }
}

/// The circuits by their texts.
#[derive(Debug, Default)]
pub(super) struct Circuits {
    pub(super) by_text: BTreeMap<String, Circuit>,
    /// The replicas that use each circuit, by the hash of its text. `None` until they are known.
    users: Option<HashMap<u64, u32>>,
}

impl Circuits {
    /// Adds a circuit, and its name if it has a key. Returns the names that are new.
    pub(super) fn add(&mut self, breaker: &CircuitBreaker) -> Vec<CircuitId> {
        let id = CircuitId::new(breaker.name(), breaker.key());
        let mut new = Vec::new();
        if id.key().is_some() {
            let name = CircuitId::new(breaker.name(), None);
            if self.insert(&name, None) {
                new.push(name);
            }
        }
        if self.insert(&id, Some(breaker)) {
            new.push(id);
        }
        new
    }

    /// Adds the name of a family that is not in the registry. Returns it if it is new.
    pub(super) fn add_family(&mut self, family: &CircuitBreakerFamily) -> Option<CircuitId> {
        let id = CircuitId::new(family.name(), None);
        let is_new = self.insert(&id, None);
        if let Some(circuit) = self.get(&id) {
            circuit.family = Some(family.clone());
        }
        is_new.then_some(id)
    }

    fn insert(&mut self, id: &CircuitId, breaker: Option<&CircuitBreaker>) -> bool {
        let mut is_new = false;
        let circuit = self.by_text.entry(id.to_string()).or_insert_with(|| {
            is_new = true;
            Circuit::new(id.clone())
        });
        if let Some(breaker) = breaker {
            circuit.breaker = Some(breaker.clone());
            // The count of successes begins here.
            circuit.sample(Instant::now());
        }
        is_new
    }

    /// Removes the circuit. One of the same name that came meanwhile stays, because two threads
    /// tell of the two in any order. It begins anew, so that it has to be read, and its name is
    /// returned.
    pub(super) fn remove(&mut self, breaker: &CircuitBreaker) -> Option<CircuitId> {
        let id = CircuitId::new(breaker.name(), breaker.key());
        let present = self.by_text.remove(&id.to_string())?;
        // The circuit that went has no line to the fleet any more.
        let stays = |breaker: &CircuitBreaker| breaker.stats().fleet.is_some();
        let next = present.breaker.filter(stays)?;
        self.insert(&id, Some(&next));
        Some(id)
    }

    pub(super) fn get(&mut self, id: &CircuitId) -> Option<&mut Circuit> {
        self.by_text.get_mut(&id.to_string())
    }

    /// The list of this replica for the others.
    pub(super) fn list(&self) -> String {
        let hashes = self.by_text.values().map(|circuit| circuit.id.hash());
        let hashes: Vec<_> = hashes.map(|hash| format!("{hash:x}")).collect();
        hashes.join(",")
    }

    /// Takes the lists of all replicas over.
    pub(super) fn set_users(&mut self, lists: &BTreeMap<String, String>) {
        let mut users = HashMap::new();
        for list in lists.values() {
            for hash in list.split(',') {
                if let Ok(hash) = u64::from_str_radix(hash, 16) {
                    *users.entry(hash).or_insert(0) += 1;
                }
            }
        }
        for circuit in self.by_text.values_mut() {
            let replicas = users.get(&circuit.id.hash()).copied().unwrap_or(1);
            circuit.show_replicas(replicas);
        }
        self.users = Some(users);
    }

    /// The number of replicas that are known to use the circuit. Before the lists are read, it is
    /// more than can vote, so that nothing opens before the grace is over.
    pub(super) fn users(&self, id: &CircuitId) -> u32 {
        match &self.users {
            Some(users) => users.get(&id.hash()).copied().unwrap_or(1).max(1),
            None => u32::MAX,
        }
    }

    /// The same number for operators. Before the lists are read, only this replica is known.
    pub(super) fn known_users(&self, id: &CircuitId) -> u32 {
        match self.users {
            Some(_) => self.users(id),
            None => 1,
        }
    }

    /// The circuits that are read often.
    pub(super) fn unsettled(&self) -> Vec<CircuitId> {
        let circuits = self.by_text.values();
        circuits
            .filter(|circuit| {
                circuit.followed.holds()
                    || circuit.voted.is_some()
                    || circuit.is_doubted
                    || circuit.is_held_up
                    || circuit.apart.is_some()
            })
            .map(|circuit| circuit.id.clone())
            .collect()
    }

    pub(super) fn ids(&self) -> Vec<CircuitId> {
        self.by_text
            .values()
            .map(|circuit| circuit.id.clone())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use resilience::{
        CircuitBreakerConfig,
        fleet::{Coordinator, ProbeRequest, StoreContact, Verdict},
    };

    use super::*;

    struct Nobody;

    impl Coordinator for Nobody {
        fn tripped(&self, _trip: Trip) {}
        fn asked(&self, _request: ProbeRequest) {}
        fn probed(&self, _lease: u64, _verdict: Verdict) {}
    }

    /// One thread forgets a key while another one uses it again.
    #[test]
    fn a_circuit_that_went_takes_no_later_one_of_its_name_with_it() {
        let [old, new] = [(); 2].map(|()| CircuitBreaker::new("jira", CircuitBreakerConfig::new()));
        let mut circuits = Circuits::default();
        for circuit in [&old, &new] {
            circuit.coordinate(StoreContact::new("test"), Arc::new(Nobody));
            circuits.add(circuit);
        }
        let id = CircuitId::new("jira", None);
        circuits.get(&id).expect("it came").is_doubted = true;
        old.end_coordination();
        assert_eq!(circuits.remove(&old), Some(id.clone()));
        let kept = circuits.get(&id).expect("the later one stays");
        assert!(kept.breaker.is_some() && !kept.is_doubted);
        new.end_coordination();
        assert_eq!(circuits.remove(&new), None);
        assert!(circuits.get(&id).is_none());
    }

    #[test]
    fn leases_of_an_earlier_term_are_forgotten() {
        let mut circuit = Circuit::new(CircuitId::new("jira", None));
        let term = |generation| Term {
            epoch: 1,
            generation,
        };
        for (lease, generation) in [(7, 1), (8, 1), (9, 2)] {
            circuit.note_lease(lease, term(generation));
        }
        assert_eq!(circuit.leases, HashMap::from([(9, term(2))]));
    }
}
