//! Kills a run with a journal at random moments, resumes it until it is done, and checks that nobody was reset twice.
//! The simulator's log, the journal and the last run's results have to agree.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use simulator::{Options, Simulator};

use crate::build;
use crate::sum::Sum;
use crate::workspace::{succeed, target, top};

const USERS: usize = 2000;

/// `JC_JOURNAL_RESUME` and `JC_JOURNAL_RETRY_UNKNOWN` of jcsdk.h.
const RESUME: u32 = 1;
const RETRY_UNKNOWN: u32 = 2;

/// How long the rounds go on if no number is given.
const TWO_MINUTES: Duration = Duration::from_secs(120);

/// Runs this many rounds, or as many as fit in two minutes.
pub fn run(rounds: Option<&str>, seed: Option<&str>) -> Result<()> {
    let rounds = rounds.map(|rounds| rounds.parse().context("ROUNDS is a number")).transpose()?;
    let seed = match seed {
        Some(seed) => seed.parse().context("SEED is a number")?,
        None => std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0) >> 32,
    };
    let crash = Crash::new(build::release()?, USERS)?;
    let start = Instant::now();
    let (mut done, mut kills) = (0, 0);
    while rounds.map_or(start.elapsed() < TWO_MINUTES, |rounds: u64| done < rounds) {
        let seed = seed + done;
        kills += crash.round(seed).with_context(|| format!("round {}, seed {seed}", done + 1))?;
        done += 1;
        if done % 10 == 0 {
            println!("{done} rounds, {kills} kills");
        }
    }
    println!(
        "{done} rounds of {USERS} users, {kills} kills, seed {seed}: nobody was reset twice, nobody was lost"
    );
    Ok(())
}

/// A few small rounds, for the tests.
pub fn short() -> Result<Sum> {
    let crash = Crash::new(build::for_tests("c", &[])?, 300)?;
    let seed = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0) >> 32;
    let mut sum = Sum::default();
    for seed in seed..seed + 3 {
        let round = crash.round(seed);
        let what = format!("a run that is killed and resumed, seed {seed}");
        sum.add(Sum::one(
            round.is_ok(),
            &what,
            &round.err().map_or(String::new(), |error| format!("{error:#}")),
        ));
    }
    Ok(sum)
}

struct Crash {
    program: PathBuf,
    library: PathBuf,
    users: usize,
}

impl Crash {
    fn new(library: PathBuf, users: usize) -> Result<Self> {
        let work = target().join("crash");
        fs::create_dir_all(&work)?;
        // The loader looks for the library under its soname.
        for name in ["libjcsdk.so", &build::soname()] {
            fs::copy(library.join("libjcsdk.so"), work.join(name))?;
        }
        let program = work.join("crash");
        let mut compile = Command::new("cc");
        compile.args(["-O1", "-std=c99", "-I"]).arg(top().join("include"));
        compile.arg(top().join("xtask/crash/crash.c")).arg("-o").arg(&program);
        compile.arg("-L").arg(&work).arg("-ljcsdk");
        succeed("the compilation of crash.c", &mut compile)?;
        Ok(Self { program, library: work, users })
    }

    /// Runs until everyone is reset. Says how often the program was killed.
    fn round(&self, seed: u64) -> Result<u32> {
        let mut round = Round::start(self, seed)?;
        // Killed again and again, and once with a key that is refused, until one comes to its end.
        round.until_done(RESUME)?;
        // A user whose request had not left before the kill may meet the fault only now, so it may take another run.
        for _ in 0..5 {
            round.may_arrive_again = round.unknown()?;
            round.until_done(RESUME | RETRY_UNKNOWN)?;
            if round.last.iter().all(|result| result["outcome"] == "reset") {
                ensure!(round.unknown()?.is_empty(), "the journal has users who are unknown");
                return Ok(round.kills);
            }
        }
        anyhow::bail!("not everyone was reset in the end")
    }
}

