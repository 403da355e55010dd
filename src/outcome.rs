//! The five outcomes, and what one attempt came to before it is told to a person. Pure.

use std::time::Duration;

use crate::code::Code;

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
    pub const ALL: [Self; 5] = [Self::Reset, Self::Refused, Self::Unknown, Self::Cancelled, Self::Invalid];

    /// The outcome of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == name)
    }

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

/// Why something may not be sent. Nothing was.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    pub code: Code,
    /// What is wrong, as a clause that can follow "because".
    pub message: String,
    /// What to do, where the code's own hint says too little.
    pub hint: Option<String>,
}

impl Fault {
    pub fn new(code: Code, message: &str) -> Self {
        Self { code, message: message.to_owned(), hint: None }
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
    /// Every other user would fail in the same way.
    pub stops_batch: bool,
    /// The API itself has answered, and accepts the key.
    pub proves_key: bool,
    /// Says more than the code's own hint.
    pub hint: Option<String>,
}

impl Verdict {
    pub fn new(outcome: Outcome, code: impl Into<Option<Code>>, what: impl Into<String>) -> Self {
        let code = code.into();
        Self {
            outcome,
            code,
            what: what.into(),
            http_status: None,
            server_message: None,
            body: None,
            retry_after: None,
            stops_batch: code.is_some_and(Code::stops_batch),
            proves_key: false,
            hint: None,
        }
    }

    /// Surely nothing was done, and the same request may be sent again.
    pub fn may_be_sent_again(&self) -> bool {
        self.code.is_some_and(Code::may_be_sent_again)
    }
}

impl From<Fault> for Verdict {
    fn from(fault: Fault) -> Self {
        Self { hint: fault.hint, ..Self::new(Outcome::Invalid, fault.code, fault.message) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_shows_its_code() {
        assert_eq!(Fault::new(Code::IdInvalid, "the id is empty").to_string(), "Id.Invalid: the id is empty");
    }

    #[test]
    fn a_fault_keeps_its_hint() {
        let fault = Fault { hint: Some("Try again.".into()), ..Fault::new(Code::IdInvalid, "it is empty") };
        assert_eq!(Verdict::from(fault).hint.as_deref(), Some("Try again."));
    }
}
