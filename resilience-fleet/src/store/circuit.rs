//! One circuit in the store, as a pure function of time and request.
//!
//! `redis_store/circuit.lua` does the same, step by step; the test `model` of the tests package
//! compares the two. Times are microseconds of the store's clock.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use resilience::events::CommandAction;

use super::{
    request::{Opening, ProbeLease, ProbeVerdict, Request, StoredCommand},
    term::Term,
    view::{Answer, CommandView, Reply, View},
};
use crate::quorum::Quorum;

/// The time after the first vote in which the others can object.
pub(crate) const GRACE: u64 = 250_000;

/// The state of one circuit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SharedCircuit {
    term: Term,
    /// The moment of the latest request that wrote.
    at: u64,
    is_open: bool,
    until: u64,
    /// The settings, in microseconds. They are those of the latest voter until the circuit opens.
    open_for: u64,
    lease_for: u64,
    probes: u32,
    success_threshold: u32,
    successes: u32,
    doubt: Option<u64>,
    /// The ends of the votes, objections and leases.
    votes: BTreeMap<Arc<str>, u64>,
    objections: BTreeMap<Arc<str>, u64>,
    leases: BTreeMap<ProbeLease, u64>,
    command: Option<Given>,
}

/// A command, and the moment of its end.
#[derive(Clone, Debug, PartialEq)]
struct Given {
    generation: u64,
    command: StoredCommand,
    until: Option<u64>,
}

impl Given {
    fn holds(&self, now: u64) -> bool {
        self.command.action != CommandAction::Reset && self.until.is_none_or(|until| now < until)
    }
}

/// The effect of a request.
struct Effect {
    is_change: bool,
    answer: Answer,
}

impl Effect {
    const VOID: Self = Self::quiet(Answer::Void);
    const DONE: Self = Self::quiet(Answer::Done);
    const CHANGE: Self = Self {
        is_change: true,
        answer: Answer::Done,
    };

    const fn quiet(answer: Answer) -> Self {
        Self {
            is_change: false,
            answer,
        }
    }
}

impl SharedCircuit {
    /// Makes a request at a moment.
    pub fn request(&mut self, request: &Request, now: u64) -> Reply {
        if now < self.at {
            self.go_back(self.at - now);
        }
        self.prune(now);
        let Effect { is_change, answer } = self.step(request, now);
        if self.term.epoch != 0 && *request != Request::Read {
            self.at = now;
        }
        Reply {
            view: self.view(now),
            is_change,
            answer,
        }
    }

    fn step(&mut self, request: &Request, now: u64) -> Effect {
        match request {
            Request::Vote {
                replica,
                quorum,
                counts_for,
                known,
                opening,
                epoch,
            } => {
                if self.is_open || self.is_forced(now) {
                    Effect::VOID
                } else {
                    self.exist(*epoch);
                    self.vote(replica, now + micros(*counts_for), *opening, now);
                    self.open_by(*quorum, *known, now);
                    Effect::CHANGE
                }
            }
            Request::Object {
                replica,
                counts_for,
            } => self.object(replica, now + micros(*counts_for)),
            Request::Settle { quorum, known } => {
                if self.doubt.is_some() && !self.is_forced(now) {
                    self.open_by(*quorum, *known, now)
                } else {
                    Effect::VOID
                }
            }
            Request::Lease { lease } => Effect::quiet(self.lease(lease, now)),
            Request::Verdict {
                term,
                lease,
                verdict,
            } => self.verdict(*term, lease, *verdict, now),
            Request::Command {
                command,
                opening,
                epoch,
            } => {
                self.exist(*epoch);
                self.obey(command, *opening, now);
                Effect::CHANGE
            }
            Request::Restore {
                term,
                open_for,
                opening,
                command,
            } => self.restore(*term, *open_for, *opening, command.as_ref(), now),
            Request::Recovered { term } => self.recovered(*term, now),
            Request::Read => Effect::DONE,
        }
    }

