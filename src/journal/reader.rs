//! What a journal says of each user, read from its bytes. Pure.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::line::{self, LINE_MAX, Line, NotRead, Place, RunId};
use crate::code::Code;
use crate::outcome::{Fault, Outcome};
use crate::reset;

/// What an earlier run did with a user, where that decides something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// The user was reset, at this time.
    Reset(Option<DateTime<Utc>>),
    /// The user may have been reset.
    Unfinished,
}

/// What the journal says of each user: one entry a user, however often a user was sent.
#[derive(Clone, Debug, Default)]
pub struct Past {
    users: HashMap<Box<str>, User>,
    begins: u64,
    /// By name, once that was asked for. The number is the begin's that had the name.
    named: HashMap<Box<str>, (u64, Last)>,
}

#[derive(Clone, Debug)]
struct User {
    last: Last,
    /// The last one, and which begin had it.
    name: Option<(u64, Box<str>)>,
}

/// The user's last begin. One that ended without having acted has no entry.
#[derive(Clone, Copy, Debug)]
enum Last {
    Open(RunId, u64),
    Reset(Option<DateTime<Utc>>),
}

impl Past {
    pub fn of(&self, id: &str) -> Option<Known> {
        self.users.get(&*reset::same_user(id)).map(|user| user.last.known())
    }

    /// What is known of the last user who had this name. Nothing before [`by_name`](Self::by_name).
    pub fn of_name(&self, name: &str) -> Option<Known> {
        self.named.get(&*same_name(name)).map(|(_, last)| last.known())
    }

    /// Lets users be found by their names as well.
    pub fn by_name(mut self) -> Self {
        for user in self.users.values_mut() {
            let Some((begin, name)) = user.name.take() else { continue };
            let found = self.named.entry(name).or_insert((begin, user.last));
            if found.0 < begin {
                *found = (begin, user.last);
            }
        }
        self
    }

    fn learn(&mut self, line: Line) {
        match line {
            Line::Begin { run, n, user_id, name } => {
                let key = reset::same_user(&user_id);
                self.begins += 1;
                let last = Last::Open(run, n);
                let name = name.map(|name| (self.begins, same_name(&name)));
                match self.users.get_mut(&*key) {
                    Some(user) => *user = User { last, name: name.or(user.name.take()) },
                    None => drop(self.users.insert(key.into(), User { last, name })),
                }
            }
            Line::End { run, n, user_id, outcome, at } => {
                let key = reset::same_user(&user_id);
                let Some(user) = self.users.get_mut(&*key) else { return };
                if !matches!(user.last, Last::Open(r, m) if (r, m) == (run, n)) {
                    return;
                }
                match outcome {
                    Outcome::Reset => user.last = Last::Reset(at),
                    Outcome::Unknown => {}
                    Outcome::Refused | Outcome::Cancelled | Outcome::Invalid => {
                        drop(self.users.remove(&*key))
                    }
                }
            }
            Line::Run(_) | Line::Nobody => {}
        }
    }
}

impl Last {
    fn known(self) -> Known {
        match self {
            Self::Open(..) => Known::Unfinished,
            Self::Reset(at) => Known::Reset(at),
        }
    }
}

/// The same for names that differ only in the case of ASCII letters, as for the look-up.
fn same_name(name: &str) -> Box<str> {
    name.to_ascii_lowercase().into()
}

/// What is wrong with a broken line that no run follows.
const TORN: &str = "it is not whole, and the line after it begins no run, as it would after a crash";

/// Reads a journal piece by piece. It passes over what a crash or a power cut has torn, and over nothing else.
#[derive(Clone, Debug)]
pub struct Reader {
    place: Place,
    past: Past,
    /// The line so far. More than `LINE_MAX` of it is not kept.
    text: Vec<u8>,
    number: u64,
    has_run: bool,
    /// Directly before the text there are NUL bytes.
    after_nul: bool,
    /// The number of a line that was not read, and that a run must follow.
    torn: Option<u64>,
    is_empty: bool,
    ends_line: bool,
}

/// What was read.
#[derive(Debug)]
pub struct Read {
    pub past: Past,
    pub is_empty: bool,
    /// The last byte is a line end, or there is none.
    pub ends_line: bool,
}

impl Reader {
    pub fn new(place: Place) -> Self {
        Self {
            place,
            past: Past::default(),
            text: Vec::new(),
            number: 1,
            has_run: false,
            after_nul: false,
            torn: None,
            is_empty: true,
            ends_line: true,
        }
    }

