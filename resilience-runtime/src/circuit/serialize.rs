//! The statistics of a circuit in serde's forms. They are written by hand, because the `state` of an
//! isolated circuit is `isolated` there.

use serde::{Serialize, Serializer, ser::SerializeStruct};

use super::stats::CircuitBreakerStats;
use crate::serialize::{Place, Seconds};

impl Serialize for CircuitBreakerStats {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // All fields are named, so that a new one cannot be forgotten here.
        let Self {
            name,
            key,
            state,
            isolated,
            failure_count,
            failure_threshold,
            failure_rate,
            slow_rate,
            last_error,
            successes,
            failures,
            ignored,
            refused,
            abandoned,
            late,
            opened,
            half_opened,
            closed,
            time_in_state,
            retry_after,
            declared_at,
        } = self;
        let state = if *isolated {
            "isolated".to_owned()
        } else {
            state.to_string()
        };
        let mut form = serializer.serialize_struct("CircuitBreakerStats", 21)?;
        form.serialize_field("name", name)?;
        form.serialize_field("key", key)?;
        form.serialize_field("state", &state)?;
        form.serialize_field("isolated", isolated)?;
        form.serialize_field("failure_count", failure_count)?;
        form.serialize_field("failure_threshold", failure_threshold)?;
        form.serialize_field("failure_rate", failure_rate)?;
        form.serialize_field("slow_rate", slow_rate)?;
        form.serialize_field("last_error", &last_error.as_deref())?;
        form.serialize_field("successes", successes)?;
        form.serialize_field("failures", failures)?;
        form.serialize_field("ignored", ignored)?;
        form.serialize_field("refused", refused)?;
        form.serialize_field("abandoned", abandoned)?;
        form.serialize_field("late", late)?;
        form.serialize_field("opened", opened)?;
        form.serialize_field("half_opened", half_opened)?;
        form.serialize_field("closed", closed)?;
        form.serialize_field("time_in_state", &Seconds(*time_in_state))?;
        form.serialize_field("retry_after", &retry_after.map(Seconds))?;
        form.serialize_field("declared_at", &Place(declared_at))?;
        form.end()
    }
}
