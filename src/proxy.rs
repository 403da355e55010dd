//! The proxy on the way to the API: its URL, its login, and the hosts that are reached without it. Pure.

use std::net::IpAddr;

use reqwest::Url;

use crate::address;
use crate::code::Code;
use crate::outcome::Fault;
use crate::redact::Secret;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// Without user and password.
    pub url: Url,
    pub login: Option<(String, Secret)>,
}

impl Proxy {
    /// The URL may lack its scheme and may contain a login. A user and a password that are given separately take
    /// precedence. `whose` names the setting in a fault. A fault never repeats the URL, which may contain the password.
    pub fn new(
        url: &Secret,
        whose: &str,
        user: Option<&str>,
        password: Option<&Secret>,
    ) -> Result<Self, Fault> {
        let wrong = |what: &str| Fault::new(Code::UrlInvalid, &format!("{whose} {what}"));
        let (scheme, rest) = url.expose().split_once("://").unwrap_or(("http", url.expose()));
        if scheme.to_ascii_lowercase().starts_with("socks") {
            return Err(wrong("is a socks proxy, which is not supported: give an http one"));
        }
        if rest.rsplit_once('@').is_some_and(|(login, _)| login.contains(['\\', '#', '/', '?'])) {
            return Err(wrong(
                "has one of \\ # / ? in its user or password: percent-encode it, as %5C %23 %2F %3F",
            ));
        }
        let with_scheme = Secret::new(format!("{scheme}://{rest}"));
        let mut url = address::parse_url(with_scheme.expose(), whose)?;
        if url.scheme() != "http" {
            return Err(wrong("is not http"));
        }
        let in_url = login_of(&url);
        let login = match user.filter(|user| !user.is_empty()) {
            Some(user) => Some((user.to_owned(), password.cloned().unwrap_or_else(|| Secret::new("")))),
            None if in_url.is_none() && password.is_some() => {
                return Err(Fault::new(Code::ConfigurationInvalid, "the proxy's password has no user"));
            }
            None => in_url.map(|(user, in_url)| (user, password.cloned().unwrap_or(in_url))),
        };
        let bare = url.set_username("").and_then(|()| url.set_password(None));
        bare.map_err(|()| wrong("has no host"))?;
        Ok(Self { url, login })
    }
}

/// The password in a text that may be no usable URL.
#[cfg(feature = "capi")]
pub fn password_in(url: &Secret) -> Option<Secret> {
    let (before, _) = url.expose().rsplit_once('@')?;
    let login = before.split_once("://").map_or(before, |(_, login)| login);
    let (_, password) = login.split_once(':')?;
    Some(Secret::new(decoded(password)))
}

/// Whether this URL's host is reached without the proxy. `no_proxy` lists names, which include their subdomains,
/// addresses and ranges of addresses, each with or without a port. `*` is every host.
pub fn is_exempt(url: &Url, no_proxy: &str) -> bool {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches([']', '.']);
    let entries = no_proxy.split(|c: char| c == ',' || c.is_whitespace()).filter(|entry| !entry.is_empty());
    entries.into_iter().any(|entry| {
        let (name, port) = with_port(entry);
        let right_port = port.is_none_or(|port| url.port_or_known_default() == Some(port));
        right_port && (name == "*" || is_within(host, name))
    })
}

/// Splits `host:port` or `[address]:port`. Without brackets, the colons of an IPv6 address are its own.
fn with_port(entry: &str) -> (&str, Option<u16>) {
    let split = entry.rsplit_once(':').filter(|(name, _)| name.ends_with(']') || !name.contains(':'));
    let (name, port) = match split.map(|(name, port)| (name, port.parse())) {
        Some((name, Ok(port))) => (name, Some(port)),
        _ => (entry, None),
    };
    (name.trim_start_matches('[').trim_end_matches(']'), port)
}

fn is_within(host: &str, name: &str) -> bool {
    if let Ok(address) = host.parse::<IpAddr>() {
        let (network, length) = match name.split_once('/') {
            Some((network, length)) => (network, length.parse().ok()),
            None => (name, Some(u32::MAX)),
        };
        let network = network.parse::<IpAddr>().ok();
        return network.zip(length).is_some_and(|(network, length)| is_in_network(address, network, length));
    }
    let name = name.strip_prefix('*').unwrap_or(name).trim_matches('.');
    let tail = host.len().checked_sub(name.len()).and_then(|at| host.split_at_checked(at));
    !name.is_empty()
        && tail.is_some_and(|(before, tail)| {
            tail.eq_ignore_ascii_case(name) && (before.is_empty() || before.ends_with('.'))
        })
}

fn is_in_network(address: IpAddr, network: IpAddr, length: u32) -> bool {
    let (bits, a, b) = match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (32, u128::from(a.to_bits()), u128::from(b.to_bits())),
        (IpAddr::V6(a), IpAddr::V6(b)) => (128, a.to_bits(), b.to_bits()),
        _ => return false,
    };
    let differing = 128 - (a ^ b).leading_zeros();
    differing <= bits - length.min(bits)
}

