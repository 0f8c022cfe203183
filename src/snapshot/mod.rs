//! Archives and snapshots: what to back up, what was backed up, and getting it back.

pub mod capture;
pub mod tree;
