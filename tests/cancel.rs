//! Requests that are cancelled or time out: their result says so, and their connection is closed.

mod common;

use std::collections::HashSet;
use std::thread;
use std::time::Duration;

use common::{
    ANSWERED, LONG, all_said, arrived, batch, client, hang, ids, next, options, proved, request, reset, run,
    said, simulator, tls, wait_until,
};
use jcsdk::{Next, NotPushed, Options, Outcome};
use serde_json::json;
use simulator::Listener;

/// A request in flight becomes unknown, and its connection is closed at once. One that waits is cancelled and not sent.
#[test]
fn cancel_stops_all_and_tells_what_may_have_acted() {
    let simulator = simulator();
    let client = proved(&options(&simulator.addresses().http));
    for id in ids(10) {
        hang(&simulator, &id);
    }
    let batch = batch(&client, 3);
    for id in ids(10) {
        batch.push(request(&id), Some(1)).unwrap();
    }
    wait_until("three are under way", || simulator.stats().requests == 1 + 3);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| next(&batch));
        batch.cancel();
        let first = waiting.join().unwrap();
        assert_eq!(said(&first), ("unknown", "Cancelled"), "{first:?}");
    });
    assert_eq!(batch.push(request("ok-1"), None), Err(NotPushed::Closed));
    for n in 2..=10 {
        let result = next(&batch);
        let (expected, attempts) =
            if n <= 3 { (("unknown", "Cancelled"), 1) } else { (("cancelled", "Cancelled"), 0) };
        assert_eq!((said(&result), result.attempts), (expected, attempts), "{result:?}");
        assert_eq!(result.tag, Some(1));
    }
    assert!(matches!(batch.next(LONG), Next::End));
    wait_until("the server sees them closed", || simulator.stats().open_connections <= 1);
    assert_eq!(simulator.stats().requests, 1 + 3);
    assert_eq!(said(&reset(&client, "ok-11")), ("reset", ""), "the client lives on");
}

#[test]
fn cancel_while_connecting_sends_nothing() {
    let simulator = simulator();
    let client = client(&tls(&simulator, &simulator.addresses().mute));
    let batch = batch(&client, 1);
    batch.push(request("ok-1"), None).unwrap();
    wait_until("it connects", || simulator.stats().connections[&Listener::Mute] == 1);
    batch.cancel();
    let result = next(&batch);
    assert_eq!((said(&result), result.attempts), (("cancelled", "Cancelled"), 1), "{result:?}");
}

#[test]
fn cancel_while_waiting_to_try_again_is_cancelled() {
    let simulator = simulator();
    let client = client(&options(&simulator.addresses().http));
    simulator.set_faults("ok-1", json!([{"status": 429, "headers": {"retry-after": "60"}}])).unwrap();
    let batch = batch(&client, 1);
    batch.push(request("ok-1"), None).unwrap();
    wait_until("it is told to wait", || simulator.stats().requests == 1);
    thread::sleep(ANSWERED);
    batch.cancel();
    assert_eq!(said(&next(&batch)), ("cancelled", "Cancelled"));
    assert_eq!(arrived(&simulator, "ok-1"), 1);
}

/// The whole request has left when its time is up, and a cancel follows at once. That it has left is not forgotten.
#[test]
fn a_cancel_at_the_end_of_the_time_limit_tells_what_may_have_acted() {
    let simulator = simulator();
    let total_timeout = Some(Duration::from_millis(200));
    let client = proved(&Options { total_timeout, ..options(&simulator.addresses().http) });
    let mut not_sent = Vec::new();
    for n in 0..40 {
        let ids: Vec<_> = (0..8).map(|user| format!("round-{n}-{user}")).collect();
        for id in &ids {
            simulator.add_user(id);
            hang(&simulator, id);
        }
        let batch = batch(&client, 8);
        for id in &ids {
            batch.push(request(id), None).unwrap();
        }
        thread::sleep(Duration::from_micros(200_000 + n * 100));
        batch.cancel();
        let results: Vec<_> = ids.iter().map(|_| next(&batch)).collect();
        not_sent.extend(results.into_iter().filter(|result| result.outcome != Outcome::Unknown));
    }
    for result in not_sent {
        let id = result.user_id.as_ref().unwrap();
        assert_eq!(arrived(&simulator, id), 0, "{result:?}");
    }
}

#[test]
fn a_cancel_while_the_body_is_read_does_not_hide_the_answer() {
    let simulator = simulator();
    let client = proved(&options(&simulator.addresses().http));
    simulator.set_faults("ok-1", json!([{"slow": true, "longBody": 20_000}])).unwrap();
    let batch = batch(&client, 1);
    batch.push(request("ok-1"), None).unwrap();
    wait_until("it is under way", || arrived(&simulator, "ok-1") == 1);
    thread::sleep(ANSWERED);
    batch.cancel();
    assert_eq!(said(&next(&batch)), ("reset", ""));
}

#[test]
fn a_call_that_times_out_closes_its_connection() {
    let simulator = simulator();
    hang(&simulator, "ok-1");
    let total_timeout = Some(Duration::from_millis(300));
    let client = client(&Options { total_timeout, ..options(&simulator.addresses().http) });
    assert_eq!(said(&reset(&client, "ok-1")), ("unknown", "Answer.TimedOut"));
    wait_until("the server sees it closed", || simulator.stats().open_connections == 0);
}

#[test]
fn dropping_a_batch_closes_what_is_under_way() {
    let simulator = simulator();
    let client = proved(&options(&simulator.addresses().http));
    hang(&simulator, "ok-1");
    let batch = batch(&client, 1);
    batch.push(request("ok-1"), None).unwrap();
    wait_until("it is under way", || arrived(&simulator, "ok-1") == 1);
    drop((batch, client));
    wait_until("the server sees all closed", || simulator.stats().open_connections == 0);
}

#[test]
fn a_batch_outlives_its_client() {
    let simulator = simulator();
    let client = client(&options(&simulator.addresses().http));
    let batch = batch(&client, 2);
    drop(client);
    assert_eq!(all_said(&run(&batch, &ids(5))), HashSet::from([("reset", "")]));
}
