//! Judges an attempt without an answer. If no byte of the request can have left, the outcome is refused; otherwise it
//! is unknown.

use std::error::Error;
use std::io;

use rustls::CertificateError;

use crate::code::Code;
use crate::names;
use crate::outcome::{Outcome, Verdict};

/// Judges the error of an attempt to reach `host`, perhaps through a proxy. `sent` is false only if no byte can have
/// left.
pub fn judge(error: &reqwest::Error, sent: bool, host: &str, proxy: Option<&str>) -> Verdict {
    if sent {
        let (code, what) = match find::<hyper::Error>(error) {
            Some(error) if error.is_parse() => (Code::AnswerNotUnderstood, "the answer is not HTTP"),
            _ => (Code::AnswerLost, "the connection was lost before the answer"),
        };
        return Verdict::new(Outcome::Unknown, code, what);
    }
    let refused = |code, what: String| Verdict::new(Outcome::Refused, code, what);
    // The error does not say whether it was the host or the proxy.
    let either = proxy.map_or_else(|| host.to_owned(), |proxy| format!("{host} or its proxy {proxy}"));
    if let Some(failed) = find::<names::Failed>(error) {
        let code = match failed {
            names::Failed::InPassing(_) => Code::NameLookupFailed,
            names::Failed::NoSuchName | names::Failed::NotThisMachine => Code::NameNotFound,
        };
        return refused(code, format!("the name {either} {failed}"));
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
    match find::<io::Error>(error) {
        Some(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            let what = format!("the connection to {either} was refused");
            return refused(Code::ConnectionRefused, what);
        }
        Some(error) if is_out_of_descriptors(error) => {
            let what = format!("no connection to {either} could be opened ({error})");
            return refused(Code::ConnectionNotMade, what);
        }
        _ => {}
    }
    // The error type of a proxy's tunnel is not public, so its text is compared. A test with a proxy fails if the text
    // changes. Only a proxy's explicit refusal is one that every user would meet; its connection may also have broken.
    let says_no = ["tunnel error: proxy authorization required", "tunnel error: unsuccessful"];
    if let Some(no) = chain(error).map(ToString::to_string).find(|text| says_no.contains(&text.as_str())) {
        return refused(Code::ProxyRefused, format!("the proxy did not connect to {host} ({no})"));
    }
    refused(Code::ConnectionNotMade, format!("no connection to {either} was made"))
}

/// The process or the system has reached its limit of open files.
fn is_out_of_descriptors(error: &io::Error) -> bool {
    #[cfg(unix)]
    let codes = [libc::EMFILE, libc::ENFILE];
    #[cfg(not(unix))]
    let codes = [10_024]; // WSAEMFILE
    error.raw_os_error().is_some_and(|code| codes.contains(&code))
}

fn distrust(reason: &CertificateError) -> &'static str {
    use CertificateError::*;
    match reason {
        Expired | ExpiredContext { .. } => "it has expired",
        NotValidYet | NotValidYetContext { .. } => "it is not valid yet",
        NotValidForName | NotValidForNameContext { .. } => "it was issued for another name",
        UnknownIssuer => "this system does not trust its issuer",
        Other(why) if is_partial_chain(&why.to_string()) => "this system does not trust its issuer",
        Revoked => "it was revoked",
        _ => "it could not be verified",
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

/// An error and its sources, including the error that an I/O error wraps, which its `source` leaves out.
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
    use std::sync::Arc;

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
    #[test]
    fn why_a_certificate_is_not_trusted_is_said() {
        use CertificateError::*;
        let other = |why: &'static str| Other(rustls::OtherError(Arc::new(io::Error::other(why))));
        for (reason, why) in [
            (Expired, "it has expired"),
            (NotValidYet, "it is not valid yet"),
            (NotValidForName, "it was issued for another name"),
            (UnknownIssuer, "this system does not trust its issuer"),
            (other("no chain (os error -2146762486)"), "this system does not trust its issuer"),
            (other("something else"), "it could not be verified"),
            (Revoked, "it was revoked"),
            (BadSignature, "it could not be verified"),
        ] {
            assert_eq!(distrust(&reason), why, "{reason:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn too_many_open_files_are_told_apart() {
        let is = |code| is_out_of_descriptors(&io::Error::from_raw_os_error(code));
        assert!(is(libc::EMFILE) && is(libc::ENFILE));
        assert!(!is(libc::ECONNREFUSED) && !is_out_of_descriptors(&io::Error::other("no number")));
    }
}
