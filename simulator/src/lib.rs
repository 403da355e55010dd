//! A small stand-in for the JumpCloud API on loopback, for tests, benchmarks and the demo.

mod admin;
mod answer;
mod api;
mod certificates;
mod connection;
mod delivery;
mod faults;
mod listeners;
mod log;
mod proxy;
mod request;
mod server;
mod simulator;
mod users;

pub use listeners::{Addresses, Listener};
pub use log::{Entry, Stats};
pub use simulator::{Options, Simulator};
pub use users::{Mfa, User};
