//! A power cut at any moment: what is on the disk then names everyone whose request may have left.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::json;
use simulator::Simulator;

use super::file::Disk;
use super::line::Place;
use super::reader::{Past, Reader};
use super::{Journal, JournalOptions, place};
use crate::attempt::InFlight;
use crate::batch::{Batch, Next, NotPushed};
use crate::client::Client;
use crate::code::Code;
use crate::config::Options;
use crate::redact::Secret;
use crate::reset::ResetRequest;
use crate::result::ResetResult;
use crate::session::Session;

/// What happened to the file, in order.
#[derive(Clone, Debug)]
enum Event {
    Written(Vec<u8>),
    Synced,
    /// The request with this number may leave.
    Released(u64),
    /// The host has this result.
    Told(Box<ResetResult>),
}

#[derive(Clone, Default)]
struct Record(Arc<Mutex<Vec<Event>>>);

impl Record {
    fn push(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }

    fn events(&self) -> Vec<Event> {
        self.0.lock().unwrap().clone()
    }
}

/// A file that keeps its content in the record. What goes wrong with it is chosen by the test.
struct Recording {
    record: Record,
    /// How many bytes go in before the disk is full.
    room: usize,
    sync_takes: Duration,
    fail_sync: bool,
    /// A signal has interrupted every other write.
    interrupted: bool,
}

impl Recording {
    fn new(record: &Record) -> Self {
        Self {
            record: record.clone(),
            room: usize::MAX,
            sync_takes: Duration::ZERO,
            fail_sync: false,
            interrupted: false,
        }
    }
}

impl Disk for Recording {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.interrupted = !self.interrupted;
        if self.interrupted {
            return Err(io::ErrorKind::Interrupted.into());
        }
        // In two pieces, as a file may do it.
        let n = bytes.len().min(self.room).min(1000);
        if n == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.room -= n;
        self.record.push(Event::Written(bytes[..n].to_vec()));
        Ok(n)
    }

    fn sync(&mut self) -> io::Result<()> {
        thread::sleep(self.sync_takes);
        if self.fail_sync {
            return Err(io::Error::other("the disk is broken"));
        }
        self.record.push(Event::Synced);
        Ok(())
    }

    fn cut(&mut self, from: u64, to: u64) -> io::Result<()> {
        let mut events = self.record.0.lock().unwrap();
        let bytes: Vec<u8> = content(&events).0;
        assert_eq!(bytes.len() as u64, from);
        events.retain(|event| !matches!(event, Event::Written(_)));
        events.insert(0, Event::Written(bytes[..to as usize].to_vec()));
        Ok(())
    }

    fn released(&mut self, numbers: &[u64]) {
        numbers.iter().for_each(|n| self.record.push(Event::Released(*n)));
    }
}

/// What was written, and how much of it is on the disk.
fn content(events: &[Event]) -> (Vec<u8>, usize) {
    let (mut bytes, mut synced) = (Vec::new(), 0);
    for event in events {
        match event {
            Event::Written(more) => bytes.extend_from_slice(more),
            Event::Synced => synced = bytes.len(),
            _ => {}
        }
    }
    (bytes, synced)
}

fn client(simulator: &Simulator, total: Duration) -> Client {
    let options = Options {
        api_key: Some(Secret::new("simulator-key")),
        url: Some(simulator.addresses().http.clone()),
        env: Some(HashMap::new()),
        total_timeout: Some(total),
        ..Options::default()
    };
    Client::new(&options).unwrap()
}

/// A batch whose journal is this disk.
fn batch(client: &Client, disk: Recording) -> Batch {
    let batch = Batch::new(client, 8).unwrap();
    batch.open_journal(|session, progress| Ok(journal(disk, session, progress))).unwrap();
    batch
}

fn journal(disk: Recording, session: &Session, progress: impl Fn() + Send + 'static) -> Journal {
    Journal::write_to(disk, Past::default(), 0, JournalOptions::default(), session, progress).unwrap()
}

fn ids(count: usize) -> Vec<String> {
    (1..=count).map(|n| format!("ok-{n}")).collect()
}

fn push(batch: &Batch, id: &str) -> Result<(), NotPushed> {
    batch.push(ResetRequest::new(id, None, None).unwrap(), None)
}

fn next(batch: &Batch) -> ResetResult {
    match batch.next(Duration::from_secs(60)) {
        Next::Result(result) => *result,
        other => panic!("no result: {other:?}"),
    }
}

fn all_read(place: &Place, bytes: &[u8]) -> Past {
    let mut reader = Reader::new(place.clone());
    reader.feed(bytes).unwrap();
    reader.finish().unwrap().past
}

