//! The API without faults.

mod common;

use common::{KEY, send, simulator};
use serde_json::{Value, json};
use simulator::{Options, Simulator};
use time::{Duration, OffsetDateTime};

fn call(
    simulator: &Simulator,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> common::Reply {
    let headers = [&[("connection", "close")], headers].concat();
    send(&simulator.addresses().http, method, target, &headers, body)
}

fn user(simulator: &Simulator, id: &str) -> Value {
    let reply = call(simulator, "GET", &format!("/api/systemusers/{id}"), &[("x-api-key", KEY)], "");
    serde_json::from_str(reply.body()).unwrap()
}

#[test]
fn a_reset_has_the_effects_of_the_help_page() {
    let untouched = json!({ "configured": true, "exclusion": false, "exclusionUntil": null });
    let cases = [
        ("", json!({ "configured": false, "exclusion": false, "exclusionUntil": null })),
        ("{}", json!({ "configured": false, "exclusion": false, "exclusionUntil": null })),
        (r#"{"exclusion":true}"#, json!({ "configured": false, "exclusion": true, "exclusionUntil": null })),
        (
            r#"{"exclusion":true,"exclusionUntil":"2030-01-02T05:04:05+02:00"}"#,
            json!({ "configured": false, "exclusion": true, "exclusionUntil": "2030-01-02T03:04:05Z" }),
        ),
        (
            r#"{"exclusionUntil":"2019-08-24T14:15:22Z"}"#,
            json!({ "configured": false, "exclusion": false, "exclusionUntil": "2019-08-24T14:15:22Z" }),
        ),
    ];
    let simulator = simulator();
    for (body, mfa) in cases {
        simulator.add_user("jane");
        assert_eq!(user(&simulator, "jane")["mfa"], untouched);
        assert_eq!(user(&simulator, "jane")["totp_enabled"], true);
        let reply = call(&simulator, "POST", "/api/systemusers/jane/resetmfa", &[("x-api-key", KEY)], body);
        assert_eq!((reply.status(), reply.body()), (200, "OK"), "{body}");
        assert_eq!(user(&simulator, "jane")["mfa"], mfa, "{body}");
        assert_eq!(user(&simulator, "jane")["totp_enabled"], false, "{body}");
    }
}

#[test]
fn a_second_reset_starts_anew() {
    let simulator = simulator();
    let target = "/api/systemusers/ok-1/resetmfa";
    for body in [r#"{"exclusion":true,"exclusionDays":7}"#, "{}"] {
        assert_eq!(call(&simulator, "POST", target, &[("x-api-key", KEY)], body).status(), 200);
    }
    let none = json!({ "configured": false, "exclusion": false, "exclusionUntil": null });
    assert_eq!(user(&simulator, "ok-1")["mfa"], none);
    assert_eq!(simulator.stats().resets, 2);
}

#[test]
fn exclusion_days_count_from_now() {
    let simulator = simulator();
    let target = "/api/systemusers/ok-1/resetmfa";
    let before = OffsetDateTime::now_utc().truncate_to_second();
    call(&simulator, "POST", target, &[("x-api-key", KEY)], r#"{"exclusionDays":7}"#);
    let until = simulator.users()[0].mfa.exclusion_until.unwrap();
    assert!(
        before <= until - Duration::days(7) && until - Duration::days(7) <= OffsetDateTime::now_utc(),
        "{until}"
    );
}

#[test]
fn refusals_have_the_apis_statuses_and_shapes() {
    let (key, wrong) = (("x-api-key", KEY), ("x-api-key", "wrong"));
    let org = ("x-org-id", "org-1");
    let post = "POST /api/systemusers/ok-1/resetmfa";
    let unauthorized = r#"{"error":"Unauthorized","message":"Unauthorized: api key user not found"}"#;
    let no_org = r#"{"message":"no organization selected"}"#;
    let not_found = r#"{"code":5,"message":"user not found","status":"NOT_FOUND"}"#;
    let violation = |field: &str, must: &str| {
        json!({
            "code": 3,
            "message": "request validation error",
            "status": "INVALID_ARGUMENT",
            "details": [{ "fieldViolationsList": [{ "field": field, "description": must }] }],
        })
        .to_string()
    };
    let boolean = violation("exclusion", "must be a boolean");
    let date = violation("exclusionUntil", "must be a date-time");
    let days = violation("exclusionDays", "must be from 1 to 365");
    let cases = [
        (post, vec![], "{}", 302, "Redirecting"),
        (post, vec![("x-api-key", "")], "{}", 302, "Redirecting"),
        ("GET /api/systemusers", vec![], "", 302, "Redirecting"),
        (post, vec![wrong, org], "{}", 401, unauthorized),
        (post, vec![key], "{}", 401, no_org),
        (post, vec![key, ("x-org-id", "org-2")], "{}", 401, no_org),
        ("POST /api/systemusers/nobody/resetmfa", vec![key, org], "{}", 404, not_found),
        ("GET /api/systemusers/nobody", vec![key, org], "", 404, not_found),
        (
            "DELETE /api/systemusers/ok-1",
            vec![key, org],
            "",
            404,
            r#"{"message":"Cannot DELETE /api/systemusers/ok-1"}"#,
        ),
        (
            post,
            vec![key, org],
            "{",
            400,
            r#"{"message":"invalid JSON: EOF while parsing an object at line 1 column 1"}"#,
        ),
        (
            post,
            vec![key, org],
            "[]",
            400,
            r#"{"code":3,"message":"the body must be an object","status":"INVALID_ARGUMENT"}"#,
        ),
        (
            post,
            vec![key, org],
            r#"{"Exclusion":true}"#,
            400,
            r#"{"error":"Bad Request","message":"unknown field \"Exclusion\""}"#,
        ),
        (post, vec![key, org], r#"{"exclusion":"true"}"#, 400, boolean.as_str()),
        (post, vec![key, org], r#"{"exclusionUntil":"2030-01-02"}"#, 400, date.as_str()),
        (post, vec![key, org], r#"{"exclusionUntil":"2030-01-02T03:04:05"}"#, 400, date.as_str()),
        (post, vec![key, org], r#"{"exclusionUntil":1893553445}"#, 400, date.as_str()),
        (post, vec![key, org], r#"{"exclusionDays":0}"#, 400, days.as_str()),
    ];
    let simulator = Simulator::start(Options { org: Some("org-1".into()), ..Options::default() });
    for (request, headers, body, status, expected) in cases {
        let (method, target) = request.split_once(' ').unwrap();
        let reply = call(&simulator, method, target, &headers, body);
        let case = format!("{request} {headers:?} {body}");
        assert_eq!(reply.status(), status, "{case}");
        match serde_json::from_str::<Value>(expected) {
            Ok(expected) => {
                assert_eq!(serde_json::from_str::<Value>(reply.body()).unwrap(), expected, "{case}")
            }
            Err(_) => assert_eq!(reply.body(), expected, "{case}"),
        }
        assert_eq!(reply.header("location"), (status == 302).then_some("/login"), "{case}");
    }
    assert_eq!(simulator.stats().resets, 0);
    assert!(simulator.users().iter().all(|user| user.mfa.configured));
    assert_eq!(call(&simulator, "POST", "/api/systemusers/ok-1/resetmfa", &[key, org], "{}").status(), 200);
}

#[test]
fn the_login_page_looks_like_success_to_who_follows_a_redirect() {
    let reply = call(&simulator(), "GET", "/login", &[], "");
    assert_eq!(reply.status(), 200);
    assert!(reply.body().starts_with("<!doctype html>"), "{}", reply.body());
}

#[test]
fn users_are_listed_in_the_order_of_their_numbers() {
    let simulator = Simulator::start(Options { users: 11, ..Options::default() });
    let reply = call(&simulator, "GET", "/api/systemusers", &[("x-api-key", KEY)], "");
    let body: Value = serde_json::from_str(reply.body()).unwrap();
    assert_eq!(body["totalCount"], 11);
    let ids: Vec<_> = body["results"].as_array().unwrap().iter().map(|user| user["_id"].clone()).collect();
    assert_eq!((&ids[1], &ids[10]), (&json!("ok-2"), &json!("ok-11")));
}

#[test]
fn an_encoded_id_is_one_user_and_is_logged_as_sent() {
    let simulator = simulator();
    simulator.add_user("a/b ü");
    let target = "/api/systemusers/a%2Fb%20%C3%BC/resetmfa";
    let headers = [("x-api-key", KEY), ("X-Odd", " a\"b\\ ")];
    assert_eq!(call(&simulator, "POST", target, &headers, r#"{ "exclusion": true }"#).status(), 200);
    let log = simulator.log();
    assert_eq!(log.len(), 1);
    assert_eq!(log[0].target, target);
    assert_eq!(log[0].id.as_deref(), Some("a/b ü"));
    assert_eq!(log[0].body, r#"{ "exclusion": true }"#);
    assert_eq!(log[0].header("x-odd"), Some("a\"b\\"));
    assert_eq!((log[0].answer, &log[0].fault), (Some(200), &None));
    assert_eq!(simulator.stats().by_id["a/b ü"], 1);
}

const SEARCH: &str = "/api/search/systemusers?limit=10";

fn search(simulator: &Simulator, target: &str, body: &Value) -> (u16, Value) {
    let reply = call(simulator, "POST", target, &[("x-api-key", KEY)], &body.to_string());
    (reply.status(), serde_json::from_str(reply.body()).unwrap())
}

fn by_name(name: &str) -> Value {
    json!({ "filter": { "or": [{ "username": name }, { "email": name }] }, "fields": "username email" })
}

#[test]
fn a_search_finds_who_has_the_name_exactly() {
    let simulator = simulator();
    simulator.add_named_user("1", "jane", "jane@example.com");
    simulator.add_named_user("2", "jane@example.com", "other@example.com");
    for (name, ids) in [
        ("jane", vec!["1"]),
        ("jane@example.com", vec!["1", "2"]),
        ("ok-1@example.com", vec!["ok-1"]),
        ("JANE", vec![]),
        ("jan", vec![]),
        (".*", vec![]),
    ] {
        let (status, found) = search(&simulator, SEARCH, &by_name(name));
        let results = found["results"].as_array().unwrap();
        assert_eq!((status, found["totalCount"].as_u64()), (200, Some(ids.len() as u64)), "{name}");
        assert_eq!(results.iter().map(|user| user["_id"].as_str().unwrap()).collect::<Vec<_>>(), ids);
        assert!(results.iter().all(|user| user.as_object().unwrap().len() == 3), "only what was asked for");
    }
    let log = simulator.log();
    assert_eq!((log[0].name.as_deref(), log[0].id.as_deref()), (Some("jane"), None));
    assert_eq!(simulator.stats().by_name["jane@example.com"], 1);
}

#[test]
fn a_search_has_a_limit_and_one_form() {
    let simulator = simulator();
    for n in 0..12 {
        simulator.add_named_user(&format!("{n}"), "same", "same@example.com");
    }
    let (_, found) = search(&simulator, SEARCH, &by_name("same"));
    assert_eq!((found["results"].as_array().unwrap().len(), &found["totalCount"]), (10, &json!(12)));
    for body in [
        json!({}),
        json!({ "filter": { "or": [{ "username": { "$regex": "." } }] } }),
        json!({ "filter": { "or": [{ "id": "1" }] } }),
        json!({ "filter": { "and": [{ "username": "same" }] } }),
        json!({ "filter": { "or": [] }, "searchFilter": {} }),
    ] {
        assert_eq!(search(&simulator, SEARCH, &body).0, 400, "{body}");
    }
}

#[test]
fn a_search_has_a_fault_script_of_its_own() {
    let simulator = simulator();
    simulator.set_faults("ok-1", json!([{ "status": 500 }])).unwrap();
    simulator.set_faults("search:ok-1", json!([{ "status": 418 }])).unwrap();
    assert_eq!(search(&simulator, SEARCH, &by_name("ok-1")).0, 418);
    assert_eq!(search(&simulator, SEARCH, &by_name("ok-1")).0, 200);
    assert_eq!(simulator.log()[0].fault.as_deref(), Some("status"));
}
