//! The statistics and the transitions of a circuit in serde's forms. They are written by hand,
//! because the state of an isolated circuit is `isolated` there.

use serde::{Serialize, Serializer, ser::SerializeStruct};

use super::{
    command::CommandRecord, fleet_view::FleetView, history::TransitionRecord,
    stats::CircuitBreakerStats, transition::CircuitState,
};
use crate::serialize::{Place, Rfc3339, Seconds, Text, store_word};

impl Serialize for CircuitBreakerStats {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // All fields are named, so that a new one cannot be forgotten here.
        let Self {
            name,
            key,
            state,
            isolated,
            computed_state,
            command,
            failure_count,
            failure_threshold,
            failure_rate,
            slow_rate,
            last_error,
            successes,
            failures,
            ignored,
            refused,
            would_refuse,
            abandoned,
            late,
            opened,
            half_opened,
            closed,
            time_in_state,
            retry_after,
            fleet,
            declared_at,
        } = self;
        let state = if *isolated {
            "isolated".to_owned()
        } else {
            state.to_string()
        };
        let mut form = serializer.serialize_struct("CircuitBreakerStats", 25)?;
        form.serialize_field("name", name)?;
        form.serialize_field("key", key)?;
        form.serialize_field("state", &state)?;
        form.serialize_field("isolated", isolated)?;
        form.serialize_field("computed_state", &computed_state.to_string())?;
        form.serialize_field("command", command)?;
        form.serialize_field("failure_count", failure_count)?;
        form.serialize_field("failure_threshold", failure_threshold)?;
        form.serialize_field("failure_rate", failure_rate)?;
        form.serialize_field("slow_rate", slow_rate)?;
        form.serialize_field("last_error", &last_error.as_deref())?;
        form.serialize_field("successes", successes)?;
        form.serialize_field("failures", failures)?;
        form.serialize_field("ignored", ignored)?;
        form.serialize_field("refused", refused)?;
        form.serialize_field("would_refuse", would_refuse)?;
        form.serialize_field("abandoned", abandoned)?;
        form.serialize_field("late", late)?;
        form.serialize_field("opened", opened)?;
        form.serialize_field("half_opened", half_opened)?;
        form.serialize_field("closed", closed)?;
        form.serialize_field("time_in_state", &Seconds(*time_in_state))?;
        form.serialize_field("retry_after", &retry_after.map(Seconds))?;
        form.serialize_field("fleet", fleet)?;
        form.serialize_field("declared_at", &Place(declared_at))?;
        form.end()
    }
}

impl Serialize for FleetView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self {
            name,
            is_degraded,
            replicas,
            votes,
            objections,
            min_votes,
            share,
            probers,
            open_until,
        } = self;
        let mut form = serializer.serialize_struct("FleetView", 9)?;
        form.serialize_field("name", name)?;
        form.serialize_field("store", store_word(*is_degraded))?;
        form.serialize_field("replicas", replicas)?;
        form.serialize_field("votes", votes)?;
        form.serialize_field("objections", objections)?;
        form.serialize_field("min_votes", min_votes)?;
        form.serialize_field("share", share)?;
        form.serialize_field("probers", probers)?;
        form.serialize_field("open_until", &open_until.map(Rfc3339))?;
        form.end()
    }
}

impl Serialize for TransitionRecord {
    /// `to` is `isolated` where an isolation began. `from` is `open` for an isolated circuit,
    /// because the record before it says more.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self {
            at,
            key,
            from,
            to,
            was_isolated,
            isolated,
            reason,
            last_error,
            command,
        } = self;
        let word = |state: &CircuitState, is_isolated: bool| {
            if is_isolated {
                "isolated".to_owned()
            } else {
                state.to_string()
            }
        };
        let mut form = serializer.serialize_struct("TransitionRecord", 7)?;
        form.serialize_field("at", &Rfc3339(*at))?;
        form.serialize_field("key", key)?;
        form.serialize_field("from", &word(from, *was_isolated))?;
        form.serialize_field("to", &word(to, *isolated))?;
        form.serialize_field("reason", &Text(reason))?;
        form.serialize_field("last_error", &last_error.as_deref())?;
        form.serialize_field("command", command)?;
        form.end()
    }
}

impl Serialize for CommandRecord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self {
            action,
            reason,
            by,
            until,
        } = self;
        let mut form = serializer.serialize_struct("CommandRecord", 4)?;
        form.serialize_field("action", &Text(action))?;
        form.serialize_field("reason", &reason.as_deref())?;
        form.serialize_field("by", &by.as_deref())?;
        form.serialize_field("until", &until.map(Rfc3339))?;
        form.end()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::{CircuitBreakerConfig, registry};

    #[test]
    fn the_history_names_states_reasons_and_commands_by_their_words() {
        let breaker = registry::get_or_register(
            "serialize::history",
            CircuitBreakerConfig::new().failure_threshold(1),
        );
        let permit = breaker.acquire().expect("closed");
        permit.failure();
        breaker.isolate();
        breaker.reset();
        let json = serde_json::to_value(registry::history("serialize::history")).expect("JSON");
        let opened = &json[0];
        assert_eq!(
            (&opened["from"], &opened["to"], &opened["reason"]),
            (&json!("closed"), &json!("open"), &json!("failures"))
        );
        assert_eq!(
            (&opened["command"], &opened["key"]),
            (&Value::Null, &Value::Null)
        );
        let at = opened["at"].as_str().expect("a text");
        humantime::parse_rfc3339(at).expect("RFC 3339");
        let isolated = &json[1];
        assert_eq!(isolated["to"], "isolated");
        assert_eq!(isolated["command"]["action"], "isolate");
        assert_eq!(isolated["command"]["until"], Value::Null);
        assert_eq!(
            (&isolated["from"], &json[2]["from"], &json[2]["to"]),
            (&json!("open"), &json!("isolated"), &json!("closed"))
        );
    }
}
