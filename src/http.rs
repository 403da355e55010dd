//! Sets up the HTTP library: TLS, proxy, name look-up, headers. Redirects, retries and everything else that it does
//! automatically are switched off, with one exception: where the server has closed an idle connection before any byte of
//! a request was written to it, the library sends the request on another connection.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect;
use rustls::crypto::ring;
use rustls_platform_verifier::Verifier;

use crate::authorities;
use crate::code::Code;
use crate::config::Config;
use crate::names::Names;
use crate::outcome::Fault;
use crate::proxy::Proxy;

/// An idle connection is closed after this time. Later the server may have dropped it, and a request that is lost on such
/// a connection would be unknown.
const IDLE_MAX: Duration = Duration::from_secs(10);

/// Makes an HTTP client with its own connections. The TLS settings are shared, because loading the platform's certificates
/// takes a while.
pub fn client(config: &Config, tls: &rustls::ClientConfig) -> Result<reqwest::Client, Fault> {
    let plain = config.base.scheme() == "http";
    let mut builder = reqwest::Client::builder()
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy() // the configuration says which proxy is used
        .http1_only()
        .https_only(!plain)
        .tls_backend_preconfigured(tls.clone())
        .connect_timeout(config.connect_timeout)
        .pool_idle_timeout(IDLE_MAX)
        .dns_resolver(Names::new(plain, config.connect_timeout));
    if let Some(proxy) = config.proxy_in_use() {
        builder = builder.proxy(through(proxy)?);
    }
    builder.build().map_err(|error| invalid(format!("no HTTP client could be made ({error})")))
}

/// Trusts the platform's certificate authorities and those of the configuration's file.
pub fn tls(config: &Config) -> Result<rustls::ClientConfig, Fault> {
    let no_tls = |error: rustls::Error| match error {
        // The verifier has no error of its own for this, only a text.
        rustls::Error::General(what) if what.contains("No CA certificates") => Fault::new(
            Code::TlsNoAuthorities,
            "this system has no certificate authorities to check the server's certificate with",
        ),
        error => invalid(format!("TLS could not be set up on this system ({error})")),
    };
    let provider = Arc::new(ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(no_tls)?;
    let builder = if config.base.scheme() == "http" {
        builder.with_root_certificates(rustls::RootCertStore::empty())
    } else {
        let own = config.ca_file.as_deref().map(authorities::read).transpose()?.unwrap_or_default();
        #[cfg(all(unix, not(target_vendor = "apple")))]
        authorities::check_environment()?;
        // With an empty list of its own the verifier would make Windows check a second time, against nobody.
        let verifier = if own.is_empty() {
            Verifier::new(provider)
        } else {
            Verifier::new_with_extra_roots(own, provider)
        };
        let verifier = verifier.map_err(no_tls)?;
        builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
    };
    let mut tls = builder.with_no_client_auth();
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(tls)
}

fn through(proxy: &Proxy) -> Result<reqwest::Proxy, Fault> {
    let settings = reqwest::Proxy::https(proxy.url.clone())
        .map_err(|_| Fault::new(Code::UrlInvalid, "the proxy's URL cannot be used"))?;
    Ok(match &proxy.login {
        Some((user, password)) => settings.basic_auth(user, password.expose()),
        None => settings,
    })
}

/// The headers of every request.
pub fn headers(config: &Config) -> Result<HeaderMap, Fault> {
    let value = |text: &str| {
        HeaderValue::from_str(text)
            .map_err(|_| invalid("a setting has characters that a header cannot carry".into()))
    };
    let mut key = value(config.key.expose())?;
    key.set_sensitive(true);
    let json = HeaderValue::from_static("application/json");
    let mut headers = HeaderMap::new();
    headers.insert(HeaderName::from_static("x-api-key"), key);
    if let Some(org_id) = &config.org_id {
        headers.insert(HeaderName::from_static("x-org-id"), value(org_id)?);
    }
    headers.insert(header::ACCEPT, json.clone());
    headers.insert(header::CONTENT_TYPE, json);
    headers.insert(header::USER_AGENT, value(&config.user_agent)?);
    Ok(headers)
}

fn invalid(what: String) -> Fault {
    Fault::new(Code::ConfigurationInvalid, &what)
}