    /// Moves all moments, because the clock went back by itself or because another server took
    /// over. What holds then ends after the rest of the time that it had at the latest request.
    fn go_back(&mut self, back: u64) {
        self.at -= back;
        self.until = self.until.saturating_sub(back);
        let ends = self.votes.values_mut().chain(self.objections.values_mut());
        let ends = ends.chain(self.leases.values_mut()).chain(&mut self.doubt);
        let command = self.command.as_mut().and_then(|it| it.until.as_mut());
        for moment in ends.chain(command) {
            *moment = moment.saturating_sub(back);
        }
    }

    /// Drops the votes, objections and leases that are over.
    fn prune(&mut self, now: u64) {
        self.votes.retain(|_, until| now < *until);
        self.objections.retain(|_, until| now < *until);
        self.leases.retain(|_, until| now < *until);
        if self.votes.is_empty() {
            self.doubt = None;
            self.objections.clear();
        }
    }

    fn exist(&mut self, epoch: u64) {
        if self.term.epoch == 0 {
            self.term.epoch = epoch;
        }
    }

    /// True if a command decides over the circuit.
    fn is_forced(&self, now: u64) -> bool {
        self.command.as_ref().is_some_and(|given| given.holds(now))
    }

    fn set_opening(&mut self, opening: Opening) {
        self.open_for = micros(opening.open_for);
        self.lease_for = micros(opening.lease_for);
        self.probes = opening.probes;
        self.success_threshold = opening.success_threshold;
    }

    fn vote(&mut self, replica: &Arc<str>, until: u64, opening: Opening, now: u64) {
        self.objections.remove(replica);
        self.votes.insert(Arc::clone(replica), until);
        self.doubt.get_or_insert(now);
        self.set_opening(opening);
    }

    fn object(&mut self, replica: &Arc<str>, until: u64) -> Effect {
        if self.doubt.is_none() || self.votes.contains_key(replica) {
            return Effect::VOID;
        }
        self.objections.insert(Arc::clone(replica), until);
        Effect::DONE
    }

    fn grace(&self, now: u64) -> u64 {
        self.doubt
            .map_or(0, |doubt| (doubt + GRACE).saturating_sub(now))
    }

    fn open_by(&mut self, quorum: Quorum, known: u32, now: u64) -> Effect {
        let (votes, objections) = (count(&self.votes), count(&self.objections));
        let is_due = self.grace(now) == 0 || votes >= known;
        if !is_due || !quorum.is_reached(votes, objections) {
            return Effect::VOID;
        }
        self.open(now.saturating_add(self.open_for));
        Effect::CHANGE
    }

    fn open(&mut self, until: u64) {
        self.change();
        self.is_open = true;
        self.until = until;
    }

    /// Begins a state without votes and probes.
    fn change(&mut self) {
        self.term.generation += 1;
        self.successes = 0;
        self.doubt = None;
        self.votes.clear();
        self.objections.clear();
        self.leases.clear();
    }

    fn close(&mut self) {
        self.change();
        self.is_open = false;
        self.until = 0;
    }

    fn lease(&mut self, lease: &ProbeLease, now: u64) -> Answer {
        let action = self.command.as_ref().filter(|given| given.holds(now));
        match action.map(|given| given.command.action) {
            Some(CommandAction::Isolate) => return Answer::Denied,
            Some(CommandAction::Allow) => return Answer::Alone,
            _ => {}
        }
        if !self.is_open {
            return Answer::Alone;
        }
        if now < self.until || count(&self.leases) >= self.probes {
            return Answer::Denied;
        }
        self.leases
            .insert(lease.clone(), now.saturating_add(self.lease_for));
        Answer::Granted
    }

