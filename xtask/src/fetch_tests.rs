//! Fetches from a server of the test's own, which serves an archive that the test has made.

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, thread};

use super::*;
use crate::downloads::unpack_powershell;

/// A folder that is empty at the test's start.
fn folder(name: &str) -> PathBuf {
    let folder = crate::workspace::target().join("tmp").join(format!("fetch-{name}"));
    remove(&folder).unwrap();
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Packs a script in the place of pwsh, without its execute bit, as in the official archive.
fn pack(folder: &Path) -> Vec<u8> {
    fs::write(folder.join("pwsh"), "#!/bin/sh\necho 7.6.5\n").unwrap();
    // It does not become smaller when it is packed.
    let mut random = 1_u64;
    let mut next = || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 56) as u8
    };
    fs::write(folder.join("large"), (0..300_000).map(|_| next()).collect::<Vec<_>>()).unwrap();
    let archive = folder.join("pwsh.tar.gz");
    let mut tar = Command::new("tar");
    tar.arg("-czf").arg(&archive).arg("-C").arg(folder).args(["pwsh", "large"]);
    assert!(tar.status().unwrap().success());
    fs::read(archive).unwrap()
}

fn sha256(bytes: &[u8]) -> String {
    digest::digest(&digest::SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Answers by the path that is asked for. The connection is closed after each answer.
struct Server {
    address: String,
    requests: Arc<AtomicUsize>,
}

impl Server {
    fn start(archive: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = requests.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (archive, counter) = (archive.clone(), counter.clone());
                thread::spawn(move || answer(stream, &archive, &counter));
            }
        });
        Self { address, requests }
    }
}

/// The client may go away at any time, so nothing here minds an error of writing.
fn answer(mut stream: TcpStream, archive: &[u8], requests: &AtomicUsize) -> Option<()> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
    let path = lines.next()?.ok()?.split(' ').nth(1)?.to_owned();
    requests.fetch_add(1, Ordering::SeqCst);
    while !lines.next()?.ok()?.is_empty() {}
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", archive.len());
    let half = archive.len() / 2;
    match path.as_str() {
        "/moved" => {
            stream.write_all(b"HTTP/1.1 302 Found\r\nlocation: /right\r\ncontent-length: 0\r\n\r\n").ok()?
        }
        "/404" => stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").ok()?,
        "/cut" => {
            stream.write_all(head.as_bytes()).ok()?;
            stream.write_all(&archive[..half]).ok()?;
        }
        "/cut-without-length" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n").ok()?;
            stream.write_all(&archive[..half]).ok()?;
        }
        "/slow" => {
            stream.write_all(head.as_bytes()).ok()?;
            for part in archive.chunks(archive.len() / 10) {
                thread::sleep(Duration::from_millis(200));
                stream.write_all(part).ok()?;
            }
        }
        "/silent" => {
            stream.write_all(head.as_bytes()).ok()?;
            stream.write_all(&archive[..half]).ok()?;
            thread::sleep(Duration::from_secs(600));
        }
        _ => {
            stream.write_all(head.as_bytes()).ok()?;
            stream.write_all(archive).ok()?;
        }
    }
    Some(())
}

fn get(url: &str, sha256: &str, tools: &Path) -> Result<PathBuf> {
    let archive = Archive {
        name: "PowerShell for tests",
        size: "1 kB",
        url,
        sha256,
        folder: "powershell",
        unpack: &unpack_powershell,
        is_offline: false,
        patience: Duration::from_secs(2),
    };
    archive.get(tools)
}

/// The names in the tools folder, apart from the lock.
fn left(tools: &Path) -> Vec<String> {
    let names = fs::read_dir(tools).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name != ".lock").collect()
}

fn runs(powershell: &Path) -> bool {
    Command::new(powershell.join("pwsh")).output().unwrap().stdout == b"7.6.5\n"
}

#[test]
fn what_is_right_is_unpacked_and_kept() {
    let folder = folder("right");
    let archive = pack(&folder);
    let sum = sha256(&archive);
    let server = Server::start(archive);
    for (n, path) in ["right", "moved", "slow"].into_iter().enumerate() {
        let tools = folder.join(path);
        let before = server.requests.load(Ordering::SeqCst);
        let found = get(&format!("{}/{path}", server.address), &sum, &tools).unwrap();
        assert!(runs(&found), "{path}");
        assert_eq!(left(&tools), ["powershell"], "{path}");
        let asked = server.requests.load(Ordering::SeqCst);
        assert_eq!(asked - before, if n == 1 { 2 } else { 1 }, "{path}");
        // It is kept, and nobody is asked again.
        assert_eq!(get("http://127.0.0.1:1/", &sum, &tools).unwrap(), found);
        assert_eq!(server.requests.load(Ordering::SeqCst), asked);
    }
}

