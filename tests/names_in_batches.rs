//! Batches with users who are given by name: their order, stops, and who counts as the same user.

mod common;

use common::names::{by_name, codes, fault, finish, reset, resets, searched};
use common::{
    ANSWERED, arrived, batch, client, hang, next, options, proved, request, said, simulator, wait_until,
};
use jcsdk::{Outcome, ResetRequest};
use serde_json::json;

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
