//! One step of a fault script: how it changes the API's answer, and how that is delivered.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::{Engine, prelude::BASE64_STANDARD};
use hyper::header::{
    CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER, TRANSFER_ENCODING,
};
use hyper::{StatusCode, Version};
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use serde::Deserialize;
use serde::de::Error as _;
use serde_json::{Error, Map, Value, json};

use crate::answer::{Answer, Shape, TEXT};
use crate::delivery::{Delivery, ResetAt};
use crate::request::Request;

#[derive(Debug, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
pub(crate) struct Step {
    pub name: Arc<str>,
    pub delivery: Delivery,
    pub delay: Duration,
    /// None if the API's own answer is kept.
    status: Option<StatusCode>,
    headers: HeaderMap,
    fields: Fields,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
struct Fields {
    acts: Option<bool>,
    delay_ms: u64,

    status: Option<u16>,
    shape: Option<Shape>,
    message: Option<String>,
    control: bool,
    echo_headers: Option<Encoding>,
    body: Option<String>,
    content_type: Option<String>,
    redirect: Option<String>,
    headers: HashMap<String, String>,
    retry_after_date: Option<i32>,
    long_body: usize,
    http10: bool,

    never: bool,
    slow: bool,
    reset: Option<ResetAt>,
    cut_body: bool,
    garbage: bool,
    close_after: bool,
    drop: bool,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    Plain,
    Json,
    Percent,
    Base64,
}

impl TryFrom<Map<String, Value>> for Step {
    type Error = Error;

    fn try_from(step: Map<String, Value>) -> Result<Step, Error> {
        let name = step.keys().map(String::as_str).collect::<Vec<_>>().join("+").into();
        let fields: Fields = serde_json::from_value(step.into())?;
        Ok(Step {
            name,
            delivery: fields.delivery()?,
            delay: Duration::from_millis(fields.delay_ms),
            status: fields.status()?,
            headers: fields.headers()?,
            fields,
        })
    }
}

impl Fields {
    fn delivery(&self) -> Result<Delivery, Error> {
        let asked = [
            self.never.then_some(Delivery::Never),
            self.slow.then_some(Delivery::Slow),
            self.reset.map(Delivery::Reset),
            self.cut_body.then_some(Delivery::CutBody),
            self.garbage.then_some(Delivery::Garbage),
            self.close_after.then_some(Delivery::CloseAfter),
            self.drop.then_some(Delivery::Drop),
        ];
        match asked.into_iter().flatten().collect::<Vec<_>>()[..] {
            [] => Ok(Delivery::Whole),
            [one] => Ok(one),
            _ => Err(Error::custom("a step delivers its answer in one way only")),
        }
    }

    fn status(&self) -> Result<Option<StatusCode>, Error> {
        let default = if self.redirect.is_some() {
            Some(302)
        } else if self.control || self.echo_headers.is_some() {
            Some(400)
        } else if self.shape.is_some() || self.message.is_some() || self.body.is_some() {
            Some(200)
        } else {
            None
        };
        let status = self.status.or(default);
        let valid = |status| StatusCode::from_u16(status).ok().filter(|status| !status.is_informational());
        status.map(|status| valid(status).ok_or_else(|| Error::custom("status: from 200 to 999"))).transpose()
    }

    fn headers(&self) -> Result<HeaderMap, Error> {
        let mut headers = HeaderMap::try_from(&self.headers).map_err(Error::custom)?;
        if headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING) {
            return Err(Error::custom("headers: they cannot set the length of the body"));
        }
        for (name, text) in [(CONTENT_TYPE, &self.content_type), (LOCATION, &self.redirect)] {
            if let Some(text) = text {
                headers.insert(name, text.parse().map_err(Error::custom)?);
            }
        }
        Ok(headers)
    }

    fn message(&self, status: StatusCode, request: &Request) -> String {
        let reason = || status.canonical_reason().unwrap_or("an unnamed status").to_owned();
        let message = match self.echo_headers {
            Some(encoding) => echo(&request.headers, encoding),
            None => self.message.clone().unwrap_or_else(reason),
        };
        if self.control {
            format!("\x1b[31m{message}\x1b[0m\x07\r\n\x1b]0;title\x07\0\u{9b}2J\u{202e}end")
        } else {
            message
        }
    }
}

impl Step {
    /// Whether the reset takes effect. By default it does if the client gets all headers of a 2xx answer that is not an
    /// HTML page.
    pub fn acts(&self) -> bool {
        let success = self.status.is_none_or(|status| status.is_success());
        let told = self.delivery.gives_head() && success && self.fields.shape != Some(Shape::Html);
        self.fields.acts.unwrap_or(told)
    }

    /// `elsewhere`: the base URL of another host.
    pub fn answer(&self, own: Answer, request: &Request, elsewhere: &str) -> Answer {
        let fields = &self.fields;
        let mut answer = match self.status {
            None => own,
            Some(status) => match &fields.body {
                Some(body) => Answer::new(status, TEXT, body.clone()),
                None => {
                    let usual = if status.is_success() { Shape::Text } else { Shape::Message };
                    fields.shape.unwrap_or(usual).answer(status, &fields.message(status, request))
                }
            },
        };
        for (name, value) in &self.headers {
            answer.headers.insert(name, value.clone());
        }
        let location = match fields.redirect.as_deref() {
            Some("self") => HeaderValue::from_str(&request.target).ok(),
            Some("other") => HeaderValue::from_str(&format!("{elsewhere}{}", request.target)).ok(),
            Some("login") => Some(HeaderValue::from_static("/login")),
            _ => None,
        };
        if let Some(location) = location {
            answer.headers.insert(LOCATION, location);
        }
        if let Some(date) = fields.retry_after_date.and_then(seconds_from_now) {
            answer.headers.insert(RETRY_AFTER, date);
        }
        if answer.body.len() < fields.long_body {
            // Spaces at the end keep a JSON body valid.
            answer.body =
                [&answer.body[..], &vec![b' '; fields.long_body - answer.body.len()]].concat().into();
        }
        if fields.http10 {
            answer.version = Version::HTTP_10;
        }
        answer
    }
}

fn seconds_from_now(seconds: i32) -> Option<HeaderValue> {
    let distance = Duration::from_secs(seconds.unsigned_abs().into());
    let now = SystemTime::now();
    let date = if seconds < 0 { now.checked_sub(distance)? } else { now.checked_add(distance)? };
    // httpdate panics before 1970.
    HeaderValue::try_from(httpdate::fmt_http_date(date.max(SystemTime::UNIX_EPOCH))).ok()
}

/// All headers of the request, in one line.
fn echo(headers: &HeaderMap, encoding: Encoding) -> String {
    let line = |(name, value): (_, &HeaderValue)| {
        let value = value.as_bytes();
        let text = String::from_utf8_lossy(value);
        let value = match encoding {
            Encoding::Plain => text.into_owned(),
            Encoding::Json => json!(text).to_string(),
            Encoding::Percent => percent_encode(value, NON_ALPHANUMERIC).to_string(),
            Encoding::Base64 => BASE64_STANDARD.encode(value),
        };
        format!("{name}: {value}")
    };
    headers.iter().map(line).collect::<Vec<_>>().join("; ")
}
