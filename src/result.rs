//! The result of one user's reset: its fields, its JSON document and its sentence. Pure.

use std::borrow::Cow;
use std::time::Duration;

use serde::Serialize;

use crate::code::Code;
use crate::outcome::{Outcome, Verdict};

/// Whom a result is about, as it may be shown.
#[derive(Clone, Debug, Default)]
pub struct Whom {
    pub name: Option<String>,
    /// The e-mail address that was given beside the username.
    pub email: Option<String>,
    pub user_id: Option<String>,
}

/// What became of one user's reset. Holds no secret: its text is cleaned when it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResetResult {
    pub outcome: Outcome,
    /// `None` where the user was reset.
    pub code: Option<Code>,
    /// The username or e-mail address, where the user was given by name. Of both it is the username.
    pub name: Option<String>,
    /// `None` where a fault is nobody's in particular, as a missing key is, and where no user was found by name.
    pub user_id: Option<String>,
    /// The number that the caller gave to a batch's request.
    pub tag: Option<u64>,
    pub http_status: Option<u16>,
    /// One sentence that names the user. After a successful reset it is present only if there is something to note.
    pub message: Option<String>,
    pub server_message: Option<String>,
    pub body: Option<String>,
    /// The number of attempts, including those that could not be sent.
    pub attempts: u32,
    /// The time from the beginning of the user's turn to the end, including waits.
    pub elapsed: Duration,
    /// How long the server asked to wait.
    pub retry_after: Option<Duration>,
    /// Every other user would fail in the same way, so a batch starts no further one.
    pub stops_batch: bool,
    /// What to do next.
    pub hint: Option<Cow<'static, str>>,
}

impl ResetResult {
    pub fn new(whom: Whom, verdict: Verdict, attempts: u32, elapsed: Duration) -> Self {
        Self {
            message: sentence(&whom, &verdict),
            outcome: verdict.outcome,
            code: verdict.code,
            name: whom.name,
            user_id: whom.user_id,
            tag: None,
            http_status: verdict.http_status,
            server_message: verdict.server_message,
            body: verdict.body,
            attempts,
            elapsed,
            retry_after: verdict.retry_after,
            stops_batch: verdict.stops_batch,
            hint: verdict.hint.map(Cow::Owned).or(verdict.code.map(|code| code.hint().into())),
        }
    }

    /// A result for a request that was never sent.
    pub fn unsent(user_id: Option<&str>, verdict: impl Into<Verdict>) -> Self {
        let whom = Whom { user_id: user_id.map(str::to_owned), ..Whom::default() };
        Self::new(whom, verdict.into(), 0, Duration::ZERO)
    }

