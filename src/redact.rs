//! Redacts secrets in text, and makes text from outside safe to show. Pure.

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use zeroize::Zeroizing;

/// Replaces a secret.
const STARS: &str = "***";

/// A text that was cut off may end in the first characters of a secret. Fewer of them than this are left as they are.
const TELLING: usize = 4;

/// A server may show only the beginning of a key. Of a secret with at least [`LONG`] characters, the first [`RUN`] are
/// redacted wherever they occur.
const RUN: usize = 8;
const LONG: usize = 16;

/// The API key, or the proxy's password. Its memory is wiped when it is dropped. Its `Debug` output does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(STARS)
    }
}

/// Finds secrets in a text, also where they are escaped or encoded.
pub struct Redactor {
    secrets: Vec<Secret>,
    /// Base64 encodes three bytes at a time, so a secret inside a longer text is encoded in one of three ways. This is
    /// the part of each that does not depend on the bytes around the secret.
    base64: Vec<Secret>,
    /// Whatever a secret may begin with, however it is written.
    begins: Zeroizing<Vec<char>>,
}

impl Redactor {
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        let secrets: Vec<Secret> = secrets.into_iter().filter(|s| !s.expose().is_empty()).collect();
        let base64: Vec<Secret> = secrets.iter().flat_map(|secret| base64_cores(secret.expose())).collect();
        let mut begins =
            Zeroizing::new(Vec::with_capacity(ESCAPES.len() + 4 * (secrets.len() + base64.len())));
        begins.extend(ESCAPES);
        for first in secrets.iter().chain(&base64).filter_map(|secret| secret.expose().chars().next()) {
            begins.extend([first, first.to_ascii_uppercase(), first.to_ascii_lowercase(), base64url(first)]);
        }
        Self { secrets, base64, begins }
    }

    /// Cleans a text from outside: redacts secrets, replaces control characters, and keeps at most `max` characters.
    /// The text may have been cut off in the middle of a secret, so the beginning of one at its end is redacted, too.
    pub fn clean(&self, text: &str, max: usize) -> String {
        self.cleaned(text, max, true)
    }

    /// Cleans a text that was not cut off, such as an id. It may end in the same characters as a secret begins with.
    pub fn clean_whole(&self, text: &str, max: usize) -> String {
        self.cleaned(text, max, false)
    }

    fn cleaned(&self, text: &str, max: usize, may_be_cut: bool) -> String {
        let mut clean = String::with_capacity(text.len().min(max));
        let (mut rest, mut before, mut room) = (text, None, max);
        while let Some(first) = rest.chars().next() {
            // At almost every place of a text, its first character is all that has to be looked at.
            let may_begin = self.begins.contains(&first);
            let longest = may_begin.then(|| self.matches(before, rest, may_be_cut).max()).flatten();
            let takes = longest.map_or(1, |_| STARS.len());
            if takes > room {
                clean.push('…');
                break;
            }
            room -= takes;
            match longest {
                Some(_) => clean.push_str(STARS),
                None => clean.push(shown(first)),
            }
            let (done, left) = rest.split_at(longest.unwrap_or(first.len_utf8()));
            (before, rest) = (done.chars().next_back(), left);
        }
        clean
    }

    fn matches<'a>(
        &'a self,
        before: Option<char>,
        text: &'a str,
        may_be_cut: bool,
    ) -> impl Iterator<Item = usize> + 'a {
        let encoded = self.base64.iter().map(|core| (core, true));
        let all = self.secrets.iter().map(|secret| (secret, false)).chain(encoded);
        all.filter_map(move |(secret, exact_case)| {
            let len = written(text, secret.expose(), exact_case, may_be_cut)?;
            // A very short secret occurs inside ordinary words and ids, so it is redacted only as a word of its own.
            let is_telling = secret.expose().chars().nth(TELLING - 1).is_some();
            let stands_alone = || {
                let mut beside = before.into_iter().chain(text[len..].chars().next());
                !beside.any(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
            };
            (is_telling || stands_alone()).then_some(len)
        })
    }
}

