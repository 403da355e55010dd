//! Users who are given by username or e-mail address: the look-up, and what stops it.

mod common;

use std::time::Duration;

use common::names::{by_name, codes, fault, finish, reset, resets, searched};
use common::wire::{Then, Wire};
use common::{arrived, batch, client, hang, options, proved, request, said, simulator, tls, wait_until};
use jcsdk::{Options, Outcome, ResetRequest, Secret};
use serde_json::{Value, json};

#[test]
fn a_user_is_looked_up_and_reset_over_one_connection() {
    let simulator = simulator();
    simulator.add_named_user("5f0c1a2b3c4d5e6f7a8b9c0d", "jane", "jane.roe@example.com");
    let client = client(&tls(&simulator, &simulator.addresses().https));
    for name in ["jane", "JANE", "jane.roe@example.com", "Jane.Roe@Example.com"] {
        let result = client.reset(&ResetRequest::by_name(name, Some(true), None).unwrap());
        assert_eq!((said(&result), result.attempts), (("reset", ""), 1), "{result:?}");
        let (name_told, id) = (result.name.as_deref(), result.user_id.as_deref());
        assert_eq!((name_told, id), (Some(name), Some("5f0c1a2b3c4d5e6f7a8b9c0d")));
    }
    let log = simulator.log();
    assert_eq!((log.len(), simulator.stats().connections[&simulator::Listener::Https]), (8, 1));
    let body = |n: usize| serde_json::from_str::<Value>(&log[n].body).unwrap();
    assert_eq!(log[6].target, "/api/search/systemusers?limit=10");
    assert_eq!(
        (log[6].header("x-api-key"), log[6].header("content-type")),
        (Some(common::KEY), Some("application/json"))
    );
    let or = ["Jane.Roe@Example.com", "jane.roe@example.com"]
        .map(|name| [json!({ "username": name }), json!({ "email": name })]);
    assert_eq!(body(6), json!({ "filter": { "or": or.concat() }, "fields": "username email" }));
    assert_eq!(
        (log[7].id.as_deref(), body(7)),
        (Some("5f0c1a2b3c4d5e6f7a8b9c0d"), json!({ "exclusion": true }))
    );
}

/// Whatever is wrong with what the search says, nobody is reset.
#[test]
fn nobody_is_reset_where_it_is_not_sure_who_is_meant() {
    let simulator = simulator();
    simulator.add_named_user("1", "twice@example.com", "one@example.com");
    simulator.add_named_user("2", "two", "twice@example.com");
    let says = |body: Value| json!([{ "body": body.to_string() }]);
    let record = |id: Value, name: &str| json!({ "_id": id, "username": name });
    let hundred: Vec<_> = (0..100).map(|n| record(json!(format!("id-{n}")), "x")).collect();
    let client = client(&options(&simulator.addresses().http));
    for (name, script, outcome, code, message) in [
        (
            "nobody",
            json!([]),
            "refused",
            "User.NotFound",
            "User 'nobody' was not reset: no user has this name.",
        ),
        ("$ne", json!([]), "refused", "User.NotFound", "no user"),
        ("{\"$gt\":\"\"}", json!([]), "refused", "User.NotFound", "no user"),
        ("@", json!([]), "refused", "User.NotFound", "no user"),
        ("\"}]},\"x\":\"", json!([]), "refused", "User.NotFound", "no user"),
        ("twice@example.com", json!([]), "invalid", "User.Ambiguous", "2 users have this name: 1, 2"),
        (
            "a",
            says(json!({ "totalCount": 1, "results": [record(json!("ok-1"), "alice")] })),
            "refused",
            "Lookup.NotExact",
            "another name",
        ),
        (
            "b",
            says(json!({ "totalCount": 2, "results": [record(json!("ok-1"), "b")] })),
            "refused",
            "Lookup.NotExact",
            "more users",
        ),
        (
            "x",
            says(json!({ "totalCount": 100, "results": hundred })),
            "invalid",
            "User.Ambiguous",
            "100 users",
        ),
        (
            "c",
            says(json!({ "totalCount": 1, "results": [{ "username": "c" }] })),
            "refused",
            "Lookup.Failed",
            "_id",
        ),
        (
            "d",
            says(json!({ "totalCount": 1, "results": [record(json!(7), "d")] })),
            "refused",
            "Lookup.Failed",
            "integer",
        ),
        (
            "e",
            says(json!({ "totalCount": 1, "results": [record(json!("../x\n"), "e")] })),
            "refused",
            "Lookup.Failed",
            "proper id",
        ),
        ("f", json!([{ "status": 200, "shape": "html" }]), "refused", "Lookup.Failed", "web page"),
        ("g", json!([{ "status": 403, "message": "no role" }]), "refused", "Lookup.Failed", "no role"),
        ("h", json!([{ "status": 400, "message": "no filter" }]), "refused", "Lookup.Failed", "no filter"),
        ("i", json!([{ "redirect": "other" }]), "refused", "Redirect.Refused", "redirects to"),
        ("j", json!([{ "redirect": "login" }]), "refused", "Auth.LoginRedirect", "log-in"),
        ("k", json!([{ "status": 401 }]), "refused", "Auth.Refused", "API key"),
        ("l", json!([{ "status": 404, "shape": "code" }]), "refused", "Url.Suspect", "no search"),
        ("m", json!([{ "longBody": 100_000 }]), "refused", "Lookup.Failed", "longer"),
    ] {
        fault(&simulator, name, script);
        let result = reset(&client, name);
        assert_eq!(said(&result), (outcome, code), "{name} {result:?}");
        assert!(result.message.as_ref().unwrap().contains(message), "{name} {result:?}");
        let (name_told, id) = (result.name.as_deref(), result.user_id.as_deref());
        assert_eq!((name_told, id, result.attempts), (Some(name), None, 0), "{result:?}");
    }
    assert_eq!((resets(&simulator), simulator.stats().resets), (0, 0));
}

