//! Batches: order, limits, back-pressure, stopping, slowing down.

mod common;

use std::collections::HashSet;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use common::{
    ANSWERED, LONG, all_said, arrived, batch, client, hang, ids, next, options, proved, request, reset, run,
    said, simulator, wait_until,
};
use jcsdk::{Batch, Next, NotPushed, Options, ResetRequest, THROTTLE_LIMIT_MAX};
use serde_json::json;

#[test]
fn results_come_in_the_order_of_the_pushes() {
    let simulator = simulator();
    let ids: Vec<_> = ids(20).into_iter().rev().collect();
    for (n, id) in ids.iter().enumerate() {
        simulator.set_faults(id, json!([{"delayMs": (n * 37) % 50}])).unwrap();
    }
    let client = client(&options(&simulator.addresses().http));
    let results = run(&batch(&client, 8), &ids);
    let order: Vec<_> = results.iter().map(|result| result.user_id.clone().unwrap()).collect();
    assert_eq!(order, ids);
    assert!(results.iter().enumerate().all(|(n, result)| result.tag == Some(n as u64)));
    assert_eq!(all_said(&results), HashSet::from([("reset", "")]));
}

#[test]
fn a_batch_goes_on_after_it_had_nothing_to_do() {
    let simulator = simulator();
    for limit in [1, 2] {
        let batch = batch(&client(&options(&simulator.addresses().http)), limit);
        for id in ids(5) {
            batch.push(request(&id), None).unwrap();
            assert_eq!(said(&next(&batch)), ("reset", ""), "{id}");
        }
    }
}

#[test]
fn the_throttle_limit_is_reached_and_not_passed() {
    for limit in [1, 3, 8] {
        let simulator = simulator();
        let client = proved(&options(&simulator.addresses().http));
        for id in ids(15) {
            hang(&simulator, &id);
        }
        let batch = batch(&client, limit);
        for id in ids(15) {
            batch.push(request(&id), None).unwrap();
        }
        let under_way = || simulator.stats().requests - 1;
        wait_until("the limit is reached", || under_way() == limit as usize);
        // When another call has ended, the client has had time to send one request too many, and has not.
        assert_eq!(said(&reset(&client, "ok-20")), ("reset", ""));
        assert_eq!(under_way() - 1, limit as usize);
        batch.cancel();
    }
}

#[test]
fn a_throttle_limit_has_bounds() {
    let simulator = simulator();
    let client = client(&options(&simulator.addresses().http));
    for (limit, taken) in [(0, false), (1, true), (THROTTLE_LIMIT_MAX, true), (THROTTLE_LIMIT_MAX + 1, false)]
    {
        assert_eq!(Batch::new(&client, limit).is_some(), taken, "{limit}");
    }
}

/// Memory is bounded: a slow user at the front holds the results back, and pushing then says that the batch is full.
#[test]
fn a_full_batch_takes_no_more_until_a_result_is_taken() {
    let simulator = simulator();
    let client = proved(&options(&simulator.addresses().http));
    simulator.set_faults("ok-1", json!([{"delayMs": 300}])).unwrap();
    let batch = batch(&client, 4);
    batch.push(request("ok-1"), None).unwrap();
    let mut pushed = 1;
    while batch.push(request(&format!("more-{pushed}")), None) == Ok(()) {
        pushed += 1;
        assert!(pushed < 10_000, "no bound");
    }
    assert_eq!(batch.push(request("ok-2"), None), Err(NotPushed::Full));
    assert!(pushed > 4, "the limit can be reached");
    next(&batch);
    assert_eq!(batch.push(request("ok-2"), None), Ok(()));
    batch.close();
    for _ in 0..pushed {
        next(&batch);
    }
    assert!(matches!(batch.next(LONG), Next::End));
}