    /// The result document of the C ABI. `status` is the JC_ number. Fields that do not apply are absent.
    pub fn to_json(&self, status: i32) -> String {
        let document = Document {
            outcome: self.outcome.as_str(),
            status,
            code: self.code.map(Code::as_str),
            name: self.name.as_deref(),
            user_id: self.user_id.as_deref(),
            tag: self.tag,
            http_status: self.http_status,
            message: self.message.as_deref(),
            server_message: self.server_message.as_deref(),
            hint: self.hint.as_deref(),
            stops_batch: self.stops_batch,
            attempts: self.attempts,
            elapsed_ms: self.elapsed.as_millis(),
            retry_after_seconds: self.retry_after.map(|wait| wait.as_secs()),
            body: self.body.as_deref(),
        };
        // This cannot fail: numbers and texts can always be written as JSON.
        serde_json::to_string(&document).unwrap_or_default()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    outcome: &'a str,
    status: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stops_batch: bool,
    attempts: u32,
    elapsed_ms: u128,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
}

fn sentence(whom: &Whom, verdict: &Verdict) -> Option<String> {
    let what = &verdict.what;
    if verdict.outcome == Outcome::Reset && what.is_empty() {
        return None;
    }
    let with_email =
        whom.email.as_ref().map(|email| format!(" with the address '{email}'")).unwrap_or_default();
    let user = match (&whom.name, &whom.user_id) {
        (Some(name), Some(id)) => Some(format!("'{name}'{with_email} ({id})")),
        (Some(only), None) | (None, Some(only)) => Some(format!("'{only}'{with_email}")),
        (None, None) => None,
    };
    let told = match (verdict.outcome, user) {
        // An earlier request has reset the user, or may well have.
        (_, Some(user)) if matches!(verdict.code, Some(Code::DuplicateUser | Code::JournalAlreadyReset)) => {
            format!("User {user} was not sent a second time: {what}.")
        }
        (Outcome::Reset, Some(user)) => format!("User {user} was reset, but {what}."),
        (Outcome::Reset, None) => format!("The user was reset, but {what}."),
        (Outcome::Unknown, Some(user)) => format!("It is unknown whether user {user} was reset: {what}."),
        (Outcome::Unknown, None) => format!("It is unknown whether the user was reset: {what}."),
        (Outcome::Refused | Outcome::Cancelled | Outcome::Invalid, Some(user)) => {
            format!("User {user} was not reset: {what}.")
        }
        (Outcome::Refused | Outcome::Cancelled | Outcome::Invalid, None) => {
            format!("Nobody was reset: {what}.")
        }
    };
    Some(match &verdict.server_message {
        Some(server) => {
            let end = if server.ends_with(['.', '!', '?', '…']) { "" } else { "." };
            format!("{told} The server says: {server}{end}")
        }
        None => told,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_says_what_applies_and_no_more() {
        let mut verdict = Verdict::new(Outcome::Refused, Code::UserNotFound, "there is no such user (404)");
        verdict.http_status = Some(404);
        verdict.server_message = Some("Not Found".into());
        let whom = Whom { user_id: Some("u".into()), ..Whom::default() };
        let mut result = ResetResult::new(whom, verdict, 1, Duration::from_millis(12));
        result.tag = Some(u64::MAX);
        assert_eq!(
            result.to_json(2),
            r#"{"outcome":"refused","status":2,"code":"User.NotFound","userId":"u","tag":18446744073709551615,"httpStatus":404,"message":"User 'u' was not reset: there is no such user (404). The server says: Not Found.","serverMessage":"Not Found","hint":"Check the user's id, the organization and the region; if no user is found, check the URL as well.","attempts":1,"elapsedMs":12}"#
        );

        let refused = ResetResult::unsent(Some("u"), Verdict::new(Outcome::Refused, Code::AuthRefused, "x"));
        assert!(refused.to_json(2).contains(r#","stopsBatch":true,"#));
    }

    #[test]
    fn each_outcome_has_its_own_sentence() {
        for (outcome, user, sentence) in [
            (Outcome::Reset, Some("u"), "User 'u' was reset, but x."),
            (Outcome::Refused, Some("u"), "User 'u' was not reset: x."),
            (Outcome::Unknown, Some("u"), "It is unknown whether user 'u' was reset: x."),
            (Outcome::Cancelled, Some("u"), "User 'u' was not reset: x."),
            (Outcome::Invalid, None, "Nobody was reset: x."),
        ] {
            let result = ResetResult::unsent(user, Verdict::new(outcome, Code::Cancelled, "x"));
            assert_eq!(result.message.as_deref(), Some(sentence));
        }
        for (name, email, user_id, sentence) in [
            (Some("n"), None, None, "User 'n' was not reset: x."),
            (Some("n"), None, Some("u"), "User 'n' (u) was not reset: x."),
            (Some("n"), Some("e"), None, "User 'n' with the address 'e' was not reset: x."),
            (Some("n"), Some("e"), Some("u"), "User 'n' with the address 'e' (u) was not reset: x."),
        ] {
            let [name, email, user_id] = [name, email, user_id].map(|text| text.map(str::to_owned));
            let whom = Whom { name, email, user_id };
            let verdict = Verdict::new(Outcome::Refused, Code::AuthRefused, "x");
            let result = ResetResult::new(whom, verdict, 0, Duration::ZERO);
            assert_eq!(result.message.as_deref(), Some(sentence));
        }
        let duplicate = Verdict::new(Outcome::Cancelled, Code::DuplicateUser, "x");
        let result = ResetResult::unsent(Some("u"), duplicate);
        assert_eq!(result.message.as_deref(), Some("User 'u' was not sent a second time: x."));
    }
}
