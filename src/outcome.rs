//! What became of a reset: one of five outcomes, a stable code, and words for the person who must act. Pure.

use std::time::Duration;

use serde::Serialize;

/// The only five ways in which a reset ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server said so: the user's TOTP key is gone.
    Reset,
    /// The server said no, or was surely not reached: nothing has changed.
    Refused,
    /// The server may or may not have acted. Never sent again by itself.
    Unknown,
    /// Surely not acted upon: stopped before it was sent.
    Cancelled,
    /// Not sent: the arguments or the configuration are wrong.
    Invalid,
}

impl Outcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::Cancelled => "cancelled",
            Self::Invalid => "invalid",
        }
    }
}

/// One row a code: its stable text, and what to do about it.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $hint:literal;)*) => {
        /// Why a user was not reset. The text is stable: programs compare it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code { $($(#[$doc])* $name),* }

        impl Code {
            pub const ALL: &[Self] = &[$(Self::$name),*];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }

            /// What the person who reads it should do next.
            pub fn hint(self) -> &'static str {
                match self { $(Self::$name => $hint),* }
            }
        }
    };
}

codes! {
    ArgumentInvalid = "Argument.Invalid", "Correct the argument; nothing was sent.";
    IdInvalid = "Id.Invalid", "Give the user's id as JumpCloud shows it, 24 hexadecimal digits; nothing was sent.";
    ExclusionInvalid = "Exclusion.Invalid", "Give true, false or nothing; nothing was sent.";
    ExclusionUntilInvalid = "ExclusionUntil.Invalid", "Give a date between 1970 and 9999 in ISO 8601; nothing was sent.";
    ExclusionUntilPast = "ExclusionUntil.Past", "Give a date in the future, or say that a past one is meant; nothing was sent.";
    KeyMissing = "Key.Missing", "Set JCApiKey to an administrator's API key; nothing was sent.";
    KeyInvalid = "Key.Invalid", "Copy the API key again, without blanks or line breaks; nothing was sent.";
    EnvironmentInvalid = "Environment.Invalid", "Use STANDARD, EU or IN; nothing was sent.";
    UrlInvalid = "Url.Invalid", "Use an https URL, or http on this machine, without user, query or fragment; for a proxy an http URL. Nothing was sent.";
    ConfigurationInvalid = "Configuration.Invalid", "Correct the setting; nothing was sent.";
    TlsNoAuthorities = "Tls.NoAuthorities",
        "Install the system's certificate authorities (the package ca-certificates), or set SSL_CERT_FILE to a PEM file of them; nothing was sent.";
    AuthRefused = "Auth.Refused", "Check the API key: it may be wrong, withdrawn, or of another region.";
    AuthLoginRedirect = "Auth.LoginRedirect", "Check the API key: the server asked for a log-in, as it does when it sees no key.";
    OrganizationRequired = "Organization.Required", "Set JCOrgId to the organization's id: this key belongs to an administrator of several.";
    PermissionRefused = "Permission.Refused",
        "Check the administrator's role, the organization and the region; after many calls it may also be a rate block, so wait and try again.";
    UserNotFound = "User.NotFound", "Check the user's id, the organization and the region; if no user is found, check the URL as well.";
    UrlSuspect = "Url.Suspect", "Check the URL, which is given without /api at its end, and what stands in front of the API; nothing has changed.";
    RequestRefused = "Request.Refused", "The request was refused as it is; the server's message, if it gave one, says why. Nothing has changed.";
    RateLimitExceeded = "RateLimit.Exceeded", "Wait, then reset this user again with fewer at once; nothing has changed.";
    ServiceUnavailable = "Service.Unavailable", "Wait, then reset this user again; nothing has changed.";
    RedirectRefused = "Redirect.Refused", "Check the URL and what stands in front of it: the API does not redirect, and redirects are never followed.";
    ConnectionRefused = "Connection.Refused", "Check the address and that the server runs; nothing was sent.";
    ConnectionNotMade = "Connection.NotMade", "Check the network, the firewall and the proxy; nothing was sent.";
    NameNotFound = "Name.NotFound", "Check the host's name and the DNS; nothing was sent.";
    NameLookupFailed = "Name.LookupFailed", "Check the DNS, the network and the limits of this process, then reset this user again; nothing was sent.";
    TlsNotTrusted = "Tls.NotTrusted",
        "Check who answers there; if a proxy of your own inspects TLS, have the system trust its certificate authority. Nothing was sent.";
    ProxyRefused = "Proxy.Refused", "Check the proxy's address, user and password, and that it allows this host; nothing was sent.";
    AnswerTimedOut = "Answer.TimedOut", "Look the user up before resetting again: the server may have acted.";
    AnswerLost = "Answer.Lost", "Look the user up before resetting again: the server may have acted.";
    AnswerNotUnderstood = "Answer.NotUnderstood",
        "Look the user up before resetting again, and see what stands in front of the API: the answer is not the API's.";
    ServerFailed = "Server.Failed", "Look the user up before resetting again: the server may have acted before it failed.";
    NotTried = "NotTried", "Mend what stopped the others, then reset this user.";
    Cancelled = "Cancelled", "Reset this user again if it is still wanted, but where the outcome is unknown only after looking the user up.";
    PanicUnsent = "Internal.NotSent", "This is a defect of jcsdk: please report it. Nothing has changed.";
    Panic = "Internal.Panic", "This is a defect of jcsdk: please report it. Look the user up before resetting again.";
}