/// What would fail for every user stops the batch at its first user, whatever the throttle limit: one request arrives,
/// and all others are reported as not tried.
#[test]
fn a_failure_that_every_user_would_meet_is_met_once() {
    let elsewhere = json!({"redirect": "https://login.example/login"});
    let no_organization = json!({"status": 401, "message": "no organization selected"});
    for (step, code) in [
        (json!({"status": 401}), "Auth.Refused"),
        (no_organization, "Organization.Required"),
        (json!({"redirect": "login"}), "Auth.LoginRedirect"),
        (elsewhere, "Redirect.Refused"),
    ] {
        for limit in [1, 4, THROTTLE_LIMIT_MAX] {
            let simulator = simulator();
            simulator
                .set_faults(
                    "ok-1",
                    json!([{"delayMs": 20, "status": 429, "headers": {"retry-after": "0"}}, step]),
                )
                .unwrap();
            let client = client(&options(&simulator.addresses().http));
            let batch = batch(&client, limit);
            for id in ids(10) {
                batch.push(request(&id), None).unwrap();
            }
            assert_eq!(said(&next(&batch)), ("refused", code));
            assert_eq!(batch.push(request("ok-11"), Some(7)), Ok(()), "later input is still taken");
            batch.close();
            for n in 2..=11 {
                let result = next(&batch);
                assert_eq!(said(&result), ("cancelled", "NotTried"), "{code} {limit} {result:?}");
                assert_eq!(result.user_id, Some(format!("ok-{n}")));
                assert_eq!(result.attempts, 0);
                assert!(result.message.unwrap().contains(code), "says why");
            }
            assert!(matches!(batch.next(LONG), Next::End));
            // The request that was told to wait was sent again, and no other was.
            assert_eq!((simulator.stats().requests, arrived(&simulator, "ok-1")), (2, 2), "{code} {limit}");
        }
    }
}

/// An answer that does not show whether the key is accepted does not start the others.
#[test]
fn one_goes_ahead_until_the_key_is_known_to_be_good() {
    for step in [json!({"status": 500}), json!({"drop": true}), json!({"status": 503, "shape": "html"})] {
        let simulator = simulator();
        simulator.set_faults("ok-1", json!([step])).unwrap();
        simulator.set_faults("ok-2", json!([{"delayMs": 20, "status": 401}])).unwrap();
        let client = client(&options(&simulator.addresses().http));
        let results = run(&batch(&client, 8), &ids(10));
        assert_eq!(results[0].outcome.as_str(), "unknown");
        assert_eq!(said(&results[1]), ("refused", "Auth.Refused"));
        assert_eq!(all_said(&results[2..]), HashSet::from([("cancelled", "NotTried")]));
        assert_eq!(simulator.stats().requests, 2, "{step}");
    }
}

/// The API answers 404 in its own shape only after it has accepted the key. A page with that status says nothing
/// about the key.
#[test]
fn a_404_of_the_api_itself_proves_the_key() {
    for (step, at_once) in [(json!({"status": 404}), 4), (json!({"status": 404, "shape": "none"}), 1)] {
        let simulator = simulator();
        simulator.set_faults("ok-1", json!([step])).unwrap();
        for id in &ids(6)[1..] {
            hang(&simulator, id);
        }
        let client = client(&options(&simulator.addresses().http));
        let batch = batch(&client, 4);
        for id in ids(6) {
            batch.push(request(&id), None).unwrap();
        }
        assert_eq!(said(&next(&batch)), ("refused", "User.NotFound"), "{step}");
        wait_until("the next ones are under way", || simulator.stats().requests == 1 + at_once);
        thread::sleep(Duration::from_millis(100));
        assert_eq!(simulator.stats().requests, 1 + at_once, "{step}");
        batch.cancel();
    }
}

/// A page with the status 404 makes the URL suspect, so as a first answer it stops the batch. After a reset the URL is
/// known to be right, and the others go on.
#[test]
fn a_404_page_stops_a_batch_only_if_nothing_was_reset_before() {
    let page = json!([{"status": 404, "shape": "html"}]);
    for (suspect, said_of) in [
        ("ok-1", [("refused", "Url.Suspect"), ("cancelled", "NotTried"), ("cancelled", "NotTried")]),
        ("ok-2", [("reset", ""), ("refused", "Url.Suspect"), ("reset", "")]),
    ] {
        let simulator = simulator();
        simulator.set_faults(suspect, page.clone()).unwrap();
        let client = client(&options(&simulator.addresses().http));
        let results = run(&batch(&client, 1), &ids(3));
        assert_eq!(results.iter().map(said).collect::<Vec<_>>(), said_of);
    }
}

