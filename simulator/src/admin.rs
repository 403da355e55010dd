//! The admin interface for tests: the log, the counts, the users and the faults. Its own requests are not logged.

use std::convert::Infallible;
use std::sync::Arc;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::answer::{Answer, Shape};
use crate::request::Request;
use crate::server::{Records, Server};
use crate::users::Names;

pub(crate) async fn serve(stream: TcpStream, server: Arc<Server>) {
    let service = service_fn(async |request: hyper::Request<Incoming>| {
        let (parts, body) = request.into_parts();
        let answer = match body.collect().await {
            Ok(body) => answer(&mut server.records(), &Request::new(parts, &body.to_bytes())),
            Err(error) => bad_request(&error),
        };
        Ok::<_, Infallible>(answer.into())
    });
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

fn answer(records: &mut Records, request: &Request) -> Answer {
    let Records { users, faults, log } = records;
    match (&request.method, &request.path.segments()[..]) {
        (&Method::GET, ["log"]) => return Answer::json(StatusCode::OK, &log.entries()),
        (&Method::GET, ["stats"]) => return Answer::json(StatusCode::OK, &log.stats()),
        (&Method::GET, ["users"]) => {
            return Answer::json(StatusCode::OK, &users.iter().collect::<Vec<_>>());
        }
        (&Method::DELETE, ["log"]) => log.clear(),
        (&Method::PUT, ["users", id]) => {
            let names = if request.body.is_empty() {
                Ok(Names::default())
            } else {
                serde_json::from_str(&request.body)
            };
            match names {
                Ok(names) => users.add(id, names),
                Err(error) => return bad_request(&error),
            }
        }
        (&Method::DELETE, ["faults"]) => faults.clear(),
        (&Method::PUT, ["faults", id]) => {
            let script = serde_json::from_str(&request.body);
            if let Err(error) = script.and_then(|script| faults.set(id, script)) {
                return bad_request(&error);
            }
        }
        _ => return Answer::no_such_route(&request.method, &request.target),
    }
    Answer::ok()
}

fn bad_request(error: &dyn std::error::Error) -> Answer {
    Shape::Text.answer(StatusCode::BAD_REQUEST, &error.to_string())
}
