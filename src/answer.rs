//! Judges the server's answer. Facts about the API come from its published description and from measurements
//! of its clients.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use reqwest::{Url, header};
use serde_json::Value;

use crate::code::Code;
use crate::outcome::{Outcome, Verdict};
use crate::redact::Redactor;
use crate::retry::parse_retry_after;

/// How many bytes of an answer's body are read.
pub const BODY_MAX: usize = 64 * 1024;

/// How many characters of the server's message and of the body are passed on.
const MESSAGE_MAX: usize = 1000;
const RESULT_BODY_MAX: usize = 4000;

/// The parts of an answer that decide the outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub location: Option<String>,
    /// The value of `Content-Encoding`. No request asks for one.
    pub encoding: Option<String>,
    /// How long `Retry-After` asks to wait.
    pub retry_after: Option<Duration>,
    pub body: Vec<u8>,
    /// The connection has, or may have, carried another request before.
    pub on_used_connection: bool,
    /// The body is incomplete, or longer than [`BODY_MAX`].
    pub cut: bool,
}

impl Answer {
    /// What is known once the headers are there. The body is still to come.
    pub fn begun(response: &reqwest::Response, on_used_connection: bool) -> Self {
        let text = |name| {
            response.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        Self {
            status: response.status().as_u16(),
            location: text(header::LOCATION),
            encoding: text(header::CONTENT_ENCODING),
            retry_after: text(header::RETRY_AFTER)
                .and_then(|text| parse_retry_after(&text, SystemTime::now())),
            on_used_connection,
            body: Vec::new(),
            cut: true,
        }
    }

    /// Takes up a piece of the body. Returns whether more may follow.
    pub fn add(&mut self, piece: &[u8]) -> bool {
        self.body.extend_from_slice(piece);
        let is_too_long = self.body.len() > BODY_MAX;
        self.body.truncate(BODY_MAX);
        !is_too_long
    }
}

/// Judges an answer. `url` says where it came from, which decides only about redirects.
pub fn judge(answer: &Answer, url: impl FnOnce() -> Url, redactor: &Redactor) -> Verdict {
    let text = api_text(answer);
    let body = readable(answer);
    let text_shown = body.trim_matches(is_blank);
    let error = ServerError::read(text_shown);
    let status = answer.status;
    let clean = |text: &str| redactor.clean(text, MESSAGE_MAX);

    let refused = |code, what: String| Verdict::new(Outcome::Refused, code, what);
    let unknown = |code, what: String| Verdict::new(Outcome::Unknown, code, what);
    let mut verdict = match status {
        200 | 201 | 204 if text.is_some() => {
            let what = if answer.cut { "the answer's body is incomplete" } else { "" };
            Verdict::new(Outcome::Reset, None, what)
        }
        200 | 201 | 204 => unknown(
            Code::AnswerNotUnderstood,
            format!("the answer ({status}) is a web page or is encoded, which the API's is not"),
        ),
        200..=299 => unknown(
            Code::AnswerNotUnderstood,
            format!("the answer has the status {status}, which the API does not give"),
        ),
        300..=399 => redirect(answer, &url(), clean),
        401 if error.names_no_organization() => {
            refused(Code::OrganizationRequired, "no organization is selected (401)".into())
        }
        401 => refused(Code::AuthRefused, "the server refused the API key (401)".into()),
        403 => refused(Code::PermissionRefused, "the server does not permit it (403)".into()),
        404 if text.is_none() => refused(
            Code::UrlSuspect,
            "the answer is a web page that says that there is nothing at this URL (404)".into(),
        ),
        404 => refused(Code::UserNotFound, "the server knows no such user (404)".into()),
        // Proxies send a 408 when they close an idle connection, perhaps just before this request reached them.
        408 if answer.on_used_connection => {
            unknown(Code::AnswerLost, "the answer (408) may not have been meant for this request".into())
        }
        429 => refused(
            Code::RateLimitExceeded,
            format!("the server has received too many requests (429){}", wait(answer)),
        ),
        400..=499 => refused(Code::RequestRefused, format!("the server refused the request ({status})")),
        503 if answer.retry_after.is_some() || error.is_the_apis => refused(
            Code::ServiceUnavailable,
            format!("the service is not available at the moment (503){}", wait(answer)),
        ),
        500..=599 => unknown(Code::ServerFailed, format!("the server failed ({status})")),
        _ => unknown(Code::AnswerNotUnderstood, format!("the answer has the status {status}")),
    };
    verdict.http_status = Some(status);
    let message = error.message.as_deref().filter(|_| verdict.outcome != Outcome::Reset);
    verdict.server_message = message.map(clean);
    verdict.body = (!text_shown.is_empty()).then(|| redactor.clean(text_shown, RESULT_BODY_MAX));
    verdict.retry_after = answer.retry_after;
    verdict.proves_key = match verdict.code {
        None => true,
        Some(code) => code.proves_key() && error.is_the_apis,
    };
    verdict
}

/// The wait that a 429 or 503 asks for, as text. Empty where it asks for none or for more than a day.
fn wait(answer: &Answer) -> String {
    let wait = answer.retry_after.map(|wait| wait.as_secs()).filter(|seconds| (1..=86_400).contains(seconds));
    wait.map(|seconds| format!(" and asks to wait {seconds} s")).unwrap_or_default()
}

/// Without a key the API redirects to /login. If that were followed, its page would look like a success.
fn redirect(answer: &Answer, url: &Url, clean: impl Fn(&str) -> String) -> Verdict {
    let status = answer.status;
    let target = answer.location.as_deref().map(|location| url.join(location));
    let (code, what) = match target {
        Some(Ok(target))
            if target.origin() == url.origin() && target.path().trim_end_matches('/') == "/login" =>
        {
            (Code::AuthLoginRedirect, format!("the server asked for a log-in ({status})"))
        }
        Some(Ok(target)) => {
            let host = clean(target.host_str().unwrap_or("no host"));
            (
                Code::RedirectRefused,
                format!("the server redirects to {host} ({status}), which is not followed"),
            )
        }
        Some(Err(_)) => (Code::RedirectRefused, format!("the server redirects to an invalid URL ({status})")),
        None => (Code::RedirectRefused, format!("the server redirects without saying where ({status})")),
    };
    Verdict::new(Outcome::Refused, code, what)
}

/// The body without what may stand before its text, where it may be the API's: empty, JSON or plain words. What a
/// captive portal, a proxy or a log-in page sends is none of these, in whatever guise it comes. The content type
/// decides nothing: servers of this kind send a plain `OK` as text/html.
pub fn api_text(answer: &Answer) -> Option<&str> {
    if is_encoded(answer) {
        return None;
    }
    let text = match std::str::from_utf8(&answer.body) {
        Ok(text) => text,
        // The body was cut in the middle of a character.
        Err(error) if answer.cut && error.error_len().is_none() => {
            std::str::from_utf8(&answer.body[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return None,
    };
    let begun = text.trim_start_matches(is_blank);
    // If a cut body has only blanks, its text has not arrived.
    let is_missing = answer.cut && begun.is_empty() && !answer.body.is_empty();
    // UTF-16 has a NUL in each Latin letter.
    (!is_missing && !begun.starts_with('<') && !begun.contains('\0')).then_some(begun)
}

fn is_encoded(answer: &Answer) -> bool {
    let encodings = answer.encoding.as_deref().unwrap_or_default().split(',').map(str::trim);
    encodings.into_iter().any(|encoding| !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity"))
}

/// White space, and what shows as nothing.
pub fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

/// The body for a person to read. Empty if it is encoded or binary.
fn readable(answer: &Answer) -> Cow<'_, str> {
    if is_encoded(answer) || answer.body.contains(&0) {
        return Cow::default();
    }
    String::from_utf8_lossy(&answer.body)
}

/// The server's description of an error. The API has four shapes: `{"message"}`, `{"error","message"}`,
/// `{"code","message","status"}`, and the last with `details` that name fields.
#[derive(Debug, Default)]
struct ServerError {
    message: Option<String>,
    /// The error has one of the API's own shapes, so it is not a gateway's page.
    is_the_apis: bool,
}

impl ServerError {
    fn read(text: &str) -> Self {
        match text.starts_with('{').then(|| serde_json::from_str(text)) {
            Some(Ok(Value::Object(fields))) => {
                let text = |name| fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
                let error = text("error");
                let message = text("message").or(error).map(|message| {
                    let violations = violations(fields.get("details").unwrap_or(&Value::Null));
                    if violations.is_empty() {
                        message.to_owned()
                    } else {
                        format!("{message} ({})", violations.join("; "))
                    }
                });
                Self { is_the_apis: message.is_some(), message }
            }
            // Plain text helps the reader; a page or a broken document does not.
            _ if !text.is_empty() && !text.starts_with(['<', '{', '[', '"']) => {
                Self { message: text.lines().next().map(str::to_owned), is_the_apis: false }
            }
            _ => Self::default(),
        }
    }

    fn names_no_organization(&self) -> bool {
        self.message.as_ref().is_some_and(|message| message.to_ascii_lowercase().contains("organization"))
    }
}

fn violations(details: &Value) -> Vec<String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    list(details)
        .iter()
        .flat_map(|detail| list(&detail["fieldViolationsList"]))
        .map(|violation| format!("{}: {}", text(&violation["field"]), text(&violation["description"])))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::Secret;

    fn url() -> Url {
        Url::parse("https://console.jumpcloud.com/api/systemusers/u/resetmfa").unwrap()
    }

    fn judged(status: u16, body: &str) -> Verdict {
        let answer = Answer { status, body: body.into(), ..Answer::default() };
        judge(&answer, url, &Redactor::new([Secret::new("the-key")]))
    }

    #[test]
    fn status_and_body_decide() {
        use Outcome::*;
        let api = r#"{"message":"busy"}"#;
        for (status, body, outcome, code, may_be_sent_again) in [
            (200, "OK", Reset, None, false),
            (200, "", Reset, None, false),
            (201, "{}", Reset, None, false),
            (204, "", Reset, None, false),
            (200, "{\"broken", Reset, None, false),
            (200, " \u{feff}\u{3000}OK", Reset, None, false),
            (200, "a < b", Reset, None, false),
            (200, "<p>fine</p>", Unknown, Some(Code::AnswerNotUnderstood), false),
            (200, "<?xml version=\"1.0\"?><html/>", Unknown, Some(Code::AnswerNotUnderstood), false),
            (201, "\u{a0}\u{200b}<!-- a portal --><html>", Unknown, Some(Code::AnswerNotUnderstood), false),
            (204, "<script>", Unknown, Some(Code::AnswerNotUnderstood), false),
            (202, "", Unknown, Some(Code::AnswerNotUnderstood), false),
            (203, "OK", Unknown, Some(Code::AnswerNotUnderstood), false),
            (206, "OK", Unknown, Some(Code::AnswerNotUnderstood), false),
            (207, "{}", Unknown, Some(Code::AnswerNotUnderstood), false),
            (200, "<!DOCTYPE html><title>Log in</title>", Unknown, Some(Code::AnswerNotUnderstood), false),
            (299, "\u{feff} \r\n<HTML>", Unknown, Some(Code::AnswerNotUnderstood), false),
            (300, "", Refused, Some(Code::RedirectRefused), false),
            (304, "", Refused, Some(Code::RedirectRefused), false),
            (400, api, Refused, Some(Code::RequestRefused), false),
            (401, r#"{"error":"Unauthorized"}"#, Refused, Some(Code::AuthRefused), false),
            (
                401,
                r#"{"message":"No Organization selected"}"#,
                Refused,
                Some(Code::OrganizationRequired),
                false,
            ),
            (403, "", Refused, Some(Code::PermissionRefused), false),
            (404, "", Refused, Some(Code::UserNotFound), false),
            (404, r#"{"message":"Not Found"}"#, Refused, Some(Code::UserNotFound), false),
            (404, "Not Found", Refused, Some(Code::UserNotFound), false),
            (404, "\r\n<!DOCTYPE html>", Refused, Some(Code::UrlSuspect), false),
            (408, "", Refused, Some(Code::RequestRefused), false),
            (409, api, Refused, Some(Code::RequestRefused), false),
            (418, api, Refused, Some(Code::RequestRefused), false),
            (422, api, Refused, Some(Code::RequestRefused), false),
            (429, "", Refused, Some(Code::RateLimitExceeded), true),
            (500, api, Unknown, Some(Code::ServerFailed), false),
            (502, "<html>", Unknown, Some(Code::ServerFailed), false),
            (503, api, Refused, Some(Code::ServiceUnavailable), true),
            (503, "<html>", Unknown, Some(Code::ServerFailed), false),
            (503, "try later", Unknown, Some(Code::ServerFailed), false),
            (503, r#"{"unrelated":1}"#, Unknown, Some(Code::ServerFailed), false),
            (504, "", Unknown, Some(Code::ServerFailed), false),
            (599, "", Unknown, Some(Code::ServerFailed), false),
            (101, "", Unknown, Some(Code::AnswerNotUnderstood), false),
            (600, "", Unknown, Some(Code::AnswerNotUnderstood), false),
        ] {
            let verdict = judged(status, body);
            assert_eq!(
                (verdict.outcome, verdict.code, verdict.may_be_sent_again()),
                (outcome, code, may_be_sent_again),
                "{status} {body}"
            );
            assert_eq!(verdict.http_status, Some(status));
        }
    }

    #[test]
    fn only_what_may_be_the_apis_text_is_a_reset() {
        let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
        let blanks = vec![b' '; BODY_MAX];
        for (encoding, body, cut, outcome) in [
            (None, b"OK".to_vec(), false, Outcome::Reset),
            (None, "ÖK".as_bytes()[..1].to_vec(), false, Outcome::Unknown),
            (None, "OÖ".as_bytes()[..2].to_vec(), true, Outcome::Reset),
            (None, "OÖ".as_bytes()[..2].to_vec(), false, Outcome::Unknown),
            (None, vec![], true, Outcome::Reset),
            (None, blanks.clone(), false, Outcome::Reset),
            (None, blanks, true, Outcome::Unknown),
            (None, utf16("\u{feff}<html>"), false, Outcome::Unknown),
            (None, utf16("<html>"), false, Outcome::Unknown),
            (None, b"\x1f\x8b\x08\0\0\0".to_vec(), false, Outcome::Unknown),
            (Some("gzip"), b"OK".to_vec(), false, Outcome::Unknown),
            (Some("identity, br"), b"OK".to_vec(), false, Outcome::Unknown),
            (Some("gzip"), vec![], false, Outcome::Unknown),
            (Some("Identity"), b"OK".to_vec(), false, Outcome::Reset),
            (Some(""), b"OK".to_vec(), false, Outcome::Reset),
        ] {
            let encoding = encoding.map(str::to_owned);
            let answer = Answer { status: 200, encoding, body, cut, ..Answer::default() };
            let verdict = judge(&answer, url, &Redactor::new([]));
            assert_eq!(verdict.outcome, outcome, "{answer:?}");
        }
    }

    #[test]
    fn what_nobody_can_read_is_not_shown() {
        for (encoding, body) in
            [(None, b"t\0h\0e\0-\0k\0e\0y\0".to_vec()), (Some("gzip"), b"the-key".to_vec())]
        {
            let encoding = encoding.map(str::to_owned);
            let answer = Answer { status: 400, encoding, body, ..Answer::default() };
            let verdict = judge(&answer, url, &Redactor::new([]));
            assert_eq!((verdict.server_message, verdict.body), (None, None));
        }
    }

    #[test]
    fn only_the_apis_own_words_prove_the_key() {
        let api = r#"{"message":"m"}"#;
        for (status, body, proves) in [
            (200, "OK", true),
            (200, "<html>", false),
            (404, api, true),
            (404, "", false),
            (404, "Not Found", false),
            (404, r#"{"unrelated":1}"#, false),
            (404, "<html>", false),
            (400, api, true),
            (400, "<html>", false),
            (401, api, false),
            (403, api, false),
            (429, api, false),
            (500, api, false),
        ] {
            assert_eq!(judged(status, body).proves_key, proves, "{status} {body}");
        }
    }

    #[test]
    fn retry_after_makes_a_503_the_apis_own() {
        let answer = Answer { status: 503, retry_after: Some(Duration::ZERO), ..Answer::default() };
        assert_eq!(judge(&answer, url, &Redactor::new([])).code, Some(Code::ServiceUnavailable));
    }

    #[test]
    fn the_servers_words_are_found_in_every_shape() {
        for (body, message) in [
            (r#"{"message":"m"}"#, Some("m")),
            (r#"{"code":3,"message":"m","status":"INVALID_ARGUMENT"}"#, Some("m")),
            (r#"{"error":"Unauthorized","message":"m"}"#, Some("m")),
            (r#"{"error":"only this"}"#, Some("only this")),
            (
                r#"{"code":3,"message":"m","details":[{"fieldViolationsList":[{"field":"f","description":"d"},{"field":"g"}]}]}"#,
                Some("m (f: d; g: ?)"),
            ),
            (r#"{"message":"m","details":"odd"}"#, Some("m")),
            (r#"{"message":{"deep":1}}"#, None),
            ("Too Many Requests\nsecond line", Some("Too Many Requests")),
            ("<html>no</html>", None),
            ("{\"message\":\"cut", None),
            ("[1]", None),
            ("", None),
            (r#"{"message":"key the-key \u001b[2J"}"#, Some("key *** \u{fffd}[2J")),
        ] {
            assert_eq!(judged(400, body).server_message.as_deref(), message, "{body}");
        }
    }

    #[test]
    fn what_is_odd_is_said_in_words() {
        let wait = |seconds| Some(Duration::from_secs(seconds));
        for (status, body, retry_after, words) in [
            (200, "<html>", None, "is a web page or is encoded, which the API's is not"),
            (299, "", None, "has the status 299, which the API does not give"),
            (429, "", wait(5), "(429) and asks to wait 5 s"),
            (429, "", wait(86_401), "too many requests (429)"),
            (503, "", wait(0), "not available at the moment (503)"),
        ] {
            let answer = Answer { status, body: body.into(), retry_after, ..Answer::default() };
            let what = judge(&answer, url, &Redactor::new([])).what;
            assert!(what.ends_with(words), "{what}");
        }
    }

    #[test]
    fn a_408_on_a_used_connection_may_be_anothers() {
        let answer = Answer { status: 408, on_used_connection: true, ..Answer::default() };
        assert_eq!(judge(&answer, url, &Redactor::new([])).code, Some(Code::AnswerLost));
    }

    #[test]
    fn redirects_are_told_apart() {
        for (location, code, names) in [
            (Some("/login"), Code::AuthLoginRedirect, "log-in"),
            (Some("/login/?next=x"), Code::AuthLoginRedirect, "log-in"),
            (Some("https://console.jumpcloud.com/login"), Code::AuthLoginRedirect, "log-in"),
            (Some("https://evil.example/login"), Code::RedirectRefused, "evil.example"),
            (Some("http://console.jumpcloud.com/login"), Code::RedirectRefused, "console.jumpcloud.com"),
            (Some("/elsewhere"), Code::RedirectRefused, "console.jumpcloud.com"),
            (Some("http://["), Code::RedirectRefused, "invalid URL"),
            (None, Code::RedirectRefused, "without saying where"),
        ] {
            let answer = Answer { status: 302, location: location.map(str::to_owned), ..Answer::default() };
            let verdict = judge(&answer, url, &Redactor::new([]));
            assert_eq!(verdict.code, Some(code), "{location:?}");
            assert!(verdict.what.contains(names), "{}", verdict.what);
        }
    }

    #[test]
    fn a_cut_body_is_noted_on_success() {
        let answer = Answer { status: 200, body: b"O".into(), cut: true, ..Answer::default() };
        let verdict = judge(&answer, url, &Redactor::new([]));
        assert_eq!((verdict.outcome, verdict.what.is_empty()), (Outcome::Reset, false));
    }
}
