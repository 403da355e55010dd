//! The proxy on the way to the API: where it is, and who asks it. Pure.

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
    /// Hosts that are reached without it, separated by commas.
    pub no_proxy: String,
}

impl Proxy {
    /// The URL may do without its scheme, and may have a login in it. A user and a password that are given apart count
    /// before that.
    pub fn new(
        url: &Secret,
        user: Option<&str>,
        password: Option<&Secret>,
        no_proxy: Option<String>,
    ) -> Result<Self, Fault> {
        let wrong = |what| Fault::new(Code::UrlInvalid, what);
        let with_scheme = match url.expose() {
            text if text.contains("://") => url.clone(),
            text => Secret::new(format!("http://{text}")),
        };
        let mut url = address::parse_url(with_scheme.expose(), "the proxy's URL")?;
        if url.scheme() != "http" {
            return Err(wrong("the proxy's URL is not http"));
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
        bare.map_err(|()| wrong("the proxy's URL has no host"))?;
        Ok(Self { url, login, no_proxy: no_proxy.unwrap_or_default() })
    }
}

fn login_of(url: &Url) -> Option<(String, Secret)> {
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let password = || Secret::new(decoded(url.password().unwrap_or_default()));
    (!url.username().is_empty() || url.password().is_some()).then(|| (decoded(url.username()), password()))
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
            ("http://user:secret pass@p", None, None, Err(Code::UrlInvalid)),
        ] {
            let secret = password.map(Secret::new);
            let proxy = Proxy::new(&Secret::new(url), user, secret.as_ref(), None);
            let found = proxy.map(|proxy| {
                assert!(proxy.url.username().is_empty() && proxy.url.password().is_none(), "{url}");
                proxy.login.map(|(user, password)| (user, password.expose().to_owned()))
            });
            let found = found.map_err(|fault| {
                assert!(!fault.message.contains("secret"), "{fault}");
                fault.code
            });
            let login =
                login.map(|login| login.map(|(user, password)| (user.to_owned(), password.to_owned())));
            assert_eq!(found, login, "{url} {user:?} {password:?}");
        }
    }
}
