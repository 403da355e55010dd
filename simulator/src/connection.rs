//! One connection to the API: hands its requests to the server and sends back the server's replies.

use std::error::Error;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt;

use crate::delivery::{Delivery, RawReply, Socket};
use crate::request::Request;
use crate::server::Connection;

type BoxError = Box<dyn Error + Send + Sync>;

pub(crate) async fn serve(socket: impl Socket, connection: Connection) {
    let connection = Arc::new(connection);
    let service = service_fn(|request| answer(connection.clone(), request));
    let mut http = http1::Builder::new().serve_connection(TokioIo::new(socket), service);
    let ended = (&mut http).await;
    let mut socket = http.into_parts().io.into_inner();
    match ended.as_ref().err().and_then(|error| error.source()?.downcast_ref::<RawReply>()) {
        Some(raw) => drop(raw.send(socket).await),
        None => drop(socket.shutdown().await),
    }
}

/// A reply that hyper cannot send is returned as an error. hyper then gives back the socket with nothing written.
async fn answer(
    connection: Arc<Connection>,
    request: hyper::Request<Incoming>,
) -> Result<Response<Full<Bytes>>, BoxError> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let reply = connection.server.receive(connection.listener, connection.number, Request::new(parts, &body));
    if !reply.delay.is_zero() {
        tokio::time::sleep(reply.delay).await;
    }
    match reply.delivery {
        Delivery::Whole => Ok(reply.answer.into()),
        Delivery::Never => std::future::pending().await,
        delivery => Err(RawReply { delivery, answer: reply.answer }.into()),
    }
}
