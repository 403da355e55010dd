//! Decides what the API answers to a request, and reads what a reset asks for. Does no I/O and changes no user.

use hyper::header::HeaderValue;
use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime, UtcOffset};

use crate::answer::{Answer, Shape};
use crate::request::Request;
use crate::search::Search;
use crate::users::{Reset, Users};

#[derive(Debug)]
pub(crate) enum Verdict {
    Reset { id: String, reset: Reset },
    Answer(Answer),
}

pub(crate) fn judge(key: &str, org: Option<&str>, users: &Users, request: &Request) -> Verdict {
    let path = &request.path.segments()[..];
    if path == ["login"] {
        return Verdict::Answer(Answer::html(StatusCode::OK, "Log in"));
    }
    if let Some(refusal) = refusal(key, org, request) {
        return Verdict::Answer(refusal);
    }
    Verdict::Answer(match (&request.method, path) {
        (&Method::POST, ["api", "systemusers", id, "resetmfa"]) => {
            match (users.get(id), reset(&request.body)) {
                (None, _) => no_such_user(),
                (_, Err(fault)) => fault.answer(),
                (_, Ok(reset)) => return Verdict::Reset { id: id.to_string(), reset },
            }
        }
        (&Method::GET, ["api", "systemusers", id]) => match users.get(id) {
            Some(user) => Answer::json(StatusCode::OK, user),
            None => no_such_user(),
        },
        (&Method::POST, ["api", "search", "systemusers"]) => {
            match serde_json::from_str::<Search>(&request.body) {
                Ok(search) => Answer::json(StatusCode::OK, &search.answer(users, request.query("limit"))),
                Err(error) => {
                    Shape::Message.answer(StatusCode::BAD_REQUEST, &format!("invalid search: {error}"))
                }
            }
        }
        (&Method::GET, ["api", "systemusers"]) => {
            let results: Vec<_> = users.iter().collect();
            Answer::json(StatusCode::OK, &json!({ "totalCount": results.len(), "results": results }))
        }
        (method, _) => Answer::no_such_route(method, &request.target),
    })
}

fn refusal(key: &str, org: Option<&str>, request: &Request) -> Option<Answer> {
    match request.header("x-api-key") {
        None | Some(b"") => Some(Answer::redirect(StatusCode::FOUND, HeaderValue::from_static("/login"))),
        Some(given) if given != key.as_bytes() => {
            let message = "Unauthorized: api key user not found";
            Some(Shape::Error.answer(StatusCode::UNAUTHORIZED, message))
        }
        Some(_) if org.is_some_and(|org| request.header("x-org-id") != Some(org.as_bytes())) => {
            Some(Shape::Message.answer(StatusCode::UNAUTHORIZED, "no organization selected"))
        }
        Some(_) => None,
    }
}

fn no_such_user() -> Answer {
    Shape::Code.answer(StatusCode::NOT_FOUND, "user not found")
}

#[derive(Debug)]
enum BadBody {
    NotJson(serde_json::Error),
    NotAnObject,
    UnknownField(String),
    Violation { field: &'static str, must: &'static str },
}

impl BadBody {
    /// Each error has another of the API's shapes, so that tests see all of them.
    fn answer(self) -> Answer {
        let status = StatusCode::BAD_REQUEST;
        match self {
            BadBody::NotJson(error) => Shape::Message.answer(status, &format!("invalid JSON: {error}")),
            BadBody::NotAnObject => Shape::Code.answer(status, "the body must be an object"),
            BadBody::UnknownField(name) => Shape::Error.answer(status, &format!("unknown field {name:?}")),
            BadBody::Violation { field, must } => Answer::violation(status, field, must),
        }
    }
}

fn reset(body: &str) -> Result<Reset, BadBody> {
    let mut reset = Reset::default();
    if body.is_empty() {
        return Ok(reset);
    }
    let fields: Value = serde_json::from_str(body).map_err(BadBody::NotJson)?;
    for (name, value) in fields.as_object().ok_or(BadBody::NotAnObject)? {
        match name.as_str() {
            "exclusion" => {
                let wrong = BadBody::Violation { field: "exclusion", must: "must be a boolean" };
                reset.exclusion = value.as_bool().ok_or(wrong)?;
            }
            "exclusionUntil" => {
                let wrong = BadBody::Violation { field: "exclusionUntil", must: "must be a date-time" };
                reset.exclusion_until = Some(value.as_str().and_then(utc).ok_or(wrong)?);
            }
            "exclusionDays" => {
                let wrong = BadBody::Violation { field: "exclusionDays", must: "must be from 1 to 365" };
                let days = value.as_i64().filter(|days| (1..=365).contains(days)).ok_or(wrong)?;
                reset.exclusion_until =
                    Some((OffsetDateTime::now_utc() + Duration::days(days)).truncate_to_second());
            }
            _ => return Err(BadBody::UnknownField(name.clone())),
        }
    }
    Ok(reset)
}

fn utc(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()?.checked_to_offset(UtcOffset::UTC)
}