struct Round<'a> {
    crash: &'a Crash,
    simulator: Simulator,
    journal: PathBuf,
    dice: Dice,
    runs: u32,
    kills: u32,
    /// The users who have arrived with the right key, and how often.
    arrived: HashMap<String, usize>,
    /// How many of the simulator's requests were looked at.
    seen: usize,
    may_arrive_again: HashSet<String>,
    /// What the last run has said.
    last: Vec<Value>,
    /// How long a whole run takes.
    takes: Duration,
}

impl<'a> Round<'a> {
    fn start(crash: &'a Crash, seed: u64) -> Result<Self> {
        let simulator = Simulator::try_start(Options { users: crash.users, ..Options::default() })?;
        let mut dice = Dice(seed);
        for _ in 0..crash.users / 100 {
            let id = format!("ok-{}", 1 + dice.below(crash.users as u64));
            let step = match dice.below(5) {
                0 => json!({"drop": true}),
                1 => json!({"status": 500}),
                2 => json!({"reset": "mid-headers", "acts": true}),
                3 => json!({"status": 429, "headers": {"retry-after": "0"}}),
                _ => json!({"status": 400}),
            };
            simulator.set_faults(&id, json!([step]))?;
        }
        let journal = crash.library.join("journal.jsonl");
        let _ = fs::remove_file(&journal);
        let takes = Duration::from_millis(crash.users as u64 / 2);
        let (arrived, may_arrive_again) = (HashMap::new(), HashSet::new());
        let (runs, kills, seen, last) = (0, 0, 0, Vec::new());
        Ok(Self {
            crash,
            simulator,
            journal,
            dice,
            runs,
            kills,
            arrived,
            seen,
            may_arrive_again,
            last,
            takes,
        })
    }

    /// Starts runs until one ends with the right key. At least one is killed before.
    fn until_done(&mut self, flags: u32) -> Result<()> {
        for attempt in 0.. {
            ensure!(attempt < 200, "the run never ends");
            let is_key_wrong = self.runs == 1;
            // The first run and most of the others are killed within the time that a whole run takes.
            let kill_after = (attempt == 0 || self.dice.below(4) > 0)
                .then(|| self.takes.mul_f64(self.dice.below(1000) as f64 / 1000.0));
            let ended = self.one(flags, is_key_wrong, kill_after)?;
            self.look_at_arrivals(flags)?;
            if ended && !is_key_wrong {
                return self.judge_last();
            }
        }
        Ok(())
    }

    /// True if the run was not killed.
    fn one(&mut self, flags: u32, is_key_wrong: bool, kill_after: Option<Duration>) -> Result<bool> {
        self.runs += 1;
        let mut command = Command::new(&self.crash.program);
        crate::simulator::configure(&self.simulator, &mut command);
        command.env("JCApiUrl", &self.simulator.addresses().http).env("LD_LIBRARY_PATH", &self.crash.library);
        if is_key_wrong {
            command.env("JCApiKey", "a-key-that-is-refused");
        }
        let output = self.crash.library.join("results");
        command.arg(&self.journal).args([flags.to_string(), self.crash.users.to_string()]);
        command.stdin(Stdio::null()).stdout(fs::File::create(&output)?);
        let start = Instant::now();
        let mut child = command.spawn()?;
        let mut is_killed = false;
        if let Some(after) = kill_after {
            thread::sleep(after);
            is_killed = child.try_wait()?.is_none();
            child.kill()?;
        }
        let status = child.wait()?;
        self.judge_told(&fs::read_to_string(&output)?)?;
        if is_killed {
            self.kills += 1;
            return Ok(false);
        }
        ensure!(status.success(), "the run ended with {status}");
        if kill_after.is_none() && self.runs <= 3 {
            self.takes = start.elapsed();
        }
        let text = fs::read_to_string(&output)?;
        self.last = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        Ok(true)
    }

