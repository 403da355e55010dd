//! Users who are given by username or e-mail address: the look-up, what stops it, and batches that have names in them.

mod common;

use std::time::Duration;

use common::wire::{Then, Wire};
use common::{
    ANSWERED, LONG, arrived, batch, client, hang, next, options, proved, request, said, simulator, tls,
    wait_until,
};
use jcsdk::{Batch, Client, Next, Options, Outcome, ResetRequest, ResetResult, Secret};
use serde_json::{Value, json};
use simulator::Simulator;

fn by_name(name: &str) -> ResetRequest {
    ResetRequest::by_name(name, None, None).unwrap()
}

fn reset(client: &Client, name: &str) -> ResetResult {
    client.reset(&by_name(name))
}

fn searched(simulator: &Simulator, name: &str) -> usize {
    simulator.stats().by_name.get(name).copied().unwrap_or(0)
}

fn resets(simulator: &Simulator) -> usize {
    simulator.stats().by_id.values().sum()
}

/// A fault for the search for this name.
fn fault(simulator: &Simulator, name: &str, script: Value) {
    simulator.set_faults(&format!("search:{name}"), script).unwrap();
}

/// Closes, and takes all results, in the order of the pushes.
fn finish(batch: &Batch) -> Vec<ResetResult> {
    batch.close();
    let mut results = Vec::new();
    loop {
        match batch.next(LONG) {
            Next::Result(result) => results.push(*result),
            Next::End => return results,
            Next::TimedOut => panic!("no result"),
        }
    }
}

fn codes(results: &[ResetResult]) -> Vec<&'static str> {
    results.iter().map(|result| result.code.map_or("", |code| code.as_str())).collect()
}

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
fn a_stop_during_a_look_up_is_cancelled() {
    let simulator = simulator();
    let client = proved(&options(&simulator.addresses().http));
    for n in 1..=4 {
        fault(&simulator, &format!("ok-{n}"), json!([{ "never": true }]));
    }
    let batch = batch(&client, 3);
    for n in 1..=4 {
        batch.push(by_name(&format!("ok-{n}")), None).unwrap();
    }
    wait_until("three are looked up", || simulator.stats().by_name.len() == 3);
    batch.cancel();
    for n in 1..=4 {
        let result = next(&batch);
        assert_eq!((said(&result), result.attempts), (("cancelled", "Cancelled"), 0), "{result:?}");
        assert_eq!((result.name, result.user_id), (Some(format!("ok-{n}")), None));
    }
    wait_until("the server sees them closed", || simulator.stats().open_connections <= 1);
    assert_eq!((simulator.stats().by_name.len(), resets(&simulator)), (3, 1));
}

/// A look-up that was answered does not count as a reset that was sent.
#[test]
fn a_stop_after_the_look_up_tells_how_far_the_reset_had_come() {
    let simulator = simulator();
    let client = proved(&options(&simulator.addresses().http));
    hang(&simulator, "ok-2");
    fault(&simulator, "ok-1", json!([{ "never": true }]));
    // The second reset waits for the first look-up.
    let waiting = batch(&client, 2);
    waiting.push(by_name("ok-1"), None).unwrap();
    waiting.push(by_name("ok-2"), None).unwrap();
    wait_until("both are looked up", || simulator.stats().by_name.len() == 2);
    std::thread::sleep(ANSWERED);
    waiting.cancel();
    assert_eq!(
        (said(&next(&waiting)), said(&next(&waiting))),
        (("cancelled", "Cancelled"), ("cancelled", "Cancelled"))
    );
    assert_eq!(arrived(&simulator, "ok-2"), 0);

    let sent = batch(&client, 1);
    sent.push(by_name("ok-2"), None).unwrap();
    wait_until("the reset is sent", || arrived(&simulator, "ok-2") == 1);
    sent.cancel();
    let result = next(&sent);
    assert_eq!((said(&result), result.attempts), (("unknown", "Cancelled"), 1));
    assert_eq!(result.user_id.as_deref(), Some("ok-2"));
}

#[test]
fn look_ups_go_side_by_side_and_resets_wait_for_those_before_them() {
    let simulator = simulator();
    let client = proved(&options(&simulator.addresses().http));
    fault(&simulator, "ok-1", json!([{ "delayMs": 300 }]));
    let batch = batch(&client, 8);
    for n in 1..=6 {
        batch.push(by_name(&format!("ok-{n}")), Some(n)).unwrap();
    }
    batch.push(request("ok-7"), Some(7)).unwrap();
    let results = finish(&batch);
    let ids: Vec<_> = results.iter().map(|result| result.user_id.clone().unwrap()).collect();
    assert_eq!(ids, (1..=7).map(|n| format!("ok-{n}")).collect::<Vec<_>>());
    assert!(results.iter().all(|result| result.outcome == Outcome::Reset), "{results:?}");
    let is_search: Vec<_> = simulator.log()[1..].iter().map(|entry| entry.name.is_some()).collect();
    assert_eq!(is_search, [[true; 6].as_slice(), &[false; 7]].concat(), "all look-ups, then all resets");
}

