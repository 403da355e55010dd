//! The examples with a journal: stopped by Ctrl+C and resumed, and nobody is reset twice.

use std::ffi::OsString;
use std::fs;

use anyhow::{Context, Result};
use serde_json::json;

use super::{Places, Run, USERS, judged};
use crate::program::Ended;
use crate::sum::Sum;

/// As many as an example has under way at once. Each of them waits for an answer until the run is stopped.
const HANGING: [usize; 8] = [5, 6, 7, 8, 9, 10, 11, 12];

fn id(n: usize) -> String {
    format!("ok-{n}")
}

pub fn tests(name: &str, call: &[OsString], places: &Places) -> Result<Sum> {
    let path = |name| places.out.join(name).into_os_string().into_string().ok().context("not UTF-8");
    let (journal, users) = (path("journal ü.jsonl")?, path("users")?);
    let mut sum = Sum::default();
    for (option, end, what) in [(None, "", "ids"), (Some("--name"), "@example.com", "names")] {
        let lines: String = (2..=USERS).map(|n| id(n) + end + "\n").collect();
        fs::write(&users, lines)?;
        let first = id(1) + end;
        let arguments = |resume: &[&'static str]| {
            let mut all: Vec<&str> = option.into_iter().chain(["--journal", &journal]).collect();
            all.extend(resume);
            all.extend([first.as_str(), &users]);
            all
        };
        let _ = fs::remove_file(&journal);
        let run = Run::new(call, places);
        for n in HANGING {
            run.simulator.set_faults(&id(n), json!([{ "never": true }]))?;
        }
        let all_hang = || {
            let arrived = run.simulator.stats().by_id;
            HANGING.iter().all(|&n| arrived.contains_key(&id(n)))
        };
        let ended = run.interrupted(&arguments(&[]), all_hang)?;
        // The four before them have been reset by then, and nobody after them was sent.
        let what = format!("{name} with a journal, {what}:");
        let stopped = format!("{what} stopped by Ctrl+C");
        let sent = |n| usize::from(n <= 12);
        sum.add(run.judge_each(&stopped, &ended, 130, "4 reset, 0 refused, 8 unknown", sent));
        let text = fs::read_to_string(&journal)?;
        let counts = ["\"begin\"", "\"reset\"", "\"unknown\""].map(|word| text.matches(word).count());
        sum.add(Sum::one(counts == [12, 4, 8], &format!("{what} each begin has its end"), &text));

        let ended = run.go(&arguments(&["--resume"]), |_| (), |_| ())?;
        let resumed = format!("{what} resumed");
        sum.add(run.judge_each(&resumed, &ended, 1, "52 reset, 0 refused, 8 unknown", |_| 1));

        let ended = run.go(&arguments(&["--resume", "--retry-unknown"]), |_| (), |_| ())?;
        let twice = |n| if HANGING.contains(&n) { 2 } else { 1 };
        let tried = format!("{what} only unknown users are sent again");
        sum.add(run.judge_each(&tried, &ended, 0, "60 reset, 0 refused", twice));

        let ended = run.go(&arguments(&["--resume"]), |_| (), |_| ())?;
        sum.add(run.judge_each(&format!("{what} done"), &ended, 0, "60 reset, 0 refused", twice));
    }
    sum.add(wrong_calls(name, call, places, &journal, &users)?);
    Ok(sum)
}

fn wrong_calls(name: &str, call: &[OsString], places: &Places, journal: &str, users: &str) -> Result<Sum> {
    let mut sum = Sum::default();
    let file = places.out.join("not-a-journal");
    let file = file.to_str().context("not UTF-8")?;
    fs::write(file, "id,name\n")?;
    for (options, says) in [
        (&["--resume"][..], "--resume needs --journal"),
        (&["--retry-unknown", "--resume"], "--resume needs --journal"),
        (&["--journal", journal, "--retry-unknown"], "--retry-unknown needs --resume"),
        (&["--retry-unknown"], "--retry-unknown needs --resume"),
        (&["--journal", "--resume"], "--journal"),
        (&["--journal", ""], "path is empty"),
        (&["--journal", file], "no whole first line of a journal"),
    ] {
        let run = Run::new(call, places);
        let ended = run.go(&[options, &["ok-1", users]].concat(), |_| (), |_| ())?;
        let options = options.join(" ").replace(journal, "JOURNAL").replace(file, "FILE");
        sum.add(run.judge(&format!("{name} is called with {options}"), &ended, 2, says, Some(0)));
    }
    let same = fs::read_to_string(file)? == "id,name\n";
    sum.add(Sum::one(same, &format!("{name} leaves a file alone that is no journal"), "it was changed"));
    Ok(sum)
}

impl Run<'_> {
    /// `wanted`: how many requests have arrived for each user since the simulator was started.
    fn judge_each(
        &self,
        what: &str,
        ended: &Ended,
        code: i32,
        says: &str,
        wanted: impl Fn(usize) -> usize,
    ) -> Sum {
        let by_id = self.simulator.stats().by_id;
        let arrived = |n: usize| by_id.get(&id(n)).copied().unwrap_or_default();
        let wrong: Vec<_> = (1..=USERS)
            .map(|n| (n, arrived(n), wanted(n)))
            .filter(|(_, got, wanted)| got != wanted)
            .collect();
        let why = format!("users, how often they arrived, how often they should have: {wrong:?}");
        judged(what, ended, code, says, wrong.is_empty(), &why)
    }
}