#[test]
fn whoever_may_have_left_is_in_the_journal_after_a_power_cut_at_any_byte() {
    let simulator = Simulator::start(simulator::Options::default());
    for (id, step) in
        [("ok-3", json!({"drop": true})), ("ok-7", json!({"status": 400})), ("ok-9", json!({"status": 500}))]
    {
        simulator.set_faults(id, json!([step])).unwrap();
    }
    let client = client(&simulator, Duration::from_secs(60));
    let record = Record::default();
    let batch = batch(&client, Recording { sync_takes: Duration::from_millis(2), ..Recording::new(&record) });
    let users = ids(20);
    for id in &users {
        push(&batch, id).unwrap();
    }
    push(&batch, "ok-1").unwrap();
    batch.close();
    for _ in 0..=users.len() {
        record.push(Event::Told(Box::new(next(&batch))));
    }
    drop(batch);

    let place = place(&client.session);
    let events = record.events();
    let (bytes, synced) = content(&events);
    assert_eq!(synced, bytes.len(), "when the batch is gone, all is on the disk");
    let (mut cuts, mut left) = (0, Vec::new());
    for (at, event) in events.iter().enumerate() {
        let (written, synced) = content(&events[..=at]);
        match event {
            Event::Released(n) => left.push(users[*n as usize - 1].clone()),
            // Written before it is told, so that a kill loses no result.
            Event::Told(result) if result.code.is_none() => {
                let past = all_read(&place, &written);
                let known = past.of(result.user_id.as_ref().unwrap());
                assert!(matches!(known, Some(super::Known::Reset(_))), "{result:?}: {known:?}");
            }
            _ => {}
        }
        if synced == 0 {
            assert!(left.is_empty());
            continue;
        }
        let mut durable = Reader::new(place.clone());
        durable.feed(&written[..synced]).unwrap();
        let lost = &written[synced..];
        for kept in 0..=lost.len() {
            // The rest is not there, or is there as NUL bytes, or the other way round.
            let zeros = vec![0; lost.len()];
            for rest in [
                lost[..kept].to_vec(),
                [&lost[..kept], &zeros[kept..]].concat(),
                [&zeros[..kept], &lost[kept..]].concat(),
            ] {
                let mut reader = durable.clone();
                reader.feed(&rest).unwrap();
                let past = reader.finish().unwrap().past;
                for id in &left {
                    let ended_otherwise = ["ok-7"].contains(&id.as_str());
                    assert!(
                        ended_otherwise || past.of(id).is_some(),
                        "{id} at {at}, {kept} of {} kept",
                        lost.len()
                    );
                }
                cuts += 1;
            }
        }
    }
    assert_eq!(left.len(), users.len());
    assert!(cuts > 3 * bytes.len() / 2, "{cuts} cuts of {} bytes", bytes.len());
}

/// The requests wait for the disk, not only the notes of them.
#[test]
fn no_request_arrives_before_its_begin_is_synced() {
    let simulator = Simulator::start(simulator::Options::default());
    let client = client(&simulator, Duration::from_secs(60));
    let record = Record::default();
    let batch =
        batch(&client, Recording { sync_takes: Duration::from_millis(300), ..Recording::new(&record) });
    push(&batch, "ok-1").unwrap();
    while record.events().is_empty() {
        thread::sleep(Duration::from_millis(1));
    }
    thread::sleep(Duration::from_millis(50));
    assert!(!record.events().iter().any(|event| matches!(event, Event::Synced)), "the test is fast enough");
    assert_eq!(simulator.stats().requests, 0);
    assert_eq!(next(&batch).outcome.as_str(), "reset");
}

/// Half a line goes in, and then no more.
#[test]
fn a_full_disk_stops_the_batch_and_sends_nobody_who_is_not_in_the_journal() {
    let users = ids(20);
    for room in (0..4000).step_by(173) {
        let simulator = Simulator::start(simulator::Options::default());
        let client = client(&simulator, Duration::from_secs(60));
        let record = Record::default();
        let batch = batch(&client, Recording { room, ..Recording::new(&record) });
        for id in &users {
            push(&batch, id).unwrap();
        }
        batch.close();
        let results: Vec<_> = users.iter().map(|_| next(&batch)).collect();
        assert!(matches!(batch.next(Duration::from_secs(60)), Next::End));
        drop(batch);
        let bytes = content(&record.events()).0;
        assert!(bytes.is_empty() || bytes.ends_with(b"\n"), "room {room}: it ends within a line");
        let past = all_read(&place(&client.session), &bytes);
        let arrived = simulator.stats().by_id;
        for result in &results {
            let id = result.user_id.as_ref().unwrap();
            let said = (result.outcome.as_str(), result.code.map_or("", |code| code.as_str()));
            match said {
                ("reset", "") => {
                    assert!(arrived.contains_key(id) && past.of(id).is_some(), "room {room}: {result:?}")
                }
                ("invalid", "Journal.NotWritten") | ("cancelled", "NotTried") => {
                    assert!(!arrived.contains_key(id) && past.of(id).is_none(), "room {room}: {result:?}");
                }
                other => panic!("room {room}: {other:?}"),
            }
        }
        let stopped = results.iter().find(|result| result.outcome.as_str() == "invalid");
        assert!(stopped.is_some_and(|result| result.stops_batch), "room {room}");
    }
}

