//! The ways in which an answer arrives incomplete or not at all. They are written straight to the socket.

use std::fmt;
use std::io;
use std::time::Duration;

use hyper::Version;
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use crate::answer::Answer;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Delivery {
    Whole,
    Never,
    Slow,
    Reset(ResetAt),
    CutBody,
    Garbage,
    CloseAfter,
    Drop,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ResetAt {
    Before,
    MidHeaders,
    AfterHeaders,
}

impl Delivery {
    /// Whether the client gets the status line and all headers.
    pub fn gives_head(self) -> bool {
        use Delivery::*;
        matches!(self, Whole | Slow | CutBody | CloseAfter | Reset(ResetAt::AfterHeaders))
    }
}

/// A TCP or TLS stream that can be reset below TLS.
pub(crate) trait Socket: AsyncRead + AsyncWrite + Send + Unpin + 'static {
    fn tcp(&self) -> &TcpStream;
}

impl Socket for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Socket for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

#[derive(Debug)]
pub(crate) struct RawReply {
    pub delivery: Delivery,
    pub answer: Answer,
}

impl RawReply {
    pub async fn send(&self, mut socket: impl Socket) -> io::Result<()> {
        let body = &self.answer.body;
        let missing = if self.delivery == Delivery::CutBody { 100 } else { 0 };
        let head = self.head(body.len() + missing);
        let whole = [&head[..], body].concat();
        match self.delivery {
            Delivery::Whole | Delivery::CloseAfter | Delivery::CutBody => socket.write_all(&whole).await?,
            Delivery::Garbage => {
                socket.write_all(b"\x00\xff\xfe garbage, not HTTP \x80\x81\r\n\r\n\r\n").await?
            }
            Delivery::Never | Delivery::Drop => {}
            Delivery::Slow => {
                for byte in whole {
                    socket.write_all(&[byte]).await?;
                    socket.flush().await?;
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
            Delivery::Reset(at) => {
                let sent = match at {
                    ResetAt::Before => 0,
                    ResetAt::MidHeaders => head.len() / 2,
                    ResetAt::AfterHeaders => head.len(),
                };
                socket.write_all(&head[..sent]).await?;
                socket.flush().await?;
                return socket.tcp().set_zero_linger();
            }
        }
        socket.shutdown().await
    }

    fn head(&self, content_length: usize) -> Vec<u8> {
        let Answer { version, status, headers, .. } = &self.answer;
        let version = if *version == Version::HTTP_10 { "HTTP/1.0" } else { "HTTP/1.1" };
        let mut head = format!("{version} {status}\r\ncontent-length: {content_length}\r\n").into_bytes();
        for (name, value) in headers {
            head.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
        head.extend(b"\r\n");
        head
    }
}

impl fmt::Display for RawReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.delivery)
    }
}

impl std::error::Error for RawReply {}
