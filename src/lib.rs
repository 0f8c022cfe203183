//! Gibus: a git-inspired backup system. One engine, a command line and (later) a window over it.

pub mod catalog;
pub mod cli;
pub mod config;
pub mod environment;
pub mod error;
pub mod format;
pub mod fs;
pub mod progress;
pub mod repository;
pub mod snapshot;
