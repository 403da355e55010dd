//! A server that sends exactly the bytes that a test gives it, for answers that no HTTP library would send.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

pub struct Wire {
    pub url: String,
    requests: Arc<AtomicUsize>,
}

impl Wire {
    /// Answers each request with what `say` returns for its number, which starts at 0, and then closes the connection
    /// if `say` wants that. The server runs until the test's process ends.
    pub fn start(say: impl Fn(usize) -> (Vec<u8>, Then) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        let wire = Self { url, requests: requests.clone() };
        let say = Arc::new(say);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (say, requests) = (say.clone(), requests.clone());
                thread::spawn(move || serve(stream, &*say, &requests));
            }
        });
        wire
    }

    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

#[derive(Clone, Copy, PartialEq)]
pub enum Then {
    Stay,
    Close,
}

fn serve(mut stream: TcpStream, say: &dyn Fn(usize) -> (Vec<u8>, Then), requests: &AtomicUsize) {
    while read_request(&mut stream) {
        let (bytes, then) = say(requests.fetch_add(1, Ordering::SeqCst));
        if stream.write_all(&bytes).is_err() || then == Then::Close {
            let _ = stream.shutdown(Shutdown::Write);
            return;
        }
    }
}

/// A head and a body of the announced length.
fn read_request(stream: &mut TcpStream) -> bool {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => bytes.push(byte[0]),
            _ => return false,
        }
    }
    let head = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).is_ok()
}