    pub fn feed(&mut self, mut bytes: &[u8]) -> Result<(), Fault> {
        if let Some(last) = bytes.last() {
            (self.is_empty, self.ends_line) = (false, *last == b'\n');
        }
        while let Some(end) = bytes.iter().position(|&byte| byte == b'\n' || byte == 0) {
            self.keep(&bytes[..end]);
            if bytes[end] == 0 {
                self.take(true)?;
                // What follows a torn line was lost together with it.
                self.torn = None;
                self.after_nul = true;
            } else {
                self.take(self.after_nul)?;
                self.after_nul = false;
                self.number += 1;
            }
            bytes = &bytes[end + 1..];
        }
        self.keep(bytes);
        Ok(())
    }

    pub fn finish(mut self) -> Result<Read, Fault> {
        if !self.text.is_empty() {
            self.take(self.after_nul)?;
        }
        Ok(Read { past: self.past, is_empty: self.is_empty, ends_line: self.ends_line })
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = (LINE_MAX + 1).saturating_sub(self.text.len());
        self.text.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// Takes up the text that has ended.
    fn take(&mut self, touches_nul: bool) -> Result<(), Fault> {
        let text = std::mem::take(&mut self.text);
        let line = line::read(text.strip_suffix(b"\r").unwrap_or(&text));
        self.text = text;
        self.text.clear();
        match line {
            _ if !self.has_run && !matches!(line, Ok(Line::Run(_)) | Err(NotRead::Wrong(_))) => {
                Err(unreadable(1, "it is no whole first line of a journal"))
            }
            Err(NotRead::Wrong(why)) => Err(match self.torn {
                Some(torn) => unreadable(torn, TORN),
                None => unreadable(self.number, why),
            }),
            Err(NotRead::Broken) if touches_nul => {
                self.torn = None;
                Ok(())
            }
            Err(NotRead::Broken) => match self.torn.replace(self.number) {
                None => Ok(()),
                Some(torn) => Err(unreadable(torn, TORN)),
            },
            Ok(line) => self.learn(line),
        }
    }

    fn learn(&mut self, line: Line) -> Result<(), Fault> {
        let torn = self.torn.take();
        if let Line::Run(place) = &line {
            self.has_run = true;
            if *place != self.place {
                return Err(mismatch(self.number, place, &self.place));
            }
        } else if let Some(torn) = torn {
            return Err(unreadable(torn, TORN));
        }
        self.past.learn(line);
        Ok(())
    }
}

fn unreadable(number: u64, why: &str) -> Fault {
    Fault::new(Code::JournalUnreadable, &format!("the journal's line {number} cannot be read: {why}"))
}

fn mismatch(number: u64, there: &Place, here: &Place) -> Fault {
    let told = |place: &Place| match &place.org_id {
        Some(org_id) => format!("{} and organization {org_id}", place.url),
        None => format!("{} without an organization", place.url),
    };
    let what =
        format!("the journal's line {number} is of {}, and this run is of {}", told(there), told(here));
    Fault::new(Code::JournalMismatch, &what)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::outcome::Verdict;
    use crate::reset::ResetRequest;
    use crate::result::ResetResult;

    const AT: i64 = 1_790_000_000_456;

    fn place() -> Place {
        Place { url: "https://a.example/api".into(), org_id: None }
    }

    fn at() -> DateTime<Utc> {
        DateTime::from_timestamp_millis(AT).unwrap()
    }

    fn id(run: u64) -> RunId {
        // The first lines of a test's runs are written with these.
        let text = format!(r#"{{"run":"{run:016x}","event":"begin","n":1,"userId":"u"}}"#);
        match line::read(text.as_bytes()) {
            Ok(Line::Begin { run, .. }) => run,
            other => panic!("{other:?}"),
        }
    }

    fn run(run: u64) -> String {
        line::run(id(run), at(), "p", &place()).unwrap()
    }

    fn begin(run: u64, n: u64, user: &str) -> String {
        line::begin(id(run), at(), n, &ResetRequest::new(user, None, None).unwrap(), None)
    }

    fn end(run: u64, n: u64, user: &str, outcome: Outcome) -> String {
        let result = ResetResult::unsent(Some(user), Verdict::new(outcome, Code::Cancelled, "x"));
        line::end(id(run), at(), n, &result)
    }

    fn read(bytes: impl AsRef<[u8]>) -> Result<Past, Fault> {
        let mut reader = Reader::new(place());
        reader.feed(bytes.as_ref())?;
        Ok(reader.finish()?.past)
    }

    #[test]
    fn the_last_begin_and_its_own_end_decide() {
        use Outcome::*;
        let reset = Some(Known::Reset(Some(at())));
        let unfinished = Some(Known::Unfinished);
        for (lines, known) in [
            (vec![], None),
            (vec![begin(1, 1, "u")], unfinished),
            (vec![begin(1, 1, "u"), end(1, 1, "u", Reset)], reset),
            (vec![begin(1, 1, "u"), end(1, 1, "u", Unknown)], unfinished),
            (vec![begin(1, 1, "u"), end(1, 1, "u", Refused)], None),
            (vec![begin(1, 1, "u"), end(1, 1, "u", Cancelled)], None),
            (vec![begin(1, 1, "u"), end(1, 1, "u", Invalid)], None),
            // The end of another request, of another run, of another user.
            (vec![begin(1, 1, "u"), end(1, 2, "u", Refused)], unfinished),
            (vec![begin(1, 1, "u"), run(2), end(2, 1, "u", Reset)], unfinished),
            (vec![begin(1, 1, "u"), end(1, 1, "v", Reset)], unfinished),
            // Only the last begin counts.
            (vec![begin(1, 1, "u"), end(1, 1, "u", Reset), run(2), begin(2, 5, "u")], unfinished),
            (vec![begin(1, 1, "u"), run(2), begin(2, 5, "u"), end(2, 5, "u", Reset)], reset),
            (vec![begin(1, 1, "u"), run(2), begin(2, 5, "u"), end(1, 1, "u", Reset)], unfinished),
            // An end without a begin decides nothing.
            (vec![end(1, 1, "u", Reset)], None),
            (vec![begin(1, 1, "u"), end(1, 1, "u", Reset), end(1, 2, "u", Cancelled)], reset),
        ] {
            let text = run(1) + &lines.concat();
            assert_eq!(read(&text).unwrap().of("u"), known, "{text}");
            let text = text.replace('\n', "\r\n");
            assert_eq!(read(&text).unwrap().of("u"), known, "CR LF {text}");
        }
    }

    #[test]
    fn an_id_of_hexadecimal_digits_is_the_same_in_either_case() {
        let past = read(run(1) + &begin(1, 1, "5F0C1A2B3C4D5E6F7A8B9C0D") + &begin(1, 2, "Anna")).unwrap();
        assert_eq!(past.of("5f0c1a2b3c4d5e6f7a8b9c0d"), Some(Known::Unfinished));
        assert_eq!(past.of("anna"), None);
    }

    /// The last user who had the name, whether by that name or another.
    #[test]
    fn a_user_is_found_by_name_as_well() {
        use Outcome::*;
        let named = |run: u64, n: u64, name: &str, user: &str| {
            line::begin(id(run), at(), n, &ResetRequest::new(user, None, None).unwrap(), Some(name.into()))
        };
        let reset = Some(Known::Reset(Some(at())));
        let unfinished = Some(Known::Unfinished);
        for (lines, name, known) in [
            (vec![], "jane", None),
            (vec![begin(1, 1, "jane")], "jane", None),
            (vec![named(1, 1, "jane", "u")], "jane", unfinished),
            (vec![named(1, 1, "Jane", "u")], "jANE", unfinished),
            (vec![named(1, 1, "\u{212a}im", "u")], "kim", None),
            (vec![named(1, 1, "jane", "u")], "u", None),
            (vec![named(1, 1, "jane", "u"), end(1, 1, "u", Reset)], "jane", reset),
            (vec![named(1, 1, "jane", "u"), end(1, 1, "u", Refused)], "jane", None),
            (vec![named(1, 1, "jane", "u"), end(1, 2, "u", Refused)], "jane", unfinished),
            // The same user later, by id and by another name.
            (vec![named(1, 1, "jane", "u"), begin(1, 2, "u"), end(1, 2, "u", Reset)], "jane", reset),
            (vec![named(1, 1, "jane", "u"), named(1, 2, "j@x", "u")], "jane", None),
            (vec![named(1, 1, "jane", "u"), named(1, 2, "j@x", "u")], "j@x", unfinished),
            // Another user had the name later.
            (
                vec![named(1, 1, "jane", "u"), end(1, 1, "u", Reset), named(1, 2, "JANE", "v")],
                "jane",
                unfinished,
            ),
            (vec![named(1, 1, "jane", "u"), named(1, 2, "jane", "v"), end(1, 2, "v", Reset)], "jane", reset),
            (
                vec![
                    named(1, 1, "jane", "u"),
                    named(1, 2, "jane", "v"),
                    end(1, 2, "v", Reset),
                    begin(1, 3, "u"),
                ],
                "jane",
                reset,
            ),
        ] {
            let text = run(1) + &lines.concat();
            let past = read(&text).unwrap();
            assert_eq!(past.of_name(name), None, "not asked for: {text}");
            assert_eq!(past.by_name().of_name(name), known, "{name}: {text}");
        }
        let many: String = (1..100).map(|n| named(1, n, &format!("name-{n}"), "u")).collect();
        assert_eq!(read(run(1) + &many).unwrap().by_name().named.len(), 1, "one name a user");
    }

    #[test]
    fn what_a_crash_has_torn_is_passed_over_and_nothing_else() {
        let whole = || run(1) + &begin(1, 1, "u");
        let torn = "{\"run\":\"00";
        let zeros = "\0".repeat(5000);
        let of_length = |length| format!("{:length$}\n", begin(1, 1, "u").trim_end());
        for (text, line) in [
            (String::new(), None),
            (whole() + torn, None),
            (whole() + torn + "\n", None),
            (whole() + torn + "\n" + &run(2) + torn + "\n" + &run(3), None),
            (whole() + torn + "\n" + &begin(1, 2, "v"), Some(3)),
            (whole() + torn + "\n" + torn + "\n" + &run(2), Some(3)),
            (whole() + torn + "\n{}\n", Some(3)),
            (whole() + "garbage\n" + &end(1, 1, "u", Outcome::Reset), Some(3)),
            (whole() + "\n" + &end(1, 1, "u", Outcome::Reset), Some(3)),
            (whole() + &of_length(LINE_MAX - 1) + &begin(1, 2, "v"), None),
            (whole() + &of_length(LINE_MAX) + &begin(1, 2, "v"), Some(3)),
            (whole() + &"x".repeat(LINE_MAX + 10) + "\n" + &begin(1, 2, "v"), Some(3)),
            // A whole line that is wrong was not torn, wherever it stands.
            (whole() + "{\"event\":\"look\"}\n", Some(3)),
            (whole() + "{\"event\":\"look\"}\n" + &run(2), Some(3)),
            (whole() + &run(2).replace("\"journal\":1", "\"journal\":2"), Some(3)),
            // What a power cut leaves.
            (whole() + &zeros, None),
            (whole() + &zeros + "\n" + &run(2), None),
            (whole() + torn + &zeros + "5,\"n\":7}\n" + &begin(1, 2, "v"), None),
            (whole() + torn + "\n" + &zeros + "\n" + &begin(1, 2, "v"), None),
            (whole() + torn + "\n" + torn + &zeros + "\n" + &begin(1, 2, "v"), None),
            (whole() + torn + "\n" + &begin(1, 2, "v") + &zeros, Some(3)),
            (whole() + &zeros + "\n" + torn + "\n" + &begin(1, 2, "v"), Some(4)),
            // The first line.
            (torn.to_owned(), Some(1)),
            (zeros.clone() + "\n" + &run(1), Some(1)),
            (format!("\u{feff}{}", whole()), Some(1)),
            ("\n".to_owned() + &whole(), Some(1)),
            ("id,name\nok-1,Anna\n".to_owned(), Some(1)),
            (begin(1, 1, "u"), Some(1)),
        ] {
            match (read(&text), line) {
                (Ok(past), None) if text.is_empty() => assert_eq!(past.of("u"), None),
                (Ok(past), None) => assert_eq!(past.of("u"), Some(Known::Unfinished), "{text:?}"),
                (Err(fault), Some(line)) => {
                    assert_eq!(fault.code, Code::JournalUnreadable, "{text:?}");
                    assert!(fault.message.contains(&format!("line {line} ")), "{}: {text:?}", fault.message);
                }
                (read, _) => panic!("{read:?}: {text:?}"),
            }
        }
        let utf16: Vec<u8> = whole().encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(read(utf16).unwrap_err().code, Code::JournalUnreadable);
    }

    /// Two runs that each tore their first line leave a journal that nobody goes on with: a person has to.
    #[test]
    fn a_damaged_journal_says_what_to_do() {
        let first = "{\"journal\":1,\"run\":\"00";
        for (text, message) in [
            (first.to_owned(), "line 1 cannot be read: it is no whole first line of a journal"),
            (
                run(1) + &begin(1, 1, "u") + first + "\n" + first + "\n",
                "line 3 cannot be read: it is not whole, and the line after it begins no run, as it would after a crash",
            ),
        ] {
            let fault = read(text).unwrap_err();
            assert!(fault.message.ends_with(message), "{fault}");
            assert!(fault.code.hint().contains("list from it who was reset and who is unknown"), "{fault}");
        }
    }

    /// A line that is whole counts also where NUL bytes touch it.
    #[test]
    fn a_whole_line_beside_lost_ones_counts() {
        let text = run(1)
            + &begin(1, 1, "u")
            + "\0\0\0"
            + begin(1, 2, "v").trim_end()
            + "\0\0\n"
            + &begin(1, 3, "w");
        let past = read(text).unwrap();
        for user in ["u", "v", "w"] {
            assert_eq!(past.of(user), Some(Known::Unfinished), "{user}");
        }
    }

    #[test]
    fn a_journal_of_another_place_is_not_this_ones() {
        let other = Place { org_id: Some("o".into()), ..place() };
        let line = line::run(id(2), at(), "p", &other).unwrap();
        for text in [line.clone(), run(1) + &line] {
            assert_eq!(read(text).unwrap_err().code, Code::JournalMismatch);
        }
    }

    /// What happens to one of a few users.
    #[derive(Clone, Debug)]
    enum Step {
        NewRun,
        Begin(u8),
        End(u8, Outcome),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let outcome = prop::sample::select(Outcome::ALL.to_vec());
        let step = prop_oneof![
            1 => Just(Step::NewRun),
            4 => (0u8..4).prop_map(Step::Begin),
            4 => (0u8..4, outcome).prop_map(|(user, outcome)| Step::End(user, outcome)),
        ];
        prop::collection::vec(step, 0..20)
    }

    /// The lines of these steps, and what they leave of each user by the contract's table.
    fn play(steps: &[Step]) -> (Vec<String>, [Option<Known>; 4]) {
        let (mut lines, mut open, mut known) = (vec![run(1)], [None; 4], [None; 4]);
        let (mut r, mut n) = (1, 0);
        for step in steps {
            match step {
                Step::NewRun => {
                    (r, n, open) = (r + 1, 0, [None; 4]);
                    lines.push(run(r));
                }
                Step::Begin(user) => {
                    n += 1;
                    open[usize::from(*user)] = Some(n);
                    known[usize::from(*user)] = Some(Known::Unfinished);
                    lines.push(begin(r, n, &format!("user-{user}")));
                }
                Step::End(user, outcome) => {
                    let begun = open[usize::from(*user)].take();
                    n += u64::from(begun.is_none());
                    lines.push(end(r, begun.unwrap_or(n), &format!("user-{user}"), *outcome));
                    if begun.is_some() {
                        known[usize::from(*user)] = match outcome {
                            Outcome::Reset => Some(Known::Reset(Some(at()))),
                            Outcome::Unknown => Some(Known::Unfinished),
                            _ => None,
                        };
                    }
                }
            }
        }
        (lines, known)
    }

    fn all(past: &Past) -> [Option<Known>; 4] {
        [0, 1, 2, 3].map(|user| past.of(&format!("user-{user}")))
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes: Vec<u8>, begins_well: bool) {
            let text = if begins_well { run(1).into_bytes() } else { Vec::new() };
            let _ = read([text, bytes].concat());
        }

        #[test]
        fn any_run_is_read_as_the_table_says(steps in steps(), piece in 1usize..300) {
            let (lines, known) = play(&steps);
            let mut reader = Reader::new(place());
            for piece in lines.concat().as_bytes().chunks(piece) {
                reader.feed(piece).unwrap();
            }
            prop_assert_eq!(all(&reader.finish().unwrap().past), known);
        }

        /// Cut anywhere, and gone on with: what was whole before the cut counts, and so does what comes after.
        #[test]
        fn a_cut_loses_one_line_at_most(steps in steps(), cut in any::<prop::sample::Index>()) {
            let (lines, _) = play(&steps);
            let text = lines.concat();
            let cut = lines[0].len() + cut.index(text.len() - lines[0].len() + 1);
            let (mut whole, mut steps_left) = (lines[0].len() , 0);
            // A line is whole without its line end, too.
            while steps_left < steps.len() && whole + lines[steps_left + 1].len() <= cut + 1 {
                whole += lines[steps_left + 1].len();
                steps_left += 1;
            }
            let (_, known) = play(&steps[..steps_left]);
            prop_assert_eq!(all(&read(&text.as_bytes()[..cut]).unwrap()), known);
            let again = [&text.as_bytes()[..cut], b"\n", run(99).as_bytes()].concat();
            if !text[..cut].ends_with('\n') {
                prop_assert_eq!(all(&read(again).unwrap()), known);
            }
        }
    }
}
