//! Who is meant by a username or an e-mail address: what is searched for, and what the answer means. Pure. A search
//! changes nothing, so nothing of it is ever *unknown*.

use std::collections::HashMap;

use reqwest::Url;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::answer::{self, Answer, BODY_MAX};
use crate::code::Code;
use crate::outcome::{Fault, Outcome, Verdict};
use crate::redact::Redactor;
use crate::reset::ResetRequest;

/// The search's path below the API's base URL. One user is wanted; a few more show who else has the name.
pub const PATH: &str = "/api/search/systemusers?limit=10";

const NAME_MAX: usize = 1024;

/// So many ids of users with the same name are told.
const IDS_TOLD: usize = 10;

/// A username or an e-mail address that may be searched for, as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    pub fn new(name: &str) -> Result<Self, Fault> {
        let wrong = |what: &str| Err(Fault::new(Code::NameInvalid, &format!("the user's name {what}")));
        if name.is_empty() {
            return wrong("is empty");
        }
        if name.chars().all(answer::is_blank) {
            return wrong("is blank");
        }
        if name.starts_with(answer::is_blank) || name.ends_with(answer::is_blank) {
            return wrong("has a blank at its beginning or end");
        }
        if name.chars().any(char::is_control) {
            return wrong("has a control character in it");
        }
        if name.contains(['*', '?']) {
            return wrong("has * or ? in it, and no pattern is searched for");
        }
        if name.len() > NAME_MAX {
            return wrong("is longer than 1024 bytes");
        }
        Ok(Self(name.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The search's JSON body. The server tells upper and lower case apart, and keeps addresses in lower case.
    pub fn body(&self) -> Value {
        let lower = Some(self.0.to_ascii_lowercase()).filter(|lower| *lower != self.0);
        let forms = [Some(self.0.clone()), lower].into_iter().flatten();
        let or: Vec<_> =
            forms.flat_map(|name| [json!({ "username": name }), json!({ "email": name })]).collect();
        json!({ "filter": { "or": or }, "fields": "username email" })
    }

    /// Byte for byte but for the case of ASCII letters: what looks alike is not the same.
    fn is(&self, text: Option<&String>) -> bool {
        text.is_some_and(|text| text.eq_ignore_ascii_case(&self.0))
    }
}

/// The id of the user whom the answer from `url` shows, or why there is none.
pub fn judge(answer: &Answer, name: &Name, url: &Url, redactor: &Redactor) -> Result<String, Verdict> {
    if !(200..=299).contains(&answer.status) {
        let verdict = answer::judge(answer, url, redactor);
        return Err(match verdict.code {
            // There is no user in this URL who could be missing.
            Some(Code::UserNotFound) => Verdict {
                code: Some(Code::UrlSuspect),
                what: "the server has no search for users at this URL (404)".into(),
                proves_key: false,
                ..verdict
            },
            _ => verdict,
        });
    }
    let unknown = |code, what: String| {
        Err(Verdict { http_status: Some(answer.status), ..Verdict::new(Outcome::Unknown, code, what) })
    };
    let list = answer::api_text(answer).filter(|_| answer.status == 200).map(serde_json::from_str::<List>);
    match list {
        _ if answer.cut && answer.body.len() < BODY_MAX => {
            unknown(Code::AnswerLost, "the answer did not arrive whole".into())
        }
        _ if answer.cut => {
            unknown(Code::AnswerNotUnderstood, "the answer is longer than a list of so few users".into())
        }
        Some(Ok(list)) => list.only(name, redactor),
        Some(Err(error)) => {
            let why = redactor.clean(&error.to_string(), 200);
            unknown(Code::AnswerNotUnderstood, format!("the answer is no list of users ({why})"))
        }
        None => unknown(
            Code::AnswerNotUnderstood,
            format!("the answer ({}) is not the API's: a web page, or encoded", answer.status),
        ),
    }
}

/// Whether the same search may do better when it is sent again.
pub fn passes(verdict: &Verdict) -> bool {
    let is_no_http = verdict.http_status.is_none();
    verdict.may_be_sent_again()
        || verdict.http_status == Some(408)
        || match verdict.code {
            Some(Code::AnswerTimedOut | Code::AnswerLost | Code::ServerFailed) => true,
            Some(Code::AnswerNotUnderstood) => is_no_http,
            _ => false,
        }
}

/// What is told of a search whose last attempt came to this verdict.
pub fn last_word(verdict: Verdict) -> Verdict {
    use Code::*;
    let Some(code) = verdict.code else { return verdict };
    let tells = matches!(code, UserNotFound | UserAmbiguous | LookupNotExact | UrlSuspect | NameLookupFailed);
    if tells || code.stops_batch() || verdict.outcome == Outcome::Invalid {
        return verdict;
    }
    let helps = matches!(code, PermissionRefused | ConnectionRefused | ConnectionNotMade);
    let hint = helps.then(|| format!("Nobody was reset. {}", code.hint()));
    Verdict {
        outcome: Outcome::Refused,
        code: Some(LookupFailed),
        what: format!("the search for this name failed: {}", verdict.what),
        hint: verdict.hint.or(hint),
        ..verdict
    }
}

/// The API's answer. What has another form is not taken: nobody is reset on a guess.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    results: Vec<User>,
    total_count: Option<usize>,
    /// With it, an array in place of the object is an error.
    #[serde(flatten)]
    _rest: HashMap<String, IgnoredAny>,
}

