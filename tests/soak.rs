//! Many resets and many cancels. `cargo xtask soak` runs the same tests with more of both: JCSDK_SOAK is the number of
//! resets, JCSDK_STORM the number of rounds of cancels.

mod common;

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use common::{arrived, client, next, options, request, reset, said, simulator, wait_until};
use jcsdk::{Batch, Next, NotPushed, Options, ResetResult};
use serde_json::{Value, json};
use simulator::Simulator;

fn size(variable: &str, default: usize) -> usize {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap())
}

/// The fault of the user with this number, with its outcome and number of requests. One user in a hundred has one.
fn fate(n: usize) -> Option<(Value, &'static str, usize)> {
    let faults = [
        (json!({"status": 404}), "refused", 1),
        (json!({"drop": true}), "unknown", 1),
        (json!({"status": 429}), "reset", 2),
        (json!({"shape": "html"}), "unknown", 1),
        (json!({"status": 500}), "unknown", 1),
        (json!({"closeAfter": true}), "reset", 1),
        (json!({"reset": "mid-headers"}), "unknown", 1),
        (json!({"status": 503}), "reset", 2),
        (json!({"cutBody": true}), "reset", 1),
        (json!({"garbage": true}), "unknown", 1),
    ];
    n.is_multiple_of(100).then(|| faults[n / 100 % faults.len()].clone())
}

/// Runs in a process of its own, because its log grows with every request and this process's memory is measured.
struct Server {
    child: Child,
    says: Lines<BufReader<ChildStdout>>,
    url: String,
}

const SERVER: &str = "JCSDK_SOAK_SERVER";

impl Server {
    fn start(resets: usize) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["the_server_of_the_soak", "--exact", "--nocapture"])
            .env(SERVER, resets.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut says = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = says
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| Some(line.split_once("serves ")?.1.to_owned()));
        Self { child, says, url: url.unwrap() }
    }

    fn was_asked_as_it_should(mut self) -> bool {
        drop(self.child.stdin.take());
        self.says.by_ref().for_each(drop);
        self.child.wait().unwrap().success()
    }
}

/// Does something only as the child of the next test: serves until its standard input ends, then checks the counts.
#[test]
fn the_server_of_the_soak() {
    let Ok(resets) = std::env::var(SERVER) else { return };
    let users = resets.parse().unwrap();
    let simulator = Simulator::start(simulator::Options { users, ..Default::default() });
    for n in 1..=users {
        if let Some((step, ..)) = fate(n) {
            simulator.set_faults(&format!("ok-{n}"), json!([step])).unwrap();
        }
    }
    println!("serves {}", simulator.addresses().http);
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).unwrap();
    let by_id = simulator.stats().by_id;
    for n in 1..=users {
        let requests = fate(n).map_or(1, |(_, _, requests)| requests);
        assert_eq!(by_id.get(&format!("ok-{n}")), Some(&requests), "requests for ok-{n}");
    }
    assert_eq!(by_id.len(), users);
}

#[test]
fn many_resets_come_in_order_and_none_is_lost_or_sent_twice() {
    let resets = size("JCSDK_SOAK", 3000);
    let server = Server::start(resets);
    let client = client(&Options { max_retries: Some(10), ..options(&server.url) });
    let batch = Batch::new(&client, 16).unwrap();
    let mut taken = 0;
    let mut memory = Vec::new();
    let mut take = |result: ResetResult| {
        taken += 1;
        assert_eq!((result.user_id, result.tag), (Some(format!("ok-{taken}")), Some(taken as u64)));
        let outcome = fate(taken).map_or("reset", |(_, outcome, _)| outcome);
        assert_eq!(result.outcome.as_str(), outcome, "ok-{taken}: {:?}", result.message);
        if taken % (resets / 10) == 0 {
            memory.push(resident_kib());
        }
    };
    for n in 1..=resets {
        while batch.push(request(&format!("ok-{n}")), Some(n as u64)) == Err(NotPushed::Full) {
            take(next(&batch));
        }
    }
    batch.close();
    loop {
        match batch.next(common::LONG) {
            Next::Result(result) => take(*result),
            Next::End => break,
            Next::TimedOut => panic!("a result is missing"),
        }
    }
    assert_eq!(taken, resets);
    assert!(server.was_asked_as_it_should(), "see what the server says");
    println!("resident KiB after each tenth of {resets} resets: {memory:?}");
    if let [_, early, .., last] = memory[..] {
        assert!(last < early + 4096, "memory grows: {memory:?}");
    }
}

