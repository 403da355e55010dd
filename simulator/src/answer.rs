//! An answer as data, and the forms in which the API, or a gateway in front of it, reports an error.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use hyper::{Method, Response, StatusCode, Version};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

#[derive(Debug)]
pub(crate) struct Answer {
    pub version: Version,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn new(status: StatusCode, content_type: HeaderValue, body: impl Into<Bytes>) -> Answer {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, content_type)]);
        Answer { version: Version::HTTP_11, status, headers, body: body.into() }
    }

    pub fn ok() -> Answer {
        Answer::new(StatusCode::OK, TEXT, "OK")
    }

    pub fn json(status: StatusCode, body: &impl Serialize) -> Answer {
        match serde_json::to_vec(body) {
            Ok(text) => Answer::new(status, JSON, text),
            Err(error) => Answer::new(StatusCode::INTERNAL_SERVER_ERROR, TEXT, error.to_string()),
        }
    }

    /// The API's fourth shape: a violation of one field.
    pub fn violation(status: StatusCode, field: &str, description: &str) -> Answer {
        let mut body = coded(status, "request validation error");
        body["details"] =
            json!([{ "fieldViolationsList": [{ "field": field, "description": description }] }]);
        Answer::json(status, &body)
    }

    pub fn html(status: StatusCode, text: &str) -> Answer {
        let page = format!(
            "<!doctype html>\n<html><head><title>{status}</title></head><body><h1>{status}</h1><p>{text}</p></body></html>\n"
        );
        Answer::new(status, HTML, page)
    }

    pub fn redirect(status: StatusCode, location: HeaderValue) -> Answer {
        let mut answer = Answer::new(status, TEXT, "Redirecting");
        answer.headers.insert(LOCATION, location);
        answer
    }

    pub fn no_such_route(method: &Method, target: &str) -> Answer {
        Shape::Message.answer(StatusCode::NOT_FOUND, &format!("Cannot {method} {target}"))
    }
}

impl From<Answer> for Response<Full<Bytes>> {
    fn from(answer: Answer) -> Self {
        let mut response = Response::new(Full::new(answer.body));
        *response.version_mut() = answer.version;
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        response
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Shape {
    Message,
    Code,
    Error,
    Details,
    Html,
    None,
    Broken,
    Text,
}

impl Shape {
    pub fn answer(self, status: StatusCode, message: &str) -> Answer {
        match self {
            Shape::Message => Answer::json(status, &json!({ "message": message })),
            Shape::Code => Answer::json(status, &coded(status, message)),
            Shape::Error => {
                Answer::json(status, &json!({ "error": status.canonical_reason(), "message": message }))
            }
            Shape::Details => Answer::violation(status, "exclusion", message),
            Shape::Html => Answer::html(status, message),
            Shape::None => Answer { headers: HeaderMap::new(), ..Answer::new(status, TEXT, "") },
            Shape::Broken => {
                let mut text = json!({ "message": message }).to_string();
                text.truncate(text.len() - "\"}".len());
                Answer::new(status, JSON, text)
            }
            Shape::Text => Answer::new(status, TEXT, message.to_owned()),
        }
    }
}

/// The API's second shape, with the number and the name that gRPC gives to the status.
fn coded(status: StatusCode, message: &str) -> Value {
    let (code, name) = match status.as_u16() {
        400 => (3, "INVALID_ARGUMENT"),
        401 => (16, "UNAUTHENTICATED"),
        403 => (7, "PERMISSION_DENIED"),
        404 => (5, "NOT_FOUND"),
        409 => (6, "ALREADY_EXISTS"),
        429 => (8, "RESOURCE_EXHAUSTED"),
        503 => (14, "UNAVAILABLE"),
        504 => (4, "DEADLINE_EXCEEDED"),
        500..=599 => (13, "INTERNAL"),
        _ => (2, "UNKNOWN"),
    };
    json!({ "code": code, "message": message, "status": name })
}
