//! Admissions and outcomes of calls.

use std::time::Duration;

use resilience::TransitionReason;

use super::{
    Reference,
    call::{Call, End},
    options::OpensAt,
    phase::Phase,
};

impl Reference {
    pub(crate) fn admit(&mut self) -> Result<Call, (TransitionReason, Option<Duration>)> {
        *self = self.due();
        let passes = match self.phase {
            Phase::Closed => true,
            Phase::HalfOpen => self.shown_wait().is_none(),
            Phase::Open(_) | Phase::Isolated => false,
        };
        if !passes && !self.admits_all() {
            self.books.refused += 1;
            return Err((self.opened_because, self.retry_after()));
        }
        self.books.would_refuse += u64::from(!passes);
        self.admitted += 1;
        let call = Call {
            number: self.admitted,
            stay: self.stay,
            admitted: self.now,
            is_timed: self.options.slow_call.is_some(),
            is_let_through: !passes,
        };
        if self.phase == Phase::HalfOpen && passes {
            if self.probes.len() >= self.options.half_open_max_calls {
                self.probes.remove(0);
            }
            self.probes.push(call);
        }
        Ok(call)
    }

    pub(crate) fn finish(&mut self, call: Call, end: End) {
        if end == End::Abandoned {
            self.books.abandoned += 1;
            return self.free_slot(call);
        }
        if call.stay == self.stay {
            self.settle();
        }
        if call.stay != self.stay {
            self.books.late += 1;
            return;
        }
        let limit = self.options.slow_call.filter(|_| call.is_timed);
        let slow = limit.is_some_and(|limit| self.now - call.admitted > limit);
        let too_slow = slow && self.options.window_of_slow_calls().is_none();
        let failed = too_slow || matches!(end, End::Failure | End::Hinting(_) | End::Panicked);
        self.free_slot(call);
        if !failed && end == End::Ignored {
            self.books.ignored += 1;
            return;
        }
        self.history.push((self.now, failed));
        self.slow_history.push((self.now, slow));
        let hint = match end {
            End::Hinting(hint) => Some(hint),
            _ => None,
        };
        let slowness = (slow && self.is_too_slow()).then_some(TransitionReason::SlowRate);
        if failed {
            self.books.failures += 1;
            let over = self.is_over().then_some(match self.options.opens_at {
                OpensAt::Failures(_) => TransitionReason::Failures,
                OpensAt::Rate(_) => TransitionReason::Rate,
                OpensAt::Consecutive(_) => TransitionReason::Consecutive,
            });
            match (self.phase, over.or(slowness)) {
                _ if call.is_let_through => {}
                (Phase::HalfOpen, _) => self.open(TransitionReason::ProbeFailed, hint),
                (Phase::Closed, Some(reason)) => self.open(reason, hint),
                _ => {}
            }
        } else {
            self.books.successes += 1;
            if call.is_let_through {
                return;
            }
            if let (Phase::Closed, Some(reason)) = (self.phase, slowness) {
                return self.open(reason, None);
            }
            self.successes_in_a_row += 1;
            if self.phase == Phase::HalfOpen
                && self.successes_in_a_row >= self.options.success_threshold
            {
                self.close(TransitionReason::ProbesSucceeded);
            }
        }
    }

    pub(super) fn free_slot(&mut self, call: Call) {
        self.probes.retain(|probe| probe.number != call.number);
    }
}
