//! What it means that no answer came. Whether a byte of the request may have left decides: what was surely not
//! sent is refused, anything else is unknown.

use std::error::Error;
use std::io;

use rustls::CertificateError;

use crate::outcome::{Code, Outcome, Verdict};

/// Judges why `error` came instead of an answer from `host`, to which the way may lead through a proxy. `sent` is
/// false only where surely nothing left.
pub fn judge(error: &reqwest::Error, sent: bool, host: &str, proxy: Option<&str>) -> Verdict {
    if sent {
        let (code, what) = match find::<hyper::Error>(error) {
            Some(error) if error.is_parse() => (Code::AnswerNotUnderstood, "the answer is not HTTP"),
            _ => (Code::AnswerLost, "the connection was lost before the answer"),
        };
        return Verdict::new(Outcome::Unknown, code, what);
    }
    let refused = |code, what: String| Verdict::new(Outcome::Refused, code, what);
    // The error does not say which of the two it was.
    let either = proxy.map_or_else(|| host.to_owned(), |proxy| format!("{host} or its proxy {proxy}"));
    if error.is_dns() {
        return refused(Code::NameNotFound, format!("the name {either} was not found"));
    }
    if let Some(error) = find::<rustls::Error>(error) {
        return match error {
            rustls::Error::InvalidCertificate(reason) => {
                let why = distrust(reason);
                refused(Code::TlsNotTrusted, format!("the certificate of {host} is not trusted: {why}"))
            }
            _ => refused(Code::ConnectionNotMade, format!("no TLS connection to {host} was made ({error})")),
        };
    }
    if find::<io::Error>(error).is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused) {
        let what = format!("the connection to {either} was refused");
        return Verdict { may_retry: true, ..refused(Code::ConnectionRefused, what) };
    }
    // The tunnel's error type is not public; a test with a real proxy holds this to its words. Only a proxy that has
    // said no says it to everyone: its connection may also have broken.
    let says_no = ["tunnel error: proxy authorization required", "tunnel error: unsuccessful"];
    if let Some(no) = chain(error).map(ToString::to_string).find(|text| says_no.contains(&text.as_str())) {
        return refused(Code::ProxyRefused, format!("the proxy did not connect to {host} ({no})"));
    }
    refused(Code::ConnectionNotMade, format!("no connection to {either} was made"))
}

fn distrust(reason: &CertificateError) -> &'static str {
    use CertificateError::*;
    match reason {
        Expired | ExpiredContext { .. } => "it has expired",
        NotValidYet | NotValidYetContext { .. } => "it is not valid yet",
        NotValidForName | NotValidForNameContext { .. } => "it is for another name",
        UnknownIssuer => "nobody whom this system trusts has issued it",
        Other(why) if is_partial_chain(&why.to_string()) => "nobody whom this system trusts has issued it",
        Revoked => "it was revoked",
        _ => "it does not stand up to a check",
    }
}

/// CERT_E_CHAINING (0x800B010A), as Windows calls it where the server does not send the root, and nobody here knows it.
/// The verifier hands on the system's words, in its language, with this number at their end.
fn is_partial_chain(why: &str) -> bool {
    why.ends_with("(os error -2146762486)")
}

fn find<T: Error + 'static>(error: &reqwest::Error) -> Option<&T> {
    chain(error).find_map(|error| error.downcast_ref())
}

/// An error and its sources, also those that an I/O error wraps, which its `source` skips.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_without_its_root_is_known_in_any_language_of_windows() {
        for (why, is_it) in [
            ("Eine Zertifikatkette konnte nicht erstellt werden. (os error -2146762486)", true),
            (
                "A certificate chain could not be built to a trusted root authority. (os error -2146762486)",
                true,
            ),
            ("The certificate is not valid for the requested usage. (os error -2146762480)", false),
            ("Malformed OCSP response stapled to server certificate", false),
        ] {
            assert_eq!(is_partial_chain(why), is_it, "{why}");
        }
    }
}
