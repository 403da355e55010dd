//! The fault scripts of the users, and which step of one comes next.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Error, Value};

use crate::step::Step;

/// A script for each user id, and for each `search:` with a name.
#[derive(Default, Deserialize)]
pub(crate) struct Faults(HashMap<String, Script>);

impl Faults {
    pub fn set(&mut self, id: &str, script: Value) -> Result<(), Error> {
        self.0.insert(id.into(), serde_json::from_value(script)?);
        Ok(())
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Takes the next step of the user's script. None if there is no script or if it has ended.
    pub fn next(&mut self, id: &str) -> Option<Arc<Step>> {
        let script = self.0.get_mut(id)?;
        let step = script.steps.get(script.taken)?.clone();
        script.taken += 1;
        if script.repeat && script.taken == script.steps.len() {
            script.taken = 0;
        }
        Some(step)
    }
}

#[derive(Deserialize)]
#[serde(try_from = "Value")]
struct Script {
    steps: Vec<Arc<Step>>,
    repeat: bool,
    taken: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    steps: Vec<Arc<Step>>,
    #[serde(default)]
    repeat: bool,
}

impl TryFrom<Value> for Script {
    type Error = Error;

    fn try_from(script: Value) -> Result<Script, Error> {
        let Whole { steps, repeat } = match script {
            Value::Array(_) => Whole { steps: serde_json::from_value(script)?, repeat: false },
            object => serde_json::from_value(object)?,
        };
        Ok(Script { steps, repeat, taken: 0 })
    }
}
