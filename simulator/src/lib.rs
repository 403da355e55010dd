//! A small stand-in for the JumpCloud API on loopback, for tests, benchmarks and the demo.
//!
//! In a Rust test [`Simulator::start`] runs it on a thread of its own. Tests in other languages start the program, read
//! one line of JSON (the fields of [`Addresses`]) and close its standard input when they are done.
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
//! `POST /api/systemusers/{id}/resetmfa` resets a user. `GET /api/systemusers` shows all users, without pages, and
//! `GET /api/systemusers/{id}` shows one. The help page says that the TOTP key is reset and that an enrollment period
//! starts. What it leaves open is marked as assumed.
//!
//! | | `totp_enabled` | `mfa.configured` | `mfa.exclusion` | `mfa.exclusionUntil` |
//! | --- | --- | --- | --- | --- |
//! | a new user (assumed) | `true` | `true` | `false` | `null` |
//! | after a reset | `false` | `false` (assumed) | as sent | as sent, in UTC (assumed) |
//! | … for what the body leaves out (assumed) | | | `false` | `null` |
//! | … with `exclusionDays` n (assumed) | | | as sent | now + n days, whole seconds |
//!
//! A date in the past is accepted (assumed). No user enrols again, and no user is locked out. The answer to a success
//! is `200 OK`, which is one of the answers that the API is known to send (assumed). The texts and shapes of 400 and
//! 404 are assumed, too.
//!
//! # The search
//! `POST /api/search/systemusers?limit=10` with
//! `{"filter":{"or":[{"username":"…"},{"email":"…"}]},"fields":"username email"}` finds the users whose username or
//! address is one of these texts, in the same case (assumed). Any other filter is answered with 400. The username of a
//! new user is the id, and the address is `{id}@example.com`.
//!
//! # Fault scripts
//! A script belongs to a user id, or to `search:` and the first name that a search looks for. It is an array of steps,
//! or `{"steps": [...], "repeat": true}` to start again after the last step. Each reset request for that id, with any
//! method and key, takes one step, and so does each search for that name. After the last step the API answers normally.
//! The log's `fault` has the field names of the step that was taken, joined by `+`.
//!
//! These fields change the answer. If none of the first seven is given, the API's own answer is kept:
//!
//! | field | effect |
//! | --- | --- |
//! | `"status": 503` | this status, even if the key is wrong or the user is unknown |
//! | `"shape"` | `message`, `code`, `error`, `details` (the API's own four), `html`, `text`, `none` (no body), `broken` (JSON that is cut off). The default is `message`, or `text` for a success |
//! | `"message": "…"` | the message inside the shape. The default is the status's name |
//! | `"control": true` | control characters and escape sequences around the message; status 400 |
//! | `"echoHeaders"` | `plain`, `json`, `percent` or `base64`: the message is all headers of the request, with their values in this encoding; status 400 |
//! | `"body": "…"` | exactly this body |
//! | `"redirect"` | `self`, `other` (another host of the simulator), `login`, or a Location; status 302 |
//! | `"contentType": "…"`, `"headers": {"Retry-After": "2"}` | headers added or replaced |
//! | `"retryAfterDate": 2` | Retry-After as a date, this many seconds from now |
//! | `"longBody": 100000` | the body padded with spaces to this size |
//! | `"http10": true` | an HTTP/1.0 answer |
//! | `"delayMs": 50` | the answer is delayed by this many milliseconds |
//!
//! At most one of these says how the answer is delivered:
//!
//! | field | effect |
//! | --- | --- |
//! | `"never": true` | the request is read, no answer is sent, the connection stays open |
//! | `"drop": true` | the connection is closed without an answer |
//! | `"garbage": true` | bytes that are not HTTP are sent, then the connection is closed |
//! | `"reset"` | `before`, `mid-headers` or `after-headers`: the answer is sent up to there, then comes a TCP reset |
//! | `"cutBody": true` | the connection is closed before the announced end of the body |
//! | `"slow": true` | the answer is sent byte by byte, then the connection is closed |
//! | `"closeAfter": true` | a complete answer without `Connection: close`, then the connection is closed |
//!
//! The reset takes effect when the request arrives, if the API would grant it and the client gets all headers of a 2xx
//! answer that is not `html`. `"acts": true` or `false` overrides this.

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
mod search;
mod server;
mod simulator;
mod step;
mod users;

pub use addresses::{Addresses, Listener};
pub use log::{Entry, Stats};
pub use options::Options;
pub use simulator::Simulator;
pub use users::{Mfa, User};
