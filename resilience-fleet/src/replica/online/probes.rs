//! The probes of this replica: their leases and their verdicts.

use std::{rc::Rc, sync::Arc, time::Duration};

use resilience::fleet::{ProbeAnswer, ProbeRequest, Verdict};

use super::Online;
use crate::{
    circuit_id::CircuitId,
    store::{Answer, ProbeLease, ProbeVerdict, Request, Session, View},
};

/// The shortest pause of a circuit after a denied probe. The longest is twice as long.
const DENIED: Duration = Duration::from_millis(100);

impl<S: Session> Online<S> {
    pub(super) async fn lease(self: Rc<Self>, id: CircuitId, question: ProbeRequest) {
        let lease = rand::random::<u64>();
        let request = Request::Lease {
            lease: self.probe_lease(lease),
        };
        let Ok(reply) = self.request(&id, request).await else {
            self.meters.leased("unanswered");
            return;
        };
        self.adopt(&id, &reply.view);
        let (answer, outcome) = match reply.answer {
            Answer::Granted => {
                if let Some(circuit) = self.circuits.borrow_mut().get(&id) {
                    circuit.note_lease(lease, reply.view.term);
                }
                (ProbeAnswer::granted(lease), "granted")
            }
            Answer::Alone => (ProbeAnswer::Alone, "alone"),
            _ => (ProbeAnswer::denied(pause(&reply.view)), "denied"),
        };
        self.meters.leased(outcome);
        question.answer(answer);
    }

    fn probe_lease(&self, number: u64) -> ProbeLease {
        ProbeLease {
            number,
            replica: Arc::clone(&self.settings.replica),
        }
    }

    pub(super) async fn verdict(self: Rc<Self>, id: CircuitId, lease: u64, verdict: Verdict) {
        let request = {
            let mut circuits = self.circuits.borrow_mut();
            let Some(circuit) = circuits.get(&id) else {
                return;
            };
            let Some(term) = circuit.leases.remove(&lease) else {
                return;
            };
            let verdict = match verdict {
                Verdict::Succeeded => ProbeVerdict::Succeeded,
                Verdict::Failed { open_for, .. } => {
                    ProbeVerdict::Failed(circuit.opening(Some(open_for)))
                }
                _ => ProbeVerdict::Released,
            };
            Request::Verdict {
                term,
                lease: self.probe_lease(lease),
                verdict,
            }
        };
        if let Ok(reply) = self.request(&id, request).await {
            self.adopt(&id, &reply.view);
        }
    }
}

/// The time after which a circuit asks again.
fn pause(view: &View) -> Duration {
    let jitter = DENIED.mul_f64(1.0 + rand::random::<f64>());
    let left = u64::try_from(view.probes_in).unwrap_or(0);
    Duration::from_micros(left) + jitter
}
