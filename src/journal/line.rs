//! One line of the journal: how it is written, and what one that is read says. Pure.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

use crate::code::Code;
use crate::outcome::Outcome;
use crate::reset::ResetRequest;
use crate::result::ResetResult;

/// In bytes, with the line end.
pub const LINE_MAX: usize = 8192;

const VERSION: u64 = 1;

/// Which run of which program wrote a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunId(u64);

impl RunId {
    pub fn random() -> Self {
        Self(fastrand::u64(..))
    }

    fn parse(text: &str) -> Option<Self> {
        let is_hex = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
        u64::from_str_radix(text, 16).ok().filter(|_| is_hex).map(Self)
    }
}

impl std::fmt::Display for RunId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Whose users a run resets. A journal is of one such place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub url: String,
    pub org_id: Option<String>,
}

/// What a line says, as far as it decides anything.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    Run(Place),
    Begin {
        run: RunId,
        n: u64,
        user_id: String,
        name: Option<String>,
    },
    End {
        run: RunId,
        n: u64,
        user_id: String,
        outcome: Outcome,
        at: Option<DateTime<Utc>>,
    },
    /// The end of a request without a known id.
    Nobody,
}

/// Why a line is not read.
#[derive(Debug, PartialEq, Eq)]
pub enum NotRead {
    /// It is not JSON to its end, as a crash may leave it.
    Broken,
    /// It is whole, and not a line of a journal of this version.
    Wrong(&'static str),
}

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Fields {
    #[serde(skip_serializing_if = "Option::is_none")]
    journal: Option<u64>,
    run: String,
    at: String,
    event: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    program: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    org_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<u64>,
    /// As it was given. Only the id says who the user is.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exclusion: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exclusion_until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    elapsed_ms: Option<u64>,
}

impl Fields {
    fn new(run: RunId, now: DateTime<Utc>, event: &str) -> Self {
        let at = now.to_rfc3339_opts(SecondsFormat::Millis, true);
        Self { run: run.to_string(), at, event: event.to_owned(), ..Self::default() }
    }

