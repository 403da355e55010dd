//! Every fault, with the result that it leads to and the number of requests that arrive: alone and in a batch.

mod common;

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use common::{KEY, arrived, client, options, request, reset, run, said, simulator, tls};
use jcsdk::{Batch, Options, ResetResult, Secret};
use serde_json::{Value, json};
use simulator::Simulator;

const RETRIES: u32 = 2;

/// The request time-out: long enough for a request to reach the server on a busy machine.
const HANGS: Duration = Duration::from_secs(8);

/// What the server does, the outcome, its code, the HTTP status, the number of requests, which is that of the attempts,
/// and a part of the server's message.
type Row = (Value, &'static str, &'static str, Option<u16>, usize, Option<&'static str>);

#[rustfmt::skip]
fn rows() -> Vec<Row> {
    let all = RETRIES as usize + 1;
    let gateway = "Server.Failed";
    let busy = "Service.Unavailable";
    let strange = "Answer.NotUnderstood";
    let blanks = " ".repeat(65 * 1024) + "<html>";
    let long = "<html>".to_owned() + &" ".repeat(100_000);
    vec![
        // success
        (json!([]),                                                     "reset",   "",                      Some(200), 1, None),
        (json!([{"status": 201}]),                                      "reset",   "",                      Some(201), 1, None),
        (json!([{"status": 204, "shape": "none"}]),                     "reset",   "",                      Some(204), 1, None),
        (json!([{"shape": "broken"}]),                                  "reset",   "",                      Some(200), 1, None),
        (json!([{"body": "OK", "contentType": "text/html"}]),           "reset",   "",                      Some(200), 1, None),
        (json!([{"shape": "none"}]),                                    "reset",   "",                      Some(200), 1, None),
        (json!([{"shape": "code"}]),                                    "reset",   "",                      Some(200), 1, None),
        (json!([{"http10": true}]),                                     "reset",   "",                      Some(200), 1, None),
        (json!([{"closeAfter": true}]),                                 "reset",   "",                      Some(200), 1, None),
        (json!([{"slow": true}]),                                       "reset",   "",                      Some(200), 1, None),
        (json!([{"delayMs": 50}]),                                      "reset",   "",                      Some(200), 1, None),
        (json!([{"cutBody": true}]),                                    "reset",   "",                      Some(200), 1, None),
        (json!([{"reset": "after-headers"}]),                           "reset",   "",                      Some(200), 1, None),
        (json!([{"longBody": 100_000}]),                                "reset",   "",                      Some(200), 1, None),
        // success from something that is not the API
        (json!([{"shape": "html"}]),                                    "unknown", strange,                 Some(200), 1, None),
        (json!([{"body": "\u{feff} \r\n<HTML lang=en>"}]),              "unknown", strange,                 Some(200), 1, None),
        (json!([{"shape": "html", "contentType": "application/json"}]), "unknown", strange,                 Some(200), 1, None),
        (json!([{"body": long}]),                                       "unknown", strange,                 Some(200), 1, None),
        (json!([{"shape": "html", "cutBody": true}]),                   "unknown", strange,                 Some(200), 1, None),
        (json!([{"body": "\u{a0}<?xml version='1.0'?><html/>"}]),       "unknown", strange,                 Some(200), 1, None),
        (json!([{"body": blanks}]),                                     "unknown", strange,                 Some(200), 1, None),
        (json!([{"body": "OK", "headers": {"content-encoding": "gzip"}}]), "unknown", strange,              Some(200), 1, None),
        (json!([{"status": 202}]),                                      "unknown", strange,                 Some(202), 1, None),
        (json!([{"status": 206}]),                                      "unknown", strange,                 Some(206), 1, None),
        // refused, in every shape
        (json!([{"status": 400, "message": "m"}]),                      "refused", "Request.Refused",       Some(400), 1, Some("m")),
        (json!([{"status": 400, "shape": "code", "message": "m"}]),     "refused", "Request.Refused",       Some(400), 1, Some("m")),
        (json!([{"status": 400, "shape": "error", "message": "m"}]),    "refused", "Request.Refused",       Some(400), 1, Some("m")),
        (json!([{"status": 400, "shape": "details", "message": "m"}]),  "refused", "Request.Refused",       Some(400), 1, Some("exclusion: m")),
        (json!([{"status": 400, "shape": "text", "message": "m"}]),     "refused", "Request.Refused",       Some(400), 1, Some("m")),
        (json!([{"status": 400, "shape": "html"}]),                     "refused", "Request.Refused",       Some(400), 1, None),
        (json!([{"status": 400, "shape": "none"}]),                     "refused", "Request.Refused",       Some(400), 1, None),
        (json!([{"status": 400, "shape": "broken"}]),                   "refused", "Request.Refused",       Some(400), 1, None),
        (json!([{"status": 400, "control": true, "message": "m"}]),     "refused", "Request.Refused",       Some(400), 1, Some("m")),
        (json!([{"status": 400, "cutBody": true}]),                     "refused", "Request.Refused",       Some(400), 1, Some("Bad Request")),
        (json!([{"status": 403}]),                                      "refused", "Permission.Refused",    Some(403), 1, None),
        (json!([{"status": 403, "shape": "html"}]),                     "refused", "Permission.Refused",    Some(403), 1, None),
        (json!([{"status": 404, "shape": "code"}]),                     "refused", "User.NotFound",         Some(404), 1, Some("Not Found")),
        (json!([{"status": 404, "shape": "html"}]),                     "refused", "Url.Suspect",           Some(404), 1, None),
        (json!([{"status": 404, "reset": "after-headers"}]),            "refused", "User.NotFound",         Some(404), 1, None),
        (json!([{"status": 407}]),                                      "refused", "Request.Refused",       Some(407), 1, None),
        (json!([{"status": 408}]),                                      "refused", "Request.Refused",       Some(408), 1, None),
        (json!([{"status": 409}]),                                      "refused", "Request.Refused",       Some(409), 1, None),
        (json!([{"status": 422}]),                                      "refused", "Request.Refused",       Some(422), 1, None),
        (json!([{"status": 451, "slow": true}]),                        "refused", "Request.Refused",       Some(451), 1, None),
        (json!([{"echoHeaders": "plain"}]),                             "refused", "Request.Refused",       Some(400), 1, Some("***")),
        (json!([{"echoHeaders": "json"}]),                              "refused", "Request.Refused",       Some(400), 1, Some("***")),
        (json!([{"echoHeaders": "percent"}]),                           "refused", "Request.Refused",       Some(400), 1, Some("***")),
        (json!([{"echoHeaders": "base64"}]),                            "refused", "Request.Refused",       Some(400), 1, Some("***")),
        // would fail for every user, so it stops a batch
        (json!([{"status": 401}]),                                      "refused", "Auth.Refused",          Some(401), 1, None),
        (json!([{"status": 401, "message": "no organization selected"}]), "refused", "Organization.Required", Some(401), 1, None),
        (json!([{"redirect": "login"}]),                                "refused", "Auth.LoginRedirect",    Some(302), 1, None),
        (json!([{"redirect": "login", "status": 307}]),                 "refused", "Auth.LoginRedirect",    Some(307), 1, None),
        (json!([{"redirect": "self"}]),                                 "refused", "Redirect.Refused",      Some(302), 1, None),
        (json!([{"redirect": "other", "status": 301}]),                 "refused", "Redirect.Refused",      Some(301), 1, None),
        (json!([{"redirect": "other", "status": 308}]),                 "refused", "Redirect.Refused",      Some(308), 1, None),
        (json!([{"redirect": "https://login.example/login"}]),          "refused", "Redirect.Refused",      Some(302), 1, None),
        (json!([{"status": 304, "shape": "none"}]),                     "refused", "Redirect.Refused",      Some(304), 1, None),
        // may have acted
        (json!([{"status": 500, "shape": "code", "message": "m"}]),     "unknown", gateway,                 Some(500), 1, Some("m")),
        (json!([{"status": 502, "shape": "html"}]),                     "unknown", gateway,                 Some(502), 1, None),
        (json!([{"status": 504, "shape": "none"}]),                     "unknown", gateway,                 Some(504), 1, None),
        (json!([{"status": 599, "shape": "broken"}]),                   "unknown", gateway,                 Some(599), 1, None),
        (json!([{"status": 500, "headers": {"retry-after": "0"}}]),     "unknown", gateway,                 Some(500), 1, None),
        (json!([{"status": 503, "shape": "html"}]),                     "unknown", gateway,                 Some(503), 1, None),
        (json!([{"status": 503, "shape": "none"}]),                     "unknown", gateway,                 Some(503), 1, None),
        (json!([{"status": 503, "shape": "text"}]),                     "unknown", gateway,                 Some(503), 1, None),
        (json!([{"status": 503, "shape": "broken"}]),                   "unknown", gateway,                 Some(503), 1, None),
        (json!([{"status": 503, "shape": "html", "headers": {"retry-after": "soon"}}]), "unknown", gateway, Some(503), 1, None),
        (json!([{"status": 700}]),                                      "unknown", strange,                 Some(700), 1, None),
        (json!([{"reset": "before"}]),                                  "unknown", "Answer.Lost",           None,      1, None),
        (json!([{"reset": "mid-headers"}]),                             "unknown", "Answer.Lost",           None,      1, None),
        (json!([{"drop": true}]),                                       "unknown", "Answer.Lost",           None,      1, None),
        (json!([{"drop": true, "acts": true}]),                         "unknown", "Answer.Lost",           None,      1, None),
        (json!([{"garbage": true}]),                                    "unknown", strange,                 None,      1, None),
        (json!([{"never": true}]),                                      "unknown", "Answer.TimedOut",       None,      1, None),
        (json!([{"delayMs": 600_000}]),                                 "unknown", "Answer.TimedOut",       None,      1, None),
        // tried again
        (json!([{"status": 429}]),                                      "reset",   "",                      Some(200), 2, None),
        (json!([{"status": 429, "shape": "html"}]),                     "reset",   "",                      Some(200), 2, None),
        (json!([{"status": 429, "headers": {"retry-after": "0"}}]),     "reset",   "",                      Some(200), 2, None),
        (json!([{"status": 429, "headers": {"retry-after": "soon"}}]),  "reset",   "",                      Some(200), 2, None),
        (json!([{"status": 429, "retryAfterDate": -5}]),                "reset",   "",                      Some(200), 2, None),
        (json!([{"status": 429, "retryAfterDate": 1}]),                 "reset",   "",                      Some(200), 2, None),
        (json!([{"status": 429, "closeAfter": true}]),                  "reset",   "",                      Some(200), 2, None),
        (json!([{"status": 503}]),                                      "reset",   "",                      Some(200), 2, None),
        (json!([{"status": 503, "shape": "code"}]),                     "reset",   "",                      Some(200), 2, None),
        (json!([{"status": 503, "shape": "error"}, {"status": 503, "shape": "details"}]), "reset", "",       Some(200), 3, None),
        (json!([{"status": 503, "shape": "html", "headers": {"retry-after": "0"}}]), "reset", "",            Some(200), 2, None),
        (json!([{"status": 503, "shape": "none", "retryAfterDate": 0}]), "reset",  "",                      Some(200), 2, None),
        (json!([{"status": 503, "longBody": 100_000}]),                 "reset",   "",                      Some(200), 2, None),
        // tried again in vain
        (json!({"repeat": true, "steps": [{"status": 429, "message": "m"}]}), "refused", "RateLimit.Exceeded", Some(429), all, Some("m")),
        (json!({"repeat": true, "steps": [{"status": 503, "message": "m"}]}), "refused", busy,              Some(503), all, Some("m")),
        (json!([{"status": 429, "headers": {"retry-after": "86400"}}]), "refused", "RateLimit.Exceeded",    Some(429), 1, None),
        (json!([{"status": 429, "headers": {"retry-after": "99999999999999999999"}}]), "refused", "RateLimit.Exceeded", Some(429), 1, None),
        (json!([{"status": 503, "retryAfterDate": 1_000_000_000}]),     "refused", busy,                    Some(503), 1, None),
        // tried again, with another end
        (json!([{"status": 429}, {"status": 404}]),                     "refused", "User.NotFound",         Some(404), 2, None),
        (json!([{"status": 429}, {"status": 500}]),                     "unknown", gateway,                 Some(500), 2, None),
        (json!([{"status": 429}, {"drop": true}]),                      "unknown", "Answer.Lost",           None,      2, None),
        (json!([{"status": 503}, {"garbage": true}]),                   "unknown", strange,                 None,      2, None),
        (json!([{"status": 429}, {"never": true}]),                     "unknown", "Answer.TimedOut",       None,      2, None),
    ]
}

fn patient(url: &str) -> Options {
    Options {
        max_retries: Some(RETRIES),
        request_timeout: Some(HANGS),
        // This is also the longest time for which a Retry-After of days holds the others back.
        total_timeout: Some(Duration::from_secs(20)),
        ..options(url)
    }
}

/// Each row in a thread of its own: most of them wait.
fn for_each_row(check: impl Fn(&Row, &Simulator, &str) + Send + Sync + 'static) {
    let simulator = Arc::new(simulator());
    let check = Arc::new(check);
    let rows = rows().into_iter().enumerate().map(|(n, row)| {
        let (simulator, check) = (simulator.clone(), check.clone());
        thread::spawn(move || {
            let id = format!("row-{n}");
            simulator.add_user(&id);
            simulator.set_faults(&id, row.0.clone()).unwrap();
            check(&row, &simulator, &id);
        })
    });
    let rows: Vec<_> = rows.collect();
    let failed = rows.into_iter().filter_map(|row| row.join().err()).count();
    assert_eq!(failed, 0, "rows failed, see above");
}

fn check(row: &Row, simulator: &Simulator, id: &str, result: &ResetResult) {
    let (script, outcome, code, status, requests, server_message) = row;
    assert_eq!(said(result), (*outcome, *code), "{script} {result:?}");
    assert_eq!(result.http_status, *status, "{script}");
    assert_eq!((result.attempts as usize, arrived(simulator, id)), (*requests, *requests), "{script}");
    assert_eq!(result.user_id.as_deref(), Some(id));
    let message = result.server_message.as_deref();
    if let Some(part) = server_message {
        assert!(message.is_some_and(|message| message.contains(part)), "{script} {message:?}");
    }
    let document = result.to_json(0);
    assert!(!document.contains(KEY), "{document}");
    assert!(!document.chars().any(char::is_control), "{document}");
}

#[test]
fn each_fault_alone() {
    for_each_row(|row, simulator, id| {
        let client = client(&patient(&simulator.addresses().http));
        check(row, simulator, id, &reset(&client, id));
    });
}

#[test]
fn each_fault_over_tls() {
    for_each_row(|row, simulator, id| {
        let options = Options {
            ca_file: Some(simulator.addresses().ca.display().to_string()),
            ..patient(&simulator.addresses().https)
        };
        check(row, simulator, id, &reset(&client(&options), id));
    });
}

/// The other users get their own result: reset with one request or, after a fault that stops the batch, not tried.
#[test]
fn each_fault_among_others() {
    for_each_row(|row, simulator, id| {
        let client = client(&patient(&simulator.addresses().http));
        let mut ids: Vec<_> = (0..7).map(|n| format!("{id}-beside-{n}")).collect();
        for id in &ids {
            simulator.add_user(id);
        }
        ids.insert(2, id.to_owned());
        let results = run(&Batch::new(&client, 4).unwrap(), &ids);
        let stops = results[2].stops_batch;
        let closes = ["closeAfter", "slow"].iter().any(|fault| row.0.to_string().contains(fault));
        for (n, (result, id)) in results.iter().zip(&ids).enumerate() {
            assert_eq!((result.user_id.as_ref(), result.tag), (Some(id), Some(n as u64)), "order");
            match said(result) {
                _ if n == 2 => check(row, simulator, id, result),
                // The next request may go out on the connection that the server is about to close without a word.
                ("unknown", "Answer.Lost") if closes => assert!(arrived(simulator, id) <= 1, "{}", row.0),
                ("cancelled", "NotTried") if stops => assert_eq!(arrived(simulator, id), 0, "{}", row.0),
                said => {
                    assert_eq!(said, ("reset", ""), "{} {result:?}", row.0);
                    assert_eq!(arrived(simulator, id), 1, "{}", row.0);
                }
            }
        }
    });
}

#[test]
fn what_is_wrong_with_the_answer_is_said_in_words() {
    let simulator = simulator();
    let client = client(&options(&simulator.addresses().http));
    for (step, words) in [
        (json!({"cutBody": true}), "body is incomplete"),
        (json!({"longBody": 100_000}), "body is incomplete"),
        (json!({"shape": "html"}), "is a web page"),
        (json!({"redirect": "https://login.example/"}), "login.example"),
        (json!({"redirect": "other"}), "localhost"),
        (json!({"status": 500, "message": "out of cheese"}), "The server says: out of cheese"),
        (json!({"drop": true}), "lost before the answer"),
        (json!({"garbage": true}), "is not HTTP"),
    ] {
        simulator.set_faults("ok-1", json!([step])).unwrap();
        let message = reset(&client, "ok-1").message.unwrap();
        assert!(message.contains("'ok-1'") && message.contains(words), "{step}: {message}");
    }
}

#[test]
fn a_proxy_that_is_not_reached_is_named() {
    let simulator = simulator();
    let a = simulator.addresses();
    let closed = a.closed.trim_start_matches("http://");
    for (proxy, words) in [
        (closed, format!("or its proxy {closed} was refused")),
        ("nosuch.invalid:1", "or its proxy nosuch.invalid:1 was not found".into()),
    ] {
        let https =
            Options { proxy: Some(Secret::new(proxy)), max_retries: Some(0), ..tls(&simulator, &a.https) };
        let message = reset(&client(&https), "ok-1").message.unwrap();
        assert!(message.contains(&words), "{message}");
        let http = Options { url: Some(a.closed.clone()), ..https };
        let message = reset(&client(&http), "ok-1").message.unwrap();
        assert!(!message.contains("proxy"), "http never goes through one: {message}");
    }
}

#[test]
fn what_the_server_asks_to_wait_is_passed_on() {
    let simulator = simulator();
    let options = Options { max_retries: Some(0), ..options(&simulator.addresses().http) };
    for (step, seconds) in [
        (json!({"status": 429, "headers": {"retry-after": "7"}}), 7..=7),
        (json!({"status": 503, "headers": {"retry-after": "7"}}), 7..=7),
        (json!({"status": 503, "retryAfterDate": 1000}), 900..=1000),
        (json!({"status": 429, "retryAfterDate": -1000}), 0..=0),
    ] {
        simulator.set_faults("ok-1", json!([step])).unwrap();
        // The wait that one client was asked for holds its next request back.
        let result = reset(&client(&options), "ok-1");
        let asked = result.retry_after.unwrap().as_secs();
        assert!(seconds.contains(&asked), "{step}: {asked}");
        assert_eq!((result.attempts, result.outcome.as_str()), (1, "refused"), "{step}");
    }
}

/// A configuration with which no request arrives: its name, its options, the results that are right, and the attempts.
type Way = (&'static str, Options, &'static [(&'static str, &'static str)], u32);

#[rustfmt::skip]
fn ways(simulator: &Simulator) -> Vec<Way> {
    let a = simulator.addresses();
    let soon = |options| Options { connect_timeout: Some(Duration::from_secs(1)), max_retries: Some(1), ..options };
    let plain = |url: &str| soon(options(url));
    let https = |url: &str| soon(tls(simulator, url));
    let through = |proxy: &str| Options { proxy: Some(Secret::new(proxy)), ..https(&a.https) };
    let login = |user: &str, password: &str| Options {
        proxy_user: Some(user.into()),
        proxy_password: Some(Secret::new(password)),
        ..through(&a.proxy_auth)
    };
    let secure = |url: &str| url.replace("http://127.0.0.1", "https://localhost");
    let proxied = |url: &str| Options { proxy: Some(Secret::new(a.proxy.clone())), ..https(url) };
    let not_made: &'static [_] = &[("refused", "Connection.NotMade")];
    let refused: &'static [_] = &[("refused", "Connection.Refused")];
    let stranger: &'static [_] = &[("refused", "Tls.NotTrusted")];
    let proxy: &'static [_] = &[("refused", "Proxy.Refused")];
    vec![
        ("nobody listens",                 plain(&a.closed),             refused, 2),
        ("nobody listens, https",          https(&secure(&a.closed)),    refused, 2),
        ("closes at once, https",          https(&secure(&a.drops)),     not_made, 1),
        // The client may have sent the request before it sees the close.
        ("closes at once",                 plain(&a.drops),              &[("unknown", "Answer.Lost"), ("refused", "Connection.NotMade")], 1),
        ("never says a byte",              https(&a.mute),               not_made, 1),
        ("plain http where https is asked", https(&secure(&a.http)),     not_made, 1),
        ("certificate of another host",    https(&a.wrong_host),         stranger, 1),
        ("expired certificate",            https(&a.expired),            stranger, 1),
        ("self-signed certificate",        https(&a.self_signed),        stranger, 1),
        ("authority that is not trusted",  plain(&a.https),              stranger, 1),
        ("no such name",                   https("https://nosuch.invalid"), &[("refused", "Name.NotFound")], 1),
        ("proxy refuses",                  through(&a.proxy_refuses),    proxy, 1),
        ("proxy wants a login",            through(&a.proxy_auth),       proxy, 1),
        ("proxy with a wrong password",    login("proxy-user", "wrong"), proxy, 1),
        ("proxy with a wrong user",        login("other", "proxy-pass-s3cret"), proxy, 1),
        ("proxy that finds nobody",        proxied(&secure(&a.closed)),  proxy, 1),
        ("proxy where nobody listens",     through(&a.closed),           refused, 2),
        ("proxy that closes at once",      through(&a.drops),            &[("refused", "Proxy.Refused"), ("refused", "Connection.NotMade")], 1),
        ("proxy that never says a byte",   through(&a.mute.replace("https://localhost", "http://127.0.0.1")), not_made, 1),
        ("no such proxy",                  through("http://nosuch.invalid:1"), &[("refused", "Name.NotFound")], 1),
    ]
}

/// How many requests arrived at the API, on any listener. The tunnels that a proxy was asked for do not count.
fn posts(simulator: &Simulator) -> usize {
    simulator.log().iter().filter(|entry| entry.method == "POST").count()
}

#[test]
fn each_way_that_leads_nowhere() {
    let simulator = simulator();
    for (name, options, expected, attempts) in ways(&simulator) {
        let client = client(&options);
        let alone = reset(&client, "ok-1");
        assert!(expected.contains(&said(&alone)), "{name}: {alone:?}");
        assert_eq!((alone.attempts, posts(&simulator)), (attempts, 0), "{name}: {alone:?}");

        let everyones = alone.stops_batch;
        let results = run(&Batch::new(&client, 4).unwrap(), &common::ids(6));
        for (n, result) in results.iter().enumerate() {
            if n > 0 && everyones {
                assert_eq!(said(result), ("cancelled", "NotTried"), "{name}: {result:?}");
            } else {
                assert!(expected.contains(&said(result)), "{name}: {result:?}");
            }
        }
        assert_eq!(posts(&simulator), 0, "{name}");
    }
}

#[test]
fn the_total_time_is_the_end_even_while_connecting() {
    let simulator = simulator();
    let options = Options {
        total_timeout: Some(Duration::from_millis(300)),
        ..tls(&simulator, &simulator.addresses().mute)
    };
    let result = reset(&client(&options), "ok-1");
    assert_eq!(said(&result), ("refused", "Connection.NotMade"), "{result:?}");
}

#[test]
fn a_wrong_key_and_a_missing_organization_are_told_apart() {
    let simulator = Simulator::start(simulator::Options { org: Some("org-1".into()), ..Default::default() });
    let right = options(&simulator.addresses().http);
    for (options, said_) in [
        (Options { api_key: Some(Secret::new("wrong")), ..right.clone() }, ("refused", "Auth.Refused")),
        (right.clone(), ("refused", "Organization.Required")),
        (Options { org_id: Some("org-2".into()), ..right.clone() }, ("refused", "Organization.Required")),
        (Options { org_id: Some("org-1".into()), ..right }, ("reset", "")),
    ] {
        assert_eq!(said(&client(&options).reset(&request("ok-1"))), said_);
    }
}
