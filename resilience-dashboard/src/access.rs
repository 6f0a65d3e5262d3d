//! The access that a router gives: reading only, or commands behind a hook.

use std::{fmt, sync::Arc};

use axum::{http::request::Parts, response::Response};
use resilience::events::CommandAction;

/// The hook that authenticates a command.
type Hook = dyn Fn(&Parts, &Action) -> Result<Actor, Response> + Send + Sync;

/// The access that a router gives: reading only, or commands, too.
#[derive(Clone)]
pub struct Access {
    hook: Option<Arc<Hook>>,
}

impl Access {
    /// The router shows circuits and commands none: the routes of the commands do not exist.
    ///
    /// ```
    /// use resilience_dashboard::{Access, router};
    ///
    /// let app = router(Access::read_only());
    /// # let _: axum::Router = app;
    /// ```
    #[must_use]
    pub fn read_only() -> Self {
        Self { hook: None }
    }

    /// The router takes commands that `hook` allows.
    ///
    /// The hook gets the head of the request and the command. It returns the person or the program
    /// that gives the command, or the answer that refuses it. It runs in the task of the request
    /// before the body is read, so it should not block. An answer has 128 bytes, at which clippy's
    /// `result_large_err` warns of the closure; it is safe to allow there.
    ///
    /// The page sends what a browser sends by itself: cookies, and the credentials of HTTP
    /// authentication.
    ///
    /// ```
    /// use axum::http::StatusCode;
    /// use axum::response::IntoResponse;
    /// use resilience_dashboard::{Access, Actor, router};
    ///
    /// let app = router(Access::controlled(|request, _action| {
    ///     // A proxy in front of the service authenticates people, sets this header, and removes it
    ///     // from requests that bring it. Nothing but the proxy may reach the service.
    ///     match request.headers.get("x-forwarded-user").and_then(|user| user.to_str().ok()) {
    ///         Some(user) => Ok(Actor::new(user)),
    ///         None => Err(StatusCode::UNAUTHORIZED.into_response()),
    ///     }
    /// }));
    /// # let _: axum::Router = app;
    /// ```
    #[must_use]
    pub fn controlled(
        hook: impl Fn(&Parts, &Action) -> Result<Actor, Response> + Send + Sync + 'static,
    ) -> Self {
        Self {
            hook: Some(Arc::new(hook)),
        }
    }

    /// True if the router takes commands.
    pub(crate) fn is_controlled(&self) -> bool {
        self.hook.is_some()
    }

    /// Asks the hook. `None` means that there is none.
    pub(crate) fn ask(&self, request: &Parts, action: &Action) -> Option<Result<Actor, Response>> {
        let hook = self.hook.as_ref()?;
        Some(hook(request, action))
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_controlled() {
            "Access::controlled(..)"
        } else {
            "Access::read_only()"
        })
    }
}

/// A command that a request asks for. The hook of [`Access::controlled`] decides over it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    kind: CommandAction,
    circuit: String,
    is_only_here: bool,
}

impl Action {
    pub(crate) fn new(kind: CommandAction, circuit: String, is_only_here: bool) -> Self {
        Self {
            kind,
            circuit,
            is_only_here,
        }
    }

    /// The command.
    pub fn kind(&self) -> CommandAction {
        self.kind
    }

    /// The name of the circuit, as the request has it. A circuit of that name need not exist.
    pub fn circuit(&self) -> &str {
        &self.circuit
    }

    /// True if the command is for this process alone, because the query says `only_here=true`.
    /// Otherwise it is for all processes of the fleet, if one shares the circuit.
    pub fn is_only_here(&self) -> bool {
        self.is_only_here
    }
}

/// The person or the program that gives a command. Log, events and history name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    name: String,
}

impl Actor {
    /// An actor of that name.
    ///
    /// ```
    /// use resilience_dashboard::Actor;
    ///
    /// let actor = Actor::new("anna@example.com");
    /// # let _ = actor;
    /// ```
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into() }
    }

    pub(crate) fn into_name(self) -> String {
        self.name
    }
}