    fn text(&self) -> String {
        let mut text = serde_json::to_string(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// The first line of a run. `None` where it would be too long.
pub fn run(run: RunId, now: DateTime<Utc>, program: &str, place: &Place) -> Option<String> {
    let fields = Fields {
        journal: Some(VERSION),
        program: Some(program.to_owned()),
        url: Some(place.url.clone()),
        org_id: place.org_id.clone(),
        ..Fields::new(run, now, "run")
    };
    Some(fields.text()).filter(|text| text.len() <= LINE_MAX)
}

/// Says that the user's request may leave from now on. A name and an id have at most 1024 bytes each, so the line is
/// not too long.
pub fn begin(run: RunId, now: DateTime<Utc>, n: u64, request: &ResetRequest, name: Option<String>) -> String {
    let fields = Fields {
        n: Some(n),
        name,
        user_id: request.id().map(str::to_owned),
        exclusion: request.exclusion(),
        exclusion_until: request.exclusion_until(),
        ..Fields::new(run, now, "begin")
    };
    fields.text()
}

/// Says what became of the user. The message is cut where the line would be too long.
pub fn end(run: RunId, now: DateTime<Utc>, n: u64, result: &ResetResult) -> String {
    let mut fields = Fields {
        n: Some(n),
        name: result.name.clone(),
        user_id: result.user_id.clone(),
        outcome: Some(result.outcome.as_str().to_owned()),
        code: result.code.map(|code: Code| code.as_str().to_owned()),
        http_status: result.http_status,
        message: result.message.clone(),
        attempts: Some(result.attempts),
        elapsed_ms: Some(result.elapsed.as_millis().try_into().unwrap_or(u64::MAX)),
        ..Fields::new(run, now, "end")
    };
    let text = fields.text();
    let Some(over) = text.len().checked_sub(LINE_MAX + 1) else { return text };
    if let Some(message) = &mut fields.message {
        // Three bytes more make room for the mark.
        let wanted = message.len().saturating_sub(over + 1 + '…'.len_utf8());
        message.truncate(message.floor_char_boundary(wanted));
        message.push('…');
    }
    fields.text()
}

/// Reads a line, given without its line end.
pub fn read(bytes: &[u8]) -> Result<Line, NotRead> {
    use NotRead::{Broken, Wrong};
    // Of a line that was torn, what is left may be any other JSON, such as a number.
    if bytes.len() >= LINE_MAX || !bytes.starts_with(b"{") {
        return Err(Broken);
    }
    let fields: Fields = serde_json::from_slice(bytes).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => Wrong("a field is not of its type"),
        _ => Broken,
    })?;
    let run = RunId::parse(&fields.run).ok_or(Wrong("its run is not 16 hexadecimal digits"));
    let n = fields.n.ok_or(Wrong("it has no n"));
    match &*fields.event {
        "run" if fields.journal != Some(VERSION) => {
            Err(Wrong("it is of a version that this program does not know"))
        }
        "run" => {
            run?;
            let url = fields.url.ok_or(Wrong("it has no url"))?;
            Ok(Line::Run(Place { url, org_id: fields.org_id }))
        }
        "begin" => {
            let user_id = fields.user_id.ok_or(Wrong("it has no userId"))?;
            Ok(Line::Begin { run: run?, n: n?, user_id, name: fields.name })
        }
        "end" => {
            let outcome = fields.outcome.as_deref().and_then(Outcome::parse);
            let outcome = outcome.ok_or(Wrong("its outcome is none of the five"))?;
            let (run, n) = (run?, n?);
            let at = DateTime::parse_from_rfc3339(&fields.at).ok().map(|at| at.to_utc());
            Ok(match fields.user_id {
                Some(user_id) => Line::End { run, n, user_id, outcome, at },
                None => Line::Nobody,
            })
        }
        _ => Err(Wrong("its event is none of run, begin and end")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::outcome::Verdict;
    use crate::result::Whom;

    const RUN: RunId = RunId(0x5f00_0000_0000_00ab);

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_790_000_000_456).unwrap()
    }

    fn place() -> Place {
        Place { url: "https://a.example/api".into(), org_id: Some("o".into()) }
    }

    #[test]
    fn lines_are_written_as_the_contract_shows_them() {
        let request = ResetRequest::new("u", Some(true), Some(1_893_553_445)).unwrap();
        let named = ResetRequest::by_name("a@b", None, None).unwrap().found("u".into());
        let reset = Verdict::new(Outcome::Reset, None, "");
        let whom = Whom { user_id: Some("u".into()), ..Whom::default() };
        let result = ResetResult::new(whom, reset, 1, Duration::from_millis(84));
        let result = ResetResult { http_status: Some(200), ..result };
        let at = r#""run":"5f000000000000ab","at":"2026-09-21T14:13:20.456Z""#;
        for (line, text) in [
            (
                run(RUN, now(), "jcsdk/0.1.0", &place()).unwrap(),
                format!(
                    r#"{{"journal":1,{at},"event":"run","program":"jcsdk/0.1.0","url":"https://a.example/api","orgId":"o"}}"#
                ),
            ),
            (
                begin(RUN, now(), 17, &request, None),
                format!(
                    r#"{{{at},"event":"begin","n":17,"userId":"u","exclusion":true,"exclusionUntil":"2030-01-02T03:04:05Z"}}"#
                ),
            ),
            (
                begin(RUN, now(), 17, &named, Some("a@b".into())),
                format!(r#"{{{at},"event":"begin","n":17,"name":"a@b","userId":"u"}}"#),
            ),
            (
                end(RUN, now(), 17, &ResetResult { name: Some("a@b".into()), ..result.clone() }),
                format!(
                    r#"{{{at},"event":"end","n":17,"name":"a@b","userId":"u","outcome":"reset","httpStatus":200,"attempts":1,"elapsedMs":84}}"#
                ),
            ),
            (
                end(RUN, now(), 17, &result),
                format!(
                    r#"{{{at},"event":"end","n":17,"userId":"u","outcome":"reset","httpStatus":200,"attempts":1,"elapsedMs":84}}"#
                ),
            ),
        ] {
            assert_eq!(line, format!("{text}\n"));
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let request = ResetRequest::new("ü\\", None, None).unwrap();
        let read = |text: String| read(text.trim_end().as_bytes()).unwrap();
        assert_eq!(read(run(RUN, now(), "p", &place()).unwrap()), Line::Run(place()));
        let user_id = "ü\\".to_owned();
        for name in [None, Some("ü\"".to_owned())] {
            assert_eq!(
                read(begin(RUN, now(), 3, &request, name.clone())),
                Line::Begin { run: RUN, n: 3, user_id: user_id.clone(), name }
            );
        }
        for outcome in Outcome::ALL {
            let result = ResetResult::unsent(Some(&user_id), Verdict::new(outcome, Code::Cancelled, "x"));
            let (user_id, at) = (user_id.clone(), Some(now()));
            assert_eq!(read(end(RUN, now(), 3, &result)), Line::End { run: RUN, n: 3, user_id, outcome, at });
        }
        let nobody = ResetResult::unsent(None, Verdict::new(Outcome::Invalid, Code::IdInvalid, "x"));
        assert_eq!(read(end(RUN, now(), 3, &nobody)), Line::Nobody);
    }

    /// However long a name, an id and a message are, and however much longer they become in JSON.
    #[test]
    fn no_line_is_too_long() {
        for (id, message) in [("\\".repeat(1024), "\"".repeat(20_000)), ("ü".repeat(512), "😀".repeat(9000))]
        {
            let request = ResetRequest::new(&id, Some(true), Some(0)).unwrap();
            assert!(begin(RUN, now(), u64::MAX, &request, Some(id.clone())).len() <= LINE_MAX);
            let whom = Whom { name: Some(id.clone()), email: Some(id.clone()), user_id: Some(id) };
            let refused = Verdict::new(Outcome::Refused, Code::AnswerLost, message);
            let result = ResetResult::new(whom, refused, 1, Duration::MAX);
            let text = end(RUN, now(), u64::MAX, &result);
            assert!(text.len() <= LINE_MAX, "{}", text.len());
            assert!(matches!(read(text.trim_end().as_bytes()), Ok(Line::End { .. })), "{text}");
        }
        let long = Place { url: "u".repeat(LINE_MAX), org_id: None };
        assert_eq!(run(RUN, now(), "p", &long), None);
    }

    #[test]
    fn what_is_no_line_is_told_apart_from_what_a_crash_has_torn() {
        let broken = ["", "{", "17", "\"x\"", "hello", "{\"run\":\"5f", "\u{feff}{}", "[]", "{} {}"];
        for text in broken {
            assert_eq!(read(text.as_bytes()), Err(NotRead::Broken), "{text}");
        }
        assert_eq!(read(b"{\"event\":\"\xff\"}"), Err(NotRead::Broken));
        let run = r#""run":"5f000000000000ab""#;
        for text in [
            "{}".to_owned(),
            format!(r#"{{{run},"event":"look"}}"#),
            format!(r#"{{{run},"event":"run","url":"u"}}"#),
            format!(r#"{{"journal":2,{run},"event":"run","url":"u"}}"#),
            format!(r#"{{"journal":1,{run},"event":"run"}}"#),
            format!(r#"{{{run},"event":"begin","n":1}}"#),
            format!(r#"{{{run},"event":"begin","userId":"u"}}"#),
            format!(r#"{{{run},"event":"begin","userId":"u","n":"1"}}"#),
            r#"{"run":"5f","event":"begin","userId":"u","n":1}"#.to_owned(),
            r#"{"run":"+f000000000000ab","event":"begin","userId":"u","n":1}"#.to_owned(),
            format!(r#"{{{run},"event":"end","n":1,"userId":"u","outcome":"done"}}"#),
        ] {
            assert!(matches!(read(text.as_bytes()), Err(NotRead::Wrong(_))), "{text}");
        }
        assert!(
            read(format!(r#"{{{run},"event":"begin","userId":"u","n":1,"more":[{{}}]}}"#).as_bytes()).is_ok()
        );
    }
}
