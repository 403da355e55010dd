//! One attempt: sends a request and reads its answer. Whether bytes of it may have left decides between *unknown* and
//! *cancelled* or *refused*. An error does not say that reliably, so the request's body records it when the HTTP
//! library takes its bytes.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper_util::client::legacy::connect::HttpInfo;
use tokio::time::{Instant, timeout_at};

use crate::answer::Answer;

/// The longest wait for the body once status and headers have arrived. They decide the outcome; the body explains it.
const BODY_TIME: Duration = Duration::from_secs(5);

/// What one attempt ended with.
pub enum Reply {
    Answer(Arc<Answer>),
    Failed(reqwest::Error),
    TimedOut,
}

/// Sends the request and reads its answer.
pub async fn send(
    http: &reqwest::Client,
    mut request: reqwest::Request,
    body: String,
    in_flight: &Arc<InFlight>,
    connections: &Connections,
    deadline: Instant,
) -> Reply {
    // Gives the runtime a chance to notice idle connections that the server has closed, before one of them is used.
    tokio::task::yield_now().await;
    *request.body_mut() = Some(reqwest::Body::wrap(TracedBody::new(body, in_flight.clone())));
    let reply = match timeout_at(deadline, http.execute(request)).await {
        Ok(Ok(response)) => {
            let deadline = deadline.min(Instant::now() + BODY_TIME);
            #[cfg(feature = "panic-for-tests")]
            assert!(!response.url().path().contains("panic-late"), "a defect for tests");
            let is_used = connections.was_used(response.extensions().get());
            return Reply::Answer(read(response, is_used, in_flight, deadline).await);
        }
        Ok(Err(error)) => Reply::Failed(error),
        Err(_) => Reply::TimedOut,
    };
    // Gives the runtime a chance to close the connection. It may not run again for a while after this call.
    tokio::task::yield_now().await;
    reply
}

/// Reads the answer's body, as far as it is wanted. What is there after each piece is known to `in_flight`, for a stop
/// that comes meanwhile.
async fn read(
    mut response: reqwest::Response,
    is_used: bool,
    in_flight: &InFlight,
    deadline: Instant,
) -> Arc<Answer> {
    in_flight.answered(Answer::begun(&response, is_used));
    let body = async {
        while let Some(piece) = response.chunk().await? {
            if !in_flight.add(|answer| answer.add(&piece)) {
                return Ok(());
            }
        }
        in_flight.add(|answer| answer.cut = false);
        reqwest::Result::Ok(())
    };
    // However this ends, in_flight knows what has arrived.
    let _ = timeout_at(deadline, body).await;
    in_flight.answer()
}

/// The local addresses of the connections that have carried a request. The system may reuse an address for a later
/// connection, which then counts as used as well.
#[derive(Debug, Default)]
pub struct Connections(Mutex<HashSet<SocketAddr>>);

impl Connections {
    /// Records that a request has used this connection, and returns whether another one had before.
    fn was_used(&self, connection: Option<&HttpInfo>) -> bool {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        connection.is_none_or(|connection| !used.insert(connection.local_addr()))
    }
}

/// What is known of one user's request while it is in flight. Two threads may try to send and to stop it at once; the
/// lock decides which of them is first.
#[derive(Debug, Default)]
pub struct InFlight(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Bytes of the request may have left. This stays true if the request is stopped afterwards.
    has_left: bool,
    /// No byte leaves any more.
    is_stopped: bool,
    /// The part of the answer that has arrived. Whoever asks for it shares it, so that it is not copied.
    answer: Option<Arc<Answer>>,
    attempts: u32,
    began: Option<Instant>,
}

/// How far a request had got when it was stopped.
#[derive(Debug, PartialEq, Eq)]
pub enum Stopped {
    /// No byte has left, and none will.
    NotSent,
    /// The server may act on it.
    Sent,
    /// The server has answered, perhaps not yet in full.
    Answered(Arc<Answer>),
}

impl InFlight {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that an attempt begins, and when the user's turn began.
    pub fn begin(&self, attempt: u32, turn: Instant) {
        let mut state = self.lock();
        state.attempts = attempt;
        state.began = Some(turn);
    }

    /// The number of attempts, and the time since the user's turn began.
    pub fn attempts(&self) -> (u32, Duration) {
        let state = self.lock();
        (state.attempts, state.began.map(|began| began.elapsed()).unwrap_or_default())
    }

    /// Called before the first byte leaves. Returns whether it may; it may not after a stop.
    fn leave(&self) -> bool {
        let mut state = self.lock();
        state.has_left |= !state.is_stopped;
        !state.is_stopped
    }

    pub fn may_have_left(&self) -> bool {
        self.lock().has_left
    }

    #[cfg(test)]
    pub fn that_has_reached(stopped: &Stopped) -> Self {
        let in_flight = Self::default();
        if *stopped != Stopped::NotSent {
            in_flight.leave();
        }
        if let Stopped::Answered(answer) = stopped {
            in_flight.answered(Answer::clone(answer));
        }
        in_flight
    }

    fn answered(&self, answer: Answer) {
        self.lock().answer = Some(Arc::new(answer));
    }

    fn add<T>(&self, more: impl FnOnce(&mut Answer) -> T) -> T {
        more(Arc::make_mut(self.lock().answer.get_or_insert_default()))
    }

    fn answer(&self) -> Arc<Answer> {
        self.lock().answer.get_or_insert_default().clone()
    }

    /// Records that the attempt surely did nothing, so that the request may be sent again. A stopped one stays stopped.
    pub fn did_nothing(&self) {
        let mut state = self.lock();
        if !state.is_stopped {
            state.has_left = false;
            state.answer = None;
        }
    }

