//! Who is meant by a username or an e-mail address: what is searched for, and what the answer means. Pure. A search
//! changes nothing, so nothing of it is ever *unknown*.

mod name;

use std::collections::HashMap;

use reqwest::Url;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::answer::{self, Answer, BODY_MAX};
use crate::code::Code;
use crate::outcome::{Outcome, Verdict};
use crate::redact::Redactor;
use crate::reset::ResetRequest;
use name::Fit;
pub use name::Name;

/// The search's path below the API's base URL. One user is wanted; a few more show who else has the name.
pub const PATH: &str = "/api/search/systemusers?limit=10";

/// So many ids of users with the same name are told.
const IDS_TOLD: usize = 10;

/// The id of the user whom the answer shows, or why there is none. `url` says where the answer came from.
pub fn judge(
    answer: &Answer,
    name: &Name,
    url: impl FnOnce() -> Url,
    redactor: &Redactor,
) -> Result<String, Verdict> {
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
    // What stops the batch is everyone's, the wait that the server asks for as well.
    if tells || verdict.stops_batch || verdict.outcome == Outcome::Invalid {
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
        let fits = |user: &User| name.fits(user.username.as_deref(), user.email.as_deref());
        if self.results.iter().any(|user| fits(user) == Fit::Nothing) {
            return refused(Code::LookupNotExact, "the search for this name also found who has another name");
        }
        if self.total_count.is_some_and(|total| total > self.results.len()) {
            return refused(Code::LookupNotExact, "the search for this name found more users than it shows");
        }
        let mut found: Vec<(&str, Fit)> = Vec::new();
        for user in &self.results {
            let one = (&*user.id, fits(user));
            if !found.contains(&one) {
                found.push(one);
            }
        }
        match found[..] {
            [] => {
                let what = match name {
                    Name::Either(_) => "no user has this name",
                    Name::Both { .. } => "no user has this username or this e-mail address",
                };
                let hint = "Check the name, in which upper and lower case may matter, the organization and the region, \
                            or give the user's id; nobody was reset.";
                let not_found = Verdict::new(Outcome::Refused, Code::UserNotFound, what);
                proves_key(Verdict { hint: Some(hint.into()), ..not_found })
            }
            [(id, Fit::All)] => match ResetRequest::new(id, None, None) {
                Ok(_) => Ok(id.to_owned()),
                Err(_) => {
                    refused(Code::LookupFailed, "the search for this name found a user without a proper id")
                }
            },
            [..] => {
                let what = ambiguous(name, &found, redactor);
                proves_key(Verdict::new(Outcome::Invalid, Code::UserAmbiguous, what))
            }
        }
    }
}

/// Says why it is not sure which of these users is meant.
fn ambiguous(name: &Name, found: &[(&str, Fit)], redactor: &Redactor) -> String {
    let count = found.len();
    let is_partly = found.iter().any(|(_, fit)| *fit != Fit::All);
    let what = match name {
        Name::Either(_) => format!("{count} users have this name"),
        Name::Both { .. } if !is_partly => {
            format!("{count} users have this username and this e-mail address")
        }
        Name::Both { .. } if count == 1 => "the user who was found has only one of the two names".into(),
        Name::Both { .. } => "the username and the e-mail address are not of one user".into(),
    };
    let told = found.iter().take(IDS_TOLD).map(|(id, fit)| match fit {
        Fit::UsernameOnly => format!("{id} has the username"),
        Fit::EmailOnly => format!("{id} has the e-mail address"),
        Fit::All if is_partly => format!("{id} has both"),
        Fit::All | Fit::Nothing => (*id).to_owned(),
    });
    let told = told.collect::<Vec<_>>().join(", ");
    let more = count.saturating_sub(IDS_TOLD);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{what}: {}{more}", redactor.clean(&told, 1000))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::redact::Secret;

    fn judged_by(answer: &Answer, name: &Name) -> Result<String, Verdict> {
        let url = || Url::parse("https://console.jumpcloud.com/api/search/systemusers").unwrap();
        judge(answer, name, url, &Redactor::new([Secret::new("the-key")]))
    }

    fn judged(answer: &Answer, name: &str) -> Result<String, Verdict> {
        judged_by(answer, &Name::either(name).unwrap())
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

    /// One user has to have both names, each in its own place.
    #[test]
    fn who_is_found_by_username_and_address() {
        let one = |id: &str, username: &str, email: &str| json!({ "_id": id, "username": username, "email": email });
        let jane = one("1", "jane", "j@x");
        for (results, said, told) in [
            (json!([jane]), "", "1"),
            (json!([one("1", "JANE", "J@X")]), "", "1"),
            (json!([jane, jane]), "", "1"),
            (json!([]), "User.NotFound", "no user has this username or this e-mail address"),
            (
                json!([one("1", "jane", "k@x")]),
                "User.Ambiguous",
                "the user who was found has only one of the two names: 1 has the username",
            ),
            (
                json!([{ "_id": "1", "email": "j@x" }]),
                "User.Ambiguous",
                "the user who was found has only one of the two names: 1 has the e-mail address",
            ),
            (
                json!([one("1", "jane", "k@x"), one("2", "kim", "j@x")]),
                "User.Ambiguous",
                "the username and the e-mail address are not of one user: 1 has the username, 2 has the e-mail address",
            ),
            (
                json!([jane, one("2", "kim", "j@x")]),
                "User.Ambiguous",
                "the username and the e-mail address are not of one user: 1 has both, 2 has the e-mail address",
            ),
            (
                json!([jane, one("2", "jane", "j@x")]),
                "User.Ambiguous",
                "2 users have this username and this e-mail address: 1, 2",
            ),
            // One user who is shown twice, and not the same.
            (
                json!([jane, one("1", "jane", "k@x")]),
                "User.Ambiguous",
                "the username and the e-mail address are not of one user: 1 has both, 1 has the username",
            ),
            (json!([one("1", "j@x", "jane")]), "Lookup.NotExact", "who has another name"),
            (json!([one("1", "janet", "jj@x")]), "Lookup.NotExact", "who has another name"),
            (json!([jane, one("2", "kim", "k@x")]), "Lookup.NotExact", "who has another name"),
            (json!([one("1", "j\u{430}ne", "j@x\u{200b}")]), "Lookup.NotExact", "who has another name"),
            (json!([one("..", "jane", "j@x")]), "Lookup.Failed", "without a proper id"),
            (json!([{ "username": "jane", "email": "j@x" }]), "Lookup.Failed", "_id"),
        ] {
            let body =
                json!({ "totalCount": results.as_array().unwrap().len(), "results": results }).to_string();
            let (code, what) = match judged_by(&answer(200, &*body), &Name::both("jane", "j@x").unwrap()) {
                Ok(id) => ("", id),
                Err(verdict) => {
                    let verdict = last_word(verdict);
                    (verdict.code.unwrap().as_str(), verdict.what)
                }
            };
            assert_eq!(code, said, "{body}");
            assert!(what.ends_with(told) || said == "Lookup.Failed" && what.contains(told), "{what} {body}");
        }
        let more = json!({ "totalCount": 2, "results": [jane] }).to_string();
        let verdict = judged_by(&answer(200, &*more), &Name::both("jane", "j@x").unwrap()).unwrap_err();
        assert_eq!(verdict.code, Some(Code::LookupNotExact));
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
