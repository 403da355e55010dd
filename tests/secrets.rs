//! The key and the proxy's password are never shown, and are sent only where they belong.

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use common::{client, ids, next, reset, run, tls};
use jcsdk::{Batch, Client, Options, ResetRequest, Secret};
use serde_json::json;
use simulator::{Listener, Simulator};

/// Has characters that are encoded in JSON, in URLs, in base64 and in HTML.
const KEY: &str = r#"k3y/With+0dd"ch\ars%41&#x42;<End"#;
const USER: &str = "proxy-user";
const PASSWORD: &str = "proxy-pass-s3cret";

/// The secret in every encoding in which a server may echo it.
fn writings(secret: &str) -> Vec<String> {
    let percent = |secret: &str| secret.bytes().map(|b| format!("%{b:02X}")).collect::<String>();
    let reserved: String =
        percent_encoding::utf8_percent_encode(secret, percent_encoding::NON_ALPHANUMERIC).collect();
    let json = json!(secret).to_string();
    let mut all = vec![secret.to_owned(), json[1..json.len() - 1].to_owned(), percent(secret), reserved];
    for before in ["", "x", "xy"] {
        for engine in [&STANDARD, &URL_SAFE] {
            // The first and last characters also hold bits of the text before and after the secret.
            let text = engine.encode(format!("{before}{secret}"));
            all.push(text.trim_end_matches('=')[4..text.len() - 4].to_owned());
        }
    }
    let lower: Vec<_> = all.iter().map(|text| text.to_lowercase()).collect();
    all.extend(lower);
    all
}

fn assert_clean(what: &str, text: &str) {
    for secret in [KEY, PASSWORD] {
        for writing in writings(secret) {
            assert!(!text.contains(&writing), "{what} shows {writing}: {text}");
        }
    }
}

fn simulator() -> Simulator {
    Simulator::start(simulator::Options { key: KEY.into(), ..Default::default() })
}

fn secret(text: &str) -> Option<Secret> {
    Some(Secret::new(text))
}

fn direct(simulator: &Simulator, url: &str) -> Options {
    Options { api_key: secret(KEY), max_retries: Some(1), ..tls(simulator, url) }
}

/// Options for every kind of server and proxy, with every secret set.
fn ways(simulator: &Simulator) -> Vec<Options> {
    let a = simulator.addresses();
    let with_login = |proxy: &str| Options {
        proxy: secret(proxy),
        proxy_user: Some(USER.into()),
        proxy_password: secret(PASSWORD),
        ..direct(simulator, &a.https)
    };
    let in_url = a.proxy_auth.replace("//", &format!("//{USER}:{PASSWORD}@"));
    let mut ways: Vec<_> =
        [&a.http, &a.https, &a.closed, &a.drops, &a.wrong_host, &a.expired, &a.self_signed]
            .map(|url| direct(simulator, url))
            .into();
    ways.extend(
        [&a.proxy, &a.proxy_auth, &a.proxy_refuses, &a.drops, &a.closed].map(|proxy| with_login(proxy)),
    );
    ways.push(Options { proxy: secret(&in_url), ..direct(simulator, &a.https) });
    ways.push(Options { proxy_user: Some("wrong".into()), ..with_login(&a.proxy_auth) });
    ways
}

fn everything(client: &Client, options: &Options) -> String {
    let results = run(&Batch::new(client, 2).unwrap(), &ids(8));
    let alone = reset(client, "ok-1");
    // The id is the caller's own text: even there, in a writing that may be sent.
    let key = KEY.replace('"', "%22").replace(';', "%3B").replace('<', "%3C");
    let password = if options.proxy.is_some() { PASSWORD } else { "" };
    let in_the_id = reset(client, &format!("{key}-{password}"));
    let preview = client.preview(&ResetRequest::new(&key, None, None).unwrap());
    let id = in_the_id.user_id.as_deref();
    assert!(id.is_some_and(|id| id.starts_with("***") && !id.contains("End")), "{id:?}");
    let documents: Vec<_> =
        results.iter().chain([&alone, &in_the_id]).map(|result| result.to_json(0)).collect();
    format!(
        "{client:?} {client:#?} {options:?} {options:#?} {results:?} {alone:#?} {in_the_id:?} {documents:?} {preview:?}"
    )
}

#[test]
fn no_fault_brings_a_secret_to_light() {
    let simulator = simulator();
    for (n, step) in [
        json!({"echoHeaders": "plain"}),
        json!({"echoHeaders": "json"}),
        json!({"echoHeaders": "percent"}),
        json!({"echoHeaders": "base64"}),
        json!({"echoHeaders": "plain", "control": true, "shape": "details"}),
        json!({"echoHeaders": "plain", "status": 500, "shape": "text", "cutBody": true}),
        json!({"echoHeaders": "json", "status": 503, "shape": "html"}),
        json!({"redirect": format!("https://{}.example/{KEY}", KEY.replace(|c: char| !c.is_alphanumeric(), "")), "status": 307}),
    ]
    .into_iter()
    .enumerate()
    {
        let script = json!({"repeat": true, "steps": [step]});
        simulator.set_faults(&format!("ok-{}", n + 1), script).unwrap();
    }
    for options in ways(&simulator) {
        assert_clean("a result or Debug", &everything(&client(&options), &options));
    }
}

