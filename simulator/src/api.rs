//! What the API says to a request, and what a reset asks for. No I/O, and no change of any user.

use hyper::header::HeaderValue;
use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::answer::{Answer, Shape};
use crate::request::Request;
use crate::users::{Reset, Users};

#[derive(Debug)]
pub(crate) enum Verdict {
    Reset { id: String, reset: Reset },
    Answer(Answer),
}

pub(crate) fn judge(key: &str, org: Option<&str>, users: &Users, request: &Request) -> Verdict {
    answer_to(key, org, users, request).unwrap_or_else(Verdict::Answer)
}

fn answer_to(key: &str, org: Option<&str>, users: &Users, request: &Request) -> Result<Verdict, Answer> {
    let path = request.path();
    if path.segments() == ["login"] {
        return Err(Answer::html(StatusCode::OK, "Log in"));
    }
    match request.header("x-api-key") {
        None | Some(b"") => {
            return Err(Answer::redirect(StatusCode::FOUND, HeaderValue::from_static("/login")));
        }
        Some(given) if given != key.as_bytes() => {
            let message = "Unauthorized: api key user not found";
            return Err(Shape::Error.answer(StatusCode::UNAUTHORIZED, message));
        }
        Some(_) => {}
    }
    if org.is_some_and(|org| request.header("x-org-id") != Some(org.as_bytes())) {
        return Err(Shape::Message.answer(StatusCode::UNAUTHORIZED, "no organization selected"));
    }
    let user = |id| users.get(id).ok_or_else(|| Shape::Code.answer(StatusCode::NOT_FOUND, "user not found"));
    match (&request.method, &path.segments()[..]) {
        (&Method::POST, ["api", "systemusers", id, "resetmfa"]) => {
            user(id)?;
            Ok(Verdict::Reset { id: (*id).to_owned(), reset: reset(&request.body)? })
        }
        (&Method::GET, ["api", "systemusers", id]) => Err(Answer::json(StatusCode::OK, user(id)?)),
        (&Method::GET, ["api", "systemusers"]) => {
            let results: Vec<_> = users.iter().collect();
            let body = json!({ "totalCount": results.len(), "results": results });
            Err(Answer::json(StatusCode::OK, &body))
        }
        _ => Err(Answer::no_such_route(&request.method, &request.target)),
    }
}

fn reset(body: &str) -> Result<Reset, Answer> {
    let bad = StatusCode::BAD_REQUEST;
    let mut reset = Reset::default();
    if body.is_empty() {
        return Ok(reset);
    }
    let fields = match serde_json::from_str(body) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) => return Err(Shape::Code.answer(bad, "the body must be an object")),
        Err(error) => return Err(Shape::Message.answer(bad, &format!("invalid JSON: {error}"))),
    };
    for (field, value) in &fields {
        match (field.as_str(), value) {
            ("exclusion", Value::Bool(exclusion)) => reset.exclusion = *exclusion,
            ("exclusion", _) => return Err(Answer::violation(bad, field, "must be a boolean")),
            ("exclusionUntil", value) => {
                let until = value.as_str().and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
                let until = until.ok_or_else(|| Answer::violation(bad, field, "must be a date-time"))?;
                reset.exclusion_until = Some(until);
            }
            ("exclusionDays", value) => {
                let days = value.as_i64().filter(|days| (1..=365).contains(days));
                let days =
                    days.ok_or_else(|| Answer::violation(bad, field, "must be a number from 1 to 365"))?;
                reset.exclusion_until = Some(OffsetDateTime::now_utc() + Duration::days(days));
            }
            _ => return Err(Shape::Error.answer(bad, &format!("unknown field {field:?}"))),
        }
    }
    Ok(reset)
}