#[derive(Deserialize)]
struct User {
    #[serde(rename = "_id")]
    id: String,
    username: Option<String>,
    email: Option<String>,
    #[serde(flatten)]
    _rest: HashMap<String, IgnoredAny>,
}

impl List {
    /// The one user of this list, whom the server may have found in more than one way.
    fn only(&self, name: &Name, redactor: &Redactor) -> Result<String, Verdict> {
        let proves_key = |verdict| Err(Verdict { proves_key: true, ..verdict });
        let refused = |code, what: &str| proves_key(Verdict::new(Outcome::Refused, code, what));
        let is_other = |user: &User| !name.is(user.username.as_ref()) && !name.is(user.email.as_ref());
        if self.results.iter().any(is_other) {
            return refused(Code::LookupNotExact, "the search for this name also found who has another name");
        }
        if self.total_count.is_some_and(|total| total > self.results.len()) {
            return refused(Code::LookupNotExact, "the search for this name found more users than it shows");
        }
        let mut ids: Vec<&str> = Vec::new();
        for user in &self.results {
            if !ids.contains(&&*user.id) {
                ids.push(&user.id);
            }
        }
        match ids[..] {
            [] => {
                let hint = "Check the name, in which upper and lower case may matter, the organization and the region, \
                            or give the user's id; nobody was reset.";
                let not_found = Verdict::new(Outcome::Refused, Code::UserNotFound, "no user has this name");
                proves_key(Verdict { hint: Some(hint.into()), ..not_found })
            }
            [id] => match ResetRequest::new(id, None, None) {
                Ok(_) => Ok(id.to_owned()),
                Err(_) => {
                    refused(Code::LookupFailed, "the search for this name found a user without a proper id")
                }
            },
            [..] => {
                let more = ids.len().saturating_sub(IDS_TOLD);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                let told = ids[..ids.len().min(IDS_TOLD)].join(", ");
                let what =
                    format!("{} users have this name: {}{more}", ids.len(), redactor.clean(&told, 1000));
                proves_key(Verdict::new(Outcome::Invalid, Code::UserAmbiguous, what))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::Secret;

    fn judged(answer: &Answer, name: &str) -> Result<String, Verdict> {
        let url = Url::parse("https://console.jumpcloud.com/api/search/systemusers").unwrap();
        judge(answer, &Name::new(name).unwrap(), &url, &Redactor::new([Secret::new("the-key")]))
    }

    fn answer(status: u16, body: impl Into<Vec<u8>>) -> Answer {
        Answer { status, body: body.into(), ..Answer::default() }
    }

    /// The id, or the code.
    fn found(body: &str, name: &str) -> String {
        judged(&answer(200, body), name).unwrap_or_else(|verdict| {
            assert_ne!(verdict.outcome, Outcome::Reset, "{body}");
            last_word(verdict).code.unwrap().as_str().to_owned()
        })
    }

    #[test]
    fn what_may_not_be_searched_for() {
        let long = "a".repeat(NAME_MAX + 1);
        for name in [
            "",
            " ",
            "\u{3000}",
            " a",
            "a ",
            "a\u{a0}",
            "\u{200b}a",
            "a\n",
            "a\tb",
            "a\0b",
            "a\u{9b}",
            "*",
            "a*",
            "a?",
            &long,
        ] {
            assert_eq!(Name::new(name).unwrap_err().code, Code::NameInvalid, "{name:?}");
        }
        for name in
            ["a", "@", "a b", "o'neil", "\"", "\\", "$ne", "{\"$gt\":\"\"}", "ü", "null", "..", &long[1..]]
        {
            assert_eq!(Name::new(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn a_name_is_searched_for_as_text() {
        for (name, or) in [
            ("jane", json!([{ "username": "jane" }, { "email": "jane" }])),
            (
                "Jane@Example.com",
                json!([
                    { "username": "Jane@Example.com" }, { "email": "Jane@Example.com" },
                    { "username": "jane@example.com" }, { "email": "jane@example.com" },
                ]),
            ),
            ("É", json!([{ "username": "É" }, { "email": "É" }])),
            ("{\"$ne\":\"\"}", json!([{ "username": "{\"$ne\":\"\"}" }, { "email": "{\"$ne\":\"\"}" }])),
            ("a\"},{\"b", json!([{ "username": "a\"},{\"b" }, { "email": "a\"},{\"b" }])),
        ] {
            let body = Name::new(name).unwrap().body();
            assert_eq!(body, json!({ "filter": { "or": or }, "fields": "username email" }), "{name}");
            assert_eq!(serde_json::from_str::<Value>(&body.to_string()).unwrap(), body, "{name}");
        }
    }

    #[test]
    fn who_is_found() {
        let one = |username: &str, email: &str| json!({ "_id": "1", "username": username, "email": email });
        let list =
            |results: Value| json!({ "totalCount": results.as_array().unwrap().len(), "results": results });
        let jane = one("jane", "jane@example.com");
        let hundred = |id: &dyn Fn(usize) -> String| {
            list((0..100).map(|n| json!({ "_id": id(n), "username": "jane" })).collect())
        };
        for (name, body, said) in [
            ("jane", list(json!([jane])), "1"),
            ("JANE", list(json!([jane])), "1"),
            ("jane@example.com", list(json!([jane])), "1"),
            ("jane", list(json!([one("JANE", "x@example.com")])), "1"),
            ("jane", json!({ "results": [jane] }), "1"),
            (
                "jane",
                json!({ "totalCount": 1, "results": [{ "_id": "1", "email": "jane", "username": null, "mfa": {} }] }),
                "1",
            ),
            // Found in more than one way.
            ("jane", list(json!([jane, jane])), "1"),
            ("jane", json!({ "totalCount": 2, "results": [jane, jane] }), "1"),
            ("jane", hundred(&|_| "1".into()), "1"),
            // Nobody, and more than one.
            ("jane", list(json!([])), "User.NotFound"),
            ("jane", list(json!([jane, { "_id": "2", "email": "Jane" }])), "User.Ambiguous"),
            (
                "jane@example.com",
                list(json!([jane, { "_id": "2", "username": "jane@example.com" }])),
                "User.Ambiguous",
            ),
            ("jane", hundred(&|n| n.to_string()), "User.Ambiguous"),
            // A search that is not exact.
            ("jan", list(json!([jane])), "Lookup.NotExact"),
            ("jane", list(json!([one("jane.roe", "x@example.com")])), "Lookup.NotExact"),
            ("jane", list(json!([jane, one("john", "john@example.com")])), "Lookup.NotExact"),
            ("jane", list(json!([jane, { "_id": "2" }])), "Lookup.NotExact"),
            ("jane", json!({ "totalCount": 2, "results": [jane] }), "Lookup.NotExact"),
            ("jane", json!({ "totalCount": 5000, "results": [] }), "Lookup.NotExact"),
            ("$ne", list(json!([jane])), "Lookup.NotExact"),
            (".", list(json!([jane])), "Lookup.NotExact"),
            // What looks alike: the Kelvin sign, the long s, a Cyrillic a, a dotless i, é composed otherwise, ss for ß.
            ("kim", list(json!([one("\u{212a}im", "x")])), "Lookup.NotExact"),
            ("jos", list(json!([one("jo\u{17f}", "x")])), "Lookup.NotExact"),
            ("jane", list(json!([one("j\u{430}ne", "x")])), "Lookup.NotExact"),
            ("JIM", list(json!([one("j\u{131}m", "x")])), "Lookup.NotExact"),
            ("ren\u{e9}", list(json!([one("rene\u{301}", "x")])), "Lookup.NotExact"),
            ("REN\u{c9}", list(json!([one("ren\u{e9}", "x")])), "Lookup.NotExact"),
            ("strasse", list(json!([one("straße", "x")])), "Lookup.NotExact"),
            ("jane", list(json!([one("jane\u{200b}", "x")])), "Lookup.NotExact"),
            ("jane", list(json!([one("jane ", "x")])), "Lookup.NotExact"),
            // No id that could be given by hand.
            ("jane", list(json!([{ "_id": "..", "username": "jane" }])), "Lookup.Failed"),
            ("jane", list(json!([{ "_id": "", "username": "jane" }])), "Lookup.Failed"),
            ("jane", list(json!([{ "_id": "a\nb", "username": "jane" }])), "Lookup.Failed"),
            // Another form than the API's.
            ("jane", list(json!([{ "username": "jane" }])), "Lookup.Failed"),
            ("jane", list(json!([{ "id": "1", "username": "jane" }])), "Lookup.Failed"),
            ("jane", list(json!([{ "_id": 1, "username": "jane" }])), "Lookup.Failed"),
            ("jane", list(json!([{ "_id": null, "username": "jane" }])), "Lookup.Failed"),
            ("jane", list(json!([{ "_id": { "$oid": "1" }, "username": "jane" }])), "Lookup.Failed"),
            ("jane", list(json!([{ "_id": "1", "username": ["jane"] }])), "Lookup.Failed"),
            ("jane", list(json!([["1", "jane", "jane@example.com"]])), "Lookup.Failed"),
            ("jane", list(json!(["jane"])), "Lookup.Failed"),
            ("jane", json!([[jane], 1]), "Lookup.Failed"),
            ("jane", json!([jane]), "Lookup.Failed"),
            ("jane", jane.clone(), "Lookup.Failed"),
            ("jane", json!({ "results": { "0": jane } }), "Lookup.Failed"),
            ("jane", json!({ "totalCount": "1", "results": [jane] }), "Lookup.Failed"),
            ("jane", json!({ "totalCount": -1, "results": [jane] }), "Lookup.Failed"),
            ("jane", json!({ "message": "busy" }), "Lookup.Failed"),
            ("jane", json!({ "totalCount": 0 }), "Lookup.Failed"),
        ] {
            assert_eq!(found(&body.to_string(), name), said, "{name} {body}");
        }
        for (text, said) in [
            (r#"{"results":[{"_id":"1","_id":"2","username":"jane"}]}"#, "Lookup.Failed"),
            (r#"{"results":[{"_id":"1","username":"john","username":"jane"}]}"#, "Lookup.Failed"),
            (r#"{"results":[],"results":[{"_id":"1","username":"jane"}]}"#, "Lookup.Failed"),
            (" \u{feff}{\"results\":[{\"_id\":\"1\",\"username\":\"j\\u0061ne\"}]} ", "1"),
            ("OK", "Lookup.Failed"),
            ("", "Lookup.Failed"),
            ("<html>jane</html>", "Lookup.Failed"),
        ] {
            assert_eq!(found(text, "jane"), said, "{text}");
        }
    }

    #[test]
    fn an_ambiguous_name_tells_the_ids() {
        let users: Vec<_> = (1..=12).map(|n| json!({ "_id": format!("id-{n}"), "email": "jane" })).collect();
        let body = json!({ "totalCount": 12, "results": users }).to_string();
        let verdict = judged(&answer(200, body), "jane").unwrap_err();
        assert_eq!((verdict.outcome, verdict.proves_key), (Outcome::Invalid, true));
        let told =
            "12 users have this name: id-1, id-2, id-3, id-4, id-5, id-6, id-7, id-8, id-9, id-10 and 2 more";
        assert_eq!(verdict.what, told);
        let two = json!({ "results": [{ "_id": "a", "email": "jane" }, { "_id": "b", "email": "jane" }] });
        let verdict = judged(&answer(200, two.to_string()), "jane").unwrap_err();
        assert_eq!(verdict.what, "2 users have this name: a, b");
    }

    /// What an attempt comes to, whether it is sent again, and what is told at the end.
    #[test]
    fn each_fault_has_its_code_and_is_never_unknown() {
        let api = r#"{"message":"m"}"#;
        for (status, body, passes_by, code, proves) in [
            (401, api, false, Code::AuthRefused, false),
            (401, r#"{"message":"no organization selected"}"#, false, Code::OrganizationRequired, false),
            (302, "", false, Code::RedirectRefused, false),
            (404, api, false, Code::UrlSuspect, false),
            (404, "<html>", false, Code::UrlSuspect, false),
            (400, api, false, Code::LookupFailed, true),
            (403, api, false, Code::LookupFailed, false),
            (408, "", true, Code::LookupFailed, false),
            (429, "", true, Code::LookupFailed, false),
            (500, api, true, Code::LookupFailed, false),
            (502, "<html>", true, Code::LookupFailed, false),
            (503, api, true, Code::LookupFailed, false),
            (503, "<html>", true, Code::LookupFailed, false),
            (200, "<html>", false, Code::LookupFailed, false),
            (200, "OK", false, Code::LookupFailed, false),
            (201, r#"{"results":[]}"#, false, Code::LookupFailed, false),
            (204, "", false, Code::LookupFailed, false),
            (200, r#"{"results":[]}"#, false, Code::UserNotFound, true),
        ] {
            let verdict = judged(&answer(status, body), "jane").unwrap_err();
            assert_eq!((passes(&verdict), verdict.proves_key), (passes_by, proves), "{status} {body}");
            let told = last_word(verdict);
            assert_eq!((told.outcome, told.code), (Outcome::Refused, Some(code)), "{status} {body}");
            let shown = (code != Code::UserNotFound).then_some(status);
            assert_eq!(told.http_status, shown, "{status} {body}");
        }
        for code in [
            Code::ConnectionRefused,
            Code::ConnectionNotMade,
            Code::AnswerTimedOut,
            Code::AnswerNotUnderstood,
        ] {
            let told = last_word(Verdict::new(Outcome::Unknown, code, "x"));
            assert_eq!((told.outcome, told.code), (Outcome::Refused, Some(Code::LookupFailed)), "{code:?}");
            assert_eq!(told.what, "the search for this name failed: x");
            let has_own_hint = matches!(code, Code::ConnectionRefused | Code::ConnectionNotMade);
            assert_eq!(told.hint.is_some(), has_own_hint, "{code:?}");
        }
        for code in [Code::NameNotFound, Code::NameLookupFailed, Code::TlsNotTrusted, Code::ProxyRefused] {
            assert_eq!(last_word(Verdict::new(Outcome::Refused, code, "x")).code, Some(code));
        }
    }

    #[test]
    fn who_is_not_found_may_have_been_written_in_another_case() {
        let verdict = judged(&answer(200, r#"{"results":[]}"#), "jane").unwrap_err();
        assert!(verdict.hint.is_some_and(|hint| hint.contains("upper and lower case")));
    }

    #[test]
    fn a_list_that_is_cut_may_come_whole_the_next_time() {
        let body = r#"{"totalCount":1,"results":[{"_id":"1","username":"jane"}]"#;
        let cut = Answer { cut: true, ..answer(200, body) };
        assert!(passes(&judged(&cut, "jane").unwrap_err()));
        let long = Answer { cut: true, ..answer(200, vec![b' '; BODY_MAX]) };
        assert!(!passes(&judged(&long, "jane").unwrap_err()));
        assert!(!passes(&judged(&answer(200, body), "jane").unwrap_err()));
    }
}