/// The length of the secret at the beginning of the text, where each of its characters may be escaped.
fn written(text: &str, secret: &str, exact_case: bool, may_be_cut: bool) -> Option<usize> {
    let is = |found: char, wanted: char| {
        let same = if exact_case { found == wanted } else { found.eq_ignore_ascii_case(&wanted) };
        same || found == base64url(wanted)
    };
    // A secret may itself look like an escape, so all readings are followed. `ends` is where each of them has got to.
    let mut ends = vec![];
    let mut shortened = None;
    for (n, wanted) in secret.chars().enumerate() {
        let before = if n == 0 { vec![0] } else { std::mem::take(&mut ends) };
        if may_be_cut && n >= TELLING {
            if before.iter().any(|&end| is_cut(&text[end..])) {
                return Some(text.len());
            }
            // The secret itself may have an ellipsis in it, so it is read on.
            shortened = before.iter().copied().rfind(|&end| is_ellipsis(&text[end..])).or(shortened);
        }
        let furthest = before.last().copied();
        for end in before {
            let found = readings(&text[end..]).filter(|&(found, _)| is(found, wanted));
            ends.extend(found.map(|(_, len)| end + len));
        }
        ends.sort_unstable();
        ends.dedup();
        if ends.is_empty() {
            return shortened.max(furthest.filter(|_| n >= RUN && secret.chars().count() >= LONG));
        }
    }
    ends.pop()
}

/// Whether the text ends here, or in an escape that is not complete.
fn is_cut(rest: &str) -> bool {
    let of_an_escape = |b: u8| b.is_ascii_alphanumeric() || b"\\%&#".contains(&b);
    rest.is_empty() || rest.len() <= ESCAPE_MAX && rest.starts_with(ESCAPES) && rest.bytes().all(of_an_escape)
}

fn is_ellipsis(rest: &str) -> bool {
    rest.starts_with("...") || readings(rest).any(|(c, _)| c == '…')
}

const ESCAPES: [char; 3] = ['\\', '%', '&'];
const ESCAPE_MAX: usize = 10;
/// The most `25`s or backslashes that are followed where a text was escaped several times. Without a bound, a long run
/// of them would be read to its end from each of its places.
const AGAIN_MAX: usize = 8;

/// The characters that the text may begin with, each with the length that it takes up there.
fn readings(text: &str) -> impl Iterator<Item = (char, usize)> {
    let itself = text.chars().next().map(|c| (c, c.len_utf8()));
    let escaped = if text.starts_with(ESCAPES) { escaped(text) } else { vec![] };
    itself.into_iter().chain(escaped)
}

/// Reads a character that is written as `%41`, `%2541`, `\u0041`, `\"`, `\\\"`, `&#65;`, `&#x41;` or `&quot;`.
fn escaped(text: &str) -> Vec<(char, usize)> {
    let code = |digits: Option<&str>, radix| {
        let digits = digits.filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
        u32::from_str_radix(digits, radix).ok().and_then(char::from_u32)
    };
    if text.starts_with('%') {
        // Encoded again, each percent sign is written as %25.
        let again = std::iter::successors(Some(1), |&at| text[at..].starts_with("25").then_some(at + 2));
        again.take(AGAIN_MAX).filter_map(|at| Some((code(text.get(at..at + 2), 16)?, at + 2))).collect()
    } else if text.starts_with('\\') {
        // Escaped again, each backslash is written as two.
        let slashes = text.bytes().take(AGAIN_MAX).take_while(|&b| b == b'\\').count();
        let rest = &text[slashes..];
        let unicode = rest.strip_prefix('u').and_then(|rest| Some((code(rest.get(..4), 16)?, slashes + 5)));
        let after = rest.chars().next().map(|c| (c, slashes + c.len_utf8()));
        (1..=slashes).map(|n| ('\\', n)).chain(unicode).chain(after).collect()
    } else if let Some(rest) = text.strip_prefix('&') {
        let Some(end) = rest.bytes().take(ESCAPE_MAX).position(|b| b == b';') else { return vec![] };
        let name = &rest[..end];
        let c = match name.strip_prefix('#') {
            Some(number) => match number.strip_prefix(['x', 'X']) {
                Some(hex) => code(Some(hex), 16),
                None => code(Some(number), 10),
            },
            None => match name {
                "quot" => Some('"'),
                "amp" => Some('&'),
                "apos" => Some('\''),
                "lt" => Some('<'),
                "gt" => Some('>'),
                _ => None,
            },
        };
        c.map(|c| (c, end + 2)).into_iter().collect()
    } else {
        vec![]
    }
}