#[test]
fn what_is_wrong_is_one_sentence_and_leaves_nothing() {
    let folder = folder("wrong");
    let archive = pack(&folder);
    let (sum, other) = (sha256(&archive), "0".repeat(64));
    let not_an_archive = Server::start(b"not an archive".to_vec());
    let server = Server::start(archive);
    let host = server.address.trim_start_matches("http://");
    for (url, sum, why) in [
        (
            format!("{}/right", server.address),
            &other,
            format!("{host} sent something else: its SHA-256 is {sum}"),
        ),
        (format!("{}/cut", server.address), &sum, format!("the download from {host} broke off: ")),
        (format!("{}/cut-without-length", server.address), &sum, "sent something else".to_owned()),
        (format!("{}/404", server.address), &sum, format!("{host} answered 404 Not Found")),
        (format!("{}/silent", server.address), &sum, format!("{host} sent nothing for 2s")),
        ("http://127.0.0.1:1/".to_owned(), &sum, "there is no connection to 127.0.0.1:1: ".to_owned()),
        ("https://nosuch.invalid/".to_owned(), &sum, "there is no connection to nosuch.invalid: ".to_owned()),
        (not_an_archive.address.clone(), &sha256(b"not an archive"), "tar failed: ".to_owned()),
    ] {
        let tools = folder.join("tools");
        let error = format!("{:#}", get(&url, sum, &tools).unwrap_err());
        assert!(error.starts_with("PowerShell for tests could not be fetched: "), "{url}: {error}");
        assert!(error.contains(&why), "{url}: {error}");
        assert!(!error.contains('\n') && !error.ends_with('.'), "{url}: {error}");
        assert_eq!(left(&tools), Vec::<String>::new(), "{url}");
    }
}

#[test]
fn offline_nobody_is_asked() {
    let server = Server::start(Vec::new());
    let archive = Archive {
        name: "PowerShell for tests",
        size: "1 kB",
        url: &server.address,
        sha256: "",
        folder: "powershell",
        unpack: &unpack_powershell,
        is_offline: true,
        patience: Duration::from_secs(2),
    };
    let error = archive.get(&folder("offline")).unwrap_err().to_string();
    assert_eq!(error, "PowerShell for tests was not fetched, because JCSDK_OFFLINE is set");
    assert_eq!(server.requests.load(Ordering::SeqCst), 0);
}

#[test]
fn a_folder_that_cannot_be_written_is_one_sentence() {
    let folder = folder("unwritable");
    fs::write(folder.join("file"), "").unwrap();
    let error = format!("{:#}", get("http://127.0.0.1:1/", "", &folder.join("file/tools")).unwrap_err());
    assert!(error.contains("file/tools cannot be made: "), "{error}");
}

/// Only root can mount the small file system that this needs.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_one_sentence_and_leaves_nothing() {
    let folder = folder("full");
    let archive = pack(&folder);
    let sum = sha256(&archive);
    let server = Server::start(archive);
    let tools = folder.join("tools");
    fs::create_dir_all(&tools).unwrap();
    // One is too small for the archive, the other for what is in it.
    for (size, why) in [("size=64k", "No space left on device"), ("size=400k", "for lack of space")] {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", size, "none"]).arg(&tools).stderr(Stdio::null());
        if !mount.status().is_ok_and(|status| status.success()) {
            println!("SKIPPED: no small file system can be mounted here");
            return;
        }
        let error = get(&server.address, &sum, &tools).map_err(|error| format!("{error:#}"));
        let left = left(&tools);
        assert!(Command::new("umount").arg(&tools).status().unwrap().success());
        let error = error.unwrap_err();
        assert!(error.contains(why) && !error.contains('\n'), "{error}");
        assert_eq!(left, Vec::<String>::new(), "{size}");
    }
}

const CHILD: &str = "JCSDK_TEST_FETCH";

/// Does something only as a process of the next tests: fetches what the variable says.
#[test]
fn child() {
    let Ok(what) = env::var(CHILD) else { return };
    let [url, sum, tools] = what.split(' ').collect::<Vec<_>>()[..] else { panic!("{what}") };
    println!("found {}", runs(&get(url, sum, Path::new(tools)).unwrap()));
}

fn start_child(url: &str, sum: &str, tools: &Path) -> Child {
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["fetch::tests::child", "--exact", "--nocapture"]);
    child.env(CHILD, format!("{url} {sum} {}", tools.display()));
    child.stdout(Stdio::piped()).spawn().unwrap()
}

fn found(child: Child) -> bool {
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap().contains("found true")
}

#[test]
fn a_run_that_is_killed_leaves_nothing_that_a_later_one_uses() {
    let folder = folder("killed");
    let archive = pack(&folder);
    let sum = sha256(&archive);
    let server = Server::start(archive);
    let tools = folder.join("tools");
    let mut child = start_child(&format!("{}/silent", server.address), &sum, &tools);
    let partial = tools.join(".partial/archive");
    while fs::metadata(&partial).map_or(0, |file| file.len()) == 0 {
        thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(left(&tools), [".partial"]);
    assert!(found(start_child(&format!("{}/right", server.address), &sum, &tools)));
    assert_eq!(left(&tools), ["powershell"]);
}

#[test]
fn of_two_runs_at_once_one_fetches_and_both_find_it() {
    let folder = folder("two");
    let archive = pack(&folder);
    let sum = sha256(&archive);
    let server = Server::start(archive);
    let tools = folder.join("tools");
    let url = format!("{}/slow", server.address);
    let children = [(); 3].map(|()| start_child(&url, &sum, &tools));
    assert_eq!(children.map(found), [true; 3]);
    assert_eq!(server.requests.load(Ordering::SeqCst), 1);
    assert_eq!(left(&tools), ["powershell"]);
}