#[test]
fn a_look_up_is_sent_again_after_what_passes() {
    let passing = [
        json!({ "status": 429, "headers": { "retry-after": "0" } }),
        json!({ "status": 503 }),
        json!({ "status": 503, "shape": "html" }),
        json!({ "status": 500 }),
        json!({ "status": 502, "shape": "html" }),
        json!({ "status": 408 }),
        json!({ "drop": true }),
        json!({ "garbage": true }),
        json!({ "cutBody": true }),
        json!({ "reset": "mid-headers" }),
        json!({ "reset": "after-headers" }),
    ];
    for step in passing {
        let simulator = simulator();
        let client = client(&options(&simulator.addresses().http));
        fault(&simulator, "ok-1", json!([step]));
        let result = reset(&client, "ok-1");
        assert_eq!((said(&result), result.attempts), (("reset", ""), 1), "{step} {result:?}");
        assert_eq!((searched(&simulator, "ok-1"), arrived(&simulator, "ok-1")), (2, 1), "{step}");
    }
}

/// However a look-up fails, it is known that nobody was reset.
#[test]
fn what_stays_wrong_is_a_failed_look_up() {
    for (step, status, says) in [
        (json!({ "status": 500, "message": "it broke" }), Some(500), "it broke"),
        (json!({ "status": 503 }), Some(503), "503"),
        (json!({ "status": 429 }), Some(429), "429"),
        (json!({ "drop": true }), None, "lost"),
        (json!({ "garbage": true }), None, "not HTTP"),
        (json!({ "never": true }), None, "in time"),
    ] {
        let simulator = simulator();
        let request_timeout = Some(Duration::from_millis(300));
        let options =
            Options { request_timeout, max_retries: Some(1), ..options(&simulator.addresses().http) };
        let client = client(&options);
        fault(&simulator, "ok-1", json!({ "repeat": true, "steps": [step] }));
        let result = reset(&client, "ok-1");
        assert_eq!(said(&result), ("refused", "Lookup.Failed"), "{step} {result:?}");
        assert_eq!((result.http_status, result.attempts), (status, 0), "{step} {result:?}");
        assert!(result.message.as_ref().unwrap().contains(says), "{step} {result:?}");
        assert!(result.hint.as_ref().unwrap().contains("Nobody was reset"), "{step} {result:?}");
        assert_eq!((searched(&simulator, "ok-1"), resets(&simulator)), (2, 0), "{step}");
    }
    let simulator = simulator();
    let result =
        reset(&client(&Options { max_retries: Some(0), ..options(&simulator.addresses().closed) }), "ok-1");
    assert_eq!(said(&result), ("refused", "Lookup.Failed"), "{result:?}");
    assert!(result.message.unwrap().contains("was refused"));
}

