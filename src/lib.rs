//! Gibus: a git-inspired backup system.
pub mod error;
pub mod format;
pub mod fs;
pub mod progress;
