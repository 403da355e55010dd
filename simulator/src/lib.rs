//! A small stand-in for the JumpCloud API on loopback, for tests, benchmarks and the demo.
//!
//! In a Rust test [`Simulator::start`] runs it on a thread of its own; other languages start the program, read one
//! line of JSON (the fields of [`Addresses`]) and close its standard input at the end.
//!
//! ```
//! use simulator::{Options, Simulator};
//!
//! let simulator = Simulator::start(Options::default());
//! simulator.set_faults("ok-1", serde_json::json!([{ "status": 503 }, { "reset": "before" }])).unwrap();
//! println!("{}", simulator.addresses().https);
//! assert_eq!(simulator.stats().requests, 0);
//! ```
//!
//! # What a reset does
//! `POST /api/systemusers/{id}/resetmfa`, looked at with `GET /api/systemusers` (all users, never a page of them) and
//! `GET /api/systemusers/{id}`. The help page says that the TOTP key is reset and that an enrollment period starts.
//!
//! | | `totp_enabled` | `mfa.configured` | `mfa.exclusion` | `mfa.exclusionUntil` |
//! | --- | --- | --- | --- | --- |
//! | a new user (assumed) | `true` | `true` | `false` | `null` |
//! | after a reset | `false` | `false` (assumed) | as sent | as sent, in UTC (assumed) |
//! | … of what the body does not say (assumed) | | | `false` | `null` |
//! | … with `exclusionDays` n (assumed) | | | as sent | now + n days, whole seconds |
//!
//! A date in the past is taken (assumed). Nobody enrols again, and nobody is locked out. A success is answered
//! `200 OK` (assumed among what the API is known to send). Assumed too are the texts and shapes of 400 and 404.
//!
//! # Fault scripts
//! A script is bound to a user id. It is an array of steps, or `{"steps": [...], "repeat": true}` to go round for
//! ever. Each reset request for that id, of whatever method and key, takes one step; after the last the API answers
//! normally. The field names of a step that was taken, joined by `+`, are the log's `fault`.
//!
//! Any of these fields shape the answer; the API's own stands where none of the first seven is given:
//!
//! | field | effect |
//! | --- | --- |
//! | `"status": 503` | this status, also to a wrong key or an unknown user |
//! | `"shape"` | `message`, `code`, `error`, `details` (the API's own four), `html`, `text`, `none` (no body), `broken` (JSON cut off); else `message`, or `text` for a success |
//! | `"message": "…"` | the message inside the shape; else the status's name |
//! | `"control": true` | control characters and escape sequences around the message; status 400 |
//! | `"echoHeaders"` | `plain`, `json`, `percent` or `base64`: the message is all headers of the request, their values so encoded; status 400 |
//! | `"body": "…"` | this very body |
//! | `"redirect"` | `self`, `other` (another host of the simulator), `login`, or a Location; status 302 |
//! | `"contentType": "…"`, `"headers": {"Retry-After": "2"}` | headers added or replaced |
//! | `"retryAfterDate": 2` | Retry-After as the date so many seconds from now |
//! | `"longBody": 100000` | the body filled up with blanks to this size |
//! | `"http10": true` | an HTTP/1.0 answer |
//! | `"delayMs": 50` | held back that long |
//!
//! and at most one of these says how it is delivered:
//!
//! | field | effect |
//! | --- | --- |
//! | `"never": true` | the request is taken, nothing comes back, the connection stays open |
//! | `"drop": true` | the connection is closed without an answer |
//! | `"garbage": true` | something that is not HTTP, then closed |
//! | `"reset"` | `before`, `mid-headers` or `after-headers`: so much of the answer, then a TCP reset |
//! | `"cutBody": true` | closed before the announced end of the body |
//! | `"slow": true` | byte by byte, then closed |
//! | `"closeAfter": true` | a whole answer that announces no close, then closed |
//!
//! The reset takes effect, on arrival, if the request is one that the API would grant and the client is told so: all
//! headers of a 2xx answer that is not `html` go out. `"acts": true` or `false` decides otherwise.

mod addresses;
mod admin;
mod answer;
mod api;
mod certificates;
mod connection;
mod delivery;
mod faults;
mod listeners;
mod log;
mod options;
mod proxy;
mod request;
mod server;
mod simulator;
mod step;
mod users;

pub use addresses::{Addresses, Listener};
pub use log::{Entry, Stats};
pub use options::Options;
pub use simulator::Simulator;
pub use users::{Mfa, User};