#[test]
fn the_faults_of_everyone_keep_their_codes() {
    let simulator = simulator();
    let addresses = simulator.addresses();
    for (options, code) in [
        (options(&addresses.https), "Tls.NotTrusted"),
        (options("https://no-such-host.invalid"), "Name.NotFound"),
        (
            Options {
                proxy: Some(Secret::new(&*addresses.proxy_refuses)),
                ..tls(&simulator, &addresses.https)
            },
            "Proxy.Refused",
        ),
    ] {
        let result = reset(&client(&options), "ok-1");
        assert_eq!((said(&result), result.stops_batch), (("refused", code), true), "{result:?}");
    }
}

/// Look-up and reset share the user's total time. A reset for which too little time is left is not sent.
#[test]
fn look_up_and_reset_have_one_time_limit() {
    let simulator = simulator();
    let total_timeout = Some(Duration::from_secs(3));
    let client = client(&Options { total_timeout, ..options(&simulator.addresses().http) });
    fault(&simulator, "ok-1", json!([{ "delayMs": 2500 }]));
    let result = reset(&client, "ok-1");
    assert_eq!((said(&result), resets(&simulator)), (("refused", "Lookup.Failed"), 0), "{result:?}");

    fault(&simulator, "ok-2", json!([{ "delayMs": 1500 }]));
    hang(&simulator, "ok-2");
    let result = reset(&client, "ok-2");
    assert_eq!(said(&result), ("unknown", "Answer.TimedOut"));
    assert!(result.elapsed < Duration::from_secs(4), "{:?}", result.elapsed);
}

#[test]
fn a_retry_after_holds_look_ups_back_as_well() {
    let simulator = simulator();
    let client = client(&options(&simulator.addresses().http));
    simulator.set_faults("ok-1", json!([{ "status": 429, "headers": { "retry-after": "1" } }])).unwrap();
    let batch = batch(&client, 4);
    batch.push(request("ok-1"), None).unwrap();
    wait_until("it is told to wait", || simulator.stats().requests == 1);
    std::thread::sleep(Duration::from_millis(200));
    batch.push(by_name("ok-2"), None).unwrap();
    assert_eq!(codes(&finish(&batch)), ["", ""]);
    let log = simulator.log();
    assert!(log[1].at_ms >= log[0].at_ms + 1000, "{} {}", log[0].at_ms, log[1].at_ms);

    fault(&simulator, "ok-3", json!([{ "status": 503, "headers": { "retry-after": "86400" } }]));
    let result = reset(&client, "ok-3");
    assert_eq!((said(&result), result.stops_batch), (("refused", "Service.Unavailable"), true));
    assert!(result.hint.unwrap().contains("Go on after"));
    // Nobody is sent before that time.
    let result = reset(&client, "ok-4");
    assert_eq!((said(&result), result.stops_batch), (("refused", "RateLimit.Exceeded"), true));
    assert_eq!(searched(&simulator, "ok-4"), 0);
}

