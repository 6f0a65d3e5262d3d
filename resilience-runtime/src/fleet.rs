//! The interface for a package that coordinates the circuits and rate limits of many processes.
//!
//! A service that runs as many replicas pays for each failing dependency once per replica: each has
//! to see its own failures, and each sends its own probes. A **fleet** shares that by way of a
//! store. The package `resilience-fleet` does so with Redis or Valkey. This module is all that it
//! needs of this crate, so that another store can be used; a program that only uses a fleet needs
//! none of it.
//!
//! The circuit of a process stays the truth for its process. It asks and tells, and follows:
//!
//! | when | then |
//! |---|---|
//! | a circuit comes into the registry or goes | [`CircuitFollower`], by [`follow_circuits`] |
//! | the circuit opens by its own decision | [`Coordinator::tripped`] |
//! | a call would be a probe | [`Coordinator::asked`], answered by a [`ProbeAnswer`] |
//! | a probe with a lease ends | [`Coordinator::probed`] |
//! | the others decide that the circuit opens or closes | [`CircuitBreaker::follow_open`], [`CircuitBreaker::follow_closed`] |
//! | an operator gives a command to all processes | [`CircuitBreaker::isolate_with`] and its kin, or by name in [`registry`](crate::registry) |
//! | an operator asks this process to give all processes a command | [`CircuitFollower::command`], by [`give_command`] |
//! | the view of the store changed, for operators | [`CircuitBreaker::show_fleet`] |
//! | the store is lost, or there again | [`StoreContact::lost`], [`StoreContact::restored`] |
//!
//! While the contact is lost, a circuit decides as it does without a fleet. A success of a closed
//! circuit costs nothing more with a fleet: none of this lies on its path.
//!
//! [`CircuitBreaker::coordinate`] gives a circuit its coordinator. Only a call that would be a
//! probe waits for an answer, for at most [`ProbeRequest::TIMEOUT`]: an async call waits as a
//! future, and so does [`CircuitBreaker::acquire_async`]; a sync call blocks its thread, and so
//! does [`CircuitBreaker::acquire`].
//!
//! A **rate limit** of many processes leases permits in batches: [`RateLimit::coordinate`] gives it
//! its coordinator, which is asked for the next batch before the last one is used up. A call never
//! waits for that. [`follow_rate_limits`] tells of the rate limits that come and go.
//!
//! | when | then |
//! |---|---|
//! | the store can be reached, or the number of processes changes | [`RateLimit::lease_among`] |
//! | the store is lost | [`RateLimit::divide_among`] |
//! | few leased permits are left | [`RateLimitCoordinator::wanted`], answered by [`PermitRequest::grant`] |
//!
//! [`RateLimit::coordinate`]: crate::RateLimit::coordinate
//! [`RateLimit::lease_among`]: crate::RateLimit::lease_among
//! [`RateLimit::divide_among`]: crate::RateLimit::divide_among
//! [`CircuitBreaker::follow_open`]: crate::CircuitBreaker::follow_open
//! [`CircuitBreaker::follow_closed`]: crate::CircuitBreaker::follow_closed
//! [`CircuitBreaker::isolate_with`]: crate::CircuitBreaker::isolate_with
//! [`CircuitBreaker::show_fleet`]: crate::CircuitBreaker::show_fleet
//! [`CircuitBreaker::coordinate`]: crate::CircuitBreaker::coordinate
//! [`CircuitBreaker::acquire_async`]: crate::CircuitBreaker::acquire_async
//! [`CircuitBreaker::acquire`]: crate::CircuitBreaker::acquire

pub use crate::{
    by_name::Following,
    circuit::{
        CircuitFollower, CommandFuture, Coordinator, FleetView, ProbeAnswer, ProbeRequest,
        StoreContact, Trip, Verdict, give_command,
    },
    rate_limit::{PermitRequest, RateLimitCoordinator, RateLimitFollower, RateLimitView},
    registry::{follow_circuits, follow_rate_limits},
};