/// Resets before a slow look-up are sent, and the throttle limit holds for both parts together.
#[test]
fn a_slow_look_up_holds_up_only_who_comes_after_it() {
    let simulator = simulator();
    let client = proved(&options(&simulator.addresses().http));
    fault(&simulator, "ok-3", json!([{ "never": true }]));
    let batch = batch(&client, 2);
    for n in 1..=5 {
        batch.push(by_name(&format!("ok-{n}")), None).unwrap();
    }
    assert_eq!((said(&next(&batch)), said(&next(&batch))), (("reset", ""), ("reset", "")));
    wait_until("the others are looked up", || searched(&simulator, "ok-5") == 1);
    assert_eq!(arrived(&simulator, "ok-4") + arrived(&simulator, "ok-5"), 0);
    batch.cancel();
}

#[test]
fn two_names_of_one_user_are_one_user() {
    for limit in [1, 2, 8] {
        let simulator = simulator();
        simulator.add_named_user("u1", "jane", "jane@example.com");
        let client = proved(&options(&simulator.addresses().http));
        // The first in the input's order is sent, although its look-up is the last to end.
        fault(&simulator, "jane", json!([{ "delayMs": 200 }]));
        let dated = ResetRequest::by_name("jane@example.com", Some(true), None).unwrap();
        let batch = batch(&client, limit);
        let pushes = [
            by_name("jane"),
            dated,
            request("u1"),
            by_name("JANE"),
            request("ok-1"),
            by_name("ok-1@example.com"),
        ];
        for push in pushes {
            batch.push(push, None).unwrap();
        }
        let results = finish(&batch);
        let duplicate = "DuplicateUser";
        assert_eq!(codes(&results), ["", duplicate, duplicate, duplicate, "", duplicate], "{limit}");
        assert!(results[1..4].iter().all(|result| result.user_id.as_deref() == Some("u1")));
        let says = |n: usize| results[n].message.as_deref().unwrap();
        assert_eq!(
            says(1),
            "User 'jane@example.com' (u1) was not sent a second time: the same user came before, with another exclusion \
             or date, and only that was to be sent."
        );
        assert_eq!(says(2), "User 'u1' was not sent a second time: the same user came before.");
        assert_eq!((arrived(&simulator, "u1"), arrived(&simulator, "ok-1")), (1, 1));
        let log = simulator.log();
        assert_eq!(log.iter().find(|entry| entry.id.as_deref() == Some("u1")).unwrap().body, "{}");
    }
}

#[test]
fn one_name_that_is_not_found_stops_nobody() {
    let simulator = simulator();
    let client = client(&options(&simulator.addresses().http));
    let batch = batch(&client, 4);
    for name in ["nobody", "ok-1", "ok-2@example.com"] {
        batch.push(by_name(name), None).unwrap();
    }
    batch.push(request("ok-3"), None).unwrap();
    assert_eq!(codes(&finish(&batch)), ["User.NotFound", "", "", ""]);
}

#[test]
fn a_look_up_that_all_would_fail_stops_the_batch() {
    for (step, code) in
        [(json!({ "status": 401 }), "Auth.Refused"), (json!({ "status": 404 }), "Url.Suspect")]
    {
        let simulator = simulator();
        fault(&simulator, "ok-1", json!([step]));
        let client = client(&options(&simulator.addresses().http));
        let batch = batch(&client, 8);
        for n in 1..=5 {
            batch.push(by_name(&format!("ok-{n}")), None).unwrap();
        }
        let results = finish(&batch);
        assert_eq!(codes(&results), [code, "NotTried", "NotTried", "NotTried", "NotTried"]);
        assert!(results[1].message.as_ref().unwrap().contains(code));
        assert_eq!(
            (simulator.stats().requests, simulator.stats().by_name.len()),
            (1, 1),
            "one goes ahead alone"
        );
    }
}

/// If the key is refused later, a user who was already found and waits is not tried either.
#[test]
fn a_user_who_is_found_after_the_stop_is_not_tried() {
    let simulator = simulator();
    let client = proved(&options(&simulator.addresses().http));
    simulator.set_faults("ok-1", json!([{ "delayMs": 300, "status": 401 }])).unwrap();
    fault(&simulator, "ok-3", json!([{ "delayMs": 600 }]));
    let batch = batch(&client, 4);
    batch.push(request("ok-1"), None).unwrap();
    for n in 2..=4 {
        batch.push(by_name(&format!("ok-{n}")), None).unwrap();
    }
    let results = finish(&batch);
    assert_eq!(codes(&results), ["Auth.Refused", "", "NotTried", "NotTried"]);
    assert_eq!(arrived(&simulator, "ok-3") + arrived(&simulator, "ok-4"), 0);
}

/// An answer of the search in the API's own shape shows that the key is accepted, also if nobody has the name.
#[test]
fn a_look_up_proves_the_key() {
    let simulator = simulator();
    let client = client(&options(&simulator.addresses().http));
    assert_eq!(said(&reset(&client, "nobody")), ("refused", "User.NotFound"));
    for n in 1..=3 {
        hang(&simulator, &format!("ok-{n}"));
    }
    let batch = batch(&client, 3);
    for n in 1..=3 {
        batch.push(request(&format!("ok-{n}")), None).unwrap();
    }
    wait_until("three are under way", || resets(&simulator) == 3);
    batch.cancel();
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
