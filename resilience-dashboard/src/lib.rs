//! The circuits, retries and timeouts of a service on a page for its operators: an
//! [`axum::Router`] over the registry of [`resilience`].
//!
//! ```
//! use axum::{Router, routing::get};
//! use resilience_dashboard::{Access, router};
//!
//! let app: Router = Router::new()
//!     .route("/", get(|| async { "the service" }))
//!     .nest("/resilience", router(Access::read_only()));
//! # let _ = app;
//! ```
//!
//! The page is then at `/resilience/ui`. An app with a state adds the router after `with_state`.
//!
//! | request | answer |
//! |---|---|
//! | `GET /` | [`registry::snapshot`](resilience::registry::snapshot) as JSON |
//! | `GET /circuits/{name}` | one circuit with its history, its settings and its operations as JSON, or 404 |
//! | `GET /events` | the same as a stream, see below |
//! | `GET /ui` | the page: one file without external assets |
//! | `POST /circuits/{name}/{command}` | a [command](#commands), with [`Access::controlled`] only |
//!
//! # Who may read
//!
//! Everybody who reaches the router may read. It shows names, source lines, settings and the texts
//! of errors, so it belongs on an address that only operators reach, or behind the same layer of
//! authentication as the other internal pages of the service.
//!
//! Each answer has `Cache-Control: no-store`. The page has a content security policy that allows
//! its own script and style and nothing else, and no other page may frame it.
//!
//! # Commands
//!
//! `POST /circuits/{name}/trip`, `isolate`, `reset` or `allow` with
//! `{"reason": "the vendor repairs it", "for": "5m"}` commands the circuit, or the circuits of all
//! keys of the name, and answers 200 with the circuit's JSON. `for` may be left out, and `reset`
//! ignores it. The routes exist only with [`Access::controlled`], whose hook authenticates the
//! request. Each command is a WARN of the log and an
//! [event](resilience::events::EventKind::Command) with the reason and the actor.
//!
//! If a [fleet](resilience::fleet) shares the circuit, the command goes to all of its processes,
//! and the circuit of this one obeys a moment later. With the query `?only_here=true` it is for
//! this process alone, and stronger than the fleet.
//!
//! | answer | cause |
//! |---|---|
//! | 400 | the body is not such an object: an empty reason, an unknown key, a wrong duration or one of zero; or `only_here` is neither `true` nor `false` |
//! | 403 | the header `Sec-Fetch-Site` says that another site makes the request |
//! | 404 | there is no such circuit or no such command, or the router is read-only |
//! | 408 | the body did not arrive within ten seconds |
//! | 413 | the body has more than 4 KB |
//! | 415 | the content type is not `application/json` |
//! | 503 | the fleet cannot reach its store, or the store did not answer in time and may still give the command to all processes |
//! | any | the hook refuses the request with it |
//!
//! The hook is asked before the body is read. The body of a refusal is `{"error": "…"}`.
//!
//! # Fleets
//!
//! `fleet` of a circuit is what its fleet knows: its `name`, if the `store` is `connected` or
//! `degraded`, the `replicas` that use the circuit, `votes` and `objections` beside `min_votes` and
//! `share`, the `probers`, and `open_until`. It is `null` for a circuit that no fleet shares. The
//! page shows it with the circuit.
//!
//! `fleet` of a rate limit has the `name`, the `store`, the `replicas` among which the limit is
//! divided, and the `batch` of permits that this process leases at once.
//!
//! # The stream
//!
//! `GET /events` sends server-sent events:
//!
//! - `snapshot` is the whole snapshot. It comes first, and again if the reader was too slow for
//!   the queue of changes.
//! - `changes` is `{"at", "changed", "removed", "replaced"}`. `changed` has, by section of the
//!   snapshot, the elements that changed, each with its `name` and the fields that changed.
//!   `removed` has the elements that are gone. `replaced` has the sections that are no lists of
//!   names. A change of state is sent within a fraction of a second, and counts once per second;
//!   both come later for thousands of circuits, because the thread takes at most a tenth of a core.
//!   `time_in_state` and `retry_after` grow and fall with the time, so they are sent only together
//!   with another change of their circuit.
//! - `heartbeat` comes after 15 seconds without another event.
//!
//! A reader that comes back with `Last-Event-ID` gets the changes since then, if the queue still
//! has them. At most 100 readers may follow; the next one gets 503, and the page then asks for the
//! snapshot every two seconds. A thread compares snapshots while somebody reads, and ends 15
//! seconds after the last reader; a service that nobody looks at pays nothing.
//!
//! # Runtime and shutdown
//!
//! The handlers need a tokio runtime with its timer enabled, because the body of a command may be
//! slow. A stream lasts as long as its connection, so a graceful shutdown that waits for all
//! connections needs a timeout.

mod access;
mod answer;
mod circuit;
mod command;
mod live;
mod page;
mod routes;

pub use self::{
    access::{Access, Action, Actor},
    routes::router,
};