/// The character that stands for this one in base64url, which differs in two.
fn base64url(c: char) -> char {
    match c {
        '+' => '-',
        '/' => '_',
        c => c,
    }
}

fn base64_cores(secret: &str) -> Vec<Secret> {
    (0..3)
        .filter_map(|before| {
            let mut bytes = Zeroizing::new(vec![0; before]);
            bytes.extend_from_slice(secret.as_bytes());
            let text = Zeroizing::new(STANDARD_NO_PAD.encode(&*bytes));
            // A base64 character holds 6 bits. Leave out those that also hold bits of a neighbouring byte.
            let core = text.get((before * 8).div_ceil(6)..bytes.len() * 8 / 6)?;
            (core.len() >= TELLING).then(|| Secret::new(core))
        })
        .collect()
}

/// Control characters would move a terminal's cursor, and bidirectional ones would change the order of the text.
fn shown(c: char) -> char {
    match c {
        '\n' | '\r' | '\t' => ' ',
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        '\u{ad}'
        | '\u{61c}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' => char::REPLACEMENT_CHARACTER,
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    use proptest::prelude::*;

    use super::*;

    const KEY: &str = "k3y/With+odd\"chars";

    fn clean(text: &str) -> String {
        Redactor::new([Secret::new(KEY)]).clean(text, 10_000)
    }

    #[test]
    fn every_writing_of_the_key_is_found() {
        let percent: String = KEY.bytes().map(|b| format!("%{b:02x}")).collect();
        let twice = percent.replace('%', "%25");
        let unicode: String = KEY.bytes().map(|b| format!("\\u{b:04X}")).collect();
        let html: String = KEY.bytes().map(|b| format!("&#{b};")).collect();
        let html_hex: String = KEY.bytes().map(|b| format!("&#x{b:x};")).collect();
        for written in [
            KEY.to_owned(),
            KEY.to_uppercase(),
            KEY.replace('/', "\\/").replace('"', "\\\""),
            KEY.replace('+', "%2B"),
            percent,
            twice,
            unicode,
            html,
            html_hex,
        ] {
            assert_eq!(clean(&format!("a {written} b {written}")), "a *** b ***", "{written}");
        }
        assert_eq!(Redactor::new([Secret::new("a'key")]).clean("is a&apos;key", 100), "is ***");
    }

    #[test]
    fn base64_of_a_text_around_the_key_is_found() {
        // The second has a + or a / in each of its encodings.
        for key in [KEY, "?>~?>~?>~?>~?>~"] {
            let redactor = Redactor::new([Secret::new(key)]);
            for before in ["", "x", "xy", "x-api-key: "] {
                for engine in [&STANDARD, &URL_SAFE] {
                    let encoded = engine.encode(format!("{before}{key} and more"));
                    let shown = redactor.clean(&encoded, 10_000);
                    assert!(shown.contains(STARS), "{before}: {shown}");
                    // At most two of the key's base64 characters are left.
                    assert!(
                        encoded.len() - shown.len() + STARS.len() >= key.len() * 8 / 6 - 2,
                        "{before}: {shown}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_key_that_the_end_cuts_is_found() {
        assert_eq!(clean("x-api-key: k3y/Wi"), "x-api-key: ***");
        assert_eq!(clean("x-api-key: k3y"), "x-api-key: k3y");
        assert_eq!(clean("x-api-key: k3y/%5"), "x-api-key: ***");
        assert_eq!(clean("x-api-key: k3y/&#x0000057"), "x-api-key: ***");
        assert_eq!(clean("k3y/% is shorter"), "k3y/% is shorter");
        let whole = Redactor::new([Secret::new(KEY)]);
        assert_eq!(whole.clean_whole("user-k3y/Wi", 100), "user-k3y/Wi");
        assert_eq!(whole.clean_whole(&format!("user-{KEY}"), 100), "user-***");
    }

    #[test]
    fn a_key_that_the_server_shortened_is_found() {
        assert_eq!(clean("Invalid API key k3y/Wi…rs given"), "Invalid API key ***…rs given");
        assert_eq!(clean("Invalid API key k3y/... given"), "Invalid API key ***... given");
        assert_eq!(clean(r#"{"m":"key k3y/Wi\u2026"}"#), r#"{"m":"key ***\u2026"}"#);
        assert_eq!(clean("Invalid API key k3y/With** given"), "Invalid API key ***** given");
        assert_eq!(clean("k3y/Wit is shorter"), "k3y/Wit is shorter");
        let dotted = Redactor::new([Secret::new("dots...in-it")]);
        assert_eq!(dotted.clean("key dots...in-it, not dots... x", 100), "key ***, not ***... x");
        let whole = Redactor::new([Secret::new(KEY)]);
        assert_eq!(whole.clean_whole("user-k3y/With.1", 100), "user-***.1");
        assert_eq!(
            Redactor::new([Secret::new("short-key-1")]).clean("short-key was given", 100),
            "short-key was given"
        );
    }

    #[test]
    fn a_key_of_a_few_letters_is_masked_only_where_it_stands_alone() {
        for key in ["k", "ok", "ok-"] {
            let redactor = Redactor::new([Secret::new(key)]);
            assert_eq!(redactor.clean_whole("ok-1", 100), "ok-1", "{key}");
            assert_eq!(redactor.clean("User 'ok-1' is not known", 100), "User 'ok-1' is not known", "{key}");
            assert_eq!(redactor.clean(&format!("key={key}, wrong"), 100), "key=***, wrong");
        }
        assert_eq!(Redactor::new([Secret::new("okay")]).clean_whole("okay-1", 100), "***-1");
    }

    #[test]
    fn a_place_of_a_long_text_has_few_readings() {
        for (begin, run) in
            [("", "\\"), ("", "%25"), ("%", "25"), ("", "%"), ("", "&"), ("", "&#x00"), ("", "\\u005c")]
        {
            let text = format!("{begin}{}", run.repeat(10_000));
            assert!(readings(&text).count() <= 12, "{begin}{run}");
        }
    }

    #[test]
    fn what_would_harm_a_terminal_is_replaced() {
        assert_eq!(clean("a\x1b[31mb\nc\u{202e}d\u{9b}e"), "a\u{fffd}[31mb c\u{fffd}d\u{fffd}e");
    }

    #[test]
    fn length_is_bounded() {
        assert_eq!(Redactor::new([]).clean("äöü", 2), "äö…");
        assert_eq!(Redactor::new([]).clean("äö", 2), "äö");
    }

    proptest! {
        #[test]
        fn no_text_breaks_it_and_no_key_survives(before in ".{0,20}", after in ".{0,20}") {
            let shown = clean(&format!("{before}{KEY}{after}"));
            prop_assert!(!shown.contains(KEY));
        }

        #[test]
        fn a_key_that_looks_like_an_escape_is_found_in_every_writing(key in "[ -~]{8,20}", n in 0usize..6) {
            let key = key.replace(' ', "%5C\\\\&amp;");
            let json = |text: &str| { let text = serde_json::json!(text).to_string(); text[1..text.len() - 1].to_owned() };
            let percent = |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
            let html = key.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
            let written = [key.clone(), json(&key), json(&json(&key)), percent(&key), percent(&percent(&key)), html];
            let shown = Redactor::new([Secret::new(&*key)]).clean(&format!("({})", written[n]), 10_000);
            prop_assert_eq!(shown, "(***)");
        }

        #[test]
        fn a_text_without_the_key_stays(text in "[a-z %&;#\\\\0-9]{0,40}") {
            prop_assert_eq!(clean(&text), text);
        }
    }
}