    /// Stops the request: no byte leaves from now on. Calling it again gives the same result.
    pub fn stop(&self) -> Stopped {
        let mut state = self.lock();
        state.is_stopped = true;
        match &state.answer {
            Some(answer) => Stopped::Answered(answer.clone()),
            None if state.has_left => Stopped::Sent,
            None => Stopped::NotSent,
        }
    }
}

/// A request's body that records when the HTTP library asks for it. The library does so once it has a connection and
/// before it writes the head. If it gets an error, it writes nothing.
struct TracedBody {
    text: Option<Bytes>,
    in_flight: Arc<InFlight>,
}

impl TracedBody {
    /// The text must not be empty, because the library never asks for an empty body.
    fn new(text: String, in_flight: Arc<InFlight>) -> Self {
        Self { text: Some(text.into()), in_flight }
    }
}

impl Body for TracedBody {
    type Data = Bytes;
    type Error = StoppedError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StoppedError>>> {
        if !self.in_flight.leave() {
            return Poll::Ready(Some(Err(StoppedError)));
        }
        Poll::Ready(self.text.take().map(|text| Ok(Frame::data(text))))
    }

    fn is_end_stream(&self) -> bool {
        self.text.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.text.as_ref().map_or(0, Bytes::len) as u64)
    }
}

#[derive(Debug)]
struct StoppedError;

impl std::fmt::Display for StoppedError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("stopped before it was sent")
    }
}

impl std::error::Error for StoppedError {}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::io::Read;
    use std::net::TcpListener;

    use super::*;
    use crate::address::HEAD_TEXT_MAX;
    use crate::config::{Config, Options};
    use crate::http;
    use crate::redact::Secret;

    #[test]
    fn stopping_and_leaving_exclude_each_other() {
        let stopped_first = InFlight::default();
        assert_eq!(stopped_first.stop(), Stopped::NotSent);
        assert!(!stopped_first.leave());

        let left_first = InFlight::default();
        assert!(left_first.leave());
        assert!(left_first.may_have_left());
        assert_eq!(left_first.stop(), Stopped::Sent);
        assert!(!left_first.leave());
    }

    /// A time limit and a cancel may both stop it, and both must hear that it has left.
    #[test]
    fn that_a_request_has_left_is_never_forgotten() {
        let in_flight = InFlight::default();
        in_flight.leave();
        assert_eq!(in_flight.stop(), Stopped::Sent);
        in_flight.did_nothing();
        assert_eq!(in_flight.stop(), Stopped::Sent);
        assert!(in_flight.may_have_left());
    }

    #[test]
    fn an_answer_that_has_arrived_counts() {
        let in_flight = InFlight::default();
        in_flight.leave();
        in_flight.answered(Answer { status: 200, cut: true, ..Answer::default() });
        assert!(in_flight.add(|answer| answer.add(b"O")));
        let part = Answer { status: 200, cut: true, body: b"O".into(), ..Answer::default() };
        assert_eq!(in_flight.stop(), Stopped::Answered(part.clone().into()));
        assert_eq!(in_flight.stop(), Stopped::Answered(part.clone().into()));
        // What was told does not change.
        let told = in_flight.answer();
        in_flight.add(|answer| answer.add(b"K"));
        assert_eq!((&*told, &*in_flight.answer().body), (&part, b"OK".as_slice()));
    }

    #[test]
    fn what_did_nothing_may_leave_again() {
        let in_flight = InFlight::default();
        in_flight.leave();
        in_flight.answered(Answer::default());
        in_flight.did_nothing();
        assert!(!in_flight.may_have_left());
        assert!(in_flight.leave());
    }

    /// A real server, and a head as long as a configuration allows: not a byte of a stopped request arrives. The read
    /// ends when the client closes the connection, or after its time-out.
    #[test]
    fn nothing_of_a_stopped_request_leaves() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let url = format!("{base}/{}", "a".repeat(2 * HEAD_TEXT_MAX)).parse().unwrap();
        let mut request = reqwest::Request::new(reqwest::Method::POST, url);
        for name in ["x-api-key", "x-org-id", "user-agent"] {
            request.headers_mut().insert(name, "a".repeat(HEAD_TEXT_MAX).parse().unwrap());
        }
        let server = std::thread::spawn(move || {
            let mut stream = listener.accept().unwrap().0;
            stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            let mut arrived = [0; 1024];
            stream.read(&mut arrived).unwrap_or_default()
        });
        let in_flight = Arc::new(InFlight::default());
        in_flight.stop();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let reply = runtime.block_on(async {
            let (key, env) = (Some(Secret::new("k")), Some(HashMap::new()));
            let options = Options { api_key: key, url: Some(base), env, ..Options::default() };
            let config = Config::new(&options).unwrap();
            let http = http::client(&config, &http::tls(&config).unwrap()).unwrap();
            let deadline = Instant::now() + Duration::from_secs(60);
            send(&http, request, "{}".into(), &in_flight, &Connections::default(), deadline).await
        });
        assert!(matches!(reply, Reply::Failed(_)));
        drop(runtime);
        assert_eq!(server.join().unwrap(), 0, "bytes have arrived");
    }

    /// The HTTP library gets no byte of a request that was stopped.
    #[test]
    fn a_stopped_request_gives_no_body_out() {
        let in_flight = Arc::new(InFlight::default());
        let mut body = TracedBody::new("{}".into(), in_flight.clone());
        in_flight.stop();
        let mut context = Context::from_waker(std::task::Waker::noop());
        let frame = Pin::new(&mut body).poll_frame(&mut context);
        assert!(matches!(frame, Poll::Ready(Some(Err(StoppedError)))));
    }
}
