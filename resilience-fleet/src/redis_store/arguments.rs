//! The arguments of the script of a circuit.

use std::time::Duration;

use resilience::events::CommandAction;

use crate::{
    quorum::Quorum,
    store::{Opening, ProbeVerdict, Request, StoredCommand, Term, micros},
};

/// The arguments of a request, in the order of `circuit.lua`.
pub(super) fn of(request: &Request, channel: &str, circuit: &str) -> Vec<String> {
    let mut arguments = Arguments(Vec::with_capacity(16));
    let name = match request {
        Request::Vote { .. } => "vote",
        Request::Object { .. } => "object",
        Request::Settle { .. } => "settle",
        Request::Lease { .. } => "lease",
        Request::Verdict { .. } => "verdict",
        Request::Command { .. } => "command",
        Request::Restore { .. } => "restore",
        Request::Recovered { .. } => "recovered",
        Request::Read => "read",
    };
    arguments.text(name).text(channel).text(circuit);
    arguments.of_request(request);
    arguments.0
}

struct Arguments(Vec<String>);

impl Arguments {
    fn text(&mut self, text: &str) -> &mut Self {
        self.0.push(text.to_owned());
        self
    }

    fn number(&mut self, number: &impl ToString) -> &mut Self {
        self.0.push(number.to_string());
        self
    }

    fn time(&mut self, time: Duration) -> &mut Self {
        self.number(&micros(time))
    }

    /// A time, or -1 for none.
    fn optional_time(&mut self, time: Option<Duration>) -> &mut Self {
        match time {
            Some(time) => self.time(time),
            None => self.number(&-1),
        }
    }

    fn quorum(&mut self, quorum: Quorum, known: u32) -> &mut Self {
        self.number(&quorum.get_min_votes())
            .number(&quorum.get_share())
            .number(&known)
    }

    fn opening(&mut self, opening: Opening) -> &mut Self {
        self.time(opening.open_for)
            .time(opening.lease_for)
            .number(&opening.probes)
            .number(&opening.success_threshold)
    }

    fn term(&mut self, term: Term) -> &mut Self {
        self.number(&term.epoch).number(&term.generation)
    }

    fn command(&mut self, command: &StoredCommand) -> &mut Self {
        self.text(action(command.action))
            .text(&command.reason)
            .text(command.by.as_deref().unwrap_or_default())
            .optional_time(command.lasts)
    }

    fn of_request(&mut self, request: &Request) {
        match request {
            Request::Vote {
                replica,
                quorum,
                counts_for,
                known,
                opening,
                epoch,
            } => self
                .text(replica)
                .time(*counts_for)
                .number(epoch)
                .quorum(*quorum, *known)
                .opening(*opening),
            Request::Object {
                replica,
                counts_for,
            } => self.text(replica).time(*counts_for),
            Request::Settle { quorum, known } => self.quorum(*quorum, *known),
            Request::Lease { lease } => self.number(&lease),
            Request::Verdict {
                term,
                lease,
                verdict,
            } => {
                self.term(*term).number(&lease);
                match verdict {
                    ProbeVerdict::Succeeded => self.text("succeeded"),
                    ProbeVerdict::Released => self.text("released"),
                    ProbeVerdict::Failed(opening) => self.text("failed").opening(*opening),
                }
            }
            Request::Command {
                command,
                opening,
                epoch,
            } => self.number(epoch).command(command).opening(*opening),
            Request::Restore {
                term,
                open_for,
                opening,
                command,
            } => {
                self.term(*term).optional_time(*open_for).opening(*opening);
                match command {
                    Some((generation, command)) => self.number(generation).command(command),
                    None => self.number(&-1),
                }
            }
            Request::Recovered { term } => self.term(*term),
            Request::Read => self,
        };
    }
}

/// The word of a command in the store.
fn action(action: CommandAction) -> &'static str {
    match action {
        CommandAction::Trip => "trip",
        CommandAction::Isolate => "isolate",
        CommandAction::Allow => "allow",
        // The list of commands may grow. One that this version does not know closes the circuit.
        _ => "reset",
    }
}
