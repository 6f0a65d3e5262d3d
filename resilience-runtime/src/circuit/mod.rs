//! The circuit breaker: a pure state machine behind a lock, and a gate in front of it that needs
//! none.
//!
//! ```text
//!            attribute, CircuitBreaker (breaker), CircuitBreakerFuture (call_future)
//!                 │ asks for an admission                      ▲ the permit records the outcome
//!                 ▼                                            │ (permit, classified, the *_future files)
//!   ┌─────────────────────────── Shared (shared): the driver ──────────────────────────────┐
//!   │ word          holds                            written by        read by             │
//!   │ gate          state, generation, why it        whoever holds     every call, before  │
//!   │               opened, "rated", "timed", "in    the lock          and after its body  │
//!   │               a row"                                                                 │
//!   │ gate_expiry   until when the gate's answer     whoever holds     calls of a circuit  │
//!   │               holds                            the lock          that is not plain   │
//!   │ config        the settings                     whoever holds     the machine; calls  │
//!   │ (active_                                       the lock          that are timed, or  │
//!   │ config)                                                          compute settings    │
//!   │ shards 0-2    successes and refused calls      every thread, in  statistics; the     │
//!   │ (sharded_                                      its own shard     window of a rate    │
//!   │ counter)                                                                             │
//!   │ abandoned,    calls without an outcome, those  the call          statistics          │
//!   │ late,         that came too late, and those                                          │
//!   │ ignored       that count as neither                                                  │
//!   │ is_removed    the registry gave its name away  the registry      every attribute     │
//!   │ declarations  what source lines declare        a call that       a call that         │
//!   │ (declaration)                                  declares anew     declares anew       │
//!   │ name,         the name with its key, and the   nobody after the  log, errors,        │
//!   │ declared_at   source line that made it         circuit is made   events, statistics  │
//!   │ seldom        settings that few circuits have, whoever holds     the machine; a      │
//!   │               and earlier_configs: those that  the lock; a call  call that declares  │
//!   │               a source line gave before        that declares     anew                │
//!   │ ┌──────────── Mutex<Locked> ─────────────────────────────────────────────────────┐   │
//!   │ │ machine decides: admit, record, trip, isolate, reset. Time and outcome in,     │   │
//!   │ │ decision out. Keeps the window (window), the slots of probes (probes), and the │   │
//!   │ │ counts of failures and transitions.                                            │   │
//!   │ │ journal keeps the transitions in their order, and who is told of them: the     │   │
//!   │ │ listeners (listener) and the futures that wait (state_future).                 │   │
//!   │ └────────────────────────────────────────────────────────────────────────────────┘   │
//!   └──────────────────────────────────────────────────────────────────────────────────────┘
//!                 │ after the lock is released (shared/changes)
//!                 ▼
//!           futures, log, listeners, subscribers (crate::events): they are told of the transition
//! ```
//!
//! A **plain** circuit is closed, opens by a number of failures, is in no row of them and has no
//! `slow_call`. A call of it reads the gate, runs, reads the gate again and adds one in its shard.
//! A call of an open circuit reads the gate, the coarse clock and `gate_expiry`, and is refused.
//! All other calls, and every failure, take the lock for a moment.
//!
//! The **generation** is one more after each change of state and each reset. An admission keeps the
//! generation it passed in, and an outcome of an older generation counts as `late` and changes
//! nothing.
//!
//! No lock is held while the user's code runs: a body, a filter, a listener or a subscriber of the
//! log.

mod acquire;
mod active_config;
mod admission;
mod breaker;
#[cfg(feature = "config")]
mod breaker_in_file;
mod call_future;
mod call_permit;
mod change;
mod classified;
mod command;
mod config;
mod contact;
mod control;
mod conversion;
mod coordinate;
mod coordinator;
#[cfg(feature = "config")]
mod declared;
mod description;
mod error;
#[cfg(feature = "config")]
pub(crate) mod file;
mod fleet_view;
mod followers;
mod gate;
mod gate_expiry;
mod guarded_future;
mod history;
mod in_force;
mod journal;
pub(crate) mod keyed;
mod layer;
mod listener;
pub(crate) mod log;
#[cfg(all(test, loom))]
mod loom_models;
mod machine;
mod name;
mod open_time;
mod past;
mod permit;
mod probe_future;
mod probe_request;
mod probes;
mod seldom;
#[cfg(feature = "serde")]
mod serialize;
mod settings;
mod sharded_counter;
mod shared;
mod state_future;
mod stats;
mod task_call;
mod transition;
#[cfg(feature = "metrics")]
mod transition_counts;
mod usage;
mod waiters;
mod window;

#[cfg(test)]
pub(crate) use self::log::capture;
#[cfg(feature = "metrics")]
pub(crate) use self::transition_counts::{TRANSITIONS, TransitionCounts, transition_counts};
pub use self::{
    breaker::CircuitBreaker,
    call_future::CircuitBreakerFuture,
    call_permit::CallPermit,
    classified::{Classified, record},
    command::{Command, CommandRecord},
    config::CircuitBreakerConfig,
    contact::StoreContact,
    conversion::FromCircuitOpen,
    coordinator::{Coordinator, Trip, Verdict},
    error::CircuitOpen,
    fleet_view::FleetView,
    followers::{CircuitFollower, CommandFuture, give_command},
    guarded_future::GuardedFuture,
    history::TransitionRecord,
    keyed::{CircuitBreakerFamily, FamilyStats, KeyedCircuit},
    layer::CircuitLayer,
    permit::{OwnedPermit, Permit},
    probe_request::{ProbeAnswer, ProbeRequest},
    settings::CircuitBreakerSettings,
    state_future::CircuitStateFuture,
    stats::CircuitBreakerStats,
    transition::Transition,
};
pub(crate) use self::{
    command::GivenCommand,
    followers::{begin_to_follow, tell_came, tell_went},
    keyed::Family,
    name::Name,
};

/// The names that the expansion of `#[circuit_breaker]` uses.
pub(crate) mod expansion {
    pub use super::{
        CallPermit, CircuitBreaker, CircuitBreakerConfig, CircuitLayer, CircuitOpen, Classified,
        FromCircuitOpen, GuardedFuture, KeyedCircuit, record,
    };
}
