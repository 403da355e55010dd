//! A request as C writes it.

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

/// The user as far as he is text.
pub fn given<'a>(id: &'a Text<'_>, flags: u32) -> Option<Given<'a>> {
    let given = if flags & JC_BY_NAME == 0 { Given::Id } else { Given::Name };
    text::read(id, "id").ok().map(given)
}

pub fn read(id: &Text, exclusion: i32, until_epoch: i64, flags: u32) -> Result<ResetRequest, Fault> {
    let by_name = flags & JC_BY_NAME != 0;
    let code = if by_name { Code::NameInvalid } else { Code::IdInvalid };
    let id = text::read(id, "id").map_err(|fault| Fault { code, ..fault })?;
    #[cfg(feature = "panic-for-tests")]
    assert!(id != "panic-here", "a defect for tests");
    let exclusion = match exclusion {
        JC_EXCLUSION_UNSET => None,
        0 => Some(false),
        1 => Some(true),
        _ => return Err(Fault::new(Code::ExclusionInvalid, "the argument exclusion is none of -1, 0 and 1")),
    };
    if flags & !(JC_ALLOW_PAST | JC_BY_NAME) != 0 {
        return Err(Fault::new(Code::ArgumentInvalid, "the argument flags has an unknown bit"));
    }
    let until_epoch = (until_epoch != JC_UNTIL_UNSET).then_some(until_epoch);
    let make = if by_name { ResetRequest::by_name } else { ResetRequest::new };
    let request = make(id, exclusion, until_epoch)?;
    Ok(request.allow_odd_date(flags & JC_ALLOW_PAST != 0))
}
