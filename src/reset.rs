//! What is asked for: one user, and what the enrollment period is to be. Pure.

use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat, Utc};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use crate::code::Code;
use crate::lookup::{self, Name};
use crate::outcome::Fault;

/// Longer ids are surely a mistake; the API's own have 24 characters.
const ID_MAX: usize = 1024;

/// 9999-12-31T23:59:59Z, the last second that RFC 3339 can write.
const UNTIL_MAX: i64 = 253_402_300_799;

/// 2400-01-01T00:00:00Z. A later date comes from another calendar or from a wrong number.
const UNTIL_FAR: i64 = 13_569_465_600;

/// Everything but RFC 3986's unreserved characters is encoded, so that an id stays one path segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// One reset, checked: it can only hold what may be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResetRequest {
    /// `None` until the name was looked up. One of the two is always there.
    id: Option<String>,
    name: Option<Name>,
    exclusion: Option<bool>,
    until: Option<DateTime<Utc>>,
    allow_odd_date: bool,
}

/// The exclusion and the date of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked(Option<bool>, Option<DateTime<Utc>>);

impl ResetRequest {
    /// `until_epoch` counts seconds since 1970-01-01T00:00:00Z. Whether it has passed is asked later, by
    /// [`check_date`](Self::check_date), because a request may wait before it is sent.
    pub fn new(id: &str, exclusion: Option<bool>, until_epoch: Option<i64>) -> Result<Self, Fault> {
        let wrong = |message: &str| Err(Fault::new(Code::IdInvalid, message));
        if id.is_empty() {
            return wrong("the user's id is empty");
        }
        if id.chars().all(char::is_whitespace) {
            return wrong("the user's id is blank");
        }
        if id == "." || id == ".." {
            return wrong("the user's id is '.' or '..', which would change the address");
        }
        if id.chars().any(char::is_control) {
            return wrong("the user's id has a control character in it");
        }
        if id.len() > ID_MAX {
            return wrong("the user's id is longer than 1024 bytes");
        }
        let until = until_epoch.map(until).transpose()?;
        Ok(Self { id: Some(id.to_owned()), name: None, exclusion, until, allow_odd_date: false })
    }

    /// As [`new`](Self::new), for the user who has this username or e-mail address. He is looked up before he is reset.
    pub fn by_name(name: &str, exclusion: Option<bool>, until_epoch: Option<i64>) -> Result<Self, Fault> {
        let name = Some(Name::new(name)?);
        let until = until_epoch.map(until).transpose()?;
        Ok(Self { id: None, name, exclusion, until, allow_odd_date: false })
    }

    /// The same request once it is known who has the name.
    pub(crate) fn found(&self, id: String) -> Self {
        Self { id: Some(id), ..self.clone() }
    }

    /// Lets through a date that has passed, which locks the user out at once, and one of the year 2400 or later.
    pub fn allow_odd_date(mut self, allow: bool) -> Self {
        self.allow_odd_date = allow;
        self
    }

    /// `None` for a name that was not looked up yet.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The username or e-mail address, where the user was given by name.
    pub fn name(&self) -> Option<&str> {
        self.name.as_ref().map(Name::as_str)
    }

    /// What has to be looked up first.
    pub(crate) fn unknown_name(&self) -> Option<&Name> {
        self.name.as_ref().filter(|_| self.id.is_none())
    }

    pub(crate) fn same_user(&self) -> Option<Cow<'_, str>> {
        self.id().map(same_user)
    }

    /// What is to become of the user's enrollment period.
    pub(crate) fn asked(&self) -> Asked {
        Asked(self.exclusion, self.until)
    }

    pub fn check_date(&self, now: DateTime<Utc>) -> Result<(), Fault> {
        let Some(until) = self.until.filter(|_| !self.allow_odd_date) else { return Ok(()) };
        let wrong =
            |code, what: &str| Err(Fault::new(code, &format!("exclusionUntil {} {what}", iso(until))));
        if until <= now {
            wrong(Code::ExclusionUntilPast, "has passed: it would lock the user out at once")
        } else if until.timestamp() >= UNTIL_FAR {
            wrong(Code::ExclusionUntilTooFar, "is in the year 2400 or later: it may be of another calendar")
        } else {
            Ok(())
        }
    }

    /// The path, below the API's base URL, of what is to be sent next.
    pub fn path(&self) -> String {
        match &self.id {
            Some(id) => format!("/api/systemusers/{}/resetmfa", utf8_percent_encode(id, SEGMENT)),
            None => lookup::PATH.to_owned(),
        }
    }

    /// The JSON body: only what was given, dates in UTC and whole seconds.
    pub fn body(&self) -> String {
        let mut fields = Map::new();
        if let Some(exclusion) = self.exclusion {
            fields.insert("exclusion".into(), Value::Bool(exclusion));
        }
        if let Some(until) = self.until {
            fields.insert("exclusionUntil".into(), Value::String(iso(until)));
        }
        Value::Object(fields).to_string()
    }
}