    fn verdict(
        &mut self,
        term: Term,
        lease: &ProbeLease,
        verdict: ProbeVerdict,
        now: u64,
    ) -> Effect {
        if term != self.term || !self.is_open {
            return Effect::VOID;
        }
        self.leases.remove(lease);
        match verdict {
            ProbeVerdict::Released => Effect::DONE,
            ProbeVerdict::Succeeded => {
                self.successes += 1;
                if self.successes < self.success_threshold {
                    return Effect::DONE;
                }
                self.close();
                Effect::CHANGE
            }
            ProbeVerdict::Failed(opening) => {
                self.set_opening(opening);
                self.open(now.saturating_add(self.open_for));
                Effect::CHANGE
            }
        }
    }

    fn recovered(&mut self, term: Term, now: u64) -> Effect {
        if term != self.term || !self.is_open || now < self.until || self.is_forced(now) {
            return Effect::VOID;
        }
        self.close();
        Effect::CHANGE
    }

    fn obey(&mut self, command: &StoredCommand, opening: Opening, now: u64) {
        let until = command.lasts.map(|lasts| now.saturating_add(micros(lasts)));
        if command.action == CommandAction::Trip {
            self.set_opening(opening);
            self.open(until.unwrap_or(now.saturating_add(self.open_for)));
        } else {
            self.close();
        }
        let until = match command.action {
            // The open time of a trip is its end.
            CommandAction::Trip => Some(self.until),
            _ => until,
        };
        self.command = Some(Given {
            generation: self.term.generation,
            command: command.clone(),
            until,
        });
    }

    fn restore(
        &mut self,
        term: Term,
        open_for: Option<Duration>,
        opening: Opening,
        command: Option<&(u64, StoredCommand)>,
        now: u64,
    ) -> Effect {
        let is_lost = self.term.epoch == 0
            || (self.term.epoch == term.epoch && self.term.generation < term.generation);
        if !is_lost {
            return Effect::VOID;
        }
        self.close();
        self.term = term;
        self.set_opening(opening);
        self.is_open = open_for.is_some();
        self.until = open_for.map_or(0, |rest| now.saturating_add(micros(rest)));
        self.command = command.map(|(generation, command)| Given {
            generation: *generation,
            command: command.clone(),
            until: command.lasts.map(|lasts| now.saturating_add(micros(lasts))),
        });
        Effect::CHANGE
    }

    /// The replicas that have a lease, sorted.
    fn probers(&self) -> Vec<String> {
        let leases = self.leases.keys();
        let mut probers: Vec<_> = leases.map(|lease| lease.replica.to_string()).collect();
        probers.sort();
        probers
    }

    fn view(&self, now: u64) -> View {
        View {
            at: now,
            term: self.term,
            is_open: self.is_open,
            probes_in: if self.is_open {
                signed(self.until) - signed(now)
            } else {
                0
            },
            opening: Opening {
                open_for: Duration::ZERO,
                lease_for: Duration::from_micros(self.lease_for),
                probes: self.probes,
                success_threshold: self.success_threshold,
            },
            successes: self.successes,
            votes: count(&self.votes),
            objections: count(&self.objections),
            leases: count(&self.leases),
            probers: self.probers(),
            doubt: self.doubt,
            grace: Duration::from_micros(self.grace(now)),
            command: self.command.as_ref().map(|given| CommandView {
                generation: given.generation,
                holds: given.holds(now),
                command: StoredCommand {
                    lasts: given
                        .until
                        .map(|until| Duration::from_micros(until.saturating_sub(now))),
                    ..given.command.clone()
                },
            }),
        }
    }
}

fn count<K, V>(map: &BTreeMap<K, V>) -> u32 {
    u32::try_from(map.len()).unwrap_or(u32::MAX)
}

/// The longest time that the store keeps, in microseconds: 36 years. Numbers of a script are exact
/// up to 2^53, and a moment is the time since 1970 and such a time.
const LONGEST: u64 = 1 << 50;

/// A time in microseconds of the store.
pub(crate) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros())
        .unwrap_or(LONGEST)
        .min(LONGEST)
}

fn signed(moment: u64) -> i64 {
    i64::try_from(moment).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
