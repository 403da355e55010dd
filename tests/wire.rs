//! Answers that no correct server would send, byte for byte, and the results that they lead to.

mod common;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use common::wire::{Then, Wire};
use common::{client, options, reset, said};
use jcsdk::Options;

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nOK";

fn answered(bytes: &str, then: Then) -> (jcsdk::ResetResult, usize) {
    let bytes = bytes.as_bytes().to_vec();
    let wire = Wire::start(move |_| (bytes.clone(), then));
    let options = Options { request_timeout: Some(Duration::from_secs(3)), ..options(&wire.url) };
    let result = reset(&client(&options), "ok-1");
    (result, wire.requests())
}

#[test]
fn odd_answers_are_told_as_they_are() {
    use Then::{Close, Stay};
    let endless_interim = "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(1000);
    let many_headers = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(10_000));
    let long_header = format!("HTTP/1.1 200 OK\r\na: {}\r\n\r\n", "b".repeat(2_000_000));
    let not_understood = ("unknown", "Answer.NotUnderstood");
    let lost = ("unknown", "Answer.Lost");
    let timed_out = ("unknown", "Answer.TimedOut");
    for (bytes, then, expected) in [
        (OK, Stay, ("reset", "")),
        ("HTTP/1.0 200 OK\r\n\r\nOK", Close, ("reset", "")),
        ("HTTP/1.1 200 OK\r\n\r\n", Stay, ("reset", "")), // a body without an end
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", Stay, ("reset", "")),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n<html",
            Close,
            ("unknown", "Answer.NotUnderstood"),
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n\x1f\x0b",
            Stay,
            ("unknown", "Answer.NotUnderstood"), // nobody asked for an encoding
        ),
        ("HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n", Stay, ("reset", "")),
        // interim responses are not the answer
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", Stay, ("reset", "")),
        (
            "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
            Stay,
            ("refused", "User.NotFound"),
        ),
        ("HTTP/1.1 100 Continue\r\n\r\n", Stay, timed_out),
        ("HTTP/1.1 100 Continue\r\n\r\n", Close, lost),
        (&endless_interim, Stay, timed_out),
        (
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
            Stay,
            not_understood,
        ),
        // an incomplete head
        ("", Close, lost),
        ("HTTP/1.1 200 OK\r\n", Close, lost),
        ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n", Stay, timed_out),
        // not a head of HTTP
        ("HTTP/1.1 099 Low\r\n\r\n", Stay, not_understood),
        ("HTTP/1.1 20 Short\r\n\r\n", Stay, not_understood),
        ("HTTP/3.0 200 OK\r\n\r\n", Stay, not_understood),
        ("SSH-2.0-OpenSSH_9.2\r\n", Stay, not_understood),
        ("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", Stay, not_understood),
        ("HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n", Stay, not_understood),
        (&many_headers, Stay, not_understood),
        (&long_header, Stay, not_understood),
    ] {
        let start = &bytes[..bytes.len().min(60)];
        let (result, requests) = answered(bytes, then);
        assert_eq!(said(&result), expected, "{start:?} {result:?}");
        assert_eq!((result.attempts, requests), (1, 1), "{start:?}");
    }
}

/// Bytes after an answer belong to no request: the next request must not get them as its answer.
#[test]
fn an_answer_that_nobody_asked_for_is_nobodys() {
    let two = format!("{OK}HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
    for first in [two, format!("{OK} and more"), "HTTP/1.1 204 No Content\r\n\r\nOK".to_owned()] {
        let wire = Wire::start(move |n| {
            let answer = if n % 2 == 0 { first.clone() } else { OK.to_owned() };
            (answer.into_bytes(), Then::Stay)
        });
        let client = client(&options(&wire.url));
        for n in 0..20 {
            assert_eq!(said(&reset(&client, "ok-1")), ("reset", ""), "call {n}");
        }
        assert_eq!(wire.requests(), 20);
    }
}

/// A retry that could not be sent does not hide the server's refusal.
#[test]
fn the_servers_last_word_counts() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        drop(listener);
        let mut request = Vec::new();
        // Reads to the end of the body. Closing a connection with unread bytes would reset it.
        while !request.ends_with(b"{}") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            request.extend(byte);
        }
        let answer = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 0\r\nconnection: close\r\ncontent-length: 4\r\n\r\nbusy";
        stream.write_all(answer.as_bytes()).unwrap();
    });
    let result = reset(&client(&options(&url)), "ok-1");
    server.join().unwrap();
    assert_eq!((said(&result), result.http_status), (("refused", "RateLimit.Exceeded"), Some(429)));
    assert_eq!((result.attempts, result.server_message.as_deref()), (4, Some("busy")));
}

/// A server that is slow to send the body has already said in the head whether the user was reset.
#[test]
fn a_body_that_does_not_come_is_not_waited_for_long() {
    for (status, expected) in [("200 OK", ("reset", "")), ("404 Not Found", ("refused", "User.NotFound"))] {
        let (result, _) = answered(&format!("HTTP/1.1 {status}\r\ncontent-length: 9\r\n\r\n"), Then::Stay);
        assert_eq!(said(&result), expected);
        assert!(result.elapsed < Duration::from_secs(30));
    }
}
