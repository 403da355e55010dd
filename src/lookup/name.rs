//! By what a user is looked up, and what is searched for. Pure.

use serde_json::{Value, json};

use crate::answer::is_blank;
use crate::code::Code;
use crate::outcome::Fault;

const NAME_MAX: usize = 1024;

/// The names that a user was given by, as they were given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// A username or an e-mail address.
    Either(String),
    /// A username and an e-mail address. The user has to have both.
    Both { username: String, email: String },
}

/// What a user whom the server has found has of what was searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    All,
    UsernameOnly,
    EmailOnly,
    Nothing,
}

impl Name {
    pub fn either(name: &str) -> Result<Self, Fault> {
        Ok(Self::Either(checked(name, "name")?))
    }

    pub fn both(username: &str, email: &str) -> Result<Self, Fault> {
        Ok(Self::Both { username: checked(username, "username")?, email: checked(email, "e-mail address")? })
    }

    /// The name by which the user is told. Of both it is the username.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Either(name) | Self::Both { username: name, .. } => name,
        }
    }

    /// The e-mail address that was given beside the username.
    pub fn email(&self) -> Option<&str> {
        match self {
            Self::Either(_) => None,
            Self::Both { email, .. } => Some(email),
        }
    }

    /// The search's JSON body. The server tells upper and lower case apart, and keeps addresses in lower case.
    pub fn body(&self) -> Value {
        let [username, email] = match self {
            Self::Either(name) => [name, name],
            Self::Both { username, email } => [username, email],
        };
        let in_lower_case = [username.to_ascii_lowercase(), email.to_ascii_lowercase()];
        let mut or = vec![json!({ "username": username }), json!({ "email": email })];
        if in_lower_case[0] != *username {
            or.push(json!({ "username": in_lower_case[0] }));
        }
        if in_lower_case[1] != *email {
            or.push(json!({ "email": in_lower_case[1] }));
        }
        json!({ "filter": { "or": or }, "fields": "username email" })
    }

    /// The comparison is byte for byte but for the case of ASCII letters: what looks alike is not the same.
    pub fn fits(&self, username: Option<&str>, email: Option<&str>) -> Fit {
        let is = |text: Option<&str>, name: &str| text.is_some_and(|text| text.eq_ignore_ascii_case(name));
        match self {
            Self::Either(name) if is(username, name) || is(email, name) => Fit::All,
            Self::Either(_) => Fit::Nothing,
            Self::Both { username: name, email: address } => match (is(username, name), is(email, address)) {
                (true, true) => Fit::All,
                (true, false) => Fit::UsernameOnly,
                (false, true) => Fit::EmailOnly,
                (false, false) => Fit::Nothing,
            },
        }
    }
}

fn checked(name: &str, which: &str) -> Result<String, Fault> {
    let wrong = |what: &str| Err(Fault::new(Code::NameInvalid, &format!("the user's {which} {what}")));
    if name.is_empty() {
        return wrong("is empty");
    }
    if name.chars().all(is_blank) {
        return wrong("is blank");
    }
    if name.starts_with(is_blank) || name.ends_with(is_blank) {
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
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

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
            for (made, says) in [
                (Name::either(name), "the user's name "),
                (Name::both(name, "a"), "the user's username "),
                (Name::both("a", name), "the user's e-mail address "),
            ] {
                let fault = made.unwrap_err();
                assert_eq!(fault.code, Code::NameInvalid, "{name:?}");
                assert!(fault.message.starts_with(says), "{name:?}: {fault}");
            }
        }
        for name in
            ["a", "@", "a b", "o'neil", "\"", "\\", "$ne", "{\"$gt\":\"\"}", "ü", "null", "..", &long[1..]]
        {
            assert_eq!(Name::either(name).unwrap().as_str(), name);
            let both = Name::both(name, name).unwrap();
            assert_eq!((both.as_str(), both.email()), (name, Some(name)));
        }
    }

    #[test]
    fn a_name_is_searched_for_as_text() {
        let either = |name: &str| Name::either(name).unwrap();
        let both = |username: &str, email: &str| Name::both(username, email).unwrap();
        for (name, or) in [
            (either("jane"), json!([{ "username": "jane" }, { "email": "jane" }])),
            (
                either("Jane@Example.com"),
                json!([
                    { "username": "Jane@Example.com" }, { "email": "Jane@Example.com" },
                    { "username": "jane@example.com" }, { "email": "jane@example.com" },
                ]),
            ),
            (either("É"), json!([{ "username": "É" }, { "email": "É" }])),
            (
                either("{\"$ne\":\"\"}"),
                json!([{ "username": "{\"$ne\":\"\"}" }, { "email": "{\"$ne\":\"\"}" }]),
            ),
            (either("a\"},{\"b"), json!([{ "username": "a\"},{\"b" }, { "email": "a\"},{\"b" }])),
            (both("jane", "j@x"), json!([{ "username": "jane" }, { "email": "j@x" }])),
            (both("same", "same"), json!([{ "username": "same" }, { "email": "same" }])),
            (
                both("Jane", "j@x"),
                json!([{ "username": "Jane" }, { "email": "j@x" }, { "username": "jane" }]),
            ),
            (both("jane", "J@x"), json!([{ "username": "jane" }, { "email": "J@x" }, { "email": "j@x" }])),
            (
                both("Jane", "J@x"),
                json!([{ "username": "Jane" }, { "email": "J@x" }, { "username": "jane" }, { "email": "j@x" }]),
            ),
            (both("{}", "\"}"), json!([{ "username": "{}" }, { "email": "\"}" }])),
        ] {
            let body = name.body();
            assert_eq!(body, json!({ "filter": { "or": or }, "fields": "username email" }), "{name:?}");
            assert_eq!(serde_json::from_str::<Value>(&body.to_string()).unwrap(), body, "{name:?}");
        }
    }

    #[test]
    fn who_has_a_name() {
        let either = Name::either("jane").unwrap();
        let both = Name::both("jane", "j@x").unwrap();
        for (username, email, of_either, of_both) in [
            (Some("jane"), Some("j@x"), Fit::All, Fit::All),
            (Some("JANE"), Some("J@X"), Fit::All, Fit::All),
            (Some("jane"), Some("k@x"), Fit::All, Fit::UsernameOnly),
            (Some("jane"), None, Fit::All, Fit::UsernameOnly),
            (Some("kim"), Some("j@x"), Fit::Nothing, Fit::EmailOnly),
            (None, Some("j@x"), Fit::Nothing, Fit::EmailOnly),
            // Each counts in its own place only.
            (Some("j@x"), Some("jane"), Fit::All, Fit::Nothing),
            (Some("kim"), Some("jane"), Fit::All, Fit::Nothing),
            (None, None, Fit::Nothing, Fit::Nothing),
            (Some("jane "), Some("j@x\u{200b}"), Fit::Nothing, Fit::Nothing),
        ] {
            assert_eq!(either.fits(username, email), of_either, "{username:?} {email:?}");
            assert_eq!(both.fits(username, email), of_both, "{username:?} {email:?}");
        }
    }
}
