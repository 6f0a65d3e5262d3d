//! An interpreter of stacks that is obviously right: it has no time and no futures, and each layer
//! is a few lines.

use super::{Answered, Fault, HALF_FULL, THRESHOLD, TURNS};

/// The end of a call of one layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum End {
    Ok(u32),
    /// An error of the body or of a timeout.
    Failed(Fault),
    /// A circuit, a bulkhead or a rate limit refused the call.
    Refused,
    /// The body never ends.
    Hangs,
}

/// The counts of one circuit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Circuit {
    pub(super) successes: u64,
    pub(super) failures: u64,
    pub(super) ignored: u64,
    pub(super) refused: u64,
    pub(super) abandoned: u64,
}

impl Circuit {
    fn is_open(self) -> bool {
        self.failures >= THRESHOLD
    }

    fn takes_more_load(self) -> bool {
        self.failures < HALF_FULL
    }
}

/// One function: its layers, the script of its body, and the state of its layers by their places.
pub(super) struct Interpreter<'s> {
    pub(super) layers: Vec<char>,
    pub(super) script: &'s [Answered],
    pub(super) bodies: usize,
    pub(super) circuits: [Circuit; 5],
    /// The turns that the calls of a rate limit have taken.
    pub(super) turns: [u32; 5],
    /// True for a bulkhead whose slot another call has.
    pub(super) is_full: [bool; 5],
}

impl Interpreter<'_> {
    /// Calls the layer at the place, or the body behind the last one.
    pub(super) fn call(&mut self, at: usize) -> End {
        match self.layers.get(at) {
            None => self.body(),
            Some('R') => self.retry(at),
            Some('C') => self.circuit(at),
            Some('T') => match self.call(at + 1) {
                End::Hangs => End::Failed(Fault::Late),
                end => end,
            },
            Some('F') => match self.call(at + 1) {
                End::Failed(Fault::Down(number)) if number % 2 == 0 => End::Ok(1_000 + number),
                End::Failed(Fault::Down(_)) => End::Failed(Fault::Stale),
                end => end,
            },
            Some('H') => self.hedge(at),
            Some('B') if self.is_full[at] => End::Refused,
            Some('L') if self.turns[at] == TURNS => End::Refused,
            Some('L') => {
                self.turns[at] += 1;
                self.call(at + 1)
            }
            // A bulkhead with a free slot.
            Some(_) => self.call(at + 1),
        }
    }

    fn body(&mut self) -> End {
        let answered = self.script[self.bodies % self.script.len()];
        self.bodies += 1;
        match answered {
            Answered::Ok(number) => End::Ok(number),
            Answered::Down(number) => End::Failed(Fault::Down(number)),
            Answered::Hangs => End::Hangs,
        }
    }

    /// Two attempts. A refusal ends them, and is the answer if nothing came before it.
    fn retry(&mut self, at: usize) -> End {
        let first = self.call(at + 1);
        let End::Failed(_) = first else {
            return first;
        };
        if self.circuits_before_an_answer(at).any(Circuit::is_open) {
            return first;
        }
        match self.call(at + 1) {
            End::Refused => first,
            second => second,
        }
    }

    /// The circuits below, down to the first fallback.
    fn circuits_before_an_answer(&self, at: usize) -> impl Iterator<Item = Circuit> {
        let inside = self.layers.iter().enumerate().skip(at + 1);
        let before = inside.take_while(|(_, layer)| **layer != 'F');
        let places: Vec<_> = before
            .filter(|(_, layer)| **layer == 'C')
            .map(|(place, _)| self.circuits[place])
            .collect();
        places.into_iter()
    }

    fn circuit(&mut self, at: usize) -> End {
        if self.circuits[at].is_open() {
            self.circuits[at].refused += 1;
            return End::Refused;
        }
        let end = self.call(at + 1);
        let circuit = &mut self.circuits[at];
        match end {
            End::Ok(_) => circuit.successes += 1,
            End::Failed(_) => circuit.failures += 1,
            End::Refused => circuit.ignored += 1,
            End::Hangs => circuit.abandoned += 1,
        }
        end
    }

    /// A failed first attempt has a second one, unless a circuit below is unwell. Time starts none,
    /// because it comes too late here.
    fn hedge(&mut self, at: usize) -> End {
        let first = self.call(at + 1);
        let End::Failed(_) = first else {
            return first;
        };
        let inside = at + 1..self.layers.len();
        let mut circuits = inside.filter(|place| self.layers[*place] == 'C');
        if circuits.any(|place| !self.circuits[place].takes_more_load()) {
            return first;
        }
        self.call(at + 1)
    }
}
