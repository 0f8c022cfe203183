//! Archives and snapshots: what to back up, what was backed up, and getting it back.

pub mod archive;
pub mod build;
pub mod byte_size;
pub mod capture;
pub mod check;
pub mod delete;
pub mod diff;
pub mod each;
pub mod exigency;
pub mod explain;
pub mod file;
pub mod globs;
pub mod matcher;
pub mod path_text;
pub mod places;
pub mod preview;
pub mod reconcile;
pub mod restore;
pub mod scan;
pub mod search;
pub mod specification;
pub mod tree;
pub mod usage;
pub mod versions;
