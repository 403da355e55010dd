//! The journal of a batch: each request is on the disk before it may leave, so that a run that dies can be gone on with
//! and nobody is reset twice.
#![allow(dead_code)]

mod line;
mod reader;
