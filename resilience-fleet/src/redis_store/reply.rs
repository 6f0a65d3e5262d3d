//! The answers of the scripts.

use std::time::Duration;

use redis::{FromRedisValue, Value};
use resilience::events::CommandAction;

use crate::store::{
    Answer, Changes, CommandView, Opening, PermitReply, Reply, StoreError, StoreErrorKind,
    StoredCommand, Term, View,
};

/// Reads a value of the server.
pub(super) fn read<T: FromRedisValue>(value: &Value) -> Result<T, StoreError> {
    T::from_redis_value_ref(value).map_err(|_| unexpected())
}

fn unexpected() -> StoreError {
    let detail = "the script of the store answered in another form than expected";
    StoreError::new(StoreErrorKind::Protocol, detail)
}

/// The fields of an answer, one after the other.
struct Fields<'v>(std::slice::Iter<'v, Value>);

impl Fields<'_> {
    fn next<T: FromRedisValue>(&mut self) -> Result<T, StoreError> {
        read(self.0.next().ok_or_else(unexpected)?)
    }

    fn time(&mut self) -> Result<Duration, StoreError> {
        self.next().map(Duration::from_micros)
    }

    /// A number, or -1 for none.
    fn optional(&mut self) -> Result<Option<u64>, StoreError> {
        let number: i64 = self.next()?;
        Ok(u64::try_from(number).ok())
    }
}

/// Reads the answer of `circuit.lua`.
pub(super) fn reply(value: &Value) -> Result<Reply, StoreError> {
    let Value::Array(fields) = value else {
        return Err(unexpected());
    };
    let mut fields = Fields(fields.iter());
    let at = fields.next()?;
    let term = Term {
        epoch: fields.next()?,
        generation: fields.next()?,
    };
    let is_open = fields.next()?;
    let probes_in = fields.next()?;
    let opening = Opening {
        open_for: Duration::ZERO,
        lease_for: fields.time()?,
        probes: fields.next()?,
        success_threshold: fields.next()?,
    };
    let successes = fields.next()?;
    let votes = fields.next()?;
    let objections = fields.next()?;
    let probers = probers(&fields.next::<Vec<String>>()?);
    let doubt = fields.optional()?;
    let grace = fields.time()?;
    let is_change = fields.next()?;
    let answer = answer(&fields.next::<String>()?)?;
    let command = command(&mut fields)?;
    Ok(Reply {
        view: View {
            at,
            term,
            is_open,
            probes_in,
            opening,
            successes,
            votes,
            objections,
            leases: u32::try_from(probers.len()).unwrap_or(u32::MAX),
            probers,
            doubt,
            grace,
            command,
        },
        is_change,
        answer,
    })
}

/// The replicas that hold the leases, sorted.
fn probers(leases: &[String]) -> Vec<String> {
    let replicas = leases.iter().filter_map(|lease| lease.split_once(' '));
    let mut probers: Vec<_> = replicas.map(|(_, replica)| replica.to_owned()).collect();
    probers.sort();
    probers
}

/// Reads the answer of `permits.lua`.
pub(super) fn permits(value: &Value) -> Result<PermitReply, StoreError> {
    let Value::Array(fields) = value else {
        return Err(unexpected());
    };
    let mut fields = Fields(fields.iter());
    Ok(PermitReply {
        at: fields.next()?,
        granted: fields.next()?,
        next_in: fields.time()?,
        used: fields.next()?,
    })
}

fn answer(text: &str) -> Result<Answer, StoreError> {
    Ok(match text {
        "done" => Answer::Done,
        "void" => Answer::Void,
        "granted" => Answer::Granted,
        "denied" => Answer::Denied,
        "alone" => Answer::Alone,
        _ => return Err(unexpected()),
    })
}

fn command(fields: &mut Fields<'_>) -> Result<Option<CommandView>, StoreError> {
    let Some(generation) = fields.optional()? else {
        return Ok(None);
    };
    let action = match &*fields.next::<String>()? {
        "trip" => CommandAction::Trip,
        "isolate" => CommandAction::Isolate,
        "allow" => CommandAction::Allow,
        _ => CommandAction::Reset,
    };
    let reason = fields.next()?;
    let by: String = fields.next()?;
    let holds = fields.next()?;
    let lasts = fields.optional()?.map(Duration::from_micros);
    Ok(Some(CommandView {
        generation,
        holds,
        command: StoredCommand {
            action,
            reason,
            by: Some(by).filter(|by| !by.is_empty()),
            lasts,
        },
    }))
}

/// Reads the answer to `changes`.
pub(super) fn changes(value: &Value) -> Result<Changes, StoreError> {
    let Value::Array(fields) = value else {
        return Err(unexpected());
    };
    let mut fields = Fields(fields.iter());
    let serial = fields.next()?;
    let is_whole: bool = fields.next()?;
    let circuits = fields.0.map(read).collect::<Result<_, _>>()?;
    Ok(Changes {
        serial,
        circuits: is_whole.then_some(circuits),
    })
}