/// If no answer says anything about the key, more requests are sent at once after a few answers.
#[test]
fn a_server_that_only_fails_does_not_hold_a_batch_to_one_at_a_time() {
    let simulator = simulator();
    for (n, id) in ids(11).iter().enumerate() {
        let step = if n < 3 { json!({"status": 500}) } else { json!({"never": true}) };
        simulator.set_faults(id, json!([step])).unwrap();
    }
    let client = client(&options(&simulator.addresses().http));
    let batch = batch(&client, 8);
    for id in ids(11) {
        batch.push(request(&id), None).unwrap();
    }
    wait_until("eight are under way", || simulator.stats().requests == 3 + 8);
    batch.cancel();
}

/// A refused key in the middle of a batch: requests in flight get their true result, the others are not tried.
#[test]
fn what_was_not_sent_when_the_batch_stops_is_never_sent() {
    let simulator = simulator();
    let client = proved(&options(&simulator.addresses().http));
    simulator.set_faults("ok-3", json!([{"delayMs": 2000, "status": 401}])).unwrap();
    for id in ["ok-1", "ok-2", "ok-4"] {
        simulator.set_faults(id, json!([{"delayMs": 4000}])).unwrap();
    }
    let results = run(&batch(&client, 4), &ids(12));
    for (result, id) in results.iter().zip(ids(12)) {
        let (expected, requests) = match id.as_str() {
            "ok-1" | "ok-2" | "ok-4" => (("reset", ""), 1),
            "ok-3" => (("refused", "Auth.Refused"), 1),
            _ => (("cancelled", "NotTried"), 0),
        };
        assert_eq!((said(result), arrived(&simulator, &id)), (expected, requests), "{id}");
    }
}

#[test]
fn closing_ends_after_the_last_result_and_takes_no_more() {
    let simulator = simulator();
    let client = client(&options(&simulator.addresses().http));
    let batch = batch(&client, 4);
    assert!(matches!(batch.next(Duration::ZERO), Next::TimedOut), "open and empty");
    batch.push(request("ok-1"), None).unwrap();
    batch.close();
    assert_eq!(batch.push(request("ok-2"), None), Err(NotPushed::Closed));
    assert_eq!(said(&next(&batch)), ("reset", ""));
    for _ in 0..2 {
        assert!(matches!(batch.next(LONG), Next::End));
    }
    batch.close();
    batch.cancel();
    assert!(matches!(batch.next(LONG), Next::End));
}

#[test]
fn closing_wakes_a_next_that_waits() {
    let simulator = simulator();
    let client = client(&options(&simulator.addresses().http));
    let batch = batch(&client, 4);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| batch.next(LONG));
        batch.close();
        assert!(matches!(waiting.join().unwrap(), Next::End));
    });
}

/// A push to a stopped batch has its result at once, also for a thread that already waits in `next`.
#[test]
fn a_push_after_the_stop_wakes_a_next_that_waits() {
    let simulator = simulator();
    simulator.set_faults("ok-1", json!([{"status": 401}])).unwrap();
    let client = client(&options(&simulator.addresses().http));
    let batch = batch(&client, 1);
    batch.push(request("ok-1"), None).unwrap();
    assert_eq!(said(&next(&batch)), ("refused", "Auth.Refused"));
    thread::scope(|scope| {
        let waiting = scope.spawn(|| (next(&batch), Instant::now()));
        // Makes sure that it waits when the push comes. Without this the test would show less, but not fail.
        thread::sleep(Duration::from_millis(50));
        batch.push(request("ok-2"), None).unwrap();
        let pushed = Instant::now();
        let (result, woken) = waiting.join().unwrap();
        assert_eq!(said(&result), ("cancelled", "NotTried"));
        // A wait that nobody wakes looks once more when its time is over, and would find the result then.
        assert!(woken < pushed + LONG / 2, "nobody has woken it");
    });
}

