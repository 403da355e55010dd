//! The users, and what a reset does to them. The table is in the crate's documentation.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

#[derive(Clone, Debug, Serialize)]
pub struct User {
    #[serde(rename = "_id")]
    pub id: String,
    pub username: String,
    pub email: String,
    pub totp_enabled: bool,
    pub mfa: Mfa,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Mfa {
    pub configured: bool,
    pub exclusion: bool,
    #[serde(with = "time::serde::rfc3339::option")]
    pub exclusion_until: Option<OffsetDateTime>,
}

/// What a request asks for. What it leaves out is set as for a new user.
#[derive(Debug, Default)]
pub(crate) struct Reset {
    pub exclusion: bool,
    pub exclusion_until: Option<OffsetDateTime>,
}

/// The names of a user. By default they are made from the id. Several users may have the same name.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Names {
    pub username: Option<String>,
    pub email: Option<String>,
}

#[derive(Default)]
pub(crate) struct Users(IndexMap<String, User>);

impl Users {
    pub fn add(&mut self, id: &str, names: Names) {
        let mfa = Mfa { configured: true, exclusion: false, exclusion_until: None };
        let username = names.username.unwrap_or_else(|| id.into());
        let email = names.email.unwrap_or_else(|| format!("{id}@example.com"));
        let user = User { id: id.into(), username, email, totp_enabled: true, mfa };
        self.0.insert(id.into(), user);
    }

    pub fn get(&self, id: &str) -> Option<&User> {
        self.0.get(id)
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = &User> {
        self.0.values()
    }

    pub fn reset(&mut self, id: &str, reset: Reset) {
        if let Some(user) = self.0.get_mut(id) {
            user.totp_enabled = false;
            user.mfa =
                Mfa { configured: false, exclusion: reset.exclusion, exclusion_until: reset.exclusion_until };
        }
    }
}