/// 0 if the system does not tell.
#[cfg(target_os = "linux")]
fn resident_kib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[cfg(not(target_os = "linux"))]
fn resident_kib() -> usize {
    0
}

/// Batches are cancelled and dropped at random moments, beside single calls. A user who is reset got one request, one
/// who is cancelled got none, and no user got two.
#[test]
fn a_storm_of_cancels_tells_the_truth() {
    const USERS: usize = 12;
    let rounds = size("JCSDK_STORM", 150);
    let simulator = simulator();
    let long_lived = client(&options(&simulator.addresses().http));
    reset(&long_lived, "ok-1");
    let mut results = Vec::new();
    for round in 0..rounds {
        // A new client has to connect first, and sends one request at a time until its key is accepted.
        let client =
            if round % 3 == 0 { client(&options(&simulator.addresses().http)) } else { long_lived.clone() };
        let batch = Arc::new(Batch::new(&client, fastrand::u32(1..=8)).unwrap());
        let ids: Vec<_> = (0..USERS).map(|n| format!("{round}-{n}")).collect();
        for id in &ids {
            simulator.add_user(id);
            let delay = json!([{"delayMs": fastrand::u64(0..4)}]);
            simulator.set_faults(id, delay).unwrap();
        }
        let alone = format!("{round}-alone");
        simulator.add_user(&alone);
        let drops = round % 5 == 0;
        // The cancel comes after this many results, however slow the machine is.
        let after = if drops { 0 } else { fastrand::usize(0..USERS) };
        let moment = Duration::from_micros(fastrand::u64(0..2000));
        let taken = AtomicUsize::new(0);
        thread::scope(|scope| {
            let canceller = batch.clone();
            let taken = &taken;
            scope.spawn(move || {
                wait_until("the moment has come", || taken.load(Ordering::Relaxed) >= after);
                thread::sleep(moment);
                canceller.cancel();
            });
            scope.spawn(|| assert_eq!(said(&reset(&client, &alone)), ("reset", "")));
            for id in &ids {
                if batch.push(request(id), None).is_err() {
                    break;
                }
            }
            if drops {
                return;
            }
            loop {
                match batch.next(common::LONG) {
                    Next::Result(result) => {
                        results.push(*result);
                        taken.fetch_add(1, Ordering::Relaxed);
                    }
                    Next::End => break,
                    Next::TimedOut => panic!("a result is missing"),
                }
            }
        });
    }
    drop(long_lived);
    wait_until("all connections are closed", || simulator.stats().open_connections == 0);
    let by_id = simulator.stats().by_id;
    let twice: Vec<_> = by_id.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
    let mut seen = [0; 3];
    for result in results {
        let requests = by_id.get(result.user_id.as_deref().unwrap()).copied().unwrap_or(0);
        match said(&result) {
            ("reset", "") => assert_eq!(requests, 1, "{result:?}"),
            ("cancelled", "Cancelled") => assert_eq!(requests, 0, "{result:?}"),
            ("unknown", "Cancelled") => {}
            _ => panic!("{result:?}"),
        }
        seen[match result.outcome.as_str() {
            "reset" => 0,
            "cancelled" => 1,
            _ => 2,
        }] += 1;
    }
    println!("reset, cancelled, unknown: {seen:?}");
    assert!(seen.iter().all(|count| *count > 0), "the storm has missed its moments: {seen:?}");
    assert_eq!(arrived(&simulator, "0-alone"), 1);
}
