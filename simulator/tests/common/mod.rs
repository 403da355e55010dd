//! A client that shows every byte, and one that speaks TLS.
#![allow(dead_code)] // Each test binary uses only a part of it.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use simulator::{Options, Simulator};

pub const KEY: &str = "simulator-key";

pub fn simulator() -> Simulator {
    Simulator::start(Options::default())
}

/// Everything that came back, and how it ended. `None` is a regular end.
pub struct Reply {
    pub text: String,
    pub reads: usize,
    pub ended: Option<ErrorKind>,
}

impl Reply {
    /// 0 if no status line came.
    pub fn status(&self) -> u16 {
        let line = self.text.strip_prefix("HTTP/1.1 ").or_else(|| self.text.strip_prefix("HTTP/1.0 "));
        line.and_then(|line| line.get(..3)?.parse().ok()).unwrap_or(0)
    }

    pub fn body(&self) -> &str {
        self.text.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let (head, _) = self.text.split_once("\r\n\r\n")?;
        head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

pub fn connect(url: &str) -> TcpStream {
    let address = url.rsplit('/').next().unwrap().replace("localhost", "127.0.0.1");
    TcpStream::connect(address).unwrap()
}

/// Sends one request on a fresh connection and reads until the server closes it.
pub fn send(url: &str, method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let mut stream = connect(url);
    let mut request =
        format!("{method} {target} HTTP/1.1\r\nhost: test\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    stream.write_all(format!("{request}\r\n{body}").as_bytes()).unwrap();
    read(stream)
}

pub fn read(mut stream: TcpStream) -> Reply {
    let (mut bytes, mut reads) = (Vec::new(), 0);
    let mut part = [0; 4096];
    let ended = loop {
        match stream.read(&mut part) {
            Ok(0) => break None,
            Ok(n) => bytes.extend(&part[..n]),
            Err(error) => break Some(error.kind()),
        }
        reads += 1;
    };
    Reply { text: String::from_utf8_lossy(&bytes).into_owned(), reads, ended }
}

pub fn reset(simulator: &Simulator, id: &str, headers: &[(&str, &str)]) -> Reply {
    let target = format!("/api/systemusers/{id}/resetmfa");
    let headers = [&[("x-api-key", KEY)], headers].concat();
    send(&simulator.addresses().http, "POST", &target, &headers, "{}")
}

/// The same on a connection that the client wants closed afterwards.
pub fn reset_and_close(simulator: &Simulator, id: &str) -> Reply {
    reset(simulator, id, &[("connection", "close")])
}

/// A client that trusts only the simulator's own certificate authority.
pub fn https_client(
    simulator: &Simulator,
    configure: impl FnOnce(reqwest::blocking::ClientBuilder) -> reqwest::blocking::ClientBuilder,
) -> reqwest::blocking::Client {
    let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
    let pem = std::fs::read(&simulator.addresses().ca).unwrap();
    let ca = reqwest::Certificate::from_pem(&pem).unwrap();
    configure(reqwest::blocking::Client::builder().no_proxy().tls_certs_only([ca])).build().unwrap()
}

/// Waits for something that another thread does. The limit only ends a test that would never end.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let limit = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < limit, "never: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}
