//! The program and its admin interface, as tests in other languages use them.

mod common;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use common::send;
use serde_json::{Value, json};

fn program(arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_simulator"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn ready(child: &mut Child) -> Value {
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    serde_json::from_str(&line).unwrap()
}

#[test]
fn it_says_where_it_is_and_stops_when_its_input_closes() {
    let mut child = program(&[]);
    let ready = ready(&mut child);
    let names: Vec<_> = ready.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "admin",
        "ca",
        "closed",
        "drops",
        "expired",
        "http",
        "https",
        "mute",
        "proxy",
        "proxyAuth",
        "proxyRefuses",
        "selfSigned",
        "wrongHost",
    ];
    assert_eq!(names, expected);
    let ca = std::path::Path::new(ready["ca"].as_str().unwrap());
    assert!(ca.exists());
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    assert!(!ca.exists());
}

#[test]
fn its_options_are_those_of_the_library() {
    let dir = tempfile::tempdir().unwrap();
    let faults = dir.path().join("faults.json");
    std::fs::write(&faults, r#"{"ok-2": [{"status": 503}]}"#).unwrap();
    let (dir, faults) = (dir.path().to_str().unwrap(), faults.to_str().unwrap());
    let mut child = program(&[
        "--key",
        "k",
        "--org",
        "o",
        "--users",
        "2",
        "--faults",
        faults,
        "--delay-ms",
        "1",
        "--dir",
        dir,
    ]);
    let ready = ready(&mut child);
    let headers = [("x-api-key", "k"), ("x-org-id", "o"), ("connection", "close")];
    let statuses = [("ok-1", 200), ("ok-2", 503), ("ok-2", 200), ("ok-3", 404)];
    for (id, status) in statuses {
        let target = format!("/api/systemusers/{id}/resetmfa");
        let reply = send(ready["http"].as_str().unwrap(), "POST", &target, &headers, "{}");
        assert_eq!(reply.status(), status, "{id}");
    }
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    assert!(std::path::Path::new(dir).join("ca.pem").exists(), "a folder that was given stays");
}

#[test]
fn a_wrong_fault_file_is_one_clear_line() {
    let dir = tempfile::tempdir().unwrap();
    let faults = dir.path().join("faults.json");
    std::fs::write(&faults, r#"{"ok-2": [{"sttus": 503}]}"#).unwrap();
    let output = program(&["--faults", faults.to_str().unwrap()]).wait_with_output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), error.lines().count()), (Some(1), 1), "{error}");
    assert!(error.contains("faults.json") && error.contains("unknown field `sttus`"), "{error}");
}

#[test]
fn admin_shows_and_changes_everything_and_is_not_logged() {
    let simulator = common::simulator();
    let admin = |method: &str, target: &str, body: &str| {
        send(&simulator.addresses().admin, method, target, &[("connection", "close")], body)
    };
    let get = |target: &str| -> Value { serde_json::from_str(admin("GET", target, "").body()).unwrap() };

    assert_eq!(admin("PUT", "/users/a%20b", "").status(), 200);
    assert_eq!(admin("PUT", "/faults/a%20b", r#"[{"status":503}]"#).status(), 200);
    assert_eq!(common::reset_and_close(&simulator, "a%20b").status(), 503);
    assert_eq!(admin("PUT", "/faults/a%20b", r#"[{"status":503}]"#).status(), 200);
    assert_eq!(admin("DELETE", "/faults", "").status(), 200);
    assert_eq!(common::reset_and_close(&simulator, "a%20b").status(), 200);

    let entry = &get("/log")[0];
    let names: Vec<_> = entry.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "answer",
        "atMs",
        "body",
        "connection",
        "fault",
        "headers",
        "id",
        "listener",
        "method",
        "n",
        "name",
        "target",
    ];
    assert_eq!(names, expected);
    assert_eq!(
        (&entry["n"], &entry["listener"], &entry["method"]),
        (&json!(1), &json!("http"), &json!("POST"))
    );
    assert_eq!((&entry["id"], &entry["body"]), (&json!("a b"), &json!("{}")));
    assert_eq!(entry["target"], "/api/systemusers/a%20b/resetmfa");
    assert_eq!((&entry["answer"], &entry["fault"]), (&json!(503), &json!("status")));
    assert_eq!(entry["headers"]["x-api-key"], common::KEY);

    common::eventually("both connections are closed", || simulator.stats().open_connections == 0);
    let stats = get("/stats");
    assert_eq!((&stats["requests"], &stats["resets"]), (&json!(2), &json!(1)));
    assert_eq!((&stats["connections"]["http"], &stats["connections"]["https"]), (&json!(2), &json!(0)));
    assert_eq!((&stats["openConnections"], &stats["byId"]), (&json!(0), &json!({ "a b": 2 })));
    assert_eq!(get("/users")[20]["mfa"]["configured"], false);

    assert_eq!(admin("DELETE", "/log", "").status(), 200);
    assert_eq!(get("/log"), json!([]));
    assert_eq!(get("/stats")["requests"], 0);

    assert_eq!(admin("PUT", "/users/named", r#"{"username":"jane","email":"j@example.com"}"#).status(), 200);
    let named = &get("/users")[21];
    assert_eq!((&named["username"], &named["email"]), (&json!("jane"), &json!("j@example.com")));

    for (method, target, body, status) in [
        ("PUT", "/users/x", r#"{"mail":"j@example.com"}"#, 400),
        ("PUT", "/faults/x", "[", 400),
        ("PUT", "/faults/x", r#"[{"sttus":1}]"#, 400),
        ("GET", "/nothing", "", 404),
    ] {
        assert_eq!(admin(method, target, body).status(), status, "{method} {target} {body}");
    }
}