/// An exclusion date that passes while a request waits to be sent again would lock the user out at once.
#[test]
fn a_date_that_has_passed_meanwhile_is_not_sent_again() {
    let simulator = simulator();
    let client = client(&options(&simulator.addresses().http));
    simulator.set_faults("ok-1", json!([{"status": 429, "headers": {"retry-after": "3"}}])).unwrap();
    let result = loop {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() as i64;
        let result = client.reset(&ResetRequest::new("ok-1", None, Some(now + 2)).unwrap());
        // A machine may be too busy to send even the first request in time.
        if said(&result) != ("invalid", "ExclusionUntil.Past") {
            break result;
        }
    };
    assert_eq!((said(&result), result.attempts), (("refused", "RateLimit.Exceeded"), 1), "{result:?}");
    assert!(result.message.unwrap().contains("has passed"));
    assert_eq!(arrived(&simulator, "ok-1"), 1);
}

/// If one request is told to wait for four seconds, no other is sent before they are over.
#[test]
fn a_retry_after_holds_all_requests_back() {
    let simulator = simulator();
    let client = proved(&options(&simulator.addresses().http));
    simulator.set_faults("ok-1", json!([{"status": 429, "headers": {"retry-after": "4"}}])).unwrap();
    let batch = batch(&client, 4);
    batch.push(request("ok-1"), None).unwrap();
    wait_until("it is told to wait", || simulator.stats().requests == 2);
    let told = simulator.log()[1].at_ms;
    thread::sleep(ANSWERED);
    for id in &ids(8)[1..] {
        batch.push(request(id), None).unwrap();
    }
    batch.close();
    for _ in 0..8 {
        assert_eq!(said(&next(&batch)), ("reset", ""));
    }
    for entry in &simulator.log()[2..] {
        assert!(entry.at_ms >= told + 4000, "{:?} came {} ms after", entry.id, entry.at_ms - told);
    }
}

/// A Retry-After that is longer than the total time stops the batch, and nobody is sent before it has passed.
#[test]
fn a_retry_after_that_is_longer_than_the_total_time_stops_the_batch() {
    for max_retries in [0, 3] {
        let simulator = simulator();
        let options = Options {
            total_timeout: Some(Duration::from_secs(20)),
            max_retries: Some(max_retries),
            ..options(&simulator.addresses().http)
        };
        let client = proved(&options);
        simulator.set_faults("ok-1", json!([{"status": 429, "headers": {"retry-after": "3600"}}])).unwrap();
        let results = run(&batch(&client, 2), &ids(1));
        assert_eq!(said(&results[0]), ("refused", "RateLimit.Exceeded"));
        assert!(results[0].stops_batch);
        assert!(results[0].hint.as_ref().unwrap().starts_with("Go on after 20"), "{:?}", results[0].hint);

        // The next batch and the next call of the same client end at once, and say for how long.
        let results = run(&batch(&client, 2), &ids(5));
        assert_eq!((said(&results[0]), results[0].attempts), (("refused", "RateLimit.Exceeded"), 0));
        assert!(results[0].retry_after.unwrap() > Duration::from_secs(3000));
        assert_eq!(all_said(&results[1..]), HashSet::from([("cancelled", "NotTried")]));
        assert_eq!(said(&reset(&client, "ok-9")), ("refused", "RateLimit.Exceeded"));
        assert_eq!(simulator.stats().requests, 2);
    }
}

/// A user may wait for the Retry-After of another user. The caller is told how long, and the total time includes it.
#[test]
fn a_wait_for_the_retry_after_of_another_user_is_told_and_counted() {
    let simulator = simulator();
    let client = proved(&options(&simulator.addresses().http));
    simulator.set_faults("ok-1", json!([{"status": 429, "headers": {"retry-after": "3"}}])).unwrap();
    let first = batch(&client, 1);
    first.push(request("ok-1"), None).unwrap();
    wait_until("it is told to wait", || !first.held_back().is_zero());
    first.cancel();
    assert!(first.held_back().is_zero(), "nobody waits in it any more");

    let second = batch(&client, 1);
    assert!(second.held_back().is_zero(), "nobody waits in it yet");
    second.push(request("ok-2"), None).unwrap();
    assert!(second.held_back() > Duration::from_millis(100));
    let result = next(&second);
    assert_eq!(said(&result), ("reset", ""));
    assert!(result.elapsed > Duration::from_millis(100), "{:?}", result.elapsed);
    assert!(second.held_back().is_zero());
}