#[test]
fn a_preview_by_name_shows_the_search_and_no_id() {
    let simulator = simulator();
    let client = client(&options(&simulator.addresses().http));
    let preview = client.preview(&ResetRequest::by_name("Jane", Some(true), None).unwrap()).unwrap();
    let lookup = &preview["lookup"];
    assert_eq!(lookup["url"], format!("{}/api/search/systemusers?limit=10", simulator.addresses().http));
    let body: Value = serde_json::from_str(lookup["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["filter"]["or"].as_array().unwrap().len(), 4);
    assert_eq!((&preview["name"], &preview["body"]), (&json!("Jane"), &json!(r#"{"exclusion":true}"#)));
    assert_eq!((preview.get("userId"), preview.get("url")), (None, None));
    assert_eq!((&preview["headers"]["x-api-key"], simulator.stats().requests), (&json!("***"), 0));
}

/// One search for both names; whoever has only one of them is not reset.
#[test]
fn a_user_may_have_to_have_both_username_and_address() {
    let simulator = simulator();
    simulator.add_named_user("u1", "jane", "jane@example.com");
    simulator.add_named_user("u2", "john", "john@example.com");
    simulator.add_named_user("u3", "jane@example.com", "third@example.com");
    let client = proved(&options(&simulator.addresses().http));
    let by_names = |username, email| ResetRequest::by_names(username, email, Some(true), None).unwrap();
    for (username, email, outcome, code, message) in [
        (
            "jane",
            "john@example.com",
            "invalid",
            "User.Ambiguous",
            "u1 has the username, u2 has the e-mail address",
        ),
        (
            "jane",
            "other@example.com",
            "invalid",
            "User.Ambiguous",
            "only one of the two names: u1 has the username",
        ),
        (
            "other",
            "john@example.com",
            "invalid",
            "User.Ambiguous",
            "only one of the two names: u2 has the e-mail",
        ),
        ("jane@example.com", "jane", "invalid", "User.Ambiguous", "u3 has the username"),
        (
            "nobody",
            "nobody@example.com",
            "refused",
            "User.NotFound",
            "User 'nobody' with the address 'nobody@example.com' was not reset: no user has this username or",
        ),
        ("{\"$ne\":1}", "$ne", "refused", "User.NotFound", "no user has"),
    ] {
        let result = client.reset(&by_names(username, email));
        assert_eq!((said(&result), result.attempts), ((outcome, code), 0), "{result:?}");
        assert!(result.message.as_ref().unwrap().contains(message), "{result:?}");
        assert_eq!((result.name.as_deref(), result.user_id), (Some(username), None));
    }
    assert_eq!(resets(&simulator), 1, "only the first, by id");
    simulator.clear_log();

    let preview = client.preview(&by_names("Jane", "jane@example.com")).unwrap();
    assert_eq!((&preview["name"], preview.get("userId")), (&json!("Jane"), None));
    let result = client.reset(&by_names("Jane", "jane@example.com"));
    assert_eq!((said(&result), result.attempts), (("reset", ""), 1), "{result:?}");
    assert_eq!((result.name.as_deref(), result.user_id.as_deref()), (Some("Jane"), Some("u1")));
    let log = simulator.log();
    let body = |n: usize| serde_json::from_str::<Value>(&log[n].body).unwrap();
    let or = json!([{ "username": "Jane" }, { "email": "jane@example.com" }, { "username": "jane" }]);
    assert_eq!(body(0), json!({ "filter": { "or": or }, "fields": "username email" }));
    assert_eq!(serde_json::from_str::<Value>(preview["lookup"]["body"].as_str().unwrap()).unwrap(), body(0));
    assert_eq!((log[1].id.as_deref(), body(1)), (Some("u1"), json!({ "exclusion": true })));

    let batch = batch(&client, 4);
    batch.push(by_names("jane", "JANE@example.com"), None).unwrap();
    batch.push(by_name("jane"), None).unwrap();
    let results = finish(&batch);
    assert_eq!(codes(&results), ["", "DuplicateUser"]);
}

/// A server tries to have another user reset: it answers with names that only look like the one that was asked for.
#[test]
fn a_server_that_answers_with_someone_else_gets_nobody_reset() {
    for record in [
        r#"{"_id":"ok-1","username":"j\u0430ne","email":"x"}"#,
        r#"{"_id":"ok-1","username":"jane\u200b"}"#,
        r#"{"_id":"ok-1","username":"jane "}"#,
        r#"{"_id":"ok-1","username":"\uff4aane"}"#,
        r#"{"_id":"ok-1","username":{"$eq":"jane"}}"#,
        r#"{"_id":"ok-1","Username":"jane"}"#,
        r#"{"_id":"ok-1","displayname":"jane"}"#,
        r#"{"id":"ok-1","username":"jane"}"#,
        r#"{"_id":["ok-1"],"username":"jane"}"#,
    ] {
        let wire = Wire::start(move |_| {
            let body = format!(r#"{{"totalCount":1,"results":[{record}]}}"#);
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
            ((head + &body).into_bytes(), Then::Stay)
        });
        let result = reset(&client(&options(&wire.url)), "jane");
        assert_eq!((result.outcome, wire.requests()), (Outcome::Refused, 1), "{record} {result:?}");
    }
}
