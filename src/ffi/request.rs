//! A request as C writes it.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::text::{self, Text};
use crate::code::Code;
use crate::outcome::Fault;
use crate::reset::ResetRequest;
use crate::session::Given;

/// For `exclusion`: leaves it out of the request.
pub const JC_EXCLUSION_UNSET: i32 = -1;
/// For `until_epoch`: leaves exclusionUntil out of the request.
pub const JC_UNTIL_UNSET: i64 = i64::MIN;
/// For `flags`: an exclusionUntil before now, which locks the user out at once, or in the year 2400 or later is sent
/// all the same.
pub const JC_ALLOW_PAST: u32 = 1;
/// For `flags`: in place of the id stands a username or an e-mail address. The user who has it is looked up first.
pub const JC_BY_NAME: u32 = 2;

/// For `flags`, in place of JC_BY_NAME: in place of the id stands a JSON object of two texts,
/// {"username": "...", "email": "..."}, of which the user has to have both. Else nobody is reset: User.Ambiguous.
pub const JC_BY_NAMES: u32 = 4;

/// For `flags`, alone: the host has found this user's record wrong before it could be a request. Nothing is sent, the
/// result says so, and a journal has a line of it. In place of the id stands a JSON object of texts: "code" is one of
/// those that end in .Invalid, "message" a clause that says what is wrong, "hint" what to do if the code's own hint says
/// too little; and "id", "username" and "email" are there as far as they are known.
pub const JC_FAULT: u32 = 8;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Names {
    username: String,
    email: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HostFault {
    code: String,
    message: String,
    hint: Option<String>,
    id: Option<String>,
    username: Option<String>,
    email: Option<String>,
}

/// `None` for anything but an object of these fields.
fn object<T: DeserializeOwned>(text: &str) -> Option<T> {
    // An array would be read as well.
    let is_object = text.trim_start().starts_with('{');
    serde_json::from_str(text).ok().filter(|_| is_object)
}

/// The user as far as he is text.
pub fn given(id: &Text, flags: u32) -> Option<Given> {
    let text = text::read(id, "id").ok()?;
    if flags & JC_FAULT != 0 {
        let HostFault { id, username, email, .. } = object(text)?;
        return match (id, username, email) {
            (Some(id), _, _) => Some(Given::Id(id)),
            (None, Some(username), Some(email)) => Some(Given::Names { username, email }),
            (None, username, email) => username.or(email).map(Given::Name),
        };
    }
    if flags & JC_BY_NAMES != 0 {
        return object(text).map(|Names { username, email }| Given::Names { username, email });
    }
    Some(if flags & JC_BY_NAME != 0 { Given::Name(text.to_owned()) } else { Given::Id(text.to_owned()) })
}

fn host_fault(id: &Text, flags: u32) -> Fault {
    let wrong = |what: &str| Fault::new(Code::ArgumentInvalid, what);
    if flags != JC_FAULT {
        return wrong("the argument flags has another bit beside JC_FAULT");
    }
    let fault: Option<HostFault> = text::read(id, "id").ok().and_then(object);
    let Some(HostFault { code, message, hint, .. }) = fault.filter(|fault| !fault.message.trim().is_empty())
    else {
        return wrong(
            "with JC_FAULT the argument id has to be a JSON object of texts, with code and message",
        );
    };
    let mut known = Code::ALL.iter().filter(|known| known.as_str().ends_with(".Invalid"));
    match known.find(|known| known.as_str() == code) {
        Some(&code) => Fault { code, message, hint },
        None => wrong("with JC_FAULT the code has to be one of the library's that ends in .Invalid"),
    }
}

pub fn read(id: &Text, exclusion: i32, until_epoch: i64, flags: u32) -> Result<ResetRequest, Fault> {
    if flags & JC_FAULT != 0 {
        return Err(host_fault(id, flags));
    }
    let wrong = |what: &str| Err(Fault::new(Code::ArgumentInvalid, what));
    let (by_name, by_names) = (flags & JC_BY_NAME != 0, flags & JC_BY_NAMES != 0);
    let code = if by_name || by_names { Code::NameInvalid } else { Code::IdInvalid };
    let id = text::read(id, "id").map_err(|fault| Fault { code, ..fault })?;
    #[cfg(feature = "panic-for-tests")]
    assert!(id != "panic-here", "a defect for tests");
    let exclusion = match exclusion {
        JC_EXCLUSION_UNSET => None,
        0 => Some(false),
        1 => Some(true),
        _ => return Err(Fault::new(Code::ExclusionInvalid, "the argument exclusion is none of -1, 0 and 1")),
    };
    if flags & !(JC_ALLOW_PAST | JC_BY_NAME | JC_BY_NAMES) != 0 {
        return wrong("the argument flags has an unknown bit");
    }
    let until_epoch = (until_epoch != JC_UNTIL_UNSET).then_some(until_epoch);
    let request = match (by_name, by_names) {
        (true, true) => return wrong("the argument flags has both JC_BY_NAME and JC_BY_NAMES"),
        (true, false) => ResetRequest::by_name(id, exclusion, until_epoch)?,
        (false, false) => ResetRequest::new(id, exclusion, until_epoch)?,
        (false, true) => match object(id) {
            Some(Names { username, email }) => {
                ResetRequest::by_names(&username, &email, exclusion, until_epoch)?
            }
            None => {
                return wrong(
                    "with JC_BY_NAMES the argument id has to be a JSON object of exactly two texts, username and email",
                );
            }
        },
    };
    Ok(request.allow_odd_date(flags & JC_ALLOW_PAST != 0))
}
