//! Connections: kept alive, closed by the server, and through proxies.

mod common;

use std::process::Command;

use common::{arrived, batch, client, next, options, request, reset, said, simulator, tls, wait_until};
use jcsdk::{Options, Secret};
use serde_json::json;
use simulator::Listener;

#[test]
fn a_thousand_calls_use_one_connection() {
    let simulator = simulator();
    let client = client(&tls(&simulator, &simulator.addresses().https));
    for _ in 0..1000 {
        assert_eq!(said(&reset(&client, "ok-1")), ("reset", ""));
    }
    assert_eq!(simulator.stats().connections[&Listener::Https], 1);
    assert_eq!(arrived(&simulator, "ok-1"), 1000);
}

/// To wait there for the client's tasks would be a panic of tokio's.
#[test]
fn a_client_may_be_dropped_inside_an_asynchronous_task() {
    let simulator = simulator();
    let client = client(&options(&simulator.addresses().http));
    assert_eq!(said(&reset(&client, "ok-1")), ("reset", ""));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async { drop(client) });
}

/// If the server has closed an idle connection, the next call must not lose its request on it.
#[test]
fn a_connection_that_the_server_has_closed_loses_nothing() {
    let simulator = simulator();
    let close = json!({"repeat": true, "steps": [{"closeAfter": true}]});
    simulator.set_faults("ok-1", close).unwrap();
    for options in [options(&simulator.addresses().http), tls(&simulator, &simulator.addresses().https)] {
        let client = client(&options);
        for n in 0..100 {
            assert_eq!(said(&reset(&client, "ok-1")), ("reset", ""), "call {n}");
            wait_until("the server has closed", || simulator.stats().open_connections == 0);
            let one = batch(&client, 1); // a new one, since a batch sends a user once
            one.push(request("ok-1"), None).unwrap();
            assert_eq!(said(&next(&one)), ("reset", ""), "push {n}");
            wait_until("the server has closed", || simulator.stats().open_connections == 0);
        }
    }
    assert_eq!(arrived(&simulator, "ok-1"), 400);
}

/// A proxy sends 408 unasked when it closes an idle connection, and it may cross with the next request.
#[test]
fn a_408_on_a_used_connection_may_be_meant_for_nobody() {
    let simulator = simulator();
    let proxy = Some(Secret::new(simulator.addresses().proxy.clone()));
    let direct = tls(&simulator, &simulator.addresses().https);
    for options in [options(&simulator.addresses().http), direct.clone(), Options { proxy, ..direct }] {
        simulator.set_faults("ok-1", json!([{"status": 408}, {}, {"status": 408}])).unwrap();
        let client = client(&options);
        assert_eq!(said(&reset(&client, "ok-1")), ("refused", "Request.Refused"));
        assert_eq!(said(&reset(&client, "ok-1")), ("reset", ""));
        assert_eq!(said(&reset(&client, "ok-1")), ("unknown", "Answer.Lost"));
    }
}

#[test]
fn a_proxy_serves_its_own_client_only() {
    let simulator = simulator();
    let addresses = simulator.addresses();
    let direct = tls(&simulator, &addresses.https);
    let through = |proxy: &str| Options { proxy: Some(Secret::new(proxy)), ..direct.clone() };
    let login = addresses.proxy_auth.replace("http://", "http://proxy-user:proxy-pass-s3cret@");
    let connects = |listener| simulator.log().iter().filter(|entry| entry.listener == listener).count();

    let clients = [
        client(&direct),
        client(&through(&addresses.proxy)),
        client(&through(&login)),
        client(&through(&addresses.proxy_refuses)),
    ];
    for _ in 0..3 {
        let said: Vec<_> = clients.iter().map(|client| said(&reset(client, "ok-1"))).collect();
        assert_eq!(said, [("reset", ""), ("reset", ""), ("reset", ""), ("refused", "Proxy.Refused")]);
    }
    assert_eq!((connects(Listener::Proxy), connects(Listener::ProxyAuth)), (1, 1), "a tunnel is kept");
    assert_eq!((connects(Listener::ProxyRefuses), connects(Listener::Https)), (3, 9));
}

#[test]
fn hosts_that_need_no_proxy_get_none() {
    let simulator = simulator();
    let addresses = simulator.addresses();
    for (no_proxy, said_) in [
        ("localhost", ("reset", "")),
        ("other.example, localhost", ("reset", "")),
        ("*", ("reset", "")),
        ("other.example", ("refused", "Proxy.Refused")),
        ("", ("refused", "Proxy.Refused")),
    ] {
        let options = Options {
            proxy: Some(Secret::new(addresses.proxy_refuses.clone())),
            no_proxy: Some(no_proxy.into()),
            ..tls(&simulator, &addresses.https)
        };
        assert_eq!(said(&reset(&client(&options), "ok-1")), said_, "{no_proxy:?}");
    }
    let plain =
        Options { proxy: Some(Secret::new(addresses.proxy_refuses.clone())), ..options(&addresses.http) };
    assert_eq!(said(&reset(&client(&plain), "ok-1")), ("reset", ""), "http never goes through a proxy");
}

/// If the caller gives an environment, that of the process is not read. The test starts processes of its own, because
/// it sets the environment of a whole process.
#[test]
fn the_processs_environment_counts_only_where_no_other_is_given() {
    const MARK: &str = "JCSDK_TEST_CHILD";
    let simulator = simulator();
    let addresses = simulator.addresses();
    if let Ok(url) = std::env::var(MARK) {
        let (url, own) = url.split_once(' ').unwrap();
        let base = Options { url: Some(url.into()), ..Options::default() };
        let env = [("JCApiKey", common::KEY)].map(|(name, value)| (name.to_owned(), Secret::new(value)));
        let options = if own == "own" { Options { env: Some(env.into()), ..base } } else { base };
        println!("child: {:?}", said(&reset(&client(&options), "ok-1")));
        return;
    }
    let child = |url: &str, own: &str, ca: &str| {
        let name = "the_processs_environment_counts_only_where_no_other_is_given";
        let output = Command::new(std::env::current_exe().unwrap())
            .args([name, "--exact", "--nocapture"])
            .env(MARK, format!("{url} {own}"))
            .env("JCApiKey", common::KEY)
            .env("HTTPS_PROXY", &addresses.proxy_refuses)
            .env("https_proxy", &addresses.proxy_refuses)
            .env("ALL_PROXY", &addresses.proxy_refuses)
            .env("HTTP_PROXY", &addresses.proxy_refuses)
            .env_remove("NO_PROXY")
            .env_remove("no_proxy")
            .env("SSL_CERT_FILE", ca)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines()
            .find_map(|line| line.split_once("child: "))
            .map(|(_, said)| said.to_owned())
            .unwrap_or(text)
    };
    let ca = addresses.ca.to_str().unwrap();
    let refused = r#"("refused", "Proxy.Refused")"#;
    assert_eq!(child(&addresses.https, "process's", ca), refused);
    assert_eq!(child(&addresses.http, "process's", ca), r#"("reset", "")"#);
    assert_eq!(child(&addresses.http, "own", ca), r#"("reset", "")"#);
    // On Linux the platform trusts what the SSL_CERT_FILE of the process names.
    let trusted =
        if cfg!(target_os = "linux") { r#"("reset", "")"# } else { r#"("refused", "Tls.NotTrusted")"# };
    assert_eq!(child(&addresses.https, "own", ca), trusted);
    let asked = simulator.log().iter().filter(|entry| entry.listener == Listener::ProxyRefuses).count();
    assert_eq!(asked, 1);
}
