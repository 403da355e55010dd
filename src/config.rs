//! The configuration: where to send requests, with which key, and with which time-outs. It comes from the options and,
//! for those that are unset, from the environment. Pure: the environment is an argument.

use std::collections::HashMap;
use std::time::Duration;

use reqwest::Url;

use crate::address::{self, HEAD_TEXT_MAX};
use crate::code::Code;
use crate::outcome::Fault;
use crate::proxy::{self, Proxy};
use crate::redact::{Redactor, Secret};

/// The settings that a caller chooses. With `None`, the environment variable that is named is used, then the default.
/// An empty text leaves the setting empty, whatever the environment says.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The default is `JCApiKey`.
    pub api_key: Option<Secret>,
    /// Sent as `x-org-id`. The default is `JCOrgId`.
    pub org_id: Option<String>,
    /// STANDARD, EU or IN, in upper or lower case. The default is `JCEnvironment`, then STANDARD.
    pub environment: Option<String>,
    /// The API's base URL. Takes precedence over `environment`. The default is `JCApiUrl`.
    pub url: Option<String>,
    /// A PEM file of certificate authorities to trust in addition to the platform's. The default is `SSL_CERT_FILE`.
    pub ca_file: Option<String>,
    /// The URL of an http proxy, used for https only. The default is the first of `HTTPS_PROXY`, `https_proxy`,
    /// `ALL_PROXY` and `all_proxy` that is not empty.
    pub proxy: Option<Secret>,
    /// Takes precedence over a user in the proxy's URL.
    pub proxy_user: Option<String>,
    /// Takes precedence over a password in the proxy's URL.
    pub proxy_password: Option<Secret>,
    /// Hosts that are reached without the proxy, separated by commas. The default is `NO_PROXY`.
    pub no_proxy: Option<String>,
    /// Appended to `jcsdk/<version>` in the `User-Agent`.
    pub user_agent: Option<String>,
    /// For the connection and its TLS handshake. 10 s by default.
    pub connect_timeout: Option<Duration>,
    /// For one attempt. The default is `total_timeout` if that is given, otherwise 60 s.
    pub request_timeout: Option<Duration>,
    /// For one reset with all its attempts and waits. 100 s by default.
    pub total_timeout: Option<Duration>,
    /// How often a request that surely did nothing is sent again. 3 by default.
    pub max_retries: Option<u32>,
    /// Used instead of the process's environment.
    pub env: Option<HashMap<String, Secret>>,
}

impl Options {
    /// Redacts every secret in them and in the environment, also where no configuration can be made of them.
    #[cfg(feature = "capi")]
    pub(crate) fn redactor(&self) -> Redactor {
        self.with_env(|env| {
            let proxies = self.proxy.clone().into_iter().chain(PROXY_NAMES.into_iter().filter_map(env));
            let passwords = proxies.filter_map(|url| proxy::password_in(&url));
            let secrets = [self.api_key.clone(), env("JCApiKey"), self.proxy_password.clone()];
            Redactor::new(secrets.into_iter().flatten().chain(passwords))
        })
    }

    fn with_env<R>(&self, work: impl FnOnce(&dyn Fn(&str) -> Option<Secret>) -> R) -> R {
        match &self.env {
            Some(env) => work(&|name| env.get(name).cloned()),
            None => work(&|name| std::env::var_os(name).map(|value| Secret::new(value.to_string_lossy()))),
        }
    }
}

/// The first that is not empty is used.
const PROXY_NAMES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// The longest time-out. The shortest is a millisecond.
pub const TIMEOUT_MAX: Duration = Duration::from_secs(3600);
pub const RETRIES_MAX: u32 = 100;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    pub key: Secret,
    pub org_id: Option<String>,
    /// Ends without a slash.
    pub base: Url,
    pub ca_file: Option<String>,
    pub proxy: Option<Proxy>,
    pub user_agent: String,
    pub connect_timeout: Duration,
    pub request_timeout: Duration,
    pub total_timeout: Duration,
    pub max_retries: u32,
}

impl Config {
    pub fn new(options: &Options) -> Result<Self, Fault> {
        options.with_env(|env| Self::with_env(options, env))
    }

