//! The names and addresses of the simulator's listeners.

use std::path::PathBuf;

use serde::Serialize;

/// The listeners whose connections and requests are counted and logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Listener {
    Http,
    Https,
    WrongHost,
    Expired,
    SelfSigned,
    Proxy,
    ProxyAuth,
    ProxyRefuses,
    Drops,
    Mute,
}

impl Listener {
    pub(crate) const ALL: [Listener; 10] = [
        Listener::Http,
        Listener::Https,
        Listener::WrongHost,
        Listener::Expired,
        Listener::SelfSigned,
        Listener::Proxy,
        Listener::ProxyAuth,
        Listener::ProxyRefuses,
        Listener::Drops,
        Listener::Mute,
    ];
}

/// Base URLs, without a final slash. The API is the same behind the first five.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Addresses {
    pub http: String,
    pub https: String,
    pub wrong_host: String,
    pub expired: String,
    pub self_signed: String,
    /// Tunnels (CONNECT) to any port on loopback.
    pub proxy: String,
    /// The same, but only for the user `proxy-user` with the password `proxy-pass-s3cret`. Others get 407.
    pub proxy_auth: String,
    /// 403 to every CONNECT.
    pub proxy_refuses: String,
    /// Closes every connection at once.
    pub drops: String,
    /// Reads what comes and never sends a byte.
    pub mute: String,
    /// Refuses every connection.
    pub closed: String,
    /// `GET` and `DELETE /log`, `GET /stats`, `GET /users`, `PUT /users/{id}`, `PUT /faults/{id}`, `DELETE /faults`.
    /// They do what the methods of [`Simulator`](crate::Simulator) do. Plain HTTP, and not logged.
    pub admin: String,
    /// A PEM file with the authority that signed the certificates of `https`, `wrong_host` and `expired`.
    pub ca: PathBuf,
}
