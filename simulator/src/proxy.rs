//! CONNECT proxies: one that tunnels, one that wants a password, one that always refuses.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{HeaderValue, PROXY_AUTHENTICATE};
use hyper::http::uri::Authority;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::addresses::Listener;
use crate::answer::{Answer, Shape};
use crate::request::Request;
use crate::server::Connection;

const CREDENTIALS: &str = "proxy-user:proxy-pass-s3cret";

pub(crate) async fn serve(stream: TcpStream, connection: Connection) {
    let connection = Arc::new(connection);
    let service = service_fn(|request| answer(connection.clone(), request));
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades().await;
}

async fn answer(
    connection: Arc<Connection>,
    mut request: hyper::Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let tunnel = hyper::upgrade::on(&mut request);
    let (parts, _) = request.into_parts();
    let target = parts.uri.authority().cloned();
    let request = Request::new(parts, b"");
    let connected = match refusal(connection.listener, &request) {
        Some(answer) => Err(answer),
        None => connect(target).await.map_err(|error| {
            Shape::Text.answer(StatusCode::BAD_GATEWAY, &format!("no connection to the target: {error}"))
        }),
    };
    let answer = match connected {
        Err(answer) => answer,
        Ok(mut target) => {
            let connection = connection.clone();
            tokio::spawn(async move {
                // The client's connection counts as open as long as its tunnel is.
                let _connection = connection;
                if let Ok(client) = tunnel.await {
                    let _ = tokio::io::copy_bidirectional(&mut TokioIo::new(client), &mut target).await;
                }
            });
            Shape::None.answer(StatusCode::OK, "")
        }
    };
    let log = &mut connection.server.records().log;
    log.record(connection.listener, connection.number, request, Some(answer.status), None);
    Ok(answer.into())
}

fn refusal(listener: Listener, request: &Request) -> Option<Answer> {
    if request.method != Method::CONNECT {
        return Some(Shape::Text.answer(StatusCode::METHOD_NOT_ALLOWED, "this proxy only tunnels"));
    }
    match listener {
        Listener::ProxyRefuses => Some(Shape::Text.answer(StatusCode::FORBIDDEN, "this proxy refuses")),
        Listener::ProxyAuth if !authorized(request) => {
            let status = StatusCode::PROXY_AUTHENTICATION_REQUIRED;
            let mut answer = Shape::Text.answer(status, "this proxy needs a user name and a password");
            answer.headers.insert(PROXY_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"simulator\""));
            Some(answer)
        }
        _ => None,
    }
}

fn authorized(request: &Request) -> bool {
    let expected = format!("Basic {}", BASE64_STANDARD.encode(CREDENTIALS));
    request.header("proxy-authorization") == Some(expected.as_bytes())
}

/// Connects to loopback only, so that no test can reach another machine.
async fn connect(target: Option<Authority>) -> io::Result<TcpStream> {
    let not_here = || io::Error::new(io::ErrorKind::InvalidInput, "not a port on loopback");
    let target = target.ok_or_else(not_here)?;
    let address = match target.host().trim_matches(['[', ']']) {
        "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
        host => host.parse().map_err(|_| not_here())?,
    };
    let port = target.port_u16().filter(|_| address.is_loopback()).ok_or_else(not_here)?;
    let stream = TcpStream::connect((address, port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