/// The same for two ids of the same user: the API's own are hexadecimal numbers, in either case.
pub fn same_user(id: &str) -> Cow<'_, str> {
    if id.len() == 24 && id.bytes().all(|b| b.is_ascii_hexdigit()) {
        id.to_ascii_lowercase().into()
    } else {
        id.into()
    }
}

fn until(epoch: i64) -> Result<DateTime<Utc>, Fault> {
    let known = DateTime::from_timestamp(epoch, 0).filter(|_| (0..=UNTIL_MAX).contains(&epoch));
    known
        .ok_or_else(|| Fault::new(Code::ExclusionUntilInvalid, "exclusionUntil is before 1970 or after 9999"))
}

fn iso(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn body_holds_what_was_given_and_no_more() {
        let until = Some(1_893_553_445); // 2030-01-02T03:04:05Z
        for (exclusion, until, body) in [
            (None, None, "{}"),
            (Some(true), None, r#"{"exclusion":true}"#),
            (Some(false), None, r#"{"exclusion":false}"#),
            (None, until, r#"{"exclusionUntil":"2030-01-02T03:04:05Z"}"#),
            (Some(true), until, r#"{"exclusion":true,"exclusionUntil":"2030-01-02T03:04:05Z"}"#),
            (None, Some(0), r#"{"exclusionUntil":"1970-01-01T00:00:00Z"}"#),
            (None, Some(UNTIL_MAX), r#"{"exclusionUntil":"9999-12-31T23:59:59Z"}"#),
        ] {
            let request = ResetRequest::new("ok-1", exclusion, until).unwrap();
            assert_eq!(request.body(), body);
        }
    }

    #[test]
    fn id_is_one_path_segment() {
        for (id, segment) in [
            ("5f0c1a2b3c4d5e6f7a8b9c0d", "5f0c1a2b3c4d5e6f7a8b9c0d"),
            ("a-b.c_d~e", "a-b.c_d~e"),
            ("a/b", "a%2Fb"),
            ("../admin", "..%2Fadmin"),
            ("%2e%2e", "%252e%252e"),
            ("a?b#c", "a%3Fb%23c"),
            (" a ", "%20a%20"),
            ("ü", "%C3%BC"),
        ] {
            let request = ResetRequest::new(id, None, None).unwrap();
            assert_eq!(request.path(), format!("/api/systemusers/{segment}/resetmfa"));
        }
    }

    #[test]
    fn a_name_is_not_an_id() {
        let request = ResetRequest::by_name("a@b", Some(true), None).unwrap();
        assert_eq!((request.id(), request.name(), request.same_user()), (None, Some("a@b"), None));
        let found = request.found("u".into());
        assert_eq!((found.id(), found.name(), found.unknown_name()), (Some("u"), Some("a@b"), None));
        assert_eq!((found.path().as_str(), found.body()), ("/api/systemusers/u/resetmfa", request.body()));
        assert_eq!(ResetRequest::by_name("a*", None, None).unwrap_err().code, Code::NameInvalid);
        assert_eq!(ResetRequest::by_name("a", None, Some(-1)).unwrap_err().code, Code::ExclusionUntilInvalid);
    }

    #[test]
    fn what_may_not_be_sent_is_refused() {
        let long = "a".repeat(ID_MAX + 1);
        for id in ["", " ", "\t", "\u{a0}", ".", "..", "a\nb", "a\u{0}b", "a\u{7f}", "a\u{9b}", &long] {
            let fault = ResetRequest::new(id, None, None).unwrap_err();
            assert_eq!(fault.code, Code::IdInvalid, "{id:?}");
        }
        for until in [-1, i64::MIN + 1, i64::MAX, UNTIL_MAX + 1] {
            let fault = ResetRequest::new("ok-1", None, Some(until)).unwrap_err();
            assert_eq!(fault.code, Code::ExclusionUntilInvalid, "{until}");
        }
    }

    #[test]
    fn an_odd_date_needs_leave() {
        let now = DateTime::from_timestamp(1000, 500_000_000).unwrap();
        for (until, code) in [
            (999, Some(Code::ExclusionUntilPast)),
            (1000, Some(Code::ExclusionUntilPast)),
            (1001, None),
            (UNTIL_FAR - 1, None),
            (UNTIL_FAR, Some(Code::ExclusionUntilTooFar)),
            (UNTIL_MAX, Some(Code::ExclusionUntilTooFar)),
        ] {
            let request = ResetRequest::new("ok-1", None, Some(until)).unwrap();
            assert_eq!(request.check_date(now).err().map(|fault| fault.code), code, "{until}");
            assert!(request.allow_odd_date(true).check_date(now).is_ok(), "{until}");
        }
        assert_eq!(iso(DateTime::from_timestamp(UNTIL_FAR, 0).unwrap()), "2400-01-01T00:00:00Z");
    }
}
