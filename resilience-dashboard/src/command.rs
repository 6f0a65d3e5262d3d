//! `POST /circuits/{name}/{command}`.

use std::{error::Error, time::Duration};

use axum::{
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use futures_util::StreamExt;
use resilience::{Command, TimeoutSettings, events::CommandAction, fleet, registry};
use serde::Deserialize;
use serde_json::json;

use crate::{
    access::{Access, Action, Actor},
    answer::{self, Refusal},
    circuit,
};

/// The most bytes of a body.
const MAX_BYTES: usize = 4 << 10;

/// The longest time that a body may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// The parameters of the path by their names, because a prefix may have parameters, too.
#[derive(Deserialize)]
pub(crate) struct Target {
    circuit: String,
    action: String,
}

/// The body as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    reason: String,
    #[serde(rename = "for")]
    duration: Option<String>,
}

/// The body after its check.
struct Order {
    reason: String,
    duration: Option<Duration>,
}

/// Gives the command, or says why not. Nothing changes before everything is checked.
pub(crate) async fn answer(
    State(access): State<Access>,
    Path(target): Path<Target>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let action = match requested(target, &head) {
        Ok(action) => action,
        Err(refusal) => return refusal.into_response(),
    };
    let actor = match access.ask(&head, &action) {
        Some(Ok(actor)) => actor,
        Some(Err(answer)) => return answer,
        None => return circuit::unknown().into_response(),
    };
    let given = match order(&head.headers, body).await {
        Ok(order) => give(&action, actor, order).await,
        Err(refusal) => Err(refusal),
    };
    given.unwrap_or_else(Refusal::into_response)
}

/// The command that the head of the request asks for.
fn requested(target: Target, head: &Parts) -> Result<Action, Refusal> {
    let kind = match target.action.as_str() {
        "trip" => CommandAction::Trip,
        "isolate" => CommandAction::Isolate,
        "reset" => CommandAction::Reset,
        "allow" => CommandAction::Allow,
        _ => {
            let error = "the commands are trip, isolate, reset and allow";
            return Err(Refusal::new(StatusCode::NOT_FOUND, error));
        }
    };
    refuse_other_sites(&head.headers)?;
    let only_here = only_here(head.uri.query().unwrap_or(""))?;
    Ok(Action::new(kind, target.circuit, only_here))
}

/// True if the query says that the command is for this process alone. The query may have other
/// parameters, because they may be meant for the hook.
fn only_here(query: &str) -> Result<bool, Refusal> {
    let mut parameters = query.split('&');
    let value = parameters.find_map(|parameter| match parameter.split_once('=') {
        Some(("only_here", value)) => Some(value),
        None if parameter == "only_here" => Some(""),
        _ => None,
    });
    match value {
        Some("true") => Ok(true),
        Some("false") | None => Ok(false),
        Some(_) => Err(wrong("`only_here` is true or false")),
    }
}

/// A browser says in this header which site makes the request, and a page cannot change it.
/// Programs that are no browsers do not send it.
fn refuse_other_sites(headers: &HeaderMap) -> Result<(), Refusal> {
    match headers.get("sec-fetch-site") {
        Some(site) if site != "same-origin" => {
            let error = "the request comes from another site";
            Err(Refusal::new(StatusCode::FORBIDDEN, error))
        }
        _ => Ok(()),
    }
}

/// Gives the command to the circuit of that name, or to the circuits of all its keys: in all
/// processes of the fleet that shares it, or in this one.
async fn give(action: &Action, actor: Actor, order: Order) -> Result<Response, Refusal> {
    let mut command = Command::new(order.reason).by(actor.into_name());
    if let Some(duration) = order.duration {
        command = command.for_(duration);
    }
    let name = action.circuit();
    let of_fleet = circuit::is_known(name) && !action.is_only_here();
    let by_fleet = of_fleet.then(|| fleet::give_command(name, action.kind(), &command));
    let is_known = match by_fleet.flatten() {
        Some(given) => given
            .await
            .map(|()| true)
            .map_err(|error| no_fleet(&*error))?,
        None => give_here(action, command),
    };
    // A circuit that was there may have been removed since then.
    let described = circuit::describe(name).filter(|_| is_known);
    let described = described.ok_or_else(circuit::unknown)?;
    Ok(answer::json(StatusCode::OK, &described))
}

/// Gives the command to the circuits of this process. False if there is none.
fn give_here(action: &Action, command: Command) -> bool {
    let name = action.circuit();
    match action.kind() {
        CommandAction::Trip => registry::trip_with(name, command),
        CommandAction::Isolate => registry::isolate_with(name, command),
        CommandAction::Allow => registry::allow_with(name, command),
        CommandAction::Reset => registry::reset_with(name, command),
        // A command of a later version. `requested` knows none.
        _ => false,
    }
}

/// The refusal of a command that the fleet did not confirm. A store that was only slow may have
/// taken it.
fn no_fleet(error: &dyn Error) -> Refusal {
    let error = format!(
        "{error}, so it is not certain that the replicas get the command: give it again, or to this one alone with the query `only_here=true`"
    );
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, error)
}

/// The order in the body.
async fn order(headers: &HeaderMap, body: Body) -> Result<Order, Refusal> {
    refuse_other_types(headers)?;
    let reads = tokio::time::timeout(BODY_TIMEOUT, collect(body));
    let bytes = reads.await.unwrap_or_else(|_| {
        let error = "the body did not arrive within ten seconds";
        Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, error))
    })?;
    check(&bytes)
}

/// Another site cannot make a browser send this content type without asking first, and no answer
/// here allows it.
fn refuse_other_types(headers: &HeaderMap) -> Result<(), Refusal> {
    let written = headers.get(header::CONTENT_TYPE);
    let written = written.and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = written.split(';').next().unwrap_or("").trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let error = "the content type has to be application/json";
    Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, error))
}

/// The body as far as it may be read.
async fn collect(body: Body) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| wrong("the body breaks off"))?;
        if bytes.len() + chunk.len() > MAX_BYTES {
            let error = "the body has more than 4 KB";
            return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, error));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn check(body: &[u8]) -> Result<Order, Refusal> {
    let written: Written =
        serde_json::from_slice(body).map_err(|error| wrong(error.to_string()))?;
    if written.reason.trim().is_empty() {
        return Err(wrong("the reason is empty"));
    }
    let duration = written.duration.as_deref().map(|text| {
        duration(text)
            .ok_or_else(|| wrong("`for` is no duration above zero, like \"90s\" or \"1h30m\""))
    });
    Ok(Order {
        reason: written.reason,
        duration: duration.transpose()?,
    })
}

/// Reads a duration as the settings do, which is as the attributes write them. `None` if the text
/// is no duration above zero.
fn duration(text: &str) -> Option<Duration> {
    let settings: TimeoutSettings = serde_json::from_value(json!({ "limit": text })).ok()?;
    settings.limit.filter(|duration| !duration.is_zero())
}

fn wrong(error: impl Into<String>) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, error)
}
