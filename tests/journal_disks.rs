//! Journals on disks that fail: full, read-only, gone. Root may write anywhere, so these tests have a mount of their
//! own, in a namespace of their own, and are skipped where that is not allowed.
#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{batch, ids, next, options, proved, request, said, simulator, wait_until};
use jcsdk::{JournalOptions, ResetResult};
use simulator::Simulator;

/// Where the mount is, for a test that runs in a process of its own.
const MOUNT: &str = "JCSDK_TEST_MOUNT";

/// Runs this test again in a process that has a mount of its own, and there does the work.
fn mounted(name: &str, mount: &str, work: impl FnOnce(&Path)) {
    if let Some(folder) = std::env::var_os(MOUNT) {
        return work(Path::new(&folder));
    }
    let folder = std::env::temp_dir().join(format!("jcsdk mount {name} {}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let script = format!("{mount} || exit 77; \"$@\" || exit 3");
    let test = [
        std::env::current_exe().unwrap().into_os_string(),
        "--exact".into(),
        name.into(),
        "--nocapture".into(),
    ];
    let mut run = Command::new("unshare");
    run.args(["-m", "sh", "-c", &script, "sh"]).args(test).env(MOUNT, &folder);
    let status = run.status().map(|status| status.code());
    let _ = fs::remove_dir(&folder);
    match status {
        Ok(Some(0)) => {}
        Ok(Some(3)) => panic!("{name} failed in its mount"),
        // unshare itself, or the mount.
        other => println!("SKIPPED: {name}: no mount of its own is allowed here ({other:?})"),
    }
}

fn push_all(simulator: &Simulator, journal: &Path, resume: bool, count: usize) -> Vec<ResetResult> {
    let client = proved(&options(&simulator.addresses().http));
    let batch = batch(&client, 8);
    batch.set_journal(journal, JournalOptions { resume, ..JournalOptions::default() }).unwrap();
    let mut results = Vec::new();
    for id in ids(count) {
        while batch.push(request(&id), None).is_err() {
            results.push(next(&batch));
        }
    }
    batch.close();
    while results.len() < count {
        results.push(next(&batch));
    }
    results
}

/// The disk has two pages, and the second one ends within a line.
#[test]
fn a_full_disk() {
    mounted("a_full_disk", &format!("mount -t tmpfs -o size=8k tmpfs \"${MOUNT}\""), |folder| {
        let simulator = Simulator::start(simulator::Options { users: 200, ..Default::default() });
        let journal = folder.join("j");
        let results = push_all(&simulator, &journal, false, 200);
        let text = fs::read_to_string(&journal).unwrap();
        assert!(text.ends_with('\n'), "it was cut back to a whole line");
        let count = |what| results.iter().filter(|result| said(result) == what).count();
        let not_written = count(("invalid", "Journal.NotWritten"));
        let (reset, not_tried) = (count(("reset", "")), count(("cancelled", "NotTried")));
        assert!(reset > 0 && not_written > 0 && not_tried > 0, "{reset} {not_written} {not_tried}");
        assert_eq!(reset + not_written + not_tried, 200);
        assert!(
            results
                .iter()
                .any(|result| result.message.as_ref().is_some_and(|text| text.contains("No space")))
        );
        for (id, arrived) in simulator.stats().by_id {
            let begun = format!("\"event\":\"begin\",\"n\":{},", id.trim_start_matches("ok-"));
            assert!(id == "ok-20" || arrived == 1 && text.contains(&begun), "{id}");
        }
        // With room again the run is resumed.
        let more = Command::new("mount").args(["-o", "remount,size=1m"]).arg(folder).status();
        assert!(more.unwrap().success());
        let before = simulator.stats().by_id;
        let results = push_all(&simulator, &journal, true, 200);
        for result in &results {
            assert!(matches!(result.outcome.as_str(), "reset" | "unknown"), "{result:?}");
        }
        let twice = simulator
            .stats()
            .by_id
            .into_iter()
            .filter(|(id, n)| id != "ok-20" && *n > 1 && before.contains_key(id));
        assert_eq!(twice.count(), 0);
    });
}

#[test]
fn a_read_only_mount() {
    let mount = format!("mount -t tmpfs tmpfs \"${MOUNT}\" && mount -o remount,ro \"${MOUNT}\"");
    mounted("a_read_only_mount", &mount, |folder| {
        let simulator = simulator();
        let batch = batch(&proved(&options(&simulator.addresses().http)), 1);
        let fault = batch.set_journal(&folder.join("j"), JournalOptions::default()).unwrap_err();
        assert_eq!(fault.code.as_str(), "Journal.NotWritten");
        assert!(fault.message.contains("Read-only"), "{fault:?}");
    });
}

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn folder(name: &str) -> Folder {
    let path = std::env::temp_dir().join(format!("jcsdk disk {name} {}", std::process::id()));
    fs::create_dir_all(&path).unwrap();
    Folder(path)
}

/// An open file takes writes although its folder was deleted, so the writer has to check for that.
#[test]
fn a_folder_that_is_deleted_meanwhile() {
    let (simulator, folder) = (simulator(), folder("deleted"));
    let client = proved(&options(&simulator.addresses().http));
    let batch = batch(&client, 4);
    batch.set_journal(&folder.0.join("j"), JournalOptions::default()).unwrap();
    batch.push(request("ok-1"), None).unwrap();
    assert_eq!(said(&next(&batch)), ("reset", ""));
    fs::remove_dir_all(&folder.0).unwrap();
    // The sync that follows a result may be the one that notices.
    let before = simulator.stats().requests;
    for id in ["ok-2", "ok-3"] {
        batch.push(request(id), None).unwrap();
    }
    let result = next(&batch);
    assert_eq!(said(&result), ("invalid", "Journal.NotWritten"), "{result:?}");
    assert!(result.message.as_ref().unwrap().contains("was removed"), "{result:?}");
    next(&batch);
    assert_eq!(simulator.stats().requests, before);
}

#[test]
fn a_file_that_is_made_read_only_meanwhile_goes_on() {
    use std::os::unix::fs::PermissionsExt;
    let (simulator, folder) = (simulator(), folder("chmod"));
    let client = proved(&options(&simulator.addresses().http));
    let batch = batch(&client, 4);
    let journal = folder.0.join("j");
    batch.set_journal(&journal, JournalOptions::default()).unwrap();
    fs::set_permissions(&journal, fs::Permissions::from_mode(0o444)).unwrap();
    batch.push(request("ok-1"), None).unwrap();
    assert_eq!(said(&next(&batch)), ("reset", ""));
    wait_until("its end is there", || fs::read_to_string(&journal).unwrap().contains("\"end\""));
}
