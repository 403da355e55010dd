//! Text from C. It ends with NUL, and is checked for UTF-8 here.

use safer_ffi::prelude::char_p;

use crate::code::Code;
use crate::outcome::Fault;

/// `const char *` in the header.
///
/// cbindgen:ignore
pub type Text<'a> = Option<char_p::Ref<'a>>;

/// Reads the text of the argument `name`.
pub fn read<'a>(text: &'a Text<'_>, name: &str) -> Result<&'a str, Fault> {
    let wrong = |what: &str| Fault::new(Code::ArgumentInvalid, &format!("the argument {name} {what}"));
    let text = text.as_ref().ok_or_else(|| wrong("is NULL"))?;
    std::str::from_utf8(text.to_bytes()).map_err(|_| wrong("is not UTF-8"))
}