#[test]
fn a_sync_that_fails_is_not_tried_again() {
    let simulator = Simulator::start(simulator::Options::default());
    let client = client(&simulator, Duration::from_secs(60));
    let record = Record::default();
    let batch = batch(&client, Recording { fail_sync: true, ..Recording::new(&record) });
    push(&batch, "ok-1").unwrap();
    push(&batch, "ok-2").unwrap();
    let result = next(&batch);
    assert_eq!(result.code.unwrap().as_str(), "Journal.NotWritten", "{result:?}");
    assert!(result.message.unwrap().contains("the disk is broken"));
    assert_eq!(next(&batch).code.unwrap().as_str(), "NotTried");
    drop(batch);
    assert_eq!(simulator.stats().requests, 0);
    let bytes = content(&record.events()).0;
    assert_eq!(bytes.iter().filter(|&&byte| byte == b'\n').count(), 1, "the begin was cut away");
}

/// A disk that hangs costs the users their time, and a cancel does not wait for it.
#[test]
fn waiting_for_the_disk_is_bounded() {
    let simulator = Simulator::start(simulator::Options::default());
    let slow = || Recording { sync_takes: Duration::from_secs(2), ..Recording::new(&Record::default()) };
    let short = client(&simulator, Duration::from_millis(300));
    let one = batch(&short, slow());
    push(&one, "ok-1").unwrap();
    let result = next(&one);
    assert_eq!((result.outcome.as_str(), result.attempts), ("invalid", 0), "{result:?}");

    let long = client(&simulator, Duration::from_secs(60));
    let another = batch(&long, slow());
    push(&another, "ok-2").unwrap();
    thread::sleep(Duration::from_millis(100));
    let began = std::time::Instant::now();
    another.cancel();
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    assert_eq!(next(&another).outcome.as_str(), "cancelled");
    drop((one, another));
    assert_eq!(simulator.stats().requests, 0);
}

/// Who is stopped before the journal's thread has come to his begin is in no begin at all.
#[test]
fn a_begin_that_waits_is_taken_out() {
    let simulator = Simulator::start(simulator::Options::default());
    let client = client(&simulator, Duration::from_secs(60));
    // The key is proved, so that several users go side by side.
    assert_eq!(client.reset(&ResetRequest::new("ok-20", None, None).unwrap()).outcome.as_str(), "reset");
    let record = Record::default();
    let batch =
        batch(&client, Recording { sync_takes: Duration::from_millis(500), ..Recording::new(&record) });
    push(&batch, "ok-1").unwrap();
    while record.events().is_empty() {
        thread::sleep(Duration::from_millis(1));
    }
    push(&batch, "ok-2").unwrap();
    thread::sleep(Duration::from_millis(100));
    batch.cancel();
    drop(batch);
    let text = String::from_utf8(content(&record.events()).0).unwrap();
    let events = |id: &str| {
        let of_user = text.lines().filter(|line| line.contains(&format!("\"userId\":\"{id}\"")));
        of_user.map(|line| line.contains("\"begin\"")).collect::<Vec<_>>()
    };
    assert_eq!(events("ok-1"), [true, false], "{text}");
    assert_eq!(events("ok-2"), [false], "{text}");
    assert_eq!(simulator.stats().requests, 1);
}

/// Also where the batch stays open for more.
#[test]
fn the_end_is_synced_once_the_last_result_is_taken() {
    let simulator = Simulator::start(simulator::Options::default());
    let record = Record::default();
    let batch = batch(&client(&simulator, Duration::from_secs(60)), Recording::new(&record));
    push(&batch, "ok-1").unwrap();
    next(&batch);
    let is_synced_soon = (0..60_000).any(|_| {
        thread::sleep(Duration::from_millis(1));
        has_synced_end(&record)
    });
    assert!(is_synced_soon);
}

fn has_synced_end(record: &Record) -> bool {
    let (bytes, synced) = content(&record.events());
    String::from_utf8_lossy(&bytes[..synced]).contains("\"event\":\"end\"")
}

#[test]
fn a_journal_that_is_closed_has_its_ends_on_the_disk() {
    let simulator = Simulator::start(simulator::Options::default());
    let (client, record) = (client(&simulator, Duration::from_secs(60)), Record::default());
    let journal = journal(Recording::new(&record), &client.session, || ());
    let request = ResetRequest::new("ok-1", None, None).unwrap();
    journal.end(1, &client.session.stopped(&request, &InFlight::default(), Code::Cancelled));
    journal.close();
    assert!(has_synced_end(&record));
}

#[test]
fn a_journal_that_is_dropped_unused_gives_its_file_back() {
    let simulator = Simulator::start(simulator::Options::default());
    let (client, record) = (client(&simulator, Duration::from_secs(60)), Record::default());
    let journal = journal(Recording::new(&record), &client.session, || ());
    assert_eq!(Arc::strong_count(&record.0), 2);
    drop(journal);
    assert_eq!(Arc::strong_count(&record.0), 1);
}
