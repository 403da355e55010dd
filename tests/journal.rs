//! Batches with a journal: runs are resumed after any end, and nobody is reset twice.

mod common;

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::PathBuf;

use common::{
    ANSWERED, LONG, all_said, arrived, batch, client, hang, ids, next, options, proved, request, run, said,
    simulator, wait_until,
};
use jcsdk::{
    Batch, Client, JournalOptions, Next, NotPushed, NotSent, Options, ResetRequest, ResetResult, Secret,
};
use serde_json::{Value, json};
use simulator::Simulator;

const NEW: JournalOptions = journal_options(false, false);
const RESUME: JournalOptions = journal_options(true, false);
const RETRY: JournalOptions = journal_options(true, true);

const fn journal_options(resume: bool, retry_unknown: bool) -> JournalOptions {
    JournalOptions { resume, retry_unknown, read_only: false }
}

/// A folder that is removed when the test ends. Its name has blanks and letters that are not ASCII.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("jcsdk journal ünï {name} {}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn journal(&self) -> PathBuf {
        self.0.join("run ü.jsonl")
    }

    fn lines(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.journal()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn journaled(client: &Client, folder: &Folder, options: JournalOptions) -> Batch {
    let batch = batch(client, 4);
    batch.set_journal(&folder.journal(), options).unwrap();
    batch
}

fn run_all(client: &Client, folder: &Folder, options: JournalOptions, ids: &[String]) -> Vec<ResetResult> {
    run(&journaled(client, folder, options), ids)
}

fn by_user(results: &[ResetResult]) -> HashMap<&str, (&'static str, &'static str)> {
    results.iter().map(|result| (result.user_id.as_deref().unwrap(), said(result))).collect()
}

/// Faults of every kind of outcome, once each.
fn faults(simulator: &Simulator) {
    simulator.set_faults("ok-2", json!([{"drop": true}])).unwrap();
    simulator.set_faults("ok-3", json!([{"status": 400}])).unwrap();
    simulator.set_faults("ok-4", json!([{"status": 429, "headers": {"retry-after": "0"}}])).unwrap();
}

#[test]
fn a_run_is_told_line_by_line() {
    let (simulator, folder) = (simulator(), Folder::new("lines"));
    faults(&simulator);
    let url = &simulator.addresses().http;
    let client = client(&Options { org_id: Some("org-1".into()), ..options(url) });
    let batch = journaled(&client, &folder, NEW);
    let until = Some(1_893_553_445);
    batch.push(ResetRequest::new("ok-1", Some(true), until).unwrap(), None).unwrap();
    for id in ["ok-2", "ok-3", "ok-4", "ok-1"] {
        batch.push(request(id), None).unwrap();
    }
    batch.push(ResetRequest::new("ok-5", None, Some(0)).unwrap(), None).unwrap();
    batch.close();
    let results: Vec<_> = (0..6).map(|_| next(&batch)).collect();
    assert!(matches!(batch.next(LONG), Next::End));
    drop(batch);

    let lines = folder.lines();
    let first = &lines[0];
    let expected = json!({"journal": 1, "run": first["run"], "at": first["at"], "event": "run",
        "program": format!("jcsdk/{}", env!("CARGO_PKG_VERSION")), "url": format!("{url}/api"), "orgId": "org-1"});
    assert_eq!(first, &expected);
    assert_eq!(first["run"].as_str().unwrap().len(), 16);
    assert!(lines.iter().all(|line| line["run"] == first["run"]));
    let of = |n: u64| lines.iter().filter(|line| line["n"] == n).collect::<Vec<_>>();
    for (n, id, events, outcome, code) in [
        (1, "ok-1", vec!["begin", "end"], "reset", Value::Null),
        (2, "ok-2", vec!["begin", "end"], "unknown", json!("Answer.Lost")),
        (3, "ok-3", vec!["begin", "end"], "refused", json!("Request.Refused")),
        (4, "ok-4", vec!["begin", "end"], "reset", Value::Null),
        (5, "ok-1", vec!["end"], "cancelled", json!("DuplicateUser")),
        (6, "ok-5", vec!["end"], "invalid", json!("ExclusionUntil.Past")),
    ] {
        let lines = of(n);
        assert_eq!(
            lines.iter().map(|line| line["event"].as_str().unwrap()).collect::<Vec<_>>(),
            events,
            "{n}"
        );
        assert!(lines.iter().all(|line| line["userId"] == id), "{n}");
        let end = lines.last().unwrap();
        assert_eq!((&end["outcome"], &end["code"]), (&json!(outcome), &code), "{n}");
        let result = &results[n as usize - 1];
        assert_eq!(end["message"].as_str(), result.message.as_deref(), "{n}");
        assert_eq!(end["attempts"], result.attempts, "{n}");
        assert_eq!(end["httpStatus"].as_u64(), result.http_status.map(u64::from), "{n}");
    }
    assert_eq!(of(1)[0]["exclusion"], true);
    assert_eq!(of(1)[0]["exclusionUntil"], "2030-01-02T03:04:05Z");
    assert_eq!(of(2)[0].get("exclusion"), None);
}

#[test]
fn a_resumed_run_sends_who_was_surely_not_reset() {
    let (simulator, folder) = (simulator(), Folder::new("resume"));
    faults(&simulator);
    let client = client(&options(&simulator.addresses().http));
    run_all(&client, &folder, NEW, &ids(5));
    simulator.clear_log();

    let results = run_all(&client, &folder, RESUME, &ids(6));
    let said = by_user(&results);
    for (id, expected) in [
        ("ok-1", ("reset", "Journal.AlreadyReset")),
        ("ok-2", ("unknown", "Journal.Unfinished")),
        ("ok-3", ("reset", "")),
        ("ok-4", ("reset", "Journal.AlreadyReset")),
        ("ok-6", ("reset", "")),
    ] {
        assert_eq!(said[id], expected, "{id}");
    }
    assert_eq!(
        simulator.stats().by_id.keys().collect::<HashSet<_>>(),
        HashSet::from([&"ok-3".into(), &"ok-6".into()])
    );
    let already = &results[0];
    assert_eq!(already.attempts, 0);
    let at = folder.lines().iter().find(|line| line["event"] == "end").unwrap()["at"].as_str().unwrap()[..19]
        .to_owned();
    assert!(already.message.as_ref().unwrap().contains(&at), "{already:?}");

    let results = run_all(&client, &folder, RETRY, &ids(6));
    assert_eq!(by_user(&results)["ok-2"], ("reset", ""));
    assert_eq!(arrived(&simulator, "ok-2"), 1);
    let results = run_all(&client, &folder, RESUME, &ids(6));
    assert_eq!(all_said(&results), HashSet::from([("reset", "Journal.AlreadyReset")]));
    // A user whom the journal decides gets no line.
    let runs = folder.lines().iter().filter(|line| line["event"] == "run").count();
    assert_eq!(runs, 3);
}

#[test]
fn without_resume_a_journal_decides_nothing() {
    let (simulator, folder) = (simulator(), Folder::new("again"));
    let client = client(&options(&simulator.addresses().http));
    for n in 1..=2 {
        assert_eq!(all_said(&run_all(&client, &folder, NEW, &ids(3))), HashSet::from([("reset", "")]));
        assert_eq!(arrived(&simulator, "ok-1"), n);
    }
}

/// A user already reset is told so whatever else could become of the request.
#[test]
fn the_journal_is_asked_before_anything_else() {
    let (simulator, folder) = (simulator(), Folder::new("first"));
    let good = client(&options(&simulator.addresses().http));
    run_all(&good, &folder, NEW, &ids(1));
    let wrong = Options { api_key: Some(Secret::new("wrong")), ..options(&simulator.addresses().http) };
    let batch = journaled(&client(&wrong), &folder, RESUME);
    batch.push(request("ok-2"), None).unwrap();
    assert_eq!(said(&next(&batch)), ("refused", "Auth.Refused"));
    batch.push(request("ok-1"), None).unwrap();
    batch.push(ResetRequest::new("ok-1", None, Some(0)).unwrap(), None).unwrap();
    batch.push(request("ok-3"), None).unwrap();
    batch.close();
    let results: Vec<_> = (0..3).map(|_| said(&next(&batch))).collect();
    let already = ("reset", "Journal.AlreadyReset");
    assert_eq!(results, [already, already, ("cancelled", "NotTried")]);
    drop(batch);
    assert_eq!(
        by_user(&run_all(&good, &folder, RESUME, &ids(3)))["ok-2"],
        ("reset", ""),
        "after a refused key"
    );
}

#[test]
fn a_cancelled_run_is_resumed() {
    let (simulator, folder) = (simulator(), Folder::new("cancel"));
    let client = proved(&options(&simulator.addresses().http));
    hang(&simulator, "ok-3");
    hang(&simulator, "ok-4");
    let batch = journaled(&client, &folder, NEW);
    for id in ids(8) {
        batch.push(request(&id), None).unwrap();
    }
    wait_until("all but two are done", || simulator.stats().resets == 1 + 6);
    std::thread::sleep(ANSWERED / 4);
    batch.cancel();
    assert_eq!(batch.push(request("ok-9"), None), Err(NotPushed::Closed));
    for _ in 0..8 {
        next(&batch);
    }
    assert!(matches!(batch.next(LONG), Next::End));
    drop(batch);
    simulator.clear_faults();
    simulator.clear_log();
    let results = run_all(&client, &folder, RESUME, &ids(10));
    let count = |what| results.iter().filter(|result| said(result) == what).count();
    assert_eq!(count(("reset", "Journal.AlreadyReset")), 6);
    assert_eq!(count(("unknown", "Journal.Unfinished")), 2);
    assert_eq!(count(("reset", "")), 2);
    assert_eq!(simulator.stats().requests, 2);
}

#[test]
fn an_id_that_cannot_be_written_as_it_is_is_not_sent() {
    let (simulator, folder) = (simulator(), Folder::new("secret"));
    let client = client(&options(&simulator.addresses().http));
    let results = run_all(&client, &folder, NEW, &[format!("x{}", common::KEY), "ok-1".into()]);
    assert_eq!(said(&results[0]), ("invalid", "Id.Invalid"), "{results:?}");
    assert_eq!(said(&results[1]), ("reset", ""));
    assert!(!fs::read_to_string(folder.journal()).unwrap().contains(common::KEY));
    assert_eq!(simulator.stats().requests, 1);
}

#[test]
fn a_journal_is_set_once_and_before_the_first_push() {
    let (simulator, folder) = (simulator(), Folder::new("order"));
    let client = client(&options(&simulator.addresses().http));
    let first = journaled(&client, &folder, NEW);
    let other = folder.0.join("other");
    assert_eq!(first.set_journal(&other, NEW).unwrap_err().code.as_str(), "Argument.Invalid");
    let second = batch(&client, 1);
    assert_eq!(second.set_journal(&folder.journal(), NEW).unwrap_err().code.as_str(), "Journal.InUse");
    second.push(request("ok-1"), None).unwrap();
    assert_eq!(second.set_journal(&other, NEW).unwrap_err().code.as_str(), "Argument.Invalid");
    next(&second);
    assert_eq!(second.set_journal(&other, NEW).unwrap_err().code.as_str(), "Argument.Invalid");
    second.close();
    assert_eq!(second.set_journal(&other, NEW).unwrap_err().code.as_str(), "Argument.Invalid");
    let third = batch(&client, 1);
    let retry = JournalOptions { retry_unknown: true, ..NEW };
    assert_eq!(third.set_journal(&other, retry).unwrap_err().code.as_str(), "Argument.Invalid");
    third.cancel();
    assert_eq!(third.set_journal(&other, NEW).unwrap_err().code.as_str(), "Argument.Invalid");
    assert!(!other.exists());
    drop(first);
    assert_eq!(fs::read(folder.journal()).unwrap(), b"", "nothing was to be written");
}

#[test]
fn another_organisations_journal_is_left_alone() {
    let (simulator, folder) = (simulator(), Folder::new("mismatch"));
    let url = &simulator.addresses().http;
    run_all(&client(&options(url)), &folder, NEW, &ids(1));
    let before = fs::read(folder.journal()).unwrap();
    for other in
        [Options { org_id: Some("another".into()), ..options(url) }, options(&simulator.addresses().https)]
    {
        for how in [NEW, RESUME] {
            let batch = batch(&client(&other), 1);
            let fault = batch.set_journal(&folder.journal(), how).unwrap_err();
            assert_eq!(fault.code.as_str(), "Journal.Mismatch", "{fault:?}");
        }
    }
    assert_eq!(fs::read(folder.journal()).unwrap(), before);

    // Somebody has put the key into it.
    let with_key =
        String::from_utf8(before).unwrap().replace("\"url\":", "\"orgId\":\"simulator-key\",\"url\":");
    fs::write(folder.journal(), with_key).unwrap();
    let fault = batch(&client(&options(url)), 1).set_journal(&folder.journal(), NEW).unwrap_err();
    assert!(fault.message.contains("***") && !fault.message.contains(common::KEY), "{fault:?}");
}

/// The file is cut at each byte of its last two lines. A user with a begin is not sent again, and the file stays a
/// journal.
#[test]
fn a_torn_journal_is_resumed() {
    let (simulator, folder) = (simulator(), Folder::new("torn"));
    let client = client(&options(&simulator.addresses().http));
    run_all(&client, &folder, NEW, &ids(2));
    let text = fs::read(folder.journal()).unwrap();
    let ends: Vec<_> = (0..text.len()).filter(|&at| text[at] == b'\n').collect();
    let [.., before, begun, _] = ends[..] else { panic!("{ends:?}") };
    for cut in before + 1..text.len() {
        // The second run finds the lines of the first one, a further user, and a torn line at the end.
        fs::write(folder.journal(), &text[..cut]).unwrap();
        for n in 0..2 {
            let results = run_all(&client, &folder, RESUME, &ids(3 + n));
            assert_eq!(results[0].attempts, 0, "cut at {cut}");
            assert_eq!(results[1].attempts, u32::from(n == 0 && cut < begun), "cut at {cut}");
            let torn = [&fs::read(folder.journal()).unwrap()[..], b"{\"run"].concat();
            fs::write(folder.journal(), torn).unwrap();
        }
    }
}

#[test]
fn a_preview_says_whether_a_push_would_send_the_user() {
    let (simulator, folder) = (simulator(), Folder::new("preview"));
    faults(&simulator);
    let client = client(&options(&simulator.addresses().http));
    let code = |batch: &Batch, request: &ResetRequest| match batch.preview(request) {
        Ok(preview) => {
            assert_eq!(preview["userId"], request.id().unwrap());
            "sent"
        }
        Err(NotSent::Result(result)) => result.code.unwrap().as_str(),
        Err(_) => "closed",
    };
    let read_only = JournalOptions { read_only: true, ..RESUME };
    let look = journaled(&client, &folder, read_only);
    assert_eq!(code(&look, &request("ok-1")), "sent");
    assert!(!folder.journal().exists(), "neither created");
    run_all(&client, &folder, NEW, &ids(3));
    let before = fs::read(folder.journal()).unwrap();

    let look = journaled(&client, &folder, read_only);
    let going_on = journaled(&client, &folder, RESUME);
    going_on.push(request("ok-4"), None).unwrap();
    let past = ResetRequest::new("ok-5", None, Some(0)).unwrap();
    for (request, seen, going) in [
        (request("ok-1"), "Journal.AlreadyReset", "Journal.AlreadyReset"),
        (request("ok-2"), "Journal.Unfinished", "Journal.Unfinished"),
        (request("ok-3"), "sent", "sent"),
        (request("ok-4"), "sent", "DuplicateUser"),
        (request(&format!("x{}", common::KEY)), "Id.Invalid", "Id.Invalid"),
        (past, "ExclusionUntil.Past", "ExclusionUntil.Past"),
    ] {
        for _ in 0..2 {
            assert_eq!(code(&look, &request), seen, "{request:?}");
            assert_eq!(code(&going_on, &request), going, "{request:?}");
        }
    }
    look.push(request("ok-3"), None).unwrap();
    assert_eq!(
        said(&next(&look)),
        ("invalid", "Argument.Invalid"),
        "a journal that is only read sends nobody"
    );
    going_on.close();
    assert_eq!(code(&going_on, &request("ok-3")), "closed");
    assert!(fs::read(folder.journal()).unwrap().starts_with(&before));
    drop(going_on);
    assert_eq!(arrived(&simulator, "ok-3"), 1);
}

/// Names are looked up again, and the journal knows the users by the ids that are found.
#[test]
fn a_run_by_name_is_resumed() {
    let (simulator, folder) = (simulator(), Folder::new("names"));
    for n in 1..=4 {
        simulator.add_named_user(&format!("ok-{n}"), &format!("user{n}"), &format!("user{n}@example.com"));
    }
    faults(&simulator);
    let client = client(&options(&simulator.addresses().http));
    let by_name = |name: &str| ResetRequest::by_name(name, None, None).unwrap();
    let run = |options, names: &[&str]| {
        let batch = journaled(&client, &folder, options);
        for name in names {
            batch.push(by_name(name), None).unwrap();
        }
        batch.close();
        let results: Vec<_> = names.iter().map(|_| next(&batch)).collect();
        assert!(matches!(batch.next(LONG), Next::End));
        results
    };
    let tell = |results: &[ResetResult]| results.iter().map(said).collect::<Vec<_>>();

    let results = run(NEW, &["user1", "user2", "user3", "user1@example.com", "nobody"]);
    let first = [
        ("reset", ""),
        ("unknown", "Answer.Lost"),
        ("refused", "Request.Refused"),
        ("cancelled", "DuplicateUser"),
        ("refused", "User.NotFound"),
    ];
    assert_eq!(tell(&results), first);
    let lines = folder.lines();
    for (n, name, id, events) in [
        (1, "user1", json!("ok-1"), vec!["begin", "end"]),
        (2, "user2", json!("ok-2"), vec!["begin", "end"]),
        (3, "user3", json!("ok-3"), vec!["begin", "end"]),
        (4, "user1@example.com", json!("ok-1"), vec!["end"]),
        (5, "nobody", Value::Null, vec!["end"]),
    ] {
        let lines: Vec<_> = lines.iter().filter(|line| line["n"] == n).collect();
        assert_eq!(lines.iter().map(|line| &line["event"]).collect::<Vec<_>>(), events, "{n}");
        assert!(lines.iter().all(|line| line["name"] == name && line["userId"] == id), "{n}: {lines:?}");
    }
    simulator.clear_log();

    // A preview looks nobody up. It searches the journal for the name only where no push would look the user up either.
    let batch = journaled(&client, &folder, RESUME);
    assert!(batch.preview(&by_name("user1")).unwrap().get("userId").is_none());
    drop(batch);
    let look = |options| journaled(&client, &folder, JournalOptions { read_only: true, ..options });
    for (options, name, code, says) in [
        (
            RESUME,
            "USER1",
            "Journal.AlreadyReset",
            "User 'USER1' was not sent a second time: the journal has this name as",
        ),
        (
            RESUME,
            "user2",
            "Journal.Unfinished",
            "the journal has this name as begun, without a known end, and the user",
        ),
        (RESUME, "user3", "", ""),
        (RESUME, "user4", "", ""),
        (RESUME, "user1@example.com", "", ""),
        (RETRY, "user1", "Journal.AlreadyReset", "and the user was not looked up"),
        (RETRY, "user2", "", ""),
        (NEW, "user1", "", ""),
    ] {
        match look(options).preview(&by_name(name)) {
            Ok(preview) => assert_eq!((code, preview.get("userId")), ("", None), "{name}"),
            Err(NotSent::Result(result)) => {
                assert_eq!((said(&result).1, result.user_id.as_deref()), (code, None), "{name}");
                assert!(result.message.as_ref().unwrap().contains(says), "{result:?}");
            }
            Err(other) => panic!("{name}: {other:?}"),
        }
    }
    assert_eq!(simulator.stats().requests, 0);

    // Another name of the user, and the id, are the same user.
    let results = run(RESUME, &["USER1@example.com", "user2", "user3", "user4", "user1"]);
    let again = [
        ("reset", "Journal.AlreadyReset"),
        ("unknown", "Journal.Unfinished"),
        ("reset", ""),
        ("reset", ""),
        ("reset", "Journal.AlreadyReset"),
    ];
    assert_eq!(tell(&results), again);
    let told = results[0].message.as_deref().unwrap();
    assert!(told.starts_with("User 'USER1@example.com' (ok-1) was not sent a second time: "), "{told}");
    assert_eq!((results[0].user_id.as_deref(), results[0].attempts), (Some("ok-1"), 0));
    let sent: HashSet<_> = simulator.log().iter().filter_map(|request| request.id.clone()).collect();
    assert_eq!(sent, HashSet::from(["ok-3".to_owned(), "ok-4".to_owned()]));
    assert_eq!(said(&run_all(&client, &folder, RESUME, &ids(1))[0]), ("reset", "Journal.AlreadyReset"));

    simulator.clear_log();
    assert_eq!(tell(&run(RETRY, &["user1", "user2"])), [("reset", "Journal.AlreadyReset"), ("reset", "")]);
    assert!(simulator.log().iter().all(|request| request.id.as_deref() != Some("ok-1")));
}