    /// Every result that the run has printed is in the journal, also if the kill came right after it.
    fn judge_told(&self, told: &str) -> Result<()> {
        let ends = ends(&self.journal)?;
        let whole = told.rsplit_once('\n').map_or("", |(whole, _)| whole);
        for line in whole.lines() {
            let result: Value = serde_json::from_str(line)?;
            let (id, outcome) = (result["userId"].as_str(), result["outcome"].as_str());
            let end = ends.get(id.unwrap_or_default()).map(String::as_str);
            ensure!(
                result["attempts"] == 0 || end == outcome,
                "{line} was told, and {end:?} is in the journal"
            );
        }
        Ok(())
    }

    /// No user arrives a second time, unless the first request was refused, or was unknown and is retried.
    fn look_at_arrivals(&mut self, flags: u32) -> Result<()> {
        // After the kill the simulator may still have requests to read.
        while self.simulator.stats().open_connections > 0 {
            thread::sleep(Duration::from_millis(1));
        }
        let log = self.simulator.log();
        for entry in &log[self.seen..] {
            if matches!(entry.answer, Some(400 | 401 | 429)) {
                continue;
            }
            let id = entry.id.clone().context("a request without a user")?;
            let times = self.arrived.entry(id.clone()).or_default();
            *times += 1;
            let is_allowed = self.may_arrive_again.remove(&id) || *times == 1;
            ensure!(is_allowed, "{id} has arrived {times} times, now in run {}", self.runs);
        }
        self.seen = log.len();
        // A user who is unknown after a run that retries unknown users may be retried once more. A user whom that run
        // did not reach, or for whom the key was refused, is still to be retried.
        if flags & RETRY_UNKNOWN != 0 {
            let unknown = self.unknown()?;
            self.may_arrive_again.extend(unknown);
        }
        Ok(())
    }

    /// The last run has named each user once, and what it says agrees with who arrived.
    fn judge_last(&self) -> Result<()> {
        let named: HashSet<_> = self.last.iter().filter_map(|result| result["userId"].as_str()).collect();
        ensure!(self.last.len() == self.crash.users && named.len() == self.crash.users, "not each user once");
        let ends = ends(&self.journal)?;
        for result in &self.last {
            let id = result["userId"].as_str().unwrap_or_default();
            let outcome = result["outcome"].as_str().unwrap_or_default();
            let has_arrived = self.arrived.contains_key(id);
            let may_be = match outcome {
                "reset" => has_arrived,
                // Also a user with a begin whose request had not left before the kill.
                "unknown" => true,
                _ => !has_arrived,
            };
            ensure!(may_be, "{id} is {outcome}, and has arrived: {has_arrived}");
            let in_journal = ends.get(id).context("a user is not in the journal")?;
            let told = if in_journal.as_str() == "none" { "unknown" } else { in_journal };
            ensure!(told == outcome, "{id} is {outcome}, and {in_journal} in the journal");
        }
        Ok(())
    }

    /// The users whose last begin in the journal has no end, or an unknown one.
    fn unknown(&self) -> Result<HashSet<String>> {
        let ends = ends(&self.journal)?.into_iter();
        Ok(ends.filter(|(_, end)| end == "none" || end == "unknown").map(|(id, _)| id).collect())
    }
}

/// How each user's last begin has ended, read without the library. Lines that a kill has torn are skipped.
fn ends(journal: &Path) -> Result<HashMap<String, String>> {
    let mut last: HashMap<String, (Value, String)> = HashMap::new();
    for line in fs::read_to_string(journal).unwrap_or_default().lines() {
        let Ok(line) = serde_json::from_str::<Value>(line) else { continue };
        let id = line["userId"].as_str().unwrap_or_default().to_owned();
        let request = json!([line["run"], line["n"]]);
        match line["event"].as_str() {
            Some("begin") => drop(last.insert(id, (request, "none".into()))),
            Some("end") => {
                if let Some((_, end)) = last.get_mut(&id).filter(|(begun, _)| *begun == request) {
                    line["outcome"].as_str().unwrap_or_default().clone_into(end);
                }
            }
            _ => {}
        }
    }
    Ok(last.into_iter().map(|(id, (_, end))| (id, end)).collect())
}

/// Numbers that look random and follow from the seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}
