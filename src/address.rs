//! The addresses that the key may be sent to. Pure.

use std::borrow::Cow;
use std::net::IpAddr;

use reqwest::Url;

use crate::code::Code;
use crate::outcome::Fault;
use crate::redact::{Redactor, Secret};

/// The longest text that goes into a request's head, in bytes. With this bound the HTTP library's buffer holds the
/// whole head, so that none of it leaves before [`InFlight`](crate::attempt::InFlight) is asked.
pub const HEAD_TEXT_MAX: usize = 4096;

/// How many characters of an unknown region's name are shown.
const NAME_SHOWN: usize = 64;

/// The base URL of a region, from the published API description. `whose` names the setting in a fault. The fault also
/// shows its value, redacted in case that is the key.
pub fn region(name: &str, whose: &str, key: &Secret) -> Result<Url, Fault> {
    let host = match name.to_ascii_uppercase().as_str() {
        "STANDARD" => "https://console.jumpcloud.com",
        "EU" => "https://console.eu.jumpcloud.com",
        "IN" => "https://console.in.jumpcloud.com",
        _ => {
            let name = Redactor::new([key.clone()]).clean_whole(name, NAME_SHOWN);
            let what = format!("{whose} is '{name}', which is none of STANDARD, EU and IN");
            return Err(Fault::new(Code::EnvironmentInvalid, &what));
        }
    };
    base_url(host, whose)
}

pub fn base_url(text: &str, whose: &str) -> Result<Url, Fault> {
    let url = parse_url(text, whose)?;
    let wrong = |what| Err(Fault::new(Code::UrlInvalid, &format!("{whose} {what}")));
    if !url.username().is_empty() || url.password().is_some() {
        return wrong("has a user or a password in it");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return wrong("has a query or a fragment");
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        _ => wrong("is neither https nor http on this machine"),
    }
}

/// The base's own path is kept before this one, which may have a query.
pub fn below(base: &Url, path: &str) -> Url {
    let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    let mut url = base.clone();
    let root = base.path().trim_end_matches('/');
    let whole = if root.is_empty() { Cow::from(path) } else { [root, path].concat().into() };
    url.set_path(&whole);
    url.set_query(query);
    url
}

/// The parser silently drops blanks and control characters; here they are an error. Its message is not passed on,
/// because it could contain a password.
pub fn parse_url(text: &str, whose: &str) -> Result<Url, Fault> {
    let wrong = |what| Err(Fault::new(Code::UrlInvalid, &format!("{whose} {what}")));
    if text.len() > HEAD_TEXT_MAX {
        return wrong("is longer than 4096 bytes");
    }
    let odd = text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '\\');
    match Url::parse(text) {
        Ok(url) if !odd && url.has_host() => Ok(url),
        _ => wrong("is not a complete URL"),
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    // `Names` checks the addresses of `localhost` when it resolves the name.
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_keep_the_key_from_strangers() {
        let long = format!("https://api.example/{}", "a".repeat(4096));
        for (url, result) in [
            ("https://api.example", Some("https://api.example/api/x")),
            ("https://api.example/", Some("https://api.example/api/x")),
            ("https://api.example/v/1/", Some("https://api.example/v/1/api/x")),
            ("HTTPS://API.example:8443", Some("https://api.example:8443/api/x")),
            ("http://127.0.0.1:80", Some("http://127.0.0.1/api/x")),
            ("http://127.9.9.9", Some("http://127.9.9.9/api/x")),
            ("http://[::1]:8", Some("http://[::1]:8/api/x")),
            ("http://localhost:8", Some("http://localhost:8/api/x")),
            ("http://localhost.example", None),
            ("http://128.0.0.1", None),
            ("http://127.0.0.1.example", None),
            ("http://0.0.0.0", None),
            ("ftp://127.0.0.1", None),
            ("https://user@api.example", None),
            ("https://:pass@api.example", None),
            ("https://api.example?x", None),
            ("https://api.example#x", None),
            (" https://api.example", None),
            ("https://api.exa\nmple", None),
            ("https:\\\\api.example", None),
            ("api.example", None),
            ("https://", None),
            (&long, None),
        ] {
            let address = base_url(url, "it").map(|base| below(&base, "/api/x").to_string());
            let code = address.as_ref().err().map(|fault| fault.code);
            assert_eq!(address.ok().as_deref(), result, "{url}");
            assert_eq!(code, result.is_none().then_some(Code::UrlInvalid), "{url}");
        }
    }
}
