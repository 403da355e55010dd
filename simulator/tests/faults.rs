//! Every fault: the bytes that a client sees, and what happened at the server.

mod common;

use std::io::{ErrorKind, Read, Write};

use common::{Reply, connect, eventually, reset, reset_and_close, simulator};
use serde_json::{Value, json};
use simulator::Simulator;

/// Sends a request that meets this step. Returns what the client gets, and whether the user was reset.
fn meet(simulator: &Simulator, step: &Value) -> (Reply, bool) {
    simulator.add_user("victim");
    simulator.set_faults("victim", json!([step])).unwrap();
    let reply = reset_and_close(simulator, "victim");
    let user = simulator.users().into_iter().find(|user| user.id == "victim").unwrap();
    (reply, !user.mfa.configured)
}

#[test]
fn each_answer_of_a_step() {
    let cases = [
        (json!({ "status": 503 }), 503, r#"{"message":"Service Unavailable"}"#),
        (json!({ "status": 503, "message": "busy" }), 503, r#"{"message":"busy"}"#),
        (
            json!({ "status": 409, "shape": "code", "message": "m" }),
            409,
            r#"{"code":6,"message":"m","status":"ALREADY_EXISTS"}"#,
        ),
        (
            json!({ "status": 403, "shape": "error", "message": "m" }),
            403,
            r#"{"error":"Forbidden","message":"m"}"#,
        ),
        (
            json!({ "status": 422, "shape": "details", "message": "m" }),
            422,
            r#"{"code":2,"details":[{"fieldViolationsList":[{"description":"m","field":"exclusion"}]}],"message":"request validation error","status":"UNKNOWN"}"#,
        ),
        (
            json!({ "status": 502, "shape": "html", "message": "m" }),
            502,
            "<!doctype html>\n<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1><p>m</p></body></html>\n",
        ),
        (json!({ "status": 500, "shape": "none" }), 500, ""),
        (json!({ "status": 500, "shape": "broken", "message": "m" }), 500, r#"{"message":"m"#),
        (json!({ "status": 500, "shape": "text", "message": "m" }), 500, "m"),
        (json!({ "status": 201 }), 201, "Created"),
        (json!({ "status": 204 }), 204, ""),
        (json!({ "body": "raw", "contentType": "text/x-odd" }), 200, "raw"),
        (json!({ "status": 418, "body": "<raw>" }), 418, "<raw>"),
        (json!({ "redirect": "self" }), 302, r#"{"message":"Found"}"#),
        (json!({ "redirect": "other", "status": 307 }), 307, r#"{"message":"Temporary Redirect"}"#),
        (
            json!({ "control": true, "shape": "text", "message": "m" }),
            400,
            "\x1b[31mm\x1b[0m\x07\r\n\x1b]0;title\x07\0\u{9b}2J\u{202e}end",
        ),
        (json!({ "longBody": 5 }), 200, "OK   "),
        (json!({ "delayMs": 1 }), 200, "OK"),
    ];
    let simulator = simulator();
    for (step, status, body) in cases {
        let (reply, acted) = meet(&simulator, &step);
        assert_eq!((reply.status(), reply.body()), (status, body), "{step}");
        assert_eq!(acted, status < 300, "{step}");
        assert_eq!(simulator.log().last().unwrap().answer, Some(status), "{step}");
    }
}

#[test]
fn a_page_of_something_in_front_of_the_api_resets_nobody() {
    let (reply, acted) = meet(&simulator(), &json!({ "status": 200, "shape": "html" }));
    assert_eq!((reply.status(), acted), (200, false));
}

#[test]
fn each_header_of_a_step() {
    let simulator = simulator();
    let elsewhere = format!("{}/api/systemusers/victim/resetmfa", simulator.addresses().https);
    let cases = [
        (json!({ "status": 429, "headers": { "Retry-After": "2" } }), "retry-after", "2"),
        (json!({ "headers": { "X-Odd": "é" } }), "x-odd", "é"),
        (json!({ "body": "", "contentType": "text/x-odd" }), "content-type", "text/x-odd"),
        (json!({ "redirect": "login" }), "location", "/login"),
        (json!({ "redirect": "self" }), "location", "/api/systemusers/victim/resetmfa"),
        (json!({ "redirect": "other" }), "location", &elsewhere),
        (json!({ "redirect": "//evil.example/x" }), "location", "//evil.example/x"),
    ];
    for (step, name, value) in cases {
        assert_eq!(meet(&simulator, &step).0.header(name), Some(value), "{step}");
    }
}

#[test]
fn retry_after_as_a_date() {
    for seconds in [-3600_i64, 3600] {
        let (reply, _) = meet(&simulator(), &json!({ "status": 503, "retryAfterDate": seconds }));
        let date = httpdate::parse_http_date(reply.header("retry-after").unwrap()).unwrap();
        assert_eq!(date > std::time::SystemTime::now(), seconds > 0);
    }
}

#[test]
fn headers_are_echoed_plain_and_encoded() {
    let cases = [
        ("plain", r#"{"message":"x-api-key: simulator-key; odd: a\"/ü"#),
        ("json", r#"odd: \"a\\\"/ü\""#),
        ("percent", "x-api-key: simulator%2Dkey; odd: a%22%2F%C3%BC"),
        ("base64", "x-api-key: c2ltdWxhdG9yLWtleQ==; odd: YSIvw7w="),
    ];
    let simulator = simulator();
    for (encoding, expected) in cases {
        simulator.set_faults("ok-1", json!([{ "echoHeaders": encoding }])).unwrap();
        let reply = reset(&simulator, "ok-1", &[("odd", "a\"/ü"), ("connection", "close")]);
        assert_eq!(reply.status(), 400, "{encoding}");
        let body = reply.body().replace("host: test; content-length: 2; ", "");
        assert!(body.contains(expected), "{encoding}: {body}");
    }
}

#[test]
fn each_way_of_not_delivering_an_answer() {
    let reset = Some(ErrorKind::ConnectionReset);
    // A status of 0 means that no status line came.
    let cases = [
        (json!({ "reset": "before" }), 0, "", reset, false),
        (json!({ "reset": "mid-headers" }), 200, "", reset, false),
        (json!({ "reset": "after-headers" }), 200, "", reset, true),
        (json!({ "reset": "after-headers", "status": 500 }), 500, "", reset, false),
        (json!({ "cutBody": true }), 200, "OK", None, true),
        (json!({ "cutBody": true, "status": 400, "message": "m" }), 400, r#"{"message":"m"}"#, None, false),
        (json!({ "garbage": true }), 0, "\r\n", None, false),
        (json!({ "drop": true }), 0, "", None, false),
        (json!({ "drop": true, "acts": true }), 0, "", None, true),
        (json!({ "slow": true }), 200, "OK", None, true),
        (json!({ "slow": true, "acts": false }), 200, "OK", None, false),
    ];
    let simulator = simulator();
    for (step, status, body, ended, acts) in cases {
        let (reply, acted) = meet(&simulator, &step);
        assert_eq!((reply.status(), reply.body(), reply.ended, acted), (status, body, ended, acts), "{step}");
    }
}

#[test]
fn a_reset_in_the_middle_of_the_headers_leaves_them_without_an_end() {
    let (reply, _) = meet(&simulator(), &json!({ "reset": "mid-headers" }));
    assert!(
        reply.text.starts_with("HTTP/1.1 200 OK\r\n") && !reply.text.contains("\r\n\r\n"),
        "{}",
        reply.text
    );
    let (reply, _) = meet(&simulator(), &json!({ "reset": "after-headers" }));
    assert!(reply.text.ends_with("\r\n\r\n"), "{}", reply.text);
}

#[test]
fn a_cut_body_is_shorter_than_announced() {
    let (reply, _) = meet(&simulator(), &json!({ "cutBody": true }));
    assert_eq!((reply.header("content-length"), reply.body().len()), (Some("102"), 2));
}

#[test]
fn a_slow_answer_comes_byte_by_byte() {
    let (reply, _) = meet(&simulator(), &json!({ "slow": true, "longBody": 500 }));
    assert!(reply.reads > 2, "{} reads", reply.reads);
}

#[test]
fn http_1_0() {
    let (reply, acted) = meet(&simulator(), &json!({ "http10": true }));
    assert!(reply.text.starts_with("HTTP/1.0 200 OK\r\n"), "{}", reply.text);
    assert!(acted);
}

#[test]
fn close_after_closes_without_saying_so() {
    let simulator = simulator();
    simulator.set_faults("ok-1", json!([{ "closeAfter": true }])).unwrap();
    let reply = reset(&simulator, "ok-1", &[]);
    assert_eq!((reply.status(), reply.body(), reply.ended), (200, "OK", None));
    assert_eq!(reply.header("connection"), None);
}

#[test]
fn never_takes_the_request_and_is_ended_by_the_client() {
    let simulator = simulator();
    simulator.set_faults("ok-1", json!([{ "never": true }])).unwrap();
    let mut stream = connect(&simulator.addresses().http);
    let request =
        "POST /api/systemusers/ok-1/resetmfa HTTP/1.1\r\nhost: test\r\nx-api-key: simulator-key\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    eventually("the request arrives", || simulator.stats().requests == 1);
    assert_eq!((simulator.log()[0].answer, simulator.stats().open_connections), (None, 1));
    stream.set_nonblocking(true).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    drop(stream);
    eventually("the connection is closed", || simulator.stats().open_connections == 0);
    assert_eq!(simulator.stats().resets, 0);
}

#[test]
fn a_script_is_taken_step_by_step_and_ends_or_repeats() {
    let (bad, good) = (json!({ "status": 503 }), json!({ "delayMs": 0 }));
    let cases = [
        (json!([bad, bad]), [503, 503, 200, 200, 200]),
        (json!({ "steps": [bad, good], "repeat": true }), [503, 200, 503, 200, 503]),
        (json!({ "steps": [bad] }), [503, 200, 200, 200, 200]),
        (json!({ "steps": [], "repeat": true }), [200, 200, 200, 200, 200]),
    ];
    let simulator = simulator();
    for (script, statuses) in cases {
        simulator.set_faults("ok-1", script.clone()).unwrap();
        assert_eq!(statuses.map(|_| reset_and_close(&simulator, "ok-1").status()), statuses, "{script}");
        assert_eq!(reset_and_close(&simulator, "ok-2").status(), 200, "another user is not concerned");
    }
}

#[test]
fn looking_at_a_user_takes_no_step() {
    let simulator = simulator();
    simulator.set_faults("ok-1", json!([{ "status": 503 }])).unwrap();
    let headers = [("x-api-key", common::KEY), ("connection", "close")];
    let look = common::send(&simulator.addresses().http, "GET", "/api/systemusers/ok-1", &headers, "");
    assert_eq!((look.status(), reset_and_close(&simulator, "ok-1").status()), (200, 503));
    assert_eq!(simulator.stats().by_id["ok-1"], 1);
}

#[test]
fn a_fault_stands_in_front_of_the_api_and_a_plain_delay_behind() {
    let simulator = simulator();
    let script = json!([{ "status": 503, "acts": true }, { "delayMs": 1 }]);
    simulator.set_faults("nobody", script).unwrap();
    let statuses = [(); 3].map(|_| reset_and_close(&simulator, "nobody").status());
    assert_eq!((statuses, simulator.stats().resets), ([503, 404, 404], 0));
}

#[test]
fn the_log_names_the_fault() {
    let simulator = simulator();
    meet(&simulator, &json!({ "status": 503, "delayMs": 1 }));
    assert_eq!(simulator.log()[0].fault.as_deref(), Some("delayMs+status"));
}

#[test]
fn a_wrong_script_is_refused() {
    let cases = [
        (json!("never"), "invalid type"),
        (json!({ "status": 503 }), "unknown field `status`"),
        (json!([{ "sttus": 503 }]), "unknown field `sttus`"),
        (json!([{ "status": 100 }]), "status: from 200 to 999"),
        (json!([{ "status": 1000 }]), "status: from 200 to 999"),
        (json!([{ "never": true, "drop": true }]), "one way only"),
        (json!([{ "reset": "later" }]), "unknown variant `later`"),
        (json!([{ "headers": { "Content-Length": "1" } }]), "the length of the body"),
        (json!([{ "headers": { "a b": "1" } }]), "invalid HTTP header name"),
        (json!([{ "redirect": "a\nb" }]), "failed to parse header value"),
    ];
    let simulator = simulator();
    for (script, expected) in cases {
        let error = simulator.set_faults("ok-1", script.clone()).unwrap_err().to_string();
        assert!(error.contains(expected), "{script}: {error}");
    }
}
