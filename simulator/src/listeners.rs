//! Binds the simulator's listeners and accepts connections, each listener with its own behaviour.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::addresses::{Addresses, Listener};
use crate::certificates::Certificates;
use crate::server::{Connection, Server};
use crate::{admin, connection, proxy};

/// All listeners, bound, before any of them accepts a connection.
pub(crate) struct Sockets {
    pub addresses: Addresses,
    counted: Vec<(Listener, TcpListener)>,
    admin: TcpListener,
}

/// Also returns a socket that is bound but never listens: connections to it are refused, and while it exists no other
/// program gets its port.
pub(crate) fn bind(ca: PathBuf) -> io::Result<(Sockets, TcpSocket)> {
    let mut counted = Vec::new();
    let mut bind = |listener| -> io::Result<u16> {
        let (socket, port) = listen()?;
        counted.push((listener, socket));
        Ok(port)
    };
    let http = |port| format!("http://127.0.0.1:{port}");
    let https = |port| format!("https://localhost:{port}");
    let closed = TcpSocket::new_v4()?;
    closed.bind(LOOPBACK)?;
    let (admin, admin_port) = listen()?;
    let addresses = Addresses {
        http: http(bind(Listener::Http)?),
        https: https(bind(Listener::Https)?),
        wrong_host: https(bind(Listener::WrongHost)?),
        expired: https(bind(Listener::Expired)?),
        self_signed: https(bind(Listener::SelfSigned)?),
        proxy: http(bind(Listener::Proxy)?),
        proxy_auth: http(bind(Listener::ProxyAuth)?),
        proxy_refuses: http(bind(Listener::ProxyRefuses)?),
        drops: http(bind(Listener::Drops)?),
        mute: https(bind(Listener::Mute)?),
        closed: http(closed.local_addr()?.port()),
        admin: http(admin_port),
        ca,
    };
    Ok((Sockets { addresses, counted, admin }, closed))
}

const LOOPBACK: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

fn listen() -> io::Result<(TcpListener, u16)> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(LOOPBACK)?;
    let listener = socket.listen(1024)?;
    let port = listener.local_addr()?.port();
    Ok((listener, port))
}

impl Sockets {
    pub fn serve(self, server: &Arc<Server>, certificates: &Certificates) {
        for (listener, socket) in self.counted {
            let tls = match listener {
                Listener::Https => Some(&certificates.good),
                Listener::WrongHost => Some(&certificates.wrong_host),
                Listener::Expired => Some(&certificates.expired),
                Listener::SelfSigned => Some(&certificates.self_signed),
                _ => None,
            };
            let tls = tls.map(|config| TlsAcceptor::from(config.clone()));
            let server = server.clone();
            tokio::spawn(accept(socket, move |stream| {
                handle(stream, Connection::new(server.clone(), listener), tls.clone())
            }));
        }
        let server = server.clone();
        tokio::spawn(accept(self.admin, move |stream| admin::serve(stream, server.clone())));
    }
}

async fn accept<F>(listener: TcpListener, handle: impl Fn(TcpStream) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let _ = stream.set_nodelay(true);
                tokio::spawn(handle(stream));
            }
            // Out of file descriptors, most likely: wait for some to be closed.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn handle(mut stream: TcpStream, connection: Connection, tls: Option<TlsAcceptor>) {
    match (connection.listener, tls) {
        (Listener::Drops, _) => {}
        (Listener::Mute, _) => drop(tokio::io::copy(&mut stream, &mut tokio::io::sink()).await),
        (Listener::Proxy | Listener::ProxyAuth | Listener::ProxyRefuses, _) => {
            proxy::serve(stream, connection).await;
        }
        (_, None) => connection::serve(stream, connection).await,
        (_, Some(tls)) => {
            // A client that does not trust the certificate ends here, before any request.
            if let Ok(stream) = tls.accept(stream).await {
                connection::serve(stream, connection).await;
            }
        }
    }
}