impl Code {
    /// A failure that every other user of the same batch would meet as well.
    pub fn is_everyones(self) -> bool {
        use Code::*;
        matches!(
            self,
            AuthRefused
                | AuthLoginRedirect
                | OrganizationRequired
                | RedirectRefused
                | NameNotFound
                | TlsNotTrusted
                | ProxyRefused
        )
    }
}

/// Why something may not be sent: nothing has been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub code: Code,
    /// What is wrong, as a clause that can follow "because".
    pub message: String,
}

impl Fault {
    pub fn new(code: Code, message: &str) -> Self {
        Self { code, message: message.to_owned() }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.message)
    }
}

impl std::error::Error for Fault {}

/// What one attempt came to, before it is told to a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub outcome: Outcome,
    pub code: Option<Code>,
    /// What happened, as a clause; on success only what is worth noting.
    pub what: String,
    pub http_status: Option<u16>,
    pub server_message: Option<String>,
    pub body: Option<String>,
    pub retry_after: Option<Duration>,
    /// Surely nothing was done, and trying again may help.
    pub may_retry: bool,
    /// The API itself has answered, and has taken the key.
    pub proves_key: bool,
}

impl Verdict {
    pub fn new(outcome: Outcome, code: impl Into<Option<Code>>, what: impl Into<String>) -> Self {
        Self {
            outcome,
            code: code.into(),
            what: what.into(),
            http_status: None,
            server_message: None,
            body: None,
            retry_after: None,
            may_retry: false,
            proves_key: false,
        }
    }
}

impl From<Fault> for Verdict {
    fn from(fault: Fault) -> Self {
        Self::new(Outcome::Invalid, fault.code, fault.message)
    }
}

/// What became of one user's reset. Holds no secret: its text is cleaned when it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResetResult {
    pub outcome: Outcome,
    /// `None` where the user was reset.
    pub code: Option<Code>,
    /// `None` where a fault is nobody's in particular, as a missing key is.
    pub user_id: Option<String>,
    /// The caller's own number for a batch's request.
    pub tag: Option<u64>,
    pub http_status: Option<u16>,
    /// One sentence that names the user. On success only where something is worth noting.
    pub message: Option<String>,
    pub server_message: Option<String>,
    pub body: Option<String>,
    /// How often a request was made ready to be sent.
    pub attempts: u32,
    /// From the first attempt to the end, waits between attempts included.
    pub elapsed: Duration,
    /// How long the server asked to wait.
    pub retry_after: Option<Duration>,
}

impl ResetResult {
    pub fn new(user_id: Option<&str>, verdict: Verdict, attempts: u32, elapsed: Duration) -> Self {
        Self {
            message: sentence(user_id, &verdict),
            outcome: verdict.outcome,
            code: verdict.code,
            user_id: user_id.map(str::to_owned),
            tag: None,
            http_status: verdict.http_status,
            server_message: verdict.server_message,
            body: verdict.body,
            attempts,
            elapsed,
            retry_after: verdict.retry_after,
        }
    }

    /// A result for what was never sent.
    pub fn unsent(user_id: Option<&str>, verdict: impl Into<Verdict>) -> Self {
        Self::new(user_id, verdict.into(), 0, Duration::ZERO)
    }

    /// The result document of the C ABI, with `status` as its number there. What does not apply is absent.
    pub fn to_json(&self, status: i32) -> String {
        let document = Document {
            outcome: self.outcome.as_str(),
            status,
            code: self.code.map(Code::as_str),
            user_id: self.user_id.as_deref(),
            tag: self.tag,
            http_status: self.http_status,
            message: self.message.as_deref(),
            server_message: self.server_message.as_deref(),
            hint: self.code.map(Code::hint),
            stops_batch: self.code.is_some_and(Code::is_everyones),
            attempts: self.attempts,
            elapsed_ms: self.elapsed.as_millis(),
            retry_after_seconds: self.retry_after.map(|wait| wait.as_secs()),
            body: self.body.as_deref(),
        };
        // Numbers and text always have a form in JSON.
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

fn sentence(user_id: Option<&str>, verdict: &Verdict) -> Option<String> {
    let what = &verdict.what;
    let user = match user_id {
        Some(id) => format!("User '{id}'"),
        None => "Nobody".to_owned(),
    };
    let told = match verdict.outcome {
        Outcome::Reset if what.is_empty() => return None,
        Outcome::Reset => format!("{user} was reset, but {what}."),
        Outcome::Unknown => match user_id {
            Some(id) => format!("It is unknown whether user '{id}' was reset: {what}."),
            None => format!("It is unknown whether the user was reset: {what}."),
        },
        Outcome::Refused | Outcome::Cancelled | Outcome::Invalid if user_id.is_none() => {
            format!("{user} was reset: {what}.")
        }
        Outcome::Refused | Outcome::Cancelled | Outcome::Invalid => format!("{user} was not reset: {what}."),
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
    fn codes_are_distinct_and_have_a_hint() {
        for (i, code) in Code::ALL.iter().enumerate() {
            assert!(code.hint().ends_with('.'), "{code:?}");
            assert!(Code::ALL[i + 1..].iter().all(|other| other.as_str() != code.as_str()), "{code:?}");
        }
    }

    #[test]
    fn a_result_says_what_applies_and_no_more() {
        let mut verdict = Verdict::new(Outcome::Refused, Code::UserNotFound, "there is no such user (404)");
        verdict.http_status = Some(404);
        verdict.server_message = Some("Not Found".into());
        let mut result = ResetResult::new(Some("u"), verdict, 1, Duration::from_millis(12));
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
    }
}
