//! The search for users. Its body is read strictly, so that a client that sends another filter is noticed.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::users::{User, Users};

/// The API's own limits (documented).
const LIMIT: usize = 10;
const LIMIT_MAX: usize = 100;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Search {
    filter: Filter,
    /// The fields of the answer, with blanks between them. All fields if it is missing.
    #[serde(default)]
    fields: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    or: Vec<Expression>,
}

/// A field and the text that it must be equal to. Other kinds of filter, such as an object, are refused.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Expression {
    Username(String),
    Email(String),
}

impl Search {
    /// The name that stands for this search in fault scripts and in the log: the first text that is searched for.
    pub fn name(body: &str) -> Option<String> {
        let search: Self = serde_json::from_str(body).ok()?;
        search.filter.or.into_iter().next().map(|(Expression::Username(text) | Expression::Email(text))| text)
    }

    /// Upper and lower case differ (assumed).
    fn finds(&self, user: &User) -> bool {
        self.filter.or.iter().any(|expression| match expression {
            Expression::Username(text) => user.username == *text,
            Expression::Email(text) => user.email == *text,
        })
    }

    pub fn answer(&self, users: &Users, limit: Option<&str>) -> Value {
        let limit = limit.and_then(|limit| limit.parse().ok()).unwrap_or(LIMIT).min(LIMIT_MAX);
        let found: Vec<_> = users.iter().filter(|user| self.finds(user)).collect();
        let results: Vec<_> = found.iter().take(limit).map(|user| self.shown(user)).collect();
        json!({ "totalCount": found.len(), "results": results })
    }

    /// The id is always there.
    fn shown(&self, user: &User) -> Map<String, Value> {
        let Ok(Value::Object(mut all)) = serde_json::to_value(user) else { return Map::new() };
        let wanted: Vec<_> = self.fields.split_whitespace().collect();
        all.retain(|name, _| name == "_id" || wanted.is_empty() || wanted.contains(&name.as_str()));
        all
    }
}
