//! Makes a configuration of any options. It sends the key to no wrong host, or there is an error. Nothing may panic or
//! show a secret.
#![no_main]

use std::collections::HashMap;

use jcsdk::fuzzing::Config;
use jcsdk::{Options, ResetRequest, Secret};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input {
    texts: [Option<String>; 10],
    env: HashMap<Name, String>,
    max_retries: Option<u32>,
    id: String,
}

#[derive(Arbitrary, Debug, PartialEq, Eq, Hash)]
enum Name {
    Key,
    Org,
    Environment,
    Url,
    Proxy,
    NoProxy,
}

impl Name {
    fn text(&self) -> String {
        match self {
            Name::Key => "JCApiKey",
            Name::Org => "JCOrgId",
            Name::Environment => "JCEnvironment",
            Name::Url => "JCApiUrl",
            Name::Proxy => "HTTPS_PROXY",
            Name::NoProxy => "NO_PROXY",
        }
        .to_owned()
    }
}

fuzz_target!(|input: Input| {
    let [key, org_id, environment, url, ca_file, proxy, proxy_user, proxy_password, no_proxy, user_agent] =
        input.texts;
    let options = Options {
        api_key: key.map(|key| Secret::new(format!("s3cret-{key}"))),
        org_id,
        environment,
        url,
        ca_file,
        proxy: proxy.map(Secret::new),
        proxy_user,
        proxy_password: proxy_password.map(Secret::new),
        no_proxy,
        user_agent,
        max_retries: input.max_retries,
        env: Some(input.env.iter().map(|(name, text)| (name.text(), Secret::new(text.clone()))).collect()),
        ..Options::default()
    };
    let made = Config::new(&options);
    if options.api_key.is_some() {
        let others = Options { org_id: None, url: None, ..options };
        assert!(!format!("{others:?} {made:?}").contains("s3cret-"));
    }
    let Ok(config) = made else { return };
    assert!(config.key.expose().bytes().all(|b| b.is_ascii_graphic()));
    let base = &config.base;
    assert!(base.username().is_empty() && base.query().is_none() && base.fragment().is_none());
    let host = base.host_str().unwrap();
    let here = host == "localhost" || host == "[::1]" || host.starts_with("127.");
    assert!(base.scheme() == "https" || base.scheme() == "http" && here, "{base}");
    // The id stays one segment of the path, and the request goes to the host of the base URL.
    if let Ok(request) = ResetRequest::new(&input.id, None, None) {
        let url = config.url(&request.path());
        assert_eq!(url.origin(), base.origin());
        let segments =
            |url: &reqwest::Url| url.path_segments().unwrap().filter(|part| !part.is_empty()).count();
        assert_eq!(segments(&url), segments(base) + 4, "{url}");
        assert!(url.path().ends_with("/resetmfa") && url.query().is_none() && url.fragment().is_none());
    }
});
