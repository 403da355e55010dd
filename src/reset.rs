//! A reset as it is requested: the user, and the enrollment period. Pure.

use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat, Utc};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use crate::answer::is_blank;
use crate::code::Code;
use crate::lookup::{self, Name};
use crate::outcome::Fault;

/// The longest id that is sent. The API's own ids have 24 characters.
const ID_MAX: usize = 1024;

/// 9999-12-31T23:59:59Z, the last second that RFC 3339 can write.
const UNTIL_MAX: i64 = 253_402_300_799;

/// 2400-01-01T00:00:00Z. From here on, a date is probably of another calendar or a miscalculated number.
const UNTIL_FAR: i64 = 13_569_465_600;

/// Everything except RFC 3986's unreserved characters is encoded, so that an id stays one path segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// One reset whose values are valid. Only the date is checked once more when it is sent.
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
    /// `until_epoch` is in seconds since 1970-01-01T00:00:00Z. Whether it has passed is checked when the request is sent,
    /// which may be later.
    pub fn new(id: &str, exclusion: Option<bool>, until_epoch: Option<i64>) -> Result<Self, Fault> {
        if let Some(message) = what_is_wrong(id) {
            return Err(Fault::new(Code::IdInvalid, &message));
        }
        let until = until_epoch.map(until).transpose()?;
        Ok(Self { id: Some(id.to_owned()), name: None, exclusion, until, allow_odd_date: false })
    }

    /// As [`new`](Self::new), for the user who has this username or e-mail address. He is looked up before he is reset.
    pub fn by_name(name: &str, exclusion: Option<bool>, until_epoch: Option<i64>) -> Result<Self, Fault> {
        Self::named(Name::either(name)?, exclusion, until_epoch)
    }

    /// As [`by_name`](Self::by_name), for the user who has this username and this e-mail address as well.
    pub fn by_names(
        username: &str,
        email: &str,
        exclusion: Option<bool>,
        until_epoch: Option<i64>,
    ) -> Result<Self, Fault> {
        Self::named(Name::both(username, email)?, exclusion, until_epoch)
    }

    fn named(name: Name, exclusion: Option<bool>, until_epoch: Option<i64>) -> Result<Self, Fault> {
        let until = until_epoch.map(until).transpose()?;
        Ok(Self { id: None, name: Some(name), exclusion, until, allow_odd_date: false })
    }

    /// The same request once it is known who has the name.
    pub(crate) fn found(&self, id: String) -> Self {
        Self { id: Some(id), ..self.clone() }
    }

    /// Allows a date in the past, which locks the user out at once, and a date in the year 2400 or later.
    pub fn allow_odd_date(mut self, allow: bool) -> Self {
        self.allow_odd_date = allow;
        self
    }

    /// `None` for a name that was not looked up yet.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The username or e-mail address, where the user was given by name. Of both it is the username.
    pub fn name(&self) -> Option<&str> {
        self.name.as_ref().map(Name::as_str)
    }

    /// The e-mail address that was given beside the username.
    pub fn email(&self) -> Option<&str> {
        self.name.as_ref().and_then(Name::email)
    }

    /// What has to be looked up first.
    pub(crate) fn unknown_name(&self) -> Option<&Name> {
        self.name.as_ref().filter(|_| self.id.is_none())
    }

    pub(crate) fn same_user(&self) -> Option<Cow<'_, str>> {
        self.id().map(same_user)
    }

    pub(crate) fn exclusion(&self) -> Option<bool> {
        self.exclusion
    }

    /// As it is sent.
    pub(crate) fn exclusion_until(&self) -> Option<String> {
        self.until.map(iso)
    }

    /// What is to become of the user's enrollment period.
    pub(crate) fn asked(&self) -> Asked {
        Asked(self.exclusion, self.until)
    }

    /// Fails if the date has passed or is too far away, unless such a date is allowed.
    pub(crate) fn check_date(&self, now: impl FnOnce() -> DateTime<Utc>) -> Result<(), Fault> {
        let Some(until) = self.until.filter(|_| !self.allow_odd_date) else { return Ok(()) };
        let wrong =
            |code, what: &str| Err(Fault::new(code, &format!("exclusionUntil {} {what}", iso(until))));
        if until <= now() {
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
            Some(id) => {
                let segment = Cow::from(utf8_percent_encode(id, SEGMENT));
                ["/api/systemusers/", &*segment, "/resetmfa"].concat()
            }
            None => lookup::PATH.to_owned(),
        }
    }

    /// The JSON body. It has only the fields that were given, with dates in UTC and whole seconds.
    pub fn body(&self) -> String {
        let mut fields = Map::new();
        if let Some(exclusion) = self.exclusion {
            fields.insert("exclusion".into(), Value::Bool(exclusion));
        }
        if let Some(until) = self.exclusion_until() {
            fields.insert("exclusionUntil".into(), Value::String(until));
        }
        Value::Object(fields).to_string()
    }
}

/// Says why no user can have this id, and the most likely mistake. Any other id is sent: nothing promises that the
/// API's ids have 24 hexadecimal digits.
fn what_is_wrong(id: &str) -> Option<String> {
    const IDS: [&str; 3] = ["id", "_id", "userid"];
    const NAMES: [&str; 2] = ["username", "email"];
    let is_one_of = |columns: &[&str]| columns.iter().any(|column| id.eq_ignore_ascii_case(column));
    let what = if id.is_empty() {
        "is empty"
    } else if id == "." || id == ".." {
        "is '.' or '..', which would change the address"
    } else if is_one_of(&IDS) {
        "is a column's name: leave out the list's header"
    } else if is_one_of(&NAMES) {
        "is a column's name: leave out the list's header, and give what is below it as names, to be looked up"
    } else if let Some(what) = odd_character(id) {
        what
    } else if id.len() > ID_MAX {
        "is longer than 1024 bytes"
    } else {
        return None;
    };
    Some(format!("the user's id {what}"))
}

