//! Fault scripts: which step the next request of a user meets, and what the step makes of the API's answer.
//! The format is in the crate's documentation.

use std::collections::HashMap;

use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Faults(HashMap<String, serde_json::Value>);

impl Faults {
    pub fn set(&mut self, id: &str, script: serde_json::Value) -> Result<(), serde_json::Error> {
        self.0.insert(id.into(), script);
        Ok(())
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}
