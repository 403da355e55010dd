//! What each listener does before it answers a request, and what is counted.

mod common;

use std::io::{ErrorKind, Write};
use std::net::TcpStream;

use common::{KEY, connect, eventually, https_client, read, simulator};
use serde_json::json;
use simulator::{Listener, Simulator};

fn post(client: &reqwest::blocking::Client, base: &str) -> reqwest::Result<u16> {
    let url = format!("{base}/api/systemusers/ok-1/resetmfa");
    Ok(client.post(url).header("x-api-key", KEY).body("{}").send()?.status().as_u16())
}

#[test]
fn a_thousand_calls_take_one_connection() {
    let simulator = simulator();
    let client = https_client(&simulator, |builder| builder);
    for _ in 0..1000 {
        assert_eq!(post(&client, &simulator.addresses().https).unwrap(), 200);
    }
    let stats = simulator.stats();
    assert_eq!((stats.requests, stats.resets, stats.by_id["ok-1"]), (1000, 1000, 1000));
    assert_eq!((stats.connections[&Listener::Https], stats.open_connections), (1, 1));
    drop(client);
    eventually("the connection is closed", || simulator.stats().open_connections == 0);
    simulator.clear_log();
    let stats = simulator.stats();
    assert_eq!((stats.requests, stats.connections[&Listener::Https], stats.by_id.len()), (0, 0, 0));
}

#[test]
fn the_good_certificate_is_valid_for_both_names() {
    let simulator = simulator();
    let client = https_client(&simulator, |builder| builder);
    for name in ["localhost", "127.0.0.1"] {
        let base = simulator.addresses().https.replace("localhost", name);
        assert_eq!(post(&client, &base).unwrap(), 200, "{name}");
    }
}

#[test]
fn a_certificate_that_is_not_trusted_gets_no_request() {
    let simulator = simulator();
    let client = https_client(&simulator, |builder| builder);
    let blind = https_client(&simulator, |builder| builder.tls_danger_accept_invalid_certs(true));
    let addresses = simulator.addresses().clone();
    let cases = [
        (Listener::WrongHost, addresses.wrong_host, "NotValidForName"),
        (Listener::Expired, addresses.expired, "Expired"),
        (Listener::SelfSigned, addresses.self_signed, "UnknownIssuer"),
    ];
    for (listener, base, reason) in cases {
        let error = format!("{:?}", post(&client, &base).unwrap_err());
        assert!(error.contains(reason), "{listener:?}: {error}");
        assert_eq!((simulator.stats().requests, simulator.stats().connections[&listener]), (0, 1));
        assert_eq!(post(&blind, &base).unwrap(), 200, "it is the same API behind");
        assert_eq!(simulator.log()[0].listener, listener);
        simulator.clear_log();
    }
}

#[test]
fn a_fault_over_tls_is_the_same() {
    let simulator = simulator();
    let client = https_client(&simulator, |builder| builder);
    let steps =
        json!([{ "reset": "before" }, { "drop": true }, { "garbage": true }, { "reset": "mid-headers" }]);
    simulator.set_faults("ok-1", steps).unwrap();
    for _ in 0..4 {
        let error = post(&client, &simulator.addresses().https).unwrap_err();
        assert!(error.is_request(), "{error:?}");
    }
    assert_eq!(post(&client, &simulator.addresses().https).unwrap(), 200);
    assert_eq!((simulator.stats().requests, simulator.stats().resets), (5, 1));
}

#[test]
fn proxies_tunnel_ask_for_a_password_or_refuse() {
    let simulator = simulator();
    let addresses = simulator.addresses();
    let basic = "Basic cHJveHktdXNlcjpwcm94eS1wYXNzLXMzY3JldA==";
    // The proxy, the password, whether the request arrives, and what is logged.
    let cases = [
        (Listener::Proxy, &addresses.proxy, false, true, 200),
        (Listener::ProxyAuth, &addresses.proxy_auth, false, false, 407),
        (Listener::ProxyAuth, &addresses.proxy_auth, true, true, 200),
        (Listener::ProxyRefuses, &addresses.proxy_refuses, true, false, 403),
    ];
    for (listener, proxy, password, arrives, status) in cases {
        let mut proxy = reqwest::Proxy::all(proxy).unwrap();
        if password {
            proxy = proxy.basic_auth("proxy-user", "proxy-pass-s3cret");
        }
        let client = https_client(&simulator, |builder| builder.proxy(proxy));
        simulator.clear_log();
        assert_eq!(post(&client, &addresses.https).is_ok(), arrives, "{listener:?}");
        let log = simulator.log();
        assert_eq!(log.len(), 1 + usize::from(arrives), "{listener:?}");
        assert_eq!(
            (log[0].listener, log[0].method.as_str(), log[0].answer),
            (listener, "CONNECT", Some(status))
        );
        assert_eq!(log[0].target, addresses.https.strip_prefix("https://").unwrap());
        assert_eq!(log[0].header("proxy-authorization"), password.then_some(basic));
        drop(client);
        eventually("the tunnel is closed", || simulator.stats().open_connections == 0);
    }
}

#[test]
fn a_proxy_tunnels_to_loopback_only() {
    let simulator = simulator();
    let closed = simulator.addresses().closed.strip_prefix("http://").unwrap().to_owned();
    let cases = [
        ("CONNECT", "192.0.2.1:443", 502),
        ("CONNECT", "example.com:443", 502),
        ("CONNECT", &closed, 502),
        ("GET", "http://127.0.0.1/", 405),
    ];
    for (method, target, status) in cases {
        let reply =
            common::send(&simulator.addresses().proxy, method, target, &[("connection", "close")], "");
        assert_eq!(reply.status(), status, "{method} {target}");
    }
}

#[test]
fn addresses_where_nobody_answers() {
    let simulator = simulator();
    let addresses = simulator.addresses();

    let closed = addresses.closed.strip_prefix("http://").unwrap();
    assert_eq!(TcpStream::connect(closed).unwrap_err().kind(), ErrorKind::ConnectionRefused);

    let dropped = read(connect(&addresses.drops));
    assert_eq!(dropped.text, "");

    let mut mute = connect(&addresses.mute);
    mute.write_all(b"anything").unwrap();
    eventually("the connection is accepted", || simulator.stats().connections[&Listener::Mute] == 1);
    mute.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(read(mute).text, "");
    eventually("both are closed", || simulator.stats().open_connections == 0);
    assert_eq!(simulator.stats().requests, 0);
}

#[test]
fn stopping_closes_every_connection() {
    let simulator = simulator();
    let stream = connect(&simulator.addresses().http);
    eventually("the connection is accepted", || simulator.stats().open_connections == 1);
    let addresses = simulator.addresses().clone();
    drop::<Simulator>(simulator);
    assert_eq!(read(stream).text, "");
    assert!(!addresses.ca.exists());
}
