//! Counts tests.

/// How many tests passed and failed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sum {
    pub passed: u32,
    pub failed: u32,
}

impl Sum {
    /// Prints the result of one test, and counts it.
    pub fn one(ok: bool, name: &str, why: &str) -> Self {
        if ok {
            println!("ok - {name}");
        } else {
            println!("not ok - {name}: {why}");
        }
        Self { passed: ok.into(), failed: (!ok).into() }
    }

    pub fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}