/// The key is not shown in part where a limit on the length of a text cuts it.
#[test]
fn a_key_that_is_cut_is_not_shown_in_part() {
    let simulator = simulator();
    let client = client(&direct(&simulator, &simulator.addresses().http));
    for (before, shown) in [(64 * 1024 - 10, KEY), (995, KEY), (3990, KEY)] {
        let body = format!("{}{shown}", "-".repeat(before));
        simulator.set_faults("ok-1", json!([{"status": 400, "shape": "text", "message": body}])).unwrap();
        let result = reset(&client, "ok-1");
        let text = format!("{result:?}");
        assert!(!text.contains(&KEY[..5]), "cut at {before}");
    }
}

#[test]
fn a_redirect_takes_the_key_nowhere() {
    let simulator = simulator();
    let a = simulator.addresses();
    for (status, to) in
        [(301, "other"), (302, "self"), (303, "other"), (307, "other"), (308, "other"), (302, "login")]
    {
        simulator.set_faults("ok-1", json!([{"redirect": to, "status": status}])).unwrap();
        let client = client(&direct(&simulator, &a.https));
        reset(&client, "ok-1");
        assert_eq!(simulator.log().len(), 1, "{status} {to}");
        simulator.clear_log();
    }
}

/// The API gets the key in its header, the proxy gets the password in its header, and no other place gets either.
#[test]
fn each_secret_goes_to_its_own_host_in_its_own_header() {
    let simulator = simulator();
    for options in ways(&simulator) {
        simulator.clear_log();
        let client = client(&options);
        reset(&client, "ok-1");
        let batch = Batch::new(&client, 2).unwrap();
        batch.push(common::request("ok-2"), None).unwrap();
        next(&batch);
        for entry in simulator.log() {
            let is_api = matches!(entry.listener, Listener::Http | Listener::Https);
            let is_proxy =
                matches!(entry.listener, Listener::Proxy | Listener::ProxyAuth | Listener::ProxyRefuses);
            assert!(is_api || is_proxy, "{entry:?} came where nobody is trusted");
            let mut others = format!("{} {} {}", entry.method, entry.target, entry.body);
            for (name, value) in entry.headers.iter() {
                let value = value.to_str().unwrap();
                match name.as_str() {
                    "x-api-key" if is_api => assert_eq!(value, KEY),
                    "proxy-authorization" if is_proxy => {
                        let login = STANDARD.decode(value.strip_prefix("Basic ").unwrap()).unwrap();
                        assert!(String::from_utf8(login).unwrap().ends_with(&format!(":{PASSWORD}")));
                    }
                    name => others += &format!("{name}: {value}\n"),
                }
            }
            assert_clean("another header", &others);
        }
    }
}

/// This holds too if the caller has passed the key as another setting.
#[test]
fn a_preview_shows_no_secret() {
    let simulator = simulator();
    let options = direct(&simulator, &simulator.addresses().https);
    for options in [
        Options { org_id: Some(KEY.into()), ..options.clone() },
        Options { user_agent: Some(format!("host {KEY}")), ..options.clone() },
        Options { url: Some(format!("https://localhost/{KEY}")), ..options },
    ] {
        let Ok(client) = Client::new(&options) else { continue };
        let preview = client.preview(&common::request("ok-1")).unwrap();
        assert_clean("a preview", &preview.to_string());
        assert!(preview.to_string().contains("***"));
    }
}

/// An error about a setting does not show the setting.
#[test]
fn what_is_wrong_is_said_without_the_secret() {
    let simulator = simulator();
    let right = direct(&simulator, &simulator.addresses().https);
    let with_pass = |format: &str| secret(&format.replace("PASS", PASSWORD));
    for options in [
        Options { api_key: secret(&format!("{KEY}\n")), ..right.clone() },
        Options { api_key: secret(&format!("{KEY}ü")), ..right.clone() },
        Options { org_id: Some(format!("{KEY}\n")), ..right.clone() },
        Options { user_agent: Some(format!("{KEY}\n")), ..right.clone() },
        Options { environment: Some(KEY.into()), url: None, ..right.clone() },
        Options { url: Some(format!("https://{KEY}@localhost")), ..right.clone() },
        Options { url: Some(format!("http://{PASSWORD}.example")), ..right.clone() },
        Options { url: Some(format!("https://localhost/?{PASSWORD}")), ..right.clone() },
        Options { ca_file: Some(format!("/no/{KEY}")), ..right.clone() },
        Options { proxy: with_pass("http://user:PASS@"), ..right.clone() },
        Options { proxy: with_pass("http://user:PASS@host:port"), ..right.clone() },
        Options { proxy: with_pass("socks5://user:PASS@host"), ..right.clone() },
        Options { proxy: with_pass("user:PASS@host name"), ..right },
    ] {
        let fault = Client::new(&options).unwrap_err();
        assert_clean("a fault", &format!("{fault} {fault:?}"));
    }
}

#[test]
fn a_panic_shows_no_secret() {
    let simulator = simulator();
    let options =
        Options { ca_file: Some("/no/such/file".into()), ..direct(&simulator, &simulator.addresses().https) };
    let panic = catch_unwind(AssertUnwindSafe(|| client(&options))).unwrap_err();
    assert_clean("a panic", panic.downcast_ref::<String>().unwrap());
}

/// A key that is also the server's name is not in the words for a connection that was not made.
#[test]
fn a_failed_connection_tells_no_key() {
    let simulator = simulator();
    let options =
        Options { api_key: secret("127.0.0.1"), ..direct(&simulator, &simulator.addresses().closed) };
    let result = reset(&client(&options), "ok-1");
    let message = result.message.unwrap();
    assert!(message.contains("***") && !message.contains("127.0.0.1"), "{message}");
}
