//! The program itself, run as people run it: each command's wiring, exit codes, JSON.
//!
//! Every test has a home folder of its own, empty but for what the test puts there.

mod archives;
mod backups;
mod browsing;
mod deleting;
mod demo;
mod exigency;
mod getting_back;
mod interruption;
mod json;
mod repositories;
#[allow(dead_code)]
#[path = "../support/skip.rs"]
mod skip;
mod space;
mod support;
mod usage;