    fn with_env(options: &Options, env: &dyn Fn(&str) -> Option<Secret>) -> Result<Self, Fault> {
        let text = |option: &Option<String>, names: &[&str]| {
            let value = match option {
                Some(value) => Some(value.clone()),
                None => first(env, names).map(|(_, value)| value.expose().to_owned()),
            };
            value.filter(|value| !value.is_empty())
        };
        let org_id = text(&options.org_id, &["JCOrgId"]);
        if let Some(what) = org_id.as_deref().and_then(not_header_text) {
            return invalid(&format!("the organization's id {what}"));
        }
        let user_agent = match &options.user_agent {
            Some(suffix) if !suffix.is_empty() => {
                format!("jcsdk/{} {suffix}", env!("CARGO_PKG_VERSION"))
            }
            _ => format!("jcsdk/{}", env!("CARGO_PKG_VERSION")),
        };
        if !user_agent.bytes().all(|b| matches!(b, b' '..=b'~')) {
            return invalid("the user agent has a control or a non-ASCII character in it");
        }
        if user_agent.len() > HEAD_TEXT_MAX {
            return invalid("the user agent is longer than 4096 bytes");
        }
        let key = key(options.api_key.clone().or_else(|| env("JCApiKey")))?;
        let base = base(options, env, &key)?;
        let no_proxy = text(&options.no_proxy, &["NO_PROXY", "no_proxy"]).unwrap_or_default();
        Ok(Self {
            key,
            ca_file: text(&options.ca_file, &["SSL_CERT_FILE"]),
            proxy: proxy(options, env)?.filter(|_| !proxy::is_exempt(&base, &no_proxy)),
            base,
            org_id,
            user_agent,
            connect_timeout: timeout(options.connect_timeout, 10)?,
            request_timeout: timeout(options.request_timeout.or(options.total_timeout), 60)?,
            total_timeout: timeout(options.total_timeout, 100)?,
            max_retries: match options.max_retries {
                Some(n) if n > RETRIES_MAX => return invalid("more than 100 retries"),
                n => n.unwrap_or(3),
            },
        })
    }

    /// The URL of a request with this path.
    pub fn url(&self, path: &str) -> Url {
        address::below(&self.base, path)
    }

    /// The proxy that requests go through: one over plain http never does.
    pub fn proxy_in_use(&self) -> Option<&Proxy> {
        self.proxy.as_ref().filter(|_| self.base.scheme() != "http")
    }

    /// Redacts every secret of this configuration.
    pub fn redactor(&self) -> Redactor {
        let login = self.proxy.as_ref().and_then(|proxy| proxy.login.as_ref());
        let password = login.map(|(_, password)| password.clone());
        Redactor::new([Some(self.key.clone()), password].into_iter().flatten())
    }
}

fn invalid<T>(what: &str) -> Result<T, Fault> {
    Err(Fault::new(Code::ConfigurationInvalid, what))
}

/// Says what is wrong where a text is not visible ASCII. A header would change anything else, or be split by it.
fn not_header_text(text: &str) -> Option<&'static str> {
    if !text.bytes().all(|b| b.is_ascii_graphic()) {
        Some("has a blank, a line break, a control or a non-ASCII character in it")
    } else if text.len() > HEAD_TEXT_MAX {
        Some("is longer than 4096 bytes")
    } else {
        None
    }
}

fn key(key: Option<Secret>) -> Result<Secret, Fault> {
    let Some(key) = key.filter(|key| !key.expose().is_empty()) else {
        return Err(Fault::new(Code::KeyMissing, "no API key is configured"));
    };
    match not_header_text(key.expose()) {
        Some(what) => Err(Fault::new(Code::KeyInvalid, &format!("the API key {what}"))),
        None => Ok(key),
    }
}

fn base(options: &Options, env: &dyn Fn(&str) -> Option<Secret>, key: &Secret) -> Result<Url, Fault> {
    let given = |option: &Option<String>| option.clone().filter(|text| !text.is_empty());
    let found = |option: &Option<String>, name| {
        let value = if option.is_none() { env(name) } else { None };
        value.map(|value| value.expose().to_owned()).filter(|text| !text.is_empty())
    };
    if let Some(url) = given(&options.url) {
        address::base_url(&url, "the URL")
    } else if let Some(name) = given(&options.environment) {
        address::region(&name, "the environment", key)
    } else if let Some(url) = found(&options.url, "JCApiUrl") {
        address::base_url(&url, "JCApiUrl")
    } else {
        // An older JumpCloud module sets the variable to "production", its own name for the default.
        let name = found(&options.environment, "JCEnvironment")
            .filter(|name| !name.eq_ignore_ascii_case("production"));
        address::region(name.as_deref().unwrap_or("STANDARD"), "JCEnvironment", key)
    }
}

fn proxy(options: &Options, env: &dyn Fn(&str) -> Option<Secret>) -> Result<Option<Proxy>, Fault> {
    let found = match &options.proxy {
        Some(text) => Some(("the proxy's URL", text.clone())).filter(|(_, text)| !text.expose().is_empty()),
        None => first(env, &PROXY_NAMES),
    };
    let Some((whose, text)) = found else { return Ok(None) };
    let (user, password) = (options.proxy_user.as_deref(), options.proxy_password.as_ref());
    Proxy::new(&text, whose, user, password).map(Some)
}