/// Says which of its characters no user's id has.
fn odd_character(id: &str) -> Option<&'static str> {
    // Most ids have only these, and need no further search.
    if id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return None;
    }
    let has = |characters: &[char]| id.contains(characters);
    Some(if id.chars().all(is_blank) {
        "is blank"
    } else if id.starts_with('\u{feff}') {
        "begins with a byte order mark: read the list as UTF-8 with one"
    } else if id.starts_with(is_blank) || id.ends_with(is_blank) {
        "has a blank or a line break at its beginning or end: trim it"
    } else if id.chars().any(char::is_control) {
        "has a control character in it"
    } else if has(&['{', '}', '[', ']', '"', '=']) {
        "looks like a whole record or a line of JSON: give only the id in it"
    } else if has(&[',', ';']) {
        "looks like a list or a line of one: give one id at a time"
    } else if has(&['@']) {
        "looks like an e-mail address: give it as a name, to be looked up"
    } else if has(&['<', '>']) {
        "has a < or > in it: is it a placeholder?"
    } else if id.contains(is_blank) {
        "has a blank in it: is it the user's name?"
    } else {
        return None;
    })
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
            ("a:b+c&d|e'f", "a%3Ab%2Bc%26d%7Ce%27f"),
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
        assert!(request.unknown_name().is_some());
        let found = request.found("u".into());
        assert_eq!(found.same_user().as_deref(), Some("u"));
        assert_eq!((found.id(), found.name(), found.unknown_name()), (Some("u"), Some("a@b"), None));
        assert_eq!((found.path().as_str(), found.body()), ("/api/systemusers/u/resetmfa", request.body()));
        let both = ResetRequest::by_names("a", "a@b", None, None).unwrap();
        assert_eq!((both.id(), both.name(), both.email()), (None, Some("a"), Some("a@b")));
        assert_eq!(both.found("u".into()).email(), Some("a@b"));
        assert_eq!(ResetRequest::by_names("a", "", None, None).unwrap_err().code, Code::NameInvalid);
        assert_eq!(ResetRequest::by_name("a*", None, None).unwrap_err().code, Code::NameInvalid);
        assert_eq!(ResetRequest::by_name("a", None, Some(-1)).unwrap_err().code, Code::ExclusionUntilInvalid);
    }

    #[test]
    fn only_the_apis_own_ids_are_the_same_in_either_case() {
        for (id, same) in [
            ("5F0C1A2B3C4D5E6F7A8B9C0D", "5f0c1a2b3c4d5e6f7a8b9c0d"),
            ("5F0C1A2B3C4D5E6F7A8B9C0", "5F0C1A2B3C4D5E6F7A8B9C0"),
            ("5F0C1A2B3C4D5E6F7A8B9C0G", "5F0C1A2B3C4D5E6F7A8B9C0G"),
        ] {
            assert_eq!(same_user(id), same);
        }
    }

    #[test]
    fn what_may_not_be_sent_is_refused() {
        let long = "a".repeat(ID_MAX + 1);
        for id in ["", " ", "\t", "\u{a0}", ".", "..", "a\nb", "a\u{0}b", "a\u{7f}", "a\u{9b}", &long] {
            let fault = ResetRequest::new(id, None, None).unwrap_err();
            assert_eq!(fault.code, Code::IdInvalid, "{id:?}");
        }
        for (id, mistake) in [
            ("\u{feff}ok-1", "byte order mark"),
            ("ok-1\r", "trim it"),
            (" ok-1", "trim it"),
            ("ok-1\u{a0}", "trim it"),
            ("ok-1\u{200b}", "trim it"),
            ("ok-1\u{180e}", "trim it"),
            ("Ann Example", "the user's name?"),
            (r#"{"id":"ok-1"}"#, "a whole record"),
            ("@{id=ok-1}", "a whole record"),
            ("[ok-1]", "a whole record"),
            ("\"ok-1\"", "a whole record"),
            ("id=ok-1", "a whole record"),
            ("ok-1,ok-2", "one id at a time"),
            ("ok-1;Ann", "one id at a time"),
            ("ann@example.com", "looks like an e-mail address: give it as a name, to be looked up"),
            ("<id>", "placeholder"),
            ("Id", "a column's name"),
            ("_id", "a column's name"),
            ("userId", "a column's name"),
            ("USERNAME", "give what is below it as names"),
            ("email", "give what is below it as names"),
        ] {
            let fault = ResetRequest::new(id, None, None).unwrap_err();
            assert_eq!(fault.code, Code::IdInvalid, "{id:?}");
            assert!(fault.message.contains(mistake), "{id:?}: {fault}");
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
            assert_eq!(request.check_date(|| now).err().map(|fault| fault.code), code, "{until}");
            assert!(request.allow_odd_date(true).check_date(|| now).is_ok(), "{until}");
        }
        assert_eq!(iso(DateTime::from_timestamp(UNTIL_FAR, 0).unwrap()), "2400-01-01T00:00:00Z");
    }
}
