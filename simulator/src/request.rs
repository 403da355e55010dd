//! A request as it arrived.

use hyper::http::request::Parts;
use hyper::{HeaderMap, Method};
use percent_encoding::percent_decode_str;

use crate::search::Search;

#[derive(Debug)]
pub(crate) struct Request {
    pub method: Method,
    /// As sent, percent-encoding untouched.
    pub target: String,
    pub path: Path,
    pub headers: HeaderMap,
    pub body: String,
}

impl Request {
    pub fn new(parts: Parts, body: &[u8]) -> Request {
        Request {
            method: parts.method,
            target: parts.uri.to_string(),
            path: Path::new(parts.uri.path()),
            headers: parts.headers,
            body: String::from_utf8_lossy(body).into_owned(),
        }
    }

    /// The first parameter of this name, undecoded.
    pub fn query(&self, name: &str) -> Option<&str> {
        let parameters = self.target.split_once('?')?.1.split('&');
        parameters
            .filter_map(|parameter| parameter.split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }

    /// The name that is searched for.
    pub fn name(&self) -> Option<String> {
        let is_search = self.path.segments()[..] == ["api", "search", "systemusers"];
        is_search.then(|| Search::name(&self.body)).flatten()
    }

    /// The fault script that this request takes a step of.
    pub fn script(&self) -> Option<String> {
        let search = || self.name().map(|name| format!("search:{name}"));
        self.path.reset().map(str::to_owned).or_else(search)
    }

    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.get(name).map(|value| value.as_bytes())
    }
}

/// The segments of a path, each decoded by itself: an encoded slash stays within its segment.
#[derive(Debug)]
pub(crate) struct Path(Vec<String>);

impl Path {
    fn new(path: &str) -> Path {
        let decode = |part| percent_decode_str(part).decode_utf8_lossy().into_owned();
        Path(path.split('/').skip(1).map(decode).collect())
    }

    pub fn segments(&self) -> Vec<&str> {
        self.0.iter().map(String::as_str).collect()
    }

    pub fn user(&self) -> Option<&str> {
        match self.segments()[..] {
            ["api", "systemusers", id] => Some(id),
            _ => self.reset(),
        }
    }

    /// The user whom this path would reset.
    pub fn reset(&self) -> Option<&str> {
        match self.segments()[..] {
            ["api", "systemusers", id, "resetmfa"] => Some(id),
            _ => None,
        }
    }
}