/// The first of these variables that is not empty.
fn first<'a>(env: &dyn Fn(&str) -> Option<Secret>, names: &[&'a str]) -> Option<(&'a str, Secret)> {
    let mut found = names.iter().filter_map(|&name| Some((name, env(name)?)));
    found.find(|(_, value)| !value.expose().is_empty())
}

pub fn is_timeout(time: Duration) -> bool {
    (Duration::from_millis(1)..=TIMEOUT_MAX).contains(&time)
}

fn timeout(asked: Option<Duration>, default_seconds: u64) -> Result<Duration, Fault> {
    match asked {
        Some(asked) if !is_timeout(asked) => {
            invalid("a time-out is less than a millisecond or more than an hour")
        }
        asked => Ok(asked.unwrap_or(Duration::from_secs(default_seconds))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(options: Options, env: &[(&str, &str)]) -> Result<Config, Fault> {
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))).collect();
        Config::new(&Options { env: Some(env), ..options })
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn the_base_is_parameter_then_url_then_environment() {
        let options = |url: Option<&str>, environment: Option<&str>| Options {
            url: url.map(str::to_owned),
            environment: environment.map(str::to_owned),
            ..Options::default()
        };
        let key = ("JCApiKey", "k");
        for (options, env, host) in [
            (options(None, None), vec![], "console.jumpcloud.com"),
            (options(None, None), vec![("JCEnvironment", "eu")], "console.eu.jumpcloud.com"),
            (options(None, None), vec![("JCEnvironment", "")], "console.jumpcloud.com"),
            (options(None, None), vec![("JCEnvironment", "In")], "console.in.jumpcloud.com"),
            (options(None, None), vec![("JCEnvironment", "Production")], "console.jumpcloud.com"),
            (
                options(None, None),
                vec![("JCEnvironment", "mars"), ("JCApiUrl", "https://a.example")],
                "a.example",
            ),
            (options(None, Some("EU")), vec![("JCApiUrl", "https://a.example")], "console.eu.jumpcloud.com"),
            (
                options(Some("https://b.example"), Some("EU")),
                vec![("JCApiUrl", "https://a.example")],
                "b.example",
            ),
            (options(Some(""), None), vec![("JCApiUrl", "https://a.example")], "console.jumpcloud.com"),
        ] {
            let env: Vec<_> = env.into_iter().chain([key]).collect();
            assert_eq!(config(options, &env).unwrap().base.host_str(), Some(host), "{env:?}");
        }
    }

    #[test]
    fn a_wrong_region_is_named_with_its_place() {
        let long = "m".repeat(65);
        let cut = format!("'{}…'", &long[..64]);
        for (given, env, message) in [
            (None, Some("US"), "JCEnvironment is 'US', which is none of STANDARD, EU and IN"),
            (
                Some("production"),
                Some("EU"),
                "the environment is 'production', which is none of STANDARD, EU and IN",
            ),
            (None, Some("E\u{1b}U"), "'E\u{fffd}U'"),
            (None, Some("s3cret-key"), "JCEnvironment is '***', "),
            (None, Some(&*long), &*cut),
        ] {
            let options = Options { environment: given.map(str::to_owned), ..Options::default() };
            let env: Vec<_> = [("JCApiKey", "s3cret-key")]
                .into_iter()
                .chain(env.map(|value| ("JCEnvironment", value)))
                .collect();
            let fault = config(options, &env).unwrap_err();
            assert_eq!(fault.code, Code::EnvironmentInvalid);
            assert!(fault.message.contains(message), "{fault}");
        }
    }

    #[test]
    fn faults_are_named() {
        let key = ("JCApiKey", "k");
        let too_long = "a".repeat(4097);
        for (env, code) in [
            (vec![], Code::KeyMissing),
            (vec![("JCApiKey", "")], Code::KeyMissing),
            (vec![("JCApiKey", "a b")], Code::KeyInvalid),
            (vec![("JCApiKey", " ab")], Code::KeyInvalid),
            (vec![("JCApiKey", "a\nb")], Code::KeyInvalid),
            (vec![("JCApiKey", "ключ")], Code::KeyInvalid),
            (vec![("JCApiKey", &*too_long)], Code::KeyInvalid),
            (vec![key, ("JCOrgId", "a\r\nb: c")], Code::ConfigurationInvalid),
            (vec![key, ("JCOrgId", &*too_long)], Code::ConfigurationInvalid),
            (vec![key, ("JCEnvironment", "US")], Code::EnvironmentInvalid),
            (vec![key, ("JCEnvironment", " EU")], Code::EnvironmentInvalid),
            (vec![key, ("HTTPS_PROXY", "socks5://p:1")], Code::UrlInvalid),
        ] {
            let fault = config(Options::default(), &env).unwrap_err();
            assert_eq!(fault.code, code, "{env:?}");
        }
        let key = Some(Secret::new("k"));
        let zero = Some(Duration::ZERO);
        let long = Some(TIMEOUT_MAX + Duration::from_millis(1));
        for options in [
            Options { connect_timeout: zero, ..Options::default() },
            Options { request_timeout: long, ..Options::default() },
            Options { total_timeout: zero, ..Options::default() },
            Options { max_retries: Some(RETRIES_MAX + 1), ..Options::default() },
            Options { user_agent: some("a\nb"), ..Options::default() },
            Options { user_agent: Some(too_long), ..Options::default() },
        ] {
            let options = Options { api_key: key.clone(), ..options };
            assert_eq!(config(options, &[]).unwrap_err().code, Code::ConfigurationInvalid);
        }
    }

    #[test]
    fn what_is_as_long_as_its_bound_is_taken() {
        let longest = |begin: &str| format!("{begin}{}", "a".repeat(HEAD_TEXT_MAX - begin.len()));
        let plain = config(Options { user_agent: some(""), ..Options::default() }, &[("JCApiKey", "k")]);
        let user_agent = plain.unwrap().user_agent;
        assert_eq!(user_agent, concat!("jcsdk/", env!("CARGO_PKG_VERSION")));
        let options = Options {
            api_key: Some(Secret::new(longest(""))),
            url: Some(longest("https://api.example/")),
            user_agent: Some(longest(&format!("{user_agent} "))[user_agent.len() + 1..].to_owned()),
            max_retries: Some(RETRIES_MAX),
            ..Options::default()
        };
        let config = config(options, &[]).unwrap();
        assert_eq!(config.base.as_str().len(), HEAD_TEXT_MAX);
        assert_eq!((config.user_agent.len(), config.max_retries), (HEAD_TEXT_MAX, RETRIES_MAX));
    }

    #[test]
    fn the_proxy_comes_from_options_or_environment() {
        let key = ("JCApiKey", "k");
        for (options, env, url, user) in [
            (None, vec![], None, None),
            (None, vec![("HTTPS_PROXY", "http://p:3128")], Some("http://p:3128/"), None),
            (None, vec![("https_proxy", "p:3128")], Some("http://p:3128/"), None),
            (None, vec![("HTTPS_PROXY", ""), ("https_proxy", "p:3128")], Some("http://p:3128/"), None),
            (None, vec![("ALL_PROXY", "http://a"), ("https_proxy", "http://p")], Some("http://p/"), None),
            (None, vec![("all_proxy", "http://a"), ("ALL_PROXY", "")], Some("http://a/"), None),
            (
                None,
                vec![("HTTPS_PROXY", "http://p"), ("NO_PROXY", ""), ("no_proxy", "*.jumpcloud.com")],
                None,
                None,
            ),
            (None, vec![("HTTPS_PROXY", "http://u:p%40ss@p")], Some("http://p/"), Some(("u", "p@ss"))),
            (Some("http://o"), vec![("HTTPS_PROXY", "http://p")], Some("http://o/"), None),
            (Some(""), vec![("HTTPS_PROXY", "http://p")], None, None),
        ] {
            let env: Vec<_> = env.into_iter().chain([key]).collect();
            let proxy = config(Options { proxy: options.map(Secret::new), ..Options::default() }, &env)
                .unwrap()
                .proxy;
            assert_eq!(proxy.as_ref().map(|proxy| proxy.url.as_str()), url, "{env:?}");
            let login = proxy.as_ref().and_then(|proxy| proxy.login.as_ref());
            assert_eq!(login.map(|(user, password)| (user.as_str(), password.expose())), user);
        }
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_named() {
        for name in PROXY_NAMES {
            let fault =
                config(Options::default(), &[("JCApiKey", "k"), (name, "socks5h://p:1")]).unwrap_err();
            assert_eq!(fault.code, Code::UrlInvalid);
            assert!(fault.message.starts_with(name) && fault.message.contains("socks"), "{fault}");
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let options = Options {
            api_key: Some(Secret::new("s3cret-key")),
            proxy: Some(Secret::new("http://u:s3cret-url@p")),
            proxy_user: some("user"),
            proxy_password: Some(Secret::new("s3cret-pass")),
            env: Some(HashMap::from([("JCApiKey".to_owned(), Secret::new("s3cret-env"))])),
            ..Options::default()
        };
        let config = Config::new(&options).unwrap();
        let shown = format!("{options:?} {config:?} {:#?}", config);
        for secret in ["s3cret-key", "s3cret-pass", "s3cret-env", "s3cret-url"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