fn login_of(url: &Url) -> Option<(String, Secret)> {
    let password = || Secret::new(decoded(url.password().unwrap_or_default()));
    (!url.username().is_empty() || url.password().is_some()).then(|| (decoded(url.username()), password()))
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_login_is_what_was_given_apart_then_what_the_url_has() {
        for (url, user, password, login) in [
            ("http://p", None, None, Ok(None)),
            ("http://p", None, Some("w"), Err(Code::ConfigurationInvalid)),
            ("http://p", Some("v"), None, Ok(Some(("v", "")))),
            ("http://p", Some("v"), Some("w"), Ok(Some(("v", "w")))),
            ("http://u:x%40y@p", None, None, Ok(Some(("u", "x@y")))),
            ("http://u@p", None, Some("w"), Ok(Some(("u", "w")))),
            ("http://u:x@p", Some("v"), Some("w"), Ok(Some(("v", "w")))),
            ("http://u:x@p", Some(""), None, Ok(Some(("u", "x")))),
            ("u:x@p:3128", None, None, Ok(Some(("u", "x")))),
            ("socks5://p:1", None, None, Err(Code::UrlInvalid)),
            ("https://p:1", None, None, Err(Code::UrlInvalid)),
            ("http://u:a#secret@p", None, None, Err(Code::UrlInvalid)),
            ("http://u:a/secret@p", None, None, Err(Code::UrlInvalid)),
            ("http://u/secret@p", None, None, Err(Code::UrlInvalid)),
            ("u:?secret@p", None, None, Err(Code::UrlInvalid)),
            ("http://domain\\u:secret@p", None, None, Err(Code::UrlInvalid)),
            ("http://domain%5Cu:%23x@p", None, None, Ok(Some(("domain\\u", "#x")))),
            ("http://user:secret pass@p", None, None, Err(Code::UrlInvalid)),
        ] {
            let secret = password.map(Secret::new);
            let proxy = Proxy::new(&Secret::new(url), "HTTPS_PROXY", user, secret.as_ref());
            let found = proxy.map(|proxy| {
                assert!(proxy.url.username().is_empty() && proxy.url.password().is_none(), "{url}");
                proxy.login.map(|(user, password)| (user, password.expose().to_owned()))
            });
            let found = found.map_err(|fault| {
                assert!(!fault.message.contains("secret"), "{fault}");
                let names_it = fault.message.starts_with("HTTPS_PROXY ");
                assert!(names_it || fault.code == Code::ConfigurationInvalid, "{fault}");
                let login = url.contains("secret") && !url.contains(' ');
                assert_eq!(login, fault.message.contains("percent-encode"), "{url}: {fault}");
                fault.code
            });
            let login =
                login.map(|login| login.map(|(user, password)| (user.to_owned(), password.to_owned())));
            assert_eq!(found, login, "{url} {user:?} {password:?}");
        }
    }
    #[test]
    fn hosts_that_are_reached_without_it() {
        for (host, no_proxy, exempt) in [
            ("a.example", "", false),
            ("a.example", "*", true),
            ("10.1.2.3", "*", true),
            ("[::1]", "*", true),
            ("a.example", "b.example, A.Example", true),
            ("a.example", "b.example a.example", true),
            ("a.example.", "a.example", true),
            ("a.example", "example", true),
            ("a.example", ".example", true),
            ("a.example", "*.example", true),
            ("a.example", "xample", false),
            ("a.example", "*xample", false),
            ("a.example", "b.a.example", false),
            ("a.example", "a.example:443", true),
            ("a.example", "*.example:443", true),
            ("a.example", "a.example:8443", false),
            ("a.example:8443", "a.example:8443", true),
            ("a.example:8443", "a.example", true),
            ("10.1.2.3", "10.1.2.3", true),
            ("10.1.2.3", "10.1.2.3:443", true),
            ("10.1.2.3", "10.0.0.0/8", true),
            ("11.1.2.3", "10.0.0.0/8", false),
            ("10.1.2.3", "0.0.0.0/0", true),
            ("10.1.2.3", "10.1.2.3/x", false),
            ("10.1.2.3", "2.3", false),
            ("[fd00::1]", "fd00::/8", true),
            ("[fd00::1]", "fd00::1", true),
            ("[fd00::1]", "[fd00::1]:443", true),
            ("[fd00::1]", "[fd00::1]:8443", false),
            ("[fd00::1]", "10.0.0.0/0", false),
            ("a.example", ",.,:,[]:1,*.", false),
        ] {
            let url = Url::parse(&format!("https://{host}")).unwrap();
            assert_eq!(is_exempt(&url, no_proxy), exempt, "{host} {no_proxy}");
        }
    }
}