/// A user is sent once, also if the batch was stopped meanwhile, and whatever the case of the digits.
#[test]
fn a_user_is_sent_once() {
    let simulator = simulator();
    let client = proved(&options(&simulator.addresses().http));
    simulator.set_faults("ok-2", json!([{"status": 401}])).unwrap();
    let batch = batch(&client, 1);
    let push = |id: &str| batch.push(request(id), None).unwrap();
    let (upper, lower) = ("5F0C1A2B3C4D5E6F7A8B9C0D", "5f0c1a2b3c4d5e6f7a8b9c0d");
    for id in ["ok-1", "ok-1", upper, lower, "ok-2", "ok-3"] {
        push(id);
    }
    let said_of: Vec<_> = (0..6).map(|_| said(&next(&batch)).1).collect();
    assert_eq!(said_of, ["", "DuplicateUser", "User.NotFound", "DuplicateUser", "Auth.Refused", "NotTried"]);
    for (id, code) in [("ok-1", "DuplicateUser"), ("ok-3", "NotTried"), ("ok-4", "NotTried")] {
        push(id);
        assert_eq!(said(&next(&batch)).1, code, "{id} after the stop");
    }
    assert_eq!(simulator.stats().requests, 1 + 3);
}

/// While a Retry-After holds all requests back, none is in flight, so a stop finds them not tried.
#[test]
fn a_request_that_is_held_back_is_not_in_flight() {
    let simulator = simulator();
    let client = proved(&options(&simulator.addresses().http));
    simulator
        .set_faults("ok-1", json!([{"status": 429, "headers": {"retry-after": "60"}}, {"status": 401}]))
        .unwrap();
    let batch = batch(&client, 4);
    batch.push(request("ok-1"), None).unwrap();
    wait_until("it is told to wait", || simulator.stats().requests == 2);
    thread::sleep(ANSWERED);
    for id in &ids(8)[1..] {
        batch.push(request(id), None).unwrap();
    }
    batch.cancel();
    assert_eq!(said(&next(&batch)), ("cancelled", "Cancelled"));
    for _ in 2..=8 {
        let result = next(&batch);
        assert_eq!((said(&result), result.attempts), (("cancelled", "Cancelled"), 0));
    }
    assert_eq!(simulator.stats().requests, 2);
}

/// While it is held back it is not yet taken up, so what stops the batch meanwhile stops it as well.
#[test]
fn a_request_that_is_held_back_is_not_tried_after_a_stop() {
    let simulator = simulator();
    simulator.set_faults("ok-1", json!([{ "status": 401, "delayMs": 500 }])).unwrap();
    simulator.set_faults("ok-2", json!([{ "status": 429, "headers": { "retry-after": "1" } }])).unwrap();
    let batch = batch(&proved(&options(&simulator.addresses().http)), 3);
    for id in ["ok-1", "ok-2"] {
        batch.push(request(id), None).unwrap();
    }
    wait_until("it is told to wait", || !batch.held_back().is_zero());
    batch.push(request("ok-3"), None).unwrap();
    batch.close();
    assert_eq!(said(&next(&batch)), ("refused", "Auth.Refused"));
    next(&batch);
    assert_eq!(said(&next(&batch)), ("cancelled", "NotTried"));
    assert_eq!(arrived(&simulator, "ok-3"), 0);
}

/// However long a Retry-After holds all requests back, a single call ends within its own total time.
#[test]
fn a_call_that_is_held_back_ends_in_its_total_time() {
    let simulator = simulator();
    let options =
        Options { total_timeout: Some(Duration::from_secs(3)), ..options(&simulator.addresses().http) };
    let client = proved(&options);
    simulator
        .set_faults(
            "ok-1",
            json!({"repeat": true, "steps": [{"status": 429, "headers": {"retry-after": "2"}}]}),
        )
        .unwrap();
    let start = Instant::now();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let result = reset(&client, "ok-1");
                assert_eq!(said(&result), ("refused", "RateLimit.Exceeded"), "{result:?}");
            });
        }
    });
    assert!(start.elapsed() < LONG, "{:?}", start.elapsed());
}
